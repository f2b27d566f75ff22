"""The bot's processes as an operator would run them, and the ways in which they are treated badly."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

ROLES = {"listen": "listen", "work-1": "work", "work-2": "work", "web": "web"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Crowd:
    """One process for each of ROLES, all on the same stores.

    `hurt` tells from when to when each was stopped or dead, in Unix seconds; `ended` of those that died without our
    doing.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JIEGENG_", "OPENAI_"))}
        self.settings = kept | dict(settings)
        self._folder = folder
        self._running: dict[str, int] = {}
        self.ended: list[str] = []
        self.hurt: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
        words = [sys.executable, "-m", "tests.faults.worker"]
        self._nursery = subprocess.Popen(
            words, env=self.settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, role: str, *, wrong: float = 0.0) -> None:
        """Start one; its own wall clock goes `wrong` seconds before ours."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(f"{ROLES[role]} {self._log(role)} {wrong}\n")
        self._nursery.stdin.flush()
        self._running[role] = int(self._nursery.stdout.readline())

    def role_of(self, number: int) -> str | None:
        """Who has this process id."""
        return next((role for role, its in self._running.items() if its == number), None)

    def keep(self) -> None:
        """Start what ended by itself; a supervisor would."""
        for role in list(self._running):
            if not self._signal(role, 0):
                self._note(role)
                self.start(role)

    def kill(self, role: str, *, gently: bool = False) -> None:
        """SIGKILL, and wait for the end; gently: SIGTERM, as a roll-out does, and SIGKILL seconds later."""
        if not self._signal(role, signal.SIGTERM if gently else signal.SIGKILL):
            self._note(role)
        if not gently or not self._wait(role, 5):
            self.hurts(self._running[role])
            self._signal(role, signal.SIGKILL)
            self._wait(role, 10)
        self._running.pop(role)

    def stop(self, role: str) -> int | None:
        """SIGSTOP; returns the process id, or None if there is no such process just now."""
        if not self._signal(role, signal.SIGSTOP):
            return None
        self.hurts(self._running[role])
        return self._running[role]

    def hurts(self, number: int) -> None:
        """Remember that from now on this process does nothing, until it is let go."""
        self.hurt[number].append((time.time(), math.inf))

    def let_go(self, number: int) -> None:
        """SIGCONT, if the process is still one of ours."""
        if (role := self.role_of(number)) is None:
            return
        self._signal(role, signal.SIGCONT)
        self.hurt[number] = [(since, min(until, time.time())) for since, until in self.hurt[number]]

    def let_all_go(self) -> None:
        for number in list(self._running.values()):
            self.let_go(number)

    def bugs(self) -> list[str]:
        """What the loops that keep the bot alive told as bugs, each once."""
        found: dict[str, None] = {}
        for role in ROLES:
            log = self._log(role)
            for part in log.read_text().split("a bug; going on\n")[1:] if log.exists() else ():
                lines = [line for line in part.split("\n") if line and not line.startswith((" ", "Traceback"))]
                found[f"{role}: a bug: {lines[0] if lines else '?'}"] = None
        return list(found)

    def end(self) -> None:
        for role in list(self._running):
            self._signal(role, signal.SIGKILL)
        self._nursery.kill()
        self._nursery.communicate()

    def _log(self, role: str) -> Path:
        return self._folder / f"{role}.log"

    def _note(self, role: str) -> None:
        log = self._log(role)
        self.ended.append(f"{role}: {log.read_text()[-1500:] if log.exists() else ''}")

    def _wait(self, role: str, seconds: float) -> bool:
        for _ in range(int(seconds / 0.02)):
            if not self._signal(role, 0):
                return True
            time.sleep(0.02)
        return False

    def _signal(self, role: str, number: int) -> bool:
        try:
            os.kill(self._running[role], number)
        except (KeyError, ProcessLookupError):
            return False
        return True
