"""A second opinion: asked where the reader is not sure, believed only towards kindness, never in the way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Misconfigured
from bot.model import Feeling, Opinion, Reading, State, Tone
from bot.settings import load_settings
from bot.tone import KINDNESS, heed, is_doubtful
from bot.writers.opinion import MOST_FAILURES, REST, SecondOpinion
from tests.fakes import World, mention, post
from tests.servers.openai import Fault, OpenAIServer

GRIEF = json.dumps({"tone": "comfort", "emotion": "sadness", "crisis": None})
DANGER = json.dumps({"tone": "crisis", "emotion": "fear", "crisis": "stalking"})
JOKE = json.dumps({"tone": "banter", "emotion": "joy", "crisis": None})


@dataclass
class Clock:
    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass
class FakeAdviser:
    """Says what it was told to, and remembers what it was asked."""

    says: Opinion | None
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def ask(self, post: str, comment: str) -> Opinion | None:
        self.asked.append((post, comment))
        return self.says


@pytest.fixture
async def model() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


@pytest.fixture
async def clock() -> Clock:
    return Clock()


@pytest.fixture
async def second(model: OpenAIServer, clock: Clock) -> AsyncIterator[SecondOpinion]:
    adviser = SecondOpinion(
        base_url=model.url, api_key="k", model="small", now=clock, deadline=20.0, nonce=lambda: "NONCE"
    )
    yield adviser
    await adviser.close()


async def test_a_model_that_answers_in_form_has_an_opinion(second: SecondOpinion, model: OpenAIServer) -> None:
    model.plays(GRIEF)

    opinion = await second.ask("厨房的灯还留着", "@bot 好看")

    assert opinion is not None
    assert (opinion.tone, opinion.emotion, opinion.crisis, opinion.tokens) == (Tone.COMFORT, "sadness", None, 18)
    assert model.requests[0].user.splitlines() == [
        "NONCE post",
        "厨房的灯还留着",
        "NONCE comment",
        "@bot 好看",
        "NONCE",
    ]
    assert model.requests[0].body["temperature"] == 0


async def test_the_same_text_is_asked_once(second: SecondOpinion, model: OpenAIServer) -> None:
    model.plays(GRIEF, JOKE)

    first, again, other = await second.ask("a", ""), await second.ask("a", ""), await second.ask("a", "b")

    assert len(model.requests) == 2
    assert first is not None
    assert again is not None
    assert other is not None
    assert (first.kept, again.kept, again.tone, other.tone) == (False, True, Tone.COMFORT, Tone.BANTER)


@pytest.mark.parametrize(
    "answer",
    [
        "banter",
        "```json\n" + GRIEF + "\n```",
        GRIEF + " because it is sad",
        json.dumps({"tone": "silent", "emotion": "joy", "crisis": None}),
        json.dumps({"tone": "banter", "emotion": "joy"}),
        json.dumps({"tone": "banter", "emotion": "glee", "crisis": None}),
        json.dumps({"tone": "banter", "emotion": "joy", "crisis": "self_harm"}),
        json.dumps({"tone": "crisis", "emotion": "joy", "crisis": None}),
        json.dumps({"tone": "banter", "emotion": "joy", "crisis": None, "note": "x"}),
        "[" * 5_000,
        "",
    ],
)
async def test_whatever_is_not_in_form_is_no_opinion(second: SecondOpinion, model: OpenAIServer, answer: str) -> None:
    model.plays(answer)

    assert await second.ask("a", "") is None


@pytest.mark.parametrize(
    "kind",
    [
        "refuse",
        "status",
        "cut",
        "null",
        "no_choices",
        "not_json",
        "html",
        "schema",
        "list",
        "oversized",
        "redirect",
    ],
)
async def test_no_fault_of_the_model_breaks_anything(second: SecondOpinion, model: OpenAIServer, kind: str) -> None:
    model.plays(Fault(kind))

    assert await second.ask("a", "") is None


@pytest.mark.parametrize("kind", ["hang", "slow"])
async def test_a_model_that_takes_too_long_has_no_opinion(model: OpenAIServer, clock: Clock, kind: str) -> None:
    model.plays(Fault(kind))
    adviser = SecondOpinion(base_url=model.url, api_key="k", model="small", now=clock, deadline=0.2)

    assert await adviser.ask("a", "") is None
    await adviser.close()


async def test_a_model_that_is_down_is_left_alone_for_a_while(
    second: SecondOpinion, model: OpenAIServer, clock: Clock
) -> None:
    model.plays(*[Fault("status")] * MOST_FAILURES)
    for number in range(MOST_FAILURES + 5):
        assert await second.ask(str(number), "") is None
    assert len(model.requests) == MOST_FAILURES

    clock.at += REST + 1
    model.plays(JOKE)

    assert await second.ask("later", "") is not None


# What is made of it -------------------------------------------------------------------------------------------------


def feeling(confidence: float = 0.9, **over: object) -> Feeling:
    plain = {"emotions": {"joy": 1.0}, "negativity": 0.0, "intensity": 0, "confidence": confidence}
    return Feeling.model_validate(plain | over)


def reading(tone: Tone, **over: object) -> Reading:
    return Reading(post=feeling(**over), tone=tone, why="own")


opinions = st.builds(
    Opinion,
    tone=st.sampled_from(KINDNESS),
    emotion=st.sampled_from(["joy", "anger", "sadness", "fear", "surprise", "neutral"]),
    crisis=st.sampled_from([None, "self_harm", "threat"]),
    model=st.just("m"),
)


@given(tone=st.sampled_from(KINDNESS), second=st.none() | opinions)
def test_no_opinion_moves_a_tone_away_from_kindness(tone: Tone, second: Opinion | None) -> None:
    after = heed(reading(tone), second)

    assert KINDNESS.index(after.tone) >= KINDNESS.index(tone)
    assert after.asked


def test_without_an_answer_a_joke_becomes_warmth_and_comfort_stays() -> None:
    assert heed(reading(Tone.BANTER), None).tone is Tone.WARM
    assert heed(reading(Tone.COMFORT), None).tone is Tone.COMFORT


@pytest.mark.parametrize(
    ("tone", "over", "doubtful"),
    [
        (Tone.BANTER, {"confidence": 0.3}, True),
        (Tone.BANTER, {"confidence": 0.8}, False),
        (Tone.COMFORT, {"confidence": 0.8, "distress": "watch"}, True),
        (Tone.CRISIS, {"confidence": 0.1}, False),
        (Tone.SILENT, {"confidence": 0.1}, False),
    ],
)
def test_only_doubt_is_worth_a_question(tone: Tone, over: dict[str, object], *, doubtful: bool) -> None:
    assert is_doubtful(reading(tone, **over), 0.5) is doubtful


# The bot ------------------------------------------------------------------------------------------------------------


def says(tone: Tone, **over: object) -> Opinion:
    return Opinion.model_validate({"tone": tone, "emotion": "sadness", "model": "small"} | over)


async def test_by_default_nobody_is_asked(world: World) -> None:
    await world.hear(mention())
    await world.settle()

    assert not (await world.episode()).reading.asked  # type: ignore[union-attr]


async def test_an_opinion_towards_kindness_is_heeded_and_logged(world: World) -> None:
    world.adviser, world.doubtful = FakeAdviser(says(Tone.COMFORT)), 0.95

    await world.hear(mention("@阿梗 你看", thread=(post("厨房的灯还留着"),)))
    await world.settle()

    kept = (await world.episode()).reading
    assert kept is not None
    assert kept.second is not None
    assert (kept.tone, kept.second.heeded, kept.second.agrees) == (Tone.COMFORT, True, False)
    assert "small" in kept.why
    assert world.adviser.asked == [("厨房的灯还留着", "@阿梗 你看")]


async def test_a_danger_that_only_the_model_sees_gets_the_care_text_and_a_human(world: World) -> None:
    world.adviser, world.doubtful = FakeAdviser(says(Tone.CRISIS, crisis="stalking")), 0.95

    await world.hear(mention())
    await world.settle()

    episode = await world.episode()
    assert episode.state is State.POSTED
    assert episode.draft is not None
    assert episode.draft.persona == "care:stalking"
    assert world.told[0][0] == "crisis"


async def test_an_opinion_for_a_joke_changes_nothing_but_is_logged(world: World) -> None:
    world.adviser, world.doubtful = FakeAdviser(says(Tone.BANTER)), 0.95

    await world.hear(mention("@阿梗 哈哈", thread=(post("爷爷走了"),)))
    await world.settle()

    kept = (await world.episode()).reading
    assert kept is not None
    assert kept.second is not None
    assert (kept.tone, kept.second.heeded, kept.second.agrees) == (Tone.COMFORT, False, False)


async def test_a_crisis_asks_nobody(world: World) -> None:
    world.adviser, world.doubtful = FakeAdviser(says(Tone.BANTER)), 1.0

    await world.hear(mention("@阿梗 我不想活了"))
    await world.settle()

    assert world.adviser.asked == []


def test_a_second_opinion_needs_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEGENG_SECOND_OPINION", "0.4")

    with pytest.raises(Misconfigured, match="JIEGENG_LLM_MODEL is not"):
        load_settings()
