"""A worker as a process of its own: answers one mention after the other, and prints when each reply was posted."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from bot.journal import Episodes, open_database
from tests.fakes import World, author, mention


async def main(path: Path) -> None:
    world = World(Episodes(await open_database(f"sqlite:///{path}")))
    world.platform.on_post = lambda: print(f"{time.time():.3f}", flush=True)  # noqa: T201 - the answer
    for number in range(100_000):
        await world.hear(mention(id=f"m{number}", by=author(f"somebody {number}")))
        await world.settle("chatty")
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
