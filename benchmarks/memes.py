"""Prints the figures of memes and trends: `python -m benchmarks.memes [FOLDER] [--quick]`.

Retrieval is measured on a half of CHEER (names masked, four examples as situations, the rest as queries) and, without
any data set, on our own cards (one situation of each held out in turn). The data folder is the project's shared data;
without it those rows are left out. Latencies are CPU time of this process.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gzip
import hashlib
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.meme_stream import PARAMETERS, Stream, judge, read_episodes
from benchmarks.meme_twice import never_twice
from bot import emotion
from bot.tone import tone
from memes.avoid import find_topics, list_hard_topics
from memes.card import Meme
from memes.check import check
from memes.cutter import shared_cutter
from memes.files import LIBRARY, MemeFileError, list_files, read_folders
from memes.library import Library
from memes.plain import fold, shorten, speaks_chinese
from memes.shelf import Shelf
from memes.trends.board import Board
from memes.trends.burst import Controller, Detector, Gates, choose_gates
from memes.trends.gate import Gate
from memes.trends.poll import Answer, Poller
from memes.trends.source import Source
from memes.trends.title import make_key
from memes.wording import show
from tests.memes.fits import read_fits, read_hard, score

CHART = "trends/weibo_hot_2024-09_2025-02.csv.gz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"))
    parser.add_argument("--cards", type=Path, nargs="*", default=[LIBRARY])
    parser.add_argument("--quick", action="store_true", help="fewer queries and days")
    parser.add_argument("--only", default="", help="part of a measurement's name: cards, speed, cheer, names, …")
    options = parser.parse_args()
    shared_cutter().warm()
    folders = tuple(options.cards)
    rows: list[tuple[str, str]] = []
    parts = (
        measure_cards,
        measure_speed,
        measure_patch,
        measure_cheer,
        measure_fit,
        measure_never_twice,
        measure_overlap,
        measure_names,
        measure_topics,
        measure_replay,
        measure_bursts,
    )
    for part in (part for part in parts if options.only in part.__name__):
        start = time.process_time()
        rows = list(part(options.data, folders, quick=options.quick))
        print(f"\n{part.__doc__}  [{time.process_time() - start:.0f} s CPU]")
        for name, value in rows:
            print(f"  {name:<58} {value}")


def measure_cards(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Our own cards"""
    report = check(folders, today=date(2026, 11, 22))
    yield "cards / situations / problems", f"{report.cards} / {report.situations} / {len(report.problems)}"
    yield "situations with a near-duplicate in another family", f"{report.twin_share:.2%}"
    for name, counts in report.coverage.items():
        yield f"coverage by {name}", ", ".join(f"{key} {count}" for key, count in counts.items())
    cards = read_folders(folders)
    for language in ("zh", "en"):
        own = [card for card in cards if card.language == language and card.review == "approved"]
        if len(own) < 20:
            continue
        ranks, evidence = [], []
        for fold_at in range(2 if quick else 8):
            part = [
                card.model_copy(
                    update={"situations": tuple(s for at, s in enumerate(card.situations) if at % 8 != fold_at)}
                )
                for card in own
            ]
            library = Library(part)
            for card in own:
                for situation in card.situations[fold_at::8]:
                    ranked, total = rank_all(library, situation)
                    ranks.append(ranked.index(card.id) + 1)
                    evidence.append(total)
        yield f"held-out situation finds its card ({language}), R@1 / @5 / @10 / MRR", show_ranks(ranks, (1, 5, 10))
        yield f"  precision@1 on the most confident 20 % ({language})", f"{confident(ranks, evidence):.3f}"
    own = Path("tests/cases/tone_dev.jsonl")
    source = own if own.exists() else data.parent / "cases/tone_dev.jsonl"
    if source.exists():
        yield from measure_tones(Library(cards), source)


def measure_tones(library: Library, path: Path) -> Iterator[tuple[str, str]]:
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    offered: dict[str, list[bool]] = {}
    blind = []
    for case in cases:
        text = f"{case['post']} {case['comment']}"
        offered.setdefault(case["tone"], []).append(bool(library.recall(text, tone=case["tone"])))
        if case["tone"] in ("comfort", "crisis"):
            blind.append(bool(library.recall(text, tone="banter")))
    for name, found in sorted(offered.items()):
        yield f"a meme is offered on {name} cases ({len(found)})", f"{np.mean(found):.1%}"
    yield f"  if the tone were misread as banter on comfort and crisis ({len(blind)})", f"{np.mean(blind):.1%}"


