"""Prints every figure of the README about speed and size, with both floors measured in the same run.

make bench                                   the whole table, under five minutes
make bench ARGS="--count 300"                a quick look
make bench ARGS="--profile profile.txt"      and where the time goes, by function
make bench ARGS="--long --mentions 200000"   only the memory of a worker, over half an hour
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import asyncpg
import psutil
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tests.servers.postgres import find_postgres, postgres

ROOT = Path(__file__).resolve().parent.parent
console = Console(width=None if sys.stdout.isatty() else 150)


def start(*command: str, stderr: Any = subprocess.PIPE, **env: str) -> subprocess.Popen[bytes]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JIEGENG_")}
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


def cpu_of(processes: list[psutil.Process]) -> dict[str, float]:
    spent: dict[str, float] = {}
    for process in processes:
        times = process.cpu_times()
        ended = times.children_user + times.children_system  # of children that are gone, such as PostgreSQL's backends
        name = next((name for name in ("valkey", "postgres") if name in process.name()), "bot")
        spent[name] = spent.get(name, 0.0) + times.user + times.system + ended
    return spent


def memory_of(processes: list[psutil.Process]) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for process in processes:
        command = " ".join(process.cmdline())
        name = next((name for name in ("valkey", "postgres") if name in process.name()), "bot")
        name = "plaza" if " plaza " in command else "worker 2" if "--role work" in command else name
        sizes[name] = sizes.get(name, 0.0) + process.memory_full_info().pss / 2**20
    return sizes


async def first_answer(folder: Path) -> tuple[float, float, dict[str, float]]:
    """Seconds from `jiegeng run` to the first answer, of which from post to reply, and the idle memory of the tree."""
    plaza = free_port()
    ports = {"JIEGENG_PLAZA_PORT": str(plaza), "JIEGENG_PORT": str(free_port()), "JIEGENG_DATA": str(folder)}
    began = time.monotonic()
    bot = start("-m", "bot", "run", **ports)
    base = f"http://127.0.0.1:{plaza}"
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            posted = None
            while posted is None and time.monotonic() - began < 180:
                try:
                    posted = await say(session, base, "@阿梗 周一早上地铁挤成照片了")
                except aiohttp.ClientError:
                    await asyncio.sleep(0.02)
            asked = time.monotonic()
            while not await answered(session, base, posted):
                if time.monotonic() - asked > 180:
                    raise SystemExit("the plaza was not answered within three minutes")
                await asyncio.sleep(0.02)
            done = time.monotonic()
        await asyncio.sleep(3)
        return done - began, done - asked, memory_of(tree(bot))
    finally:
        bot.terminate()
        bot.communicate(timeout=40)


async def say(session: aiohttp.ClientSession, base: str, text: str) -> str:
    async with session.post(f"{base}/api/posts", json={"text": text}) as answer:
        answer.raise_for_status()
        return str((await answer.json())["id"])


async def answered(session: aiohttp.ClientSession, base: str, post: str | None) -> bool:
    async with session.get(f"{base}/api/posts/{post}") as answer:
        body = await answer.json()
    return any(comment["author"]["bot"] for comment in body["post"]["comments"])


@dataclass(frozen=True)
class Case:
    """One way of running the bot: how many workers, on which database."""

    name: str
    workers: int
    count: int
    sampled: int = 0
    postgres: bool = False


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


async def sustained(case: Case, folder: Path, url: str, rate: float, progress: Progress) -> dict[str, Any]:
    """Open-loop mentions through listener, journal, Valkey, worker and model to the sink; CPU summed over the tree."""
    await reset(url)
    with server_of(case) as (database, server):
        folder.mkdir(parents=True)
        out = folder / "watch.json"
        command = ("-m", "benchmarks.sample", str(out), "run", "--workers", str(case.workers))
        said = folder / "bot.log"
        with said.open("wb") as log:
            bot = start(*command, stderr=log, **settings_of(folder, url, database))

        def whole() -> list[psutil.Process]:
            return [*tree(bot), *([] if server is None else [server, *server.children(recursive=True)])]

        try:
            async with aiohttp.ClientSession() as session:
                await wait_until_told(said)
                await drive(session, url, min(rate, 20), 100, 0, progress, f"{case.name}: warming up")
                await look(bot, out)  # begins anew: how late the loop was at the start does not count
                before, kept = cpu_of(whole()), stored(folder, bot)
                last = 100 + case.count
                seen: list[tuple[float, int]] = []
                await drive(session, url, rate, last, 100, progress, f"{case.name}: replies", seen)
                after, grown, memory = cpu_of(whole()), stored(folder, bot), memory_of(whole())
                watched = await look(bot, out)
                profile: dict[str, Any] = {}
                if case.sampled:
                    bot.send_signal(signal.SIGUSR1)
                    await drive(session, url, rate, last + case.sampled, last, progress, f"{case.name}: profile")
                    profile = await look(bot, out)
        finally:
            bot.terminate()
            bot.communicate(timeout=60)
            told = said.read_text()
            if "a bug" in told or "Traceback" in told:
                console.print(told[-3000:], markup=False)
        spent = {name: (after[name] - before.get(name, 0.0)) * 1000 / case.count for name in after}
        return {
            "cpu": spent,
            "cpu_ms": sum(spent.values()),
            "rate": rate,
            "achieved": pace_of(seen),
            "memory": memory,
            "late_p95_ms": watched["late_p95_ms"],
            "late_max_ms": watched["late_max_ms"],
            "growth_kb": {name: (grown[name] - kept[name]) / 1024 / case.count for name in grown},
            "profile": profile,
            **await own_time(folder / "journal.sqlite3", database, 100, case.count),
        }


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
    for _ in range(200):
        if out.exists():
            return dict(json.loads(out.read_text()))
        await asyncio.sleep(0.05)
    raise SystemExit("the watch inside the bot does not answer")


def stored(folder: Path, bot: subprocess.Popen[bytes]) -> dict[str, float]:
    """Bytes: Valkey's memory, its append-only file, and journal with WAL."""
    return {
        "valkey": sum(p.memory_info().rss for p in tree(bot) if "valkey" in p.name()),
        "valkey file": sum(file.stat().st_size for file in (folder / "valkey").rglob("*") if file.is_file()),
        "journal and WAL": sum(file.stat().st_size for file in folder.glob("journal.sqlite3*")),
    }


