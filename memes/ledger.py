"""Keeps count of how often each card is used, week by week, and says what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from memes.card import Lifecycle, Meme
from memes.life import Week, recompute

KEPT = 104  # weeks


class Ledger:
    """Uses of cards in the public posts we may read, by distinct account and week (Monday to Sunday)."""

    def __init__(self) -> None:
        """Begin empty."""
        self._posts: dict[date, int] = {}
        self._uses: dict[str, dict[date, int]] = {}
        self._voices: set[tuple[str, str]] = set()
        self._week: date | None = None

    def see(self, ids: Iterable[str], who: str, day: date) -> None:
        """Count one post of one account (any stable hash of it) and the cards that it names."""
        week = _monday(day)
        if week != self._week:
            self._week, self._voices = week, set()
            self._forget(week)
        self._posts[week] = self._posts.get(week, 0) + 1
        for id_ in ids:
            if (id_, who) not in self._voices:
                self._voices.add((id_, who))
                uses = self._uses.setdefault(id_, {})
                uses[week] = uses.get(week, 0) + 1

    def list_weeks(self, id_: str, today: date) -> tuple[Week, ...]:
        """Return the whole weeks before this one, the oldest first; weeks nobody watched are left out."""
        uses = self._uses.get(id_, {})
        return tuple(
            Week(week, uses.get(week, 0), posts) for week, posts in sorted(self._posts.items()) if week < _monday(today)
        )

    def judge(
        self, cards: Collection[Meme], today: date, mocked: Mapping[str, float] | None = None
    ) -> dict[str, Lifecycle]:
        """Return the cards whose state the stream shows to be another than their file says, by id."""
        found = {
            card.id: recompute(card, self.list_weeks(card.id, today), today, mocked=(mocked or {}).get(card.id, 0.0))
            for card in cards
        }
        return {card.id: found[card.id] for card in cards if found[card.id] != card.lifecycle}

    def dump(self) -> dict[str, Any]:
        """Return the counts as JSON values (no accounts), to be kept over a restart."""
        return {
            "posts": {week.isoformat(): count for week, count in self._posts.items()},
            "uses": {
                id_: {week.isoformat(): count for week, count in uses.items()} for id_, uses in self._uses.items()
            },
        }

    @classmethod
    def restore(cls, data: Mapping[str, Any]) -> Ledger:
        """Return the ledger of a dump."""
        ledger = cls()
        ledger._posts = {date.fromisoformat(week): int(count) for week, count in data["posts"].items()}
        ledger._uses = {
            id_: {date.fromisoformat(week): int(count) for week, count in uses.items()}
            for id_, uses in data["uses"].items()
        }
        return ledger

    def _forget(self, week: date) -> None:
        oldest = week - timedelta(weeks=KEPT)
        self._posts = {at: count for at, count in self._posts.items() if at >= oldest}
        kept = {id_: {at: count for at, count in uses.items() if at >= oldest} for id_, uses in self._uses.items()}
        self._uses = {id_: uses for id_, uses in kept.items() if uses}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
