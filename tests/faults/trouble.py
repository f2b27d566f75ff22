"""The ways in which a round treats the bot badly; each is a plan of its own, and all go on at the same time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.journal.rows import SETTLED
from bot.model import FINAL, State
from tests.faults.crowd import ROLES
from tests.faults.points import POINTS
from tests.faults.worker import LEASE

if TYPE_CHECKING:
    from tests.faults.rig import Rig

WORKERS = ("work-1", "work-2")
# How wrong the wall clock of a new process is, in seconds.
WRONG = (0.0, 0.0, -1800.0, 1800.0)
# The ends of a mention; after `unsure` only a person goes on.
OVER = (State.UNSURE.value, *(state.value for state in FINAL))
# How far the database's clock jumps, in seconds. Less than the age at which a mention is not answered any more.
JUMPS = (20.0, -10.0, 90.0, -15.0, 600.0)


async def kill(rig: Rig, dice: random.Random) -> None:
    """SIGKILL, now and then a SIGTERM, to random processes, which are started again a little later."""
    for _ in range(rig.round.kills):
        await asyncio.sleep(dice.uniform(0.5, 1.5) * rig.round.seconds * 0.65 / rig.round.kills)
        role = dice.choices(list(ROLES), (3, 4, 4, 1))[0]
        await _replace(rig, role, dice, gently=dice.random() < 0.15)


async def _replace(rig: Rig, role: str, dice: random.Random, *, gently: bool = False) -> None:
    async with rig.lock:
        await asyncio.to_thread(rig.crowd.kill, role, gently=gently)
        rig.done["kills"] += 1
        await asyncio.sleep(dice.uniform(0, 0.3))
        rig.crowd.start(role, wrong=dice.choice(WRONG))


async def stop(rig: Rig, dice: random.Random) -> None:
    """SIGSTOP to a worker in the middle of anything, often for longer than its lease."""
    count = max(2, rig.round.kills // 6)
    for _ in range(count):
        await asyncio.sleep(dice.uniform(0.5, 1.5) * rig.round.seconds * 0.3 / count)
        caught = rig.crowd.stop(dice.choice(WORKERS))
        if caught is None:
            continue
        rig.done["stops"] += 1
        await asyncio.sleep(dice.choice([0.7, LEASE * 0.7, LEASE * 1.3, LEASE * 1.5]))
        rig.crowd.let_go(caught)


async def ambush(rig: Rig, dice: random.Random) -> None:
    """Stop a process on a chosen line; let it go on after its lease is over, or kill it there."""
    count = max(len(POINTS), rig.round.kills // 6)
    for number in range(count):
        await asyncio.sleep(dice.uniform(0.3, 1.0) * rig.round.seconds * 0.4 / count)
        point = list(POINTS)[number % len(POINTS)]
        await spring(rig, point, dice, dies=point == "heard" or dice.random() < 0.4)


async def spring(rig: Rig, point: str, dice: random.Random, *, dies: bool, stays: float = LEASE * 1.3) -> None:
    """One trap."""
    caught = await rig.traps.catch(point, patience=6.0)
    if caught is None or (role := rig.crowd.role_of(caught)) is None:
        return
    rig.crowd.hurts(caught)
    rig.done[f"caught {POINTS[point]}"] += 1
    if dies:
        if rig.crowd.role_of(caught) == role:
            await _replace(rig, role, dice)
        return
    await asyncio.sleep(stays)
    rig.crowd.let_go(caught)


async def empty(rig: Rig, dice: random.Random) -> None:
    """The queue loses everything it had."""
    await _now_and_then(rig, dice, rig.queue.empty, "queue emptied")


async def roll_back(rig: Rig, dice: random.Random) -> None:
    """The queue crashes, and comes back as it was some seconds ago."""
    remembering = asyncio.create_task(_remember(rig))
    await _now_and_then(rig, dice, lambda: rig.queue.roll_back(dice), "queue rolled back")
    remembering.cancel()


async def _remember(rig: Rig) -> None:
    while True:
        async with rig.queue_lock:
            await rig.queue.remember()
        await asyncio.sleep(1.5)


async def _now_and_then(
    rig: Rig, dice: random.Random, move: Callable[[], Coroutine[Any, Any, None]], name: str
) -> None:
    count = max(2, rig.round.kills // 8)
    for _ in range(count):
        await asyncio.sleep(dice.uniform(0.6, 1.4) * rig.round.seconds * 0.75 / count)
        async with rig.queue_lock:
            await move()
        rig.done[name] += 1


async def move_clock(rig: Rig, dice: random.Random) -> None:
    """The database's clock jumps, for all at once."""
    for jump in JUMPS:
        await asyncio.sleep(dice.uniform(0.6, 1.4) * rig.round.seconds * 0.75 / len(JUMPS))
        await rig.books.move_clock(await rig.books.shift() + jump)
        rig.done["clock jumps"] += 1


async def back_up(rig: Rig, dice: random.Random) -> None:
    """Somebody makes the backup that will be put back at the end."""
    if rig.round.restore:
        await asyncio.sleep(dice.uniform(0.3, 0.5) * rig.round.seconds)
        await rig.books.back_up(rig.crowd.settings)


MOVES = (kill, stop, ambush, empty, roll_back, move_clock, back_up)


@dataclass(frozen=True)
class Aim:
    """Trouble that is aimed at one safety: what the platforms do to a first try, where processes are caught, how often
    at most and whether they die there, or that an early backup is put back.
    """

    first_try: str = ""
    point: str = ""
    most: int = 100
    dies: bool = False
    restores: bool = False


# How each mutant is hunted. A build that has the safety passes the same round.
AIMS: Mapping[str, Aim] = {
    "writes always win": Aim(point="written"),
    "the cursor moves first": Aim(point="heard", most=2, dies=True),
    "never looks before posting again": Aim(first_try="drop after"),
    "absent is permission": Aim(first_try="late"),
    "trusts the backup": Aim(restores=True),
}


async def hunt(rig: Rig, aim: Aim) -> None:
    """Lay the trap of an aim again and again, or go back to a backup that knows nothing of the first replies."""
    if aim.restores:
        await rig.books.back_up(rig.crowd.settings)
        while (await rig.books.count(OVER))[1] < 6:
            await asyncio.sleep(0.2)
        await rig.put_back()
        await rig.books.move_clock(SETTLED)  # nothing is under way here that would have to land first
    dice = random.Random(f"{rig.round.seed}:hunt")
    for _ in range(aim.most if aim.point else 0):
        await spring(rig, aim.point, dice, dies=aim.dies, stays=11.0)
        await asyncio.sleep(0.5)