async def wait_until_told(said: Path) -> None:
    """The bot tells its addresses when all of it is up, every worker included."""
    for _ in range(1200):
        if "/sign-in?token=" in said.read_text():
            return
        await asyncio.sleep(0.1)
    raise SystemExit(f"the bot did not come up within two minutes: {said.read_text()[-2000:]}")


async def drive(
    session: aiohttp.ClientSession,
    url: str,
    rate: float,
    total: int,
    already: int,
    progress: Progress,
    what: str,
    seen: list[tuple[float, int]] | None = None,
) -> int:
    """Have mentions made and answered up to `total`; returns how many were answered when ten seconds brought none.

    `seen` takes the seconds and the replies so far of each look.
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
            seen.append((time.monotonic(), body["posted"] - already))
        if body["posted"] >= total:
            return total
        quiet = quiet + 1 if body["posted"] == last and body["born"] >= total else 0
        last = body["posted"]
        await asyncio.sleep(0.25)
    return last


def pace_of(seen: list[tuple[float, int]]) -> float:
    """Replies a second over the middle half, so that neither the first model calls nor the slowest ones count."""
    most = seen[-1][1]
    begin = next(look for look in seen if look[1] >= most / 4)
    end = next(look for look in seen if look[1] >= most * 3 / 4)
    if end[0] <= begin[0]:
        begin, end = seen[0], seen[-1]
    return (end[1] - begin[1]) / max(end[0] - begin[0], 0.25)


OWN_TIME = "SELECT posted_at - heard_at, draft FROM episodes WHERE state = 'posted' ORDER BY heard_at, key"
STATES = "SELECT state, count(*) FROM episodes GROUP BY state"


async def own_time(journal: Path, database: str, skip: int, count: int) -> dict[str, Any]:
    """Milliseconds from mention stored to reply posted, less the model's own; percentiles over posted episodes."""
    if database:
        connection = await asyncpg.connect(database)
        rows, states = await connection.fetch(OWN_TIME), dict(await connection.fetch(STATES))
        await connection.close()
    else:
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as file:
            rows, states = file.execute(OWN_TIME).fetchall(), dict(file.execute(STATES).fetchall())
    counted = rows[skip : skip + count]
    own = sorted((whole - json.loads(draft or "{}").get("seconds", 0.0)) * 1000 for whole, draft in counted)
    if not own:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0, "states": states}
    pick = lambda share: own[min(len(own) - 1, int(len(own) * share))]  # noqa: E731
    return {"p50": pick(0.5), "p95": pick(0.95), "p99": pick(0.99), "states": states}


