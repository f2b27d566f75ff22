"""An outage costs no waiting: a writer that is down is left alone for a growing while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.errors import GiveUp, Trouble, TryLater
from bot.model import Brief, Draft
from bot.writers.first_able import FirstAble, Patient
from bot.writers.refusals import Declined, Unusable
from tests.bot.writers.briefs import NOON, brief

BRIEF = brief("x")


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Fake:
    """Writes its name unless it is told to fail."""

    name: str
    trouble: Trouble | None = None
    asked: int = 0
    closed: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waits: bool = False

    async def write(self, brief: Brief) -> Draft:
        self.asked += 1
        if self.waits:
            await self.gate.wait()
        if self.trouble:
            raise self.trouble
        return Draft(candidates=(self.name,), text=self.name, writer=self.name, at=NOON)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def says(both: FirstAble) -> str:
    return (await both.write(BRIEF)).writer


async def test_the_first_that_can_writes_and_the_draft_says_who(clock: Clock) -> None:
    model, offline = Fake("model"), Fake("offline")
    both = FirstAble((model, offline), clock=clock)
    assert await says(both) == both.name == "model"
    assert offline.asked == 0


@pytest.mark.parametrize("trouble", [TryLater("down"), GiveUp("key refused")])
async def test_a_writer_in_trouble_is_passed_over_at_once(clock: Clock, trouble: Trouble) -> None:
    model, offline = Fake("model", trouble), Fake("offline")
    both = FirstAble((model, offline), clock=clock)
    assert [await says(both) for _ in range(5)] == ["offline"] * 5
    assert model.asked == 1
    assert both.name == "offline"
    assert both.down == ("model",)


@pytest.mark.parametrize("trouble", [Declined("its own filter refused"), Unusable("no line is a reply")])
async def test_one_reply_that_is_declined_or_bungled_does_not_switch_a_writer_off(
    clock: Clock, trouble: Trouble
) -> None:
    model, offline = Fake("model", trouble), Fake("offline")
    both = FirstAble((model, offline), clock=clock)
    assert [await says(both) for _ in range(5)] == ["offline"] * 5
    assert model.asked == 5
    assert both.down == ()


async def test_a_bungled_reply_after_an_outage_shows_that_the_writer_is_back(clock: Clock) -> None:
    model = Fake("model", TryLater("down"))
    both = FirstAble((model, Fake("offline")), clock=clock)
    await says(both)
    clock.now += 1
    model.trouble = Unusable("no line is a reply")
    await says(both)
    assert both.down == ()
    await says(both)
    assert model.asked == 3


async def test_the_pause_doubles_from_one_second_to_sixty(clock: Clock) -> None:
    model = Fake("model", TryLater("down"))
    both = FirstAble((model, Fake("offline")), clock=clock)
    pauses = []
    for asked in range(1, 10):
        await says(both)
        assert model.asked == asked
        began = clock.now
        while model.asked == asked and clock.now - began < 100:
            clock.now += 0.5
            if both.name == "model":
                break
        pauses.append(clock.now - began)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_longer_pause_that_was_asked_for_is_kept(clock: Clock) -> None:
    model = Fake("model", TryLater("busy", 20))
    both = FirstAble((model, Fake("offline")), clock=clock)
    await says(both)
    clock.now += 19
    await says(both)
    assert model.asked == 1
    clock.now += 1
    await says(both)
    assert model.asked == 2


async def test_a_writer_that_is_back_writes_and_starts_with_a_short_pause_again(clock: Clock) -> None:
    model = Fake("model", TryLater("down"))
    both = FirstAble((model, Fake("offline")), clock=clock)
    for pause in (1, 2, 4):
        await says(both)
        clock.now += pause
    model.trouble = None
    assert await says(both) == "model"
    assert both.down == ()
    model.trouble = TryLater("down")
    await says(both)
    clock.now += 1
    assert both.name == "model"


async def test_after_the_pause_one_call_looks_and_the_others_do_not_wait(clock: Clock) -> None:
    model = Fake("model", TryLater("down"))
    both = FirstAble((model, Fake("offline")), clock=clock)
    await says(both)
    clock.now += 1
    model.waits, model.trouble = True, None
    probe = asyncio.create_task(says(both))
    while model.asked < 2:
        await asyncio.sleep(0)
    assert await says(both) == "offline"
    model.gate.set()
    assert await probe == "model"
    assert await says(both) == "model"


async def test_a_look_that_is_cancelled_lets_the_next_call_look(clock: Clock) -> None:
    model = Fake("model", TryLater("down"))
    both = FirstAble((model, Fake("offline")), clock=clock)
    await says(both)
    clock.now += 1
    model.waits = True
    probe = asyncio.create_task(says(both))
    while model.asked < 2:
        await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    model.waits, model.trouble = False, None
    assert await says(both) == "model"


async def test_many_calls_that_fail_together_are_one_outage(clock: Clock) -> None:
    model = Fake("model", TryLater("down"), waits=True)
    both = FirstAble((model, Fake("offline")), clock=clock)
    tasks = [asyncio.create_task(says(both)) for _ in range(8)]
    while model.asked < 8:
        await asyncio.sleep(0)
    clock.now += 30
    model.gate.set()
    assert await asyncio.gather(*tasks) == ["offline"] * 8
    clock.now += 1
    assert both.name == "model"


async def test_what_the_last_one_raises_is_raised(clock: Clock) -> None:
    both = FirstAble((Fake("model", TryLater("down")), Fake("offline", GiveUp("tone crisis"))), clock=clock)
    with pytest.raises(GiveUp, match="tone crisis"):
        await both.write(BRIEF)


async def test_a_mistake_of_ours_is_not_taken_for_an_outage(clock: Clock) -> None:
    class Broken(Fake):
        async def write(self, brief: Brief) -> Draft:
            raise ZeroDivisionError

    both = FirstAble((Broken("model"), Fake("offline")), clock=clock)
    with pytest.raises(ZeroDivisionError):
        await both.write(BRIEF)


async def test_three_in_order(clock: Clock) -> None:
    first, second, third = Fake("a", TryLater("x")), Fake("b", GiveUp("y")), Fake("c")
    both = FirstAble((first, second, third), clock=clock)
    assert await says(both) == "c"
    assert both.down == ("a", "b")
    await both.close()
    assert all(writer.closed for writer in (first, second, third))


def test_nobody_is_no_writer(clock: Clock) -> None:
    with pytest.raises(ValueError, match="at least one"):
        FirstAble((), clock=clock)


async def test_a_patient_writer_waits_where_an_operator_has_to_mend_something() -> None:
    class WrongKey:
        name = "model"

        async def write(self, brief: Brief) -> Draft:
            raise GiveUp("JIEGENG_LLM_API_KEY is refused")

        async def close(self) -> None:
            pass

    with pytest.raises(TryLater, match="JIEGENG_LLM_API_KEY"):
        await Patient(WrongKey()).write(brief("今天的云像棉花糖"))
