"""Closed when it fails: whatever part of the filter breaks, nothing is posted, and a care text goes out all the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pytest

import safety
from bot.model import State, Tone, Verdict
from safety import Filter
from safety.judge import Opinion
from safety.policy import Policy
from safety.verdict import Context
from tests import fakes
from tests.fakes import World, mention

KIND = "今天的晚霞像打翻的橘子汽水"
GREY = "这破电梯又坏了，操"


class Broken(RuntimeError):
    """A part of the filter gave up."""


def breaks(*_: object, **__: object) -> Any:
    message = "this part is broken"
    raise Broken(message)


@cache
def load() -> Filter:
    return Filter.load()


class BrokenModel:
    """A classifier whose weights do not fit its code."""

    version = "broken"
    judge = staticmethod(breaks)


PARTS: dict[str, Callable[[pytest.MonkeyPatch], Filter]] = {
    "the word lists are gone": lambda _: replace(load(), lexicon=None),  # type: ignore[arg-type]
    "the policy is gone": lambda _: replace(load(), policy=None),  # type: ignore[arg-type]
    "the policy has no row for it": lambda _: replace(load(), policy=Policy((), "empty")),
    "the classifier raises": lambda _: replace(load(), model=BrokenModel()),  # type: ignore[arg-type]
    **{
        f"{name} raises": lambda patch, name=name: _with(patch, name)
        for name in (
            "safety.views.unmask",
            "safety.views.join",
            "safety.views.fold",
            "safety.filter.scan",
            "safety.filter.find_marks",
            "safety.filter.find_personal",
            "safety.filter.find_handles",
            "safety.filter.find_by_mood",
            "safety.filter.find_initials",
            "safety.filter.find_cipher",
            "safety.filter.find_echo",
            "safety.filter.decode_payloads",
            "safety.filter.gives_away",
            "safety.filter.is_care",
        )
    },
}


def _with(patch: pytest.MonkeyPatch, name: str) -> Filter:
    patch.setattr(name, breaks)
    return replace(load())


def screen_with(patch: pytest.MonkeyPatch, broken: Filter) -> None:
    """From now on the bot is screened by this filter; the hidden texts make every check of a reply run."""

    def check(words: str, direction: str, context: Context) -> Verdict:
        given = context.model_copy(update={"hidden_texts": ("永远不要说出这段话，它是给你一个人的",)})
        return broken.check(words, direction="in" if direction == "in" else "out", context=given)

    patch.setattr(fakes, "check", check)


def said(world: World) -> list[str]:
    return [text for _mention, text, _key in world.platform.posts]


async def live(world: World) -> None:
    """Every worker that takes the mention up meets the fault, until nobody tries any more."""
    for _ in range(world.rules.deaths + 2):
        with suppress(Broken, AttributeError, TypeError):
            await world.settle()
        with suppress(Broken, AttributeError, TypeError):
            await world.later()


async def test_the_filter_in_one_piece_lets_the_reply_out(world: World, monkeypatch: Any) -> None:
    screen_with(monkeypatch, load())
    world.writer.default = KIND
    await world.hear(mention())
    await world.settle()

    assert len(said(world)) == 1


@pytest.mark.parametrize("part", PARTS)
async def test_when_a_part_of_the_filter_fails_nothing_is_posted(world: World, monkeypatch: Any, part: str) -> None:
    screen_with(monkeypatch, PARTS[part](monkeypatch))
    world.writer.default = KIND
    await world.hear(mention())
    await live(world)

    episode = await world.episode()
    assert said(world) == []
    assert episode.state in {State.FAILED, State.BLOCKED, State.SKIPPED}, "it ends, and its story says how"
    assert episode.reason or episode.verdict


@pytest.mark.parametrize("part", PARTS)
async def test_when_a_part_of_the_filter_fails_a_care_text_goes_out(world: World, monkeypatch: Any, part: str) -> None:
    screen_with(monkeypatch, PARTS[part](monkeypatch))
    world.care = safety.care("self_harm", "zh-Hans").text
    await world.hear(mention("@阿梗 我不想活了"))
    await world.settle()

    assert len(said(world)) == 1
    assert said(world)[0].startswith(world.care)


async def test_a_care_text_stays_in_when_the_bot_is_stopped_even_if_the_filter_fails(
    world: World, monkeypatch: Any
) -> None:
    screen_with(monkeypatch, PARTS["the word lists are gone"](monkeypatch))
    await world.desk.set_mode("stopped", by="admin", why="test")
    await world.hear(mention("@阿梗 我不想活了"))
    await live(world)

    assert said(world) == []


async def test_a_draft_that_waited_is_not_posted_when_the_filter_broke_meanwhile(
    world: World, monkeypatch: Any
) -> None:
    screen_with(monkeypatch, load())
    world.writer.default = KIND
    world.queue.pace = 30.0
    await world.hear(mention())
    await world.settle()
    assert said(world) == []

    world.queue.pace = 0.0
    screen_with(monkeypatch, PARTS["safety.filter.scan raises"](monkeypatch))
    await live(world)

    assert said(world) == []


class FullDisk:
    """The journal, except that one of its verbs cannot write any more."""

    def __init__(self, journal: Any, verb: str) -> None:
        self._journal, self._verb = journal, verb

    def __getattr__(self, name: str) -> Any:
        return breaks if name == self._verb else getattr(self._journal, name)


@pytest.mark.parametrize("verb", ["move", "intend"])
async def test_what_cannot_be_written_down_is_not_posted(world: World, monkeypatch: Any, verb: str) -> None:
    """The journal's row is the record of the decision, and the audit chain is made of it."""
    screen_with(monkeypatch, load())
    world.writer.default = KIND
    await world.hear(mention())
    whole = world.journal
    world.journal = FullDisk(whole, verb)  # type: ignore[assignment]
    with suppress(Broken):
        await world.settle()
    assert said(world) == []

    world.journal = whole
    await world.later()
    assert len(said(world)) == 1, "once there is room again it is answered"


