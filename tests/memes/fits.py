"""Our own judged posts: which families fit an everyday post, and posts at which nothing fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from memes.library import Library

HERE = Path(__file__).parent
TODAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Fit:
    """A post, the families that fit it, and those that came to mind and do not."""

    post: str
    fits: frozenset[str]
    unfit: frozenset[str]


@dataclass(frozen=True)
class Score:
    """Shares in [0, 1]: posts that got a card, and of these, first cards that fit and fives of which one fits."""

    posts: int
    offered: float
    first: float
    any: float


def read_fits() -> list[Fit]:
    """Read fit.tsv, in its order."""
    rows = [row.split("\t") for row in _rows("fit.tsv")]
    return [Fit(post, frozenset(fits.split()), frozenset(unfit.split())) for post, fits, unfit in rows]


def read_hard() -> list[tuple[str, str]]:
    """Read hard.tsv: kind and post."""
    return [(kind, post) for kind, post in (row.split("\t") for row in _rows("hard.tsv"))]


def score(library: Library, posts: Iterable[Fit]) -> Score:
    """Recall for each post as for banter and count."""
    judged = list(posts)
    found = [(fit, [r.meme.family for r in library.recall(fit.post, now=TODAY)]) for fit in judged]
    offered = [(fit, families) for fit, families in found if families]
    count = max(len(offered), 1)
    return Score(
        posts=len(judged),
        offered=len(offered) / max(len(judged), 1),
        first=sum(families[0] in fit.fits for fit, families in offered) / count,
        any=sum(bool(fit.fits.intersection(families)) for fit, families in offered) / count,
    )


def _rows(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
