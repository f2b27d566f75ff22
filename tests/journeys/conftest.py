"""`jiegeng run` as a person starts it, for the journeys."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    """`jiegeng run` as a person starts it, on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.plaza, self.pages = free_port(), free_port()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("JIEGENG_", "OPENAI_"))}
        self.env |= {
            "JIEGENG_DATA": str(folder / "data"),
            "JIEGENG_PLAZA_PORT": str(self.plaza),
            "JIEGENG_PORT": str(self.pages),
            "JIEGENG_COOL_REPLIES": "1000",
            "COLUMNS": "200",
        }
        self.log = folder / "run.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "bot", "run"]
            self.process = subprocess.Popen(command, env=self.env, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self) -> None:
        """SIGKILL to every process of the tree, all at once."""
        assert self.process is not None
        whole = [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(self.process.pid)]
        for process in whole:
            process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    @property
    def sign_in(self) -> str:
        return re.findall(r"http://\S+/sign-in\?token=\S+", self.log.read_text())[-1]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    if house.process is not None and house.process.poll() is None:
        house.kill()
    for process in psutil.process_iter(["cmdline"]):  # an embedded server outlives a kill by design
        if str(tmp_path) in " ".join(process.info["cmdline"] or ()):
            process.kill()
