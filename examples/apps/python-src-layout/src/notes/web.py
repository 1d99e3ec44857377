"""The web side of notes."""

from litestar import Litestar, get


@get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@get("/")
async def notes() -> list[str]:
    return []


app = Litestar(route_handlers=[health, notes])
