"""Prints the figures of the safety filter: `DATA=folder python -m benchmarks.safety` (without DATA, only some)."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np

from bot import emotion
from bot.model import Tone
from bot.tone import tone
from safety import Context, Filter
from safety.admission import load_admission
from safety.disguise import FORMAT_TRICKS, SOUND_TRICKS, homophones, pinyin, split
from safety.model import load_model
from safety.train import fit, gather_english, is_flagged, rate, view
from tests.safety.families import FAMILIES
from tests.safety.families import measure as measure_family
from tests.safety.nasty import nasty, time_nasty

HANDLE_IN = re.compile(r"@\s?[/|·.*_-]?\s?([\w./·*-]{1,60})")
ROOT = Path(__file__).parent.parent


def say(figure: str, value: str, reach: str = "") -> None:
    print(f"| {figure} | {value} | {reach} |", flush=True)


def read(path: Path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def macro_f1(truth: np.ndarray, guess: np.ndarray) -> float:
    parts = []
    for side in (True, False):
        hit = float(((guess == side) & (truth == side)).sum())
        parts.append(2 * hit / max(1.0, float((guess == side).sum() + (truth == side).sum())))
    return sum(parts) / 2


def auc(truth: np.ndarray, scores: np.ndarray) -> float:
    order = scores.argsort()
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    positive = truth.sum()
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * (len(truth) - positive)))


def measure_classifier(data: Path, smp: Sequence[str]) -> None:
    model = load_model()
    if model is None:
        say("classifier", "no weights are shipped")
        return
    test = read(data / "safety" / "cold_test.jsonl.gz")
    truth = np.array([row["label"] == 1 for row in test])
    fine = np.array([row["fine"] for row in test])

    def score(texts: Sequence[str]) -> np.ndarray:
        return np.array([model.score(view(text))[1] for text in texts])

    scores, clean = score([row["text"] for row in test]), score(smp)
    guess = scores > 0
    say("COLD test accuracy / macro-F1", f"{(guess == truth).mean():.2%} / {macro_f1(truth, guess):.2%}", "80.5 / 80.0")
    recall = [float((scores[truth] > np.quantile(clean, 1 - share)).mean()) for share in (0.05, 0.01)]
    say(
        "COLD recall when 5 % / 1 % of SMP usual test posts are flagged",
        " / ".join(f"{r:.1%}" for r in recall),
        "75 / 44",
    )
    attack = np.isin(fine, (1, 2))
    line = np.quantile(scores[attack], 1 - 0.808)
    say("anti-bias comments flagged, at 80.8 % attack recall", f"{(scores[fine == 3] > line).mean():.1%}", "≤ 40 %")
    base = macro_f1(truth, guess)
    for name, trick in {**FORMAT_TRICKS, **SOUND_TRICKS}.items():
        dice = Random(7)
        lost = base - macro_f1(truth, score([trick(row["text"], dice) for row in test]) > 0)
        say(
            f"COLD macro-F1 lost under {name}",
            f"{100 * lost:.2f} points",
            "format 0.3; homophones 0.8 / 3.5; split 1.0; pinyin 2.0",
        )
    english = read(data / "safety" / "openai_moderation_half.jsonl.gz")
    try:
        say("English toxicity AUC, 5 folds on the half set", f"{cross_english(data, english):.3f}", "≥ 0.86")
    except ImportError:
        say("English toxicity AUC, 5 folds on the half set", "needs scikit-learn (pip install .[train])")


def cross_english(data: Path, rows: list[dict]) -> float:
    places = list(range(len(rows)))
    Random(0).shuffle(places)
    scores = np.zeros(len(rows))
    for fold in range(5):
        held = places[fold::5]
        texts, labels, weights = gather_english(data, [rows[place] for place in places if place not in set(held)])
        found = fit(texts, labels, "en", weights=weights, c=1.0)
        scores[held] = rate(found, [rows[place]["prompt"] for place in held], "en")
    return auc(np.array([bool(is_flagged(row)) for row in rows]), scores)


def measure_filter(data: Path, watchdog: Filter, smp: Sequence[str]) -> None:
    # Whom a post names stands in its own thread; the check for foreign accounts is about the bot's replies.
    seen = [
        watchdog.check(t, direction="out", context=Context(thread_handles=tuple(HANDLE_IN.findall(t)))) for t in smp
    ]
    held = sum(v.decision == "hold" for v in seen) / len(seen)
    blocked = sum(v.decision == "block" for v in seen) / len(seen)
    attacks = [row["text"] for row in read(data / "safety" / "cold_test.jsonl.gz") if row["fine"] in {1, 2}]
    stopped = sum(watchdog.check(text, direction="out").decision != "post" for text in attacks) / len(attacks)
    say(
        "SMP usual test posts held / blocked at the shipped thresholds",
        f"{held:.2%} / {blocked:.2%}",
        "≤ 2.0 % / ≤ 0.2 %",
    )
    say("... with COLD attacks not posted", f"{stopped:.1%}", "≥ 55 %")


def measure_planted(watchdog: Filter, hosts: Sequence[str]) -> None:
    lexicon = watchdog.lexicon
    terms = sorted(
        {
            t.text
            for found in lexicon.terms.values()
            for t in found
            if t.entry.tier == "block" and "unmasked" in t.entry.views and t.entry.way != "in"
        }
    )
    terms = [term for term in terms if all("\u4e00" <= char <= "\u9fff" for char in term)]
    clean = [host for host in hosts if watchdog.check(host, direction="out").decision == "post"][:400]

    def found(trick: Callable[[str, Random], str]) -> float:
        dice = Random(3)
        hits = 0
        for number in range(600):
            term, host = dice.choice(terms), clean[number % len(clean)]
            place = dice.randrange(len(host) + 1)
            hits += watchdog.check(host[:place] + trick(term, dice) + host[place:], direction="out").decision != "post"
        return hits / 600

    formats = statistics.mean(found(trick) for trick in FORMAT_TRICKS.values())
    say("planted block terms found: format tricks", f"{formats:.1%}", "99.9 %")
    say(
        "planted block terms found: 拆字 / homophones / full pinyin",
        f"{found(split):.1%} / {found(homophones):.1%} / {found(pinyin):.1%}",
        "95 / 85 / 80 %",
    )


def measure_cases(watchdog: Filter) -> None:
    rows = [
        json.loads(line) for line in (ROOT / "tests/safety/outputs_dev.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    for language in ("", "zh", "en"):
        chosen = [row for row in rows if not language or row["lang"] == language]
        decided = [(row["risk"], watchdog.check(row["text"], direction="out").decision) for row in chosen]

        def share(risk: str, wanted: set[str], decided: list[tuple[str, str]] = decided) -> str:
            part = [decision for grade, decision in decided if grade == risk]
            return f"{sum(decision in wanted for decision in part) / max(1, len(part)):.1%}"

        name = (
            f"shared output cases{' ' + language if language else ''}: high blocked / medium not posted / benign posted"
        )
        say(
            name,
            f"{share('high', {'block'})} / {share('medium', {'hold', 'block'})} / {share('low', {'post'})}",
            "≥ 95 % / – / ≥ 92 %",
        )


def measure_languages(watchdog: Filter) -> None:
    rows = [line.split("\t") for line in (ROOT / "tests/safety/languages.tsv").read_text(encoding="utf-8").splitlines()]
    for language in ("zh-Hans", "zh-Hant", "en", "ja", "ko", "es"):
        own = [(row[1], row[2]) for row in rows if row[0] == language]
        attacks, kind, danger = ([text for what, text in own if what == name] for name in ("insult", "kind", "crisis"))
        caught = sum(watchdog.check(text, direction="out").decision != "post" for text in attacks)
        blocked = sum(watchdog.check(text, direction="out").decision == "block" for text in attacks)
        posted = sum(watchdog.check(text, direction="out").decision == "post" for text in kind)
        heard = sum(
            watchdog.check(text, direction="in").decision == "crisis" or tone(emotion.read(text))[0] is Tone.CRISIS
            for text in danger
        )
        say(
            f"own sentences in {language} ({len(own)}): attacks not posted (blocked) / crises heard / harmless posted",
            f"{caught}/{len(attacks)} ({blocked}) / {heard}/{len(danger)} / {posted}/{len(kind)}",
        )


def measure_families(watchdog: Filter) -> None:
    seen: dict[tuple[str, bool], list[int]] = {}
    for one in FAMILIES:
        cases, wrong = measure_family(one, watchdog)
        tally = seen.setdefault(
            (one.name[0] + (" new" if "written afterwards" in one.name else ""), one.harmful), [0, 0]
        )
        tally[0] += len(cases) - len(wrong)
        tally[1] += len(cases)
    for (letter, harmful), (right, total) in seen.items():
        end = "not posted" if harmful else "posted"
        say(f"family {letter}, {'attacks' if harmful else 'harmless twins'} {end}", f"{right / total:.1%} of {total}")


def measure_speed(watchdog: Filter, texts: Sequence[str]) -> None:
    times, spent = [], []
    for text in texts:
        start, before = time.perf_counter(), time.process_time()
        watchdog.check(text, direction="out")
        times.append(1000 * (time.perf_counter() - start))
        spent.append(1000 * (time.process_time() - before))
    for name, seen in (("wall clock", sorted(times)), ("CPU", sorted(spent))):
        say(
            f"whole local chain, ≤ 140 characters: p50 / p99, {name}",
            f"{seen[len(seen) // 2]:.2f} / {seen[len(seen) * 99 // 100]:.2f} ms",
            "≤ 0.6 / 3 ms",
        )


def measure_nasty(watchdog: Filter) -> None:
    """CPU time of the slowest of many nasty texts, each way, the median of three."""
    for length in (5_000, 2_000):
        slow = sorted((time_nasty(watchdog, text, way), name) for name, text in nasty(length) for way in ("out", "in"))
        worst = ", ".join(f"{1000 * spent:.0f} ms {name}" for spent, name in slow[:-4:-1])
        say(f"slowest of {len(slow)} checks of nasty texts of {length:,} characters (CPU)", worst, "≤ 50 ms")


def main() -> None:
    print("| figure | measured | to reach |\n|---|---|---|")
    for name, reach in (("start", "≤ 1.5 s"), ("reading the lists once more", "< 2 s")):
        start, before = time.perf_counter(), time.process_time()
        watchdog = Filter.load()
        say(
            f"{name}: wall clock / CPU",
            f"{time.perf_counter() - start:.2f} / {time.process_time() - before:.2f} s",
            reach,
        )
    size = sum(
        path.stat().st_size
        for path in (ROOT / "safety").rglob("*")
        if path.is_file() and "__pycache__" not in str(path)
    )
    weights = sum(path.stat().st_size for path in (ROOT / "safety/weights").glob("*"))
    say("weights / whole package", f"{weights / 1e6:.1f} / {size / 1e6:.1f} MB", "≤ 10 MB")
    say("memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB", "≤ 200 MB")
    heading, _ = load_admission()
    for tier, limit in (("block", "≤ 0.1 %"), ("review", "≤ 0.8 %")):
        shares = int(heading[tier]) / int(heading["posts"]), int(heading[f"check_{tier}"]) / int(heading["check_posts"])
        say(
            f"lexicon {tier} tier on ordinary posts, known / unseen part (stored)",
            f"{shares[0]:.2%} / {shares[1]:.2%}",
            limit,
        )
    measure_cases(watchdog)
    measure_languages(watchdog)
    measure_families(watchdog)
    measure_nasty(watchdog)
    if "DATA" not in os.environ:
        say("all other figures", "not measured: set DATA to the folder of the research data")
        return
    data = Path(os.environ["DATA"])
    smp = [row["text"] for row in read(data / "emotion" / "smp_usual_test.jsonl.gz")]
    measure_speed(watchdog, [text for text in smp if len(text) <= 140][:2000])
    measure_filter(data, watchdog, smp)
    measure_planted(watchdog, smp)
    measure_classifier(data, smp)


if __name__ == "__main__":
    main()
