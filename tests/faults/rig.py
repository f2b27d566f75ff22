"""A round of real processes between trouble on all sides, and the audit afterwards.

`python -m tests.faults.rig --mentions 200 --kills 12 --seed 7 --seconds 60`; add `--redis --postgres`, `--no-faults`,
`--restore`, or `--mutant NAME` for a short hunt after a build that lacks one safety (`--aim NAME` alone plays the same
hunt on the real build). The exit code is 1 if the promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

import aiohttp

from bot.errors import TryLater
from bot.journal import Desk
from tests.faults.audit import Audit, Evidence, Name, audit, read_episodes, read_hints, read_replies, seen_at_once
from tests.faults.crowd import ROLES, Crowd, free_port
from tests.faults.mutants import MUTANTS
from tests.faults.points import Traps
from tests.faults.proxy import Proxy
from tests.faults.stage import TOKEN
from tests.faults.stores import Books, Hints, Redis7, books
from tests.faults.trouble import AIMS, MOVES, OVER, hunt

TEXTS = (
    "@阿梗 周一早上的地铁又把我挤成照片了",
    "@阿梗 买了三本书，第一本还没拆封",
    "@阿梗 我家猫今天把我的鼠标当真老鼠抓了",
    "@阿梗 健身卡办了一年，只去洗过澡",
    "@阿梗 今天的奶茶比我还甜",
)


@dataclass(frozen=True)
class Round:
    """What a round is asked to do. `mutant` is a build of mutants.py, `aim` one of AIMS."""

    mentions: int = 200
    kills: int = 12
    seed: int = 7
    seconds: float = 60.0
    faults: bool = True
    redis: bool = False
    postgres: bool = False
    restore: bool = False
    patience: float = 120.0
    mutant: str = ""
    aim: str = ""
    progress: bool = False

    @property
    def times(self) -> str:
        """How hasty the bot is (worker.py)."""
        return "shorter" if self.aim else "short" if self.faults else "own"

    def command(self) -> str:
        """How to play it again."""
        words = ["python", "-m", "tests.faults.rig"]
        for one in fields(self):
            value = getattr(self, one.name)
            if value == one.default or one.name == "progress":
                continue
            words += ["--no-faults"] if one.name == "faults" else [f"--{one.name}"]
            words += [] if isinstance(value, bool) else [str(value)]
        return shlex.join([*words, *([] if "--seed" in words else ["--seed", str(self.seed)])])


@dataclass
class Rig:
    """Everything that was opened for a round."""

    round: Round
    folder: Path
    crowd: Crowd
    proxies: dict[str, Proxy]
    stages: dict[str, str]
    books: Books
    queue: Hints
    traps: Traps
    pages: str
    session: aiohttp.ClientSession
    said: dict[Name, float] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    # Who ends and starts processes does so alone; the same for the queue's server.
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    queue_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def say(self, number: int, people: list[str]) -> None:
        """One person mentions the bot, on one platform or the other."""
        words, who = TEXTS[number % len(TEXTS)], people[number % len(people)]
        if number % 2:
            answer = self.session.post(f"{self.stages['forgetful']}/stage/mentions", json={"text": words, "who": who})
        else:
            cookie = {"Cookie": f"plaza_me={who}"}
            answer = self.session.post(f"{self.stages['plaza']}/api/posts", json={"text": words}, headers=cookie)
        async with answer as response:
            response.raise_for_status()
            said = str((await response.json())["id"])
        name = "forgetful" if number % 2 else "plaza"
        self.proxies[name].numbers[said] = number
        self.said[name, said] = time.monotonic()

    async def talk(self) -> None:
        """People speak, evenly over three quarters of the round; where one is hunted, quickly and without the plaza.

        The plaza knows a key for ever, so that a second reply to the same mention could not be seen there.
        """
        async with self.session.get(f"{self.stages['plaza']}/api/people") as response:
            everybody = (await response.json())["people"]
        people = [one["id"] for one in everybody if not one["bot"]]
        began, share = time.monotonic(), self.round.seconds * 0.75 / self.round.mentions
        if self.round.aim:
            share = min(share, 1.0)
        for number in range(self.round.mentions):
            await self.say(2 * number + 1 if self.round.aim else number, people)
            await asyncio.sleep(began + (number + 1) * share - time.monotonic())

    async def trouble(self) -> None:
        """The loud part of a round."""
        for proxy in self.proxies.values():
            proxy.calm = not self.round.faults
        plans = [self.talk()]
        if self.round.faults and self.round.kills:
            plans += [move(self, random.Random(f"{self.round.seed}:{move.__name__}")) for move in MOVES]
        await asyncio.gather(*plans)
        with contextlib.suppress(TimeoutError):
            await self.until_ended(most_open=len(self.said) // 20, patience=self.round.patience)

    async def quiet(self) -> None:
        """Trouble ends; wait until every mention has come to its end."""
        self.crowd.let_all_go()
        for proxy in self.proxies.values():
            proxy.calm = True
            await proxy.land_all()
        await self.until_ended(most_open=0, patience=self.round.patience)

    async def put_back(self) -> None:
        """Everybody is stopped, the backup is put in the journal's place, and everybody starts again."""
        async with self.lock:
            for role in ROLES:
                await asyncio.to_thread(self.crowd.kill, role)
            before, _ = await self.books.count(OVER)
            await self.books.restore(self.crowd.settings)
            back, _ = await self.books.count(OVER)
            self.done["rows lost by the restore"] = before - back
            for role in ROLES:
                self.crowd.start(role)

    async def hunt(self) -> str:
        """People speak and one trap is laid, until something is broken that cannot be made good; returns what."""
        for proxy in self.proxies.values():
            proxy.calm, proxy.first_try, proxy.rest = False, AIMS[self.round.aim].first_try, 1.5
        chase = asyncio.gather(self.talk(), hunt(self, AIMS[self.round.aim]))
        try:
            async with asyncio.timeout(self.round.seconds):
                while not (seen := await self._seen()):
                    await asyncio.sleep(0.3)
                return seen
        except TimeoutError:
            return ""
        finally:
            chase.cancel()
            await asyncio.gather(chase, return_exceptions=True)

    async def _seen(self) -> str:
        # In this order: what was said before the journal is read cannot be too new for it.
        said = list(self.said)
        replies = await read_replies(self.session, self.stages["forgetful"], self.folder / "plaza")
        async with self.lock:
            return seen_at_once(said, replies, await read_episodes(self.books.episodes))

    async def until_ended(self, *, most_open: int, patience: float) -> None:
        """Every mention was heard, and at most so many are still open.

        Raises `TimeoutError` when nothing has come to its end for so many seconds: a slow machine is no fault.
        """
        best, since = (-1, -1), time.monotonic()
        while True:
            with contextlib.suppress(TryLater):
                heard, ended = await self.books.count(OVER)
                if heard >= len(self.said) and ended >= len(self.said) - most_open:
                    return
                if (heard, ended) > best:
                    best, since = (heard, ended), time.monotonic()
            if time.monotonic() - since > patience:
                raise TimeoutError
            async with self.lock:
                self.crowd.keep()
            await asyncio.sleep(0.5)

    async def until_they_listen(self) -> None:
        """Both cursors are there, so that nothing said from now on is older than the bot."""
        async with asyncio.timeout(90):
            while [await self.books.episodes.cursor(f"阿梗@{name}") for name in self.stages].count(None):
                self.crowd.keep()
                await asyncio.sleep(0.2)

    async def until_pages_answer(self) -> None:
        """The pages are there and can read the journal; else it counts as a process that ended by itself."""
        try:
            async with asyncio.timeout(30):
                while True:
                    with contextlib.suppress(aiohttp.ClientError):
                        async with self.session.get(self.pages) as answer:
                            if answer.status == 200:
                                return
                    await asyncio.sleep(0.3)
        except TimeoutError:
            self.crowd.ended.append("the pages do not answer")

    async def judge(self) -> Audit:
        """The audit."""
        journal = self.books.episodes
        evidence = Evidence(
            said=self.said,
            replies=await read_replies(self.session, self.stages["forgetful"], self.folder / "plaza"),
            episodes=await read_episodes(journal),
            proxies=self.proxies,
            hints=await read_hints(self.queue.url),
            hurt=self.crowd.hurt,
            faults=self.round.faults,
        )
        doubled = (await Desk(journal).figures())["doubled"]
        return audit(evidence, self.done, doubled=doubled, ended=[*self.crowd.ended, *self.crowd.bugs()])

    async def show(self) -> None:
        """A line every few seconds."""
        began = time.monotonic()
        while True:
            with contextlib.suppress(TryLater):
                async with self.lock:
                    heard, ended = await self.books.count(OVER)
                line = f"{time.monotonic() - began:5.0f} s  said {len(self.said)}/{self.round.mentions}  heard {heard}"
                line += f"  ended {ended}  open {heard - ended}  kills {self.done['kills']}/{self.round.kills}"
                print(line, file=sys.stderr, flush=True)  # noqa: T201 - what the person waits for
            await asyncio.sleep(10)


