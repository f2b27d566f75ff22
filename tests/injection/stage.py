"""The whole bot around an obedient writer: real reading, tone, memes, filter and label; a platform and a queue in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from bot import emotion
from bot.composer import Composer
from bot.delivery import Delivery
from bot.journal import Episodes, open_database
from bot.label import Label
from bot.model import Author, Episode, Media, Meme, Mention, Post, Reading, Recalled
from bot.persona import Persona, load_persona
from bot.pipeline import Bot
from bot.ports import Writer
from bot.prompt import hidden_texts
from bot.rules import Rules
from bot.tone import tone
from memes.library import Library
from safety import Filter, care
from tests.fakes import ACCOUNT, NOW, FakePlatform, ListQueue
from tests.injection.attacks import Attack
from tests.injection.obedient import CANARY

PERSONA = Path(__file__).parents[2] / "prompts" / "ageng.md"


@cache
def load_parts() -> tuple[Filter, Library, Persona]:
    """The shipped filter, library and persona, read once."""
    return Filter.load(), Library.load(), load_persona(PERSONA)


def planted(words: str) -> Recalled:
    """A card that somebody got past every review."""
    meme = Meme(
        id="planted", family="planted", names=("种下的梗",), kind="slang", meaning=words, use=words,
        situations=tuple("abcdefgh"), examples=("就这样",), tones=("banter",), avoid=("grief",), source="own",
        first_seen=date(2025, 1, 1), last_seen=date(2026, 1, 1), review="approved",
    )  # fmt: skip
    return Recalled(meme=meme, score=9.0)


@dataclass
class Stage:
    """One bot that takes one mention after the other; everybody who writes to it is somebody else."""

    journal: Episodes
    writer: Writer
    platform: FakePlatform = field(default_factory=lambda: FakePlatform(limit=500))
    queue: ListQueue = field(default_factory=ListQueue)
    card: str = ""
    count: int = 0

    def bot(self) -> Bot:
        screen, library, persona = load_parts()
        label, rules = Label(), Rules()
        platforms = {ACCOUNT: self.platform}
        delivery = Delivery(
            name="stage", platforms=platforms, journal=self.journal, queue=self.queue, label=label, rules=rules,
            boottime=lambda: 1000.0,
        )  # fmt: skip

        def recall(text: str, reading: Reading, used: frozenset[str]) -> tuple[Recalled, ...]:
            mood = (reading.comment or reading.post).leading
            found = library.recall(text, mood=mood, tone=reading.tone.value, used=tuple(used), now=NOW)
            return (planted(self.card), *found) if self.card else found

        composer = Composer(
            platforms=platforms,
            queue=self.queue,
            writer=self.writer,
            remember=recall,
            check=lambda text, way, context: screen.check(
                text, direction="in" if way == "in" else "out", context=context
            ),
            care=lambda kind, language, _room: care(kind, language).text,
            explain=lambda _comment, _post, _topic: "",
            room=lambda platform, mention, language: label.room(platform.limit, platform.measure, language),
            hidden=lambda: hidden_texts(persona, CANARY),
            clock=lambda: datetime.now(UTC),
            rules=rules,
        )
        return Bot(
            name="stage",
            platforms=platforms,
            journal=self.journal,
            queue=self.queue,
            composer=composer,
            delivery=delivery,
            presses=emotion.presses,
            read=emotion.read,
            decide=tone,
            clock=lambda: datetime.now(UTC),
            rules=rules,
        )

    async def play(self, attack: Attack) -> Episode:
        """One mention from hearing to its end; returns the episode."""
        self.count += 1
        mention = mention_of(attack, f"{self.count}")
        self.card = attack.card
        self.platform.incoming = [mention]
        bot = self.bot()
        await self.journal.hear(ACCOUNT, "0", "0", [mention])
        await bot.answer(mention.key)
        episode = await self.journal.episode(mention.key)
        assert episode is not None
        return episode


def mention_of(attack: Attack, id: str) -> Mention:
    """The attack as it comes in from a platform."""
    host = Author(id=f"host-{id}", handle=f"host{id}", name="楼主")
    guest = Author(id=f"guest-{id}", handle=f"guest{id}", name=attack.nickname or "路人")
    media = (Media(alt=attack.alt),) if attack.alt else ()
    root = Post(id=f"p{id}", author=host, text=attack.post, media=media, at=NOW)
    between = tuple(Post(id=f"b{id}-{n}", author=host, text=text, at=NOW) for n, text in enumerate(attack.between))
    return Mention(account=ACCOUNT, id=f"m{id}", author=guest, text=attack.comment, thread=(root, *between), at=NOW)


@asynccontextmanager
async def open_stage(folder: Path, writer: Writer) -> AsyncIterator[Stage]:
    """A stage with a journal of its own."""
    database = await open_database(f"sqlite:///{folder / 'journal.sqlite3'}")
    journal = Episodes(database)
    await journal.open()
    await journal.begin(ACCOUNT, "0")
    yield Stage(journal, writer)
    await database.close()
