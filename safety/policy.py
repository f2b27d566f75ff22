"""The policy table: mode, direction, code, risk and audience decide what happens; a missing cell means block."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from safety.codes import load_codes
from safety.verdict import Decision, Direction, Reason, Risk

MODES = ("normal", "heightened", "emergency", "stopped")
AUDIENCES = ("everyone", "minor")
COLUMNS = 6
Cell = tuple[str, str, str, str, str]
# Where several findings pull different ways, the later one in this row wins.
OUT_ORDER: tuple[Decision, ...] = ("post", "hold", "silent", "block")
IN_ORDER: tuple[Decision, ...] = ("post", "hold", "block", "silent", "crisis")


class BadPolicy(ValueError):
    """A policy table cannot be used; the message names file, line and remedy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; None stands for any."""

    modes: frozenset[str] | None
    directions: frozenset[str] | None
    codes: frozenset[str] | None
    risks: frozenset[str] | None
    audiences: frozenset[str] | None
    decision: Decision


@dataclass(frozen=True)
class Policy:
    """The rows in order, and the table's version."""

    rows: tuple[Row, ...]
    version: str
    _known: dict[Cell, Decision] = field(default_factory=dict, repr=False, compare=False)

    def decide(
        self, reasons: Sequence[Reason], *, risk: str, mode: str, direction: Direction, audience: str
    ) -> Decision:
        """Return the strictest decision over all findings, or the one for a clean text when there is none."""
        order = IN_ORDER if direction == "in" else OUT_ORDER
        cells: list[tuple[str, str]] = [(reason.code, reason.risk) for reason in reasons] or [("", risk)]
        found = {self.look_up((mode, direction, code, grade, audience)) for code, grade in cells}
        return max(found, key=order.index)

    def look_up(self, cell: Cell) -> Decision:
        """Return the decision for one cell; each is looked for once."""
        decision = self._known.get(cell)
        if decision is None:
            decision = self._known[cell] = look_up(self.rows, cell)
        return decision


def look_up(rows: tuple[Row, ...], cell: Cell) -> Decision:
    """Return the decision of the first row that fits, or block."""
    for row in rows:
        sets = (row.modes, row.directions, row.codes, row.risks, row.audiences)
        if all(known is None or value in known for known, value in zip(sets, cell, strict=True)):
            return row.decision
    return "block"


def load_policy(path: Path | None = None) -> Policy:
    """Read and check the table; raises BadPolicy with `file:line`."""
    path = path or Path(__file__).with_name("policy.tsv")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadPolicy(f"{path}: cannot be read ({error}). Give a UTF-8 file with tab-separated columns") from error
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            rows.append(read_row(line, f"{path.name}:{number}"))
    return Policy(tuple(rows), hashlib.sha256(text.encode()).hexdigest()[:8])


def read_row(line: str, where: str) -> Row:
    """Read one line and refuse words that the program does not know."""
    fields = line.split("\t")
    if len(fields) < COLUMNS:
        raise BadPolicy(f"{where}: {len(fields)} columns. Write mode, direction, code, risk, audience, decision, why")
    known = (MODES, get_args(Direction), (*load_codes(), ""), get_args(Risk), AUDIENCES)
    sets = []
    for value, allowed in zip(fields[:5], known, strict=True):
        words = None if value.strip() == "*" else frozenset(value.replace(" ", "").split(","))
        if words and (wrong := words - set(allowed)):
            raise BadPolicy(f"{where}: unknown {sorted(wrong)[0]!r}. Use one of {', '.join(allowed)}")
        sets.append(words)
    decision: Any = fields[5].strip()
    if decision not in get_args(Decision):
        raise BadPolicy(f"{where}: unknown decision {decision!r}. Use one of {', '.join(get_args(Decision))}")
    modes, directions, codes, risks, audiences = sets
    return Row(modes, directions, codes, risks, audiences, decision)
