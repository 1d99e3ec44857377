import os

from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/")
def notes() -> dict[str, str]:
    return {"app": "notes", "level": os.environ["LEVEL"], "prefix": os.environ.get("SLIPWAY_PREFIX", "")}
