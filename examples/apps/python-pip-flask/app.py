"""Greets."""

import os

from flask import Flask

app = Flask(__name__)


@app.route("/")
def greet():
    return f"{os.environ.get('GREETING', 'Hello')}\n"


@app.route("/health")
def health():
    return {"status": "ok"}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", 5000)), debug=True)
