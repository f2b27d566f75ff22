"""Prints every figure of the README about speed and size, with both floors measured in the same run.

make bench                    the whole table, about two minutes
make bench ARGS="--count 300" a quick look
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import psutil
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
console = Console()


def start(*command: str, **env: str) -> subprocess.Popen[bytes]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JIEGENG_")}
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def tree(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def cpu_of(processes: list[psutil.Process]) -> dict[str, float]:
    spent: dict[str, float] = {}
    for process in processes:
        times = process.cpu_times()
        name = "valkey" if "valkey" in process.name() else "bot"
        spent[name] = spent.get(name, 0.0) + times.user + times.system
    return spent


def memory_of(processes: list[psutil.Process]) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for process in processes:
        command = " ".join(process.cmdline())
        name = "valkey" if "valkey" in process.name() else "plaza" if " plaza " in command else "bot"
        sizes[name] = sizes.get(name, 0.0) + process.memory_full_info().pss / 2**20
    return sizes


async def first_answer(folder: Path) -> tuple[float, float, dict[str, float]]:
    """Seconds from `jiegeng run` to the first answer, of which from post to reply, and the idle memory of the tree."""
    ports = {"JIEGENG_PLAZA_PORT": "18700", "JIEGENG_PORT": "18701", "JIEGENG_DATA": str(folder)}
    began = time.monotonic()
    bot = start("-m", "bot", "run", **ports)
    base = "http://127.0.0.1:18700"
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            posted = None
            while posted is None and time.monotonic() - began < 60:
                try:
                    posted = await say(session, base, "@阿梗 周一早上地铁挤成照片了")
                except aiohttp.ClientError:
                    await asyncio.sleep(0.02)
            asked = time.monotonic()
            while not await answered(session, base, posted):
                if time.monotonic() - asked > 30:
                    raise SystemExit("the plaza was not answered within 30 s")
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


async def sustained(folder: Path, url: str, rate: float, count: int, progress: Progress) -> dict[str, Any]:
    """Open-loop mentions through listener, journal, Valkey, worker and model to the sink; CPU summed over the tree."""
    settings = {
        "JIEGENG_DATA": str(folder),
        "JIEGENG_PLAZA": "false",
        "JIEGENG_PORT": "18702",
        "JIEGENG_HTTP_URL": url,
        "JIEGENG_HTTP_TOKEN": "t",
        "JIEGENG_LLM_BASE_URL": f"{url}/v1",
        "JIEGENG_LLM_API_KEY": "k",
        "JIEGENG_LLM_MODEL": "stub",
        "JIEGENG_PER_MINUTE": "1000000",
        "JIEGENG_AT_ONCE": "256",
        "JIEGENG_LOG_LEVEL": "WARNING",
    }
    bot = start("-m", "bot", "run", **settings)
    try:
        async with aiohttp.ClientSession() as session:
            await wait_for_pages(session, "http://127.0.0.1:18702/health")
            await asyncio.sleep(1.0)
            await drive(session, url, rate, 200, 0, progress, "warming up")
            before = cpu_of(tree(bot))
            base = 200
            await drive(session, url, rate, base + count, base, progress, "replies")
            after = cpu_of(tree(bot))
            memory = memory_of(tree(bot))
    finally:
        bot.terminate()
        _out, err = bot.communicate(timeout=40)
        if b"bug" in err:
            console.print(err.decode()[-3000:])
    spent = {name: (after[name] - before[name]) * 1000 / count for name in after}
    return {"cpu": spent, "memory": memory, **own_time(folder / "journal.sqlite3", base)}


async def wait_for_pages(session: aiohttp.ClientSession, url: str) -> None:
    for _ in range(600):
        try:
            async with session.get(url) as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the bot did not come up within a minute")


async def drive(
    session: aiohttp.ClientSession, url: str, rate: float, total: int, already: int, progress: Progress, what: str
) -> None:
    task = progress.add_task(what, total=total - already)
    async with session.post(f"{url}/go", json={"rate": rate, "total": total, "already": already}):
        pass
    quiet = 0
    last = -1
    while quiet < 40:
        async with session.get(f"{url}/count") as answer:
            body = await answer.json()
        progress.update(task, completed=body["posted"] - already)
        if body["posted"] >= total:
            return
        quiet = quiet + 1 if body["posted"] == last and body["born"] >= total else 0
        last = body["posted"]
        await asyncio.sleep(0.25)


def own_time(journal: Path, skip: int) -> dict[str, float]:
    """Milliseconds from mention stored to reply posted, less the model's own; percentiles over posted episodes."""
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT posted_at - heard_at, json_extract(draft, '$.seconds') FROM episodes "
            "WHERE state = 'posted' ORDER BY heard_at LIMIT -1 OFFSET ?",
            (skip,),
        ).fetchall()
        states = dict(connection.execute("SELECT state, count(*) FROM episodes GROUP BY state").fetchall())
    own = sorted((whole - (model or 0)) * 1000 for whole, model in rows)
    if not own:
        return {"posted": 0, "states": states}
    pick = lambda share: own[min(len(own) - 1, int(len(own) * share))]  # noqa: E731
    return {"p50": pick(0.5), "p95": pick(0.95), "p99": pick(0.99), "posted": len(own), "states": states}


