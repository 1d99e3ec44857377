"""A command's text: started directly where that means the same, by a shell otherwise."""

from __future__ import annotations

import pytest

from settings.commands import SHELL, container_command

PLAIN = [
    ("celery -A shop worker", ("celery", "-A", "shop", "worker")),
    ("migrate", ("migrate",)),
    ('send --to "two words" -k=v', ("send", "--to", "two words", "-k=v")),
    ("echo '$HOME;' \"it's\"", ("echo", "$HOME;", "it's")),
    (r"echo \$5 a\ b", ("echo", "$5", "a b")),
    ("  python   manage.py\tmigrate  ", ("python", "manage.py", "migrate")),
]
FOR_A_SHELL = [
    "a && b",
    "python x.py > log",
    'echo "$PORT"',
    "echo \"it's\" $PORT 'b'",
    r'echo "\$5"',
    "DEBUG=1 python x.py",
    "cd web && npm start",
    "exec worker",
    "echo `date`",
    "ls *.py",
    "echo 'never closed",
    "# nothing",
    "while true",
]


@pytest.mark.parametrize(("text", "words"), PLAIN)
def test_a_plain_command_is_its_words(text: str, words: tuple[str, ...]) -> None:
    entry_point, command = container_command(text)
    assert (*entry_point, *command) == words
    assert len(entry_point) == 1


@pytest.mark.parametrize("text", FOR_A_SHELL)
def test_what_only_a_shell_understands_goes_to_one(text: str) -> None:
    assert container_command(text) == (SHELL, (text,))
