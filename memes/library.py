"""Remembers the meme cards and recalls those that fit a post, or none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from memes.avoid import find_topics, list_hard_topics
from memes.card import Lifecycle, Meme, Recalled
from memes.catalogue import make_catalogue
from memes.cutter import Cutter, keep_words, shared_cutter
from memes.feeling import Mood, fit_mood
from memes.files import LIBRARY, join_files, list_files
from memes.index import Floats, Query
from memes.kept import Kept
from memes.life import judge_freshness, judge_staleness
from memes.names import Names
from memes.plain import fold, shorten, speaks_chinese
from memes.volume import Volume, read_volume
from memes.wording import judge_quality, make_example, say

Screen = Callable[[str], bool]
Places: TypeAlias = npt.NDArray[np.int64]

PLAYFUL = ("banter", "warm")
LOUDEST = {"banter": 1, "warm": 0}  # the highest offence level of a card for each tone

# Fusion weights, measured on a half of CHEER with masked names (benchmarks/memes.py); the reference starts from the
# same z-sum. The other parts decide among cards that fit about equally: with half of the reference's
# starting values for freshness and quality, a held-out situation finds its card as often as by relevance alone.
BM25, MEAN = 0.75, 1.0
FRESH, MOOD, QUALITY, STALE, OVERUSE = 0.15, 0.20, 0.05, 0.25, 0.15
MOST = 24  # candidates that are judged
CALM = 4.0  # z-sum at which relevance is a half
NAMED = 1.5  # more relevance for a card that the post names: no unnamed card comes before it

# The gate, which the best card has to pass. The highest z-sum among n cards grows with ln n even when none fits: on
# everyday posts of good or neutral mood its middle lay near slope ln n + start for n from 12 to 265 Chinese and 12 to
# 34 English cards. The starts were raised on one half of our own judged posts (tests/memes/fit.tsv): at -0.3 and 0.9
# two posts in three got a card and 57 % of the first cards fitted; benchmarks/memes.py prints the other half.
GATES = {"zh": (1.5, 1.0), "en": (0.9, 2.0)}
FOLLOW = 0.55  # share of the gate that the cards behind a good first one need: a writer may choose among five
FLOOR = 0.05  # cosine with the nearest text that any unnamed card needs
FEW = 8  # cards below which a z-sum means nothing and NEAR decides instead
NEAR = 0.12


@dataclass(frozen=True)
class Refused:
    """A card that the safety screen did not let in."""

    card: Meme
    why: str


class Library:
    """All cards that may be played, indexed. Frozen after it is made; safe to read from many threads."""

    def __init__(
        self,
        cards: Sequence[Meme],
        *,
        refused: Sequence[Refused] = (),
        cutter: Cutter | None = None,
        volumes: Sequence[Volume] = (),
        kept: Kept | None = None,
    ) -> None:
        """Index the cards (all are explained, only approved ones that are not cringe are recalled).

        `volumes` are the files they stand in; what was counted in these before is taken from `kept`.
        """
        self.cards = tuple(cards)
        self.refused = tuple(refused)
        self._cutter = cutter or shared_cutter()
        self._playable = tuple(card for card in self.cards if card.review == "approved" and card.lifecycle != "cringe")
        self._by_id = {card.id: card for card in self.cards}
        self._names = Names(self.cards)
        self._places = {card.id: place for place, card in enumerate(self._playable)}
        spoken = np.array([card.language for card in self._playable], str)
        self._of = {name: np.flatnonzero(spoken == name) for name in GATES}
        self._qualities = [judge_quality(card) for card in self._playable]
        files = volumes or (Volume("", tuple((card, 0) for card in self._playable)),)
        plays = self._places.__contains__
        catalogue = make_catalogue(files, lambda card: plays(card.id), self._names.folded, self._cutter, kept or Kept())
        self._dictionary, self._grams, self._words = catalogue
        self._cutter.take(self._dictionary)

    @classmethod
    def load(cls, folder: Path | tuple[Path, ...] | None = None, *, screen: Screen | None = None) -> Library:
        """Read the card files of the folder or folders (our own by default).

        `screen` says whether a text may be shown; a card it rejects is left out and listed in `refused`.
        Raises MemeFileError when a file does not fit the schema.
        """
        folders = folder if isinstance(folder, tuple) else (folder or LIBRARY,)
        kept = Kept()
        return cls.admit({path: read_volume(path, kept) for path in list_files(folders)}, screen, kept=kept)

    @classmethod
    def admit(
        cls,
        volumes: Mapping[Path, Volume],
        screen: Screen | None,
        states: Mapping[str, Lifecycle] | None = None,
        *,
        kept: Kept | None = None,
    ) -> Library:
        """Make a library of the cards that the screen lets in; `states` by id are what the stream showed since.

        Raises MemeFileError when two cards have one id.
        """
        let_in: list[Meme] = []
        refused: list[Refused] = []
        for written in join_files({path: volume.cards for path, volume in volumes.items()}):
            state = (states or {}).get(written.id, written.lifecycle)
            card = written if state == written.lifecycle else written.model_copy(update={"lifecycle": state})
            if screen is None or screen(say(card)):
                let_in.append(card)
            else:
                refused.append(Refused(card, "the safety filter does not let its text through"))
        return cls(let_in, refused=refused, volumes=tuple(volumes.values()), kept=kept)

    @classmethod
    def from_examples(cls, examples: Mapping[str, Sequence[str]]) -> Library:
        """Make a library for tests and measurements: each name with the situations that call for it."""
        return cls([make_example(name, situations) for name, situations in examples.items()])

    def warm(self, cache_dir: Path | None = None) -> None:
        """Load what the first recall needs, so that it is not slow. Run it in a thread.

        Making a library loads the dictionary already: for a cache folder call `shared_cutter().warm(folder)` before.
        """
        self._cutter.warm(cache_dir)
        self.recall("今天也要加油", gate=False)

    def recall(
        self,
        text: str,
        *,
        mood: Mood = None,
        tone: str | None = None,
        used: Iterable[str] = (),
        uses: Mapping[str, int] | None = None,
        now: datetime | date | None = None,
        limit: int = 5,
        gate: bool = True,
    ) -> tuple[Recalled, ...]:
        """Return at most `limit` cards that fit the post, the best first, at most one of a family; often none.

        `mood` is the leading emotion or a probability for each; `tone` other than banter (the default) or warm gives
        none; `used` are families this person has had; `uses` how often the bot played each family in 24 hours; `now`
        lets cards age. With `gate` off the best cards come even when the evidence for them is thin.
        """
        tone = tone or "banter"
        plain = fold(shorten(text)) if tone in PLAYFUL and self._playable else ""
        topics = find_topics(plain)
        if topics & list_hard_topics() or not plain.strip():
            return ()
        pieces = self._dictionary.cut(plain)
        named = {place for id_ in self._names.find(plain, pieces) if (place := self._places.get(id_)) is not None}
        language = "zh" if speaks_chinese(plain) else "en"
        own = self._of[language]
        evidence = self._weigh(plain, pieces, own)
        past = frozenset(used)
        ranked = [
            place
            for place in self._rank(evidence, named, own, _least(language, len(own)) if gate else -math.inf)
            if _allowed(self._playable[place], tone, topics, past)
        ]
        nearest = self._grams.nearest(evidence.query, ranked)
        today = _day(now)
        fits = [
            self._judge(place, evidence, float(near), named=place in named, mood=mood, uses=uses or {}, today=today)
            for place, near in zip(ranked, nearest, strict=True)
            if place in named or not gate or near >= (FLOOR if len(own) >= FEW else NEAR)
        ]
        return _best_of_families(fits, limit)

    def get(self, id_: str) -> Meme | None:
        """Return the card of this id."""
        return self._by_id.get(id_)

    def find(self, text: str) -> tuple[Meme, ...]:
        """Return the cards whose name stands in the text, in its order, blocked ones left out."""
        plain = fold(shorten(text))
        ids = self._names.find(plain, self._dictionary.cut(plain))
        return tuple(card for id_ in ids if (card := self._by_id[id_]).review != "blocked")

    def _weigh(self, plain: str, pieces: list[str], own: Places) -> Evidence:
        query = self._grams.read(plain)
        mean = self._grams.average(query)
        bm25 = self._words.score(keep_words(pieces))
        return Evidence(query, bm25, mean, BM25 * _z(bm25, own) + MEAN * _z(mean, own))

    def _rank(self, evidence: Evidence, named: set[int], own: Places, least: float) -> list[int]:
        totals = evidence.total.take(own)
        if not len(totals) or totals.max() < least:
            return sorted(named)
        best = own[totals >= (least * FOLLOW if least > 0 else least)]
        if len(best) > MOST:
            best = best[np.argpartition(-evidence.total[best], MOST)[:MOST]]
        best = best[np.argsort(-evidence.total[best], kind="stable")]
        return [*sorted(named), *(int(place) for place in best if int(place) not in named)]

    def _judge(
        self,
        place: int,
        evidence: Evidence,
        nearest: float,
        *,
        named: bool,
        mood: Mood,
        uses: Mapping[str, int],
        today: date | None,
    ) -> _Fit:
        card = self._playable[place]
        total = max(float(evidence.total[place]), 0.0)
        parts = {
            "relevance": total / (total + CALM) + (NAMED if named else 0.0),
            "fresh": FRESH * judge_freshness(card, today),
            "mood": MOOD * fit_mood(card, mood),
            "quality": QUALITY * self._qualities[place],
            "stale": -STALE * judge_staleness(card, today),
            "overuse": -OVERUSE * math.log1p(uses.get(card.family, 0)),
        }
        seen = {
            "bm25": float(evidence.bm25[place]),
            "mean_cosine": float(evidence.mean[place]),
            "best_cosine": nearest,
        }
        return _Fit(card, round(sum(parts.values()), 6), parts | seen, named)


class _Fit(NamedTuple):
    card: Meme
    score: float
    parts: dict[str, float]
    named: bool


class Evidence(NamedTuple):
    """How a post resembles each playable card: BM25, mean cosine over the card's texts, and the sum of their z."""

    query: Query
    bm25: Floats
    mean: Floats
    total: Floats


