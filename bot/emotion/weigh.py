"""What the trained weights say of a text; without a weight file the reader works from its word lists alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from operator import mul
from pathlib import Path
from typing import Any, NamedTuple

from bot.emotion import hashed, linear
from bot.emotion.grams import EASTERN, count, eastern_keys, latin_grams, latin_share
from bot.emotion.hashed import Counted, Hashed
from bot.emotion.linear import Joined, Linear
from bot.emotion.plain import flatten
from bot.model import CRISIS_KINDS, EMOTIONS, CrisisKind

HERE = Path(__file__).parent / "weights"
EASTERN_HEADS = ("zh", "sarcasm", "danger_zh")
"""The weights that look at nearly every Chinese text: one table for all."""
MOSTLY_LATIN, SOME_LATIN = 0.85, 0.25
EVEN = (1 / 6,) * 6
_chosen = ["research"]


class Sound(NamedTuple):
    """What a text sounds like, on the scale of the rules' weights: 0.4 of danger is worth watching, 0.8 is a crisis;
    0.65 of sorrow is worth comfort, and below 0.3 it would be strange to see any."""

    danger: float
    sorrow: float


def use(name: str) -> None:
    """Chooses the weights for this process: `research` (the default), `clean`, `none`, or a folder; reads them anew."""
    _chosen[0] = name
    for kept in (load, _joined, _worded, _eastern_scores, chances):
        kept.cache_clear()


def folder() -> Path:
    """Where the weights in use lie."""
    return HERE / _chosen[0]


@cache
def load() -> dict[str, Linear]:
    """The weight files that are there, by name: zh, en, sarcasm."""
    return {path.stem: linear.load(path) for path in sorted(folder().glob("*.npz"))}


@cache
def _joined(place: str, names: tuple[str, ...]) -> tuple[Joined, dict[str, int]] | None:
    """The Chinese weights that are there, in one table, and the place of each by name."""
    there = [name for name in names if (HERE / place / f"{name}.npz").exists()]
    if not there:
        return None
    heads = linear.join([linear.load_packed(HERE / place / f"{name}.npz") for name in there])
    return heads, dict(zip(there, range(len(there)), strict=True))


@cache
def _worded(place: str, name: str) -> Hashed | None:
    path = HERE / place / f"{name}.npz"
    return hashed.load(path) if path.exists() else None


@lru_cache(maxsize=4)
def _eastern_scores(place: str, names: tuple[str, ...], text: str) -> list[list[float]]:
    """What every Chinese head says of a text; several of them are asked in turn."""
    found = _joined(place, names)
    return found[0].scores(eastern_keys(text)) if found else []


def _eastern(name: str, text: str) -> tuple[dict[str, Any], list[float]] | None:
    """The facts and the scores of one Chinese head; None where the text or the head is not there."""
    names = EASTERN_HEADS if name in EASTERN_HEADS else (name,)
    found = _joined(_chosen[0], names)
    if found is None or name not in found[1] or not EASTERN.search(text):
        return None
    at = found[1][name]
    return found[0].facts[at], _eastern_scores(_chosen[0], names, text)[at]


@lru_cache(maxsize=4)
def _latin_counts(text: str) -> Counted:
    return hashed.hashed(count(latin_grams(text)))


def _latin(name: str, text: str) -> tuple[dict[str, Any], list[float]] | None:
    """The facts and the scores of one English head."""
    model = _worded(_chosen[0], name)
    return (model.facts, model.scores(_latin_counts(text)).tolist()) if model is not None else None


@lru_cache(maxsize=4)
def chances(text: str) -> tuple[float, ...] | None:
    """Six probabilities for a folded text with icon marks; Chinese and Latin parts averaged by their share."""
    share = latin_share(text)
    eastern = _eastern("zh", text) if share < MOSTLY_LATIN else None
    latin = _latin("en", text) if share > SOME_LATIN else None
    first = _eastern_chances(*eastern, len(text)) if eastern else None
    second = _latin_chances(*latin) if latin else None
    if first is None or second is None:
        said = first or second
        return tuple(said) if said else None
    return tuple((1 - share) * one + share * two for one, two in zip(first, second, strict=True))


def _eastern_chances(facts: dict[str, Any], scores: Sequence[float], length: int) -> list[float]:
    heat = next(heat for least, heat in reversed(facts["temperature"]) if length >= least)
    top = max(scores)
    powers = [math.exp((score - top) / heat) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def _units(facts: dict[str, Any], scores: Sequence[float]) -> dict[str, float]:
    return {name: 1 / (1 + math.exp(-score)) for name, score in zip(facts["labels"], scores, strict=True)}


def _latin_chances(facts: dict[str, Any], scores: Sequence[float]) -> list[float]:
    units = _units(facts, scores)
    shares = [units[name] + (units["disgust"] if name == "anger" else 0.0) for name in EMOTIONS]
    total = sum(shares) or 1.0
    return [share / total for share in shares]


def ekman(source: str) -> list[float]:
    """The seven units of the English weights, each a probability of its own; for benchmarks."""
    found = _latin("en", flatten(source).text)
    if found is None:
        raise LookupError("there are no English weights")
    return list(_units(*found).values())


def sound(text: str) -> Sound | None:
    """How much a sober, folded text sounds like danger and like sorrow; None where nothing is known."""
    parts = _shared("danger", text)
    if not parts:
        return None
    whole = sum(weight for weight, _, _ in parts)
    danger = sorrow = 0.0
    for weight, facts, scores in parts:
        seen = blended(text, *scores)
        fear, pain = (_blend(facts[name], seen) for name in ("blend_danger", "blend_sorrow"))
        danger += weight * _between(facts["watch"], facts["crisis"], 0.4, 0.8, fear) / whole
        sorrow += weight * _between(facts["doubt"], facts["comfort"], 0.3, 0.65, pain) / whole
    return Sound(danger, sorrow)


def blended(text: str, danger: float, sorrow: float) -> list[float]:
    """What the last word on danger and sorrow is made of: both scores, the six emotions, and the length."""
    emotions = chances(text) or EVEN
    size = math.log(5 + len(text))
    return [danger, sorrow, *(math.log(share + 1e-3) for share in emotions), size, size * danger]


def _blend(parts: Sequence[float], seen: Sequence[float]) -> float:
    return float(parts[0] + sum(map(mul, parts[1:], seen)))


def kinds(text: str) -> dict[str, float]:
    """How much a text sounds like each kind of danger and of sorrow, comparable within the two sorts; may be empty."""
    parts = _shared("kinds", text)
    whole = sum(weight for weight, _, _ in parts) or 1.0
    said: dict[str, float] = {}
    for weight, facts, scores in parts:
        for name, score in zip(facts["labels"], scores, strict=True):
            said[name] = said.get(name, 0.0) + weight * score / whole
    return said


def likeliest(text: str) -> CrisisKind | None:
    """The kind of danger that a text sounds most like."""
    said = kinds(text)
    order = sorted(CRISIS_KINDS, key=said.__getitem__) if said else ()
    return order[-1] if order else None


def _shared(head: str, text: str) -> list[tuple[float, dict[str, Any], list[float]]]:
    """The share of each language in a text, with the facts and scores of its head."""
    share = latin_share(text)
    parts = []
    if share < MOSTLY_LATIN and (found := _eastern(f"{head}_zh", text)):
        parts.append((1 - share, *found))
    if share > SOME_LATIN and (found := _latin(f"{head}_en", text)):
        parts.append((share, *found))
    return parts


def _between(low: float, high: float, small: float, large: float, score: float) -> float:
    """Brings a score onto the scale of the rules: `low` becomes `small` and `high` becomes `large`."""
    return small + (large - small) * (score - low) / (high - low)


def leaning(text: str) -> list[str]:
    """The pieces of a Chinese text that sound most like danger, the strongest first."""
    found = _joined(_chosen[0], EASTERN_HEADS)
    if found is None or "danger_zh" not in found[1] or not EASTERN.search(text):
        return []
    parts = found[0].leaning(eastern_keys(text), found[1]["danger_zh"])
    return [piece for piece, part in parts if part > 0 and piece[0] < "\ue000" and len(piece) > 1]


def sarcasm(text: str) -> float | None:
    """How likely a Chinese comment is sarcastic, or None where nothing is known."""
    found = _eastern("sarcasm", text)
    return 1 / (1 + math.exp(-found[1][0])) if found else None
