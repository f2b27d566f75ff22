"""The table of all figures, each with its value, its aim, and whether that was reached; the long tables below it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

DAY = 86_400
ENOUGH = 200_000  # mentions after which the memory of a worker is judged
STEADY = 0.01  # share of the arrivals by which the open mentions may grow each second and still count as steady
DURABILITY = (
    "SQLite WAL, synchronous=FULL (NORMAL for a claim and a draft); PostgreSQL synchronous_commit=on; "
    "Valkey appendfsync everysec"
)


@dataclass(frozen=True)
class Row:
    """One figure: `reached` is None where there is no aim, or nothing was measured."""

    figure: str
    value: float | None
    shown: str
    aim: str = ""
    reached: bool | None = None

    @property
    def verdict(self) -> str:
        """Yes, no, or nothing."""
        return "" if self.reached is None else "yes" if self.reached else "no"


def at_most(figure: str, value: float | None, unit: str, aim: float, *, digits: int = 2) -> Row:
    """A figure that is to stay at or below its aim."""
    if value is None:
        return Row(figure, None, "not measured", f"≤ {aim:g} {unit}".strip())
    return Row(figure, value, f"{value:.{digits}f} {unit}".strip(), f"≤ {aim:g} {unit}".strip(), value <= aim)


def at_least(figure: str, value: float | None, unit: str, aim: float, *, digits: int = 1) -> Row:
    """A figure that is to reach its aim."""
    if value is None:
        return Row(figure, None, "not measured", f"≥ {aim:g} {unit}".strip())
    return Row(figure, value, f"{value:.{digits}f} {unit}".strip(), f"≥ {aim:g} {unit}".strip(), value >= aim)


def plain(figure: str, value: float, unit: str, *, digits: int = 2) -> Row:
    """A figure without an aim."""
    return Row(figure, value, f"{value:.{digits}f} {unit}".strip())


def stages_of(case: dict[str, Any]) -> dict[str, float]:
    """Milliseconds a reply by stage: the sampled shares of what the bot's processes spent without being looked at."""
    seen = case["profile"]["stages"]
    whole = sum(seen.values()) or 1.0
    return {name: seconds / whole * case["cpu"]["bot"] for name, seconds in sorted(seen.items(), key=lambda x: -x[1])}


def minds_of(stages: dict[str, float]) -> float:
    """Milliseconds of reading, recall and screening together."""
    return sum(stages.get(name, 0.0) for name in ("read", "recall", "check"))


def summary(figures: dict[str, Any], beside: Path) -> list[Row]:
    """A row for each figure; `beside` is the folder with what the long runs left there (long, reload, faults)."""
    return [
        *_costs(figures, beside),
        *_pace(figures),
        *_delays(figures, beside),
        *_memory(figures, beside),
        *_scale(figures),
        *_faults(beside),
    ]


