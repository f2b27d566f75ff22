"""The composition root: settings in, the parts of a bot out. Everything that is opened here is closed here."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import safety
from bot import emotion
from bot.composer import Composer, context_of, quoted_by
from bot.delivery import Delivery
from bot.embedded import EmbeddedValkey
from bot.errors import GiveUp, Misconfigured
from bot.journal import Episodes, Forgotten, Keeping, open_database
from bot.judges import GuardModel, make_guard
from bot.label import Label
from bot.librarian import Job
from bot.migration import migrate_aside
from bot.model import Episode, Mention, Reading, Recalled, Tone, Topic, Verdict
from bot.persona import PersonaShelf
from bot.pipeline import Bot
from bot.platforms.terminal import Terminal
from bot.ports import Alert, Platform, Writer, tell_nobody
from bot.prompt import hidden_texts
from bot.queue import RedisQueue, open_queue
from bot.rules import Rules
from bot.settings import Settings
from bot.tone import thresholds, tone
from bot.writers.first_able import FirstAble, Patient
from bot.writers.offline import Offline
from memes.explain import asks_only, explain, recount, wants
from memes.files import LIBRARY
from memes.learn import Ask
from memes.plain import fold, speaks_chinese
from memes.screened import Screened
from memes.shelf import Shelf
from memes.trends.settings import load_sources
from memes.trends.sheet import Today
from memes.trends.source import Source
from safety.echo import speaks_to_robots
from safety.shelf import FilterShelf
from safety.verdict import Context

if TYPE_CHECKING:
    from bot.writers.openai import OpenAIWriter
    from bot.writers.opinion import SecondOpinion

log = logging.getLogger(__name__)


def utc() -> datetime:
    """Now, aware."""
    return datetime.now(UTC)


def boottime() -> float:
    """Seconds since the machine was started, sleep included, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Mind:
    """What needs no network to be opened: who the bot is, what it knows, what it may not say."""

    personas: PersonaShelf
    memes: Shelf
    words: FilterShelf
    label: Label
    writer: Writer
    canary: str
    region: str | None
    today: Today
    sources: tuple[Source, ...] = ()
    ask: Ask | None = None
    adviser: SecondOpinion | None = None
    judge: GuardModel | None = None

    def recall(self, text: str, reading: Reading, used: frozenset[str]) -> tuple[Recalled, ...]:
        """Memes that fit a post and its tone and that this person has not seen."""
        mood = (reading.comment or reading.post).leading
        return self.memes.library.recall(text, mood=mood, tone=reading.tone.value, used=tuple(used), now=utc())

    @property
    def filter(self) -> safety.Filter:
        """The safety filter made of the newest good word lists and policy."""
        return self.words.filter

    def check(self, text: str, direction: str, context: Context) -> Verdict:
        """The safety filter's verdict."""
        verdict = self.filter.check(text, direction="in" if direction == "in" else "out", context=context)
        opinion = self.judge.known(text) if self.judge is not None and direction == "out" else None
        return verdict if opinion is None else self.filter.reconsider(verdict, opinion, context=context)

    def care(self, kind: str, language: str, room: int) -> str:
        """The reviewed text for a crisis."""
        return safety.care(kind, language, self.region).text

    def topics(self, text: str, reading: Reading) -> tuple[Topic, ...]:
        """The topic of a post, usable or not, then for banter the hottest that a joke may use."""
        now, sheet = utc(), self.today.sheet
        about = sheet.find(text, now)
        others = sheet.list_usable(now) if reading.tone is Tone.BANTER else ()
        own = () if about is None else (about,)
        return (*own, *(topic for topic in others if topic not in own))

    def explain(self, comment: str, post: str, topic: Topic | None) -> str:
        """What the meme means that somebody asks about, or what is known of the topic; empty for any other comment.

        That we know nothing of a topic is said only where boards are read and nothing else was asked.
        """
        match wants(comment):
            case "meaning":
                return explain(self.memes.library, comment, post)
            case "topic" if topic is not None or (self.today.sheet.boards and asks_only(comment)):
                chinese = speaks_chinese(fold(comment)) or speaks_chinese(fold(post))
                return recount(topic, now=utc(), chinese=chinese)
            case _:
                return ""

    def may_show(self, text: str) -> bool:
        """Whether the title of a topic, or a phrase that bursts, may reach a prompt or a reply."""
        return may_show(self.filter, text)

    def screen_again(self, cache: Path) -> None:
        """Ask a changed filter about every card and topic; takes seconds, so run it in a thread."""
        screen = self.filter
        self.memes.screen_again(Screened(screen.lets_through, screen.fingerprint, cache))
        self.today.screen_again(partial(may_show, screen))

    def hidden(self) -> tuple[str, ...]:
        """What must never come out: the canary and the prose of the persona in force."""
        return hidden_texts(self.personas.current(), self.canary)

    async def close(self) -> None:
        """Close what talks to a model."""
        await self.writer.close()
        if self.adviser is not None:
            await self.adviser.close()
        if self.judge is not None:
            await self.judge.close()

    def warm(self, cache: Path) -> None:
        """Load dictionaries and weights; takes about a second, so run it in a thread."""
        cache.mkdir(parents=True, exist_ok=True)
        emotion.warm()
        self.memes.library.warm(cache)
        self.filter.check("热身", direction="out")


