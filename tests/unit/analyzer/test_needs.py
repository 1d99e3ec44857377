"""Backing services and environment variables of small applications."""

from __future__ import annotations

import pytest

from analyzer import confidence, needs
from analyzer.findings import Findings
from analyzer.needs import engines, variables
from analyzer.project import Project
from analyzer.source.view import of_memory


def read(files: dict[str, str], **details: object) -> Findings:
    findings = Findings()
    findings.details.update(details)
    needs.read(Project(of_memory(dict(files)), ".", findings))
    return findings


def engines_of(files: dict[str, str]) -> list[str]:
    return sorted(read(files).backing)


DEPENDENCIES = [
    ({"requirements.txt": "Django\npsycopg2-binary==2.9 # driver\n-r other.txt\n"}, ["postgresql"]),
    ({"requirements/prod.txt": "PyMySQL\n", "requirements/dev.txt": "pymongo\n"}, ["mysql"]),
    ({"requirements.txt": "celery[redis]>=5\n"}, ["redis"]),
    ({"requirements.txt": "celery>=5\n"}, ["rabbitmq"]),
    ({"requirements.txt": "pyodbc\nmysqlclient\n"}, ["mysql"]),
    ({"pyproject.toml": '[project]\ndependencies = ["asyncpg>=0.29", "redis[hiredis]"]\n'}, ["postgresql", "redis"]),
    ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.12"\nmotor = "*"\n'}, ["mongodb"]),
    ({"Pipfile": '[packages]\npika = "*"\n[dev-packages]\npymongo = "*"\n'}, ["rabbitmq"]),
    (
        {"package.json": '{"dependencies": {"pg": "8", "ioredis": "5"}, "devDependencies": {"mongoose": "8"}}'},
        ["postgresql", "redis"],
    ),
    ({"package.json": '{"dependencies": {"@aws-sdk/client-s3": "3"}}'}, ["s3"]),
    (
        {"Gemfile": 'gem "pg"\ngroup :development, :test do\n  gem "sqlite3"\nend\ngem "sidekiq"\n'},
        ["postgresql", "redis"],
    ),
    ({"Gemfile": 'gem "mysql2"\ngem "sqlite3", group: :development\n'}, ["mysql"]),
    (
        {"go.mod": "module x\nrequire (\n\tgithub.com/jackc/pgx/v5 v5.5.0\n\tgithub.com/lib/pq v1.1 // indirect\n)"},
        ["postgresql"],
    ),
    ({"go.mod": "module x\nrequire github.com/redis/go-redis/v9 v9.0.1\n"}, ["redis"]),
    ({"composer.json": '{"require": {"predis/predis": "^2", "mongodb/mongodb": "*"}}'}, ["mongodb", "redis"]),
    (
        {
            "pom.xml": "<project><dependencies><dependency><groupId>org.postgresql</groupId>"
            "<artifactId>postgresql</artifactId></dependency><dependency><artifactId>mongodb-driver-sync</artifactId>"
            "<scope>test</scope></dependency></dependencies></project>"
        },
        ["postgresql"],
    ),
    (
        {"build.gradle": "dependencies {\n implementation 'a.b:spring-kafka:3'\n testImplementation 'a:jedis:1'\n}"},
        ["kafka"],
    ),
    ({"build.gradle.kts": 'dependencies {\n    runtimeOnly("com.mysql:mysql-connector-j:8")\n}'}, ["mysql"]),
    (
        {"Cargo.toml": '[dependencies]\nsqlx = { version = "0.8", features = ["postgres"] }\nredis = "0.25"\n'},
        ["postgresql", "redis"],
    ),
    (
        {"Api/Api.csproj": '<Project><ItemGroup><PackageReference Include="Npgsql" /></ItemGroup></Project>'},
        ["postgresql"],
    ),
    ({"mix.exs": 'defp deps do\n [{:postgrex, ">= 0.0.0"}, \n  {:redix, "~> 1.0", only: :test}]\nend'}, ["postgresql"]),
    ({"deno.json": '{"imports": {"pg": "npm:pg@^8", "r": "jsr:@db/redis"}}'}, ["postgresql"]),
    ({"pubspec.yaml": "dependencies:\n  postgres: ^3\n"}, ["postgresql"]),
]


