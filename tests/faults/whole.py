"""Everything that the fault rig can do, one part after the other, and one table of what came of it.

make faults                         histories, hunts, calm rounds, long rounds
make faults ARGS="--quick"          the same parts in a few minutes
make faults ARGS="--seed 9"         with other dice
make faults ARGS="--only hunts"     one part: histories, hunts, calm or long

A part that fails stops no other one. The exit code is 1 if one failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shlex
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.mutants import MUTANTS
from tests.faults.rig import Round
from tests.faults.trouble import AIMS

ROOT = Path(__file__).resolve().parents[2]
BROKEN = re.compile(r"VIOLATION .*([2-9] replies|was passed over|: lost;)")
CAUGHT = re.compile(r"^\.?(.+): caught with seed (\d+)", re.MULTILINE)
PAIRS: Mapping[str, Mapping[str, bool]] = {
    "SQLite + Valkey": {},
    "PostgreSQL + Redis 7": {"redis": True, "postgres": True},
}
COUNTS = ("mentions", "kills", "posted", "lost", "doubled")


@dataclass(frozen=True)
class Size:
    """How much is played."""

    histories: int = 3000
    calm: Round = field(default_factory=lambda: Round(mentions=1000, seconds=90, faults=False))
    long: Round = field(default_factory=lambda: Round(mentions=5000, kills=200, seconds=840, restore=True))


QUICK = Size(
    histories=200,
    calm=Round(mentions=40, seconds=8, faults=False),
    long=Round(mentions=150, kills=10, seconds=40, restore=True),
)


@dataclass(frozen=True)
class Part:
    """What came of a part: `caught` of `mutants` builds that lack a safety, `wrong` if it failed."""

    name: str
    seed: int
    command: str
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)
    caught: int = 0
    mutants: int = 0
    wrong: str = ""

    def cells(self) -> list[str]:
        """The row of the table."""
        counts = self.counts
        found = [str(counts.get(name, "")) for name in COUNTS]
        found += (
            [f"{counts['unsure']} of {counts['ambiguous']}", f"{counts['failed']} of {counts['refused']}"]
            if counts
            else ["", ""]
        )
        mutants = f"{self.caught} of {self.mutants}" if self.mutants else ""
        return [self.name, str(self.seed), *found, mutants, f"{self.seconds:.0f} s", "FAILED" if self.wrong else "kept"]


HEADS = ("part", "seed", *COUNTS, "unsure of ambiguous", "failed of refused", "mutants caught", "took", "promise")


def table(parts: Sequence[Part]) -> str:
    """All parts, one a line; what went wrong and how each is played again below them."""
    rows = [list(HEADS), *(part.cells() for part in parts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines += [f"FAILED  {part.name}: {part.wrong}" for part in parts if part.wrong]
    return "\n".join([*lines, *(f"{part.name}, again: {part.command}" for part in parts)])


def total_of(parts: Sequence[Part]) -> dict[str, int | bool]:
    """What the benchmark's table names: the smallest of the long rounds, and the worst of all rounds."""
    rounds = [part.counts for part in parts if part.counts]
    long = [part.counts for part in parts if part.name.startswith("long")]
    return {
        "mentions": min((counts["mentions"] for counts in long), default=0),
        "kills": min((counts["kills"] for counts in long), default=0),
        "lost": sum(counts["lost"] for counts in rounds),
        "doubled": sum(counts["doubled"] for counts in rounds),
        "mutants_caught": sum(part.caught for part in parts),
        "mutants": sum(part.mutants for part in parts),
        "kept": not any(part.wrong for part in parts),
    }


async def told_by(words: Sequence[str], *, shown: bool = True, **env: str) -> tuple[int, str]:
    """The exit code of a command and all that it said; `shown` passes each line on at once."""
    pipe, merged = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(
        *words, stdout=pipe, stderr=merged, env=dict(os.environ) | env, cwd=ROOT, limit=2**24
    )
    assert process.stdout is not None
    said = []
    try:
        async for line in process.stdout:
            said.append(line.decode(errors="replace"))
            if shown:
                show(said[-1].rstrip())
        return await process.wait(), "".join(said)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def show(line: str) -> None:
    """What the person waits for."""
    print(line, flush=True)  # noqa: T201


async def histories(size: Size, seed: int) -> AsyncIterator[Part]:
    """Thousands of short histories in one process, and each mutant in them."""
    env = {"HISTORIES": str(size.histories), "FIRST_SEED": str(seed)}
    words = [sys.executable, "-m", "pytest", "tests/faults/model", "-s", "-p", "no:cacheprovider"]
    began = time.monotonic()
    code, said = await told_by(words, **env)
    wrong = "" if code == 0 else f"pytest ended with {code}; the history and its seed stand above"
    command = shlex.join([*(f"{name}={value}" for name, value in env.items()), "pytest", "tests/faults/model", "-s"])
    caught = len(dict(CAUGHT.findall(said)))
    name = f"{size.histories} histories"
    yield Part(name, seed, command, time.monotonic() - began, caught=caught, mutants=len(MUTANTS), wrong=wrong)


