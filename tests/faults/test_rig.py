"""One-minute rounds of real processes, and a hunt after each mutant; `make faults` plays long rounds."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from typing import Any

import pytest

from tests.faults.rig import Round, play
from tests.faults.trouble import AIMS

pytestmark = [pytest.mark.real, pytest.mark.timeout(580)]

BROKEN = re.compile(r"VIOLATION .*([2-9] replies|was passed over|: lost;)")
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
    hunts = [Round(mentions=24, seconds=100, patience=30, mutant=name, aim=name, **stores) for name in AIMS]
    free = asyncio.Semaphore(2)

    # Each is mostly waiting for leases to run out, so two of them go on at the same time.
    ends = await asyncio.gather(*(_play_alone(hunt, free) for hunt in hunts))

    for hunt, (code, told) in zip(hunts, ends, strict=True):
        print(told)  # noqa: T201 - shown with -s
        assert code == 1, f"{hunt.mutant}: nobody noticed; {told}"
        assert BROKEN.search(told), f"{hunt.mutant}: ended badly, but the promise was not broken; {told}"


async def _play_alone(plan: Round, free: asyncio.Semaphore) -> tuple[int | None, str]:
    """A round as the command line plays it: its exit code and what it prints."""
    words = [sys.executable, *shlex.split(plan.command())[1:]]
    pipe = asyncio.subprocess.PIPE
    async with free:
        process = await asyncio.create_subprocess_exec(*words, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
        told, _ = await process.communicate()
    return process.returncode, told.decode()