def _least(language: str, cards: int) -> float:
    slope, start = GATES[language]
    return slope * math.log(cards) + start if cards >= FEW else -math.inf


def _allowed(card: Meme, tone: str, topics: frozenset[str], used: frozenset[str]) -> bool:
    return (
        tone in card.tones
        and card.offence <= LOUDEST[tone]
        and not topics.intersection(card.avoid)
        and card.family not in used
    )


def _best_of_families(fits: Iterable[_Fit], limit: int) -> tuple[Recalled, ...]:
    best: dict[str, _Fit] = {}
    for fit in sorted(fits, key=lambda fit: (-fit.score, fit.card.id)):
        best.setdefault(fit.card.family, fit)
    return tuple(
        Recalled(
            meme=fit.card,
            score=fit.score,
            parts={name: round(value, 4) for name, value in fit.parts.items()},
            named=fit.named,
        )
        for fit in list(best.values())[:limit]
    )


def _z(scores: Floats, own: Places) -> Floats:
    # Over the cards of the post's language: the others hold none of its words and would flatten the scale.
    rivals = scores.take(own).astype(np.float64)
    count = max(len(rivals), 1)
    mean = float(np.add.reduce(rivals)) / count
    # By hand: numpy's own mean and std take longer to begin than to reckon.
    apart = rivals - mean
    spread = math.sqrt(float(apart @ apart) / count)
    return ((scores - mean) / spread).astype(np.float32) if spread > 1e-9 else np.zeros_like(scores)


def _day(now: datetime | date | None) -> date | None:
    return now.date() if isinstance(now, datetime) else now
