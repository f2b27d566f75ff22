"""From what people write to a card that waits for a human: bursts, uses, drafts, and the life of cards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import TryLater
from bot.journal import Episodes, Memory
from bot.journal.keeping import Keeping
from bot.journal.memory import KeptUse
from bot.learning import Learner
from bot.model import Mention, Post
from memes.files import read_file
from memes.learn import approve
from memes.shelf import Shelf
from tests.fakes import NOW, FakePlatform, author, mention
from tests.memes.cards import write_file

PHRASE = "云朵上班"
CARD = {
    "kind": "slang",
    "meaning": "形容人在岗位上，心早就飘走了。",
    "use": "自己或别人上班走神时，拿来打趣。",
    "situations": [f"下午第{number}个会，我盯着窗外看完了一整场风筝" for number in "一二三四五六七八"],
    "examples": ["工位上坐着的是我的外套"],
    "tones": ["banter"],
    "avoid": ["grief"],
    "offence": 0,
}


@dataclass
class Model:
    """Answers what it was told to, and remembers what it was asked."""

    says: str | Exception = field(default_factory=lambda: json.dumps(CARD, ensure_ascii=False))
    asked: list[str] = field(default_factory=list)

    async def ask(self, prompt: str) -> str:
        self.asked.append(prompt)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@dataclass
class Square(FakePlatform):
    """A place whose public timeline may be read."""

    said: list[Post] = field(default_factory=list)

    async def timeline(self, after: str) -> tuple[Sequence[Post], str]:
        start = int(after or 0)
        return self.said[start:], str(len(self.said))


class Stage:
    """A learner over a real journal, and a clock."""

    def __init__(self, journal: Episodes, folder: Path) -> None:
        self.memory = Memory(journal.database)
        self.journal, self.folder = journal, folder
        self.now = datetime.now(UTC)
        self.bursts: list[str] = []
        self.states: dict[str, str] = {}
        self.model = Model()
        self.square = Square()
        cards = folder / "cards"
        cards.mkdir()
        write_file(cards)
        self.shelf = Shelf(cards)

    def learner(self, **fields: object) -> Learner:
        return Learner(
            **{  # type: ignore[arg-type]
                "memory": self.memory,
                "shelf": self.shelf,
                "platforms": {self.square.account: self.square},
                "leads": lambda: True,
                "burst": lambda phrase, _now: self.bursts.append(phrase),
                "set_states": self.states.update,
                "ask": self.model.ask,
                "folder": self.folder / "learned",
                "clock": lambda: self.now,
                **fields,
            }
        )

    def say(self, count: int, *, start: int = 0, phrase: str = PHRASE) -> None:
        for number in range(start, start + count):
            words = f"今天第{number}次路过窗台，#{phrase}# 又一个下午"
            self.square.said.append(Post(id=str(number), author=author(f"人{number}"), text=words, at=self.now))

    async def minutes(self, learner: Learner, count: int) -> None:
        for _ in range(count):
            self.now += timedelta(minutes=1)
            await learner.step()


@pytest.fixture
def stage(journal: Episodes, tmp_path: Path) -> Stage:
    return Stage(journal, tmp_path)


async def burst(stage: Stage, learner: Learner, people: int = 12) -> None:
    await stage.minutes(learner, 2)
    for number in range(0, people, 4):
        stage.say(4, start=number)
        await stage.minutes(learner, 1)


async def test_a_phrase_that_many_say_bursts_is_collected_and_becomes_a_draft_that_waits(stage: Stage) -> None:
    learner = stage.learner()

    await burst(stage, learner)
    await stage.minutes(learner, 2)

    assert PHRASE in stage.bursts
    (path,) = (stage.folder / "learned").glob("*.yaml")
    ((card, _),) = read_file(path)
    assert (card.review, card.names, card.origin) == ("draft", (PHRASE,), "")
    assert [phrase.state for phrase in await stage.memory.watched() if phrase.phrase == PHRASE] == ["drafted"]
    assert all(f"第{number}次" in stage.model.asked[0] for number in range(8))

    approve(path, card.id)
    assert Shelf(path.parent).library.recall("下午第九个会，我盯着窗外看完了一整场风筝", gate=False)


async def test_seven_people_are_too_few_for_a_card(stage: Stage) -> None:
    learner = stage.learner()

    await burst(stage, learner, people=8)
    await stage.memory.forget_uses(who=(await stage.memory.uses_of(PHRASE))[0].who)
    learner._out = frozenset()
    stage.model.asked.clear()
    await stage.memory.judge(PHRASE, "collecting", "")
    learner._stream = None
    await learner._draft_ready(stage.now + timedelta(days=1))

    assert len(await stage.memory.uses_of(PHRASE)) == 7
    assert stage.model.asked == []


async def test_without_a_model_uses_are_collected_and_nothing_is_drafted(stage: Stage) -> None:
    learner = stage.learner(ask=None)

    await burst(stage, learner)

    assert len(await stage.memory.uses_of(PHRASE)) >= 8
    assert not (stage.folder / "learned").exists()


async def test_a_model_that_is_down_is_asked_again_later_and_not_every_minute(stage: Stage) -> None:
    stage.model.says = TryLater("busy")
    learner = stage.learner()

    await burst(stage, learner)
    await stage.minutes(learner, 5)

    assert len(stage.model.asked) == 1
    (phrase,) = [phrase for phrase in await stage.memory.watched() if phrase.phrase == PHRASE]
    assert (phrase.state, phrase.why) == ("collecting", "busy")


async def test_an_unclear_meaning_is_dropped_with_its_reason(stage: Stage) -> None:
    stage.model.says = '{"unclear": true}'
    learner = stage.learner()

    await burst(stage, learner)

    (phrase,) = [phrase for phrase in await stage.memory.watched() if phrase.phrase == PHRASE]
    assert (phrase.state, phrase.why) == ("dropped", "the uses do not show what it means")


async def test_a_phrase_that_may_not_be_shown_is_neither_told_nor_collected(stage: Stage) -> None:
    learner = stage.learner(screen=lambda text: PHRASE not in text)

    await burst(stage, learner)

    assert stage.bursts == []
    assert not [phrase for phrase in await stage.memory.watched() if phrase.phrase == PHRASE]


async def test_whoever_opts_out_leaves_the_counts_and_the_uses(stage: Stage) -> None:
    learner = stage.learner(ask=None)
    await burst(stage, learner)
    before = len(await stage.memory.uses_of(PHRASE))

    await stage.journal.silence("plaza", "person", "id-人0@plaza", because="test")
    stage.square.said.append(Post(id="x", author=author("人0"), text=f"换个说法再提一次 #{PHRASE}#", at=stage.now))
    await stage.minutes(learner, 1)

    texts = [use.text for use in await stage.memory.uses_of(PHRASE)]
    assert len(texts) == before - 1
    assert not any("第0次" in text or "换个说法" in text for text in texts)


async def test_whoever_is_forgotten_leaves_the_uses_and_is_not_counted_again(stage: Stage) -> None:
    learner = stage.learner(ask=None)
    await burst(stage, learner)
    before = len(await stage.memory.uses_of(PHRASE))

    async def at_once(_seconds: float) -> None:
        pass

    await stage.journal.silence("plaza", "person", "id-人0@plaza", because="test")
    await Keeping(stage.journal.database, at_once).forget("id-人0@plaza")
    stage.square.said.append(Post(id="x", author=author("人0"), text=f"换个说法再提一次 #{PHRASE}#", at=stage.now))
    await stage.minutes(learner, 1)

    texts = [use.text for use in await stage.memory.uses_of(PHRASE)]
    assert len(texts) == before - 1
    assert not any("第0次" in text or "换个说法" in text for text in texts)


async def test_private_mentions_are_never_counted(stage: Stage) -> None:
    learner = stage.learner(ask=None)
    await stage.minutes(learner, 2)
    await stage.journal.begin("阿梗@plaza", "0")
    private = [
        mention(f"@阿梗 第{number}回悄悄说 #{PHRASE}# 别告诉人", id=str(number), by=author(f"甲{number}")).model_copy(
            update={"visibility": "followers"}
        )
        for number in range(12)
    ]
    await stage.journal.hear("阿梗@plaza", "0", "1", private)

    await stage.minutes(learner, 3)

    assert stage.bursts == []


async def test_mentions_count_like_posts_of_a_timeline(stage: Stage) -> None:
    learner = stage.learner(platforms={})
    await stage.minutes(learner, 2)
    await stage.journal.begin("阿梗@plaza", "0")
    said = [
        mention(f"@阿梗 第{number}回说起 #{PHRASE}# 这件事", id=str(number), by=author(f"甲{number}")).model_copy(
            update={"at": stage.now}
        )
        for number in range(12)
    ]
    await stage.journal.hear("阿梗@plaza", "0", "1", said)

    await stage.minutes(learner, 3)

    assert PHRASE in stage.bursts


async def test_uses_are_deleted_after_thirty_days(stage: Stage) -> None:
    old = KeptUse("who", "很久以前的一句", NOW - timedelta(days=31))
    await stage.memory.watch("旧词")
    await stage.memory.collect("旧词", [old, KeptUse("who2", "昨天的一句", NOW - timedelta(days=1))])

    await stage.minutes(stage.learner(ask=None), 1)

    assert [use.text for use in await stage.memory.uses_of("旧词")] == ["昨天的一句"]


async def test_who_does_not_lead_does_nothing(stage: Stage) -> None:
    stage.say(12)
    learner = stage.learner(leads=lambda: False)

    await stage.minutes(learner, 3)

    assert await stage.memory.note("ledger") is None
    assert stage.bursts == []


async def test_counts_of_cards_outlive_a_restart_and_nothing_counts_twice(stage: Stage) -> None:
    await stage.journal.begin("阿梗@plaza", "0")

    def said(start: int) -> list[Mention]:
        return [
            mention(f"@阿梗 第{number}次说到班味这个词", id=str(number), by=author(f"甲{number}")).model_copy(
                update={"at": stage.now}
            )
            for number in range(start, start + 6)
        ]

    await stage.journal.hear("阿梗@plaza", "0", "1", said(0))
    first = stage.learner(platforms={}, ask=None)
    await stage.minutes(first, 1)
    await stage.journal.hear("阿梗@plaza", "1", "2", said(6))
    second = stage.learner(platforms={}, ask=None)
    await stage.minutes(second, 1)

    assert sum(first._ledger.dump()["posts"].values()) == 6
    assert sum(second._ledger.dump()["posts"].values()) == 12
    assert sum(second._ledger.dump()["uses"]["banwei"].values()) == 12
