"""Checks a folder of cards as CI does: schema, sense, near-duplicates, coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from memes.card import Meme
from memes.feeling import PLACES
from memes.files import LIBRARY, MemeFileError, join_files, list_files, read_file
from memes.index import Grams
from memes.life import UNSEEN
from memes.plain import fold

TWIN = 0.75  # cosine of two situations from which one of them adds nothing
BLUR = 0.35  # how much of a cosine may lie in terms that many situations share


@dataclass(frozen=True)
class Problem:
    """Something to mend: where, what, and whether it makes the check fail (or is only a remark)."""

    place: str
    text: str
    fatal: bool = True


@dataclass(frozen=True)
class Twins:
    """Two situations of different families that say nearly the same."""

    left: str
    right: str
    cosine: float
    texts: tuple[str, str]


@dataclass(frozen=True)
class Report:
    """What the check found. `coverage` counts cards by kind, tone, year, language, state and review."""

    cards: int
    situations: int
    problems: tuple[Problem, ...]
    twins: tuple[Twins, ...]
    coverage: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing has to be mended."""
        return not any(problem.fatal for problem in self.problems)

    @property
    def twin_share(self) -> float:
        """The share of situations that have a near-duplicate in another family, in [0, 1]."""
        return len({twin.right for twin in self.twins}) / self.situations if self.situations else 0.0


def check(folder: Path | tuple[Path, ...] | None = None, *, today: date | None = None) -> Report:
    """Read every card file of the folders and report. Each bad file is one problem; the others are still read."""
    folders = folder if isinstance(folder, tuple) else (folder or LIBRARY,)
    problems: list[Problem] = []
    read: dict[Path, tuple[tuple[Meme, int], ...]] = {}
    try:
        paths = list_files(folders)
    except MemeFileError as error:
        return Report(0, 0, (_as_problem(error),), ())
    for path in paths:
        try:
            read[path] = read_file(path)
            join_files(read)
        except MemeFileError as error:
            read.pop(path, None)
            problems.append(_as_problem(error))
    placed = [(f"{path.name}:{line}", card) for path, cards in read.items() for card, line in cards]
    cards = [card for _, card in placed]
    problems += [problem for place, card in placed for problem in _review(place, card, today)]
    return Report(
        cards=len(cards),
        situations=sum(len(card.situations) for card in cards),
        problems=tuple(problems),
        twins=tuple(find_twins(placed)),
        coverage=count_coverage(cards),
    )


def count_coverage(cards: Sequence[Meme]) -> dict[str, dict[str, int]]:
    """Return how many cards there are by kind, tone, year of first sight, language, state and review."""
    counts: dict[str, Counter[str]] = {
        "kind": Counter(card.kind for card in cards),
        "tone": Counter(tone for card in cards for tone in card.tones),
        "year": Counter(str(card.first_seen.year) for card in cards),
        "language": Counter(card.language for card in cards),
        "lifecycle": Counter(card.lifecycle for card in cards),
        "review": Counter(card.review for card in cards),
    }
    return {name: dict(sorted(counter.items())) for name, counter in counts.items()}


def find_twins(placed: Sequence[tuple[str, Meme]]) -> Iterator[Twins]:
    """Yield situations of different families whose character TF-IDF cosine is TWIN or more."""
    rows = [(place, card.family, text) for place, card in placed for text in card.situations]
    plain = [fold(text) for _, _, text in rows]
    grams = Grams.of([[text] for text in plain])
    for at, (place, family, text) in enumerate(rows):
        query = grams.read(plain[at])
        # The average leaves common terms out, which is fast; only what comes near is compared in full.
        near = [int(other) for other in np.flatnonzero(grams.average(query)[:at] >= TWIN - BLUR)]
        for other, cosine in zip(near, grams.nearest(query, near), strict=True):
            other_place, other_family, other_text = rows[other]
            if cosine >= TWIN and other_family != family:
                yield Twins(
                    f"{other_place} {other_text}",
                    f"{place} {text}",
                    round(float(cosine), 3),
                    (other_text, text),
                )


def _as_problem(error: MemeFileError) -> Problem:
    return Problem(f"{error.path.name}:{error.line}", f"{error.problem}; {error.remedy}")


def _review(place: str, card: Meme, today: date | None) -> Iterator[Problem]:
    for text in card.situations:
        if any(len(name) > 1 and fold(name) in fold(text) for name in card.names):
            yield Problem(place, f"situations: {text!r} names the meme; describe the post without it")
    if len(set(map(fold, card.situations))) < len(card.situations):
        yield Problem(place, "situations: one stands there twice; write another")
    for slot in card.slots:
        if slot not in card.pattern:
            yield Problem(place, f"slots: {slot!r} does not stand in the pattern; write it there in the same form")
    for mood in card.moods:
        if mood not in PLACES:
            yield Problem(place, f"moods: {mood!r} is not one of {', '.join(PLACES)}", fatal=False)
    if card.review == "draft":
        yield Problem(place, "review: is a draft and is not played until somebody approves it", fatal=False)
    alive = card.lifecycle in ("new", "rising", "peak")
    if today and alive and (today - card.last_seen).days > UNSEEN:
        yield Problem(place, f"lifecycle: {card.lifecycle}, but not seen for six months; write settled", fatal=False)
