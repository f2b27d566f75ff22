"""Judges how alive a meme is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from memes.card import Lifecycle, Meme

HALF_LIFE = 75  # days after the last peak (reference §5.3)
ENOUGH = 3000  # posts seen in a week before silence about a card means something
PER_POST = 1 / 3000  # uses a post that a card at its best is expected to have: below ENOUGH we may just have missed it
AGEING = 0.3  # the part of freshness that time alone takes
UNSEEN = 183  # days; who was not seen alive for six months is neither new nor at its peak

_BASE: dict[Lifecycle, float] = {
    "new": 1.0,
    "rising": 1.0,
    "peak": 0.9,
    "settled": 0.5,
    "classic": 0.5,
    "stale": 0.1,
    "cringe": 0.0,
}


def judge_state(card: Meme, today: date | None) -> Lifecycle:
    """Return the card's state today: new, rising and peak need a sighting within six months, else settled."""
    if today is None or card.lifecycle not in ("new", "rising", "peak"):
        return card.lifecycle
    return card.lifecycle if (today - card.last_seen).days <= UNSEEN else "settled"


def judge_freshness(card: Meme, today: date | None) -> float:
    """Return in [0, 1] how fresh a card is: its state, of which AGEING fades as 2^(-days unseen / 75).

    Classics do not age. The reference weighs uses of the last 48 hours as much as age; without a stream to observe
    them, age alone must not bury a card that is merely unwatched.
    """
    state = judge_state(card, today)
    base = _BASE[state]
    if today is None or state == "classic":
        return base
    days = max((today - card.last_seen).days, 0)
    return float(base * (1 - AGEING + AGEING * 2 ** (-days / HALF_LIFE)))


def judge_staleness(card: Meme, today: date | None) -> float:
    """Return 1 for a stale card, which costs it score, and 0 for any other."""
    return 1.0 if judge_state(card, today) == "stale" else 0.0


@dataclass(frozen=True)
class Week:
    """What the stream showed of one card in one week: uses by distinct accounts, of `posts` posts seen in all."""

    start: date
    accounts: int
    posts: int

    @property
    def rate(self) -> float:
        """Uses for each post seen."""
        return self.accounts / self.posts if self.posts else 0.0


def recompute(card: Meme, weeks: Sequence[Week], today: date, *, mocked: float = 0.0) -> Lifecycle:
    """Return the state that the stream shows (reference §5.3); the card's own when too little was seen to tell.

    `weeks` in order of time, newest last; `mocked` is the share of replies beside it that call it old or cringe. Weeks
    with fewer than ENOUGH posts say nothing: no observation is no decline. A classic is a reviewer's word and stays.
    """
    told = [week for week in weeks if week.posts >= ENOUGH]
    if card.lifecycle == "classic" or not told:
        return judge_state(card, today)
    peak = max(week.rate for week in told)
    now = told[-1]
    if sum(week.accounts for week in told) < 5 or peak < PER_POST:
        # Seen too seldom even at its best: only half a year of well watched silence says that it is stale.
        silent = len(told) >= 26 and not any(week.accounts for week in told[-26:])
        return "stale" if silent else judge_state(card, today)
    if mocked >= 0.5 or _is_low(told, peak):
        return "cringe"
    if (today - card.first_seen).days < 14:
        return "new"
    if len(told) > 1 and now.accounts >= 5 and now.rate >= 1.5 * told[-2].rate:
        return "rising"
    share = now.rate / peak
    return "peak" if share >= 0.6 else "settled" if share >= 0.25 else "stale"


def _is_low(told: Sequence[Week], peak: float) -> bool:
    half_year = told[-26:]
    return len(half_year) == 26 and all(week.rate < 0.1 * peak for week in half_year)
