"""Trains the toxicity classifier: `python -m safety.train DATA` writes safety/weights and its model card."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from safety.admission import hash_pool, read_pool
from safety.disguise import homophones, initials, pinyin, split
from safety.fair import read_own, write_fair, write_fair_english
from safety.fold import Folded
from safety.model import HERE, Language, Scale, count, list_grams, write_weights
from safety.views import Unmasking, Views, build_hearing

SEED = 0
KEPT = 240_000  # grams of the Chinese model; more would only repeat each other
KEPT_ENGLISH = 40_000
NEGATIVES = 16_000  # ordinary posts as named negatives
TALK = 8_000
HOLD_SHARE, BLOCK_SHARE = 0.0025, 0.00005  # of everyday talk that was not trained on: the false-flag budget
HEATED_HOLD, HEATED_BLOCK = 0.0125, 0.0005  # of heated posts that were not trained on: the stricter of the two counts
HEATED_SHARE = 0.02  # of the same talk is not calm: there a coarse word keeps its weight
HEATED_WEIGHT, OWN_WEIGHT = 1.0, 3.0  # of a heated post and of a sentence of our own among the negatives
PASSES = 90  # of the solver; stopped this early the model ranks everyday posts better than when fully fitted
NAKED = Unmasking(build_hearing(frozenset(), {}), {}, None, frozenset())
FLAGS = ("S", "H", "V", "HR", "SH", "S3", "H2", "V2")


def read_rows(data: Path, name: str) -> list[dict[str, Any]]:
    """Read a gzipped file of JSON lines."""
    with gzip.open(data / "safety" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def view(text: str) -> Folded:
    """Return the reading that is scored: joined, its parts put together."""
    return Views(text, NAKED).reassembled


def disguise(text: str, dice: Random) -> str:
    """Return the text in one of the disguises that change the characters themselves."""
    trick = dice.choice((homophones, homophones, homophones, pinyin, split, initials))
    return trick(text, dice, dice.choice((0.3, 0.5, 1.0)) if trick is homophones else 0.3)


def fit(
    texts: Sequence[str], labels: Sequence[int], language: Language, *, weights: Sequence[float], c: float
) -> tuple[dict[str, float], float]:
    """Fit a logistic regression on grams scaled by log-count ratios (Wang and Manning 2012), rows of length one."""
    from scipy.sparse import csr_matrix
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    rows = [list_grams(view(text), language) for text in texts]
    places = count(rows, 3 if language == "zh" else 2)
    indices, starts, values = [], [0], []
    for grams in rows:
        known = [places[gram] for gram in grams if gram in places]
        indices += known
        values += [1 / np.sqrt(max(len(grams), 1))] * len(known)
        starts.append(len(indices))
    matrix = csr_matrix((values, indices, starts), shape=(len(rows), len(places)))
    truth = np.array(labels)
    there = np.asarray(matrix[truth == 1].sum(axis=0)).ravel() + 0.5
    absent = np.asarray(matrix[truth == 0].sum(axis=0)).ravel() + 0.5
    ratio = np.abs(np.log((there / there.sum()) / (absent / absent.sum()))) ** 0.5
    if language == "en":
        ratio = ratio * np.log(len(rows) / np.asarray((matrix > 0).sum(axis=0)).ravel())
    model = LogisticRegression(C=c, solver="lbfgs", max_iter=PASSES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(matrix.multiply(ratio).tocsr(), truth, sample_weight=np.array(weights))
    final = model.coef_[0] * ratio
    names = sorted(places, key=places.__getitem__)
    return dict(zip(names, final.tolist(), strict=True)), float(model.intercept_[0])


REFUTES = re.compile(
    "歧视|偏见|尊重|反对|平等|凭什么|刻板|地图炮|不应该|不该|抵制|拒绝|谴责|请不要|不要再|别再|支持|保护|权益|污名|误解|一棍子|也是人|都是人|"
    "以偏概全|不代表|不能因为|个别|少数人|哪里都有|有好有坏|呼吁|报道|研究|新闻|论文|判决"
)


def gather_chinese(data: Path, posts: Sequence[str]) -> tuple[list[str], list[int], list[float]]:
    """Return texts, labels and weights: COLD; ordinary and heated posts, TV dialogue and our own as negatives.

    Harmless COLD comments that speak against prejudice count two and a half times: they are the main false alarm.
    Every COLD comment and every second post comes again in disguise, at about half its weight.
    """
    dice = Random(SEED)  # noqa: S311 - training must be repeatable
    rows = read_rows(data, "cold_train") + read_rows(data, "cold_dev")
    texts = [row["text"] for row in rows]
    labels = [row["label"] for row in rows]
    weights = [2.5 if not label and REFUTES.search(text) else 1.0 for text, label in zip(texts, labels, strict=True)]
    hidden = [disguise(text, dice) for text in texts]
    hidden_posts = [disguise(text, dice) for text in posts[::2]]
    spoken = read_talk(data)[:TALK]
    heated = read_heated(data)[0]
    hidden_heated = [disguise(text, dice) for text in heated[::2]]
    fair, own = write_fair(), read_own()
    negatives = (
        (posts, 1.0),
        (hidden_posts, 0.5),
        (spoken, 1.0),
        (heated, HEATED_WEIGHT),
        (hidden_heated, 0.5 * HEATED_WEIGHT),
        (fair, 1.0),
        (own, OWN_WEIGHT),
    )
    clean = [text for group, _ in negatives for text in group]
    clean_weights = [weight for group, weight in negatives for _ in group]
    return (
        [*texts, *hidden, *clean],
        [*labels, *labels, *([0] * len(clean))],
        [*weights, *(weight * 0.6 for weight in weights), *clean_weights],
    )


def read_talk(data: Path) -> list[str]:
    """Return lines of TV dialogue (CPED), shuffled: everyday talk of another kind than posts."""
    with gzip.open(data / "emotion" / "cped.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    Random(SEED).shuffle(texts)  # noqa: S311 - training must be repeatable
    return texts


def read_heated(data: Path) -> tuple[list[str], list[str]]:
    """Return the labelled posts of the COVID-7 release, full of feeling: half to train on, half for the thresholds."""
    with gzip.open(data / "emotion" / "covid7.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = sorted({json.loads(line)["text"] for line in lines})
    parts: tuple[list[str], list[str]] = ([], [])
    for text in texts:
        parts[hashlib.sha256(text.encode()).digest()[0] % 2].append(text)
    return parts


def read_reddit(data: Path) -> list[str]:
    """Return English comments that GoEmotions labels joy, surprise or neutral: everyday negatives."""
    with gzip.open(data / "emotion" / "goemotions_ekman_train.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [row["text"] for row in rows if not {"anger", "disgust", "fear", "sadness"} & set(row["labels"])]
    Random(SEED).shuffle(texts)  # noqa: S311 - training must be repeatable
    return texts


def gather_english(data: Path, rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[int], list[float]]:
    """Return texts, labels and weights: the given rows of the OpenAI release, our fair sentences."""
    texts = [row["prompt"] for row in rows]
    labels = [is_flagged(row) for row in rows]
    fair = write_fair_english()
    return [*texts, *fair], [*labels, *([0] * len(fair))], [*([1.0] * len(texts)), *([0.1] * len(fair))]


def is_flagged(row: dict[str, Any]) -> int:
    """Return 1 when any of the eight flags of the release is set."""
    return int(any(row.get(flag) for flag in FLAGS))


def rate(found: tuple[dict[str, float], float], texts: Sequence[str], language: Language) -> list[float]:
    """Return raw scores."""
    weights, bias = found
    rows = [list_grams(view(text), language) for text in texts]
    return [sum(weights.get(gram, 0.0) for gram in row) / max(len(row), 1) ** 0.5 + bias for row in rows]


def prune(found: tuple[dict[str, float], float], kept: int) -> tuple[dict[str, float], float]:
    """Keep the heaviest grams."""
    weights, bias = found
    names = sorted(weights, key=lambda gram: -abs(weights[gram]))[:kept]
    return {name: weights[name] for name in names}, bias


def scale(
    raw: Sequence[float], truth: Sequence[int], bias: float, *clean: tuple[Sequence[float], float, float]
) -> Scale:
    """Fit Platt's curve on labelled scores and take the thresholds from the false-flag budgets on clean ones.

    Each `clean` is scores with the shares that may be held and blocked; the stricter threshold counts. Scores are moved
    so that zero means a probability of one half.
    """
    from sklearn.linear_model import LogisticRegression

    curve = LogisticRegression(C=1e6).fit(np.array(raw).reshape(-1, 1), np.array(truth))
    slope, offset = float(curve.coef_[0][0]), float(curve.intercept_[0])
    move = offset / slope
    hold = max(float(np.quantile(scores, 1 - share)) for scores, share, _ in clean)
    block = max(float(np.quantile(scores, 1 - share)) for scores, _, share in clean)
    calm = float(np.quantile(clean[0][0], 1 - HEATED_SHARE))
    return Scale(bias + move, slope, 0.0, hold + move, block + move, calm + move)


def main(data: Path) -> None:
    """Train both languages and write weights, scales and what they were made from."""
    known, _ = read_pool(data)
    posts = known[:NEGATIVES]
    texts, labels, weights = gather_chinese(data, posts)
    chinese = prune(fit(texts, labels, "zh", weights=weights, c=4.0), KEPT)
    dev = read_rows(data, "cold_dev")
    talk, heated = read_talk(data)[TALK : TALK + 20_000], read_heated(data)[1]
    scales = {
        "zh": scale(
            rate(chinese, [r["text"] for r in dev], "zh"),
            [r["label"] for r in dev],
            chinese[1],
            (rate(chinese, talk, "zh"), HOLD_SHARE, BLOCK_SHARE),
            (rate(chinese, heated, "zh"), HEATED_HOLD, HEATED_BLOCK),
        )
    }
    rows = read_rows(data, "openai_moderation_half")
    english = prune(
        fit(*gather_english(data, rows)[:2], "en", weights=gather_english(data, rows)[2], c=1.0), KEPT_ENGLISH
    )
    reddit = read_reddit(data)[:10_000]
    scales["en"] = scale(
        rate(english, [r["prompt"] for r in rows], "en"),
        [is_flagged(r) for r in rows],
        english[1],
        (rate(english, reddit, "en"), HOLD_SHARE, BLOCK_SHARE),
    )
    HERE.mkdir(exist_ok=True)
    steps = {"zh": write_weights("zh", chinese[0], HERE), "en": write_weights("en", english[0], HERE)}
    version = hashlib.sha256((HERE / "zh.weights.gz").read_bytes() + (HERE / "en.weights.gz").read_bytes()).hexdigest()[
        :12
    ]
    card = {
        "version": version,
        "steps": steps,
        "scales": {name: asdict(value) for name, value in scales.items()},
        "trained_on": {
            "COLDataset train and dev": 32157,
            f"ordinary posts, hash {hash_pool(posts)}": len(posts),
            "CPED dialogue": TALK,
            "posts of the COVID-7 release with their seven feelings, half": len(read_heated(data)[0]),
            "OpenAI moderation release, half": len(rows),
            "own sentences (safety/fair.py, fair.txt)": len(write_fair()) + len(read_own()) + len(write_fair_english()),
        },
        "budget": {
            "hold": HOLD_SHARE,
            "block": BLOCK_SHARE,
            "heated_hold": HEATED_HOLD,
            "heated_block": HEATED_BLOCK,
            "heated": HEATED_SHARE,
            "measured_on": "20,000 other CPED lines; the other half of COVID-7; 10,000 GoEmotions comments",
        },
        "seed": SEED,
    }
    (HERE / "model.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(card, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