def make_mind(settings: Settings) -> Mind:
    """Read every file a person may have edited; raises `Misconfigured` naming file, line and remedy."""
    try:
        words = FilterShelf(settings.words)
        screen = words.filter
        shelf = job_of(settings).open(screen)
        sources = load_sources(settings.sources) if settings.sources else ()
    except ValueError as error:
        raise Misconfigured(str(error)) from error
    personas = PersonaShelf(settings.prompts, settings.persona)
    personas.current()
    canary = f"jg-{secrets.token_hex(8)}"
    model = make_model(settings, personas, canary)

    return Mind(
        personas=personas,
        memes=shelf,
        words=words,
        label=Label(settings.label_zh, settings.label_en),
        writer=make_writer(settings, personas, model),
        canary=canary,
        region=settings.region or None,
        today=Today(partial(may_show, screen)),
        sources=sources,
        ask=None if model is None else model.ask,
        adviser=make_adviser(settings),
        judge=make_guard(
            settings.judge_url,
            settings.judge_key.get_secret_value(),
            settings.judge_model,
            settings.judge_dialect,
            settings.judge_timeout,
        ),
    )


def may_show(screen: safety.Filter, text: str) -> bool:
    """Whether a text that strangers wrote may reach a prompt or a reply: it passes the filter and orders nobody."""
    return screen.lets_through(text) and not speaks_to_robots(text)


def job_of(settings: Settings) -> Job:
    """What a librarian has to read, screen and index."""
    words = None if settings.words is None else str(settings.words)
    return Job(tuple(map(str, card_folders(settings))), words, str(settings.data / "cache"))


def card_folders(settings: Settings) -> tuple[Path, ...]:
    """Where cards are read: the library, the operator's own, and what was learned."""
    if settings.learn:
        settings.learned.mkdir(parents=True, exist_ok=True)
    folders = [LIBRARY, settings.memes, settings.learned if settings.learned.is_dir() else None]
    return tuple(folder for folder in folders if folder is not None)


def make_judge(mind: Mind) -> Callable[[Episode, str, str], Verdict]:
    """What the filter says of a text that a person wants to post as the reply of an episode, under a mode."""

    def judge(episode: Episode, text: str, mode: str) -> Verdict:
        if episode.reading is None:
            message = f"{episode.key} was never read, so nobody knows to whom it would speak"
            raise GiveUp(message)
        quoted = quoted_by(episode.draft, episode.topics)
        memes = () if episode.draft and episode.draft.writer == "library" else episode.memes
        context = context_of(episode.mention, episode.reading, memes, mode, mind.hidden(), quoted)
        return mind.check(text, "out", context).model_copy(update={"mode": mode})

    return judge


def make_writer(settings: Settings, personas: PersonaShelf, model: OpenAIWriter | None) -> Writer:
    """The model if one is configured, with the offline writer behind it unless it is to be waited for."""
    offline = Offline(personas.current, random.Random(), utc)  # noqa: S311 - variety, not secrecy
    if model is None:
        return offline
    return Patient(model) if settings.llm_when_down == "wait" else FirstAble((model, offline), clock=time.monotonic)


def make_model(settings: Settings, personas: PersonaShelf, canary: str) -> OpenAIWriter | None:
    """The model, if one is configured."""
    if not settings.llm_model:
        return None
    from bot.writers.openai import OpenAIWriter  # noqa: PLC0415 - half a second that only a model is worth

    return OpenAIWriter(
        base_url=settings.llm_base_url or None,
        api_key=settings.llm_api_key.get_secret_value(),
        model=settings.llm_model,
        persona=personas.current,
        canary=canary,
        deadline=settings.llm_timeout,
        price_in=settings.llm_price_in,
        price_out=settings.llm_price_out,
        clock=utc,
        aside=True,
    )


def make_adviser(settings: Settings) -> SecondOpinion | None:
    """Who is asked for a second opinion: the model, where the operator wants it."""
    if not settings.second_opinion:
        return None
    from bot.writers.opinion import SecondOpinion  # noqa: PLC0415 - only where it is wanted

    return SecondOpinion(
        base_url=settings.llm_base_url or None,
        api_key=settings.llm_api_key.get_secret_value(),
        model=settings.llm_model,
        now=time.monotonic,
        aside=True,
    )


