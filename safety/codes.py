"""The codes of findings: what each is called and which class of the standard it is nearest to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Code:
    """A code, its class in GB/T 45654-2025 annex A (or `-`), and its names."""

    name: str
    parent: str
    zh: str
    en: str


@cache
def load_codes() -> dict[str, Code]:
    """Return all codes by name."""
    lines = Path(__file__).with_name("codes.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {name: Code(name, parent, zh, en) for name, parent, zh, en in rows}
