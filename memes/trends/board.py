"""Merges the boards into topics that rise, fade and die by the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from memes.trends.gate import Gate
from memes.trends.title import make_key, resembles
from memes.trends.topic import Item, State, Topic, Trust

HALF_LIFE = 1.15 * 3600  # seconds in which the heat of a big topic halves after its peak (reference §3, 434 curves)
DEAD = 6 * 3600  # seconds unseen
NEW = 3600  # seconds on a board in which a topic counts as rising
CREST = 1800  # seconds around the highest heat
BLIND = 900  # seconds; when all boards are older there is no trend context
GRADES: tuple[Trust, ...] = ("low", "fair", "good")

# P(still on the chart an hour later) by rank and age, measured on 12 months of one chart (reference §3).
STAY_RANKS = (3, 10, 20, 30, 40, 50)
STAY_AGES = (0.0, 1.2, 2.2, 4.2, 8.2)  # hours, upper edges; older is the last column
STAY = (
    (0.88, 0.94, 0.94, 0.87, 0.80, 0.65),
    (0.78, 0.88, 0.91, 0.94, 0.86, 0.71),
    (0.61, 0.80, 0.86, 0.92, 0.86, 0.72),
    (0.54, 0.65, 0.73, 0.85, 0.85, 0.66),
    (0.44, 0.42, 0.56, 0.70, 0.75, 0.55),
    (0.30, 0.20, 0.33, 0.46, 0.50, 0.34),
)


@dataclass
class _Track:
    """What is remembered about one topic."""

    key: str
    title: str
    category: str
    url: str
    first_seen: datetime
    sources: dict[str, datetime] = field(default_factory=dict)
    heats: dict[str, float] = field(default_factory=dict)
    grades: dict[str, Trust] = field(default_factory=dict)
    rank: int = 50
    peak: float = 0.0
    peak_at: datetime | None = None
    burst_at: datetime | None = None
    about: str = ""
    told_by: str = ""

    @property
    def last_seen(self) -> datetime:
        return max(self.sources.values(), default=self.first_seen)


class Board:
    """The topics of now. `screen` says whether a title may be shown at all (the safety filter)."""

    def __init__(self, *, screen: Callable[[str], bool] | None = None, gate: Gate | None = None) -> None:
        """Begin empty."""
        self._screen = screen
        self._gate = gate or Gate()
        self._tracks: dict[str, _Track] = {}
        self._aliases: dict[str, str] = {}
        self._seen: dict[str, datetime] = {}
        self._shown: dict[str, frozenset[str]] = {}

    def take(self, items: Sequence[Item], now: datetime, *, trust: Trust = "fair") -> None:
        """Take what one poll of one source read, its best first. Titles the screen rejects are never stored."""
        allowed = [item for item in items if self._screen is None or self._screen(item.title)]
        ordered = sorted(allowed, key=lambda item: (-(item.heat or 0.0), item.rank))
        shown: dict[str, set[str]] = {}
        for place, item in enumerate(ordered):
            track = self._track(item, now)
            self._warm(track, item, 1.0 - place / len(ordered), now)
            track.grades[item.source] = trust
            shown.setdefault(item.source, set()).add(track.key)
        for source in {item.source for item in items}:
            self._seen[source] = now
            self._shown[source] = frozenset(shown.get(source, ()))
        self._forget(now)

    def adopt(self, topics: Sequence[Topic], now: datetime) -> None:
        """Take over what another leader knew, so that a restart does not make old topics young again."""
        for topic in topics:
            if topic.key in self._tracks or (now - topic.last_seen).total_seconds() > DEAD:
                continue
            track = _Track(topic.key, topic.title, topic.category, topic.url, topic.first_seen, dict(topic.sources))
            track.heats = dict.fromkeys(topic.sources, topic.heat)
            track.grades = dict.fromkeys(topic.sources, topic.trust if len(topic.sources) == 1 else "fair")
            track.peak, track.peak_at = topic.heat, topic.peak_at
            track.about, track.told_by = topic.about, topic.told_by
            self._tracks[topic.key] = track
            self._aliases[topic.key] = topic.key

    def confirm(self, source: str, now: datetime) -> None:
        """Take note that a source still shows what it showed before (HTTP 304)."""
        self._seen[source] = now
        for key in self._shown.get(source, ()):
            if key in self._tracks:
                self._tracks[key].sources[source] = now

    def burst(self, phrase: str, now: datetime) -> None:
        """Take note that our own stream suddenly speaks of something; alone it earns low trust."""
        if self._screen and not self._screen(phrase):
            return
        item = Item(source="stream", title=phrase, rank=1, fetched=now)
        track = self._track(item, now)
        track.burst_at = now
        track.sources["stream"] = now
        track.heats.setdefault("stream", 0.5)
        track.grades["stream"] = "low"
        if track.peak_at is None:
            track.peak, track.peak_at = 0.5, now

    def list_topics(self, now: datetime) -> tuple[Topic, ...]:
        """Return the living topics, the hottest first."""
        topics = (self._make(track, now) for track in self._tracks.values())
        return tuple(sorted((topic for topic in topics if topic.state != "dead"), key=lambda t: (-t.heat, t.key)))

    def list_usable(self, now: datetime, limit: int = 2) -> tuple[Topic, ...]:
        """Return topics a joke may use: trusted, not sensitive, not fading. None while every board is old."""
        if self.is_blind(now):
            return ()
        fresh = (topic for topic in self.list_topics(now) if topic.usable and topic.state != "fading")
        return tuple(fresh)[:limit]

    def is_blind(self, now: datetime) -> bool:
        """Return whether no board answered within 15 minutes: no trend context is better than an old one."""
        return not any((now - seen).total_seconds() <= BLIND for seen in self._seen.values())

    def find(self, text: str, now: datetime) -> Topic | None:
        """Return the living topic a post belongs to: its title, or most of it, stands in the post."""
        return find_topic(self.list_topics(now), text)

    def ages(self, now: datetime) -> dict[str, float]:
        """Return the seconds since each source was last read well."""
        return {source: (now - seen).total_seconds() for source, seen in sorted(self._seen.items())}

    def _track(self, item: Item, now: datetime) -> _Track:
        key = make_key(item.title) or item.title
        known = self._aliases.get(key) or next((other for other in self._tracks if resembles(key, other)), None)
        if known in self._tracks:
            self._aliases[key] = known
            return self._tracks[known]
        self._aliases[key] = key
        first = min(item.at, now) if item.at else now
        self._tracks[key] = _Track(key, item.title, item.category, item.url, first)
        return self._tracks[key]

    def _warm(self, track: _Track, item: Item, heat: float, now: datetime) -> None:
        track.sources[item.source] = now
        track.heats[item.source] = heat
        track.rank = item.rank
        track.category = track.category or item.category
        track.url = track.url or item.url
        if not track.about and item.about and (self._screen is None or self._screen(item.about)):
            track.about, track.told_by = item.about, item.source
        if item.at and item.at < track.first_seen:
            track.first_seen = item.at
        if heat >= track.peak:
            track.peak, track.peak_at = heat, now

    def _forget(self, now: datetime) -> None:
        dead = [key for key, track in self._tracks.items() if (now - track.last_seen).total_seconds() > DEAD]
        for key in dead:
            del self._tracks[key]
        if dead:
            self._aliases = {alias: key for alias, key in self._aliases.items() if key in self._tracks}

    def _list_shown(self, track: _Track, now: datetime) -> list[str]:
        return [
            source
            for source, keys in self._shown.items()
            if track.key in keys and (now - self._seen[source]).total_seconds() <= BLIND
        ]

    def _make(self, track: _Track, now: datetime) -> Topic:
        unseen = (now - track.last_seen).total_seconds()
        shown = self._list_shown(track, now)
        # No decay while a board confirms it; afterwards it cools from what it last was.
        heats = [track.heats[source] for source in shown] or [max(track.heats.values()) * 2 ** (-unseen / HALF_LIFE)]
        heat = 0.0 if unseen > DEAD else max(heats)
        trust = grade(track.grades.values())
        harm, dull = self._gate.weigh(track.title, track.category)
        why = harm or ("only seen in one untrusted place" if trust == "low" else dull)
        return Topic(
            key=track.key,
            title=track.title,
            heat=round(min(heat, 1.0), 4),
            state=_judge(track, heat, now, shown=bool(shown)),
            trust=trust,
            sources=dict(sorted(track.sources.items())),
            category=track.category,
            url=track.url,
            first_seen=track.first_seen,
            last_seen=track.last_seen,
            peak_at=track.peak_at or track.first_seen,
            usable=not why,
            why=why,
            sensitive=bool(harm),
            about=track.about,
            told_by=track.told_by,
        )


def _judge(track: _Track, heat: float, now: datetime, *, shown: bool) -> State:
    age = (now - track.first_seen).total_seconds()
    if (now - track.last_seen).total_seconds() > DEAD:
        return "dead"
    if track.burst_at and (now - track.burst_at).total_seconds() < NEW:
        return "rising"
    if not shown or heat < track.peak / 2:
        return "fading"
    if age < NEW:
        return "rising"
    crest = (now - (track.peak_at or track.first_seen)).total_seconds()
    return "peak" if crest <= CREST or estimate_stay(track.rank, age) >= 0.5 else "fading"


def find_topic(topics: Iterable[Topic], text: str) -> Topic | None:
    """Return the topic whose title, or most of it, stands in a text: the longest, then the hottest."""
    post = make_key(text)
    hits = [topic for topic in topics if _belongs(topic.key, post)]
    return max(hits, key=lambda topic: (len(topic.key), topic.heat), default=None)


def grade(grades: Iterable[Trust]) -> Trust:
    """Return the trust in a topic: the best of its sources, one grade higher when two that are not low agree."""
    levels = sorted((GRADES.index(trust) for trust in grades), reverse=True)
    if not levels:
        return "low"
    agreed = sum(level >= 1 for level in levels) >= 2
    return GRADES[min(levels[0] + agreed, 2)]


def estimate_stay(rank: int, age: float) -> float:
    """Return the probability that a topic of this rank and age (seconds) is on the chart an hour later."""
    row = next((place for place, edge in enumerate(STAY_RANKS) if rank <= edge), len(STAY) - 1)
    column = next((place for place, edge in enumerate(STAY_AGES) if age / 3600 <= edge), len(STAY_AGES))
    return STAY[row][column]


def _belongs(key: str, post: str) -> bool:
    if len(key) >= 3 and key in post:
        return True
    pairs = {key[at : at + 2] for at in range(len(key) - 1)}
    return len(pairs) >= 5 and sum(pair in post for pair in pairs) / len(pairs) >= 0.75
