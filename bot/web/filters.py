"""What the reader of the log asked for, read from the address line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, get_args
from urllib.parse import urlencode

from bot.model import Risk, State, Tone

RISKS: tuple[Risk, ...] = get_args(Risk)
WHEN = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
FIELDS = ("when", "from", "to", "platform", "state", "tone", "risk", "text")


@dataclass(frozen=True, slots=True)
class Filter:
    """The choices as typed (`chosen`, for the form) and as the log wants them (`wanted`, for `Log.page`)."""

    chosen: Mapping[str, str]
    wanted: Mapping[str, Any]

    @property
    def count(self) -> int:
        """How many choices narrow the list."""
        return len(self.chosen)

    @property
    def narrow(self) -> int:
        """How many choices are made in the fold-out form."""
        return len(self.chosen.keys() - {"tone", "text"})

    def but(self, **choice: str) -> str:
        """The address of the same list with one choice changed, or dropped when empty."""
        chosen = {name: value for name, value in {**self.chosen, **choice}.items() if value}
        return "/?" + urlencode(chosen, errors="replace") if chosen else "/"


def read_filter(query: Mapping[str, str], now: float, zone: int = 0) -> Filter:
    """Read the query; dates are days of the viewer, whose clock is `zone` minutes ahead of UTC.

    Raises ValueError for a state, tone, risk, period or date that does not exist.
    """
    chosen = {name: query[name].strip() for name in FIELDS if query.get(name, "").strip()}
    wanted: dict[str, Any] = {name: chosen[name] for name in ("platform", "text") if name in chosen}
    if "state" in chosen:
        wanted["state"] = State(chosen["state"])
    if "tone" in chosen:
        wanted["tone"] = Tone(chosen["tone"])
    if "risk" in chosen:
        wanted["risk"] = RISKS[RISKS.index(chosen["risk"])]  # type: ignore[arg-type]  # index refuses what is none
    wanted |= _period(chosen, now, zone)
    if before := query.get("before"):
        wanted["before"] = before
    return Filter(chosen, wanted)


def _period(chosen: Mapping[str, str], now: float, zone: int) -> dict[str, datetime]:
    period = {}
    here = timezone(timedelta(minutes=zone))
    if "when" in chosen:
        if chosen["when"] not in WHEN:
            raise ValueError(chosen["when"])
        period["since"] = datetime.fromtimestamp(now, here) - WHEN[chosen["when"]]
    if "from" in chosen:
        period["since"] = datetime.strptime(chosen["from"], "%Y-%m-%d").replace(tzinfo=here)
    if "to" in chosen:
        period["until"] = datetime.strptime(chosen["to"], "%Y-%m-%d").replace(tzinfo=here) + timedelta(days=1)
    return period
