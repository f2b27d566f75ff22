"""Held for a human: what a yes is worth, what a no teaches, and what the policy of the moment still says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.model import Reason, State, Verdict
from safety.verdict import Context
from tests import fakes
from tests.fakes import World, mention

KEY = mention().key


@pytest.fixture
async def held(world: World) -> World:
    world.writer.default = "存疑的话"
    await world.hear(mention())
    await world.settle()
    assert (await world.episode()).state is State.HELD
    return world


def said(world: World) -> list[str]:
    return [text for _mention, text, _key in world.platform.posts]


def forbid(monkeypatch: pytest.MonkeyPatch, word: str, *, risk: str = "high", decision: str = "block") -> None:
    """A new word in the list: from now on the filter finds it."""
    old = fakes.check

    def check(words: str, direction: str, context: Context) -> Verdict:
        if direction == "out" and word in words:
            found = Reason(code="operator", rule="mine.lex:1", risk=risk, text=word, why="a new word")  # type: ignore[arg-type]
            return Verdict(risk=risk, decision=decision, reasons=(found,), versions="new")  # type: ignore[arg-type]
        return old(words, direction, context)

    monkeypatch.setattr(fakes, "check", check)


async def test_an_approved_text_goes_out_as_it_was_approved(held: World) -> None:
    assert await held.desk.decide(KEY, "approve", "admin") is None
    await held.later(10)

    assert said(held) == ["存疑的话（AI生成）"]


async def test_an_approval_under_a_word_that_came_later_is_not_posted(held: World, monkeypatch: Any) -> None:
    await held.desk.decide(KEY, "approve", "admin")
    forbid(monkeypatch, "存疑")
    await held.later(10)

    assert said(held) == []
    assert (await held.episode()).state is State.BLOCKED


async def test_a_doubt_that_came_after_the_approval_asks_the_person_again(held: World, monkeypatch: Any) -> None:
    await held.desk.decide(KEY, "approve", "admin")
    forbid(monkeypatch, "存疑", risk="medium", decision="hold")
    await held.later(10)

    episode = await held.episode()
    assert said(held) == []
    assert episode.state is State.HELD
    assert episode.approval is None
    assert episode.reason == "a new word"
    assert await held.desk.decide(KEY, "approve", "admin") is None
    await held.later(10)
    assert said(held) == ["存疑的话（AI生成）"]


async def test_an_approval_in_a_milder_mode_is_asked_again_in_a_stricter_one(held: World) -> None:
    await held.desk.decide(KEY, "approve", "admin")
    await held.desk.set_mode("heightened", by="admin", why="a storm")
    await held.later(10)

    assert said(held) == []
    assert (await held.episode()).state is State.HELD


async def test_an_approval_holds_in_a_milder_mode(held: World) -> None:
    await held.desk.set_mode("heightened", by="admin", why="")
    await held.desk.decide(KEY, "approve", "admin")
    await held.desk.set_mode("normal", by="admin", why="")
    await held.later(10)

    assert said(held) == ["存疑的话（AI生成）"]


async def test_an_approval_is_bound_to_its_text(held: World) -> None:
    await held.desk.decide(KEY, "approve", "admin")
    episode = await held.episode()
    assert episode.draft is not None
    other = episode.draft.model_copy(update={"text": "存疑的另一句"})
    await held.journal.move(episode, State.APPROVED, by="somebody", due=0, draft=other)
    await held.later(10)

    assert said(held) == []
    assert (await held.episode()).state is State.HELD


async def test_an_edit_is_screened_before_it_is_taken(held: World) -> None:
    desk = replace(held.desk, screen=lambda _episode, text, mode: fakes.check(text, "out", Context()))

    refused = await desk.decide(KEY, "approve", "admin", text="换成坏话")

    assert "blocks" in str(refused)
    assert (await held.episode()).state is State.HELD


async def test_a_text_that_is_too_long_or_empty_is_refused_in_words(held: World) -> None:
    desk = replace(held.desk, room=lambda _episode: 5)

    assert "room for 5" in str(await desk.decide(KEY, "approve", "admin", text="一句太长的话"))


async def test_nothing_is_approved_while_stopped(held: World) -> None:
    await held.desk.set_mode("stopped", by="admin", why="")

    assert "stopped" in str(await held.desk.decide(KEY, "approve", "admin"))
    assert (await held.episode()).state is State.HELD


async def test_an_approval_can_be_taken_back_until_it_goes_out(held: World) -> None:
    await held.desk.decide(KEY, "approve", "admin", text="存疑的新话", grace=8)
    await held.later(0)
    assert said(held) == []

    assert await held.desk.decide(KEY, "undo", "admin") is None

    episode = await held.episode()
    assert episode.state is State.HELD
    assert episode.draft is not None
    assert episode.draft.text == "存疑的新话"
    assert await held.desk.decide(KEY, "approve", "admin", grace=8) is None
    await held.later(20)
    assert said(held) == ["存疑的新话（AI生成）"]
    assert "cannot" in str(await held.desk.decide(KEY, "undo", "admin"))


async def test_a_rejection_can_be_taken_back_for_ten_minutes(held: World) -> None:
    await held.desk.decide(KEY, "reject", "admin")
    assert await held.desk.decide(KEY, "undo", "admin") is None
    await held.desk.decide(KEY, "reject", "admin")
    await held.pass_time(601)

    assert "too late" in str(await held.desk.decide(KEY, "undo", "admin"))


async def test_what_nobody_decides_expires_and_is_never_posted(held: World) -> None:
    await held.later(25 * 3600)
    await held.later(25 * 3600)

    assert (await held.episode()).state is State.EXPIRED
    assert said(held) == []


async def test_a_draft_that_waited_is_screened_under_the_mode_of_the_moment(world: World, monkeypatch: Any) -> None:
    world.platform.faults.append("busy")
    await world.hear(mention())
    await world.settle()
    assert (await world.episode()).state is State.DRAFTED
    forbid(monkeypatch, "工位")
    await world.later()

    assert said(world) == []
    assert (await world.episode()).state is State.BLOCKED


async def test_a_mode_that_changes_while_the_model_writes_is_obeyed(world: World, monkeypatch: Any) -> None:
    """The text was checked under normal; before the intent somebody switched to emergency, which asks for a human."""
    old = fakes.check

    def strict(words: str, direction: str, context: Context) -> Verdict:
        if direction == "out" and context.mode == "emergency":
            return Verdict(risk="low", decision="hold")
        return old(words, direction, context)

    monkeypatch.setattr(fakes, "check", strict)
    write = world.writer.write

    async def write_and_switch(brief: Any) -> Any:
        draft = await write(brief)
        await world.desk.set_mode("emergency", by="admin", why="now")
        return draft

    monkeypatch.setattr(world.writer, "write", write_and_switch)
    await world.hear(mention())
    await world.settle()
    assert said(world) == []
    await world.later()

    assert said(world) == []
    assert (await world.episode()).state is State.HELD


async def test_a_worker_that_read_the_mode_two_seconds_ago_posts_nothing(world: World) -> None:
    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(world.journal, name)

        async def intend(self, *args: Any, **kwargs: Any) -> Any:
            answer = await world.journal.intend(*args, **kwargs)
            world.boot += 2.1
            return answer

    await world.hear(mention())
    await world.bot("slow", journal=Slow()).answer(KEY)

    assert said(world) == []
    assert world.platform.requests == 0


async def test_a_no_becomes_a_labelled_example_and_a_yes_too(held: World) -> None:
    await held.hear(mention(id="m2"))
    await held.settle()
    await held.desk.decide(KEY, "reject", "admin", because="hurts", text="关于家人的玩笑")
    await held.desk.decide(mention(id="m2").key, "approve", "admin", text="存疑但改过")

    no, yes = await held.desk.lessons()

    assert (no["label"], no["because"], no["note"], no["text"]) == ("bad", "hurts", "关于家人的玩笑", "存疑的话")
    assert (yes["label"], yes["text"], yes["edited"]) == ("bad", "存疑的话", "存疑但改过")
    assert "key" not in no


async def test_what_was_taken_back_teaches_nothing(held: World) -> None:
    await held.desk.decide(KEY, "reject", "admin")
    await held.desk.decide(KEY, "undo", "admin")

    assert await held.desk.lessons() == []


async def test_the_queue_shows_the_oldest_first(held: World) -> None:
    await held.pass_time(50)
    await held.hear(mention(id="m2"))
    await held.settle()

    assert [episode.mention.id for episode in await held.desk.waiting()] == ["m1", "m2"]
