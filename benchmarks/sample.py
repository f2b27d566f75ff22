"""Runs a `jiegeng` command and tells where its CPU time went, by stage: `python -m benchmarks.sample OUT run …`.

Every few milliseconds of CPU time a signal looks at the stacks. Each thread's own CPU clock says how much it spent
since the last look, so a thread that waits for the disk counts nothing and the stages add up to what was spent.
SIGUSR1 begins anew (the start does not count); SIGUSR2 writes OUT.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY = 0.004  # seconds of CPU time between two looks

# The innermost frame that one of these fits names the stage. What aiohttp does when data arrives belongs to no call.
STAGES = (
    ("bot/emotion/", "read"),
    ("bot/tone.py", "read"),
    ("memes/", "recall"),
    ("safety/", "check"),
    ("bot/journal/", "journal"),
    ("bot/queue.py", "queue"),
    ("redis/", "queue"),
    ("bot/writers/", "write"),
    ("bot/prompt.py", "write"),
    ("bot/label.py", "write"),
    ("bot/platforms/", "http"),
    ("aiohttp/", "http"),
)


class Looks:
    """CPU seconds by stage and by function."""

    def __init__(self) -> None:
        self.clocks: dict[int, float] = {}
        self.begin()

    def begin(self) -> None:
        """Forget what was counted."""
        self.stages: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()
        self.spent = process_cpu()

    def look(self, _signal: int, frame: FrameType | None) -> None:
        """Charge each thread's CPU time since the last look to what it does now."""
        frames = sys._current_frames()  # noqa: SLF001 - the documented way to another thread's stack
        for thread in threading.enumerate():
            ident = thread.ident
            if ident is None or not thread.is_alive():
                continue
            try:
                now = time.clock_gettime(time.pthread_getcpuclockid(ident))
            except OSError:
                continue
            seconds = now - self.clocks.get(ident, now)
            self.clocks[ident] = now
            if seconds <= 0:
                continue
            own = frame if thread is threading.main_thread() else frames.get(ident)
            self.charge(seconds, own, journal=thread.name.startswith("journal"))

    def charge(self, seconds: float, frame: FrameType | None, *, journal: bool) -> None:
        """Find stage and function of a stack."""
        stage = "journal" if journal else ""
        own = ""
        while frame is not None:
            path = frame.f_code.co_filename
            if not own and ("/bot/" in path or "/memes/" in path or "/safety/" in path):
                own = f"{short(path)}:{frame.f_code.co_name}"
            if not stage:
                stage = next((name for part, name in STAGES if f"/{part}" in path), "")
            frame = frame.f_back
        self.stages[stage or "rest"] += seconds
        self.functions[own or "(libraries and event loop)"] += seconds

    def write(self, path: Path) -> None:
        """Write what was counted."""
        figures = {
            "cpu_s": process_cpu() - self.spent,
            "stages": dict(self.stages),
            "functions": dict(self.functions.most_common(60)),
        }
        path.write_text(json.dumps(figures, indent=1))


def short(path: str) -> str:
    """The path below the repository."""
    for part in ("/bot/", "/memes/", "/safety/"):
        if part in path:
            return part[1:] + path.rpartition(part)[2]
    return path


def process_cpu() -> float:
    """CPU seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Look while the command runs."""
    out = Path(sys.argv[1])
    sys.argv = ["jiegeng", *sys.argv[2:]]
    looks = Looks()
    signal.signal(signal.SIGPROF, looks.look)
    signal.signal(signal.SIGUSR1, lambda _signal, _frame: looks.begin())
    signal.signal(signal.SIGUSR2, lambda _signal, _frame: looks.write(out))
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    from bot.cli import main as run  # noqa: PLC0415 - after the timer stands

    run()


if __name__ == "__main__":
    main()
