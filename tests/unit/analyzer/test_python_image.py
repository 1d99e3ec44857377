"""Images of Python services: what their Dockerfiles install, copy and run."""

from __future__ import annotations

import pytest

from analyzer.languages import python
from analyzer.render.dockerfile import dockerfile
from analyzer.render.dockerignore import dockerignore
from tests.unit.analyzer.python_service import DJANGO, FASTAPI, FLASK, service

Tree = dict[str, bytes | str]
PROJECT = '[project]\nname = "shop"\ndependencies = ["fastapi", "uvicorn"]\n'
BUILT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
WEB: Tree = {"main.py": FASTAPI, ".python-version": "3.11\n"}


def written(tree: Tree, root: str = ".") -> str:
    """The Dockerfile."""
    recipe = python.recipe(service(tree, root))
    assert recipe
    return dockerfile(recipe, title="shop")


def lines(tree: Tree, root: str = ".") -> list[str]:
    """Its lines, continued ones one by one."""
    return [line.strip().removesuffix(" && \\").removesuffix(" \\") for line in written(tree, root).split("\n")]


PIP = {**WEB, "requirements.txt": "fastapi\nuvicorn\n"}
INSTALLS: dict[str, tuple[Tree, list[str]]] = {
    "requirements": (
        PIP,
        ["COPY requirements.txt ./", "uv pip install -q --python /venv/bin/python -r requirements.txt"],
    ),
    "hashed requirements": (
        {**WEB, "requirements.txt": "fastapi==1 --hash=sha256:ab\n"},
        ["uv pip install -q --require-hashes --python /venv/bin/python -r requirements.txt"],
    ),
    "included requirements": (
        {**WEB, "requirements.txt": "-r requirements/base.txt\n", "requirements/base.txt": "fastapi\nuvicorn\n"},
        ["COPY requirements.txt ./", "COPY requirements/base.txt ./requirements/"],
    ),
    "uv": (
        {**WEB, "pyproject.toml": PROJECT, "uv.lock": ""},
        ["COPY pyproject.toml uv.lock ./", "uv sync -q --frozen --no-dev --no-install-local"],
    ),
    "uv with a package": (
        {"src/shop/__init__.py": "", "src/shop/main.py": FASTAPI, "pyproject.toml": PROJECT + BUILT, "uv.lock": ""},
        ["uv sync -q --frozen --no-dev --no-install-local", "uv sync -q --frozen --no-dev --no-editable"],
    ),
    "uv workspace": (
        {
            **WEB,
            "pyproject.toml": PROJECT + "[tool.uv.sources]\nlib = {workspace = true}\n",
            "uv.lock": "",
            "packages/lib/pyproject.toml": "",
        },
        ["COPY packages/lib/pyproject.toml ./packages/lib/", "uv sync -q --frozen --no-dev --no-editable"],
    ),
    "poetry": (
        {**WEB, "pyproject.toml": PROJECT, "poetry.lock": ""},
        ["poetry export -q --only main --output /tmp/requirements.txt"],
    ),
    "pdm": (
        {**WEB, "pyproject.toml": PROJECT, "pdm.lock": ""},
        ["VIRTUAL_ENV=/venv PDM_IGNORE_SAVED_PYTHON=1 pdm sync -q --prod --no-self --no-editable"],
    ),
    "pipenv": (
        {**WEB, "Pipfile": "[packages]\nfastapi='*'\n", "Pipfile.lock": "{}"},
        ["COPY Pipfile Pipfile.lock ./", "pipenv requirements --hash > /tmp/requirements.txt"],
    ),
    "pipenv without a lock": ({**WEB, "Pipfile": "[packages]\nfastapi='*'\n"}, ["pipenv lock -q"]),
    "a project without a lock": (
        {**WEB, "pyproject.toml": PROJECT},
        ["COPY pyproject.toml ./", "uv pip install -q --python /venv/bin/python -r pyproject.toml"],
    ),
    "setup.py": (
        {"setup.py": "from setuptools import setup\nsetup(name='flaskr')\n", "flaskr/__init__.py": FLASK},
        [
            "COPY . ./",
            "uv pip install -q --python /venv/bin/python .",
            "uv pip install -q --python /venv/bin/python 'gunicorn>=23,<24'",
        ],
    ),
    "an added server": (
        {"app.py": FLASK, "requirements.txt": "flask"},
        [
            "uv pip install -q --python /venv/bin/python 'gunicorn>=23,<24'",
            "GUNICORN_CMD_ARGS=--worker-tmp-dir=/dev/shm",
        ],
    ),
}


@pytest.mark.parametrize("name", INSTALLS)
def test_installs_what_is_locked(name: str) -> None:
    tree, wanted = INSTALLS[name]
    found = lines(tree)
    places = [found.index(line) for line in wanted]
    assert places == sorted(places)


