"""The toxicity classifier: a linear model over characters, syllables and words, looked up in a dictionary."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from safety.fold import HAN, Folded
from safety.sounds import hear

Language = Literal["zh", "en"]
HERE = Path(__file__).parent / "weights"
BREAK = re.compile(r"[\W_]+")
LATIN = re.compile(r"[a-z]+(?:'[a-z]+)?")
HAN_CHAR = re.compile(f"[{HAN}]")
LONGEST = 2_000  # characters that are scored
PRIVATE = 0xE000
BLANKS = frozenset([" ", chr(PRIVATE + ord(" "))])
PIECE = 1 << 15  # characters


@dataclass(frozen=True)
class Scale:
    """How a raw score of one language becomes a probability (Platt), and where it is held and blocked.

    Below `calm` the text reads like everyday talk: a coarse word in it weighs less.
    """

    bias: float
    slope: float
    offset: float
    hold: float
    block: float
    calm: float = -math.inf


@dataclass(frozen=True)
class Weights:
    """The weights of one language by gram, without the grams: `keys` are their hashes, sorted, `values` stand beside.

    Values are numbers of steps. A dictionary of 280,000 grams takes 35 MB, this takes 3. Two grams share one of 2^64
    hashes once in 10^12 texts, and nobody outside can choose which, because Python's hashes are salted anew in each
    process.
    """

    keys: npt.NDArray[np.int64]
    values: npt.NDArray[np.int16] | npt.NDArray[np.float64]
    step: float = 1.0

    def add_up(self, grams: Collection[str]) -> float:
        """Return the sum of the weights of those grams that have one; the grams are wide ones, see `widen`."""
        keys = hash_all(grams)
        keys.sort()  # neighbours are found in the same cache line
        at = self.keys.searchsorted(keys)
        return float(self.values.take(at[self.keys.take(at, mode="clip") == keys]).sum()) * self.step


@dataclass(frozen=True)
class Model:
    """Weights by gram for each language, and the scales."""

    weights: Mapping[str, Weights]
    scales: Mapping[str, Scale]
    version: str

    def score(self, folded: Folded) -> tuple[Language, float]:
        """Return the language and the raw score of a folded text: the sum of weights over the root of their number."""
        language: Language = "zh" if HAN_CHAR.search(folded.text) else "en"
        grams = list_latin_grams(folded.text[:LONGEST]) if language == "en" else cut_grams(*map(widen, say(folded)))
        total = self.weights[language].add_up(grams)
        return language, total / math.sqrt(max(len(grams), 1)) + self.scales[language].bias

    def judge(self, folded: Folded) -> tuple[float, Literal["calm", "low", "medium", "high"]]:
        """Return the calibrated probability that a text is offensive, and where it stands at the shipped thresholds."""
        language, raw = self.score(folded)
        scale = self.scales[language]
        chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, scale.slope * raw + scale.offset))))
        if raw < scale.hold:
            return chance, "calm" if raw < scale.calm else "low"
        return chance, "high" if raw >= scale.block else "medium"


def list_grams(folded: Folded, language: Language) -> set[str]:
    """Return the grams of a text: 1-4 characters and 1-3 syllables, or for English words, pairs and 4-6 letters."""
    if language == "en":
        return list_latin_grams(folded.text[:LONGEST])
    return cut_grams(*say(folded))


def say(folded: Folded) -> tuple[str, str]:
    """Return the letters of a text, a blank where others stand between them, and the same of its syllables."""
    return BREAK.sub(" ", folded.text[:LONGEST]), BREAK.sub(" ", hear(folded).text[:LONGEST])


def cut_grams(text: str, heard: str) -> set[str]:
    """Return all runs of 1-4 characters of a text and 1-3 of its syllables, but no single blank."""
    grams = set(text)
    grams.update(heard)
    for string, longest in ((text, 4), (heard, 3)):
        for size in range(2, longest + 1):
            grams.update([string[place : place + size] for place in range(len(string) - size + 1)])
    return grams - BLANKS


def list_latin_grams(text: str) -> set[str]:
    """Return words, pairs of words that are neighbours or have one between them, and runs of four to six letters."""
    words = LATIN.findall(text)
    grams = {f"={word}" for word in words}
    grams.update(f"={first} {second}" for first, second in pairwise(words))
    grams.update(f"={first} _ {third}" for first, third in zip(words, words[2:], strict=False))
    for word in set(words):
        marked = f"<{word}>"
        for size in (4, 5, 6):
            grams.update(marked[place : place + size] for place in range(len(marked) - size + 1))
    return grams


@cache
def load_model() -> Model | None:
    """Return the shipped model, or nothing when no weights are there (the filter then works without it)."""
    if not (HERE / "model.json").exists():
        return None
    card = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
    weights = {language: read_weights(language, card["steps"][language]) for language in card["steps"]}
    return Model(weights, {name: Scale(**scale) for name, scale in card["scales"].items()}, card["version"])


def read_weights(language: str, step: float) -> Weights:
    """Read grams (text, compressed) and their weights (whole numbers of steps)."""
    grams = gzip.decompress((HERE / f"{language}.grams.gz").read_bytes()).decode("utf-8")
    numbers = np.frombuffer(gzip.decompress((HERE / f"{language}.weights.gz").read_bytes()), dtype=np.int16)
    keys = hash_lines(grams if language == "en" else widen(grams))
    order = np.argsort(keys)
    return Weights(keys[order], numbers[order], step)


def hash_all(grams: Collection[str]) -> npt.NDArray[np.int64]:
    """Return the hash of each gram."""
    return np.fromiter(map(hash, grams), np.int64, len(grams))


def hash_lines(grams: str) -> npt.NDArray[np.int64]:
    """Return the hash of each line; no more than some thousands of lines are strings at a time, for those are large."""
    found: list[npt.NDArray[np.int64]] = []
    start = 0
    while start <= len(grams):
        end = grams.find("\n", start + PIECE)
        end = len(grams) if end < 0 else end
        found.append(hash_all(grams[start:end].split("\n")))
        start = end + 1
    return np.concatenate(found)


def widen(text: str) -> str:
    """Return the text with Latin letters and signs, but no new line, as characters for private use.

    Python hashes the bytes in which it keeps a string, one or two a character, so that two Latin letters and one Han
    character can be the same to it. Of a wide text and its grams every character has two.
    """
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    return load_wide().take(units).tobytes().decode("utf-16-le", "surrogatepass")


@cache
def load_wide() -> npt.NDArray[np.uint16]:
    """Return for each UTF-16 unit the one that stands for it in a wide text."""
    wide = np.arange(1 << 16, dtype=np.uint16)
    wide[:256] += PRIVATE
    wide[ord("\n")] = ord("\n")
    return wide


def write_weights(language: str, weights: Mapping[str, float], folder: Path) -> float:
    """Write weights as whole numbers of a step, two bytes each, and return the step."""
    names = sorted(weights)
    step = max(abs(value) for value in weights.values()) / 32767
    numbers = np.round(np.array([weights[name] for name in names]) / step).astype(np.int16)
    (folder / f"{language}.grams.gz").write_bytes(gzip.compress("\n".join(names).encode(), 9, mtime=0))
    (folder / f"{language}.weights.gz").write_bytes(gzip.compress(numbers.tobytes(), 9, mtime=0))
    return float(step)


def count(rows: Iterable[set[str]], least: int) -> dict[str, int]:
    """Number the grams that stand in at least so many rows."""
    seen: dict[str, int] = {}
    for grams in rows:
        for gram in grams:
            seen[gram] = seen.get(gram, 0) + 1
    return {gram: place for place, gram in enumerate(sorted(gram for gram, rows_ in seen.items() if rows_ >= least))}
