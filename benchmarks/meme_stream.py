"""A day of posts by the minute, simulated from real heat: the ground on which the burst detector is measured.

Arrivals follow the reference's recipe: hot-search episodes with their hourly heat (log-linear in between, entry
uniform between the two looks around the first sight, an exponential ramp before it with the topic's own doubling
time, a half-life of one hour after it), log-normal noise, 256 posts an hour for each 100,000 of heat at full scale;
20,000 background terms (Zipf, a daily profile, over-dispersed in blocks of 30 minutes, drift from day to day), 100
calendar terms that rise 5 to 20 times on a day, spam floods of at most three accounts, coordinated floods of ten, and
small real bursts that never reach a chart. Everything but the heat is invented: read results as relative.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

POSTS_PER_HEAT = 256 / 100_000 / 60  # posts a minute at full scale
BACKGROUND = 20_000
# The lowest rows of the chart draw some 130 posts an hour: what stays below never gets there.
MICRO = (10, 150)
PARAMETERS = {
    "background terms": BACKGROUND,
    "zipf exponent": 1.0,
    "background posts a minute at full scale": 2200,
    "over-dispersion (gamma shape, 30-minute blocks)": 4.0,
    "day-to-day drift (sigma of log)": 0.7,
    "calendar terms a day": 100,
    "spam floods a day (1-3 accounts)": 200,
    "coordinated floods a day (10 accounts)": 20,
    "micro-bursts a day": 200,
    "micro-burst accounts at full scale (log-uniform)": MICRO,
    "micro-burst minutes": (20, 90),
    "doubling time minutes (log-normal median, sigma)": (32.0, 1.24),
    "volume noise (sigma of log, by topic / by 10 minutes)": (0.5, 0.3),
}


@dataclass(frozen=True)
class Episode:
    """One stay of a title on the chart: minutes since the start of the replay, and heat by the hour."""

    title: str
    hours: tuple[int, ...]
    heats: tuple[float, ...]
    best_rank: int


def read_episodes(path: Path, first: str, days: int) -> list[Episode]:
    """Read the titles without adverts; an episode ends after six hours unseen."""
    begin = datetime.fromisoformat(first)
    looks: dict[str, dict[int, tuple[float, int]]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["date"]) + timedelta(hours=int(row["hour"]))
            hour = int((at - begin).total_seconds() // 3600)
            if 0 <= hour < days * 24 and row["ads"] != "True" and row["hot"]:
                looks[row["title"]][hour] = (float(row["hot"]), int(row["rank"]))
    episodes = []
    for title, seen in looks.items():
        run: list[int] = []
        for hour in [*sorted(seen), 10**9]:
            if run and hour - run[-1] > 6:
                heats = tuple(max(seen[at][0], 1.0) for at in run)
                if max(heats) > 1000:  # pinned rows carry no heat
                    episodes.append(Episode(title, tuple(run), heats, min(seen[at][1] for at in run)))
                run = []
            run.append(hour)
    return episodes


class Stream:
    """Counts by term and minute. Terms: background first, then topics, then floods and micro-bursts."""

    def __init__(
        self, episodes: list[Episode], days: int, scale: float, seed: int, micro: tuple[int, int] = MICRO
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.days, self.scale, self.micro = days, scale, micro
        self.minutes = days * 1440
        self.episodes = episodes
        titles = sorted({episode.title for episode in episodes})
        self.term = {title: BACKGROUND + at for at, title in enumerate(titles)}
        self.entries: dict[Episode, float] = {}
        self.begins: dict[Episode, float] = {}
        self._bursts: list[tuple[int, int, np.ndarray]] = []
        self._add_topics()
        self.spam: set[int] = set()
        self.flood: set[int] = set()
        self._next = BACKGROUND + len(titles)
        self._add_noise_bursts()
        self.size = self._next
        rank = np.arange(1, BACKGROUND + 1)
        weights = 1.0 / rank
        self._base = (2200 * scale * weights / weights.sum()).astype(np.float64)
        self._by_minute: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for term, start, counts in self._bursts:
            for offset in np.flatnonzero(counts):
                self._by_minute[start + int(offset)].append((term, int(counts[offset])))

    def _add_topics(self) -> None:
        rng = self.rng
        for episode in self.episodes:
            entry = (episode.hours[0] - rng.uniform()) * 60
            self.entries[episode] = entry
            times = [entry, *(hour * 60 for hour in episode.hours)]
            heats = [episode.heats[0] * 0.8, *episode.heats]
            doubling = float(np.clip(32 * np.exp(rng.normal(0, 1.24)), 3, 400))
            last = times[-1]
            self.begins[episode] = entry - 6 * doubling
            start, end = int(max(entry - 6 * doubling, 0)), int(min(last + 300, self.minutes))
            if end <= start:
                continue
            minute = np.arange(start, end)
            heat = np.exp(np.interp(minute, times, np.log(heats)))
            heat = np.where(minute < entry, heats[0] * 2.0 ** ((minute - entry) / doubling), heat)
            heat = np.where(minute > last, heats[-1] * 0.5 ** ((minute - last) / 60), heat)
            noise = np.exp(rng.normal(0, 0.5)) * np.repeat(np.exp(rng.normal(0, 0.3, len(minute) // 10 + 1)), 10)
            rate = heat * POSTS_PER_HEAT * self.scale * noise[: len(minute)]
            self._bursts.append((self.term[episode.title], start, rng.poisson(rate)))

    def _add_noise_bursts(self) -> None:
        rng = self.rng
        for day in range(self.days):
            for kind, number in (("spam", 200), ("flood", 20), ("micro", 200)):
                for _ in range(number):
                    start = day * 1440 + int(rng.integers(0, 1380))
                    length = int(rng.integers(20, 90))
                    counts = np.zeros(length, np.int64)
                    if kind == "micro":
                        accounts = np.exp(rng.uniform(*np.log(self.micro))) * self.scale
                        counts = rng.poisson(accounts / length, length)
                    else:
                        for at in rng.integers(0, length, 10 if kind == "flood" else int(rng.integers(1, 4))):
                            counts[at] += 1  # distinct accounts: the flood's hundred posts count once each
                    if kind == "spam":
                        self.spam.add(self._next)
                    if kind == "flood":
                        self.flood.add(self._next)
                    self._bursts.append((self._next, start, counts))
                    self._next += 1

    def run(self, volume=lambda minute: 1.0):
        """Yield (minute, counts by term); `volume` scales everything over time."""
        rng = self.rng
        counts = np.zeros(self.size, np.float32)
        block = np.ones(BACKGROUND)
        drift = np.ones(BACKGROUND)
        for minute in range(self.minutes):
            if minute % 1440 == 0:
                drift = drift**0.5 * np.exp(rng.normal(0, 0.7, BACKGROUND) - 0.245)
                today = drift.copy()
                calendar = rng.choice(BACKGROUND, 100, replace=False)
                today[calendar] *= rng.uniform(5, 20, 100)
            if minute % 30 == 0:
                block = rng.gamma(4.0, 0.25, BACKGROUND)
                profile = 1.0 + 0.7 * np.sin((minute % 1440 / 1440 - 0.375) * 2 * np.pi)
                rate = self._base * today * block * profile
                total = rate.sum()
                share = rate / total
            counts[:] = 0
            scaled = volume(minute)
            if total > 0:
                number = rng.poisson(total * scaled)
                np.add.at(counts, rng.choice(BACKGROUND, number, p=share) if number else [], 1)
            for term, count in self._by_minute.get(minute, ()):
                counts[term] += count if scaled == 1.0 else rng.binomial(count, min(scaled, 1.0))
            yield minute, counts


def judge(stream: Stream, alarms: list[tuple[int, int]], warm_up: int) -> dict[str, float]:
    """Score alarms (minute, term) after `warm_up` minutes as the reference does."""
    by_term: dict[int, list[Episode]] = defaultdict(list)
    for episode in stream.episodes:
        by_term[stream.term[episode.title]].append(episode)
    found: dict[Episode, float] = {}
    true = false = 0
    for minute, term in alarms:
        if minute < warm_up:
            continue
        hits = [e for e in by_term.get(term, ()) if minute <= e.hours[-1] * 60 + 60]
        hits = [e for e in hits if minute >= stream.begins[e]]
        if hits:
            true += 1
            episode = min(hits, key=lambda e: e.hours[0])
            found.setdefault(episode, minute - stream.entries[episode])
        else:
            false += 1
    judged = [
        e for e in stream.episodes if stream.entries[e] >= warm_up + 360 and e.hours[-1] * 60 + 60 < stream.minutes
    ]
    caught = [e for e in judged if e in found]
    top = [e for e in judged if e.best_rank <= 10]
    delays = np.array([found[e] for e in caught]) if caught else np.zeros(1)
    days = (stream.minutes - warm_up) / 1440
    floods = len({term for minute, term in alarms if term in stream.flood}) / max(len(stream.flood), 1)
    return {
        "precision": true / max(true + false, 1),
        "recall": len(caught) / max(len(judged), 1),
        "recall_top10": sum(e in found for e in top) / max(len(top), 1),
        "delay_p50": float(np.median(delays)),
        "delay_p90": float(np.quantile(delays, 0.9)),
        "false_a_day": false / days,
        "alarms_a_day": (true + false) / days,
        "spam_share": len({term for _, term in alarms if term in stream.spam}) / max(len(stream.spam), 1),
        "flood_share": floods,
    }
