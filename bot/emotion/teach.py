"""Trains what danger and sorrow sound like, from our own lessons and cases against ordinary posts.

Two weight files a language: `danger` gives one score for danger and one for sorrow, `kinds` says which. Danger is
learned against everything else; sorrow against what is harmless or mildly bad, never against danger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from bot.emotion import lesson, linear, weigh
from bot.emotion.grams import count, eastern_grams, latin_grams
from bot.emotion.lesson import SORROWS
from bot.emotion.reader import sober_text, speaks_of_danger
from bot.emotion.rows import rows_of, say
from bot.model import CRISIS_KINDS
from memes.files import LIBRARY
from memes.library import Library

SEED = 0
CASES = Path(__file__).parents[2] / "tests" / "emotion" / "cases"
OWN_CASES = ("own_tune", "own_veiled_tune", "own_after", "own_kinds_tune", "own_more")
"""The own cases that may be learned from; the others are only run."""
SMOOTH, SMOOTH_KINDS = 30.0, 10.0
"""How closely the weights follow the lessons (C of the regression)."""
KEEP, KEEP_KINDS = 50_000, 12_000
CARDS = "cards"
CARD_WEIGHT = 4.0
"""What an everyday situation counts beside another text: chosen in folds, where 4 meets three in a hundred more."""
MOST_ORDINARY = 8_000
FOLDS = 5
ORDINARY, USUAL, REDDIT, DRAMA = (
    "safety/ordinary_posts", "emotion/smp_usual_train", "emotion/goemotions_ekman_train", "emotion/cped"
)  # fmt: skip
SHARES = {
    "danger": {
        "watch": {"harmless": 0.15, CARDS: 0.025, ORDINARY: 0.004, USUAL: 0.02, REDDIT: 0.015, DRAMA: 0.015},
        "crisis": {"harmless": 0.06, CARDS: 0.004, ORDINARY: 0.001, USUAL: 0.006, REDDIT: 0.004, DRAMA: 0.004},
    },
    "sorrow": {"comfort": {"harmless": 0.06, CARDS: 0.005, ORDINARY: 0.01, USUAL: 0.01, REDDIT: 0.01, DRAMA: 0.01}},
}
"""A threshold is the lowest score that keeps all of these shares in folds: of our own harmless texts, and of ordinary
posts. Some of the ordinary posts do speak of danger: nobody has looked at them, and their share is an upper bound."""
DOUBTED = 0.08
"""The share of sorrows that sound less sad, in folds, than the score below which sadness alone is not believed."""
Matrix = Any
Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Tongue:
    """A language: its pieces, and the ordinary posts of DATA; `moods` name the labels of posts that are not sad."""

    name: str
    analyse: Callable[[str], list[str]]
    ordinary: tuple[str, ...]


ZH = Tongue("zh", eastern_grams, (ORDINARY, USUAL))
CLEAN_ZH = Tongue("zh", eastern_grams, (DRAMA,))
EN = Tongue("en", latin_grams, (REDDIT,))
LOW = frozenset({"sad", "fear", "sadness", "depress", "worried", "anger", "angry", "disgust"})


@dataclass(frozen=True)
class Example:
    """A sober text, its label ("" for an ordinary post), whether it may stand against sorrow, and its block."""

    text: str
    label: str
    calm: bool
    block: str


def teach(data: Path, out: Path, *, clean: bool) -> None:
    """Writes danger_zh, kinds_zh, danger_en and kinds_en."""
    weigh.use(str(out.resolve()))
    for tongue in (CLEAN_ZH if clean else ZH, EN):
        teach_tongue(data, out, tongue)


def teach_tongue(data: Path, out: Path, tongue: Tongue) -> None:
    """One language: both files; the blend and the thresholds come from folds by block."""
    examples = [*_lessons(tongue.name), *_cases(tongue.name), *_cards(tongue.name)]
    own = len(examples)
    examples += [example for source in tongue.ordinary for example in _ordinary(data, source)]
    labels = np.array([example.label for example in examples])
    ours = np.arange(len(examples)) < own
    sources = np.array([example.block.split(" ")[0] for example in examples])
    harmless = ours & np.isin(labels, ("plain", "gripe")) & (sources != CARDS)
    danger, sorrow = np.isin(labels, CRISIS_KINDS), np.isin(labels, SORROWS)
    aims = {"danger": danger, "sorrow": sorrow}
    among = {
        "danger": np.ones(len(examples), bool),
        "sorrow": ~danger & (ours | np.array([example.calm for example in examples])),
    }
    weight = np.where(sources == CARDS, CARD_WEIGHT, 1.0)
    texts = [example.text for example in examples]
    counted = _counted(texts, own, tongue.analyse)
    matrix = normalize(counted[0]).tocsr()
    folds = _folds([example.block for example in examples])
    held = np.stack([_held_out(matrix, aims[name], among[name], weight, folds, SMOOTH) for name in aims], 1)
    dense = features(texts, held)
    facts: dict[str, Any] = {"labels": ["danger", "sorrow"], "sources": ["lessons", "own cases", *tongue.ordinary]}
    for name, aim in aims.items():
        blend = _fit(dense[among[name]], aim[among[name]], weight[among[name]], SMOOTH)
        facts[f"blend_{name}"] = [float(blend.intercept_[0]), *map(float, blend.coef_[0])]
        scores = _held_out(dense, aim, among[name], weight, folds, SMOOTH)
        facts["doubt"] = float(np.quantile(scores[aim], DOUBTED))
        for mark, shares in SHARES[name].items():
            groups = {s: among[name] & (sources == s) for s in (*tongue.ordinary, CARDS)} | {"harmless": harmless}
            groups = {group: rows for group, rows in groups.items() if rows.any()}
            facts[mark] = float(max(np.quantile(scores[rows], 1 - shares[group]) for group, rows in groups.items()))
            hit = scores >= facts[mark]
            told = [f"{tongue.name} {mark} {facts[mark]:.2f}: in folds {hit[aim].mean():.1%} met"]
            told += [f"{hit[rows].mean():.2%} of {group}" for group, rows in groups.items()]
            say(", ".join(told))
    matrix, pieces, idf = _pruned(*counted, aims, among, weight, KEEP)
    models = [_fit(matrix[among[name]], aims[name][among[name]], weight[among[name]], SMOOTH) for name in aims]
    _save(out / f"danger_{tongue.name}.npz", pieces, models, idf, facts)
    settle(out / f"danger_{tongue.name}.npz", tongue)
    _teach_kinds(out, tongue, [example for example, mark in zip(examples, danger | sorrow, strict=True) if mark])


def features(texts: list[str], scores: Floats) -> Floats:
    """What the blend looks at for each text: see `weigh.blended`."""
    return np.array([weigh.blended(text, *pair) for text, pair in zip(texts, scores.tolist(), strict=True)])


def _teach_kinds(out: Path, tongue: Tongue, examples: list[Example]) -> None:
    """Which danger, and which sorrow: each kind against the others of its sort."""
    labels = np.array([example.label for example in examples])
    kinds = (*CRISIS_KINDS, *SORROWS)
    aims = {kind: labels == kind for kind in kinds}
    sorts = {kind: np.isin(labels, CRISIS_KINDS if kind in CRISIS_KINDS else SORROWS) for kind in kinds}
    texts, weight = [example.text for example in examples], np.ones(len(examples))
    counted = _counted(texts, len(texts), tongue.analyse)
    matrix = normalize(counted[0]).tocsr()
    folds = _folds([example.block for example in examples])
    for sort in (CRISIS_KINDS, SORROWS):
        rows = np.isin(labels, sort)
        held = np.stack([_held_out(matrix, aims[k], sorts[k], weight, folds, SMOOTH_KINDS) for k in sort], 1)
        right = np.array(sort)[held[rows].argmax(1)] == labels[rows]
        say(f"{tongue.name} kinds of {sort[0]} and others: {right.mean():.1%} right in folds")
    matrix, pieces, idf = _pruned(*counted, aims, sorts, weight, KEEP_KINDS)
    models = [_fit(matrix[sorts[k]], aims[k][sorts[k]], weight[sorts[k]], SMOOTH_KINDS) for k in kinds]
    facts = {"labels": list(kinds), "sources": ["lessons", "own cases"]}
    _save(out / f"kinds_{tongue.name}.npz", pieces, models, idf, facts)


def _save(path: Path, pieces: list[str], models: list[LogisticRegression], idf: Floats, facts: dict[str, Any]) -> None:
    weights = np.array([model.coef_[0] for model in models]).T
    linear.save(
        path, pieces, weights, idf, [float(model.intercept_[0]) for model in models], facts, fine=len(models) < 5
    )
    say(f"{path.name}: {len(pieces)} pieces, {path.stat().st_size / 1e3:.0f} kB")


def _lessons(language: str) -> list[Example]:
    return [
        Example(sober_text(item.text), item.label, item.label in ("gripe", "plain"), item.block)
        for item in lesson.load(language)
    ]


def _cases(language: str) -> list[Example]:
    """The own cases whose tone is clear, with the label of a lesson; `comfort` and `silent` where none fits."""
    examples = []
    for name in OWN_CASES:
        for number, row in enumerate(rows_of(CASES / f"{name}.jsonl")):
            if row["lang"].startswith(language) and (row["ok"] == ["crisis"] or "crisis" not in row["ok"]):
                label = _label(row)
                calm = label in ("gripe", "plain")
                examples.append(Example(sober_text(row["post"]), label, calm, f"{name} {number // 15}"))
    return examples


def _cards(language: str, use: str = "learned") -> list[Example]:
    """The everyday situations of the cards of the meme library that are for this use, as harmless."""
    return [
        Example(sober_text(situation), "plain", calm=True, block=f"{CARDS} {card.id}")
        for card in Library.load((LIBRARY,)).cards
        if card.language[:2] == language and lesson.use_of(card.id) == use
        for situation in card.situations
    ]


def settle(path: Path, tongue: Tongue) -> None:
    """Raises the marks of a finished file until everyday situations that it has not seen keep their shares too.

    Folds judge the whole weights; the pruned and quantised ones are a little louder on what is strange to them.
    """
    model = linear.load(path)
    texts = [example.text for example in _cards(tongue.name, "marked")]
    scores = np.array([model.scores(count(tongue.analyse(text))) for text in texts], dtype=np.float64)
    dense = features(texts, scores)
    facts = {name: fact for name, fact in model.facts.items() if name != "idf_step"}
    for name, marks in SHARES.items():
        first, *rest = facts[f"blend_{name}"]
        said = first + dense @ np.array(rest)
        for mark, shares in marks.items():
            facts[mark] = max(facts[mark], float(np.quantile(said, 1 - shares[CARDS])))
            say(f"{tongue.name} {mark}: {facts[mark]:.2f} after {len(texts)} situations it has not seen")
    weights = model.rows.astype(np.float64) * model.scale
    idf = model.idf.astype(np.float64)
    linear.save(path, list(model.places), weights, idf, model.bias, facts, fine=True)


def _label(row: dict[str, Any]) -> str:
    if row["ok"] == ["crisis"]:
        return str(row["kind"])
    if row["tone"] == "comfort":
        return row["kind"] if row["kind"] in SORROWS else "loss"
    return {"warm": "gripe", "banter": "plain"}.get(row["tone"], "silent")


def _ordinary(data: Path, source: str) -> list[Example]:
    """Posts without any sign of danger that the rules know, up to MOST_ORDINARY."""
    rows = rows_of(data / f"{source}.jsonl.gz")
    chosen = np.random.default_rng(SEED).permutation(len(rows))[:MOST_ORDINARY]
    examples = []
    for at in chosen:
        row = rows[at]
        if speaks_of_danger(row["text"]):
            continue
        moods = row.get("labels") or ([row["label"]] if "label" in row else [])
        calm = bool(moods) and LOW.isdisjoint(moods)
        examples.append(Example(sober_text(row["text"]), "", calm, f"{source} {at}"))
    say(f"{source}: {len(examples)} posts")
    return examples


def _counted(texts: list[str], own: int, analyse: Callable[[str], list[str]]) -> tuple[Matrix, NDArray[Any], Floats]:
    """TF-IDF of all pieces of our own texts, which come first; not normalised yet."""
    vectors = CountVectorizer(analyzer=analyse).fit(texts[:own])
    names = np.array([piece for piece in vectors.get_feature_names_out() if _tells(piece)])
    counts = CountVectorizer(analyzer=analyse, vocabulary=names).transform(texts).astype(np.float64)
    idf = np.log((1 + len(texts)) / (1 + np.bincount(counts.indices, minlength=len(names)))) + 1.0
    counts.data = 1.0 + np.log(counts.data)
    return (counts @ sparse.diags(idf)).tocsr(), names, idf


def _pruned(
    scaled: Matrix,
    names: NDArray[Any],
    idf: Floats,
    aims: dict[str, Marks],
    among: dict[str, Marks],
    weight: Floats,
    keep: int,
) -> tuple[Matrix, list[str], Floats]:
    """The `keep` pieces that a first fit leans on most. It has seen every text, so folds are judged on all pieces."""
    if len(names) > keep:
        matrix = normalize(scaled).tocsr()
        strength = np.zeros(len(names))
        for name, aim in aims.items():
            model = _fit(matrix[among[name]], aim[among[name]], weight[among[name]], SMOOTH)
            strength = np.maximum(strength, np.abs(model.coef_[0]))
        chosen = np.sort(np.argsort(-strength, kind="stable")[:keep])
        scaled, names, idf = scaled[:, chosen], names[chosen], idf[chosen]
    return normalize(scaled).tocsr(), names.tolist(), idf


def _tells(piece: str) -> bool:
    """Whether a piece says something of the matter: no digit, and no mark of length or loudness."""
    return piece[0] not in "\ue011\ue012" and not any(letter.isdigit() for letter in piece)


def _fit(matrix: Matrix, aim: Marks, weight: Floats, smooth: float) -> LogisticRegression:
    return LogisticRegression(C=smooth, solver="liblinear", random_state=SEED).fit(matrix, aim, weight)


def _folds(blocks: list[str]) -> NDArray[np.int64]:
    """A fold for every text; neighbours in a file share it."""
    names = sorted(set(blocks))
    drawn = dict(zip(names, np.random.default_rng(SEED).integers(0, FOLDS, len(names)).tolist(), strict=True))
    return np.array([drawn[block] for block in blocks])


def _held_out(
    matrix: Matrix, aim: Marks, among: Marks, weight: Floats, folds: NDArray[np.int64], smooth: float
) -> Floats:
    """The score of every text by a model that has not seen it nor its neighbours."""
    held = np.zeros(len(aim))
    for fold in range(FOLDS):
        rest = (folds != fold) & among
        model = _fit(matrix[rest], aim[rest], weight[rest], smooth)
        held[folds == fold] = model.decision_function(matrix[folds == fold])
    return held