def run_floor(kind: str, url: str, count: int) -> dict[str, float]:
    process = start("-m", "benchmarks.floors", kind, url, str(count))
    out, err = process.communicate(timeout=280)
    if process.returncode:
        raise SystemExit(err.decode()[-2000:])
    return dict(json.loads(out.decode().splitlines()[-1]))


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=1500, help="replies that are counted")
    options.add_argument("--rate", type=float, default=0, help="mentions a second; 0: half of what one core carries")
    options.add_argument("--long", action="store_true", help="only the memory of a worker after --mentions")
    options.add_argument("--mentions", type=int, default=200_000, help="how many mentions --long answers")
    options.add_argument("--json", type=Path, default=ROOT / "benchmarks/out/loop.json", help="where the figures go")
    options.add_argument("--profile", type=Path, help="where the profile by function goes, as text")
    wanted = options.parse_args()
    stage = start("-m", "benchmarks.stage")
    assert stage.stdout is not None
    url = f"http://127.0.0.1:{json.loads(stage.stdout.readline())['port']}"
    try:
        with (
            TemporaryDirectory(prefix="bench-") as name,
            Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console) as progress,
        ):
            if wanted.long:
                figures: dict[str, Any] = {"long": await endure(Path(name) / "long", url, wanted.mentions, progress)}
            else:
                figures = await measure(Path(name), url, wanted, progress)
    finally:
        stage.terminate()
        stage.communicate(timeout=10)
    console.print(report_long(figures["long"]) if wanted.long else report(figures))
    wanted.json.parent.mkdir(parents=True, exist_ok=True)
    target = wanted.json.with_name("long.json") if wanted.long else wanted.json
    target.write_text(json.dumps(figures, indent=2, ensure_ascii=False))
    if wanted.profile and not wanted.long:
        wanted.profile.write_text(profile_of(figures))


