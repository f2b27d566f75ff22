"""Two ways in which a writer that is well still does not write one reply; they say nothing about the next one."""

from __future__ import annotations

from bot.errors import GiveUp, TryLater


class Declined(GiveUp):
    """It will not write this one, now or later."""


class Unusable(TryLater):
    """It answered, and the answer cannot be used; another draw may be better."""
