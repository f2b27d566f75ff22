"""One-minute rounds of real processes; `make faults` plays long ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.rig import Round, play

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]


async def test_without_trouble_every_mention_is_posted_exactly_once() -> None:
    result = await play(Round(mentions=60, faults=False, seconds=10))

    print(result.table())  # noqa: T201 - shown with -s
    assert result.violations == ()
    assert result.figures["posted"] == result.figures["mentions"] == 60


@pytest.mark.parametrize("stores", [{}, {"redis": True, "postgres": True}], ids=["sqlite-valkey", "postgresql-redis"])
async def test_a_minute_of_kills_and_trouble_loses_nothing_and_doubles_nothing(stores: dict[str, Any]) -> None:
    result = await play(Round(mentions=200, kills=12, seed=7, seconds=60, **stores))

    print(result.table())  # noqa: T201 - shown with -s
    assert result.violations == ()
    assert result.figures["kills, stops, flushes"] == "12, 6, 3"