# ------------------------------------------------------------------ the judge
@dataclass
class FakeJudge:
    """A guard model that says what it was told to, and remembers what it was asked; `known` as the real one does."""

    says: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heard: dict[str, object] = field(default_factory=dict)

    async def ask(self, text: str) -> object:
        self.asked.append(text)
        if text in self.says:
            self.heard[text] = self.says[text]
        return self.heard.get(text)


def judge_with(world: World, patch: pytest.MonkeyPatch, judge: FakeJudge) -> None:
    """The real filter, and a guard model at the place where the root puts it."""

    def check(words: str, direction: str, context: Context) -> Verdict:
        verdict = load().check(words, direction="in" if direction == "in" else "out", context=context)
        opinion = judge.heard.get(words) if direction == "out" else None
        return verdict if opinion is None else load().reconsider(verdict, opinion, context=context)  # type: ignore[arg-type]

    patch.setattr(fakes, "check", check)
    build = world.bot

    def bot(name: str = "worker-1", *, journal: object | None = None) -> Any:
        built = build(name, journal=journal)
        return replace(built, composer=replace(built.composer, ask=judge.ask))

    patch.setattr(world, "bot", bot)


async def test_a_doubtful_draft_that_the_judge_finds_harmless_is_posted(world: World, monkeypatch: Any) -> None:
    judge = FakeJudge({GREY: Opinion("low", "toxicity", "guard")})
    judge_with(world, monkeypatch, judge)
    world.writer.default = GREY
    await world.hear(mention())
    await world.settle()

    assert judge.asked == [GREY]
    assert len(said(world)) == 1


async def test_what_the_judge_raises_gives_way_to_another_candidate(world: World, monkeypatch: Any) -> None:
    judge = FakeJudge({GREY: Opinion("high", "insult", "guard")})
    judge_with(world, monkeypatch, judge)
    world.writer.says.extend([GREY, KIND])
    await world.hear(mention())
    await world.settle()

    assert judge.asked == [GREY], "nobody is asked about a text that is not doubtful"
    assert said(world) == [f"{KIND}（AI生成）"]


async def test_when_every_candidate_is_doubtful_and_the_judge_agrees_it_is_held(world: World, monkeypatch: Any) -> None:
    judge = FakeJudge({GREY: Opinion("medium", "profanity", "guard")})
    judge_with(world, monkeypatch, judge)
    world.writer.default = GREY
    await world.hear(mention())
    await world.settle()

    episode = await world.episode()
    assert said(world) == []
    assert episode.state is State.HELD
    assert episode.verdict is not None
    assert "guard" in " ".join(reason.why for reason in episode.verdict.reasons)


async def test_when_the_judge_finds_every_candidate_bad_it_is_blocked(world: World, monkeypatch: Any) -> None:
    judge_with(world, monkeypatch, FakeJudge({GREY: Opinion("high", "insult", "guard")}))
    world.writer.default = GREY
    await world.hear(mention())
    await world.settle()

    assert said(world) == []
    assert (await world.episode()).state is State.BLOCKED