async def play(plan: Round) -> Audit:
    """One round from the start of the servers to the audit."""
    async with AsyncExitStack() as stack:
        rig = await _open(plan, stack)
        for role in ROLES:
            rig.crowd.start(role)
        await rig.until_they_listen()
        if plan.progress:
            stack.callback(asyncio.create_task(rig.show()).cancel)
        if plan.aim:
            seen = await rig.hunt()
            if seen:
                return Audit({"seen": seen}, (seen,))
        else:
            await rig.trouble()
        try:
            await rig.quiet()
            if plan.restore:
                await rig.put_back()
                await rig.until_ended(most_open=0, patience=plan.patience)
        except TimeoutError:
            rig.done["never quiet"] = 1
        await rig.until_pages_answer()
        return await rig.judge()


async def _open(plan: Round, stack: AsyncExitStack) -> Rig:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jiegeng-rig-", dir="/tmp")))
    session = await stack.enter_async_context(aiohttp.ClientSession())
    queue = (Redis7 if plan.redis else Hints)(folder / "queue")
    await queue.start()
    stack.push_async_callback(queue.stop)
    journal = stack.enter_context(books(folder, on_postgres=plan.postgres))

    proxies, stages, ports = {}, {}, {}
    for name in ("plaza", "forgetful"):
        port, ports[name] = free_port(), free_port()
        stages[name] = f"http://127.0.0.1:{port}"
        stack.enter_context(_stage(name, folder / name, port))
        proxies[name] = Proxy(name, stages[name], plan.seed)

    settings = _settings(folder, queue.url, journal.url, ports)
    crowd = Crowd(folder, settings | {"RIG_FOLDER": str(folder), "RIG_MUTANT": plan.mutant, "RIG_TIMES": plan.times})
    stack.callback(crowd.end)
    for name, proxy in proxies.items():
        await _until_open(session, stages[name])
        await proxy.open(ports[name])
        stack.push_async_callback(proxy.close)
    await journal.open()
    stack.push_async_callback(journal.close)
    pages = f"http://127.0.0.1:{settings['JIEGENG_PORT']}/health"
    return Rig(plan, folder, crowd, proxies, stages, journal, queue, Traps(folder / "traps"), pages, session)


