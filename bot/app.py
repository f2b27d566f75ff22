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
from bot.composer import Composer
from bot.delivery import Delivery
from bot.embedded import EmbeddedValkey
from bot.errors import GiveUp, Misconfigured
from bot.journal import Episodes, open_database
from bot.label import Label
from bot.model import Episode, Mention, Reading, Recalled, Verdict
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
from memes.cutter import shared_cutter
from memes.explain import explain, wants
from memes.files import LIBRARY
from memes.screened import Screened
from memes.shelf import Shelf
from safety.verdict import Context

if TYPE_CHECKING:
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
    filter: safety.Filter
    label: Label
    writer: Writer
    canary: str
    region: str | None
    adviser: SecondOpinion | None = None

    def recall(self, text: str, reading: Reading, used: frozenset[str]) -> tuple[Recalled, ...]:
        """Memes that fit a post and its tone and that this person has not seen."""
        mood = (reading.comment or reading.post).leading
        return self.memes.library.recall(text, mood=mood, tone=reading.tone.value, used=tuple(used), now=utc())

    def check(self, text: str, direction: str, context: Context) -> Verdict:
        """The safety filter's verdict."""
        return self.filter.check(text, direction="in" if direction == "in" else "out", context=context)

    def care(self, kind: str, language: str, room: int) -> str:
        """The reviewed text for a crisis."""
        return safety.care(kind, language, self.region).text

    def explain(self, comment: str, post: str) -> str:
        """What the meme means that somebody asks about; empty for any other comment."""
        return explain(self.memes.library, comment, post) if wants(comment) == "meaning" else ""

    def hidden(self) -> tuple[str, ...]:
        """What must never come out: the canary and the prose of the persona in force."""
        return hidden_texts(self.personas.current(), self.canary)

    async def close(self) -> None:
        """Close what talks to a model."""
        await self.writer.close()
        if self.adviser is not None:
            await self.adviser.close()

    def warm(self, cache: Path) -> None:
        """Load dictionaries and weights; takes about a second, so run it in a thread."""
        cache.mkdir(parents=True, exist_ok=True)
        emotion.warm()
        self.memes.library.warm(cache)
        self.filter.check("热身", direction="out")


def make_mind(settings: Settings) -> Mind:
    """Read every file a person may have edited; raises `Misconfigured` naming file, line and remedy."""
    try:
        screen = safety.Filter.load(settings.words)
        folders = tuple(folder for folder in (LIBRARY, settings.memes) if folder is not None)
        shared_cutter().warm(settings.data / "cache")
        shelf = Shelf(folders, Screened(screen.lets_through, screen.fingerprint, settings.data / "cache"))
    except ValueError as error:
        raise Misconfigured(str(error)) from error
    personas = PersonaShelf(settings.prompts, settings.persona)
    personas.current()
    canary = f"jg-{secrets.token_hex(8)}"
    return Mind(
        personas=personas,
        memes=shelf,
        filter=screen,
        label=Label(settings.label_zh, settings.label_en),
        writer=make_writer(settings, personas, canary),
        canary=canary,
        region=settings.region or None,
        adviser=make_adviser(settings),
    )


def make_writer(settings: Settings, personas: PersonaShelf, canary: str) -> Writer:
    """The model if one is configured, with the offline writer behind it unless it is to be waited for."""
    offline = Offline(personas.current, random.Random(), utc)  # noqa: S311 - variety, not secrecy
    if not settings.llm_model:
        return offline
    from bot.writers.openai import OpenAIWriter  # noqa: PLC0415 - half a second that only a model is worth

    model = OpenAIWriter(
        base_url=settings.llm_base_url or None,
        api_key=settings.llm_api_key.get_secret_value(),
        model=settings.llm_model,
        persona=personas.current,
        canary=canary,
        deadline=settings.llm_timeout,
        price_in=settings.llm_price_in,
        price_out=settings.llm_price_out,
        clock=utc,
    )
    return Patient(model) if settings.llm_when_down == "wait" else FirstAble((model, offline), clock=time.monotonic)


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
        room=lambda platform, mention, language: mind.label.room(
            platform.limit, platform.measure, language, platform.address(mention)
        ),
        hidden=mind.hidden,
        clock=utc,
        rules=rules,
    )
    return Bot(
        name=name,
        platforms=platforms,
        journal=journal,
        queue=queue,
        composer=composer,
        delivery=delivery,
        read=emotion.read,
        decide=partial(tone, thresholds=thresholds(settings.tone)),
        clock=utc,
        rules=rules,
        alert=alert,
        adviser=mind.adviser,
        doubtful=settings.second_opinion,
    )


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[tuple[Episodes, RedisQueue, EmbeddedValkey | None]]:
    """The journal and the queue; the embedded Valkey is started when no Redis is configured, and stopped last."""
    async with AsyncExitStack() as stack:
        valkey, url = None, settings.redis_url
        if not url:
            valkey = EmbeddedValkey(settings.data / "valkey")
            await valkey.start()
            stack.push_async_callback(valkey.stop)
            url = valkey.url
        queue = open_queue(
            url, replies=settings.cool_replies, window=settings.cool_seconds, per_minute=settings.per_minute
        )
        stack.push_async_callback(queue.close)
        database = await open_database(settings.journal_url)
        stack.push_async_callback(database.close)
        journal = Episodes(database)
        await journal.open()
        yield journal, queue, valkey


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