def loads(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The two loads of the one worker on SQLite that figures are named for."""
    found = {"half load": figures["half"]}
    return found | ({"sustained": figures["sustained"]} if figures["sustained"] else {})


def _costs(figures: dict[str, Any], beside: Path) -> Iterator[Row]:
    floors = figures["floors"]
    for name, load in loads(figures).items():
        yield at_most(f"CPU a reply, all our processes with the stores, {name}", load["cpu_ms"], "ms", 6)
    for name, load in loads(figures).items():
        yield at_most(f"of it reading, recall and screening, {name}", minds_of(stages_of(load)), "ms", 3)
    reload = kept(beside, "reload")
    during = reload["reload"]["parts"]["while all of them come"] if reload else None
    cards = reload["reload"]["cards"] if reload else 10_000
    named = f"of it reading, recall and screening, while {cards:,} cards come{_when(reload)}"
    yield at_most(named, minds_of(stages_of(during)) if during else None, "ms", 3)
    for kind in ("naive", "lean"):
        yield plain(f"{kind} floor: CPU a reply", floors[kind]["cpu_ms"], "ms")
    for name, load in loads(figures).items():
        rest = load["cpu_ms"] - minds_of(stages_of(load))
        yield at_most(f"the rest ÷ naive floor, {name}", rest / floors["naive"]["cpu_ms"], "", 1.8)
        yield at_most(f"the rest ÷ lean floor, {name}", rest / floors["lean"]["cpu_ms"], "", 4)


def _pace(figures: dict[str, Any]) -> Iterator[Row]:
    load = figures["sustained"]
    flood = figures["flood"]
    if flood:
        yield at_least("replies a second of one worker, all at once", flood["achieved"], "/s", 140, digits=0)
    if not load:
        return
    seconds = load["count"] / load["rate"]
    yield at_least(f"replies a second of one worker, sustained for {seconds:.0f} s", load["achieved"], "/s", 140)
    yield at_least("that a day", load["achieved"] * DAY / 1e6, "million", 12)
    yield at_least("replies a second of CPU, sustained", 1000 / load["cpu_ms"], "/s", 140)
    yield at_least("that a core and day", 1000 / load["cpu_ms"] * DAY / 1e6, "million", 12)
    slope, steady = load["backlog_slope"], load["backlog_slope"] <= STEADY * load["rate"]
    shown = f"{load['backlog']:.0f} ({slope:+.2f} a second)"
    yield Row(
        "open mentions at its end (and how many more each second)", load["backlog"], shown, "does not grow", steady
    )


def _delays(figures: dict[str, Any], beside: Path) -> Iterator[Row]:
    for name, load in loads(figures).items():
        yield plain(f"own time p50, {name}", load["p50"], "ms", digits=0)
        yield plain(f"own time p95, {name}", load["p95"], "ms", digits=0)
        if name == "half load":
            yield at_most(f"own time p99, {name}", load["p99"], "ms", 50, digits=0)
        else:
            yield plain(f"own time p99, {name}", load["p99"], "ms", digits=0)
    for name, load in loads(figures).items():
        yield at_most(f"event loop late, p95, {name}", load["late_p95_ms"], "ms", 20, digits=1)
        yield at_most(f"event loop late, most, {name}", load["late_max_ms"], "ms", 200, digits=0)
    if reload := kept(beside, "reload"):
        during, when = reload["reload"]["parts"]["while all of them come"], _when(reload)
        what = f"while {reload['reload']['cards']:,} cards come{when}"
        yield at_most(f"event loop late, p95, {what}", during["late_p95_ms"], "ms", 20, digits=1)
        yield at_most(f"event loop late, most, {what}", during["late_max_ms"], "ms", 200, digits=0)


def _memory(figures: dict[str, Any], beside: Path) -> Iterator[Row]:
    for name, load in loads(figures).items():
        yield plain(
            f"memory of the worker with listener and pages (unique), {name}",
            load["own_memory"]["after"],
            "MB",
            digits=0,
        )
    if figures["sustained"]:
        own = figures["sustained"]["own_memory"]
        yield plain("growth of it while sustained", (own["after"] / own["before"] - 1) * 100, "%", digits=1)
    long = kept(beside, "long")
    if long is None or long["long"]["looks"][-1]["replies"] < ENOUGH:
        # A short run says nothing about what stays after very many mentions.
        yield at_most(f"memory of the worker after {ENOUGH:,} mentions", None, "MB", 180)
        yield at_most("growth of it over the last half", None, "%", 2)
        return
    last, when = long["long"]["looks"][-1], _when(long)
    yield at_most(f"memory of the worker after {last['replies']:,} mentions{when}", last["own_mb"], "MB", 180, digits=0)
    yield plain("memory of its whole tree then", last["tree_mb"], "MB", digits=0)
    yield at_most("growth of the worker over the last half", long["long"]["growth"] * 100, "%", 2, digits=1)


def _scale(figures: dict[str, Any]) -> Iterator[Row]:
    one = figures["half"]["cpu_ms"]
    for name, case in figures["cases"].items():
        if "2 workers" in name:
            yield at_most(f"CPU a reply, {name} ÷ 1 worker, half load", case["cpu_ms"] / one, "", 1.1)
        else:
            yield plain(f"CPU a reply, {name}, half load", case["cpu_ms"], "ms")


def _faults(beside: Path) -> Iterator[Row]:
    found = kept(beside, "faults")
    when = _when(found)
    if found is None:
        yield Row("fault rig: lost, doubled, mutants caught", None, "not measured; make faults", "0, 0, all")
        return
    total = found["total"]
    yield at_least(f"fault rig: mentions of the smallest long round{when}", total["mentions"], "", 5000, digits=0)
    yield at_least("fault rig: kills of that round", total["kills"], "", 200, digits=0)
    yield at_most("fault rig: lost", total["lost"], "", 0, digits=0)
    yield at_most("fault rig: doubled by the bot", total["doubled"], "", 0, digits=0)
    caught, of = total["mutants_caught"], total["mutants"]
    yield Row("fault rig: mutants caught", caught, f"{caught} of {of}", "all", caught == of > 0)


def kept(folder: Path, name: str) -> dict[str, Any] | None:
    """What a longer run left, or None."""
    file = folder / f"{name}.json"
    return dict(json.loads(file.read_text())) if file.exists() else None


def _when(found: dict[str, Any] | None) -> str:
    return f" (run of {found['at']})" if found and "at" in found else ""


def summary_table(rows: list[Row], title: str) -> Table:
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("aim", justify="right")
    table.add_column("reached")
    for row in rows:
        style = "red" if row.reached is False else "green" if row.reached else ""
        table.add_row(row.figure, row.shown, row.aim, Text(row.verdict, style))
    return table


def markdown(rows: list[Row]) -> str:
    """The same table as the README holds it."""
    lines = [f"| {row.figure} | {row.shown} | {row.aim} | {row.verdict} |" for row in rows]
    return "\n".join(["| figure | value | aim | reached |", "|---|---|---|---|", *lines, ""])


def as_json(rows: list[Row]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def report(figures: dict[str, Any], rows: list[Row]) -> Group:
    title = f"jiegeng bench · {figures['machine']} · load before it {figures['load']:.1f}"
    profile = Text(profile_of(figures, most=15))
    took = Text("the whole run took {} min {:02} s".format(*divmod(round(figures["seconds"]), 60)))
    return Group(summary_table(rows, title), cases_of(figures), costs_of(figures), start_of(figures), profile, took)


def all_cases(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every part of the load, by name."""
    own = {"SQLite, 1 worker, half load": figures["half"]}
    own |= {"SQLite, 1 worker, sustained": figures["sustained"]} if figures["sustained"] else {}
    own |= {"SQLite, 1 worker, all at once": figures["flood"]} if figures["flood"] else {}
    return own | {f"{name}, half load": case for name, case in figures["cases"].items()}


def cases_of(figures: dict[str, Any]) -> Table:
    table = Table(title="every part of the load" + ("" if figures["postgres"] else "; no PostgreSQL here"))
    table.add_column("case")
    for name in (
        "asked/s",
        "done/s",
        "CPU ms",
        "own p50/p95/p99/max ms",
        "loop late p95/max ms",
        "memory MB",
        "states",
    ):
        table.add_column(name)
    for name, case in all_cases(figures).items():
        table.add_row(
            name,
            f"{case['rate']:.0f}",
            f"{case['achieved']:.0f}",
            f"{case['cpu_ms']:.2f} ({', '.join(f'{who} {spent:.2f}' for who, spent in case['cpu'].items())})",
            f"{case['p50']:.0f} / {case['p95']:.0f} / {case['p99']:.0f} / {case['own_max']:.0f}",
            f"{case['late_p95_ms']:.1f} / {case['late_max_ms']:.0f}",
            ", ".join(f"{who} {size:.0f}" for who, size in case["memory"].items()),
            ", ".join(f"{state} {count}" for state, count in sorted(case["states"].items())),
        )
    return table


def costs_of(figures: dict[str, Any]) -> Table:
    """CPU by stage, and what the stores grow by."""
    table = Table(title="a reply in parts, SQLite, 1 worker")
    table.add_column("part")
    shown = loads(figures)
    for name in shown:
        table.add_column(name, justify="right")
    stages = {name: stages_of(load) for name, load in shown.items()}
    for stage in (name for name, spent in stages["half load"].items() if spent >= 0.01):
        table.add_row(f"stage {stage}", *(f"{found.get(stage, 0.0):.2f} ms" for found in stages.values()))
    table.add_row("store valkey", *(f"{load['cpu'].get('valkey', 0.0):.2f} ms" for load in shown.values()))
    table.add_row(
        "ours ÷ naive floor",
        *(f"{load['cpu_ms'] / figures['floors']['naive']['cpu_ms']:.2f}" for load in shown.values()),
    )
    table.add_row(
        "ours ÷ lean floor", *(f"{load['cpu_ms'] / figures['floors']['lean']['cpu_ms']:.2f}" for load in shown.values())
    )
    for name in figures["half"]["growth_kb"]:
        table.add_row(f"growth, {name}", *(f"{load['growth_kb'][name]:.2f} kB" for load in shown.values()))
    for name, case in figures["cases"].items():
        if "PostgreSQL" in name:
            table.add_row("growth there, journal / WAL", "{journal:.2f} / {WAL:.2f} kB".format(**case["growth_kb"]))
    table.caption = DURABILITY
    return table


def start_of(figures: dict[str, Any]) -> Table:
    table = Table(title="start and rest (memory: proportional set size)")
    table.add_column("figure")
    table.add_column("value", justify="right")
    begin = figures["start"]
    table.add_row(
        "`jiegeng run` → first answer, first start / later", f"{begin['cold_s']:.1f} / {begin['warm_s']:.1f} s"
    )
    for name, size in begin["idle_mb"].items():
        table.add_row(f"idle memory, {name}", f"{size:.0f} MB")
    table.add_row("idle memory, whole tree", f"{sum(begin['idle_mb'].values()):.0f} MB")
    return table


def profile_of(figures: dict[str, Any], most: int = 60) -> str:
    """Where the CPU time goes, by function, for each load."""
    parts = []
    for name, load in loads(figures).items():
        whole = sum(load["profile"]["stages"].values()) or 1.0
        functions = list(load["profile"]["functions"].items())[:most]
        parts.append(f"where the bot's CPU time goes, by our innermost function, {name}:")
        parts += [f"{seconds / whole:6.1%}  {function}" for function, seconds in functions]
    return "\n".join(parts)
