"""One-minute rounds of real processes, and a hunt after each mutant; `make faults` plays long rounds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.faults.rig import Round, play
from tests.faults.whole import escaped, hunts_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(580)]

PAIRS = pytest.mark.parametrize(
    "stores", [{}, {"redis": True, "postgres": True}], ids=["sqlite-valkey", "postgresql-redis"]
)


async def test_without_trouble_every_mention_is_posted_exactly_once() -> None:
    result = await play(Round(mentions=60, faults=False, seconds=10))

    print(result.table())  # noqa: T201 - shown with -s
    assert result.violations == ()
    assert result.figures["posted"] == result.figures["mentions"] == 60


@PAIRS
async def test_a_minute_of_kills_trouble_and_a_restore_loses_nothing_and_doubles_nothing(
    stores: dict[str, Any],
) -> None:
    plan = Round(mentions=200, kills=12, seconds=45, restore=True, **stores)

    result = await play(plan)

    print(result.table(), f"play it again: {plan.command()}", sep="\n")  # noqa: T201 - shown with -s
    assert result.violations == ()


@PAIRS
async def test_a_build_with_one_safety_less_is_caught(stores: dict[str, Any]) -> None:
    hunts = hunts_of(7, **stores)
    free = asyncio.Semaphore(2)

    # Each is mostly waiting for leases to run out, so two of them go on at the same time.
    ends = await asyncio.gather(*(escaped(hunt, free) for hunt in hunts))

    for why, told in ends:
        print(told)  # noqa: T201 - shown with -s
        assert not why, f"{why}; {told}"
