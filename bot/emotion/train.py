"""Rebuilds the weights of the emotion reader: `python -m bot.emotion.train DATA [--clean] [--own FILE]`.

DATA is the folder that holds `emotion/*.jsonl.gz`. Needs scikit-learn, which the reader itself does not. Seeds are
fixed; no test set is read. An own file has a JSON object a line: `text` and `label`, one of the six.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from bot.emotion import icons, linear, teach
from bot.emotion.grams import count, eastern_grams, latin_grams, mark_icons
from bot.emotion.names import NAMES
from bot.emotion.plain import flatten
from bot.emotion.rows import rows_of, say
from bot.model import EMOTIONS

HERE = Path(__file__).parent / "weights"
SEED = 0
CALIBRATION = "smp_usual_dev"
"""The posts that the temperatures are fitted on; no figure of the model card is taken from them."""
LEAST_POSTS = 5
KEEP_EASTERN, KEEP_LATIN, KEEP_SARCASM = 60_000, 40_000, 8_000
RARITY = np.array([1.0, 0.85, 1.15, 1.3, 1.3, 0.95])
"""The weight of a post of each emotion, in the order of EMOTIONS; chosen on the dev half of the first source."""
SURER = 1.04
"""Icons and rules make a whole reading surer than its weights: every temperature is raised by this; fitted so that
the mean confidence of whole readings is their accuracy on CALIBRATION."""
LATIN_SMOOTH = 0.2
EKMAN = ("joy", "anger", "sadness", "fear", "surprise", "neutral", "disgust")


@dataclass(frozen=True)
class Source:
    """A file of DATA, the weight of each of its posts, and whether its licence allows a clean build."""

    name: str
    weight: float
    clean: bool


EASTERN = (
    Source("smp_usual_train", 1.0, clean=False),
    Source("smp_virus_train", 1.0, clean=False),
    Source("covid7", 0.3, clean=False),
    Source("cped", 0.1, clean=True),
)
LATIN = (Source("goemotions_ekman_train", 1.0, clean=True), Source("tweeteval_emotion_train", 0.5, clean=False))
Matrix = Any
Floats = NDArray[np.float64]


def main(arguments: list[str] | None = None) -> int:
    """Trains both languages and writes the weight files; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.emotion.train", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds emotion/*.jsonl.gz")
    parser.add_argument("--clean", action="store_true", help="only sources with a licence that allows it")
    parser.add_argument("--own", type=Path, help="a labelled file of your own, added to the training posts")
    parser.add_argument("--out", type=Path, help="where to write; by default beside the reader")
    given = parser.parse_args(arguments)
    out = given.out or HERE / ("clean" if given.clean else "research")
    out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    train_eastern(given.data, out, clean=given.clean, own=given.own)
    train_latin(given.data, out, clean=given.clean)
    if not given.clean:
        train_sarcasm(given.data, out)
    teach.teach(given.data, out, clean=given.clean)
    say(f"done in {time.monotonic() - started:.0f} s: {out}")
    return 0


def marked(text: str) -> str:
    """A text as the weights see it: folded, with icons as marks."""
    plain = flatten(text).text
    return mark_icons(plain, icons.load().find(plain))


