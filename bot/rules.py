"""The numbers that the pipeline keeps to: leases, deadlines, limits and pauses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """All times in seconds.

    `lease` must outlast reading, writing (all drafts) and checking together; `send_lasts` is how long after an intent
    a post may still land, and must outlast `send_deadline`; `stale_intent` is the age at which an intent, and with it
    what was read of the policy mode, is not acted on any more; `settle` is the wait before a reply that was not found
    is looked for once more.
    When more than `backlog` mentions wait, the oldest jokes among the others are left out, and beyond twice as many
    what is warm as well.
    """

    lease: float = 150.0
    deaths: int = 4
    answer_by: float = 24 * 3600.0
    hold_for: float = 24 * 3600.0
    thread_limit: int = 6
    drafts: int = 2
    memes: int = 5
    fresh_draft: float = 60.0
    send_deadline: float = 20.0
    send_lasts: float = 30.0
    stale_intent: float = 2.0
    settle: float = 60.0
    unknown_pause: float = 20.0
    longest_pause: float = 300.0
    backlog: int = 10_000

    def pause(self, laters: int, asked: float | None) -> float:
        """How long to wait after the `laters`-th time that something had to wait; never shorter than was asked."""
        grown = min(self.longest_pause, 2.0 ** min(laters, 12))
        return max(grown, asked or 0.0)