def hunts_of(seed: int, **stores: bool) -> list[Round]:
    """A round after each mutant that real processes can be hunted with."""
    return [Round(mentions=24, seconds=100, patience=30, seed=seed, mutant=name, aim=name, **stores) for name in AIMS]


async def escaped(hunt: Round, free: asyncio.Semaphore) -> tuple[str, str]:
    """Why a hunt counts as lost (empty: the mutant was caught breaking the promise), and what the round told."""
    async with free:
        code, told = await told_by([sys.executable, *shlex.split(hunt.command())[1:]], shown=False)
    if code != 1:
        return f"{hunt.mutant}: nobody noticed", told
    return "" if BROKEN.search(told) else f"{hunt.mutant}: ended badly, but the promise was not broken", told


async def hunts(_size: Size, seed: int) -> AsyncIterator[Part]:
    """Real processes without one safety each, on both pairs of stores; two at a time, for each mostly waits."""
    for pair, stores in PAIRS.items():
        began, free, rounds = time.monotonic(), asyncio.Semaphore(2), hunts_of(seed, **stores)
        ends = await asyncio.gather(*(escaped(hunt, free) for hunt in rounds))
        for hunt, (why, told) in zip(rounds, ends, strict=True):
            show(f"{hunt.mutant}: {'caught: ' + told.splitlines()[0] if not why else told}")
        wrong = "; ".join(why for why, _ in ends if why)
        caught = sum(not why for why, _ in ends)
        command = f"python -m tests.faults.whole --only hunts --seed {seed}"
        took = time.monotonic() - began
        yield Part(f"hunts, {pair}", seed, command, took, caught=caught, mutants=len(rounds), wrong=wrong)


async def calm(size: Size, seed: int) -> AsyncIterator[Part]:
    """Nothing is done to the bot: everything is posted exactly once."""
    for pair, stores in PAIRS.items():
        yield await played(f"calm, {pair}", replace(size.calm, seed=seed, **stores))


async def long(size: Size, seed: int) -> AsyncIterator[Part]:
    """Everything is done to it."""
    for pair, stores in PAIRS.items():
        yield await played(f"long, {pair}", replace(size.long, seed=seed, **stores))


async def played(name: str, plan: Round) -> Part:
    """One round in a process of its own."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="rig-counts-") as folder:
        target = Path(folder) / "counts.json"
        words = [sys.executable, *shlex.split(plan.command())[1:], "--progress", "--json", str(target)]
        code, _ = await told_by(words)
        found = json.loads(target.read_text()) if target.exists() else {"counts": {}, "violations": ["it did not end"]}
    wrong = (
        f"{len(found['violations'])} violations, above" if found["violations"] else f"exit code {code}" if code else ""
    )
    return Part(name, plan.seed, plan.command(), time.monotonic() - began, found["counts"], wrong=wrong)


PARTS: Mapping[str, Callable[[Size, int], AsyncIterator[Part]]] = {
    "histories": histories,
    "hunts": hunts,
    "calm": calm,
    "long": long,
}


async def play(size: Size, seed: int, names: Sequence[str], keep: Callable[[Sequence[Part]], None]) -> list[Part]:
    """The named parts, in order; `keep` is given what there is after each."""
    done: list[Part] = []
    for name in names:
        show(f"\n== {name}, seed {seed}")
        async for part in PARTS[name](size, seed):
            done.append(part)
            keep(done)
    return done


def saved(target: Path, seed: int, began: float) -> Callable[[Sequence[Part]], None]:
    """Writes what is there after each part, so that an interrupted run leaves its figures."""

    def save(parts: Sequence[Part]) -> None:
        found = {"at": time.strftime("%Y-%m-%d"), "seed": seed, "seconds": time.monotonic() - began}
        rows = [vars(part) for part in parts]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(found | {"total": total_of(parts), "parts": rows}, indent=2, ensure_ascii=False))

    return save


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7, help="of every part")
    parser.add_argument("--quick", action="store_true", help="small sizes, a few minutes")
    parser.add_argument("--only", choices=list(PARTS), action="append", help="only this part; may be said again")
    for name in ("mentions", "kills", "histories"):
        parser.add_argument(f"--{name}", type=int, help="instead of the size's own (rounds: the long ones)")
    parser.add_argument("--seconds", type=float, help="of a long round, in which people speak for three quarters")
    parser.add_argument("--json", type=Path, help="where the figures go")
    asked = parser.parse_args()
    size = QUICK if asked.quick else Size()
    changed = {
        name: getattr(asked, name) for name in ("mentions", "kills", "seconds") if getattr(asked, name) is not None
    }
    size = replace(size, long=replace(size.long, **changed), histories=asked.histories or size.histories)
    began = time.monotonic()
    name = "faults.json" if size == Size() and not asked.only else "faults-part.json"
    save = saved(asked.json or ROOT / "benchmarks" / "out" / name, asked.seed, began)
    parts = asyncio.run(play(size, asked.seed, asked.only or list(PARTS), save))
    show(f"\n{table(parts)}\nall of it took {(time.monotonic() - began) / 60:.0f} min")
    return 1 if any(part.wrong for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main())
