"""Orders, in memory."""

from fastapi import FastAPI

app = FastAPI(title="Orders")


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/")
def orders() -> dict[str, list[str]]:
    return {"orders": ["first", "second"]}