def measure_speed(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Speed and memory (synthetic cards made of our own situations)"""
    base = [card for card in read_folders(folders) if card.language == "zh"]
    rng = np.random.default_rng(7)
    words = sorted({piece for card in base for s in card.situations for piece in shared_cutter().cut(fold(s))})
    posts = ["".join(rng.choice(words, 30)) for _ in range(400 if quick else 2000)]
    for size in (1000, 10_000):
        cards = [
            base[at % len(base)].model_copy(
                update={
                    "id": f"c{at}",
                    "family": f"f{at}",
                    "names": (f"名{at}",),
                    "review": "approved",
                    "situations": tuple("".join(rng.choice(words, 8)) for _ in range(8)),
                }
            )
            for at in range(size)
        ]
        before, start = read_memory(), time.process_time()
        library = Library(cards)
        built, after = time.process_time() - start, read_memory()
        library.recall(posts[0])
        taken = []
        for post in posts:
            start = time.process_time()
            library.recall(post, gate=False, mood="joy", now=date(2026, 11, 22))
            taken.append(time.process_time() - start)
        low, high = np.quantile(taken, [0.5, 0.99]) * 1000
        length = np.mean([len(post) for post in posts])
        yield f"recall at {size} cards, {length:.0f} characters, p50 / p99", f"{low:.2f} / {high:.2f} ms"
        yield f"index of {size} cards built in / memory", f"{built:.2f} s / {after - before:.0f} MB"


def measure_patch(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """One card changed in a file of our library"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in list_files(folders):
            (folder / path.name).write_bytes(path.read_bytes())
        shelf = Shelf(folder)
        path = sorted(folder.iterdir())[0]
        path.write_text(path.read_text(encoding="utf-8").replace("meaning: ", "meaning:  ", 1), encoding="utf-8")
        start = time.process_time()
        shelf.refresh()
        yield f"a changed file is in use ({len(shelf.library.cards)} cards)", f"{time.process_time() - start:.2f} s"


def measure_cheer(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Retrieval on cheer_half, names masked (four examples as situations)"""
    path = data / "memes/cheer_half.jsonl.gz"
    if not path.exists():
        yield "not measured", f"{path} is not there"
        return
    examples, queries = {}, []
    for row in read_lines(path):
        usable = [text for text in row["example"] if len(text) >= 6]
        if len(usable) < 5 or row["name"] in examples:
            continue
        examples[row["name"]] = usable[:4]
        queries += [(row["name"], text) for text in usable[4:]]
    for label, hide in (("examples as they are", False), ("examples masked too", True)):
        texts = {
            name: [text for e in found if len(text := mask(name, e) if hide else e) > 3] or [name]
            for name, found in examples.items()
        }
        library = Library.from_examples(texts)
        ranks, evidence = [], []
        for name, text in queries[:: 5 if quick else 1]:
            hidden = mask(name, text)
            if len(hidden.strip()) >= 6:
                ranked, total = rank_all(library, hidden)
                ranks.append(ranked.index(name) + 1)
                evidence.append(total)
        yield f"masked query, {label}: R@1 / @5 / @50 / MRR ({len(ranks)})", show_ranks(ranks, (1, 5, 50))
        yield "  precision@1 on the most confident 20 %", f"{confident(ranks, evidence):.3f}"
    named, soft, met = [], [], []
    for name, text in queries[:: 5 if quick else 1]:
        plain = fold(shorten(text))
        if fold(name) in plain:
            met.append(name in {card.id for card in library.find(text)})
            named.append([item.meme.id for item in library.recall(text, gate=False, limit=1)] == [name])
            if not find_topics(plain) & list_hard_topics():
                soft.append(named[-1])
    yield f"name in the post: recall@1 ({len(named)}, silence at hard topics counts as a miss)", f"{np.mean(named):.3f}"
    yield f"  the name is found at all ({len(met)})", f"{np.mean(met):.3f}"
    yield f"  without posts on hard topics ({len(soft)}; many name two memes, one counts)", f"{np.mean(soft):.3f}"


def measure_overlap(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Longest text shared between our cards and the data sets"""
    paths = [] if quick else sorted(path for path in data.glob("*/*.jsonl.gz"))
    if not paths:
        yield "not measured", "needs the data folder, and no --quick"
        return
    lines = [line for path in paths for row in read_lines(path) for line in flatten(row)]
    for language in ("zh", "en"):
        texts = [hide_names(card) for card in read_folders(folders) if card.language == language]
        best, length = "", 7
        while found := share(texts, lines, length):
            best, length = found, length + 1
        yield f"{language} cards against {len(lines):,} texts, names left out", f"{len(best)} characters: {best}"


def hide_names(card: Meme) -> str:
    """All sentences of a card; names and the fixed words of its pattern, which are facts, become gaps."""
    text = show(card)
    fixed = [part.strip(" .,!?。，！？") for part in re.split(r"\{[^{}]*\}", card.pattern)]
    fixed += [name.rpartition(" ")[0] for name in card.names if name.count(" ") >= 4]  # "… what I'm doing dog"
    for name in sorted((*card.names, *(part for part in fixed if len(part) > 3)), key=len, reverse=True):
        text = text.replace(name, "\n")
    return text


def flatten(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in flatten(part)]


def share(texts: list[str], lines: list[str], length: int) -> str:
    """One run of `length` characters that stands in both, of at least four different ones, or nothing."""
    own = {text[at : at + length] for text in texts for at in range(len(text) - length + 1)}
    own = {run for run in own if len(set(run)) >= 4 and "\n" not in run}
    for line in lines:
        for at in range(len(line) - length + 1):
            if line[at : at + length] in own:
                return line[at : at + length]
    return ""


def measure_names(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Our cards on everyday posts"""
    path = data / "emotion/smp_usual_test.jsonl.gz"
    if not path.exists():
        yield "not measured", f"{path} is not there"
        return
    rows = list(read_lines(path))[:: 5 if quick else 1]
    library = Library(read_folders(folders))
    named = [bool(library.find(row["text"])) for row in rows]
    yield f"posts in which a name is found, true uses included ({len(rows)})", f"{np.mean(named):.2%}"
    light = [row["text"] for row in rows if row["label"] in ("happy", "neutral", "surprise")]
    yield (
        f"a meme is offered on happy, neutral and surprised posts ({len(light)})",
        (f"{np.mean([bool(library.recall(text)) for text in light]):.1%}"),
    )


def measure_topics(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Topic gate on real titles, by the chart's own categories (no hand labels here)"""
    path = data / CHART
    if not path.exists():
        yield "not measured", f"{path} is not there"
        return
    titles: dict[str, str] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["ads"] != "True":
                titles[row["title"]] = row["category"].partition("-")[0]
    gate = Gate()
    yield from measure_labels(titles, gate)
    for label, kinds in (
        ("sports, variety, comedy: usable", {"体育", "综艺", "搞笑"}),
        ("games, films, series, music: usable", {"游戏", "电影", "电视剧", "音乐"}),
        ("news, military, health, education: used as material", {"时事", "军事", "健康", "教育", "财经"}),
        ("society: used as material", {"社会"}),
    ):
        own = [(title, kind) for title, kind in titles.items() if kind in kinds]
        both = np.mean([not gate.judge(title, kind) for title, kind in own])
        alone = np.mean([not gate.judge(title) for title, _ in own])
        yield f"{label} ({len(own)}), with category / title alone", f"{both:.1%} / {alone:.1%}"


def measure_labels(titles: dict[str, str], gate: Gate) -> Iterator[tuple[str, str]]:
    labels = dict(
        line.split("\t")
        for line in Path("tests/memes/trends/labels.tsv").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    found: dict[str, list[bool]] = {}
    for title, kind in titles.items():
        label = labels.get(hashlib.sha256(title.encode()).hexdigest()[:16])
        if label:
            found.setdefault(label, []).append(not gate.judge(title, kind))
    used = sum(sum(usable) for usable in found.values())
    sensitive = found.get("sensitive", [])
    yield (
        f"labelled titles ({sum(map(len, found.values()))}): sensitive ones used as material",
        f"{sum(sensitive)} of {len(sensitive)}; {sum(sensitive) / max(used, 1):.2%} of the {used} used",
    )
    playful = found.get("playful", [])
    yield f"labelled sports, variety, comedy: usable ({len(playful)})", f"{np.mean(playful):.1%}"


def measure_fit(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Our own judged posts (tests/memes/fit.tsv, hard.tsv)"""
    library = Library(read_folders(folders))
    judged = read_fits()
    for name, part in (("half on which the gate was chosen", judged[::2]), ("other half", judged[1::2])):
        found = score(library, part)
        yield (
            f"{name} ({found.posts}): offered / first fits / one of five",
            f"{found.offered:.0%} / {found.first:.1%} / {found.any:.1%}",
        )
    hard = read_hard()
    read = [(post, tone(emotion.read(post))[0].value) for _, post in hard]
    offered = sum(bool(library.recall(post, tone=decided)) for post, decided in read)
    blind = sum(bool(library.recall(post, tone="banter")) for post, _ in read)
    yield f"a meme is offered on own hard posts ({len(hard)}), tone as read", str(offered)
    yield "  if every tone were misread as banter", str(blind)


def measure_never_twice(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Never twice: eight workers on one Valkey, killed at random, families reserved and confirmed (meme_twice.py)"""
    found = never_twice(3_000 if quick else 100_000, kills=10 if quick else 60)
    yield f"mentions replayed by 8 workers, {found.kills} killed", f"{found.mentions:,} in {found.seconds:.0f} s"
    yield "  replies that played a family / same family twice for a person", f"{found.played:,} / {found.twice}"
    yield f"  most uses of one family (cap {found.cap})", str(found.most)


def measure_replay(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """A replayed day: from the board to a usable topic (virtual clock; entries uniform within the archive's hours)"""
    path = data / CHART
    if not path.exists():
        yield "not measured", f"{path} is not there"
        return
    rng = np.random.default_rng(3)
    begin = datetime(2024, 11, 18, tzinfo=UTC)
    episodes = read_episodes(path, "2024-11-18", 1)
    stays = []
    for episode in episodes:
        enters = max((episode.hours[0] - rng.uniform()) * 3600, 0.0)
        stays.append((enters, episode.hours[-1] * 3600 + 1800.0, episode.title, episode.heats[0]))
    for interval in (60.0, 120.0):
        delays, board_age = asyncio.run(replay_day(begin, stays, interval))
        low, high = np.quantile(delays, [0.5, 0.95])
        yield (
            f"polled every {interval:.0f} s: item on the board -> in a reply's topics, p50 / p95",
            (f"{low:.0f} / {high:.0f} s ({len(delays)} titles)"),
        )
        yield "  served after its dead time; longest blindness noticed", board_age


async def replay_day(
    begin: datetime, stays: list[tuple[float, float, str, float]], interval: float
) -> tuple[list[float], str]:
    now, board = [0.0], Board()

    async def get(url: str, etag: str) -> Answer:
        rows = [{"title": t, "hot": heat} for enters, leaves, t, heat in stays if enters <= now[0] < leaves]
        return Answer(503) if 43_200 <= now[0] < 46_800 else Answer(200, json.dumps({"data": rows}).encode())

    source = Source("replay", "hotlist", "replay", interval=interval)
    poller = Poller(
        [source],
        board,
        get,
        clock=lambda: begin + timedelta(seconds=now[0]),
        jitter=np.random.default_rng(4).random,
    )
    waiting = sorted(stays)
    delays: list[float] = []
    late = 0
    blind: list[float] = []
    for second in range(0, 86_400, 2):
        now[0] = float(second)
        at = begin + timedelta(seconds=second)
        if await poller.poll():
            shown = {topic.title for topic in board.list_topics(at)} | {topic.key for topic in board.list_topics(at)}
            found = [stay for stay in waiting if stay[0] <= second and (stay[2] in shown or make_key(stay[2]) in shown)]
            # The hour in which the board is dead tests blindness, not freshness.
            delays += [second - stay[0] for stay in found if not 43_200 - 2 * interval <= stay[0] <= 46_800]
            gone = {stay[2] for stay in found}
            waiting = [stay for stay in waiting if stay[2] not in gone]
        if second % 60 == 0:
            late += sum((at - topic.last_seen).total_seconds() > 6 * 3600 for topic in board.list_topics(at))
            if board.is_blind(at) and second > 600:
                blind.append(second)
    gap = f"{len(blind)} minutes without context in an hour's outage"
    return delays, f"{late}; {gap}"


def measure_bursts(data: Path, folders: tuple[Path, ...], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Burst detector on a simulated stream driven by real heat (see meme_stream.py)"""
    path = data / CHART
    if not path.exists():
        yield "not measured", f"{path} is not there"
        return
    days = 4 if quick else 6
    # Thresholds were chosen on 2024-10-14 with seed 1; these days and seeds were not looked at before.
    for scale, first, seed in ((0.1, "2024-11-18", 11), (0.1, "2025-01-06", 12), (0.01, "2024-11-18", 13)):
        stream = Stream(read_episodes(path, first, days), days, scale, seed)
        posts, alarms, seconds = replay(stream, choose_gates(3000 * scale))
        score = judge(stream, alarms, 2 * 1440)
        yield (
            f"{scale:.0%} stream from {first}, {posts:.0f} posts a minute: precision / recall / top 10",
            (f"{score['precision']:.2f} / {score['recall']:.2f} / {score['recall_top10']:.2f}"),
        )
        yield (
            "  minutes against the chart, p50 / p90; false a day",
            (f"{score['delay_p50']:+.0f} / {score['delay_p90']:+.0f}; {score['false_a_day']:.0f}"),
        )
        yield (
            "  floods that alarm: up to 3 accounts / 10 accounts; a step",
            (f"{score['spam_share']:.1%} / {score['flood_share']:.0%}; {seconds * 1000:.2f} ms"),
        )
    days = 5 if quick else 9
    stream = Stream(read_episodes(path, "2024-12-02", days), days, 0.1, 14)

    def volume(minute: int) -> float:
        return 1.0 if minute // 4320 % 2 == 0 else 0.1

    gates = choose_gates(300)
    controller, budget = Controller(gates, 300), 300
    _, alarms, _ = replay(stream, gates, volume, controller)
    by_day = [sum(at // 1440 == day for at, _ in alarms) for day in range(2, days)]
    yield (
        f"controller, volume x10 up and down every 3 days, budget {budget} a day: mean a day",
        (f"{np.mean(by_day):.0f} (by day {by_day})"),
    )
    for name, value in PARAMETERS.items():
        yield f"  simulator: {name}", str(value)


def replay(
    stream: Stream,
    gates: Gates,
    volume: Callable[[int], float] = lambda minute: 1.0,
    controller: Controller | None = None,
) -> tuple[float, list[tuple[int, int]], float]:
    detector = Detector(stream.size, gates)
    alarms: list[tuple[int, int]] = []
    total, spent, hour = 0.0, 0.0, 0
    for minute, counts in stream.run(volume):
        total += float(counts.sum())
        start = time.process_time()
        found = detector.step(counts)
        spent += time.process_time() - start
        alarms += [(minute, int(slot)) for slot in found]
        hour += len(found)
        if controller and minute % 60 == 59:
            controller.turn_hour(hour)
            hour = 0
    return total / stream.minutes, alarms, spent / stream.minutes


def rank_all(library: Library, text: str) -> tuple[list[str], float]:
    """Every card's id in order of relevance alone, as recall reads a post (its language first), and the best z-sum."""
    plain = fold(shorten(text))
    own = library._of["zh" if speaks_chinese(plain) else "en"]  # noqa: SLF001 - relevance without filters
    own = own if own.any() else ~own
    total = np.where(own, library._weigh(plain, shared_cutter().cut(plain), own).total, -np.inf)  # noqa: SLF001
    order = np.argsort(-total, kind="stable")
    return [library.cards[int(at)].id for at in order], float(total[order[0]])


def show_ranks(ranks: list[int], cuts: tuple[int, ...]) -> str:
    found = np.array(ranks)
    return " / ".join([f"{np.mean(found <= cut):.3f}" for cut in cuts] + [f"{np.mean(1 / found):.3f}"])


def confident(ranks: list[int], evidence: list[float]) -> float:
    order = np.argsort(-np.array(evidence), kind="stable")[: max(len(ranks) // 5, 1)]
    return float(np.mean(np.array(ranks)[order] == 1))


def mask(name: str, text: str) -> str:
    """A folded text without the name and without hashtags that hold most of its characters."""
    plain, hidden = fold(text), fold(name)
    marks = set(hidden)

    def drop(found: re.Match[str]) -> str:
        return " " if len(set(found[1]) & marks) >= max(1.0, len(marks) * 0.6) else found[0]

    return re.sub(r"#([^#]*)#", drop, plain).replace(hidden, " ")


def read_lines(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_memory() -> float:
    """Resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    try:
        main()
    except MemeFileError as error:
        sys.exit(str(error))
