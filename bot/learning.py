"""Listens to what public posts talk about: bursts, uses for new cards, and the life of the old ones."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.errors import GiveUp, TryLater
from bot.journal import Memory
from bot.journal.memory import KeptUse, Phrase
from bot.ports import Platform, Readable
from memes.card import Lifecycle
from memes.learn import USES, Ask, NotLearned, draft, write_card
from memes.ledger import Ledger
from memes.plain import fold, speaks_chinese
from memes.shelf import Shelf
from memes.trends.burst import Bursts
from memes.trends.stream import KEPT, Post, Stream

log = logging.getLogger(__name__)

REBUILT = 86_400.0  # seconds of heard mentions by which a new leader learns what is usual
AGAIN = timedelta(hours=12)  # before a phrase that gave no card is tried again
DRAFTS = 3  # drafts a step, so that a storm of bursts does not become a bill
_HANDLE = re.compile(r"[@＠][\w.\-]+(?:@[\w.\-]+)?")


@dataclass(kw_only=True)
class Learner:
    """Counts, by distinct account, what the mentions and the readable timelines speak of. Call `step` every minute.

    Only public posts of people who did not ask us to be quiet count. `burst` is told of every phrase that bursts;
    `ask` is the model that drafts cards, None without one; `folder` takes the drafts. `set_states` is given the cards
    whose life the stream shows to be another than their file says.
    """

    memory: Memory
    shelf: Shelf
    platforms: Mapping[str, Platform]
    leads: Callable[[], bool]
    burst: Callable[[str, datetime], None]
    set_states: Callable[[Mapping[str, Lifecycle]], None]
    ask: Ask | None
    folder: Path
    clock: Callable[[], datetime]
    screen: Callable[[str], bool] | None = None
    budget: float = 20.0
    _stream: Stream | None = None
    _ledger: Ledger = field(default_factory=Ledger)
    _counted: float = 0.0  # what was heard up to here was counted before our time
    _heard: float = 0.0
    _out: frozenset[str] = frozenset()
    _minute: datetime | None = None
    _judged: datetime | None = None
    _name: Callable[[str], str] = str
    _pages: dict[str, str] = field(default_factory=dict)

    async def step(self) -> None:
        """One minute: hear, count, collect, and now and then draft and judge."""
        if not self.leads():
            self._stream = None
            return
        now = self.clock()
        stream = self._stream or await self._begin()
        await self._mind_the_quiet(stream)
        await self._hear(stream)
        self._see(stream, [post async for post in self._read_timelines()], counted=True)
        await self._turn(stream, now)
        await self._collect(stream)
        await self._draft_ready(now)
        await self._judge_cards(now)

    async def _begin(self) -> Stream:
        """A new leader learns from the journal what was usual in the last day; only timelines are lost."""
        self._name = (await self.memory.seal()).person
        self._out = await self.memory.opted_out()
        self._stream = stream = Stream(Bursts(budget=self.budget), opted_out=self._is_out, hash=self._name)
        kept = json.loads(await self.memory.note("ledger") or "{}")
        self._ledger = Ledger.restore(kept["ledger"]) if kept else Ledger()
        at = self._heard = await self.memory.now() - REBUILT
        self._counted = float(kept.get("at", at))
        self._minute = self.clock() - timedelta(seconds=REBUILT)
        return stream

    async def _mind_the_quiet(self, stream: Stream) -> None:
        """Whoever asked us to be quiet leaves the counts at once, with all they said before."""
        out = await self.memory.opted_out()
        for person in out - self._out:
            await self.memory.forget_uses(who=stream.forget(person))
        self._out = out

    def _is_out(self, account: str) -> bool:
        # Whoever was forgotten stands there under the journal's seal only.
        return account in self._out or self._name(account) in self._out

    async def _hear(self, stream: Stream) -> None:
        while page := await self.memory.heard_since(self._heard):
            for mention, heard in page:
                await self._turn(stream, mention.at, past=True)
                public = mention.visibility == "public" and not mention.author.bot
                post = Post(mention.person, _HANDLE.sub(" ", mention.text), mention.at, public=public)
                self._see(stream, [post], counted=heard > self._counted)
                self._heard = heard

    async def _read_timelines(self) -> AsyncIterator[Post]:
        for account, platform in list(self.platforms.items()):
            if not isinstance(platform, Readable):
                continue
            try:
                found, page = await platform.timeline(self._pages.get(account, ""))
            except (TryLater, GiveUp) as trouble:
                log.info("the timeline of %s is not read: %s", account, trouble)
                continue
            self._pages[account] = page
            host = account.rpartition("@")[2]
            for post in found:
                yield Post(f"{post.author.id}@{host}", _HANDLE.sub(" ", post.text), post.at)

    def _see(self, stream: Stream, posts: Iterable[Post], *, counted: bool) -> None:
        for post in posts:
            if stream.see(post) and counted:
                ids = [card.id for card in self.shelf.library.find(post.text)]
                self._ledger.see(ids, stream.hash(post.account), post.at.date())

    async def _turn(self, stream: Stream, until: datetime, *, past: bool = False) -> None:
        """Close every minute that is over; what burst while nobody listened is no news any more."""
        minute = self._minute or until
        while minute + timedelta(minutes=1) <= until:
            minute += timedelta(minutes=1)
            for phrase in stream.turn_minute(minute):
                if self.screen is not None and not self.screen(phrase):
                    continue
                log.info("burst: many people suddenly say %r", phrase)
                await self.memory.watch(phrase)
                if not past:
                    self.burst(phrase, minute)
        self._minute = minute

    async def _collect(self, stream: Stream) -> None:
        for phrase in await self.memory.watched():
            if phrase.state == "collecting":
                found = [KeptUse(use.who, use.text, use.at) for use in stream.list_uses(phrase.phrase)]
                await self.memory.collect(phrase.phrase, found)

    async def _draft_ready(self, now: datetime) -> None:
        if self.ask is None:
            return
        ready = [
            phrase
            for phrase in await self.memory.watched()
            if phrase.state == "collecting" and phrase.people >= USES and not _tried_lately(phrase, now)
        ]
        for phrase in ready[:DRAFTS]:
            await self._draft(phrase.phrase, now)

    async def _draft(self, phrase: str, now: datetime) -> None:
        assert self.ask is not None  # noqa: S101 - asked by the caller
        uses = [(use.who, use.text) for use in await self.memory.uses_of(phrase)]
        if any(fold(phrase) == fold(name) for card in self.shelf.library.cards for name in card.names):
            await self.memory.judge(phrase, "dropped", "there is a card of this name")
            return
        try:
            drafted = await draft(
                phrase,
                uses,
                self.ask,
                today=now.date(),
                language="zh" if speaks_chinese(fold(phrase)) else "en",
                screen=self.screen,
            )
        except NotLearned as why:
            await self.memory.judge(phrase, "dropped", str(why))
            return
        except (TryLater, GiveUp) as trouble:
            await self.memory.judge(phrase, "collecting", str(trouble))
            return
        path = await asyncio.to_thread(_write, self.folder, drafted.card.id, write_card(drafted.card), drafted.remarks)
        await self.memory.judge(phrase, "drafted", "; ".join((path.name, *drafted.remarks)))
        log.info("a card was drafted for %r: read it in %s, then `jiegeng memes approve`", phrase, path)

    async def _judge_cards(self, now: datetime) -> None:
        """Once a night: which cards live, which fade; old uses are deleted."""
        if self._judged is not None and now.date() == self._judged.date():
            return
        self._judged = now
        await self.memory.forget_uses(before=now - KEPT)
        self.set_states(self._ledger.judge(self.shelf.library.cards, now.date()))
        await self.memory.keep("ledger", json.dumps({"ledger": self._ledger.dump(), "at": self._heard}))


def _tried_lately(phrase: Phrase, now: datetime) -> bool:
    return phrase.tried_at is not None and now - phrase.tried_at < AGAIN


def _write(folder: Path, name: str, card: str, remarks: tuple[str, ...]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    told = [f"# check: {' '.join(remark.split())}" for remark in remarks]
    head = ["# Drafted from public uses. Read it, correct it, then set `review: approved`, or delete the file.", *told]
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text("\n".join((*head, card)), encoding="utf-8")
    fresh.replace(path)
    return path
