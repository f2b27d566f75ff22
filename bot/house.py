"""The whole house running: listeners, workers and pages, in one process or split over many."""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import gc
import hashlib
import logging
import os
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from bot.alerts import Alerts
from bot.app import Mind, job_of, make_bot, make_judge, make_mind, open_stores, utc
from bot.child import Child, let_go, plaza_token, say_ready
from bot.embedded import EmbeddedValkey
from bot.errors import Misconfigured, TryLater
from bot.footing import look_at_database, look_at_redis
from bot.journal import Audit, Desk, Episodes, Keeping, Memory, Passes, Tenancy, move_in
from bot.learning import Learner
from bot.librarian import MUCH, index_aside, refresh
from bot.loops import DRAIN, Crew, forever
from bot.model import Episode
from bot.pipeline import Bot
from bot.platforms.http import OpenPlatform
from bot.platforms.mastodon import Mastodon
from bot.ports import Platform
from bot.queue import RedisQueue
from bot.settings import Settings
from bot.trends import Follower, Scout, asker
from bot.vigil import LOOK_EVERY, Vigil
from bot.walls import TOLLS, Meter
from bot.web import make_web

log = logging.getLogger(__name__)

T = TypeVar("T")

ROLES = ("all", "listen", "work", "web")

# A listener that died is followed by another one within LEASE + POLL seconds at the most.
LEASE = 9.0
POLL = 3.0
# Whoever leads asks so often whether it still does; with a poll in between a lease is renewed well before it ends.
RENEW = 3.0
# After something was heard others may gather for so long: a batch costs little more than one mention.
GATHER = 0.05
# How old the list of accounts may be whose hints a worker takes.
ACCOUNTS_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a person needs to know after the start."""

    plaza: str
    pages: str
    sign_in: str
    writer: str


@dataclass(frozen=True, slots=True)
class Place:
    """A platform that is opened as soon as it can be reached.

    `every` is the pause between two looks, in seconds; `since` the cursor of a first start, if it is not "now".
    """

    name: str
    open: Callable[[], Coroutine[None, None, Platform]]
    every: float = 0.0
    since: str | None = None


@contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """Lock the data folder: two bots on one folder would take each other for dead."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = f"another jiegeng is running on {folder}; stop it, or set JIEGENG_DATA to another folder"
            raise Misconfigured(message) from error
        yield


async def run(settings: Settings, tell: Callable[[Addresses], None], *, workers: int = 1) -> None:
    """Everything on this machine, until cancelled; `tell` is called when all of it is up."""
    with sole_user(settings.data):
        async with AsyncExitStack() as stack:
            tenancy = await _settle(settings, stack, whole=True)
            plaza = _prepare_plaza(settings, stack)
            starting = _begin(plaza.start(), stack) if plaza is not None else None
            house = await _open(settings, stack)
            if tenancy is None or tenancy.alone:
                await house.journal.revive()
            if starting is not None:
                await starting
                house.plaza = plaza
            await house.serve_pages()
            await house.warming
            _settle_memory()
            async with asyncio.TaskGroup() as group:
                _keep_place(group, tenancy)
                house.listen(group)
                house.scout(group)
                house.work(group)
                house.keep_vigil(group)
                await house.start_workers(group, workers - 1)
                tell(await house.addresses())