def make_bot(
    settings: Settings,
    mind: Mind,
    journal: Episodes,
    queue: RedisQueue,
    platforms: Mapping[str, Platform],
    alert: Alert = tell_nobody,
) -> Bot:
    """Put a bot together from its parts."""
    rules = Rules(
        thread_limit=settings.thread_limit,
        answer_by=settings.answer_by_hours * 3600,
        backlog=settings.backlog,
        lease=max(150.0, settings.llm_timeout * 3),
    )
    name = f"{socket.gethostname()}:{os.getpid()}"
    delivery = Delivery(
        name=name,
        platforms=platforms,
        journal=journal,
        queue=queue,
        label=mind.label,
        rules=rules,
        boottime=boottime,
        alert=alert,
    )
    composer = Composer(
        platforms=platforms,
        queue=queue,
        writer=mind.writer,
        remember=mind.recall,
        check=mind.check,
        care=mind.care,
        explain=mind.explain,
        today=mind.topics,
        room=lambda platform, mention, language: mind.label.room(
            platform.limit, platform.measure, language, platform.address(mention)
        ),
        hidden=mind.hidden,
        clock=utc,
        rules=rules,
        ask=None if mind.judge is None else mind.judge.ask,
    )
    return Bot(
        name=name,
        platforms=platforms,
        journal=journal,
        queue=queue,
        composer=composer,
        delivery=delivery,
        presses=emotion.presses,
        read=emotion.read,
        decide=partial(tone, thresholds=thresholds(settings.tone)),
        clock=utc,
        rules=rules,
        alert=alert,
        adviser=mind.adviser,
        doubtful=settings.second_opinion,
    )


@asynccontextmanager
async def open_stores(
    settings: Settings, *, aside: bool = False
) -> AsyncIterator[tuple[Episodes, RedisQueue, EmbeddedValkey | None]]:
    """The journal and the queue; the embedded Valkey is started when no Redis is configured, and stopped last.

    Who stays up for long has the journal migrated `aside`.
    """
    async with AsyncExitStack() as stack:
        valkey, url = None, settings.redis_url
        if not url:
            valkey = EmbeddedValkey(settings.data / "valkey")
            await valkey.start()
            stack.push_async_callback(valkey.stop)
            url = valkey.url
        queue = open_queue(
            url,
            replies=settings.cool_replies,
            window=settings.cool_seconds,
            per_minute=settings.per_minute,
            family_uses=settings.family_uses,
        )
        stack.push_async_callback(queue.close)
        database = await open_database(settings.journal_url, aside=migrate_aside if aside else None)
        stack.push_async_callback(database.close)
        journal = Episodes(database)
        await journal.open()
        yield journal, queue, valkey


async def forget(settings: Settings, person: str) -> Forgotten:
    """Delete everything about one person in every store; raises `TryLater` if one cannot be reached.

    The embedded Valkey is only asked if it runs: what it holds of a person runs out by itself, and a start of the
    server for one command would take it from a bot that starts meanwhile.
    """
    url = settings.redis_url
    embedded = EmbeddedValkey(settings.data / "valkey")
    if not url and await embedded.answers():
        url = embedded.url
    if url:
        queue = open_queue(url)
        try:
            await queue.forget(person)
        finally:
            await queue.close()
    database = await open_database(settings.journal_url)
    try:
        return await Keeping(database, asyncio.sleep).forget(person)
    finally:
        await database.close()


async def rehearse(settings: Settings, make_mention: Callable[[str], Mention]) -> Episode:
    """Take one mention through the whole pipeline with stores of its own; nothing is posted and nothing stays.

    `make_mention` is given the account that the terminal answers as.
    """
    mind = make_mind(settings)
    terminal = Terminal(utc)
    with tempfile.TemporaryDirectory(prefix="jiegeng-") as folder:
        own = settings.model_copy(update={"data": Path(folder), "database_url": "", "redis_url": ""})
        await asyncio.to_thread(mind.warm, settings.data / "cache")
        async with open_stores(own) as (journal, queue, _valkey):
            bot = make_bot(own, mind, journal, queue, {terminal.account: terminal})
            mention = make_mention(terminal.account)
            terminal.heard.append(mention)
            await bot.listen(terminal, wait=0)
            await bot.answer(mention.key)
            episode = await journal.episode(mention.key)
    await mind.close()
    if episode is None:
        message = "the mention was not heard: this is a bug, please report it"
        raise GiveUp(message)
    return episode
