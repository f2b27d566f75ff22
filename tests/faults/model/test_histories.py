"""Thousands of short histories of the journal, the queue and a platform in trouble: one reply, and nothing is lost.

`HISTORIES=5000 FIRST_SEED=1` plays more of them, or others; a history that fails tells its seed and every move.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.journal import Episodes
from tests.faults.model.history import FAULTS, JUMPS, KINDS, SPANS, History, search
from tests.faults.model.process import FATES, File
from tests.faults.mutants import MUTANTS

HISTORIES = int(os.environ.get("HISTORIES", "400"))
FIRST_SEED = int(os.environ.get("FIRST_SEED", "0"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[File]:
    file = File(tmp_path_factory.mktemp("histories") / "journal.sqlite3")
    asyncio.run(Episodes(file).open())
    yield file
    asyncio.run(file.close())


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")


@pytest.mark.timeout(300 + HISTORIES)
def test_no_history_breaks_the_promise(file: File) -> None:
    found = search(file, range(FIRST_SEED, FIRST_SEED + HISTORIES))
    assert found is None, f"seed {found[0]}: {found[1]}"


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.timeout(300)
def test_a_bot_with_one_safety_less_is_caught(file: File, name: str) -> None:
    found = search(file, range(FIRST_SEED, FIRST_SEED + 1500), **MUTANTS[name])
    assert found is not None, f"{name}: nobody noticed"
    print(f"{name}: caught with seed {found[0]}: {str(found[1]).splitlines()[0]}")  # noqa: T201 - shown with -s


FATE = st.tuples(st.sampled_from(list(FATES)), st.integers(0, 12))
ANY = st.integers(0, 5)


class Machine(RuleBasedStateMachine):
    """The same moves in Hypothesis' hands, which makes a history that fails short."""

    file: File

    @initialize(kind=st.sampled_from(list(KINDS)))
    def begin(self, kind: str) -> None:
        self.runner = asyncio.Runner()
        self.runner.get_loop().set_exception_handler(lambda *_: None)
        self.history = History(self.file, kind)

    @rule(what=st.sampled_from(("地铁又挤", "存疑的事", "别再回我")), who=st.sampled_from("甲乙丙"))
    def people(self, what: str, who: str) -> None:
        self.history.people(what, who)

    @rule(which=ANY)
    def repeat(self, which: int) -> None:
        self.history.repeat(which)

    @rule(fate=FATE)
    def listen(self, fate: tuple[str, int]) -> None:
        self.runner.run(self.history.listen(*fate))

    @rule(fate=FATE)
    def sweep(self, fate: tuple[str, int]) -> None:
        self.runner.run(self.history.sweep(*fate))

    @rule(fate=FATE, which=ANY)
    def work(self, fate: tuple[str, int], which: int) -> None:
        self.runner.run(self.history.work(*fate, which))

    @rule(seconds=st.sampled_from(SPANS), fate=FATE, which=ANY)
    def take_over(self, seconds: float, fate: tuple[str, int], which: int) -> None:
        async def later() -> None:
            await self.history.pass_time(seconds)
            await self.history.sweep("live", 0)
            await self.history.work(*fate, which)

        self.runner.run(later())

    @rule(which=ANY, dead=st.booleans())
    def wake_paused(self, which: int, dead: bool) -> None:
        self.runner.run(self.history.wake_paused(which, dead=dead))

    @rule(kinds=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3))
    def fault(self, kinds: list[str]) -> None:
        self.history.fault(*kinds)

    @rule(on=st.booleans())
    def blind(self, on: bool) -> None:
        self.history.blind(on=on)

    @rule()
    def land(self) -> None:
        self.history.land()

    @rule()
    def lose_queue(self) -> None:
        self.history.lose_queue()

    @rule()
    def remember_queue(self) -> None:
        self.history.remember_queue()

    @rule()
    def roll_back_queue(self) -> None:
        self.history.roll_back_queue()

    @rule()
    def back_up(self) -> None:
        self.history.back_up()

    @rule()
    def restore(self) -> None:
        self.runner.run(self.history.restore())

    @rule(seconds=st.sampled_from(JUMPS))
    def move_clock(self, seconds: float) -> None:
        self.runner.run(self.history.move_clock(seconds))

    @rule(which=ANY, yes=ANY)
    def decide(self, which: int, yes: int) -> None:
        self.runner.run(self.history.decide(which, yes))

    @invariant()
    def keeps_the_promise(self) -> None:
        if hasattr(self, "history"):
            self.history.check()

    def teardown(self) -> None:
        if not hasattr(self, "history"):
            return
        try:
            self.runner.run(self.history.quiet(random.Random(1)))
            self.runner.run(self.history.check_end())
        finally:
            self.runner.run(self.history.shut())
            self.runner.close()


@pytest.mark.timeout(300 + HISTORIES)
def test_hypothesis_finds_no_history_that_breaks_the_promise(file: File) -> None:
    class Ours(Machine):
        pass

    Ours.file = file
    rules: Any = settings(
        max_examples=max(1, HISTORIES // 4),
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Ours, settings=rules)