def test_the_image() -> None:
    image = written(PIP).split("\n\n")[-1]
    assert image == (
        "FROM python:3.11-slim-bookworm\n"
        "# Without the time of the build, whoever builds it gets the same layer, "
        "which then is pushed and pulled once.\n"
        "COPY --from=build /image /\n"
        "ENV PATH=/venv/bin:$PATH \\\n"
        "    PYTHONUNBUFFERED=1 \\\n"
        "    PYTHONDONTWRITEBYTECODE=1 \\\n"
        "    PORT=8000\n"
        "WORKDIR /app\n"
        "COPY --chown=10001:10001 . ./\n"
        'LABEL org.opencontainers.image.title="shop"\n'
        "USER 10001:10001\n"
        "EXPOSE 8000\n"
        'HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["python", "-c", '
        "\"import urllib.request as r; r.urlopen('http://127.0.0.1:8000/', timeout=2)\"]\n"
        'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]\n'
    )


def test_a_script_without_dependencies_needs_no_build() -> None:
    assert written({"main.py": "print('hi')\n", ".python-version": "3.12"}).count("FROM ") == 1


def test_static_files_are_collected_without_a_secret() -> None:
    settings = (
        "import os\nSECRET_KEY = os.environ['SECRET_KEY']\nSTATIC_ROOT = 'static'\nDB = env('DATABASE_URL')\n"
        "WSGI_APPLICATION = 'mysite.wsgi.application'\n"
    )
    found = written({**DJANGO, "mysite/settings.py": settings, "requirements.txt": "django\nwhitenoise\ngunicorn"})
    assert "SECRET_KEY=build DATABASE_URL=sqlite:////tmp/build.sqlite3 PYTHONPATH=" in found
    assert "manage.py collectstatic --noinput" in found
    assert "COPY --from=build --chown=10001:10001 /app /app" in found
    assert not [line for line in found.split("\n") if line.startswith(("ENV", "ARG")) and "SECRET" in line]


def test_a_front_end_is_built_in_front() -> None:
    main = FASTAPI + "app.mount('/', StaticFiles(directory='frontend/dist'))\n"
    package = '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}'
    tree: Tree = {**PIP, "main.py": main, "frontend/package.json": package, "frontend/package-lock.json": "{}"}
    found = lines(tree)
    wanted = [
        "WORKDIR /app/frontend",
        "COPY frontend/package.json frontend/package-lock.json ./",
        "npm ci --no-audit --no-fund",
        "COPY frontend ./",
        "RUN npm run build",
        "COPY --from=frontend /app/frontend /app/frontend",
        "COPY --from=build --chown=10001:10001 /app /app",
    ]
    places = [found.index(line) for line in wanted]
    assert places == sorted(places)


def test_a_front_end_that_python_does_not_serve_is_left_alone() -> None:
    assert "node:" not in written({**PIP, "frontend/package.json": '{"scripts": {"build": "vite build"}}'})


def test_debian_packages_are_installed_where_they_are_needed() -> None:
    build, image = written({"app.py": FLASK, "requirements.txt": "flask\ngunicorn\npsycopg2"}).split("\n\n")
    assert "gcc libc6-dev libpq-dev" in build
    assert "libpq5" in image
    assert "gcc" not in image


def test_a_member_of_a_workspace_is_built_from_the_workspace() -> None:
    tree: Tree = {
        "uv.lock": "",
        "pyproject.toml": "[tool.uv.workspace]\nmembers = ['services/*']\n",
        "services/api/pyproject.toml": PROJECT,
        "services/api/main.py": FASTAPI,
        "services/other/pyproject.toml": "",
    }
    found = lines(tree, "services/api")
    assert service(tree, "services/api").context == "."
    assert "COPY pyproject.toml uv.lock ./" in found
    assert "uv sync -q --frozen --no-dev --no-install-local --directory services/api" in found
    assert "COPY --chown=10001:10001 services/api ./" in found


@pytest.mark.parametrize(
    "tree",
    [
        {"environment.yml": "dependencies: [python=3.11, flask]", "app.py": FLASK},
        {"setup.py": "from setuptools import setup\nsetup(name='lib')\n", "lib/__init__.py": ""},
        {"runtime.txt": "python-2.7.18", "main.py": "print 'hi'\n"},
        {"analysis.ipynb": "{}"},
    ],
)
def test_what_is_not_built_has_no_dockerfile(tree: Tree) -> None:
    assert python.recipe(service(tree)) is None


def test_what_lies_about_stays_out() -> None:
    recipe = python.recipe(service(PIP))
    assert recipe
    assert {"**/__pycache__", "**/.venv", "**/.env", ".git"} <= set(dockerignore(recipe).split("\n"))


def test_names_with_line_feeds_do_not_reach_the_dockerfile() -> None:
    tree: Tree = {
        "a\nRUN evil/main.py": "import helper\n" + FASTAPI,
        "a\nRUN evil/helper.py": "",
        "pyproject.toml": '[tool.poetry]\nname = "x"\nrequires-poetry = """>1\nRUN evil"""\n',
        "uv.lock": "",
        "main.py": FASTAPI,
        "b\nRUN evil/pyproject.toml": "",
    }
    assert "evil" not in written(tree)


@pytest.mark.parametrize(
    "tree", [{**DJANGO, "requirements.txt": "django"}, {"app.py": FLASK, "requirements.txt": "flask"}]
)
def test_a_server_that_is_started_is_installed(tree: Tree) -> None:
    found = service(tree)
    assert found.value("start").argv[0] == "gunicorn"
    assert found.details["add"] == ["gunicorn>=23,<24"]
    assert "'gunicorn>=23,<24'" in written(tree)