def _settings(folder: Path, redis_url: str, database_url: str, ports: dict[str, int]) -> dict[str, str]:
    return {
        "JIEGENG_DATA": str(folder / "data"),
        "JIEGENG_REDIS_URL": redis_url,
        "JIEGENG_DATABASE_URL": database_url,
        "JIEGENG_PLAZA_PORT": str(ports["plaza"]),
        "JIEGENG_PLAZA_TOKEN": TOKEN,
        "JIEGENG_HTTP_URL": f"http://127.0.0.1:{ports['forgetful']}",
        "JIEGENG_HTTP_TOKEN": TOKEN,
        "JIEGENG_PORT": str(free_port()),
        "JIEGENG_COOL_REPLIES": "1000000",
        "JIEGENG_PER_MINUTE": "100000",
        "JIEGENG_LOG_LEVEL": "WARNING",
    }


@contextmanager
def _stage(name: str, folder: Path, port: int) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-m", "tests.faults.stage", name, str(folder), str(port)]) as process:
        try:
            yield
        finally:
            process.kill()


async def _until_open(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url):
                    return
            await asyncio.sleep(0.1)


async def _play_until_told_to_stop(plan: Round) -> Audit:
    """A round that leaves no process behind when somebody ends it."""
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    return await play(plan)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind, default in (("mentions", int, 200), ("kills", int, 12), ("seed", int, 7), ("seconds", float, 60.0)):
        parser.add_argument(f"--{name}", type=kind, default=default)
    parser.add_argument("--patience", type=float, default=120.0, help="seconds without any progress")
    for name in ("redis", "postgres", "restore", "progress"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--mutant", choices=list(MUTANTS), default="", help="a build that the audit has to catch")
    parser.add_argument("--aim", choices=list(AIMS), default="", help="hunt the real build as that mutant is hunted")
    parser.add_argument("--no-faults", dest="faults", action="store_false")
    parser.add_argument("--json", type=Path, help="where the counts go too")
    asked = vars(parser.parse_args())
    target = asked.pop("json")
    plan = Round(**asked | {"aim": asked["aim"] or asked["mutant"]})
    result = asyncio.run(_play_until_told_to_stop(plan))
    if target is not None:
        target.write_text(json.dumps({"counts": result.counts, "violations": result.violations}))
    print(result.table(), f"play it again: {plan.command()}", sep="\n")  # noqa: T201 - what the command is for
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
