"""A quote a request."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def quote(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Measure what is measurable.\n")


application = Starlette(routes=[Route("/", quote), Route("/healthz", quote)])
