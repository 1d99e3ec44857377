"""The tables of web frameworks and application tools. A new framework is a row here.

`Framework` rows make an application object that a server serves; `Tool` rows are started by a command of their own.
Ports are those that the project's documentation names as the default of its own server.
"""

from __future__ import annotations

from dataclasses import dataclass

ASGI, WSGI, OWN = "asgi", "wsgi", "own"
"""Interfaces: OWN is an object that only its own library can serve."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework whose applications are objects."""

    name: str
    distributions: tuple[str, ...]
    """On PyPI, normalized."""
    makes: tuple[tuple[str, str], ...]
    """Full names of what is called to get an application, and the interface of what comes out. A name matches from
    whichever submodule it is imported: package first, what is called last."""
    port: int
    """Of its own server when none is given."""
    host: str = "127.0.0.1"
    """Which its own server binds to when none is given."""


FRAMEWORKS = (
    Framework(
        "django",
        ("django",),
        (("django.core.wsgi.get_wsgi_application", WSGI), ("django.core.asgi.get_asgi_application", ASGI)),
        8000,
    ),
    Framework(
        "fasthtml",
        ("python-fasthtml",),
        (("fasthtml.FastHTML", ASGI), ("fasthtml.fast_app", ASGI)),
        5001,
        "0.0.0.0",  # noqa: S104
    ),
    Framework("fastapi", ("fastapi", "fastapi-slim"), (("fastapi.FastAPI", ASGI),), 8000),
    Framework("dash", ("dash",), (("dash.Dash", OWN),), 8050),
    Framework(
        "flask",
        ("flask",),
        (("flask.Flask", WSGI), ("apiflask.APIFlask", WSGI), ("flask_openapi3.OpenAPI", WSGI), ("eve.Eve", WSGI)),
        5000,
    ),
    Framework("quart", ("quart",), (("quart.Quart", ASGI),), 5000),
    Framework("litestar", ("litestar", "starlite"), (("litestar.Litestar", ASGI), ("starlite.Starlite", ASGI)), 8000),
    Framework("sanic", ("sanic",), (("sanic.Sanic", ASGI),), 8000),
    Framework(
        "connexion",
        ("connexion",),
        (("connexion.FlaskApp", ASGI), ("connexion.AsyncApp", ASGI), ("connexion.App", ASGI)),
        8080,
        "0.0.0.0",  # noqa: S104
    ),
    Framework("aiohttp", ("aiohttp",), (("aiohttp.web.Application", OWN),), 8080, "0.0.0.0"),  # noqa: S104
    Framework("falcon", ("falcon",), (("falcon.asgi.App", ASGI), ("falcon.App", WSGI), ("falcon.API", WSGI)), 8000),
    Framework("bottle", ("bottle",), (("bottle.Bottle", WSGI), ("bottle.default_app", WSGI)), 8080),
    Framework("pyramid", ("pyramid",), (("config.make_wsgi_app", WSGI),), 6543),
    Framework("tornado", ("tornado",), (("tornado.Application", OWN),), 8888, "0.0.0.0"),  # noqa: S104
    Framework("robyn", ("robyn",), (("robyn.Robyn", OWN),), 8080),
    Framework("blacksheep", ("blacksheep",), (("blacksheep.Application", ASGI),), 8000),
    Framework("esmerald", ("esmerald", "ravyn"), (("esmerald.Esmerald", ASGI), ("ravyn.Ravyn", ASGI)), 8000),
    Framework("emmett", ("emmett",), (("emmett.App", ASGI),), 8000),
    Framework("hug", ("hug",), (("hug.API", OWN),), 8000),
    Framework("cherrypy", ("cherrypy",), (("cherrypy.Application", WSGI), ("cherrypy.tree.mount", WSGI)), 8080),
    Framework("web-py", ("web-py",), (("web.application", OWN),), 8080, "0.0.0.0"),  # noqa: S104
    Framework("microdot", ("microdot",), (("microdot.Microdot", OWN),), 5000, "0.0.0.0"),  # noqa: S104
    Framework("shiny", ("shiny",), (("shiny.App", ASGI),), 8000),
    Framework("ariadne", ("ariadne",), (("ariadne.asgi.GraphQL", ASGI),), 8000),
    Framework("fastmcp", ("fastmcp", "mcp"), (("fastmcp.FastMCP", OWN), ("mcp.FastMCP", OWN)), 8000),
    Framework("starlette", ("starlette",), (("starlette.Starlette", ASGI),), 8000),
    Framework("google-adk", ("google-adk",), (("google.get_fast_api_app", ASGI),), 8000),
)
BARE = Framework("", (), (), 8000)
"""A callable of the interface itself, without a framework."""

