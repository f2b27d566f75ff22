"""Times as people type them: spans, moments of this machine's clock, and daily windows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)", re.IGNORECASE)
_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
DAY = 86400.0


class BadTime(ValueError):
    """A time that cannot be read; the message says how to write it."""


def read_span(text: str) -> float:
    """`2h`, `90m`, `1d` as seconds."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or float(found[1]) <= 0:
        message = f"{text!r} is no span; write 90m, 2h or 1d"
        raise BadTime(message)
    return float(found[1]) * _UNITS[found[2].lower()]


def read_moment(text: str, after: datetime) -> datetime:
    """`22:00` as the next one after a moment, in its zone; or a whole date and time, `2026-11-22 22:00`."""
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", text.strip()):
            clock = datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - only the clock is taken from it
            moment = after.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
            return moment if moment > after else moment + timedelta(days=1)
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        message = f"{text!r} is no time; write 22:00 or 2026-11-22 22:00"
        raise BadTime(message) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=after.tzinfo)


def read_window(text: str, here: datetime) -> tuple[float, float]:
    """`22:00-07:00` in the zone of `here`, as the second of the UTC day at which it opens and its length in seconds."""
    opens, dash, shuts = text.partition("-")
    if not dash:
        message = f"{text!r} is no daily window; write 22:00-07:00"
        raise BadTime(message)
    first = read_moment(opens, here)
    return first.timestamp() % DAY, (read_moment(shuts, first) - first).total_seconds()


def tell_moment(seconds: float, here: datetime) -> str:
    """A moment on this machine's clock."""
    return datetime.fromtimestamp(seconds, here.tzinfo).strftime("%Y-%m-%d %H:%M")


def tell_window(window: tuple[float, float], here: datetime) -> str:
    """A daily window on this machine's clock."""
    opens = datetime.fromtimestamp(window[0], here.tzinfo)
    return f"{opens:%H:%M}-{opens + timedelta(seconds=window[1]):%H:%M}"