@pytest.mark.parametrize(("files", "found"), DEPENDENCIES)
def test_libraries_tell_what_they_speak_to(files: dict[str, str], found: list[str]) -> None:
    assert engines_of(files) == found


SETTINGS = [
    ({"shop/settings.py": "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}"}, ["postgresql"]),
    (
        {"shop/settings.py": 'CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}'},
        ["redis"],
    ),
    (
        {"prisma/schema.prisma": 'generator c {\n provider = "js"\n}\ndatasource db {\n  provider = "mysql"\n}\n'},
        ["mysql"],
    ),
    (
        {"config/database.yml": "default: &d\n  adapter: sqlite3\nproduction:\n  adapter: pg\n  pool: <%= 5 %>\n"},
        ["postgresql"],
    ),
    ({"config/database.yml": "default: &d\n  adapter: mysql2\nproduction:\n  <<: *d\n"}, ["mysql"]),
    ({"src/main/resources/application.properties": "spring.datasource.url=jdbc:postgresql://db/x\n"}, ["postgresql"]),
    (
        {"src/main/resources/application.yml": "spring:\n  data:\n    mongodb:\n      uri: x\n  rabbitmq:\n    a: b"},
        ["mongodb", "rabbitmq"],
    ),
    ({"drizzle.config.ts": 'export default { dialect: "postgresql" }'}, ["postgresql"]),
    ({"app.py": 'engine = create_engine("postgresql+asyncpg://user:pass@localhost/db")'}, ["postgresql"]),
    ({"app.py": 's3 = boto3.client("s3")\nq = boto3.resource("sqs")'}, ["s3", "sqs"]),
    ({"app.py": 'redis_url = os.environ["REDIS_URL"]'}, ["redis"]),
    ({".env.example": "DATABASE_URL=mysql://root:secret@localhost/db\n"}, ["mysql"]),
    ({".env.example": "DB_CONNECTION=pgsql\nREDIS_HOST=127.0.0.1\nAWS_BUCKET=\n"}, ["postgresql"]),
    ({"tests/test_app.py": 'URL = "postgresql://localhost/test"'}, []),
    ({"app.py": "# redis://localhost\nprint('https://example.com')"}, []),
]


@pytest.mark.parametrize(("files", "found"), SETTINGS)
def test_settings_tell_it_too(files: dict[str, str], found: list[str]) -> None:
    assert engines_of(files) == found


def test_a_backing_service_knows_its_variables_and_its_places() -> None:
    found = read(
        {
            "requirements.txt": "psycopg\nredis\n",
            "app.py": 'url = os.environ["DATABASE_URL"]\ncache = os.getenv("REDIS_URL", "redis://localhost")\n',
        }
    )
    postgresql, redis = found.backing["postgresql"], found.backing["redis"]
    assert (postgresql.variables, redis.variables) == (("DATABASE_URL",), ("REDIS_URL",))
    assert [(one.path, one.line) for one in postgresql.evidence] == [("requirements.txt", 1)]


def test_names_that_a_language_s_module_knows_count_too() -> None:
    assert sorted(read({}, dependencies=["pg", "left-pad", 3]).backing) == ["postgresql"]


def test_clients_of_several_databases_leave_the_choice_open() -> None:
    found = read({"package.json": '{"dependencies": {"pg": "8", "mysql2": "3", "redis": "4"}}'}).backing
    assert {name: one.confidence for name, one in found.items()} == {
        "postgresql": confidence.CONVENTION,
        "mysql": confidence.CONVENTION,
        "redis": confidence.PROVEN,
    }


def test_data_in_a_file_is_warned_about_unless_there_is_a_server() -> None:
    assert [one.code for one in read({"Gemfile": 'gem "sqlite3"'}).warnings] == ["database_in_a_file"]
    assert read({"Gemfile": 'gem "sqlite3"\ngem "pg"'}).warnings == []