def run_floor(kind: str, url: str, count: int) -> dict[str, float]:
    process = start("-m", "benchmarks.floors", kind, url, str(count))
    out, err = process.communicate(timeout=280)
    if process.returncode:
        raise SystemExit(err.decode()[-2000:])
    return dict(json.loads(out.decode().splitlines()[-1]))


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=2000, help="replies that are counted")
    options.add_argument("--rate", type=float, default=60, help="mentions a second")
    options.add_argument("--json", type=Path, default=ROOT / "benchmarks/out/loop.json", help="where the figures go")
    wanted = options.parse_args()
    stage = start("-m", "benchmarks.stage")
    assert stage.stdout is not None
    url = f"http://127.0.0.1:{json.loads(stage.stdout.readline())['port']}"
    try:
        with (
            TemporaryDirectory(prefix="bench-") as name,
            Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console) as progress,
        ):
            task = progress.add_task("start to first answer", total=1)
            whole, reply, idle = await first_answer(Path(name) / "run")
            progress.update(task, completed=1)
            loop = await sustained(Path(name) / "loop", url, wanted.rate, wanted.count, progress)
            floors = {}
            for kind in ("naive", "lean"):
                task = progress.add_task(f"floor: {kind}", total=1)
                floors[kind] = run_floor(kind, url, min(wanted.count, 1000))
                progress.update(task, completed=1)
    finally:
        stage.terminate()
        stage.communicate(timeout=10)
    figures = {"start_s": whole, "reply_s": reply, "idle_mb": idle, "loop": loop, "floors": floors}
    console.print(report(figures))
    wanted.json.parent.mkdir(parents=True, exist_ok=True)
    wanted.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False))


def report(figures: dict[str, Any]) -> Table:
    loop, floors = figures["loop"], figures["floors"]
    whole = sum(loop["cpu"].values())
    cpu = psutil.cpu_count()
    machine = (
        f"{platform.system()} {platform.machine()}, {cpu} cores, Python {platform.python_version()}, SQLite (WAL, FULL)"
    )
    table = Table(title=f"jiegeng bench · {machine}")
    table.add_column("figure")
    table.add_column("value", justify="right")
    add = table.add_row
    add("start of `jiegeng run` → first answer on the plaza", f"{figures['start_s']:.2f} s")
    add("of which post → answer", f"{figures['reply_s']:.2f} s")
    for name, size in figures["idle_mb"].items():
        add(f"idle memory, {name} (proportional set size)", f"{size:.0f} MB")
    add("idle memory, whole tree", f"{sum(figures['idle_mb'].values()):.0f} MB")
    for name, spent in loop["cpu"].items():
        add(f"CPU a reply, {name}", f"{spent:.2f} ms")
    add("CPU a reply, all our processes with the stores", f"{whole:.2f} ms")
    for kind, floor in floors.items():
        add(f"{kind} floor", f"{floor['cpu_ms']:.2f} ms")
        add(f"ours ÷ {kind} floor", f"{whole / floor['cpu_ms']:.2f}")
    add("replies a core and day at that cost", f"{86400 / (whole / 1000) / 1e6:.1f} million")
    add(
        "own time, stored → posted less the model: p50 / p95 / p99",
        f"{loop.get('p50', 0):.0f} / {loop.get('p95', 0):.0f} / {loop.get('p99', 0):.0f} ms",
    )
    add("episodes by state", ", ".join(f"{state} {count}" for state, count in sorted(loop["states"].items())))
    return table


if __name__ == "__main__":
    asyncio.run(main())