async def measure(folder: Path, url: str, wanted: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Start, both floors, and every case."""
    load = os.getloadavg()[0]
    task = progress.add_task("start to first answer, cold", total=2)
    cold = await first_answer(folder / "run")
    progress.update(task, completed=1, description="start to first answer, warm")
    warm = await first_answer(folder / "run")
    progress.update(task, completed=2)
    floors = {}
    for kind in ("naive", "lean"):
        task = progress.add_task(f"floor: {kind}", total=1)
        floors[kind] = run_floor(kind, url, min(wanted.count, 600))
        progress.update(task, completed=1)
    rate, most = wanted.rate, None
    if not rate:
        most = await sustained(Case("how much it carries", 1, 1000), folder / "rate", url, 1000, progress)
        rate = max(5.0, round(most["achieved"] / 2))
    less = max(200, wanted.count // 3)
    cases = [
        Case("SQLite, 1 worker", 1, wanted.count, min(600, wanted.count)),
        Case("SQLite, 2 workers", 2, less),
        *((Case("PostgreSQL, 1 worker", 1, less, postgres=True),) if has_postgres() else ()),
    ]
    found = {}
    for number, case in enumerate(cases):
        found[case.name] = await sustained(case, folder / f"case{number}", url, rate, progress)
    if most is not None:
        found["SQLite, 1 worker, all it carries"] = most
    return {
        "machine": machine(),
        "load": load,
        "start": {"cold_s": cold[0], "warm_s": warm[0], "idle_mb": warm[2]},
        "floors": floors,
        "cases": found,
        "postgres": has_postgres(),
    }


async def endure(folder: Path, url: str, mentions: int, progress: Progress) -> dict[str, Any]:
    """How the memory of a worker grows over very many mentions, in twenty looks."""
    folder.mkdir(parents=True)
    said = folder / "bot.log"
    with said.open("wb") as log:
        bot = start("-m", "bot", "run", stderr=log, **settings_of(folder, url, ""))
    sizes: list[tuple[int, float]] = []
    try:
        async with aiohttp.ClientSession() as session:
            await wait_until_told(said)
            for part in range(20):
                begin, last = mentions * part // 20, mentions * (part + 1) // 20
                answered = 0
                while answered < last:  # a busy machine may stand still for a while
                    since = max(begin, answered)
                    answered = await drive(session, url, 300, last, since, progress, f"mentions to {last:,}")
                sizes.append((answered, psutil.Process(bot.pid).memory_full_info().uss / 2**20))
                console.print(f"{answered:,} replies: {sizes[-1][1]:.1f} MB")
    finally:
        bot.terminate()
        bot.communicate(timeout=60)
    return {"sizes": sizes, "growth": sizes[-1][1] / sizes[9][1] - 1}


async def reset(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{url}/reset"):
        pass


def has_postgres() -> bool:
    try:
        find_postgres()
    except RuntimeError:
        return False
    return True


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{psutil.cpu_count()} cores of {model}, {platform.system()}, Python {platform.python_version()}"


def stages_of(case: dict[str, Any]) -> dict[str, float]:
    """Milliseconds a reply by stage: the sampled shares of what the bot's processes spent without being looked at."""
    seen = case["profile"]["stages"]
    whole = sum(seen.values()) or 1.0
    return {name: seconds / whole * case["cpu"]["bot"] for name, seconds in sorted(seen.items(), key=lambda x: -x[1])}


def report(figures: dict[str, Any]) -> Group:
    main_case = next(iter(figures["cases"].values()))
    floors, whole = figures["floors"], main_case["cpu_ms"]
    stages = stages_of(main_case)
    minds = sum(stages.get(name, 0.0) for name in ("read", "recall", "check"))
    table = Table(title=f"jiegeng bench · {figures['machine']} · load before it {figures['load']:.1f}")
    table.add_column("figure")
    table.add_column("value", justify="right")
    add = table.add_row
    add("start of `jiegeng run` → first answer, first start / later", both(figures["start"], "cold_s", "warm_s", "s"))
    for name, size in figures["start"]["idle_mb"].items():
        add(f"idle memory, {name} (proportional set size)", f"{size:.0f} MB")
    add("idle memory, whole tree", f"{sum(figures['start']['idle_mb'].values()):.0f} MB")
    add("CPU a reply, all our processes with the stores", f"{whole:.2f} ms")
    add("  of it reading, recall and screening together", f"{minds:.2f} ms")
    for kind, floor in floors.items():
        add(f"{kind} floor", f"{floor['cpu_ms']:.2f} ms")
        add(f"ours ÷ {kind} floor", f"{whole / floor['cpu_ms']:.2f}")
        add(f"the rest (without reading, recall, screening) ÷ {kind} floor", f"{(whole - minds) / floor['cpu_ms']:.2f}")
    add("replies a core and day at that cost", f"{86400 / (whole / 1000) / 1e6:.1f} million")
    for name, spent in stages.items():
        add(f"  stage {name}", f"{spent:.2f} ms")
    add("  store valkey", f"{main_case['cpu'].get('valkey', 0):.2f} ms")
    for name, grown in main_case["growth_kb"].items():
        add(f"growth a reply, {name}", f"{grown:.2f} kB")
    add("durability", "SQLite WAL, synchronous=FULL; PostgreSQL synchronous_commit=on; Valkey appendfsync everysec")
    return Group(table, cases_of(figures["cases"], postgres=figures["postgres"]), Text(profile_of(figures, most=15)))


def cases_of(cases: dict[str, Any], *, postgres: bool) -> Table:
    table = Table(
        title="at half of what one worker carried on this machine, as busy as it was"
        + ("" if postgres else "; no PostgreSQL here")
    )
    for name in (
        "case",
        "asked/s",
        "done/s",
        "CPU ms",
        "own p50/p95/p99 ms",
        "loop late p95/max ms",
        "memory MB",
        "states",
    ):
        table.add_column(name)
    for name, case in cases.items():
        table.add_row(
            name,
            f"{case['rate']:.0f}",
            f"{case['achieved']:.0f}",
            f"{case['cpu_ms']:.2f} ({', '.join(f'{who} {spent:.2f}' for who, spent in case['cpu'].items())})",
            f"{case['p50']:.0f} / {case['p95']:.0f} / {case['p99']:.0f}",
            f"{case['late_p95_ms']:.1f} / {case['late_max_ms']:.0f}",
            ", ".join(f"{who} {size:.0f}" for who, size in case["memory"].items()),
            ", ".join(f"{state} {count}" for state, count in sorted(case["states"].items())),
        )
    return table


def profile_of(figures: dict[str, Any], most: int = 60) -> str:
    case = next(iter(figures["cases"].values()))
    seen = case["profile"]["functions"]
    whole = sum(case["profile"]["stages"].values()) or 1.0
    lines = [f"{seconds / whole:6.1%}  {name}" for name, seconds in list(seen.items())[:most]]
    return "\n".join(["where the bot's CPU time goes, by our innermost function:", *lines])


def report_long(found: dict[str, Any]) -> Table:
    table = Table(title=f"memory of a worker · {machine()}")
    table.add_column("mentions", justify="right")
    table.add_column("MB (unique set size)", justify="right")
    for mentions, size in found["sizes"]:
        table.add_row(f"{mentions:,}", f"{size:.1f}")
    table.add_row("growth over the last half", f"{found['growth']:.1%}")
    return table


def both(values: dict[str, float], one: str, other: str, unit: str) -> str:
    return f"{values[one]:.1f} / {values[other]:.1f} {unit}"


if __name__ == "__main__":
    asyncio.run(main())