async def run_role(settings: Settings, role: str, tell: Callable[[str], object], *, leash: bool = False) -> None:
    """One part of a house that is split over processes: they share one Redis and one database."""
    if not settings.redis_url:
        message = (
            f"--role {role} shares its stores with other processes: set JIEGENG_REDIS_URL and JIEGENG_DATABASE_URL"
        )
        raise Misconfigured(message)
    async with AsyncExitStack() as stack:
        tenancy = await _settle(settings, stack, whole=False)
        house = await _open(settings, stack)
        if role == "web":
            await house.serve_pages()
        await house.warming
        _settle_memory()
        async with asyncio.TaskGroup() as group:
            _keep_place(group, tenancy)
            match role:
                case "listen":
                    house.listen(group)
                    house.keep_vigil(group)
                    house.scout(group)
                    group.create_task(forever(house.bot.sweep, name="sweeper", every=2.0))
                case "work":
                    house.open_places(group)
                    house.work(group)
                    group.create_task(forever(house.journal.tell_lost, name="figures", every=LOOK_EVERY))
                case "web":
                    house.watch_words(group)
                    tell((await house.addresses()).sign_in)
                case other:
                    message = f"{other!r} is no part of a house; choose listen, work or web"
                    raise Misconfigured(message)
            if leash:
                say_ready()
                await let_go()
                raise asyncio.CancelledError
            await asyncio.Event().wait()