VARIABLES = [
    ("app.py", 'a = os.environ["API_URL"]', "API_URL", True),
    ("app.py", 'a = os.getenv("API_URL")', "API_URL", True),
    ("app.py", 'a = os.environ.get("API_URL", "x")', "API_URL", False),
    ("app.py", 'a = os.getenv("API_URL") or "x"', "API_URL", False),
    ("app.py", 'if os.getenv("API_URL"):\n    pass', "API_URL", False),
    ("app.py", 'if not os.getenv("API_URL"):\n    raise KeyError', "API_URL", True),
    ("app.py", 'a = os.environ.get("API_URL") == "x"', "API_URL", False),
    ("app.py", 'a = env("API_URL")', "API_URL", True),
    ("app.py", 'a = config("API_URL", default="")', "API_URL", False),
    ("app.py", "class S(BaseSettings):\n    api_url: str\n", "API_URL", True),
    ("app.py", "class S(pydantic.BaseSettings):\n    api_url: str = Field(...)\n", "API_URL", True),
    ("app.py", "class S(BaseSettings):\n    api_url: str | None\n", "API_URL", False),
    ("app.py", "class S(BaseSettings):\n    x: str = Field('a', alias='api_url')\n", "API_URL", False),
    (
        "app.py",
        "class S(BaseSettings):\n    url: str\n    model_config = SettingsConfigDict(env_prefix='API_')\n",
        "API_URL",
        True,
    ),
    (
        "app.py",
        "class S(BaseSettings):\n    url: str = 'x'\n    class Config:\n        env_prefix = 'api_'\n",
        "API_URL",
        False,
    ),
    ("app.js", "const a = process.env.API_URL", "API_URL", True),
    ("app.ts", "const a = process.env.API_URL!", "API_URL", True),
    ("app.js", "const a = process.env.API_URL || 'x'", "API_URL", False),
    ("app.js", "const a = (process.env.API_URL) ?? 'x'", "API_URL", False),
    ("app.js", "const a = process.env.API_URL ?? (() => { throw new Error() })()", "API_URL", True),
    ("app.js", "const a = process.env['API_URL'] === 'x'", "API_URL", False),
    ("app.js", "if (!process.env.API_URL) {\n  throw new Error('x')\n}", "API_URL", True),
    ("app.js", "const { API_URL } = process.env", "API_URL", True),
    ("app.js", "const a = given || process.env.API_URL", "API_URL", False),
    ("app.js", "const a = process.env.API_URL?.split(',')", "API_URL", False),
    ("app.js", "const a = process.env.SKIP_CHECKS", "SKIP_CHECKS", False),
    ("app.js", "const {\n  API_URL = 'x',\n} = process.env;", "API_URL", False),
    ("app.ts", "Deno.env.get('API_URL')", "API_URL", True),
    ("app.rb", 'a = ENV["API_URL"]', "API_URL", True),
    ("app.rb", 'a = ENV["API_URL"] || "x"', "API_URL", False),
    ("app.rb", 'a = ENV.fetch("API_URL")', "API_URL", True),
    ("app.rb", 'a = ENV.fetch("API_URL", "x")', "API_URL", False),
    ("app.rb", 'a = ENV.fetch("API_URL") { 3 }', "API_URL", False),
    ("main.go", 'a := os.Getenv("API_URL")', "API_URL", True),
    ("main.go", 'a := os.Getenv("API_URL")\nif a == "" {\n a = "x"\n}', "API_URL", False),
    ("main.go", 'a := os.Getenv("API_URL")\nif a == "" {\n log.Fatal("no")\n}', "API_URL", True),
    ("main.go", 'a, ok := os.LookupEnv("API_URL")', "API_URL", False),
    ("main.go", 'a := getEnv("API_URL", "x")', "API_URL", False),
    ("main.go", 'type C struct {\n A string `env:"API_URL,required"`\n}', "API_URL", True),
    ("src/main.rs", 'let a = std::env::var("API_URL").expect("no");', "API_URL", True),
    ("src/main.rs", 'let a = env::var("API_URL").unwrap_or_else(|_| "x".into());', "API_URL", False),
    ("A.java", 'var a = System.getenv("API_URL");', "API_URL", True),
    ("A.java", 'System.getenv().getOrDefault("API_URL", "x");', "API_URL", False),
    ("A.java", '@Value("${API_URL:x}") String a;', "API_URL", False),
    ("A.kt", 'val a = System.getenv("API_URL") ?: "x"', "API_URL", False),
    ("a.php", "$a = getenv('API_URL') ?: 'x';", "API_URL", False),
    ("a.php", "$a = getenv('API_URL');", "API_URL", True),
    ("A.cs", 'var a = Environment.GetEnvironmentVariable("API_URL") ?? "x";', "API_URL", False),
    ("A.cs", 'var a = Environment.GetEnvironmentVariable("API_URL");', "API_URL", True),
    ("config/runtime.exs", 'System.get_env("API_URL") ||\n  raise "no"', "API_URL", True),
    ("config/runtime.exs", 'System.get_env("API_URL")', "API_URL", False),
    ("bin/a.dart", "Platform.environment['API_URL'] ?? 'x'", "API_URL", False),
    (".env.example", "API_URL=https://example.com", "API_URL", False),
]


