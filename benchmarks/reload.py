"""What a reply costs and how late the loop is while 10,000 cards of the operator's own are taken in."""

from __future__ import annotations

import json
import random
import time
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from rich.progress import Progress
from rich.table import Table

from benchmarks.figures import minds_of, stages_of
from benchmarks.running import Case, Ended, running

FILES = 20
# Nonsense that no post resembles by more than chance: what counts is how much there is of it.
WHO = ("邻居", "同桌", "阿姨", "小狗", "水壶", "台灯", "雨伞", "门铃", "闹钟", "钥匙", "袜子", "书包")
DOES = ("忘了", "借走", "修好", "藏起", "数了", "画下", "擦亮", "追着", "等着", "抱着", "寄出", "量过")
WHAT = (
    "三把勺子",
    "半张地图",
    "一排纽扣",
    "两只风筝",
    "旧的车票",
    "蓝色粉笔",
    "一罐玻璃珠",
    "楼下的梯子",
    "昨天的报纸",
)


def write_cards(folder: Path, count: int) -> None:
    """So many cards in FILES files, the same ones each time."""
    dice = random.Random(7)
    per = count // FILES
    for number in range(FILES):
        cards = [_card(f"made-{number * per + one}", dice) for one in range(per)]
        (folder / f"made-{number:02}.yaml").write_text(yaml.dump(cards, allow_unicode=True, Dumper=yaml.CSafeDumper))


def _card(name: str, dice: random.Random) -> dict[str, Any]:
    say = lambda: f"{dice.choice(WHO)}{dice.choice(DOES)}{dice.choice(WHAT)}{dice.randrange(10**4)}号"  # noqa: E731
    return {
        "id": name,
        "family": name,
        "names": [f"{dice.choice(WHO)}牌{name[5:]}"],
        "language": "zh",
        "kind": "slang",
        "meaning": say(),
        "use": say(),
        "situations": [f"{say()}，{say()}" for _ in range(8)],
        "examples": [say(), say()],
        "quips": [say()],
        "tones": ["banter", "warm"],
        "avoid": ["grief"],
        "source": "made by a script for a measurement",
        "first_seen": date(2024, 1, 1),
        "last_seen": date(2024, 1, 1),
        "review": "approved",
    }


async def reloaded(folder: Path, url: str, rate: float, cards: int, count: int, progress: Progress) -> dict[str, Any]:
    """The parts of one run: before, while the cards come, with them, while one file of them changes.

    Each is at the same rate; the parts while something is taken in last until the bot tells that it has it.
    """
    own, ready = folder / "own cards", folder / "ready"
    for place in (own, ready):
        place.mkdir(parents=True)
    write_cards(ready, cards)
    case = Case(f"{cards:,} cards", 1, count, settings={"JIEGENG_MEMES": str(own)})
    data = folder / "bot"
    most = int(rate * 400)
    async with running(case, data, url, progress) as bot:
        await bot.warm_up()
        parts = {"before": await bot.measure("before", rate, count, sampled=count // 2)}
        put = [time.time()]
        for file in sorted(ready.iterdir()):
            file.rename(own / file.name)
        parts["while all of them come"] = await bot.measure("while they come", rate, most, until=told(data, cards, 1))
        parts["with them"] = await bot.measure("with them", rate, count, sampled=count // 2)
        changed = own / "made-00.yaml"
        put.append(time.time())
        changed.write_text(changed.read_text().replace("三把勺子", "四把勺子"))
        parts["while one file of them changes"] = await bot.measure(
            "while one file changes", rate, most, until=told(data, cards, 2)
        )
        reloads = [one | {"after": one["at"] - then} for one, then in zip(whole(data, cards), put, strict=False)]
    return {"cards": cards, "rate": rate, "parts": parts, "reloads": reloads}


def told(data: Path, cards: int, times: int) -> Ended:
    """Whether the bot has so often taken in at least so many cards."""
    return lambda: len(whole(data, cards)) >= times


def whole(data: Path, cards: int) -> list[dict[str, float]]:
    """The reloads after which at least so many cards were there."""
    return [one for one in reloads_of(data) if one["cards"] >= cards]


def reloads_of(data: Path) -> list[dict[str, float]]:
    """What the watch inside the bot noted of each reload."""
    file = data / "reloads.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def report_reload(found: dict[str, Any], machine: str) -> Table:
    table = Table(title=f"{found['cards']:,} cards are taken in at {found['rate']:.0f} mentions/s · {machine}")
    for name in ("part", "seconds", "CPU ms a reply", "read + recall + check", "taking in", "own p50/p95/p99 ms"):
        table.add_column(name, justify="right" if name != "part" else "left")
    for name in ("loop late p95/max ms", "memory MB"):
        table.add_column(name, justify="right")
    for name, part in found["parts"].items():
        stages = stages_of(part)
        table.add_row(
            name,
            f"{part['seconds']:.0f}",
            f"{part['cpu_ms']:.2f}",
            f"{minds_of(stages):.2f}",
            f"{stages.get('reload', 0.0) + part['cpu'].get('librarian', 0.0):.2f}",
            f"{part['p50']:.0f} / {part['p95']:.0f} / {part['p99']:.0f}",
            f"{part['late_p95_ms']:.1f} / {part['late_max_ms']:.0f}",
            f"{part['own_memory']['after']:.0f}",
        )
    for one in found["reloads"]:
        told = (
            f"{one['cards']:,} cards after {one['after']:.1f} s, of it in the bot {one['seconds']:.1f} s "
            f"({one['cpu_s']:.1f} s of CPU), beside it at most {one['aside_mb']:.0f} MB"
        )
        table.caption = f"{table.caption or ''}\n{told}"
    for part in found["parts"].values():
        for late, what in part["stalls"][:4]:
            table.caption = f"{table.caption or ''}\n{late:.0f} ms late beside {what}"
    return table
