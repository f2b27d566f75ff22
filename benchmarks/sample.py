"""Runs a `jiegeng` command and watches it from inside: `python -m benchmarks.sample OUT run …`.

It measures how late its event loop is, and tells where CPU time goes, by stage. Every few milliseconds of CPU time a
signal looks at the stacks. Each thread's own CPU clock says how much it spent since the last look, so a thread that
waits for the disk counts nothing and the stages add up to what was spent.
SIGUSR1 begins to look (0.02 ms a look); SIGUSR2 writes OUT and stops looking.
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY = 0.005  # seconds of CPU time between two looks
BEAT = 0.02  # seconds between two looks at how late the loop is

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
    ("bot/http.py", "http"),
    ("aiohttp/", "http"),
)
OWN = ("/bot/", "/memes/", "/safety/")
# Cards that are taken in while the bot runs are no part of a reply, whatever is asked and read for them.
RELOAD = "memes/shelf.py"
STALL = 100.0  # milliseconds late from which on it is told what the other threads do


class Watch:
    """CPU seconds by stage and by function, and how many milliseconds late the loop was at each beat."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.late: list[float] = []
        self.stalls: list[tuple[float, str]] = []
        self.clocks: dict[int, float] = {}
        self.stages: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()

    def begin(self, _signal: int, _frame: FrameType | None) -> None:
        """Begin to look."""
        self.clocks = {}
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)

    def end(self, _signal: int, _frame: FrameType | None) -> None:
        """Write what was seen and stop looking."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        late = sorted(self.late)
        figures = {
            "late_p95_ms": late[int(len(late) * 0.95)] if late else 0.0,
            "late_max_ms": late[-1] if late else 0.0,
            "stalls": sorted(self.stalls, reverse=True)[:8],
            "stages": dict(self.stages),
            "functions": dict(self.functions.most_common(60)),
        }
        part = self.out.with_suffix(".part")
        part.write_text(json.dumps(figures, indent=1))
        part.replace(self.out)
        self.late.clear()
        self.stalls.clear()
        self.stages.clear()
        self.functions.clear()

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
            if seconds > 0:
                own = frame if thread is threading.main_thread() else frames.get(ident)
                self.charge(seconds, own, journal=thread.name.startswith("journal"))

    def charge(self, seconds: float, frame: FrameType | None, *, journal: bool) -> None:
        """Find stage and function of a stack."""
        stage = "journal" if journal else ""
        own = ""
        while frame is not None:
            path = frame.f_code.co_filename
            part = next((part for part in OWN if part in path), "") if not own else ""
            if part:
                own = f"{part[1:]}{path.rpartition(part)[2]}:{frame.f_code.co_name}"
            if not stage:
                stage = next((name for piece, name in STAGES if f"/{piece}" in path), "")
            if path.endswith(RELOAD):
                stage = "reload"
            frame = frame.f_back
        self.stages[stage or "rest"] += seconds
        self.functions[own or "(event loop and libraries)"] += seconds

    async def feel(self) -> None:
        """Note how late every beat comes."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT
            await asyncio.sleep(BEAT)
            late = (loop.time() - due) * 1000
            self.late.append(late)
            if late > STALL:
                self.stalls.append((late, self.others()))

    def others(self) -> str:
        """The innermost functions of our own in the other threads."""
        main = threading.main_thread().ident
        found = []
        for ident, frame in sys._current_frames().items():  # noqa: SLF001 - as above
            here: FrameType | None = frame
            while here is not None and not any(part in here.f_code.co_filename for part in OWN):
                here = here.f_back
            if ident != main and here is not None:
                path = here.f_code.co_filename
                part = next(part for part in OWN if part in path)
                found.append(f"{part[1:]}{path.rpartition(part)[2]}:{here.f_code.co_name}:{here.f_lineno}")
        return ", ".join(found)


def note_reloads(out: Path) -> None:
    """Append to OUT's neighbour each reload: how many cards there are, when it was, and what it took in this process.

    `aside_mb` is the most memory that a process which prepared it has held.
    """
    from memes.shelf import Shelf  # noqa: PLC0415 - after the watch stands

    whole = Shelf.refresh

    def refresh(shelf: Shelf) -> bool:
        began, spent = time.monotonic(), time.thread_time()
        new = whole(shelf)
        if new:
            took = {"seconds": time.monotonic() - began, "cpu_s": time.thread_time() - spent}
            aside = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            cards = len(shelf.library.cards)
            with out.open("a") as file:
                file.write(json.dumps({"cards": cards, "at": time.time(), "aside_mb": aside, **took}) + "\n")
        return new

    Shelf.refresh = refresh  # type: ignore[method-assign]


def main() -> None:
    """Watch while the command runs."""
    watch = Watch(Path(sys.argv[1]))
    sys.argv = ["jiegeng", *sys.argv[2:]]
    signal.signal(signal.SIGPROF, watch.look)
    signal.signal(signal.SIGUSR1, watch.begin)
    signal.signal(signal.SIGUSR2, watch.end)
    whole = asyncio.Runner.run

    def run(runner: asyncio.Runner, work: object, **how: object) -> object:
        beat = runner.get_loop().create_task(watch.feel())
        try:
            return whole(runner, work, **how)  # type: ignore[arg-type]
        finally:
            beat.cancel()

    asyncio.Runner.run = run  # type: ignore[method-assign,assignment] # the bot need not know that it is watched
    from bot.cli import main as command  # noqa: PLC0415 - after the watch stands

    note_reloads(watch.out.with_name("reloads.jsonl"))
    command()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
