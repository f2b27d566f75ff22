"""Notices that many people suddenly say the same, by two gates that both have to open."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DAY = 24  # hours
REARM = 360  # minutes in which one term raises no second alarm
RATIO = 4.0  # the CUSUM asks whether the rate is four times the usual
MEMORY = 360.0  # minutes of the moving average that knows the usual rate
PULSE = 30.0  # minutes over which the pace of the whole stream is felt
SWELL = 10.0  # times that the whole stream may grow or shrink before a term's own count decides alone
LEAST = 5  # accounts today
QUIET = 1.0 / (DAY * 60)  # accounts a minute that any term is granted as usual: one a day

SPREAD = 15.0  # minutes of a term's usual rate that the CUSUM must exceed besides its gate: busy terms come in waves
LAG = 4  # hours after which a rate counts as usual for that, so that a burst does not raise its own gate

# Start values of (chi-square, CUSUM) by posts a minute of the whole stream. The first and last are the reference's
# (§5.3); the second was chosen with SPREAD on five simulated days (benchmarks/memes.py measures on others).
STARTS = ((50.0, 16.0, 5.0), (1000.0, 256.0, 8.0), (math.inf, 4096.0, 16.0))


@dataclass
class Gates:
    """The two thresholds: chi-square of today against yesterday, and the CUSUM."""

    surprise: float
    sum: float


def choose_gates(posts_a_minute: float) -> Gates:
    """Return start values for a stream of this volume; the controller moves the first from there."""
    return next(Gates(surprise, total) for limit, surprise, total in STARTS if posts_a_minute < limit)


class Detector:
    """The gates for many terms at once, a minute a step. Slots are numbered from 0 to `size` - 1.

    Gate (a), Mastodon's trends: (today - yesterday)^2 / yesterday over trailing days of distinct accounts, with at
    least 1 expected and LEAST observed. Gate (b), the Poisson CUSUM that approximates Kleinberg's bursts:
    S = max(0, S + x ln 4 - 3 usual). In both, what is expected follows the pace of the whole stream. An alarm needs
    both. The term is then silent for six hours in which S stays 0: a topic that goes on or dies down is no news, only
    one that grows again.
    """

    def __init__(self, size: int, gates: Gates) -> None:
        """Begin with no history: in the first day everything is compared with nothing."""
        self.gates = gates
        self._minute = 0
        self._pulse = self._pace = 0.0
        self._hours = np.zeros((2 * DAY, size), np.float32)
        self._today = np.zeros(size, np.float32)
        self._yesterday = np.zeros(size, np.float32)
        self._usual = np.full(size, QUIET, np.float32)
        self._earlier = np.full((LAG, size), QUIET, np.float32)
        self._sum = np.zeros(size, np.float32)
        self._armed_at = np.zeros(size, np.int64)

    @property
    def size(self) -> int:
        """How many slots there are."""
        return len(self._today)

    def step(self, counts: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """Take the new accounts of one minute, shape (size,), and return the slots that raise an alarm."""
        if self._minute % 60 == 0:
            self._turn_hour()
        self._hours[self._minute // 60 % (2 * DAY)] += counts
        self._today += counts
        usual = self._usual * self._feel_pulse(float(counts.sum()))
        self._sum = np.maximum(0.0, self._sum + counts * math.log(RATIO) - (RATIO - 1) * usual)
        self._sum[self._minute < self._armed_at] = 0.0
        self._usual += (np.maximum(counts, QUIET) - self._usual) / MEMORY
        alarms = np.flatnonzero(self._open())
        self._armed_at[alarms] = self._minute + REARM
        self._sum[alarms] = 0.0
        self._minute += 1
        return alarms

    def clear(self, slots: npt.NDArray[np.int64]) -> None:
        """Forget what these slots hold, so that other terms may use them."""
        self._hours[:, slots] = 0.0
        for values in (self._today, self._yesterday, self._sum):
            values[slots] = 0.0
        self._usual[slots] = QUIET
        self._earlier[:, slots] = QUIET
        self._armed_at[slots] = 0

    def list_idle(self) -> npt.NDArray[np.int64]:
        """Return the slots that counted nothing in two days."""
        return np.flatnonzero((self._today + self._yesterday) < 0.5)

    def grow(self, size: int) -> None:
        """Make room for `size` slots, which must not be fewer."""
        more = size - self.size
        self._hours = np.pad(self._hours, ((0, 0), (0, more)))
        self._today = np.pad(self._today, (0, more))
        self._yesterday = np.pad(self._yesterday, (0, more))
        self._sum = np.pad(self._sum, (0, more))
        self._armed_at = np.pad(self._armed_at, (0, more))
        self._usual = np.pad(self._usual, (0, more), constant_values=QUIET)
        self._earlier = np.pad(self._earlier, ((0, 0), (0, more)), constant_values=QUIET)

    def _feel_pulse(self, total: float) -> float:
        # When everybody writes more, in the morning or because a timeline was added, nothing in particular bursts.
        weight = 1 / min(self._minute + 1.0, MEMORY)
        self._pace += (total - self._pace) * weight
        self._pulse += (total - self._pulse) * max(weight, 1 / PULSE)
        return min(max((self._pulse + 1) / (self._pace + 1), 1 / SWELL), SWELL)

    def _turn_hour(self) -> None:
        self._earlier = np.roll(self._earlier, -1, axis=0)
        self._earlier[-1] = self._usual
        now = self._minute // 60 % (2 * DAY)
        day_ago = (now + DAY) % (2 * DAY)
        self._today -= self._hours[day_ago]
        self._yesterday += self._hours[day_ago] - self._hours[now]
        self._hours[now] = 0.0
        # Sums that are only ever added to and taken from drift; counts are whole numbers.
        np.maximum(np.rint(self._today), 0.0, out=self._today)
        np.maximum(np.rint(self._yesterday), 0.0, out=self._yesterday)

    def _open(self) -> npt.NDArray[np.bool_]:
        swell = (self._today.sum() + 100.0) / (self._yesterday.sum() + 100.0)
        expected = np.maximum(self._yesterday * min(max(float(swell), 1 / SWELL), SWELL), 1.0)
        surprise = (self._today - expected) ** 2 / expected
        first: npt.NDArray[np.bool_] = (
            (surprise >= self.gates.surprise) & (self._today > expected) & (self._today >= LEAST)
        )
        second: npt.NDArray[np.bool_] = self._sum >= self.gates.sum + SPREAD * self._earlier[0]
        armed: npt.NDArray[np.bool_] = self._minute >= self._armed_at
        return np.logical_and(first & second, armed)


class Controller:
    """Moves the first gate so that the alarms of a day meet a budget."""

    def __init__(self, gates: Gates, budget: float, gain: float = 0.25, least: float = 4.0) -> None:
        """`budget` is alarms in 24 hours; `gain` the power with which each hour corrects; `least` the lowest gate."""
        self._gates, self._budget, self._gain, self._least = gates, budget, gain, least
        self._hours: deque[int] = deque(maxlen=DAY)

    def turn_hour(self, alarms: int) -> None:
        """Take the alarms of the last hour and correct the gate by the ratio of its day to the budget."""
        self._hours.append(alarms)
        expected = self._budget * len(self._hours) / DAY
        ratio = (sum(self._hours) + 1.0) / (expected + 1.0)
        self._gates.surprise = min(max(self._gates.surprise * ratio**self._gain, self._least), 1e6)


class Bursts:
    """The detector for terms by name, with a budget of alarms a day (20 suits a small instance)."""

    def __init__(self, posts_a_minute: float = 1.0, budget: float = 20.0, size: int = 1024) -> None:
        """Begin with room for `size` terms; more are made room for."""
        self.gates = choose_gates(posts_a_minute)
        self._detector = Detector(size, self.gates)
        self._controller = Controller(self.gates, budget)
        self._slots: dict[str, int] = {}
        self._free = list(range(size - 1, -1, -1))
        self._steps = self._alarms = 0

    def step(self, accounts: Mapping[str, int]) -> tuple[str, ...]:
        """Take how many new accounts said each term in one minute; return the terms that burst, sorted.

        Call it every minute, also with nothing: silence is what bursts stand out from.
        """
        counts = np.zeros(self._detector.size, np.float32)
        for term in sorted(accounts):
            slot = self._place(term)
            if slot >= len(counts):
                counts = np.pad(counts, (0, self._detector.size - len(counts)))
            counts[slot] = accounts[term]
        alarms = {int(slot) for slot in self._detector.step(counts)}
        self._steps += 1
        self._alarms += len(alarms)
        if self._steps % 60 == 0:
            self._turn_hour()
        return tuple(sorted(term for term, slot in self._slots.items() if slot in alarms)) if alarms else ()

    def _place(self, term: str) -> int:
        if term not in self._slots:
            if not self._free:
                size = self._detector.size
                self._detector.grow(2 * size)
                self._free = list(range(2 * size - 1, size - 1, -1))
            self._slots[term] = self._free.pop()
        return self._slots[term]

    def _turn_hour(self) -> None:
        self._controller.turn_hour(self._alarms)
        self._alarms = 0
        idle = {int(slot) for slot in self._detector.list_idle()}
        for term in [term for term, slot in self._slots.items() if slot in idle]:
            slot = self._slots.pop(term)
            self._detector.clear(np.array([slot]))
            self._free.append(slot)
