"""One process on one port, for this machine only, and a rollout through it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from scripts.local import cloud, listen_addresses
from tests.e2e.local.helpers import REGION, Emulator, free_port, until
from tests.e2e.local.service import Service

MakeService = Callable[[Emulator], Service]


def test_another_emulator_on_the_port_is_not_ours(own: Emulator, corrected: Emulator) -> None:
    own.folder.mkdir(parents=True)
    cloud.Files(own.folder).port.write_text(str(corrected.port), "ascii")
    assert cloud.find(own.folder) is None
    assert own.start().port != corrected.port


def test_a_pid_file_of_a_dead_emulator_does_not_count(own: Emulator) -> None:
    own.folder.mkdir(parents=True)
    cloud.Files(own.folder).port.write_text(str(free_port()), "ascii")
    assert cloud.find(own.folder) is None
    cloud.Files(own.folder).port.write_text("no number", "ascii")
    assert cloud.find(own.folder) is None


def test_two_commands_at_once_start_one_cloud(own: Emulator) -> None:
    own.folder.mkdir(parents=True)
    cloud.Files(own.folder).port.write_text(str(free_port()), "ascii")
    program = (
        "import sys; from pathlib import Path; from scripts.local import cloud, listen_addresses;"
        f"print(cloud.ensure(Path(sys.argv[1]), str, addresses=listen_addresses(), region={REGION!r}).pid)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(own.folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    pids = {process.communicate(timeout=60)[0] for process in started}
    assert len(pids) == 1
    running = cloud.find(own.folder)
    assert running
    assert pids == {f"{running.pid}\n"}


def test_only_this_machine_and_its_containers_can_reach_it(corrected: Emulator) -> None:
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    port = f"{corrected.port:04X}"
    listening = {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[1].endswith(f":{port}")}
    expected = {socket.inet_aton(address)[::-1].hex().upper() for address in listen_addresses()}
    assert listening == expected
    assert len(expected) == 2


def test_no_request_fails_while_a_version_replaces_another(corrected: Emulator, service: MakeService) -> None:
    one = service(corrected)
    one.create(VERSION="first")
    until(lambda: one.is_steady() and one.is_healthy())
    answers: list[tuple[int, str]] = []
    done = threading.Event()

    def ask(path: str) -> None:
        while not done.is_set():
            answers.append(one.answer(path))
            time.sleep(0.01)

    threads = [threading.Thread(target=ask, args=(path,)) for path in ("/", "/", "/", "/slow")]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    one.update(VERSION="second")
    until(lambda: one.is_steady() and one.is_healthy())
    time.sleep(2)
    done.set()
    for thread in threads:
        thread.join()
    assert len(answers) > 300
    assert {status for status, _ in answers} == {200}
    assert {text.split()[0] for _, text in answers} == {"first", "second"}


def test_settings_read_the_port_file(own: Emulator, tmp_path: Path) -> None:
    from settings.load import embedded_port

    folder = tmp_path / ".slipway/local"
    moved = Emulator(folder)
    try:
        running = moved.start()
        assert embedded_port(tmp_path, "local") == running.port
        with urlopen(f"http://127.0.0.1:{running.port}/_slipway/emulator") as answer:
            assert json.load(answer)["pid"] == running.pid
    finally:
        moved.remove()
