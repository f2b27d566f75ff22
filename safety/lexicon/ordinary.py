"""Harmless writings that sound like a listed word, measured on ordinary posts and a dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@cache
def load_ordinary() -> Mapping[str, frozenset[str]]:
    """Return each measured two-syllable word with its harmless writings; a word not in here is not matched by sound."""
    path = Path(__file__).with_name("ordinary.tsv")
    if not path.exists():
        return {}
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
    return {word: frozenset(writings.split()) for word, writings in rows}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of characters by their first one; a set of all 78,000 would take 8 MB, this takes half of one."""

    followers: Mapping[str, str]

    def __contains__(self, pair: object) -> bool:
        return isinstance(pair, str) and len(pair) == 2 and pair[1] in self.followers.get(pair[0], "")


@cache
def load_pairs() -> Pairs:
    """Return pairs of characters that often stand together in ordinary posts, talk and dictionary words."""
    path = Path(__file__).with_name("pairs.tsv")
    if not path.exists():
        return Pairs({})
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
    return Pairs(dict(rows))
