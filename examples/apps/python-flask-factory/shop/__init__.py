"""A shop without goods."""

from flask import Flask


def create_app() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def index():
        return "Nothing to buy.\n"

    @app.get("/ping")
    def ping():
        return "pong\n"

    return app