def train_eastern(data: Path, out: Path, *, clean: bool, own: Path | None = None) -> None:
    """Character pieces, six labels; temperature by length from CALIBRATION."""
    texts: list[str] = []
    labels: list[int] = []
    weights: list[float] = []
    sources = [source for source in EASTERN if source.clean or not clean]
    for source in sources:
        for row in rows_of(data / "emotion" / f"{source.name}.jsonl.gz"):
            if row["label"] in NAMES:
                texts.append(marked(row["text"]))
                labels.append(EMOTIONS.index(NAMES[row["label"]]))
                weights.append(1.0 if clean else source.weight)
        say(f"{source.name}: {len(texts)} posts so far")
    for row in rows_of(own) if own else ():
        texts.append(marked(row["text"]))
        labels.append(EMOTIONS.index(row["label"]))
        weights.append(1.0)
    goal, weight = np.array(labels), np.array(weights)
    counts, pieces, idf = _counted(texts, eastern_grams, KEEP_EASTERN, goal, weight)
    say(f"zh: {len(pieces)} pieces")
    coef, bias = _fit(counts, goal, weight)
    facts = {
        "labels": list(EMOTIONS),
        "temperature": [[0.0, 1.0]],
        "sources": [source.name for source in sources],
        "pieces": len(pieces),
    }
    linear.save(out / "zh.npz", pieces, coef.T, idf, bias, facts)
    heat = temperatures(linear.load(out / "zh.npz"), rows_of(data / "emotion" / f"{CALIBRATION}.jsonl.gz"))
    linear.save(out / "zh.npz", pieces, coef.T, idf, bias, facts | {"temperature": heat})
    say(f"zh: temperatures {heat}")


def temperatures(model: linear.Linear, rows: list[dict[str, Any]]) -> list[list[float]]:
    """Pairs of (shortest length, temperature) that fit the chances of the quantised model to labelled posts."""
    texts = [marked(row["text"]) for row in rows if row["label"] in NAMES]
    goal = np.array([EMOTIONS.index(NAMES[row["label"]]) for row in rows if row["label"] in NAMES])
    scores = np.array([model.scores(count(eastern_grams(text))) for text in texts], dtype=np.float64)
    return _temperatures(scores, goal, np.array([len(text) for text in texts]))


def train_latin(data: Path, out: Path, *, clean: bool) -> None:
    """Word and character pieces, one unit for each of seven labels; chances and thresholds from five folds."""
    texts: list[str] = []
    goals: list[list[int]] = []
    weights: list[float] = []
    sources = [source for source in LATIN if source.clean or not clean]
    for source in sources:
        for row in rows_of(data / "emotion" / f"{source.name}.jsonl.gz"):
            labels = row.get("labels") or [row["label"]]
            texts.append(marked(row["text"]))
            goals.append([int(any(_ekman(label) == name for label in labels)) for name in EKMAN])
            weights.append(source.weight)
    goal, weight = np.array(goals), np.array(weights)
    counts, pieces, idf = _counted(texts, latin_grams, KEEP_LATIN, goal, weight)
    folds = np.random.default_rng(SEED).integers(0, 5, len(texts))
    thresholds, coefs, biases = [], [], []
    for at, name in enumerate(EKMAN):
        held = np.zeros(len(texts))
        for fold in range(5):
            trial = LinearSVC(C=LATIN_SMOOTH, random_state=SEED)
            trial.fit(counts[folds != fold], goal[folds != fold, at], sample_weight=weight[folds != fold])
            held[folds == fold] = trial.decision_function(counts[folds == fold])
        platt = LogisticRegression(C=1e6).fit(held[:, None], goal[:, at], sample_weight=weight)
        scale, shift = float(platt.coef_[0, 0]), float(platt.intercept_[0])
        chance = 1 / (1 + np.exp(-(scale * held + shift)))
        first = weight == 1.0
        steps = np.arange(0.1, 0.7, 0.01)
        best = max(steps, key=lambda step, c=chance, a=at, f=first: f1_score(goal[f, a], c[f] >= step))  # type: ignore[misc]
        thresholds.append(float(best))
        final = LinearSVC(C=LATIN_SMOOTH, random_state=SEED).fit(counts, goal[:, at], sample_weight=weight)
        coefs.append(scale * final.coef_[0])
        biases.append(scale * float(final.intercept_[0]) + shift)
        say(f"en: {name}, threshold {best:.2f}")
    facts = {"labels": list(EKMAN), "thresholds": thresholds, "sources": [source.name for source in sources]}
    linear.save(out / "en.npz", pieces, np.array(coefs).T, idf, biases, facts | {"pieces": len(pieces)})


