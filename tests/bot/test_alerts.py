"""A human is told at once, politely, and never with what somebody wrote unless the operator wants that."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest

from bot.alerts import MOST_WAITING, Alerts
from bot.errors import GiveUp, TryLater
from bot.model import Mention, State
from tests.fakes import World, mention, post
from tests.servers.webhook import Webhook


@dataclass
class Sleeps:
    """Waits that pass at once and are remembered; with `held` set they last until it is released."""

    waited: list[float] = field(default_factory=list)
    held: asyncio.Event | None = None

    async def __call__(self, seconds: float) -> None:
        self.waited.append(seconds)
        if self.held is not None:
            await self.held.wait()


@pytest.fixture
async def hook() -> AsyncIterator[Webhook]:
    async with Webhook() as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def test_an_alert_carries_kind_key_and_link_but_no_word_of_the_person(
    hook: Webhook, session: aiohttp.ClientSession
) -> None:
    alerts = Alerts(session, hook.base, "https://admin.example", sleep=Sleeps())

    alerts.alert("crisis", "阿梗@plaza:42", "self_harm", said="我不想活了")
    await alerts.close()

    (call,) = hook.calls
    (told,) = call["alerts"]
    assert (told["kind"], told["key"], told["note"]) == ("crisis", "阿梗@plaza:42", "self_harm")
    assert told["link"].startswith("https://admin.example/episode?key=%E9%98%BF")
    assert "不想活" not in str(call)
    assert call["text"].startswith("[crisis] self_harm · https://admin.example/")


async def test_an_operator_may_let_the_text_travel_cut_to_a_small_size(
    hook: Webhook, session: aiohttp.ClientSession
) -> None:
    alerts = Alerts(session, hook.base, tells_text=True, sleep=Sleeps())

    alerts.alert("crisis", "a@b:1", "self_harm", said="我不想活了" * 1000)
    await alerts.close()

    assert hook.alerts[0]["said"].startswith("我不想活了")
    assert len(hook.alerts[0]["said"]) == 500


async def test_the_same_alert_is_told_once(hook: Webhook, session: aiohttp.ClientSession) -> None:
    alerts = Alerts(session, hook.base, sleep=Sleeps())

    for _ in range(3):
        alerts.alert("crisis", "a@b:1", "self_harm")
    await alerts.close()

    assert len(hook.alerts) == 1


async def test_many_alerts_travel_in_few_requests(hook: Webhook, session: aiohttp.ClientSession) -> None:
    sleeps = Sleeps()
    alerts = Alerts(session, hook.base, sleep=sleeps, rest=30.0)

    for number in range(45):
        alerts.alert("crisis", f"a@b:{number}", "self_harm")
    await until(lambda: len(hook.alerts) == 45)

    assert len(hook.calls) == 3
    assert set(sleeps.waited) == {30.0}


async def test_what_there_is_no_room_for_is_counted(hook: Webhook, session: aiohttp.ClientSession) -> None:
    alerts = Alerts(session, hook.base, sleep=Sleeps())

    for number in range(MOST_WAITING + 7):
        alerts.alert("crisis", f"a@b:{number}", "self_harm")
    await alerts.close()

    assert len(hook.alerts) == MOST_WAITING
    assert sum(call["more"] for call in hook.calls) == 7


@pytest.mark.parametrize("fault", [500, 429, 503, "hang"])
async def test_a_webhook_in_trouble_is_tried_again(
    hook: Webhook, session: aiohttp.ClientSession, fault: int | str
) -> None:
    hook.script.extend([fault, fault])
    sleeps = Sleeps()
    alerts = Alerts(session, hook.base, sleep=sleeps, deadline=0.2)

    alerts.alert("crisis", "a@b:1", "self_harm")
    await until(lambda: len(hook.calls) == 3)
    await alerts.close()

    assert sleeps.waited[:2] == [1.0, 5.0]
    assert len(hook.calls) == 3


@pytest.mark.parametrize(("script", "tries"), [([500] * 9, 4), ([404] * 9, 1), ([302] * 9, 1)])
async def test_tries_are_bounded_and_the_failure_stands_in_the_log_without_the_address(
    hook: Webhook,
    session: aiohttp.ClientSession,
    script: list[int],
    tries: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hook.script.extend(script)
    alerts = Alerts(session, hook.base + "?token=secret", sleep=Sleeps())

    alerts.alert("crisis", "a@b:1", "self_harm")
    await until(lambda: "did not take" in caplog.text)

    assert len(hook.calls) == tries
    assert "a@b:1" in caplog.text
    assert "secret" not in caplog.text


async def test_a_webhook_that_cannot_be_reached_harms_nobody(
    session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    alerts = Alerts(session, "http://127.0.0.1:9/hook", sleep=Sleeps())

    alerts.alert("crisis", "a@b:1", "self_harm")
    await alerts.close()

    assert "did not take 1 alerts" in caplog.text


async def test_alerting_takes_no_time_while_the_webhook_hangs(hook: Webhook, session: aiohttp.ClientSession) -> None:
    hook.script.extend(["hang"] * 9)
    alerts = Alerts(session, hook.base, sleep=Sleeps(), deadline=30.0)
    started = time.perf_counter()

    for number in range(100):
        alerts.alert("crisis", f"a@b:{number}", "self_harm")

    assert time.perf_counter() - started < 1.0
    await alerts.close(patience=0.1)


async def test_a_stop_sends_what_waits_without_its_rest(hook: Webhook, session: aiohttp.ClientSession) -> None:
    alerts = Alerts(session, hook.base, sleep=Sleeps(held=asyncio.Event()), rest=3600.0)
    alerts.alert("crisis", "a@b:1", "self_harm")
    await until(lambda: len(hook.calls) == 1)
    alerts.alert("crisis", "a@b:2", "threat")

    await alerts.close()

    assert [told["key"] for told in hook.alerts] == ["a@b:1", "a@b:2"]


async def test_without_a_webhook_the_log_has_it(caplog: pytest.LogCaptureFixture) -> None:
    Alerts().alert("crisis", "a@b:1", "self_harm")

    assert "a@b:1: crisis: self_harm; a human should look" in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


# The bot ------------------------------------------------------------------------------------------------------------


def cry(id: str = "m1") -> Mention:
    return mention("@阿梗 我不想活了", id=id)


async def test_a_crisis_is_answered_and_a_human_is_told(world: World) -> None:
    await world.hear(cry())
    await world.settle()

    assert (await world.episode()).state is State.POSTED
    assert world.told == [("crisis", "阿梗@plaza:m1", "crisis", "@阿梗 我不想活了")]


async def test_the_text_told_is_the_one_in_which_the_danger_stands(world: World) -> None:
    await world.hear(mention("@阿梗 你看", thread=(post("我不想活了"),)))
    await world.settle()

    assert world.told[0][3] == "我不想活了"


async def test_in_the_mode_stopped_a_human_is_told_instead(world: World) -> None:
    await world.desk.set_mode("stopped", by="admin", why="test")
    await world.hear(cry())
    await world.settle()

    assert world.platform.posts == []
    assert {note for _kind, _key, note, _said in world.told} == {"nobody answers it: the policy mode is stopped"}


async def test_a_stop_between_draft_and_post_tells_a_human_too(world: World) -> None:
    world.queue.pace = 60.0  # the account's own pace keeps the draft waiting
    await world.hear(cry())
    await world.settle()
    await world.desk.set_mode("stopped", by="admin", why="test")
    world.queue.pace = 0.0

    await world.later()

    assert (await world.episode()).state is State.SKIPPED
    assert world.told[-1][2] == "nobody answers it: the policy mode is stopped"


async def test_a_care_text_that_the_platform_refuses_tells_a_human(world: World) -> None:
    world.platform.faults.append("refuse")
    await world.hear(cry())
    await world.settle()

    assert (await world.episode()).state is State.FAILED
    assert world.told[-1][2] == "nobody answers it: this post takes no replies"


async def test_a_person_who_cries_again_and_again_is_told_of_when_the_cool_down_holds(world: World) -> None:
    world.queue.most = 1
    await world.hear(cry("m1"), cry("m2"))
    await world.settle()

    assert len(world.platform.posts) == 1
    assert "nobody answers it: cool-down" in world.told[-1][2]


async def test_a_human_is_told_even_while_redis_is_away(world: World) -> None:
    await world.hear(cry())
    world.queue.hints.clear()
    world.queue.down = True

    await world.bot().answer("阿梗@plaza:m1")

    assert [kind for kind, *_ in world.told] == ["crisis"]


async def test_a_hanging_webhook_does_not_keep_the_reply_waiting(
    world: World, hook: Webhook, session: aiohttp.ClientSession
) -> None:
    hook.script.extend(["hang"] * 9)
    alerts = Alerts(session, hook.base, sleep=Sleeps(), deadline=30.0)
    world.alert = alerts.alert

    await world.hear(cry())
    await asyncio.wait_for(world.settle(), 5)

    assert len(world.platform.posts) == 1
    await alerts.close(patience=0.1)


@pytest.mark.parametrize("trouble", [TryLater("busy"), GiveUp("no")])
async def test_a_good_mood_alerts_nobody(world: World, trouble: Exception) -> None:
    world.writer.says.append(trouble)
    await world.hear(mention())
    await world.settle()

    assert world.told == []


async def until(true: object, seconds: float = 5.0) -> None:
    """Let the loop turn until a condition holds."""
    assert callable(true)
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)