@pytest.mark.parametrize(("path", "text", "name", "required"), VARIABLES)
def test_variables_and_whether_they_must_be_set(path: str, text: str, name: str, *, required: bool) -> None:
    assert [(one.name, one.required) for one in read({path: text}).variables.values()] == [(name, required)]


def test_required_somewhere_is_required() -> None:
    found = read({"a.py": 'os.getenv("A_B", "x")', "b.py": 'os.environ["A_B"]'}).variables["A_B"]
    assert (found.required, [place.path for place in found.evidence]) == (True, ["a.py", "b.py"])


@pytest.mark.parametrize("name", ["PORT", "HOSTNAME", "NODE_ENV", "RAILS_ENV", "PYTHONUNBUFFERED", "AWS_REGION", "CI"])
def test_what_the_platform_sets_is_left_out(name: str) -> None:
    assert read({"a.js": f"process.env.{name}"}).variables == {}


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("SECRET_KEY", True),
        ("STRIPE_API_KEY", True),
        ("GITHUB_TOKEN_VALUE", True),
        ("DB_PASSWORD", True),
        ("SENTRY_DSN", True),
        ("DATABASE_URL", True),
        ("MONGODB_URI", True),
        ("NEXT_PUBLIC_API_KEY", False),
        ("STRIPE_PUBLISHABLE_KEY", False),
        ("TOKEN_TTL", False),
        ("PASSWORD_MIN_LENGTH", False),
        ("API_URL", False),
        ("KEYBOARD", False),
    ],
)
def test_names_of_credentials(name: str, *, secret: bool) -> None:
    assert variables.is_secret(name) == secret


def test_no_default_and_no_example_value_is_ever_shown() -> None:
    found = read(
        {
            "a.py": 'K = os.getenv("SIGNING", "hunter2")\nU = "postgresql://u:hunter2@h/d"',
            ".env.example": "PIN=hunter2\n",
        }
    )
    shown = [place.text for one in found.variables.values() for place in one.evidence]
    shown += [place.text for one in found.backing.values() for place in one.evidence]
    assert len(shown) == 3
    assert not any("hunter2" in text for text in shown)


def test_a_bounded_number_of_files_is_read_nearest_first() -> None:
    files = {f"deep/er/{number:04}.py": f'os.environ["DEEP_{number}"]' for number in range(300)}
    found = read({**files, "main.py": 'os.environ["NEAR"]'}).variables
    assert (len(found), "NEAR" in found, "DEEP_250" in found) == (200, True, False)


RUBBISH = [
    "",
    "[1]",
    "{",
    '{"dependencies": []}',
    '{"dependencies": {"pg": []}, "imports": 3}',
    "[project]\ndependencies = 3\n",
    "\0",
    "a: [",
    "<a>",
]
MANIFESTS = [
    "package.json",
    "pyproject.toml",
    "Cargo.toml",
    "pom.xml",
    "composer.json",
    "deno.json",
    "pubspec.yaml",
    "Pipfile",
]


@pytest.mark.parametrize("text", RUBBISH)
def test_rubbish_has_no_needs(text: str) -> None:
    names = [*MANIFESTS, "config/database.yml", "prisma/schema.prisma", ".env.example", "a.py", "Gemfile", "mix.exs"]
    assert read(dict.fromkeys(names, text)).variables == {}


@pytest.mark.parametrize(
    ("image", "engine"),
    [
        ("postgres:16-alpine", "postgresql"),
        ("docker.io/bitnami/redis@sha256:abc", "redis"),
        ("postgis/postgis:16-3.4", "postgresql"),
        ("localhost:5000/mongo", "mongodb"),
        ("quay.io/minio/minio:latest", "s3"),
        ("nginx", None),
    ],
)
def test_images_of_engines(image: str, engine: str | None) -> None:
    assert engines.of_image(image) == engine
