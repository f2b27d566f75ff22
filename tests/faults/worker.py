"""`jiegeng run --role …` with short times, so that leases run out within a round; born warm, so that many can die.

Reads `role log-file wrong-clock` lines and answers each with the id of a new process. Dictionaries and cards are read
once, before the first fork; everything that has a state (stores, connections, the loop) is each process's own.
`RIG_FOLDER` is where traps are laid, `RIG_TIMES` one of TIMES, `RIG_MUTANT` which build this is.
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
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot import app, house
from bot.app import make_bot, make_mind, utc
from bot.commands.terminal import run_until_told
from bot.delivery import Delivery
from bot.journal import Episodes
from bot.model import Brief, Draft
from bot.pipeline import Bot
from bot.ports import Writer
from bot.settings import Settings, load_settings
from memes.files import LIBRARY
from tests.faults.mutants import MUTANTS
from tests.faults.points import PAUSE, open_points
from tests.faults.stores import move_clock_with_the_rig

LEASE = 8.0
# What a round plays with; "own" is the bot as it is. `deaths`: in a round everybody dies all the time, and a mention
# that was there each time is no poison.
TIMES: Mapping[str, Mapping[str, Any]] = {
    "own": {},
    "short": {
        "lease": LEASE,
        "deaths": 20,
        "send_deadline": 3.0,
        "send_lasts": 4.5,
        "stale_intent": 1.5,
        "settle": 3.0,
        "unknown_pause": 1.0,
        "longest_pause": 4.0,
    },
    "shorter": {
        "lease": 6.0,
        "deaths": 20,
        "send_deadline": 3.0,
        "send_lasts": 4.0,
        "stale_intent": 2.0,
        "settle": 1.0,
        "unknown_pause": 0.5,
        "longest_pause": 2.0,
    },
}
# Seconds between a hint and the next one, and of the model.
PACE: Mapping[str, tuple[float, tuple[float, float]]] = {
    "own": (5.0, (0.2, 1.4)),
    "short": (5.0, (0.2, 1.4)),
    "shorter": (1.0, (0.05, 0.3)),
}


class AsSlowAsAModel:
    """The offline writer, in the time that a model takes: what is killed or stopped is mostly waiting for it."""

    def __init__(self, writer: Writer, seconds: tuple[float, float]) -> None:
        self._writer = writer
        self._seconds = seconds
        self.name = writer.name

    async def write(self, brief: Brief) -> Draft:
        await asyncio.sleep(random.uniform(*self._seconds))
        draft = await self._writer.write(brief)
        PAUSE[0]("written")
        return draft

    async def close(self) -> None:
        await self._writer.close()


def make_hasty_bot(*parts: Any) -> Bot:
    """The bot that `jiegeng run` makes, in a hurry."""
    bot = make_bot(*parts)
    rules = replace(bot.rules, **TIMES[os.environ["RIG_TIMES"]])
    fields = {name: getattr(bot.delivery, name) for name in bot.delivery.__slots__}
    delivery = _mutant().get("delivery", Delivery)(**fields | {"rules": rules})
    return replace(bot, rules=rules, delivery=delivery)


def _mutant() -> Mapping[str, Any]:
    """Which build this is: the real one, unless the rig has to prove that it can fail."""
    return MUTANTS.get(os.environ["RIG_MUTANT"], {})


def live(settings: Settings, role: str, log: str, wrong: float) -> None:
    """The whole life of one process, as `jiegeng run` lets it run."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    vars(app).update(utc=lambda: utc() + timedelta(seconds=wrong))
    for number, name, how in ((0, os.devnull, os.O_RDONLY), (1, log, None), (2, log, None)):
        opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND if how is None else how)
        os.dup2(opened, number)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(process)d %(name)s %(message)s")
    try:
        run_until_told(house.run_role(settings, role, lambda _: None))
    except BaseException:
        logging.exception("ends by itself")
        raise
    finally:
        logging.shutdown()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead here
    folder = Path(os.environ["RIG_FOLDER"])
    hint_again, seconds = PACE[os.environ["RIG_TIMES"]]
    settings = load_settings()
    # A few cards are enough, and start faster than the whole library.
    cards = folder / "cards"
    cards.mkdir()
    (cards / "few.yaml").symlink_to(min(LIBRARY.glob("*.yaml"), key=lambda path: path.stat().st_size))
    vars(app).update(LIBRARY=cards)
    mind = make_mind(settings)
    mind = replace(mind, writer=AsSlowAsAModel(mind.writer, seconds))
    mind.warm(settings.data / "cache")
    open_points(folder / "traps")
    move_clock_with_the_rig()
    journal = _mutant().get("journal", Episodes)
    vars(app).update(Episodes=partial(journal, hint_again=hint_again))
    vars(house).update(make_mind=lambda _settings: mind, make_bot=make_hasty_bot, LEASE=3.0, POLL=1.0)
    for line in sys.stdin:
        role, log, wrong = line.split()
        born = os.fork()
        if born == 0:
            try:
                live(settings, role, log, float(wrong))
            finally:
                os._exit(1)
        print(born, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
