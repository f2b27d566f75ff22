"""Replays mentions on eight worker processes that are killed at random, and counts families played twice.

Each worker does what composer and delivery do: ask what a person has had, choose another family, reserve it, post
(a line in a log that is written at once), or fail and give the family back. A mention whose worker died is taken up
again under the same key by whoever comes next, as the journal's sweeper would have it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bot.embedded import EmbeddedValkey
from bot.queue import open_queue

WORKERS = 8
PEOPLE_SHARE = 40  # mentions a person
FAMILIES = 600
FAILS = 0.1


@dataclass(frozen=True)
class Found:
    """What came of it."""

    mentions: int
    kills: int
    seconds: float
    played: int
    twice: int
    most: int
    cap: int


def never_twice(mentions: int, kills: int, seed: int = 5) -> Found:
    """Run the replay in a folder of its own and count."""
    return asyncio.run(_never_twice(mentions, kills, seed))


async def _never_twice(mentions: int, kills: int, seed: int) -> Found:
    cap = max(20, mentions // FAMILIES)
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="jiegeng-") as name:
        folder = Path(name)
        server = EmbeddedValkey(folder / "valkey")
        await server.start()
        began = time.monotonic()
        killed = 0
        try:
            workers = {place: _start(server.url, folder, place, mentions, cap) for place in range(WORKERS)}
            while workers:
                await asyncio.sleep(0.2)
                if killed < kills and rng.random() < 0.6:
                    place = rng.choice(sorted(workers))
                    workers[place].send_signal(signal.SIGKILL)
                    workers[place].wait()
                    killed += 1
                    workers[place] = _start(server.url, folder, place, mentions, cap)
                workers = {place: worker for place, worker in workers.items() if worker.poll() is None}
        finally:
            await server.stop()
        seconds = time.monotonic() - began
        posted = _read_posted(folder)
        pairs = Counter(posted.values())
        families = Counter(family for _, family in posted.values())
    twice = sum(count - 1 for count in pairs.values())
    return Found(mentions, killed, seconds, len(posted), twice, max(families.values()), cap)


def _start(url: str, folder: Path, place: int, mentions: int, cap: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.meme_twice", url, str(folder), str(place), str(mentions), str(cap)]
    return subprocess.Popen(command)


async def work(url: str, folder: Path, place: int, mentions: int, cap: int) -> None:
    """Every eighth mention, begun where the last worker of this place stood; one and the same person writes to all."""
    queue = open_queue(url, family_uses=cap)
    dice = random.Random(os.getpid())
    done = _read_done(folder, place)
    with _log(folder / f"posted-{place}") as posted, _log(folder / f"done-{place}") as ended:
        for number in range(place, mentions, WORKERS):
            if number in done:
                continue
            person, key = f"person-{number // PEOPLE_SHARE}", f"m{number}"
            used = await queue.used(person)
            free = [family for family in map(str, range(FAMILIES)) if family not in used]
            for family in dice.sample(free, min(3, len(free))):
                if not await queue.reserve(person, family, key):
                    continue
                if dice.random() < FAILS:
                    await queue.release(person, family, key)
                else:
                    posted.write(json.dumps([key, person, family]) + "\n")
                break
            ended.write(f"{number}\n")
    await queue.close()


def _log(path: Path) -> TextIO:
    return path.open("a", encoding="utf-8", buffering=1)


def _read_posted(folder: Path) -> dict[str, tuple[str, str]]:
    posted: dict[str, tuple[str, str]] = {}
    for log in folder.glob("posted-*"):
        for line in log.read_text(encoding="utf-8").splitlines():
            key, person, family = json.loads(line)
            posted.setdefault(key, (person, family))  # the platform keeps the first post of a key
    return posted


def _read_done(folder: Path, place: int) -> set[int]:
    path = folder / f"done-{place}"
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return {int(line) for line in lines if line}


if __name__ == "__main__":
    _, address, where, *numbers = sys.argv
    asyncio.run(work(address, Path(where), *map(int, numbers)))
