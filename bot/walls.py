"""How many requests a platform takes: the walls it documents, and what its answers say is left."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, Protocol

from bot.errors import TryLater

Kind = Literal["read", "write"]

LONGEST_PAUSE = 86_400.0
# A reset that is larger than this is a moment (Unix seconds), and a smaller one is seconds from now.
A_MOMENT = 1_000_000_000.0


@dataclass(frozen=True, slots=True)
class Wall:
    """At most so many points in any `seconds`.

    As a token bucket: a fifth may be spent at once, the rest comes back evenly. So no window of that length, wherever
    it begins, sees more than `points`, while a bucket of full size could let nearly twice as many through.
    """

    points: float
    seconds: float

    @property
    def size(self) -> float:
        """How many points may be spent at once."""
        return max(1.0, self.points / 5)

    @property
    def rate(self) -> float:
        """How many points come back in a second."""
        return (self.points - self.points / 5) / self.seconds


@dataclass(frozen=True, slots=True)
class Toll:
    """What a request costs, and the walls it counts against; requests with the same `bucket` share theirs."""

    bucket: str
    cost: float
    walls: tuple[Wall, ...]


# https://docs.joinmastodon.org/api/rate-limits/: 300 requests of an account in 5 minutes, whatever they do; and 300
# posts in 3 hours, of which alone the answers to posts tell what is left.
_MASTODON = Toll("all", 1, (Wall(300, 300),))
_MASTODON_POST = Toll("post", 1, (Wall(300, 10_800),))
# https://docs.bsky.app/docs/advanced-guides/rate-limits: 5,000 points an hour and 35,000 a day for writes, of which a
# create takes 3; 3,000 requests in 5 minutes for everything.
_BLUESKY = Toll("all", 1, (Wall(3000, 300),))
_BLUESKY_CREATE = Toll("write", 3, (Wall(5000, 3600), Wall(35_000, 86_400)))

# What each kind of request has to pay; what an answer says is left is said of the last.
TOLLS: Mapping[str, Mapping[Kind, tuple[Toll, ...]]] = {
    "mastodon": {"read": (_MASTODON,), "write": (_MASTODON, _MASTODON_POST)},
    "bluesky": {"read": (_BLUESKY,), "write": (_BLUESKY, _BLUESKY_CREATE)},
}

# Of a bucket's size, what reading leaves for writing: looking for news must not keep an answer waiting.
KEPT_FOR_WRITING = 0.25


# Counting may not hold up a request, nor the news of a post that was taken.
PATIENCE = 2.0


class Purse(Protocol):
    """Where the buckets are kept for all workers. Raises `TryLater` when it cannot be reached."""

    async def spend(self, bucket: str, cost: float, walls: Sequence[Wall], *, keep: float = 0.0) -> float:
        """Spend `cost` points and return 0, or spend nothing and return how many seconds to wait.

        `keep` is the share of the bucket that must be left afterwards.
        """

    async def left(self, bucket: str, points: float, seconds: float) -> None:
        """The platform said that so many points are left for the next `seconds`."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Asks before each request to one platform for one account, and listens to what the answers say.

    `name` tells the account's buckets from those of others.
    """

    purse: Purse
    name: str
    tolls: Mapping[Kind, tuple[Toll, ...]]

    async def pay(self, kind: Kind) -> None:
        """Pay for a request, or raise `TryLater` with the seconds to wait. Nothing is sent in that case."""
        keep = KEPT_FOR_WRITING if kind == "read" else 0.0
        seconds = 0.0
        try:
            async with asyncio.timeout(PATIENCE):
                for toll in self.tolls[kind]:
                    seconds = seconds or await self.purse.spend(self._bucket(toll), toll.cost, toll.walls, keep=keep)
        except (TryLater, TimeoutError):
            return  # nobody counts just now: mentions are heard all the same, and the platform has a 429 of its own
        if seconds > 0:
            message = f"{self.name}: no more requests for {seconds:.0f} s, or the platform would refuse them"
            raise TryLater(message, seconds)

    async def told(self, kind: Kind, headers: Mapping[str, str], now: datetime, *, refused: bool) -> None:
        """Take in what an answer says is left; `refused`: it was a 429, so nothing is."""
        said = allowance(headers, now)
        if refused:
            said = (0.0, pause_asked(headers, now) or (said[1] if said else 60.0))
        if said is None:
            return
        toll, (points, seconds) = self.tolls[kind][-1], said
        if points > min(wall.points for wall in toll.walls) / 2:
            return  # far from any wall: our own bucket knows enough
        try:
            async with asyncio.timeout(PATIENCE):
                await self.purse.left(self._bucket(toll), points, seconds)
        except (TryLater, TimeoutError):
            return  # the next answer says it again

    def _bucket(self, toll: Toll) -> str:
        return f"{self.name}:{toll.bucket}"


def allowance(headers: Mapping[str, str], now: datetime) -> tuple[float, float] | None:
    """How many points are left and for how many seconds, if the answer says so.

    `X-RateLimit-Remaining` and `-Reset` (Mastodon: an ISO 8601 date), `RateLimit-Remaining` and `-Reset` (Bluesky: Unix
    seconds; the IETF's drafts up to 06: seconds from now).
    """
    for family in ("X-RateLimit", "RateLimit"):
        points = _number(headers.get(f"{family}-Remaining", ""))
        seconds = _until(headers.get(f"{family}-Reset", ""), headers, now)
        if points is not None and seconds is not None:
            return points, seconds
    return None


def pause_asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """How many seconds the other side asks us to wait, at most a day.

    `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3), else when its rate limit begins anew.
    """
    asked = headers.get("Retry-After", "").strip()
    number = _number(asked)
    if number is not None:
        return min(number, LONGEST_PAUSE)
    for said in (asked, headers.get("X-RateLimit-Reset", ""), headers.get("RateLimit-Reset", "")):
        seconds = _until(said, headers, now)
        if seconds is not None:
            return seconds
    return None


def _until(text: str, headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until a reset, by the other side's own clock if it shows one."""
    here = _date(headers.get("Date", "")) or now
    number = _number(text.strip())
    if number is not None:
        seconds = number - here.timestamp() if number > A_MOMENT else number
    else:
        until = _date(text.strip())
        if until is None:
            return None
        seconds = (until - here).total_seconds()
    return min(max(0.0, seconds), LONGEST_PAUSE)


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text[:12]) if text.isascii() and text.isdigit() else None


def _date(text: str) -> datetime | None:
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            at = parse(text)
        except (ValueError, OverflowError):
            continue
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None
