"""A round of real processes between trouble on all sides, and the audit afterwards.

`python -m tests.faults.rig --mentions 200 --kills 12 --seed 7 --seconds 60`; add `--redis`, `--postgres`, `--no-faults`.
The exit code is 1 if the promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from redis.asyncio import Redis
from sqlalchemy import text

from bot.embedded import EmbeddedValkey
from bot.errors import TryLater
from bot.journal import Episodes, open_database
from tests.faults.audit import Audit, audit, read_replies
from tests.faults.crowd import ROLES, Crowd, free_port
from tests.faults.mutants import MUTANTS
from tests.faults.proxy import Proxy
from tests.faults.stage import TOKEN
from tests.faults.worker import LEASE
from tests.servers.postgres import postgres

TEXTS = (
    "@阿梗 周一早上的地铁又把我挤成照片了",
    "@阿梗 买了三本书，第一本还没拆封",
    "@阿梗 我家猫今天把我的鼠标当真老鼠抓了",
    "@阿梗 健身卡办了一年，只去洗过澡",
    "@阿梗 今天的奶茶比我还甜",
)


@dataclass(frozen=True)
class Round:
    """What a round is asked to do."""

    mentions: int = 200
    kills: int = 12
    seed: int = 7
    seconds: float = 60.0
    faults: bool = True
    redis: bool = False
    postgres: bool = False
    patience: float = 120.0
    mutant: str = ""


@dataclass
class Rig:
    """Everything that was opened for a round."""

    round: Round
    folder: Path
    crowd: Crowd
    proxies: dict[str, Proxy]
    stages: dict[str, str]
    journal: Episodes
    redis: Redis
    session: aiohttp.ClientSession
    said: dict[tuple[str, str], float] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

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
        """People speak, evenly over three quarters of the round."""
        async with self.session.get(f"{self.stages['plaza']}/api/people") as response:
            everybody = (await response.json())["people"]
        people = [one["id"] for one in everybody if not one["bot"]]
        for number in range(self.round.mentions):
            await self.say(number, people)
            await asyncio.sleep(self.round.seconds * 0.75 / self.round.mentions)

    async def kill(self, dice: random.Random) -> None:
        """SIGKILL to random processes, which are started again a little later."""
        for _ in range(self.round.kills):
            await asyncio.sleep(dice.uniform(0.5, 1.5) * self.round.seconds * 0.8 / self.round.kills)
            role = dice.choices(list(ROLES), (3, 4, 4, 1))[0]
            end = dice.choice((self.crowd.kill, self.crowd.kill, self.crowd.kill, self.crowd.ask_to_end))
            await asyncio.to_thread(end, role)
            self.done["kills"] += 1
            await asyncio.sleep(dice.uniform(0, 0.5))
            self.crowd.start(role)

    async def stop(self, dice: random.Random) -> None:
        """SIGSTOP a worker in the middle of anything, often for longer than its lease."""
        for _ in range(self.round.kills // 2):
            await asyncio.sleep(dice.uniform(0.5, 1.5) * self.round.seconds * 0.5 / (self.round.kills // 2))
            role = dice.choice(["work-1", "work-2"])
            self.done["stops"] += self.crowd.stop(role)
            await asyncio.sleep(dice.choice([0.7, LEASE * 0.7, LEASE * 1.3, LEASE * 1.5]))
            self.crowd.go_on(role)

    async def flush(self, dice: random.Random) -> None:
        """The queue loses everything it had."""
        for _ in range(3):
            await asyncio.sleep(dice.uniform(0.6, 1.4) * self.round.seconds * 0.75 / 3)
            await self.redis.flushall()
            self.done["flushes"] += 1

    async def trouble(self) -> None:
        """The loud part of a round."""
        for proxy in self.proxies.values():
            proxy.calm = not self.round.faults
        plans: list[Coroutine[Any, Any, None]] = [self.talk()]
        if self.round.faults and self.round.kills:
            moves = (self.kill, self.stop, self.flush)
            plans += [move(random.Random(f"{self.round.seed}:{move.__name__}")) for move in moves]
        await asyncio.gather(*plans)
        with contextlib.suppress(TimeoutError):
            await self.until_ended(most_open=len(self.said) // 20, patience=self.round.seconds)

    async def quiet(self) -> None:
        """Trouble ends; wait until every mention has come to its end."""
        for role in ROLES:
            self.crowd.go_on(role)
        for proxy in self.proxies.values():
            proxy.calm = True
            await proxy.land_all()
        await self.until_ended(most_open=0, patience=self.round.patience)

    async def until_ended(self, *, most_open: int, patience: float) -> None:
        """Every mention was heard, and at most so many are still open. Raises `TimeoutError`."""
        still = text("SELECT count(*), count(due_at) FROM episodes")
        async with asyncio.timeout(patience):
            while True:
                with contextlib.suppress(TryLater):
                    heard, open_ = await self.journal.database.read(lambda c: tuple(c.execute(still).one()))
                    if heard - open_ >= len(self.said) - most_open:
                        return
                self.crowd.keep()
                await asyncio.sleep(0.5)

    async def until_they_listen(self) -> None:
        """Both cursors are there, so that nothing said from now on is older than the bot."""
        async with asyncio.timeout(60):
            while [await self.journal.cursor(f"阿梗@{name}") for name in self.stages].count(None):
                self.crowd.keep()
                await asyncio.sleep(0.2)


async def play(plan: Round) -> Audit:
    """One round from the start of the servers to the audit."""
    async with AsyncExitStack() as stack:
        rig = await _open(plan, stack)
        for role in ROLES:
            rig.crowd.start(role)
        await rig.until_they_listen()
        await rig.trouble()
        try:
            await rig.quiet()
        except TimeoutError:
            rig.done["never quiet"] = 1
        replies = await read_replies(rig.session, rig.stages["forgetful"], rig.folder / "plaza")
        return await audit(rig.journal, rig.said, replies, rig.proxies, rig.done, rig.crowd.ended, faults=plan.faults)


async def _open(plan: Round, stack: AsyncExitStack) -> Rig:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jiegeng-rig-", dir="/tmp")))
    session = await stack.enter_async_context(aiohttp.ClientSession())
    redis_url = await stack.enter_async_context(_redis(folder) if plan.redis else _valkey(folder))
    database_url = stack.enter_context(postgres()) if plan.postgres else f"sqlite:///{folder / 'journal.sqlite3'}"

    proxies, stages, ports = {}, {}, {}
    for name in ("plaza", "forgetful"):
        port, ports[name] = free_port(), free_port()
        stages[name] = f"http://127.0.0.1:{port}"
        stack.enter_context(_stage(name, folder / name, port))
        proxies[name] = Proxy(name, stages[name], plan.seed)
        await _until_open(session, stages[name])
        await proxies[name].open(ports[name])
        stack.push_async_callback(proxies[name].close)

    crowd = Crowd(folder, _settings(folder, redis_url, database_url, ports) | {"RIG_MUTANT": plan.mutant})
    stack.callback(crowd.end)
    database = await open_database(database_url)
    stack.push_async_callback(database.close)
    redis = Redis.from_url(redis_url)
    stack.push_async_callback(redis.aclose)
    return Rig(plan, folder, crowd, proxies, stages, Episodes(database), redis, session)


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


@asynccontextmanager
async def _valkey(folder: Path) -> AsyncIterator[str]:
    server = EmbeddedValkey(folder / "valkey")
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()


@asynccontextmanager
async def _redis(folder: Path) -> AsyncIterator[str]:
    socket = folder / "redis.sock"
    words = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as server:
        try:
            async with asyncio.timeout(20):
                while not socket.exists():
                    await asyncio.sleep(0.05)
            yield f"unix://{socket}"
        finally:
            server.terminate()


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind, default in (("mentions", int, 200), ("kills", int, 12), ("seed", int, 7), ("seconds", float, 60.0)):
        parser.add_argument(f"--{name}", type=kind, default=default)
    for name in ("redis", "postgres"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--mutant", choices=list(MUTANTS), default="", help="a build that the audit has to catch")
    parser.add_argument("--no-faults", dest="faults", action="store_false")
    result = asyncio.run(play(Round(**vars(parser.parse_args()))))
    print(result.table())  # noqa: T201 - the table is what the command is for
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
