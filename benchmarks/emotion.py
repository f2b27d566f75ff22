"""Prints the figures of the emotion reader and the tone policy: `python benchmarks/emotion.py DATA [--clean]`.

DATA is the folder that holds `emotion/` and `safety/` (public research sets, which are not part of this project).
Test sets are only scored here; nothing is tuned on them. `--rivals` also runs SnowNLP, cnsenti and VADER where they
are installed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
import time
from collections import Counter
from importlib import import_module
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.emotion import read, reader, warm, weigh
from bot.emotion.lesson import use_of
from bot.emotion.names import NAMES
from bot.model import EMOTIONS
from bot.tone import tone
from memes.files import LIBRARY
from memes.library import Library

CASES = Path(__file__).parents[1] / "tests" / "emotion" / "cases"
SETS = (
    "tone_dev",
    "own_tune",
    "own_test",
    "own_veiled_tune",
    "own_veiled_test",
    "own_after",
    "own_kinds_tune",
    "own_kinds_test",
    "own_last",
    "own_fresh",
    "own_blind",
)
UNUSED = 8_000
"""Ordinary posts from this place of the shuffled file on were not trained on; see `bot/emotion/teach.py`."""
BINS = 15


def rows(path: Path) -> list[dict]:
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def f1(gold: np.ndarray, got: np.ndarray, labels: int) -> list[float]:
    out = []
    for at in range(labels):
        hit = np.sum((gold == at) & (got == at))
        out.append(2 * hit / max(1, np.sum(gold == at) + np.sum(got == at)))
    return out


def auc(gold: np.ndarray, score: np.ndarray) -> float:
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    for value in np.unique(score):
        same = score == value
        ranks[same] = ranks[same].mean()
    positive = gold == 1
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def ece(chances: np.ndarray, gold: np.ndarray) -> float:
    top, right = chances.max(1), chances.argmax(1) == gold
    bins = np.minimum((top * BINS).astype(int), BINS - 1)
    return float(sum(abs(right[bins == b].mean() - top[bins == b].mean()) * (bins == b).mean() for b in set(bins)))


def six(data: Path, name: str) -> tuple[list[str], np.ndarray, np.ndarray, list]:
    found = [row for row in rows(data / "emotion" / f"{name}.jsonl.gz") if row["label"] in NAMES]
    texts = [row["text"] for row in found]
    gold = np.array([EMOTIONS.index(NAMES[row["label"]]) for row in found])
    feelings = [read(text) for text in texts]
    chances = np.array([[feeling.emotions[e] for e in EMOTIONS] for feeling in feelings])
    return texts, gold, chances, feelings


def tone_deaf(gold: np.ndarray, chances: np.ndarray, coverage: float) -> float:
    negativity = chances[:, 1:4].sum(1)
    fit, hurt = np.isin(gold, [0, 4, 5]), np.isin(gold, [2, 3])
    limit = np.quantile(negativity[fit], coverage)
    return float((negativity[hurt] <= limit).mean())


def line(name: str, value: str, reach: str) -> None:
    print(f"| {name} | {value} | {reach} |", flush=True)


def emotions(data: Path) -> tuple[np.ndarray, list]:
    texts, gold, chances, feelings = six(data, "smp_usual_test")
    got = chances.argmax(1)
    scores = f1(gold, got, 6)
    line(
        "macro-F1 / accuracy, six classes, SMP usual test",
        f"{np.mean(scores):.3f} / {(got == gold).mean():.3f}",
        "0.710 / 0.745",
    )
    line("F1 by class " + ", ".join(EMOTIONS), " ".join(f"{s:.2f}" for s in scores), "")
    known = {row["text"] for row in rows(data / "emotion" / "smp_usual_train.jsonl.gz")}
    fresh = np.array([text not in known for text in texts])
    line(
        "the same without posts that also stand in train",
        f"{np.mean(f1(gold[fresh], got[fresh], 6)):.3f} / {(got == gold)[fresh].mean():.3f} ({fresh.sum()} posts)",
        "0.703 / 0.737",
    )
    line("ECE, usual test", f"{ece(chances, gold):.3f}", "<= 0.020")
    line(
        "jokes at sad or fearful posts, 68 % coverage, usual test", f"{tone_deaf(gold, chances, 0.68):.1%}", "<= 4.5 %"
    )
    tones = [tone(feeling).tone for feeling in feelings]
    hurt, fit = np.isin(gold, [2, 3]), np.isin(gold, [0, 4, 5])
    joked = np.array([t == "banter" for t in tones])
    line(
        "banter by the policy: on sad or fearful / on fit posts",
        f"{joked[hurt].mean():.1%} / {joked[fit].mean():.1%}",
        "",
    )
    keep = np.argsort(-chances.max(1))[: int(0.8 * len(gold))]
    line("accuracy on the most confident 80 %", f"{(got == gold)[keep].mean():.3f}", "0.825")
    kept = gold != 4
    fold = np.array([0, 1, 1, 1, 2, 2])
    merged = np.stack([chances[:, 0], chances[:, 1:4].sum(1), chances[:, 5]], 1).argmax(1)
    line(
        "pos / neg / neutral macro-F1, usual test less surprise",
        f"{np.mean(f1(fold[gold][kept], merged[kept], 3)):.3f}",
        "0.835",
    )
    _, gold_v, chances_v, _ = six(data, "smp_virus_dev")
    got_v = chances_v.argmax(1)
    line(
        "macro-F1 / accuracy, SMP virus dev",
        f"{np.mean(f1(gold_v, got_v, 6)):.3f} / {(got_v == gold_v).mean():.3f}",
        "0.61",
    )
    return gold, feelings


def distress(data: Path, ordinary: list) -> None:
    found = rows(data / "emotion" / "sos_risk_devset.jsonl.gz")
    feelings = [read(row["text"]) for row in found]
    base = np.array([reader.alarm(feeling) for feeling in ordinary])
    score = np.array([reader.alarm(feeling) for feeling in feelings])
    limit = np.quantile(base, 0.995)
    high = np.array([str(row["label"]).startswith("高") for row in found])
    line(
        "distress: recall at <= 0.5 % false alarms, all of the risk set",
        f"{(score > limit).mean():.3f} (false alarms {(base > limit).mean():.2%})",
        ">= 0.65",
    )
    if high.any() and not high.all():
        line("distress: the same on high-risk posts", f"{(score > limit)[high].mean():.3f}", "")
        line("distress: high against low risk, AUROC (never trained on)", f"{auc(high.astype(int), score):.3f}", "")
    flagged = Counter(feeling.distress for feeling in feelings)
    calm = Counter(feeling.distress for feeling in ordinary)
    line(
        "shipped labels: crisis or watch on the risk set / crisis on usual test",
        f"{(flagged['crisis'] + flagged['watch']) / len(found):.3f} / {calm['crisis'] / len(ordinary):.2%}",
        "",
    )


def english(data: Path) -> None:
    found = rows(data / "emotion" / "goemotions_ekman_dev.jsonl.gz")
    labels = ["joy", "anger", "sadness", "fear", "surprise", "neutral", "disgust"]
    gold = np.array([[name in row["labels"] for name in labels] for row in found])
    model = weigh.load().get("en")
    if model is None:
        return
    chances = np.array([weigh.ekman(row["text"]) for row in found])
    limits = np.array(model.facts["thresholds"])
    got = chances >= limits
    empty = ~got.any(1)
    got[empty, (chances / limits)[empty].argmax(1)] = True
    scores = [2 * np.sum(gold[:, k] & got[:, k]) / max(1, gold[:, k].sum() + got[:, k].sum()) for k in range(7)]
    line("Ekman macro-F1, GoEmotions dev", f"{np.mean(scores):.3f}", "0.60")
    tweets = rows(data / "emotion" / "tweeteval_emotion_dev.jsonl.gz")
    goal = np.array([EMOTIONS.index(NAMES[row["label"]]) for row in tweets])
    picked = np.array([[read(row["text"]).emotions[EMOTIONS[k]] for k in (0, 1, 2)] for row in tweets]).argmax(1)
    line("joy / anger / sadness macro-F1, TweetEval emotion dev", f"{np.mean(f1(goal, picked, 3)):.3f}", "")


def sarcasm(data: Path) -> None:
    found = rows(data / "emotion" / "tosarcasm_dev.jsonl.gz")
    gold = np.array([row["sarcastic"] for row in found])
    line(
        "sarcasm AUROC, ToSarcasm dev",
        f"{auc(gold, np.array([read(row['text']).sarcasm for row in found])):.3f}",
        "0.72",
    )


def tones() -> None:
    idiom_all = idiom_bad = 0
    for name in SETS:
        found = rows(CASES / f"{name}.jsonl")
        ok = harm = crisis = missed = harmed = right = 0
        for row in found:
            comment = read(row["comment"]) if row["comment"].replace("@bot", "").strip() else None
            got = tone(read(row["post"]), comment).tone
            ok += got in row["ok"]
            harm += got in row["never"]
            if row["ok"] == ["crisis"]:
                crisis += 1
                missed += got != "crisis"
                harmed += got in row["never"]
                right += got == "crisis" and row["kind"] in {read(row["post"]).crisis, comment and comment.crisis}
            if row["kind"].startswith("idiom"):
                idiom_all += 1
                idiom_bad += got == "crisis"
        line(
            f"tone acceptable / harmful, {name} ({len(found)})",
            f"{ok / len(found):.1%} / {harm / len(found):.1%}",
            ">= 88 % / <= 1 %",
        )
        line(f"crisis posts given the crisis path, {name} ({crisis})", f"{1 - missed / crisis:.1%}", "100 %")
        line(f"answered with a harmful tone of these, {name}", f"{harmed / crisis:.1%}", "0")
        if name.startswith("own"):
            line(f"kind of danger right where the path was taken, {name}", f"{right / max(1, crisis - missed):.1%}", "")
    line(f"idioms of death sent to crisis, all sets ({idiom_all})", f"{idiom_bad / idiom_all:.1%}", "<= 1 %")


def second_reader() -> None:
    seen = [row.split("\t") for row in (CASES / "second.tsv").read_text("utf-8").splitlines()[1:]]
    first = {(file, row["id"]): row["tone"] for file in {s[0] for s in seen} for row in rows(CASES / f"{file}.jsonl")}
    same = sum(first[file, number] == best for file, number, best, _ in seen)
    fits = sum(first[file, number] in accepted.split(",") for file, number, _, accepted in seen)
    line(
        f"second reader agrees: same tone / first tone accepted ({len(seen)})",
        f"{same / len(seen):.1%} / {fits / len(seen):.1%}",
        "",
    )


def everyday(data: Path) -> None:
    """False alarms: the situations of the cards that nothing was learned from, and ordinary posts likewise."""
    cards = [card for card in Library.load((LIBRARY,)).cards if use_of(card.id) == "scored"]
    for language in ("zh", "en"):
        texts = [text for card in cards if card.language[:2] == language for text in card.situations]
        got = Counter(tone(read(text)).tone for text in texts)
        line(
            f"everyday situations of a quarter of our cards, {language} ({len(texts)}), sent to crisis / to comfort",
            f"{got['crisis'] / len(texts):.2%} / {got['comfort'] / len(texts):.2%}",
            "<= 0.4 % / <= 2 %",
        )
    posts = rows(data / "safety" / "ordinary_posts.jsonl.gz")
    chosen = np.random.default_rng(0).permutation(len(posts))[UNUSED : UNUSED + 4_000]
    crisis = sum(read(posts[at]["text"]).distress == "crisis" for at in chosen)
    line("crisis on 4,000 ordinary posts that were not trained on", f"{crisis / len(chosen):.2%}", "<= 0.4 %")


def speed(data: Path) -> None:
    posts = [row["text"] for row in rows(data / "emotion" / "smp_usual_dev.jsonl.gz") if 50 <= len(row["text"]) <= 70]
    for text in posts:
        read(text)
    best = math.inf
    for _ in range(5):
        start = time.process_time()
        for text in posts:
            read(text)
        best = min(best, (time.process_time() - start) / len(posts))
    line("CPU time a 60-character post, whole reading", f"{best * 1000:.3f} ms", "<= 0.25 ms")
    files = sum(file.stat().st_size for file in weigh.folder().glob("*.npz"))
    line("weight files zh + en + sarcasm", f"{files / 1e6:.2f} MB", "<= 2 MB")


def rivals(data: Path) -> None:
    found = [
        row for row in rows(data / "emotion" / "smp_usual_test.jsonl.gz") if NAMES.get(row["label"]) != "surprise"
    ][:1500]
    fold = {"joy": 0, "anger": 1, "sadness": 1, "fear": 1, "neutral": 2}
    gold = np.array([fold[NAMES[row["label"]]] for row in found])

    def show(name: str, guess) -> None:
        got = np.array([guess(row["text"]) for row in found])
        line(f"{name}: pos / neg / neutral macro-F1, first 1,500 posts", f"{np.mean(f1(gold, got, 3)):.3f}", "")

    def ours(text: str) -> int:
        feeling = read(text)
        return int(np.argmax([feeling.emotions["joy"], feeling.negativity, feeling.emotions["neutral"]]))

    show("this reader", ours)
    try:
        snownlp, cnsenti = import_module("snownlp"), import_module("cnsenti")
        vaders = import_module("vaderSentiment.vaderSentiment")

        def snow(text: str) -> int:
            score = snownlp.SnowNLP(text or " ").sentiments
            return 0 if score > 0.6 else 1 if score < 0.4 else 2

        show("SnowNLP", snow)
        senti = cnsenti.Sentiment()

        def lexicon(text: str) -> int:
            said = senti.sentiment_count(text)
            return 0 if said["pos"] > said["neg"] else 1 if said["neg"] > said["pos"] else 2

        show("cnsenti", lexicon)
        vader = vaders.SentimentIntensityAnalyzer()
        go = [row for row in rows(data / "emotion" / "goemotions_ekman_dev.jsonl.gz") if len(row["labels"]) == 1]
        go = [row for row in go if row["labels"][0] != "surprise"]
        names = fold | {"disgust": 1}
        gold_en = np.array([names[row["labels"][0]] for row in go])
        got = np.array(
            [0 if (c := vader.polarity_scores(r["text"])["compound"]) > 0.05 else 1 if c < -0.05 else 2 for r in go]
        )
        line(
            f"VADER: pos / neg / neutral macro-F1, GoEmotions dev ({len(go)})",
            f"{np.mean(f1(gold_en, got, 3)):.3f}",
            "",
        )
        got = np.array([ours(row["text"]) for row in go])
        line("this reader on the same", f"{np.mean(f1(gold_en, got, 3)):.3f}", "")
    except ImportError as missing:
        print(f"(rivals left out: {missing})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--clean", action="store_true", help="score the weights of the clean build")
    parser.add_argument("--rivals", action="store_true")
    given = parser.parse_args()
    if given.clean:
        weigh.use("clean")
    start = time.perf_counter()
    warm()
    loaded = time.perf_counter() - start
    print("| figure | measured | reach |\n|---|---|---|")
    line("load", f"{loaded * 1000:.0f} ms", "<= 100 ms")
    speed(given.data)
    _, ordinary = emotions(given.data)
    distress(given.data, ordinary)
    english(given.data)
    sarcasm(given.data)
    tones()
    everyday(given.data)
    second_reader()
    if given.rivals:
        rivals(given.data)


if __name__ == "__main__":
    main()
