"""The memory of a worker over very many mentions, in twenty looks; what was seen so far is on disk after each look."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import aiohttp
from rich.progress import Progress
from rich.table import Table

from benchmarks.running import console, drive, end, memory_of, own_memory, settings_of, start, tree, wait_until_told

LOOKS = 20
ARRIVALS = 300.0  # mentions a second: more than a worker carries, so that it is never idle
MOST_PAUSES = 6  # so many times ten seconds without a reply end the run


async def endure(folder: Path, url: str, mentions: int, target: Path, progress: Progress) -> dict[str, Any]:
    """Answer so many mentions with one bot; `target` takes the figures after each look: an interrupted run has some."""
    folder.mkdir(parents=True)
    said = folder / "bot.log"
    with said.open("wb") as log:
        bot = start("-m", "bot", "run", stderr=log, **settings_of(folder, url, ""))
    found: dict[str, Any] = {"mentions": mentions, "looks": [], "finished": False}
    at = time.strftime("%Y-%m-%d")
    began = time.monotonic()
    try:
        async with aiohttp.ClientSession() as session:
            await wait_until_told(said, bot)
            for part in range(LOOKS):
                begin, last = mentions * part // LOOKS, mentions * (part + 1) // LOOKS
                since = time.monotonic()
                await _answer_up_to(session, url, begin, last, progress)
                pace = (last - begin) / (time.monotonic() - since)
                sizes = {"own_mb": own_memory(bot), "tree_mb": sum(memory_of(tree(bot)).values())}
                seconds = time.monotonic() - began
                found["looks"].append({"replies": last, "seconds": seconds, "pace": pace, **sizes})
                found |= growth_of(found["looks"]) | {"finished": part == LOOKS - 1}
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(json.dumps({"at": at, "long": found}, indent=2, ensure_ascii=False))
                left = seconds / last * (mentions - last) / 60
                console.print(
                    f"{last:,} replies: worker {sizes['own_mb']:.1f} MB, whole tree {sizes['tree_mb']:.1f} MB, "
                    f"{pace:.0f}/s, {left:.0f} min left"
                )
    finally:
        end(bot, said)
    return found


async def _answer_up_to(session: aiohttp.ClientSession, url: str, begin: int, last: int, progress: Progress) -> None:
    answered = begin
    for _ in range(MOST_PAUSES):  # a busy machine may stand still for a while
        before, what = answered, f"mentions to {last:,}"
        answered = await drive(session, url, ARRIVALS, last, answered, progress, what)
        if answered >= last:
            return
        console.print(f"nothing for ten seconds after {answered:,} replies ({answered - before} since the last pause)")
    raise SystemExit(f"{last - answered} mentions were not answered; the figures so far are kept")


def growth_of(looks: list[dict[str, Any]]) -> dict[str, float]:
    """By how much memory grew over the last half of the replies so far, as a share."""
    if len(looks) < 2:
        return {"growth": 0.0, "tree_growth": 0.0}
    half = next(one for one in looks if one["replies"] * 2 >= looks[-1]["replies"])
    return {
        "growth": looks[-1]["own_mb"] / half["own_mb"] - 1,
        "tree_growth": looks[-1]["tree_mb"] / half["tree_mb"] - 1,
    }


def report_long(found: dict[str, Any], machine: str) -> Table:
    table = Table(title=f"memory of a worker · {machine}")
    for name in ("replies", "worker MB (unique set size)", "whole tree MB (proportional)", "replies/s"):
        table.add_column(name, justify="right")
    for one in found["looks"]:
        table.add_row(f"{one['replies']:,}", f"{one['own_mb']:.1f}", f"{one['tree_mb']:.1f}", f"{one['pace']:.0f}")
    table.add_row("growth, last half", f"{found['growth']:.1%}", f"{found['tree_growth']:.1%}", "")
    return table
