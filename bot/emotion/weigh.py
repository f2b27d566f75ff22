"""What the trained weights say of a text; without a weight file the reader works from its word lists alone."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from bot.emotion import linear
from bot.emotion.grams import EASTERN, count, eastern_grams, latin_grams, latin_share
from bot.emotion.linear import Linear
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


def chances(text: str) -> list[float] | None:
    """Six probabilities for a folded text with icon marks; Chinese and Latin parts averaged by their share."""
    models = load()
    share = latin_share(text)
    eastern = models.get("zh") if share < 0.85 and EASTERN.search(text) else None
    latin = models.get("en") if share > 0.25 else None
    if eastern is None and latin is None:
        return None
    if latin is None and eastern is not None:
        return _eastern(eastern, text)
    if eastern is None and latin is not None:
        return _latin(latin, text)
    first, second = _eastern(models["zh"], text), _latin(models["en"], text)
    return [(1 - share) * one + share * two for one, two in zip(first, second, strict=True)]


@lru_cache(maxsize=4)
def _counted(text: str) -> dict[str, int]:
    """The pieces of a text that several heads look at in turn."""
    return count(eastern_grams(text))


def _eastern(model: Linear, text: str) -> list[float]:
    heat = next(heat for least, heat in reversed(model.facts["temperature"]) if len(text) >= least)
    scores = model.scores(_counted(text)) / heat
    powers = np.exp(scores - scores.max())
    shares: list[float] = (powers / powers.sum()).tolist()
    return shares


def _units(model: Linear, text: str) -> dict[str, float]:
    scores = model.scores(count(latin_grams(text)))
    return dict(zip(model.labels, (1 / (1 + np.exp(-scores))).tolist(), strict=True))


def _latin(model: Linear, text: str) -> list[float]:
    units = _units(model, text)
    shares = [units[name] + (units["disgust"] if name == "anger" else 0.0) for name in EMOTIONS]
    total = sum(shares) or 1.0
    return [share / total for share in shares]


def ekman(source: str) -> list[float]:
    """The seven units of the English weights, each a probability of its own; for benchmarks."""
    model = load()["en"]
    units = _units(model, flatten(source).text)
    return [units[name] for name in model.labels]


def sarcasm(text: str) -> float | None:
    """How likely a Chinese comment is sarcastic, or None where nothing is known."""
    model = load().get("sarcasm")
    if model is None or not EASTERN.search(text):
        return None
    return float(1 / (1 + np.exp(-model.scores(_counted(text))[0])))