@dataclass(slots=True)
class House:
    """The opened stores and what runs on them."""

    settings: Settings
    mind: Mind
    stack: AsyncExitStack
    journal: Episodes
    queue: RedisQueue
    valkey: EmbeddedValkey | None
    session: aiohttp.ClientSession
    bot: Bot
    platforms: dict[str, Platform]
    warming: asyncio.Task[None]
    plaza: Child | None = None
    accounts: set[str] = field(default_factory=set)
    known: frozenset[str] = frozenset()
    standing_by: set[str] = field(default_factory=set)
    leading: dict[str, float] = field(default_factory=dict)

    @property
    def plaza_url(self) -> str:
        """Where the built-in plaza is."""
        return f"http://{reachable(self.settings.host)}:{self.settings.plaza_port}"

    @property
    def pages_url(self) -> str:
        """Where the admin pages are."""
        return _pages_url(self.settings)

    async def addresses(self) -> Addresses:
        """Where everything is, with a fresh sign-in link."""
        link = await Passes(self.journal.database).link()
        plaza = self.plaza_url if self.plaza else ""
        return Addresses(plaza, self.pages_url, f"{self.pages_url}/sign-in?token={link}", self.mind.writer.name)

    async def start_workers(self, group: asyncio.TaskGroup, count: int) -> None:
        """Start more workers as processes of their own, on the same stores."""
        env = {"JIEGENG_DATABASE_URL": self.settings.journal_url}
        if self.valkey is not None:
            env["JIEGENG_REDIS_URL"] = self.valkey.url
        if self.settings.plaza:
            env["JIEGENG_PLAZA_TOKEN"] = plaza_token(self.settings.data / "plaza")
        for number in range(count):
            child = Child(f"worker {number + 2}", ["run", "--role", "work"], env, patience=60.0, drain=DRAIN + 1.0)
            await child.start()
            group.create_task(_keep(child))

    async def serve_pages(self) -> None:
        """Open the admin pages."""
        app = make_web(
            Desk(self.journal, screen=make_judge(self.mind), room=self._room),
            Passes(self.journal.database),
            accounts=self.accounts,
            plaza=self.plaza_url if self.plaza else "",
            offline=not self.settings.llm_model,
            metrics_token=self.settings.metrics_token.get_secret_value(),
            troubles=self._troubles,
            secure=self.settings.admin_url.startswith("https://"),
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        host, port = self.settings.host, self.settings.port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            message = f"the pages cannot listen on {host}:{port} ({error.strerror or error}); set JIEGENG_PORT"
            raise Misconfigured(message) from error

    def listen(self, group: asyncio.TaskGroup) -> None:
        """Listen at every place."""
        for place in self._places():
            group.create_task(self._live(place, hear=True), name=place.name)

    def scout(self, group: asyncio.TaskGroup) -> None:
        """Ask the boards and learn from our own stream, while we lead; with neither wanted, do nothing."""
        mind, settings = self.mind, self.settings
        if not mind.sources and not settings.learn:
            return
        memory = Memory(self.journal.database)
        scout = Scout(
            name=self.bot.name,
            sources=mind.sources,
            shared=self.queue,
            notes=memory,
            get=asker(self.session),
            clock=utc,
            screen=mind.may_show,
        )
        self.stack.push_async_callback(scout.close)
        group.create_task(forever(scout.step, name="boards", every=1.0))
        if settings.learn:
            learner = Learner(
                memory=memory,
                shelf=mind.memes,
                platforms=self.platforms,
                leads=lambda: scout.leads,
                burst=scout.board.burst,
                set_states=scout.set_states,
                ask=mind.ask,
                folder=settings.learned,
                clock=utc,
                screen=mind.may_show,
            )
            group.create_task(forever(learner.step, name="own stream", every=60.0))

    def open_places(self, group: asyncio.TaskGroup) -> None:
        """Open every place to post there, without listening."""
        for place in self._places():
            group.create_task(self._live(place, hear=False), name=place.name)

    def work(self, group: asyncio.TaskGroup) -> None:
        """Work, sweep, and watch the files that people edit."""
        crew = Crew(take=self._take, answer=self.bot.answer, at_once=self.settings.at_once, drain=DRAIN)
        group.create_task(crew.run(), name="worker")
        group.create_task(forever(self.bot.sweep, name="sweeper", every=2.0))
        group.create_task(forever(self._look_up_accounts, name="accounts", every=ACCOUNTS_EVERY))
        group.create_task(forever(self._refresh, name="files", every=1.0))
        self.watch_words(group)
        audit = Audit(self.journal.database, self.settings.audit_code, self.settings.audit_days * 86400.0)
        group.create_task(forever(audit.seal, name="audit", every=3.0))
        group.create_task(forever(audit.look_back, name="older audit entries", every=30.0))
        follower = Follower(self.queue, self.mind.today, self.mind.memes)
        group.create_task(forever(follower.step, name="topics", every=2.0))
        if self.valkey is not None:
            group.create_task(forever(self.valkey.keep, name="valkey", every=5.0))
        if self.plaza is not None:
            group.create_task(forever(self.plaza.keep, name="plaza", every=2.0))

    def keep_vigil(self, group: asyncio.TaskGroup) -> None:
        """Watch over the promise; only where we listen, so that a human is told once and not by every worker."""
        vigil = Vigil(
            journal=self.journal,
            desk=Desk(self.journal),
            keeping=Keeping(self.journal.database, asyncio.sleep),
            platforms=self.platforms,
            alert=self.bot.alert,
            clock=lambda: datetime.now().astimezone(),
            keep_days=self.settings.keep_days,
            open_minutes=self.settings.alert_open_minutes,
        )
        group.create_task(forever(vigil.watch, name="vigil", every=LOOK_EVERY))

    def watch_words(self, group: asyncio.TaskGroup) -> None:
        """Take in word lists and the policy table whenever somebody edits them."""
        group.create_task(forever(self._refresh_words, name="words", every=0.5))

    async def _refresh_words(self) -> None:
        """The new filter counts at once, cards and topics are asked again after it; a bad file is told once."""
        words, before = self.mind.words, self.mind.words.error
        if await asyncio.to_thread(words.refresh):
            log.info("words and policy: %s", words.filter.versions)
            if self.mind.memes.measure() > MUCH:
                await index_aside(replace(job_of(self.settings), states=self.mind.memes.states))
            await asyncio.to_thread(self.mind.screen_again, self.settings.data / "cache")
        if words.error is not None and words.error is not before:
            log.error("%s; the last good word list and policy stay", words.error)

    def _troubles(self) -> list[str]:
        """What is wrong with the files that people edit, for the pages."""
        found = (self.mind.words.error, self.mind.memes.error)
        return [str(error) for error in found if error is not None]

    def _room(self, episode: Episode) -> int | None:
        """How many characters a reply to an episode may have, if its platform is open here."""
        platform = self.platforms.get(episode.mention.account)
        if platform is None:
            return None
        language = episode.reading.language if episode.reading else "zh-Hans"
        address = platform.address(episode.mention)
        return self.mind.label.room(platform.limit, platform.measure, language, address)

    async def _take(self, count: int, wait: float) -> Sequence[str]:
        return await self.queue.take(count, wait, self.platforms.keys() | self.known)

    async def _look_up_accounts(self) -> None:
        """Once every place is open, take care also of mentions to an account that nobody here answers as any more."""
        if len(self.platforms) >= len(list(self._places())):
            self.known = await self.journal.accounts()

    async def _live(self, place: Place, *, hear: bool) -> None:
        """Open a place as soon as it can be reached, then listen there for ever while we lead."""
        opened: list[Platform] = []

        async def open_it() -> Platform:
            platform = await place.open()
            if hear and await self.journal.cursor(platform.account) is None:
                await self.journal.begin(platform.account, place.since or await platform.start())
            self.platforms[platform.account] = platform
            self.accounts.add(platform.account)
            opened.append(platform)
            return platform

        async def step() -> None:
            platform = opened[0] if opened else await open_it()
            if not hear:
                await asyncio.sleep(3600)
            elif await self._leads(platform.account):
                if await self.bot.listen(platform, wait=POLL):
                    await asyncio.sleep(GATHER)
            else:
                await asyncio.sleep(POLL)

        await forever(step, name=place.name, every=place.every)

    async def _leads(self, account: str) -> bool:
        """Whether this process listens for the account. Only economy: two listeners at once do no harm."""
        now = asyncio.get_running_loop().time()
        if now < self.leading.get(account, 0.0):
            return True
        # On our own Valkey nobody but us listens: a lease that is still running there is that of our last run.
        alone = self.valkey is not None
        try:
            leads = await self.queue.lead(account, self.bot.name, LEASE, take_over=alone)
        except TryLater:
            return True
        if not leads and account not in self.standing_by:
            log.info("%s: another listener leads; standing by", account)
        (self.standing_by.discard if leads else self.standing_by.add)(account)
        self.leading[account] = now + RENEW if leads else 0.0
        return leads

    async def _refresh(self) -> None:
        """Take in files that somebody edited; a bad one is told once and the last good one stays."""
        shelf, before = self.mind.memes, self.mind.memes.error
        if await refresh(shelf, job_of(self.settings)):
            log.info("memes: %d cards", len(shelf.library.cards))
        if shelf.error is not None and shelf.error is not before:
            log.warning("%s; the last good library stays", shelf.error)
        persona = self.mind.personas.current()
        await self.journal.keep_persona(persona.version, self.mind.personas.path.read_text(encoding="utf-8"))

    def _places(self) -> Iterator[Place]:
        settings, session = self.settings, self.session
        token = os.environ.get("JIEGENG_PLAZA_TOKEN", "")
        if self.plaza is not None:
            token = plaza_token(settings.data / "plaza")
        if settings.plaza and token:
            # The plaza and the journal were born together, so nothing there is older than we are.
            yield Place("plaza", partial(OpenPlatform.open, session, self.plaza_url, token), since="0")
        if settings.http_url:
            secret = settings.http_token.get_secret_value()
            opener = partial(OpenPlatform.open, session, settings.http_url, secret, setting="JIEGENG_HTTP_TOKEN")
            yield Place(settings.http_url, opener)
        if settings.mastodon_url:
            secret = settings.mastodon_token.get_secret_value()
            meter = _meter(self.queue, "mastodon", settings.mastodon_url, secret)
            yield Place(
                settings.mastodon_url, partial(Mastodon.open, session, settings.mastodon_url, secret, meter=meter)
            )


def _meter(queue: RedisQueue, platform: str, url: str, token: str) -> Meter:
    """One for all who use this token; its name shows nothing of it."""
    digest = hashlib.sha256(f"{url} {token}".encode()).hexdigest()[:12]
    return Meter(queue, f"{platform}:{urlsplit(url).hostname}:{digest}", TOLLS[platform])


async def _keep(child: Child) -> None:
    """Keep a child alive; when we are told to stop it is told at once, so that all come to their end together."""
    try:
        await forever(child.keep, name=child.name, every=2.0)
    finally:
        await child.stop()


def reachable(host: str) -> str:
    """An address a person can open: what listens everywhere is reached here."""
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared with, not bound to


async def _look(settings: Settings) -> None:
    """Refuse stores on which the promise would not hold, before anything is opened, heard or posted."""
    log.info(await look_at_database(settings.journal_url))
    if not settings.redis_url:
        return  # our own Valkey is started as it has to be
    try:
        log.info(await look_at_redis(settings.redis_url))
    except TryLater as later:
        log.warning("%s; going on without it until it is there", later)


async def _settle(settings: Settings, stack: AsyncExitStack, *, whole: bool) -> Tenancy | None:
    """Look at the stores, and take our place on a shared one."""
    await _look(settings)
    tenancy = await move_in(settings.journal_url, whole=whole)
    if tenancy is not None:
        stack.push_async_callback(tenancy.leave)
    return tenancy


def _keep_place(group: asyncio.TaskGroup, tenancy: Tenancy | None) -> None:
    if tenancy is not None:
        group.create_task(forever(tenancy.keep, name="place", every=5.0))


def _settle_memory() -> None:
    """Give back what the start used up, and let the collector pass over what stays for good.

    What was loaded is a few hundred thousand objects that never become garbage: walking through them again and again
    made the loop late. Four short looks at what is young cost hardly more than a long one: 2.5 ms each instead of 7.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(2_500, 20, 40)
    with suppress(OSError, AttributeError):  # glibc alone keeps freed memory for itself and can be asked for it
        ctypes.CDLL(None).malloc_trim(0)


def _pages_url(settings: Settings) -> str:
    return settings.admin_url or f"http://{reachable(settings.host)}:{settings.port}"


def _prepare_plaza(settings: Settings, stack: AsyncExitStack) -> Child | None:
    """The plaza that is to run beside us, if it is wanted; whoever leaves the stack ends it."""
    if not settings.plaza:
        return None
    folder = settings.data / "plaza"
    words = ["plaza", "--data", str(folder), "--host", settings.host, "--port", str(settings.plaza_port)]
    plaza = Child("plaza", [*words, "--admin", _pages_url(settings)], {"JIEGENG_PLAZA_TOKEN": plaza_token(folder)})
    stack.push_async_callback(plaza.stop)
    return plaza


def _begin(work: Coroutine[None, None, T], stack: AsyncExitStack) -> asyncio.Task[T]:
    """Begin something beside us and await it later; if we leave before that, it ends without a word."""
    task = asyncio.create_task(work)

    async def leave() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(leave)
    return task


async def _open(settings: Settings, stack: AsyncExitStack) -> House:
    """Open the stores while a thread reads cards, lists and weights, which takes longer."""
    settings.data.mkdir(parents=True, exist_ok=True)
    thinking = _begin(asyncio.to_thread(make_mind, settings), stack)
    journal, queue, valkey = await stack.enter_async_context(open_stores(settings, aside=True))
    session = await stack.enter_async_context(aiohttp.ClientSession())
    mind = await thinking
    warming = asyncio.create_task(asyncio.to_thread(mind.warm, settings.data / "cache"))
    stack.push_async_callback(mind.close)
    platforms: dict[str, Platform] = {}
    alerts = Alerts(
        session=session,
        webhook=settings.alert_webhook.get_secret_value(),
        pages=settings.admin_url or f"http://{reachable(settings.host)}:{settings.port}",
        tells_text=settings.alert_text,
    )
    stack.push_async_callback(alerts.close)
    bot = make_bot(settings, mind, journal, queue, platforms, alerts.alert)
    return House(settings, mind, stack, journal, queue, valkey, session, bot, platforms, warming)