WRAPPERS = (
    ("socketio.ASGIApp", ASGI),
    ("socketio.WSGIApp", WSGI),
    ("asgiref.wsgi.WsgiToAsgi", ASGI),
    ("a2wsgi.WSGIMiddleware", ASGI),
    ("a2wsgi.ASGIMiddleware", WSGI),
    ("gradio.mount_gradio_app", ""),
    ("channels.routing.ProtocolTypeRouter", ASGI),
)
"""What takes an application and gives one back, with the interface of the result ("" the same)."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What turns a file into a served application by a command, or by being called in the file that is run."""

    name: str
    distribution: str
    package: str
    calls: tuple[str, ...]
    """Names below the package of which one must be called; empty when importing it is enough."""
    command: tuple[str, ...]
    """Words, with {file}, {module} and {port} to be filled in; empty when the file is run by Python."""
    port: int
    host: str = "127.0.0.1"
    kind: str = "other"
    health: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables, with {port}, by which it binds where the container's network reaches it."""


TOOLS = (
    Tool(
        "streamlit",
        "streamlit",
        "streamlit",
        (),
        ("streamlit", "run", "{file}", "--server.address", "0.0.0.0", "--server.port", "{port}"),  # noqa: S104
        8501,
        kind="streamlit",
        health="/_stcore/health",
        environment=(("STREAMLIT_SERVER_HEADLESS", "true"), ("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false")),
    ),
    Tool(
        "gradio",
        "gradio",
        "gradio",
        ("Interface", "Blocks", "ChatInterface", "TabbedInterface", "load", "Server"),
        (),
        7860,
        health="/",
        environment=(("GRADIO_SERVER_NAME", "0.0.0.0"), ("GRADIO_SERVER_PORT", "{port}")),  # noqa: S104
    ),
    Tool(
        "chainlit",
        "chainlit",
        "chainlit",
        (),
        ("chainlit", "run", "{file}", "--host", "0.0.0.0", "--port", "{port}", "--headless"),  # noqa: S104
        8000,
        health="/",
    ),
    Tool("nicegui", "nicegui", "nicegui", ("ui.run",), (), 8080, "0.0.0.0", health="/"),  # noqa: S104
    Tool(
        "shiny",
        "shiny",
        "shiny.express",
        (),
        ("shiny", "run", "--host", "0.0.0.0", "--port", "{port}", "{file}"),  # noqa: S104
        8000,
        health="/",
    ),
    Tool(
        "panel",
        "panel",
        "panel",
        (),
        ("panel", "serve", "{file}", "--address", "0.0.0.0", "--port", "{port}", "--allow-websocket-origin", "*"),  # noqa: S104
        5006,
    ),
    Tool("mesop", "mesop", "mesop", ("page",), ("mesop", "{file}", "--port", "{port}", "--prod"), 32123),
    Tool(
        "solara",
        "solara",
        "solara",
        (),
        ("solara", "run", "{file}", "--host", "0.0.0.0", "--port", "{port}", "--production"),  # noqa: S104
        8765,
    ),
    Tool(
        "marimo",
        "marimo",
        "marimo",
        ("App",),
        ("marimo", "run", "{file}", "--headless", "--host", "0.0.0.0", "--port", "{port}"),  # noqa: S104
        2718,
        health="/health",
    ),
    Tool("reflex", "reflex", "reflex", ("Config",), ("reflex", "run", "--env", "prod"), 3000, "0.0.0.0"),  # noqa: S104
    Tool(
        "flet",
        "flet",
        "flet",
        ("app", "run"),
        (),
        8000,
        health="/",
        environment=(("FLET_FORCE_WEB_SERVER", "true"), ("FLET_SERVER_IP", "0.0.0.0"), ("FLET_SERVER_PORT", "{port}")),  # noqa: S104
    ),
    Tool(
        "functions-framework",
        "functions-framework",
        "functions_framework",
        (),
        ("functions-framework", "--source", "{file}", "--target", "{target}", "--host", "0.0.0.0", "--port", "{port}"),  # noqa: S104
        8080,
    ),
)
"""First match wins: a Streamlit page may import anything else as well."""


def made_by(name: str, stars: tuple[str, ...] = ()) -> tuple[Framework, str] | None:
    """The framework and interface of what a call to this full name makes."""
    for framework in FRAMEWORKS:
        for wanted, interface in framework.makes:
            if same_callable(name, wanted, stars):
                return framework, interface
    return None


def same_callable(name: str, wanted: str, stars: tuple[str, ...] = ()) -> bool:
    """Whether a name is the wanted one, perhaps imported from another submodule or by `import *`."""
    package, _, last = wanted.rpartition(".")
    if "." not in name:
        return name == last and any(star.partition(".")[0] == package.partition(".")[0] for star in stars)
    inside = name == wanted or name.startswith(package + ".")
    return inside and name.rpartition(".")[2] == last


def by_name(name: str) -> Framework | None:
    """The framework of that name."""
    return next((framework for framework in FRAMEWORKS if framework.name == name), None)
