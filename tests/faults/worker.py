"""`jiegeng run --role …` with short times, so that leases run out within a round; born warm, so that many can die.

Reads `role log-file` lines and answers each with the id of a new process. Dictionaries and cards are read once, before
the first fork; everything that has a state (stores, connections, the loop) is each process's own.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot import app, house
from bot.app import make_bot, make_mind
from bot.commands.terminal import until_told_to_stop
from bot.delivery import Delivery
from bot.journal import Episodes
from bot.model import Brief, Draft
from bot.pipeline import Bot
from bot.ports import Writer
from bot.settings import Settings, load_settings
from tests.faults.mutants import MUTANTS, CursorFirst

LEASE = 8.0
TIMES: Mapping[str, Any] = {
    "lease": LEASE,
    "send_deadline": 3.0,
    "send_lasts": 4.5,
    "stale_intent": 1.5,
    "settle": 3.0,
    "unknown_pause": 1.0,
    "longest_pause": 4.0,
}


class AsSlowAsAModel:
    """The offline writer, in the time that a model takes: what is killed or stopped is mostly waiting for it."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.name = writer.name

    async def write(self, brief: Brief) -> Draft:
        await asyncio.sleep(random.uniform(0.2, 1.4))
        return await self._writer.write(brief)

    async def close(self) -> None:
        await self._writer.close()


def make_hasty_bot(*parts: Any) -> Bot:
    """The bot that `jiegeng run` makes, in a hurry."""
    bot = make_bot(*parts)
    rules = replace(bot.rules, **TIMES)
    fields = {name: getattr(bot.delivery, name) for name in bot.delivery.__slots__}
    delivery = _mutant().get("delivery", Delivery)(**fields | {"rules": rules})
    return replace(bot, rules=rules, delivery=delivery)


def _mutant() -> Mapping[str, Any]:
    """Which build this is: the real one, unless the rig has to prove that it can fail."""
    return MUTANTS.get(os.environ.get("RIG_MUTANT", ""), {})


def live(settings: Settings, role: str, log: str) -> None:
    """The whole life of one process, as `jiegeng run` lets it run."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    for number, name, how in ((0, os.devnull, os.O_RDONLY), (1, log, None), (2, log, None)):
        opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND if how is None else how)
        os.dup2(opened, number)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(process)d %(name)s %(message)s")
    try:
        asyncio.run(until_told_to_stop(house.run_role(settings, role, lambda _: None)))
    except BaseException:
        logging.exception("ends by itself")
        raise
    finally:
        logging.shutdown()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead here
    settings = load_settings()
    mind = make_mind(settings)
    mind = replace(mind, writer=AsSlowAsAModel(mind.writer))
    mind.warm(settings.data / "cache")
    CursorFirst.gap = 0.3
    vars(app).update(Episodes=_mutant().get("journal", Episodes))
    vars(house).update(make_mind=lambda _settings: mind, make_bot=make_hasty_bot, LEASE=3.0, POLL=1.0)
    for line in sys.stdin:
        role, log = line.split()
        born = os.fork()
        if born == 0:
            try:
                live(settings, role, log)
            finally:
                os._exit(1)
        print(born, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
