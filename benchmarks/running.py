"""A bot under load and the figures of each part of the load: CPU, own time, memory, loop, growth of the stores."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import asyncpg
import psutil
from rich.console import Console
from rich.progress import Progress

from tests.servers.postgres import postgres

ROOT = Path(__file__).resolve().parent.parent
console = Console(width=None if sys.stdout.isatty() else 150)


def start(*command: str, stderr: Any = subprocess.PIPE, **env: str) -> subprocess.Popen[bytes]:
    """A Python process of its own, that sees none of our settings but `env`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("JIEGENG_", "OPENAI_"))}
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environ | env,
        stdout=subprocess.PIPE,
        stderr=stderr,
        stdin=subprocess.DEVNULL,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tree(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def name_of(process: psutil.Process) -> str:
    """Whose figures these are: the bot's, those of who takes in cards for it, or a store's."""
    if "bot.librarian" in process.cmdline():
        return "librarian"
    return next((name for name in ("valkey", "postgres") if name in process.name()), "bot")


def cpu_of(processes: Sequence[psutil.Process]) -> dict[str, float]:
    """CPU seconds so far, user and system, by whose they are.

    What children spent that have ended since (PostgreSQL's backends) stays with the parent that waited for them: the
    difference of two looks loses nothing and counts nothing twice. Of the bot's children only librarians end.
    """
    spent: Counter[str] = Counter()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            name, times = name_of(process), process.cpu_times()
            spent[name] += times.user + times.system
            spent["librarian" if name == "bot" else name] += times.children_user + times.children_system
    return dict(spent)


def memory_of(processes: Sequence[psutil.Process]) -> dict[str, float]:
    """Megabytes by process, each page shared out among those who share it (proportional set size)."""
    sizes: Counter[str] = Counter()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            command = " ".join(process.cmdline())
            name = "plaza" if " plaza " in command else "worker 2" if "--role work" in command else name_of(process)
            sizes[name] += process.memory_full_info().pss / 2**20
    return dict(sizes)


def own_memory(bot: subprocess.Popen[bytes]) -> float:
    """Megabytes that only the bot's first process holds (unique set size)."""
    return float(psutil.Process(bot.pid).memory_full_info().uss) / 2**20


@dataclass(frozen=True)
class Case:
    """One way of running the bot: how many workers, on which database; `settings` on top of settings_of."""

    name: str
    workers: int
    count: int
    sampled: int = 0
    postgres: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


def settings_of(folder: Path, url: str, database: str) -> dict[str, str]:
    return {
        "JIEGENG_DATA": str(folder),
        "JIEGENG_DATABASE_URL": database,
        "JIEGENG_PLAZA": "false",
        "JIEGENG_PORT": str(free_port()),
        "JIEGENG_HTTP_URL": url,
        "JIEGENG_HTTP_TOKEN": "t",
        "JIEGENG_LLM_BASE_URL": f"{url}/v1",
        "JIEGENG_LLM_API_KEY": "k",
        "JIEGENG_LLM_MODEL": "stub",
        "JIEGENG_PER_MINUTE": "1000000",
        "JIEGENG_FAMILY_USES": "100000000",
        "JIEGENG_COOL_REPLIES": "1000",
        "JIEGENG_BACKLOG": "1000000",
        "JIEGENG_AT_ONCE": "256",
        "JIEGENG_LOG_LEVEL": "WARNING",
    }


Ended = Callable[[], bool]


class Seen(NamedTuple):
    """One look at the other side: when, and how many mentions were made and answered by then."""

    at: float
    born: int
    posted: int


@dataclass
class Running:
    """A bot that runs, and what was asked of it so far."""

    case: Case
    folder: Path
    url: str
    database: str
    server: psutil.Process | None
    bot: subprocess.Popen[bytes]
    session: aiohttp.ClientSession
    progress: Progress
    asked: int = 0

    def whole(self) -> list[psutil.Process]:
        """All processes that are counted: the bot's with its Valkey, and PostgreSQL's."""
        server = [] if self.server is None else [self.server, *self.server.children(recursive=True)]
        return [*tree(self.bot), *server]

    async def warm_up(self) -> None:
        await self.ask("warming up", 40, 100)

    async def ask(self, what: str, rate: float, count: int, until: Ended | None = None) -> list[Seen]:
        """Have so many more mentions made and answered; no more are made as soon as `until` holds."""
        seen: list[Seen] = []
        what, last = f"{self.case.name}: {what}", self.asked + count
        await drive(self.session, self.url, rate, last, self.asked, self.progress, what, seen, until)
        self.asked += seen[-1].born
        return seen

    async def measure(
        self, what: str, rate: float, count: int, *, sampled: int = 0, until: Ended | None = None
    ) -> dict[str, Any]:
        """One part of the load and its figures; then `sampled` more replies during which the stacks are looked at.

        With `until` the part ends as soon as that holds, and the stacks are looked at all the time.
        """
        out, begin = self.folder / "watch.json", self.asked
        await look(self.bot, out)  # begins anew: how late the loop was before does not count
        before, kept, held = cpu_of(self.whole()), await self.stored(), own_memory(self.bot)
        began = time.monotonic()
        if until is not None:
            self.bot.send_signal(signal.SIGUSR1)
        seen = await self.ask(what, rate, count, until)
        seconds, count = time.monotonic() - began, self.asked - begin
        after, grown, memory = cpu_of(self.whole()), await self.stored(), memory_of(self.whole())
        holds, watched = own_memory(self.bot), await look(self.bot, out)
        profile = watched
        if sampled:
            self.bot.send_signal(signal.SIGUSR1)
            await self.ask(f"profile of {what}", rate, sampled)
            profile = await look(self.bot, out)
        spent = {name: (after[name] - before.get(name, 0.0)) * 1000 / count for name in after}
        return {
            "cpu": spent,
            "cpu_ms": sum(spent.values()),
            "count": count,
            "seconds": seconds,
            **pace_of(seen, rate),
            "memory": memory,
            "own_memory": {"before": held, "after": holds},
            "late_p95_ms": watched["late_p95_ms"],
            "late_max_ms": watched["late_max_ms"],
            "stalls": watched["stalls"],
            "growth_kb": {name: (grown[name] - kept[name]) / 1024 / count for name in grown},
            "profile": profile,
            **await self.own_time(range(begin, begin + count)),
        }

    async def stored(self) -> dict[str, float]:
        """Bytes: Valkey's memory and its append-only file, the journal, its WAL (PostgreSQL: all ever written)."""
        sizes = {
            "valkey": sum(p.memory_info().rss for p in tree(self.bot) if "valkey" in p.name()),
            "valkey file": sum(file.stat().st_size for file in (self.folder / "valkey").rglob("*") if file.is_file()),
        }
        if not self.database:
            files = {"journal": "journal.sqlite3", "WAL": "journal.sqlite3-wal"}
            return sizes | {name: (self.folder / file).stat().st_size for name, file in files.items()}
        connection = await asyncpg.connect(self.database)
        row = await connection.fetchrow(
            "SELECT pg_database_size(current_database()), pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"
        )
        await connection.close()
        return sizes | {"journal": float(row[0]), "WAL": float(row[1])}

    async def own_time(self, numbers: range) -> dict[str, Any]:
        """Milliseconds from mention stored to reply posted, less the model's; percentiles over some mentions.

        The model stamps its own time. What our client takes to ask it, and how late we notice its answer, is ours.
        """
        async with self.session.get(f"{self.url}/model") as answer:
            stamped = await answer.json()
        if stamped["strange"]:
            console.print(f"{stamped['strange']} calls of the model fit no mention: own time is too long")
        rows = await rows_of(self.folder / "journal.sqlite3", self.database)
        mine = [
            (key.rpartition(":")[2], state, took)
            for key, state, took in rows
            if int(key.rpartition(":m")[2]) in numbers
        ]
        own = sorted(
            (took - stamped["seconds"].get(name, 0.0)) * 1000 for name, state, took in mine if state == "posted"
        )
        return {
            **{f"p{share}": own[min(len(own) - 1, len(own) * share // 100)] if own else 0.0 for share in (50, 95, 99)},
            "own_max": own[-1] if own else 0.0,
            "states": dict(Counter(state for _, state, _ in mine)),
        }


ROWS = "SELECT key, state, posted_at - heard_at FROM episodes"


async def rows_of(journal: Path, database: str) -> list[tuple[str, str, float]]:
    """Key, state and seconds from stored to posted of every mention."""
    if database:
        connection = await asyncpg.connect(database)
        rows = [tuple(row) for row in await connection.fetch(ROWS)]
        await connection.close()
        return rows
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as file:
        return file.execute(ROWS).fetchall()


@asynccontextmanager
async def running(case: Case, folder: Path, url: str, progress: Progress) -> AsyncIterator[Running]:
    """A bot with its stores in `folder`, watched from inside, up and told so; gone afterwards."""
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{url}/reset"):
            pass
        with server_of(case) as (database, server):
            folder.mkdir(parents=True)
            said = folder / "bot.log"
            command = ("-m", "benchmarks.sample", str(folder / "watch.json"), "run", "--workers", str(case.workers))
            with said.open("wb") as log:
                bot = start(*command, stderr=log, **settings_of(folder, url, database) | case.settings)
            try:
                await wait_until_told(said, bot)
                yield Running(case, folder, url, database, server, bot, session, progress)
            finally:
                end(bot, said)


def end(bot: subprocess.Popen[bytes], said: Path) -> None:
    """Stop the bot, and show what it said if that tells of a bug."""
    bot.terminate()
    bot.communicate(timeout=60)
    told = said.read_text()
    if "a bug" in told or "Traceback" in told:
        console.print(told[-3000:], markup=False)


async def sustained(case: Case, folder: Path, url: str, rate: float, progress: Progress) -> dict[str, Any]:
    """A bot of its own for one case: warmed up, then `case.count` mentions at `rate`."""
    async with running(case, folder, url, progress) as bot:
        await bot.warm_up()
        return await bot.measure("replies", rate, case.count, sampled=case.sampled)


@contextmanager
def server_of(case: Case) -> Iterator[tuple[str, psutil.Process | None]]:
    """The database's URL (empty: SQLite in the data folder) and the process of its server, if it has one."""
    if not case.postgres:
        yield "", None
        return
    with postgres() as url:
        mine = psutil.Process().children(recursive=True)
        yield url, next(process for process in mine if process.name() == "postgres" and process.ppid() == os.getpid())


async def look(bot: subprocess.Popen[bytes], out: Path) -> dict[str, Any]:
    """Ask the watch inside the bot for what it saw since it was asked last."""
    out.unlink(missing_ok=True)
    bot.send_signal(signal.SIGUSR2)
    for _ in range(400):
        if out.exists():
            return dict(json.loads(out.read_text()))
        await asyncio.sleep(0.05)
    raise SystemExit("the watch inside the bot does not answer")


async def wait_until_told(said: Path, bot: subprocess.Popen[bytes]) -> None:
    """The bot tells its addresses when all of it is up, every worker included."""
    for _ in range(1200):
        if "/sign-in?token=" in said.read_text():
            return
        if bot.poll() is not None:
            break
        await asyncio.sleep(0.1)
    raise SystemExit(f"the bot did not come up: {said.read_text()[-2000:]}")


async def drive(
    session: aiohttp.ClientSession,
    url: str,
    rate: float,
    total: int,
    already: int,
    progress: Progress,
    what: str,
    seen: list[Seen] | None = None,
    until: Ended | None = None,
) -> int:
    """Have mentions made and answered up to `total`; returns how many were answered when ten seconds brought none.

    `seen` takes each look, counted from `already`. As soon as `until` holds no more are made.
    """
    task = progress.add_task(what, total=total - already)
    async with session.post(f"{url}/go", json={"rate": rate, "total": total, "already": already}):
        pass
    quiet = 0
    last = -1
    while quiet < 40:
        async with session.get(f"{url}/count") as answer:
            body = await answer.json()
        progress.update(task, completed=body["posted"] - already)
        if seen is not None:
            seen.append(Seen(time.monotonic(), body["born"] - already, body["posted"] - already))
        if until is not None and until():
            total, until = body["born"], None
            async with session.post(f"{url}/go", json={"rate": rate, "total": total, "already": total}):
                pass
        if body["posted"] >= total:
            return total
        quiet = quiet + 1 if body["posted"] == last and body["born"] >= total else 0
        last = body["posted"]
        await asyncio.sleep(0.25)
    return last


SETTLED = 3.0  # seconds after which the first replies are there, and as many come as go if the bot keeps up


def pace_of(seen: Sequence[Seen], rate: float) -> dict[str, float]:
    """Replies a second; how many mentions were open at the end of the arrivals, and how many more each second.

    While mentions arrive both are slopes (least squares) from SETTLED on. Where all came at once nothing is steady:
    then it is the pace of the middle half, so that neither the first model calls nor the slowest ones count.
    """
    total = max(look.born for look in seen)
    steady = [look for look in seen if look.at >= seen[0].at + SETTLED and look.born < total]
    backlog = float(steady[-1].born - steady[-1].posted) if steady else 0.0
    asked = {"rate": rate, "backlog": backlog}
    if len(steady) < 8:
        return asked | {"achieved": _middle(seen), "backlog_slope": 0.0}
    times = [look.at for look in steady]
    slope = lambda values: statistics.linear_regression(times, values).slope  # noqa: E731
    growth = slope([float(look.born - look.posted) for look in steady])
    return asked | {"achieved": slope([float(look.posted) for look in steady]), "backlog_slope": growth}


def _middle(seen: Sequence[Seen]) -> float:
    most = seen[-1].posted
    begin = next(look for look in seen if look.posted >= most / 4)
    end = next(look for look in seen if look.posted >= most * 3 / 4)
    if end.at <= begin.at:
        begin, end = seen[0], seen[-1]
    return (end.posted - begin.posted) / max(end.at - begin.at, 0.25)
