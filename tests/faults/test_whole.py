"""The table at the end of `make faults` and what the benchmark takes from it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from tests.faults import whole
from tests.faults.whole import Part, Size, play, table, total_of

COUNTS = {
    "mentions": 5000,
    "kills": 222,
    "posted": 4731,
    "lost": 0,
    "doubled": 0,
    "unsure": 201,
    "ambiguous": 982,
    "failed": 68,
    "refused": 70,
}
GOOD = Part("long, SQLite + Valkey", 7, "python -m tests.faults.rig --seed 7", 700, COUNTS)
HUNTS = Part(
    "hunts, SQLite + Valkey", 7, "python -m tests.faults.whole --only hunts", 200, caught=4, mutants=5, wrong="x"
)


def test_the_table_names_what_failed_and_how_every_part_is_played_again() -> None:
    told = table([GOOD, HUNTS])

    assert "201 of 982" in told
    assert "68 of 70" in told
    assert "FAILED  hunts, SQLite + Valkey: x" in told
    assert "long, SQLite + Valkey, again: python -m tests.faults.rig --seed 7" in told


def test_the_smallest_long_round_and_every_loss_are_what_counts() -> None:
    worse = Part("long, PostgreSQL + Redis 7", 7, "", 700, COUNTS | {"mentions": 4000, "kills": 210, "lost": 2})

    total = total_of([GOOD, worse, HUNTS])

    assert (total["mentions"], total["kills"], total["lost"], total["doubled"]) == (4000, 210, 2, 0)
    assert (total["mutants_caught"], total["mutants"], total["kept"]) == (4, 5, False)


async def test_a_part_that_fails_stops_no_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def bad(_size: Size, _seed: int) -> AsyncIterator[Part]:
        yield HUNTS

    async def good(_size: Size, _seed: int) -> AsyncIterator[Part]:
        yield GOOD

    monkeypatch.setattr(whole, "PARTS", {"bad": bad, "good": good})
    kept: list[Sequence[Part]] = []

    done = await play(Size(), 7, ["bad", "good"], kept.append)

    assert done == [HUNTS, GOOD]
    assert len(kept) == 2


async def test_a_command_that_fails_tells_its_code_and_its_words() -> None:
    code, said = await whole.told_by(["sh", "-c", "echo one; echo two >&2; exit 3"], shown=False)

    assert code == 3
    assert set(said.split()) == {"one", "two"}
