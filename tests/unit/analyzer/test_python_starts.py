"""How Python services start: typical example applications, each with the start that their authors expect."""

from __future__ import annotations

import pytest

from analyzer.model import Start
from tests.unit.analyzer.python_service import ASGI, DJANGO, FASTAPI, FLASK, MANAGE, WSGI, fields

Tree = dict[str, bytes | str]

POETRY = '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\npython = "^3.11"\n'
RUN = "\nif __name__ == '__main__':\n    app.run(host='0.0.0.0', port=8080)\n"
UVICORN_RUN = "\nif __name__ == '__main__':\n    import uvicorn\n    uvicorn.run({}, host='0.0.0.0', port=9000)\n"

SERVED: dict[str, tuple[Tree, str, str]] = {
    "fastapi": ({"main.py": FASTAPI, "requirements.txt": "fastapi\nuvicorn\n"}, "asgi", "main:app"),
    "fastapi standard": ({"app/main.py": FASTAPI, "requirements.txt": "fastapi[standard]\n"}, "asgi", "app.main:app"),
    "fastapi without a server": ({"main.py": FASTAPI, "requirements.txt": "fastapi\n"}, "asgi", "main:app"),
    "fastapi in a package that hands it on": (
        {
            "app/__init__.py": "from .server import api\n",
            "app/server.py": "from fastapi import FastAPI\napi = FastAPI()\n",
            "requirements.txt": "fastapi\nuvicorn",
        },
        "asgi",
        "app:api",
    ),
    "fastapi factory": (
        {
            "main.py": "from fastapi import FastAPI\n\ndef create_app() -> FastAPI:\n    app = FastAPI()\n"
            "    return app\n",
            "requirements.txt": "fastapi\nuvicorn",
        },
        "asgi",
        "main:create_app",
    ),
    "fastapi that main.py runs by name": (
        {
            "main.py": "import uvicorn\nif __name__ == '__main__':\n    uvicorn.run('service.api:app', port=9000)\n",
            "service/__init__.py": "",
            "service/api.py": FASTAPI,
            "requirements.txt": "fastapi\nuvicorn",
        },
        "asgi",
        "service.api:app",
    ),
    "fastapi run by its own file with uvicorn": (
        {"main.py": FASTAPI + UVICORN_RUN.format("app"), "requirements.txt": "fastapi\nuvicorn"},
        "asgi",
        "main:app",
    ),
    "fastapi in src with bare imports": (
        {
            "src/main.py": "from fastapi import FastAPI\nfrom routes import router\napp = FastAPI()\n",
            "src/routes.py": "from fastapi import APIRouter\nrouter = APIRouter()\n",
            "requirements.txt": "fastapi\nuvicorn",
        },
        "asgi",
        "main:app",
    ),
    "fastapi in a src layout": (
        {
            "src/shop/__init__.py": "",
            "src/shop/main.py": FASTAPI,
            "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["fastapi", "uvicorn"]\n',
        },
        "asgi",
        "shop.main:app",
    ),
    "fastapi in api/index.py": (
        {"api/index.py": FASTAPI, "requirements.txt": "fastapi\nuvicorn"},
        "asgi",
        "api.index:app",
    ),
    "an annotated application": (
        {
            "main.py": "import fastapi\napp: fastapi.FastAPI = fastapi.FastAPI()\n",
            "requirements.txt": "fastapi\nuvicorn",
        },
        "asgi",
        "main:app",
    ),
    "an application and one mounted in it": (
        {
            "main.py": "from fastapi import FastAPI\napi = FastAPI()\napp = FastAPI()\napp.mount('/api', api)\n",
            "requirements.txt": "fastapi\nuvicorn",
        },
        "asgi",
        "main:app",
    ),
    "socket.io around fastapi": (
        {
            "main.py": "import socketio\nfrom fastapi import FastAPI\nsio = socketio.AsyncServer()\n"
            "api = FastAPI()\napp = socketio.ASGIApp(sio, api)\n",
            "requirements.txt": "fastapi\nuvicorn\npython-socketio",
        },
        "asgi",
        "main:app",
    ),
    "gradio mounted in fastapi": (
        {
            "app.py": "import gradio as gr\nfrom fastapi import FastAPI\napp = FastAPI()\n"
            "with gr.Blocks() as demo:\n    pass\napp = gr.mount_gradio_app(app, demo, path='/')\n",
            "requirements.txt": "gradio\nfastapi\nuvicorn",
        },
        "asgi",
        "app:app",
    ),
    "the fastapi command's entry point": (
        {
            "service/web.py": FASTAPI,
            "service/__init__.py": "",
            "main.py": FASTAPI,
            "pyproject.toml": '[project]\nname="x"\ndependencies=["fastapi[standard]"]\n[tool.fastapi]\n'
            'entrypoint="service.web:app"\n',
        },
        "asgi",
        "service.web:app",
    ),
    "starlette": (
        {
            "app.py": "from starlette.applications import Starlette\napp = Starlette(routes=[])\n",
            "requirements.txt": "starlette\nhypercorn",
        },
        "asgi",
        "app:app",
    ),
    "litestar": (
        {"app.py": "from litestar import Litestar\napp = Litestar([])\n", "requirements.txt": "litestar[standard]"},
        "asgi",
        "app:app",
    ),
    "quart": (
        {"app.py": "from quart import Quart\napp = Quart(__name__)\n", "requirements.txt": "quart"},
        "asgi",
        "app:app",
    ),
    "fasthtml": (
        {
            "main.py": "from fasthtml.common import *\napp, rt = fast_app()\nserve()\n",
            "requirements.txt": "python-fasthtml",
        },
        "asgi",
        "main:app",
    ),
    "bare asgi": (
        {"main.py": "async def app(scope, receive, send):\n    pass\n", "requirements.txt": "uvicorn"},
        "asgi",
        "main:app",
    ),
    "flask": ({"app.py": FLASK, "requirements.txt": "Flask==3.0\ngunicorn\n"}, "wsgi", "app:app"),
    "flask that has its own start": (
        {"main.py": FLASK + RUN, "requirements.txt": "flask\ngunicorn"},
        "wsgi",
        "main:app",
    ),
    "flask without a server": ({"api/index.py": FLASK, "requirements.txt": "flask"}, "wsgi", "api.index:app"),
    "flask bound to loopback without a server": (
        {"app.py": FLASK + "\nif __name__ == '__main__':\n    app.run()\n", "requirements.txt": "flask"},
        "wsgi",
        "app:app",
    ),
    "flask with its debugger on": (
        {
            "app.py": FLASK + "\nif __name__ == '__main__':\n    app.run(host='0.0.0.0', debug=True)\n",
            "requirements.txt": "flask",
        },
        "wsgi",
        "app:app",
    ),
    "flask in a package with wsgi.py": (
        {
            "project/__init__.py": "from flask import Flask\n\ndef create_app(config=None):\n"
            "    app = Flask(__name__)\n    return app\n",
            "wsgi.py": "from project import create_app\n\napp = create_app()\n",
            "requirements.txt": "flask\ngunicorn",
        },
        "wsgi",
        "wsgi:app",
    ),
    "flask factory": (
        {
            "flaskr/__init__.py": "from flask import Flask\n\ndef create_app(test_config=None):\n"
            "    app = Flask(__name__)\n    return app\n",
            "requirements.txt": "flask\nwaitress",
        },
        "wsgi",
        "flaskr:create_app",
    ),
    "flask factory by gunicorn": (
        {
            "flaskr/__init__.py": "from flask import Flask\n\ndef create_app(test_config=None):\n"
            "    app = Flask(__name__)\n    return app\n",
            "requirements.txt": "flask\ngunicorn",
        },
        "wsgi",
        "flaskr:create_app()",
    ),
    "FLASK_APP": (
        {".flaskenv": "FLASK_APP=blog.py\n", "blog.py": FLASK, "app.py": FLASK, "requirements.txt": "flask\ngunicorn"},
        "wsgi",
        "blog:app",
    ),
    "gunicorn's own configuration": (
        {
            "gunicorn.conf.py": "wsgi_app = 'site_:app'\n",
            "site_.py": FLASK,
            "app.py": FLASK,
            "requirements.txt": "flask\ngunicorn",
        },
        "wsgi",
        "site_:app",
    ),
    "flask served as asgi": (
        {
            "main.py": "from flask import Flask\nfrom asgiref.wsgi import WsgiToAsgi\n"
            "flask_app = Flask(__name__)\napp = WsgiToAsgi(flask_app)\n",
            "requirements.txt": "flask\nuvicorn\nasgiref",
        },
        "asgi",
        "main:app",
    ),
    "dash": (
        {
            "app.py": "import dash\napp = dash.Dash(__name__)\nserver = app.server\n",
            "requirements.txt": "dash\ngunicorn",
        },
        "wsgi",
        "app:server",
    ),
    "falcon": (
        {"main.py": "import falcon\napp = falcon.App()\n", "requirements.txt": "falcon\ngunicorn"},
        "wsgi",
        "main:app",
    ),
    "falcon asgi": (
        {"main.py": "import falcon.asgi\napp = falcon.asgi.App()\n", "requirements.txt": "falcon\nuvicorn"},
        "asgi",
        "main:app",
    ),
    "bottle": (
        {"app.py": "import bottle\napp = bottle.default_app()\n", "requirements.txt": "bottle\ngunicorn"},
        "wsgi",
        "app:app",
    ),
    "bare wsgi": (
        {"server.py": "def app(environ, start_response):\n    return [b'hi']\n", "requirements.txt": "gunicorn"},
        "wsgi",
        "server:app",
    ),
    "pyramid": (
        {
            "app.py": "from pyramid.config import Configurator\nconfig = Configurator()\n"
            "app = config.make_wsgi_app()\n",
            "requirements.txt": "pyramid\nwaitress",
        },
        "wsgi",
        "app:app",
    ),
    "django": ({**DJANGO, "requirements.txt": "django\ngunicorn\n"}, "wsgi", "mysite.wsgi:application"),
    "django without a server": ({**DJANGO, "requirements.txt": "django\n"}, "wsgi", "mysite.wsgi:application"),
    "django in a folder": (
        {**{f"backend/{path}": text for path, text in DJANGO.items()}, "requirements.txt": "django\ngunicorn\n"},
        "wsgi",
        "mysite.wsgi:application",
    ),
    "django with split settings": (
        {
            "manage.py": MANAGE.replace("mysite.settings", "config.settings.local"),
            "config/settings/__init__.py": "",
            "config/settings/base.py": "WSGI_APPLICATION = 'config.wsgi.application'\n",
            "config/settings/local.py": "from .base import *\n",
            "config/wsgi.py": WSGI,
            "requirements/base.txt": "django\n",
            "requirements/production.txt": "-r base.txt\ngunicorn\n",
        },
        "wsgi",
        "config.wsgi:application",
    ),
    "django with channels": (
        {
            **DJANGO,
            "mysite/settings.py": "ASGI_APPLICATION = 'mysite.asgi.application'\n"
            "WSGI_APPLICATION = 'mysite.wsgi.application'\n",
            "requirements.txt": "django\nchannels[daphne]\n",
        },
        "asgi",
        "mysite.asgi:application",
    ),
    "django with uvicorn": (
        {**DJANGO, "mysite/asgi.py": ASGI, "requirements.txt": "django\nuvicorn\n"},
        "asgi",
        "mysite.asgi:application",
    ),
    "streamlit": (
        {"streamlit_app.py": "import streamlit as st\nst.title('x')\n", "requirements.txt": "streamlit"},
        "streamlit",
        "streamlit_app.py",
    ),
    "streamlit with pages": (
        {
            "Home.py": "import streamlit as st\n",
            "pages/1_Map.py": "import streamlit as st\n",
            "requirements.txt": "streamlit",
        },
        "streamlit",
        "Home.py",
    ),
    "gradio": (
        {
            "app.py": "import gradio as gr\ngr.Interface(fn=str, inputs='text', outputs='text').launch()\n",
            "requirements.txt": "gradio",
        },
        "python-file",
        "app.py",
    ),
    "nicegui": (
        {"main.py": "from nicegui import ui\nui.label('x')\nui.run()\n", "requirements.txt": "nicegui"},
        "python-file",
        "main.py",
    ),
    "flask started by its file": (
        {"main.py": FLASK + RUN, "pyproject.toml": POETRY + 'flask = "^3"\n'},
        "python-file",
        "main.py",
    ),
    "aiohttp": (
        {
            "server.py": "from aiohttp import web\napp = web.Application()\nweb.run_app(app)\n",
            "requirements.txt": "aiohttp",
        },
        "python-file",
        "server.py",
    ),
    "tornado": (
        {
            "main.py": "import tornado.web, tornado.ioloop\napp = tornado.web.Application([(r'/', None)])\n"
            "if __name__ == '__main__':\n    app.listen(8888)\n",
            "requirements.txt": "tornado",
        },
        "python-file",
        "main.py",
    ),
    "http.server": (
        {"server.py": "from http.server import *\nHTTPServer(('', 8000), BaseHTTPRequestHandler).serve_forever()\n"},
        "python-file",
        "server.py",
    ),
    "a script": ({"main.py": "print('hi')\n"}, "python-file", "main.py"),
    "a script with dependencies": (
        {"main.py": "import numpy\nprint(numpy)\n", "requirements.txt": "numpy"},
        "python-file",
        "main.py",
    ),
    "the only file": ({"bot.py": "print('hi')\n"}, "python-file", "bot.py"),
    "a file of another name": (
        {"crawl.py": "print('hi')\n", "requirements.txt": "requests"},
        "python-file",
        "crawl.py",
    ),
    "a script in src": ({"src/main.py": "print('hi')\n", "requirements.txt": "requests"}, "python-file", "src/main.py"),
    "python 2": ({"main.py": "print 'hi'\n", "requirements.txt": ""}, "python-file", "main.py"),
    "a discord bot": (
        {"bot.py": "import discord\nclient = discord.Client()\nclient.run('x')\n", "requirements.txt": "discord.py"},
        "python-file",
        "bot.py",
    ),
    "a package with __main__": (
        {"tool/__init__.py": "", "tool/__main__.py": "print('hi')\n", "pyproject.toml": '[project]\nname="tool"\n'},
        "python-module",
        "tool",
    ),
    "an mcp server over http": (
        {
            "server.py": "from fastmcp import FastMCP\nmcp = FastMCP('x')\nif __name__ == '__main__':\n"
            "    mcp.run(transport='http', host='0.0.0.0', port=8000)\n",
            "requirements.txt": "fastmcp",
        },
        "python-file",
        "server.py",
    ),
}


@pytest.mark.parametrize("name", SERVED)
def test_starts(name: str) -> None:
    tree, kind, target = SERVED[name]
    start = fields(tree)["start"].value
    assert isinstance(start, Start)
    assert (start.kind, start.target) == (kind, target), start.command
