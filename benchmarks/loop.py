"""Prints every figure of the README about speed and size, with both floors measured in the same run.

make bench                                   the whole table, under five minutes
make bench ARGS="--count 200 --sustain 10"   a quick look
make bench ARGS="--profile profile.txt"      and where the time goes, by function
make bench ARGS="--long --mentions 200000"   only the memory of a worker, over half an hour
make bench ARGS="--reload"                   only what it costs while 10,000 cards are taken in
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import psutil
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.endure import endure, report_long
from benchmarks.figures import as_json, markdown, profile_of, report, stages_of, summary
from benchmarks.reload import reloaded, report_reload
from benchmarks.running import ROOT, Case, console, free_port, memory_of, running, start, sustained, tree
from tests.servers.postgres import find_postgres

__all__ = ["Case", "stages_of", "start", "sustained"]

AIM = 140.0  # replies a second that one worker is to sustain
SAFE = 0.95  # of what it carries in a flood, where 256 replies go through together


async def first_answer(folder: Path, *, rest: float) -> tuple[float, float, dict[str, float]]:
    """Seconds from `jiegeng run` to the first answer, of which from post to reply; the tree's memory after a rest."""
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
        await asyncio.sleep(rest)
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


def run_floor(kind: str, url: str, count: int) -> dict[str, float]:
    process = start("-m", "benchmarks.floors", kind, url, str(count))
    out, err = process.communicate(timeout=280)
    if process.returncode:
        raise SystemExit(err.decode()[-2000:])
    return dict(json.loads(out.decode().splitlines()[-1]))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=900, help="replies that are counted at half load")
    parser.add_argument("--rate", type=float, default=0, help="mentions a second; 0: half of what one worker carries")
    parser.add_argument("--sustain", type=float, default=120, help="seconds of the sustained part; 0 leaves it out")
    parser.add_argument(
        "--sustain-rate", type=float, default=0, help=f"0: {SAFE} of what it carries, at most {AIM:.0f}"
    )
    parser.add_argument("--long", action="store_true", help="only the memory of a worker after --mentions")
    parser.add_argument("--mentions", type=int, default=200_000, help="how many mentions --long answers")
    parser.add_argument("--reload", action="store_true", help="only what it costs while --cards are taken in")
    parser.add_argument("--cards", type=int, default=10_000, help="how many cards --reload makes")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks/out/loop.json", help="where the figures go")
    parser.add_argument("--profile", type=Path, help="where the profile by function goes, as text")
    return parser.parse_args()


async def main() -> None:
    wanted = options()
    began = time.monotonic()
    wanted.json.parent.mkdir(parents=True, exist_ok=True)
    stage = start("-m", "benchmarks.stage")
    assert stage.stdout is not None
    url = f"http://127.0.0.1:{json.loads(stage.stdout.readline())['port']}"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with (
            TemporaryDirectory(prefix="bench-") as name,
            Progress(*columns, TimeRemainingColumn(), console=console) as progress,
        ):
            if wanted.long:
                await show_long(Path(name) / "long", url, wanted, progress)
            elif wanted.reload:
                await show_reload(Path(name) / "reload", url, wanted, progress)
            else:
                figures = await measure(Path(name), url, wanted, progress)
    finally:
        stage.terminate()
        stage.communicate(timeout=10)
    if not wanted.long and not wanted.reload:
        show(figures | {"seconds": time.monotonic() - began}, wanted)


def show(figures: dict[str, Any], wanted: argparse.Namespace) -> None:
    rows = summary(figures, wanted.json.parent)
    console.print(report(figures, rows))
    wanted.json.write_text(json.dumps({"summary": as_json(rows)} | figures, indent=2, ensure_ascii=False))
    wanted.json.with_suffix(".md").write_text(markdown(rows))
    if wanted.profile:
        wanted.profile.write_text(profile_of(figures))


async def show_long(folder: Path, url: str, wanted: argparse.Namespace, progress: Progress) -> None:
    target = wanted.json.with_name("long.json")
    found = await endure(folder, url, wanted.mentions, target, progress)
    console.print(report_long(found, machine()))


async def show_reload(folder: Path, url: str, wanted: argparse.Namespace, progress: Progress) -> None:
    rate = wanted.rate or await half_load(folder.with_name("rate"), url, progress)
    found = await reloaded(folder, url, rate, wanted.cards, wanted.count, progress)
    console.print(report_reload(found, machine()))
    figures = {"machine": machine(), "at": time.strftime("%Y-%m-%d"), "reload": found}
    wanted.json.with_name("reload.json").write_text(json.dumps(figures, indent=2, ensure_ascii=False))


async def half_load(folder: Path, url: str, progress: Progress) -> float:
    most = await sustained(Case("how much it carries", 1, 600), folder, url, 1000, progress)
    return max(5.0, round(most["achieved"] / 2))


async def measure(folder: Path, url: str, wanted: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Start, both floors, one worker under three loads in one run, and the other cases."""
    load = os.getloadavg()[0]
    task = progress.add_task("start to first answer", total=2)
    cold = await first_answer(folder / "run", rest=0)
    progress.update(task, completed=1)
    warm = await first_answer(folder / "run", rest=3)
    progress.update(task, completed=2)
    floors = {}
    task = progress.add_task("floors", total=2)
    for kind in ("naive", "lean"):
        floors[kind] = run_floor(kind, url, min(wanted.count, 400))
        progress.advance(task)
    one = await one_worker(folder / "one", url, wanted, progress)
    less = max(150, wanted.count * 4 // 9)
    cases = [Case("SQLite, 2 workers", 2, less)]
    cases += [Case("PostgreSQL, 1 worker", 1, less, postgres=True)] if has_postgres() else []
    found = {}
    for number, case in enumerate(cases):
        found[case.name] = await sustained(case, folder / f"case{number}", url, one["half"]["rate"], progress)
    return {
        "machine": machine(),
        "at": time.strftime("%Y-%m-%d %H:%M"),
        "load": load,
        "start": {"cold_s": cold[0], "warm_s": warm[0], "idle_mb": warm[2]},
        "floors": floors,
        **one,
        "cases": found,
        "postgres": has_postgres(),
    }


async def one_worker(
    folder: Path, url: str, wanted: argparse.Namespace, progress: Progress
) -> dict[str, dict[str, Any] | None]:
    """What one worker carries all at once, then half of that, then nearly all of it for `--sustain` seconds."""
    flood, steady, rate = None, None, wanted.rate
    sampled = min(400, wanted.count)
    async with running(Case("SQLite, 1 worker", 1, wanted.count), folder, url, progress) as bot:
        await bot.warm_up()
        if not rate or (wanted.sustain and not wanted.sustain_rate):
            flood = await bot.measure("all at once", 1000, 800)
        carries = flood["achieved"] if flood else AIM
        half = await bot.measure("half load", rate or max(5.0, round(carries / 2)), wanted.count, sampled=sampled)
        if wanted.sustain:
            rate = wanted.sustain_rate or (AIM if carries >= AIM else carries * SAFE)
            steady = await bot.measure("sustained", rate, int(rate * wanted.sustain), sampled=sampled)
    return {"flood": flood, "half": half, "sustained": steady}


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


if __name__ == "__main__":
    asyncio.run(main())