def train_sarcasm(data: Path, out: Path) -> None:
    """Character pieces of comments, one label; a hint only."""
    rows = rows_of(data / "emotion" / "tosarcasm_train.jsonl.gz")
    texts = [marked(row["text"]) for row in rows]
    goal = np.array([row["sarcastic"] for row in rows])
    weight = np.ones(len(goal))
    counts, pieces, idf = _counted(texts, eastern_grams, KEEP_SARCASM, goal, weight)
    model = LogisticRegression(C=2.0, solver="liblinear", random_state=SEED).fit(counts, goal)
    facts = {"labels": ["sarcastic"], "sources": ["tosarcasm_train"], "pieces": len(pieces)}
    linear.save(out / "sarcasm.npz", pieces, model.coef_.T, idf, model.intercept_, facts)
    say(f"sarcasm: {len(pieces)} pieces")


def _ekman(label: str) -> str:
    return label if label == "disgust" else NAMES.get(label, label)


def _counted(
    texts: list[str],
    analyse: Callable[[str], list[str]],
    keep: int,
    goal: NDArray[Any],
    weight: Floats,
) -> tuple[Matrix, list[str], Floats]:
    """TF-IDF of the `keep` pieces that a first fit leans on most; none with a digit, none in fewer than five posts."""
    vectors = CountVectorizer(analyzer=analyse, min_df=LEAST_POSTS)
    counts = vectors.fit_transform(texts).astype(np.float64)
    names = vectors.get_feature_names_out()
    whole = np.array([not any(letter.isdigit() and letter != "0" for letter in _said(name)) for name in names])
    counts, names = counts[:, whole], names[whole]
    idf = np.log((1 + counts.shape[0]) / (1 + np.bincount(counts.indices, minlength=counts.shape[1]))) + 1.0
    counts.data = 1.0 + np.log(counts.data)
    scaled = counts @ sparse.diags(idf)
    if len(names) > keep:
        matrix = normalize(scaled)
        targets = goal.T if goal.ndim == 2 else [goal]
        strength = np.zeros(len(names))
        for target in targets:
            model = LinearSVC(C=0.3, random_state=SEED).fit(matrix, target, sample_weight=weight)
            strength = np.maximum(strength, np.abs(model.coef_).max(axis=0))
        chosen = np.sort(np.argsort(-strength, kind="stable")[:keep])
        scaled, names, idf = scaled[:, chosen], names[chosen], idf[chosen]
    return normalize(scaled).tocsr(), list(names), idf


def _said(name: str) -> str:
    return "" if name.startswith("\ue011") else name


def _fit(counts: Matrix, goal: NDArray[Any], weight: Floats) -> tuple[Floats, Floats]:
    """A support vector machine a label; rare and mixed-up labels weigh more, which macro-F1 rewards."""
    machine = LinearSVC(C=0.2, random_state=SEED).fit(counts, goal, sample_weight=weight * RARITY[goal])
    return 2.5 * machine.coef_, 2.5 * machine.intercept_


def _temperatures(held: Floats, goal: NDArray[Any], lengths: NDArray[Any]) -> list[list[float]]:
    """Pairs of (shortest length, temperature), each fitted on the posts between that length and the next."""
    heats = []
    for low, high in ((0, 16), (16, 40), (40, 10_000)):
        part = (lengths >= low) & (lengths < high)
        if part.sum() < 50:
            part = np.ones(len(goal), bool)
        steps = np.exp(np.linspace(np.log(0.2), np.log(6), 80))
        best = min(steps, key=lambda heat, p=part: _loss(held[p] / heat, goal[p]))  # type: ignore[misc]
        heats.append([float(low), round(SURER * float(best), 3)])
    return heats


def _loss(scores: Floats, goal: NDArray[Any]) -> float:
    scores = scores - scores.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(goal)), goal]))


if __name__ == "__main__":
    raise SystemExit(main())
