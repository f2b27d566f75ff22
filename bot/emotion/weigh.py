"""What the trained weights say of a text; without a weight file the reader works from its word lists alone."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.emotion import linear
from bot.emotion.grams import EASTERN, count, eastern_keys, latin_grams, latin_share
from bot.emotion.linear import Linear, Packed
from bot.emotion.plain import flatten
from bot.model import EMOTIONS

HERE = Path(__file__).parent / "weights"
_chosen = ["research"]


def use(name: str) -> None:
    """Chooses the weight folder for this process: `research` (the default), `clean` or `none`."""
    _chosen[0] = name
    load.cache_clear()


def folder() -> Path:
    """Where the weights in use lie."""
    return HERE / _chosen[0]


@cache
def load() -> dict[str, Linear]:
    """The weight files that are there, by name: zh, en, sarcasm."""
    return {path.stem: linear.load(path) for path in sorted(folder().glob("*.npz"))}


@cache
def _packed(place: str, name: str) -> Packed | None:
    path = HERE / place / f"{name}.npz"
    return linear.pack(linear.load(path)) if path.exists() else None


@cache
def _worded(place: str, name: str = "en") -> Linear | None:
    path = HERE / place / f"{name}.npz"
    return linear.load(path) if path.exists() else None


def chances(text: str) -> list[float] | None:
    """Six probabilities for a folded text with icon marks; Chinese and Latin parts averaged by their share."""
    share = latin_share(text)
    eastern = _packed(_chosen[0], "zh") if share < 0.85 and EASTERN.search(text) else None
    latin = _worded(_chosen[0]) if share > 0.25 else None
    if eastern is None:
        return _latin(latin, text) if latin is not None else None
    if latin is None:
        return _eastern(eastern, text)
    pairs = zip(_eastern(eastern, text), _latin(latin, text), strict=True)
    return [(1 - share) * first + share * second for first, second in pairs]


@lru_cache(maxsize=4)
def _keys(text: str) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """The pieces of a text that several heads look at in turn."""
    return eastern_keys(text)


def _eastern(model: Packed, text: str) -> list[float]:
    heat = next(heat for least, heat in reversed(model.facts["temperature"]) if len(text) >= least)
    scores = model.scores(*_keys(text))
    top = max(scores)
    powers = [math.exp((score - top) / heat) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def _units(model: Linear, text: str) -> dict[str, float]:
    scores: list[float] = model.scores(count(latin_grams(text))).tolist()
    return {name: 1 / (1 + math.exp(-score)) for name, score in zip(model.labels, scores, strict=True)}


def _latin(model: Linear, text: str) -> list[float]:
    units = _units(model, text)
    shares = [units[name] + (units["disgust"] if name == "anger" else 0.0) for name in EMOTIONS]
    total = sum(shares) or 1.0
    return [share / total for share in shares]


def ekman(source: str) -> list[float]:
    """The seven units of the English weights, each a probability of its own; for benchmarks."""
    model = _worded(_chosen[0])
    if model is None:
        raise LookupError("there are no English weights")
    units = _units(model, flatten(source).text)
    return [units[name] for name in model.labels]


def danger(text: str) -> list[float] | None:
    """How much a sober, folded text sounds like danger, and like each of CRISIS_KINDS; None where nothing is known.

    The first number is on the scale of the rules' weights: 0.4 is worth watching, 0.8 is a crisis.
    """
    share = latin_share(text)
    parts: list[tuple[float, list[float]]] = []
    eastern = _packed(_chosen[0], "danger_zh") if share < 0.85 and EASTERN.search(text) else None
    if eastern is not None:
        parts.append((1 - share, _scaled(eastern.facts, eastern.scores(*_keys(text)))))
    latin = _worded(_chosen[0], "danger_en") if share > 0.25 else None
    if latin is not None:
        parts.append((share, _scaled(latin.facts, latin.scores(count(latin_grams(text))).tolist())))
    if not parts:
        return None
    whole = sum(weight for weight, _ in parts)
    return [sum(weight * scores[at] for weight, scores in parts) / whole for at in range(len(parts[0][1]))]


def _scaled(facts: dict[str, Any], scores: list[float]) -> list[float]:
    """Brings the first score onto the scale of the rules: `watch` becomes 0.4 and `crisis` 0.8."""
    watch, crisis = facts["watch"], facts["crisis"]
    return [0.4 + 0.4 * (scores[0] - watch) / (crisis - watch), *scores[1:]]


def leaning(text: str) -> list[str]:
    """The pieces of a Chinese text that sound most like danger, the strongest first."""
    model = _packed(_chosen[0], "danger_zh")
    if model is None or not EASTERN.search(text):
        return []
    return [piece for piece, part in model.leaning(*_keys(text)) if part > 0 and piece[0] < "\ue000" and len(piece) > 1]


def sarcasm(text: str) -> float | None:
    """How likely a Chinese comment is sarcastic, or None where nothing is known."""
    model = _packed(_chosen[0], "sarcasm")
    if model is None or not EASTERN.search(text):
        return None
    return 1 / (1 + math.exp(-model.scores(*_keys(text))[0]))
