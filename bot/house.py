"""The whole house running: listeners, workers and pages, in one process or split over many."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.alerts import Alerts
from bot.app import Mind, make_bot, make_mind, open_stores
from bot.child import Child, let_go, plaza_token, say_ready
from bot.embedded import EmbeddedValkey
from bot.errors import Misconfigured, TryLater
from bot.journal import Desk, Episodes, Passes
from bot.loops import Crew, forever
from bot.pipeline import Bot
from bot.platforms.http import OpenPlatform
from bot.platforms.mastodon import Mastodon
from bot.ports import Platform
from bot.queue import RedisQueue
from bot.settings import Settings
from bot.web import make_web

log = logging.getLogger(__name__)

ROLES = ("all", "listen", "work", "web")

# A listener that died is followed by another one within LEASE + POLL seconds at the most.
LEASE = 10.0
POLL = 4.0


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
        mind = make_mind(settings)
        async with AsyncExitStack() as stack:
            house = await _open(settings, mind, stack)
            await house.journal.revive()
            await house.start_plaza()
            await house.serve_pages()
            await house.warming
            async with asyncio.TaskGroup() as group:
                house.listen(group)
                house.work(group)
                await house.start_workers(group, workers - 1)
                tell(await house.addresses())


async def run_role(settings: Settings, role: str, tell: Callable[[str], object], *, leash: bool = False) -> None:
    """One part of a house that is split over processes: they share one Redis and one database."""
    if not settings.redis_url:
        message = (
            f"--role {role} shares its stores with other processes: set JIEGENG_REDIS_URL and JIEGENG_DATABASE_URL"
        )
        raise Misconfigured(message)
    mind = make_mind(settings)
    async with AsyncExitStack() as stack:
        house = await _open(settings, mind, stack)
        if role == "web":
            await house.serve_pages()
        await house.warming
        async with asyncio.TaskGroup() as group:
            match role:
                case "listen":
                    house.listen(group)
                    group.create_task(forever(house.bot.sweep, name="sweeper", every=2.0))
                case "work":
                    house.open_places(group)
                    house.work(group)
                case "web":
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

    @property
    def plaza_url(self) -> str:
        """Where the built-in plaza is."""
        return f"http://{reachable(self.settings.host)}:{self.settings.plaza_port}"

    @property
    def pages_url(self) -> str:
        """Where the admin pages are."""
        return f"http://{reachable(self.settings.host)}:{self.settings.port}"

    async def addresses(self) -> Addresses:
        """Where everything is, with a fresh sign-in link."""
        link = await Passes(self.journal.database).link()
        plaza = self.plaza_url if self.plaza else ""
        return Addresses(plaza, self.pages_url, f"{self.pages_url}/sign-in?token={link}", self.mind.writer.name)

    async def start_plaza(self) -> None:
        """Start the plaza beside us, if it is wanted."""
        if not self.settings.plaza:
            return
        folder = self.settings.data / "plaza"
        words = ["plaza", "--data", str(folder), "--host", self.settings.host, "--port", str(self.settings.plaza_port)]
        token = plaza_token(folder)
        self.plaza = Child("plaza", [*words, "--admin", self.pages_url], {"JIEGENG_PLAZA_TOKEN": token})
        await self.plaza.start()
        self.stack.push_async_callback(self.plaza.stop)

    async def start_workers(self, group: asyncio.TaskGroup, count: int) -> None:
        """Start more workers as processes of their own, on the same stores."""
        env = {"JIEGENG_DATABASE_URL": self.settings.journal_url}
        if self.valkey is not None:
            env["JIEGENG_REDIS_URL"] = self.valkey.url
        if self.settings.plaza:
            env["JIEGENG_PLAZA_TOKEN"] = plaza_token(self.settings.data / "plaza")
        for number in range(count):
            child = Child(f"worker {number + 2}", ["run", "--role", "work"], env, patience=60.0)
            await child.start()
            self.stack.push_async_callback(child.stop)
            group.create_task(forever(child.keep, name=child.name, every=2.0))

    async def serve_pages(self) -> None:
        """Open the admin pages."""
        app = make_web(
            Desk(self.journal),
            Passes(self.journal.database),
            accounts=self.accounts,
            plaza=self.plaza_url if self.plaza else "",
            offline=not self.settings.llm_model,
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

    def open_places(self, group: asyncio.TaskGroup) -> None:
        """Open every place to post there, without listening."""
        for place in self._places():
            group.create_task(self._live(place, hear=False), name=place.name)

    def work(self, group: asyncio.TaskGroup) -> None:
        """Work, sweep, and watch the files that people edit."""
        crew = Crew(take=self._take, answer=self.bot.answer, at_once=self.settings.at_once)
        group.create_task(crew.run(), name="worker")
        group.create_task(forever(self.bot.sweep, name="sweeper", every=2.0))
        group.create_task(forever(self._refresh, name="files", every=1.0))
        if self.valkey is not None:
            group.create_task(forever(self.valkey.keep, name="valkey", every=5.0))
        if self.plaza is not None:
            group.create_task(forever(self.plaza.keep, name="plaza", every=2.0))

    async def _take(self, count: int, wait: float) -> list[str]:
        wakes = await self.queue.take(count, wait)
        await self.queue.done(wakes)
        return [wake.key for wake in wakes]

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
                await self.bot.listen(platform, wait=POLL)
            else:
                await asyncio.sleep(POLL)

        await forever(step, name=place.name, every=place.every)

    async def _leads(self, account: str) -> bool:
        """Whether this process listens for the account. Only economy: two listeners at once do no harm."""
        try:
            return await self.queue.lead(account, self.bot.name, LEASE)
        except TryLater:
            return True

    async def _refresh(self) -> None:
        """Take in files that somebody edited; a bad one is told once and the last good one stays."""
        shelf, before = self.mind.memes, self.mind.memes.error
        if await asyncio.to_thread(shelf.refresh):
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
            yield Place(settings.mastodon_url, partial(Mastodon.open, session, settings.mastodon_url, secret))


def reachable(host: str) -> str:
    """An address a person can open: what listens everywhere is reached here."""
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared with, not bound to


async def _open(settings: Settings, mind: Mind, stack: AsyncExitStack) -> House:
    settings.data.mkdir(parents=True, exist_ok=True)
    warming = asyncio.create_task(asyncio.to_thread(mind.warm, settings.data / "cache"))
    journal, queue, valkey = await stack.enter_async_context(open_stores(settings))
    session = await stack.enter_async_context(aiohttp.ClientSession())
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
