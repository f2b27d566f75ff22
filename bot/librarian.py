"""Reads, screens and indexes many cards in a process of its own, at low priority, so that replies go on meanwhile."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from bot.child import run_errand
from memes.card import Lifecycle
from memes.cutter import shared_cutter
from memes.screened import Screened
from memes.shelf import Shelf
from safety import Filter
from safety.shelf import FilterShelf

# Bytes of card files. What is less takes a thread of the bot about half a second, and a process longer to start.
MUCH = 100_000


@dataclass(frozen=True, slots=True)
class Job:
    """Whose cards, screened by which word lists, and the folder where what was made of them is kept."""

    folders: tuple[str, ...]
    words: str | None
    cache: str
    states: Mapping[str, Lifecycle] = field(default_factory=dict)

    def open(self, screen: Filter) -> Shelf:
        """The shelf of the cards that the filter lets in, from what is kept. Raises MemeFileError for a bad file."""
        cache = Path(self.cache)
        shared_cutter().warm(cache)
        return Shelf(
            tuple(map(Path, self.folders)),
            Screened(screen.lets_through, screen.fingerprint, cache),
            states=self.states,
            cache=cache / "cards",
        )


async def refresh(shelf: Shelf, job: Job) -> bool:
    """Take in files that changed, the work done aside if there is much; return whether there is a new library."""
    if await asyncio.to_thread(shelf.measure_change) > MUCH:
        await index_aside(replace(job, states=shelf.states))
    return await asyncio.to_thread(shelf.refresh)


async def index_aside(job: Job) -> None:
    """Let a process do the job, so that whoever does it again here finds everything kept; ends it when cancelled.

    It may fail or be killed: then the same work is done here, only with less regard for the replies.
    """
    await run_errand("bot.librarian", json.dumps(asdict(job)))


def main() -> int:
    """Do the job that stands in the first line of standard input; end at once when that closes."""
    os.nice(19)
    read = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    cache = Path(read["cache"])
    cache.mkdir(parents=True, exist_ok=True)
    # Each worker has a librarian; whoever comes second finds the work done.
    with (cache / "cards.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            Job(**read).open(FilterShelf(Path(read["words"]) if read["words"] else None).filter)
        except ValueError:
            return 1  # a bad file: whoever asked reads on its own what is wrong with it
    return 0


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
