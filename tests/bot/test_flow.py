"""Who comes first, who gives way when there is too much, and what an outage or a stop does to those who wait."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.errors import TryLater
from bot.model import Brief, Draft, Mention, State, Tone
from bot.pipeline import Pressure
from tests.fakes import ScriptedWriter, World, author, mention, post

HOUR = 3600.0


async def _state(world: World, id: str) -> State:
    return (await world.episode(id)).state


async def test_danger_grief_and_a_wish_to_be_left_alone_come_before_what_came_earlier(world: World) -> None:
    await world.hear(*(mention("@阿梗 来一句", id=f"joke{n}", by=author(f"人{n}")) for n in range(5)))
    await world.hear(
        mention("@阿梗 我不想活了", id="danger", by=author("小雨")),
        mention("@阿梗 爷爷走了", id="grief", by=author("阿岩")),
        mention("@阿梗 别再回我", id="stop", by=author("糯米")),
    )

    first = {key.rpartition(":")[2] for key in await world.queue.take(3, 0)}

    assert first == {"danger", "grief", "stop"}


async def test_an_emptied_queue_fills_again_with_what_goes_first_at_the_front(world: World) -> None:
    await world.hear(*(mention("@阿梗 来一句", id=f"joke{n}", by=author(f"人{n}")) for n in range(5)))
    await world.hear(mention("@阿梗 爷爷走了", id="grief", by=author("阿岩")))
    world.queue.hints.clear()
    world.queue.first.clear()

    await world.pass_time(10)
    hints = await world.journal.sweep(3)

    assert [hint.first for hint in hints] == [True, False, False]
    assert hints[0].key.endswith("grief")
    assert hints[0].person == "id-阿岩@plaza"


async def test_rows_that_nobody_takes_do_not_keep_others_from_being_hinted_at(world: World) -> None:
    await world.hear(*(mention(id=f"old{n}", by=author(f"人{n}")) for n in range(4)))
    await world.pass_time(10)
    await world.journal.sweep(2)
    await world.pass_time(10)

    again = {hint.key.rpartition(":")[2] for hint in await world.journal.sweep(2)}
    await world.pass_time(10)
    last = {hint.key.rpartition(":")[2] for hint in await world.journal.sweep(4)}

    assert len(again) == 2
    assert last == {"old0", "old1", "old2", "old3"}


async def test_a_bare_call_under_a_sad_post_moves_forward_once_it_was_read(world: World) -> None:
    there = (post("爷爷走了"),)
    world.writer.says.extend([TryLater("the model is down"), TryLater("the model is down")])
    await world.hear(mention("@阿梗 来一句", id="joke"), mention("@阿梗", id="call", by=author("阿岩"), thread=there))
    await world.settle()

    await world.pass_time(400)
    hints = await world.journal.sweep(10)

    assert await _state(world, "call") is State.READ
    assert {hint.key.rpartition(":")[2]: hint.first for hint in hints} == {"joke": False, "call": True}


async def test_a_bug_in_reading_keeps_nobody_from_being_heard(world: World) -> None:
    def broken(_words: str) -> bool:
        message = "list index out of range"
        raise IndexError(message)

    bot = replace(world.bot("listener"), presses=broken)
    world.platform.incoming.append(mention())
    await bot.listen(world.platform, wait=0)
    await world.settle()

    assert await _state(world, "m1") is State.POSTED


async def _crowd(world: World, *extra: Mention) -> None:
    """Ten people one after the other, and whoever else comes first."""
    world.rules = replace(world.rules, backlog=4)
    for number, said in enumerate((*extra, *(mention(id=f"m{n}", by=author(f"人{n}")) for n in range(10)))):
        await world.hear(said)
        await world.pass_time(number + 1)


async def test_under_a_backlog_the_oldest_jokes_are_left_out_and_counted(world: World) -> None:
    await _crowd(world)

    await world.bot("sweeper").sweep()
    bot = world.bot("worker")
    bot.pressure.banter = await world.journal.surplus(4)
    for key in await world.queue.take(20, 0):
        await bot.answer(key)

    left_out = [n for n in range(10) if await _state(world, f"m{n}") is State.SKIPPED]
    assert left_out == [0, 1, 2, 3, 4, 5]
    assert (await world.episode("m0")).reason.startswith("backlog")
    assert len(world.writer.asked) == 4
    assert (await world.desk.figures())["left_out"] == 6


async def test_a_backlog_never_leaves_out_the_fragile_nor_a_wish_to_stop(world: World) -> None:
    danger = mention("@阿梗 我不想活了", id="danger", by=author("小雨"))
    grief = mention("@阿梗", id="grief", by=author("阿岩"), thread=(post("爷爷走了"),))
    stop = mention("@阿梗 别再回我", id="stop", by=author("糯米"))
    await _crowd(world, danger, grief, stop)

    bot = world.bot("worker")
    await bot.sweep()
    assert bot.pressure.banter > 0
    for key in await world.queue.take(40, 0):
        await bot.answer(key)

    assert await _state(world, "danger") is State.POSTED
    assert await _state(world, "grief") is State.POSTED
    assert (await world.episode("stop")).reason == "this person asked us to stop"


async def test_while_there_is_room_nobody_is_left_out(world: World) -> None:
    await world.hear(*(mention(id=f"m{n}", by=author(f"人{n}")) for n in range(10)))

    bot = world.bot("worker")
    await bot.sweep()

    assert bot.pressure == Pressure()
    assert await world.journal.surplus(10) == 0
    assert await world.journal.surplus(9) > 0


@pytest.mark.parametrize("tone", [Tone.COMFORT, Tone.CRISIS, Tone.SILENT])
def test_what_is_no_joke_does_not_give_way(tone: Tone) -> None:
    pressure = Pressure(banter=100.0, warm=50.0)

    assert pressure.leaves_out(Tone.BANTER, 100.0)
    assert not pressure.leaves_out(Tone.BANTER, 100.1)
    assert pressure.leaves_out(Tone.WARM, 50.0)
    assert not pressure.leaves_out(Tone.WARM, 60.0)
    assert not pressure.leaves_out(tone, 1.0)


class Away(ScriptedWriter):
    """A model that is away until somebody says otherwise."""

    away = True

    async def write(self, brief: Brief) -> Draft:
        if self.away:
            message = "the model is down"
            raise TryLater(message)
        return await super().write(brief)


async def test_a_model_that_is_away_for_six_hours_fails_nobody(world: World) -> None:
    world.writer = writer = Away()
    await world.hear(*(mention(id=f"m{n}", by=author(f"人{n}")) for n in range(3)))
    await world.settle()

    for _ in range(int(6 * HOUR / 290)):
        await world.later(290)
    assert {await _state(world, f"m{n}") for n in range(3)} == {State.READ}
    writer.away = False
    await world.later(310)

    assert {await _state(world, f"m{n}") for n in range(3)} == {State.POSTED}


async def test_a_platform_that_refuses_for_six_hours_fails_nobody(world: World) -> None:
    await world.hear(mention())
    world.platform.faults.extend(["busy"] * 200)
    await world.settle()

    for _ in range(int(6 * HOUR / 290)):
        await world.later(290)
    assert (await world.episode()).state is State.DRAFTED
    world.platform.faults.clear()
    await world.later(310)

    assert (await world.episode()).state is State.POSTED
    assert len(world.writer.asked) == 1


async def test_a_redis_that_is_away_for_six_hours_fails_nobody(world: World) -> None:
    world.queue.down = True
    await world.hear(mention())

    for _ in range(int(6 * HOUR / 290)):
        await world.pass_time(290)
        await world.bot().answer((await world.episode()).key)
    assert not (await world.episode()).final
    world.queue.down = False
    await world.later(310)

    assert (await world.episode()).state is State.POSTED


async def test_a_pause_that_one_post_is_asked_for_holds_for_the_account(world: World) -> None:
    await world.hear(mention())
    world.platform.faults.append("busy")

    await world.settle()

    assert world.queue.pauses == {world.platform.account: 30}


class Stuck(ScriptedWriter):
    """A model that never answers."""

    async def write(self, brief: Brief) -> Draft:
        await asyncio.sleep(3600)
        raise AssertionError


async def test_a_worker_that_is_told_to_stop_leaves_what_it_held_to_others_at_once(world: World) -> None:
    world.writer = Stuck()
    await world.hear(mention())
    (key,) = await world.queue.take(1, 0)
    held = asyncio.create_task(world.bot("stopped").answer(key))
    await asyncio.sleep(0.2)
    held.cancel()
    await asyncio.wait({held})

    world.writer = ScriptedWriter()
    await world.settle("other")

    assert (await world.episode()).state is State.POSTED


async def test_a_stop_between_draft_and_post_costs_no_second_draft(world: World) -> None:
    await world.hear(mention())
    (key,) = await world.queue.take(1, 0)

    async def dawdle(_account: str, *, first: bool = False) -> float:
        await asyncio.sleep(3600)
        return 0.0

    world.queue.token, usual = dawdle, world.queue.token  # type: ignore[method-assign]
    held = asyncio.create_task(world.bot("stopped").answer(key))
    while (await world.episode()).state is not State.DRAFTED:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    held.cancel()
    await asyncio.wait({held})
    world.queue.token = usual  # type: ignore[method-assign]
    await world.settle("other")

    assert (await world.episode()).state is State.POSTED
    assert len(world.writer.asked) == 1
