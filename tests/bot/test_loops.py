"""Loops live through anything and say it once; a crew drains before it goes."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.errors import Misconfigured, TryLater
from bot.loops import Crew, Watch, forever


async def test_the_same_trouble_is_told_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watch = Watch("listener")
    answers: list[Exception | None] = [TryLater("no network"), TryLater("no network"), None]

    async def step() -> None:
        if (error := answers.pop(0)) is not None:
            raise error

    went = [await watch.over(step) for _ in range(3)]

    assert went == [False, False, True]
    assert [record.getMessage() for record in caplog.records] == [
        "listener: no network; trying again",
        "listener: all is well again",
    ]


async def test_a_bug_is_told_with_its_traceback_and_does_not_stop_the_bot(caplog: pytest.LogCaptureFixture) -> None:
    async def step() -> None:
        raise ZeroDivisionError

    assert not await Watch("worker").over(step)
    assert "ZeroDivisionError" in caplog.text


async def test_a_step_that_swallows_our_cancellation_does_not_keep_the_bot_from_stopping() -> None:
    begun = asyncio.Event()

    async def step() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            message = "the connection went away"
            raise TryLater(message) from error

    task = asyncio.create_task(forever(step, name="listener"))
    await begun.wait()
    task.cancel()

    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_a_person_has_to_change_stops_the_start() -> None:
    async def step() -> None:
        raise Misconfigured("prompts/ageng.md:3: …")

    with pytest.raises(Misconfigured):
        await Watch("worker").over(step)


async def test_a_crew_takes_no_more_than_it_has_hands() -> None:
    at_work, most = 0, 0
    gate = asyncio.Event()
    asked: list[int] = []

    async def answer(_key: str) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await gate.wait()
        at_work -= 1

    async def take(count: int, _wait: float) -> list[str]:
        asked.append(count)
        return [f"k{len(asked)}-{number}" for number in range(count)]

    crew = Crew(take=take, answer=answer, at_once=3)
    await crew.step()
    full = asyncio.create_task(crew.step())
    await asyncio.sleep(0)
    gate.set()
    await full

    assert asked == [3]
    assert most == 3


async def test_a_crew_that_is_told_to_stop_lets_a_post_come_home() -> None:
    home: list[str] = []
    flying = asyncio.Event()

    async def answer(key: str) -> None:
        flying.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            home.append(key)

    async def take(_count: int, _wait: float) -> list[str]:
        if flying.is_set():
            await asyncio.sleep(60)
        return ["k"]

    crew = asyncio.create_task(Crew(take=take, answer=answer, at_once=2).run())
    await flying.wait()
    crew.cancel()
    await asyncio.wait({crew})

    assert home
