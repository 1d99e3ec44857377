"""Reads a tree in memory as one Python service, without the other parts of the analyzer."""

from __future__ import annotations

from analyzer.findings import Findings
from analyzer.languages import python
from analyzer.model import Field, Service
from analyzer.project import Project
from analyzer.resolve import resolve
from analyzer.source.view import of_memory

FASTAPI = 'from fastapi import FastAPI\napp = FastAPI()\n\n@app.get("/")\ndef root():\n    return {}\n'
FLASK = 'from flask import Flask\napp = Flask(__name__)\n\n@app.route("/")\ndef root():\n    return "hi"\n'
MANAGE = (
    "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings')\n"
    "from django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n"
)
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
ASGI = "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n"
DJANGO: dict[str, bytes | str] = {
    "manage.py": MANAGE,
    "mysite/__init__.py": "",
    "mysite/settings.py": "ROOT_URLCONF = 'mysite.urls'\nWSGI_APPLICATION = 'mysite.wsgi.application'\n",
    "mysite/urls.py": "from django.urls import path\nfrom . import views\nurlpatterns = [path('', views.home)]\n",
    "mysite/wsgi.py": WSGI,
    "mysite/asgi.py": ASGI,
}


def findings(files: dict[str, bytes | str], root: str = ".") -> Findings:
    """What the Python module finds."""
    project = Project(of_memory(files), root, Findings())
    python.analyze(project)
    return project.findings


def fields(files: dict[str, bytes | str], root: str = ".") -> dict[str, Field]:
    """The decided fields."""
    return resolve(findings(files, root))


def service(files: dict[str, bytes | str], root: str = ".") -> Service:
    """The decided service, as recipes get it."""
    found = findings(files, root)
    return Service(
        root=root,
        name="app",
        context=str(found.details.get("context", root)),
        fields=resolve(found),
        details=found.details,
        processes=tuple(found.processes.values()),
        system_packages=tuple(sorted(found.system_packages)),
        build_packages=tuple(sorted(found.build_packages)),
        warnings=tuple(found.warnings),
    )
