"""Takes letters."""

from flask import Flask

from mailer.tasks import send

app = Flask(__name__)


@app.get("/health")
def health():
    return {"status": "ok"}


@app.post("/letters/<name>")
def letter(name: str):
    send.delay(name)
    return "", 202
