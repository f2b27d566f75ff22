"""A generous speed limit per client: so many at once, so many a minute."""

from __future__ import annotations

import math
from collections.abc import Callable

from bot.plaza.fault import Fault

_CLIENTS = 10_000


class Pace:
    """Token buckets in memory; a restart forgives everybody."""

    def __init__(self, per_minute: float, burst: int, clock: Callable[[], float]) -> None:
        self._rate = per_minute / 60
        self._burst = float(burst)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> None:
        """Count one request; raises `Fault` 429 with the seconds to wait."""
        now = self._clock()
        left, since = self._buckets.pop(client, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        if len(self._buckets) >= _CLIENTS:  # the one that was quiet longest stands first
            del self._buckets[next(iter(self._buckets))]
        self._buckets[client] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            raise Fault(429, "too_fast", "a little slower, please", after=math.ceil((1 - left) / self._rate))