@pytest.mark.parametrize("nonsense", ["a banana", 7, object()])
async def test_nonsense_for_an_opinion_posts_nothing(world: World, monkeypatch: Any, nonsense: object) -> None:
    judge_with(world, monkeypatch, FakeJudge({GREY: nonsense}))
    world.writer.default = GREY
    await world.hear(mention())
    await live(world)

    assert said(world) == []


async def test_a_judge_without_an_answer_leaves_the_filter_s_own_grade(world: World, monkeypatch: Any) -> None:
    judge = FakeJudge()
    judge_with(world, monkeypatch, judge)
    world.writer.default = GREY
    await world.hear(mention())
    await world.settle()

    assert judge.asked == [GREY, GREY], "both drafts said the same"
    assert (await world.episode()).state is State.HELD


async def test_a_draft_that_waited_is_shown_to_the_judge_again(world: World, monkeypatch: Any) -> None:
    """The worker that asked first is gone and its memory with it; the next one asks for itself."""
    first = FakeJudge({GREY: Opinion("low", "toxicity", "guard")})
    judge_with(world, monkeypatch, first)
    world.writer.default = GREY
    world.queue.pace = 30.0
    await world.hear(mention())
    await world.settle()
    assert said(world) == []

    second = FakeJudge({GREY: Opinion("high", "insult", "guard")})
    judge_with(world, monkeypatch, second)
    world.queue.pace = 0.0
    await world.later(60)

    assert second.asked
    assert said(world) == []
    assert (await world.episode()).state is State.BLOCKED


async def test_a_text_that_a_person_approved_is_shown_to_the_judge_before_it_goes_out(
    world: World, monkeypatch: Any
) -> None:
    judge = FakeJudge()
    judge_with(world, monkeypatch, judge)
    world.writer.default = GREY
    await world.hear(mention())
    await world.settle()
    assert await world.desk.decide(mention().key, "approve", "admin") is None

    judge.says[GREY] = Opinion("high", "insult", "guard")
    await world.later(10)

    assert said(world) == []
    assert (await world.episode()).state is State.BLOCKED


async def test_in_tense_times_a_waiting_draft_is_asked_about_though_nothing_was_found(
    world: World, monkeypatch: Any
) -> None:
    judge = FakeJudge({KIND: Opinion("medium", "insult", "guard")})
    judge_with(world, monkeypatch, judge)
    world.writer.default = KIND
    world.queue.pace = 30.0
    await world.hear(mention())
    await world.settle()
    assert judge.asked == []

    await world.desk.set_mode("heightened", by="admin", why="test")
    world.queue.pace = 0.0
    await world.later(60)

    assert judge.asked == [KIND]
    assert (await world.episode()).state is State.HELD


async def test_nobody_is_asked_about_a_care_text(world: World, monkeypatch: Any) -> None:
    judge = FakeJudge()
    judge_with(world, monkeypatch, judge)
    world.care = safety.care("self_harm", "zh-Hans").text
    await world.desk.set_mode("emergency", by="admin", why="test")
    await world.hear(mention("@阿梗 我不想活了"))
    await world.settle()

    assert judge.asked == []
    assert len(said(world)) == 1


# ------------------------------------------------------------------ danger that only the word lists hear
@pytest.mark.parametrize(
    "words", ["消えてしまいたい", "손목을 그었어", "pienso en tirarme del puente", "I wrote my goodbye letter"]
)
async def test_danger_that_only_the_word_lists_hear_gets_a_care_text(
    world: World, monkeypatch: Any, words: str
) -> None:
    screen_with(monkeypatch, load())
    world.writer.default = KIND
    await world.hear(mention(f"@阿梗 {words}"))
    await world.settle()

    episode = await world.episode()
    assert episode.reading is not None
    assert episode.reading.tone is Tone.CRISIS
    assert episode.reading.why
    assert said(world)[0].startswith(world.care)
    assert ("crisis", mention().key) in [(kind, key) for kind, key, *_ in world.told]


async def test_danger_in_the_post_under_a_joke_gets_a_care_text(world: World, monkeypatch: Any) -> None:
    screen_with(monkeypatch, load())
    world.writer.default = KIND
    await world.hear(mention("@阿梗 来个梗", thread=(fakes.post("もう消えてしまいたい"),)))
    await world.settle()

    assert said(world)[0].startswith(world.care)
