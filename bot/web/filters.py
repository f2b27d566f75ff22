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
    """The choices as typed (`chosen`, empty where there is none) and as `Log.page` wants them (`wanted`)."""

    chosen: Mapping[str, str]
    wanted: Mapping[str, Any]

    @property
    def count(self) -> int:
        """How many choices narrow the list."""
        return sum(map(bool, self.chosen.values()))

    @property
    def narrow(self) -> int:
        """How many choices are made in the fold-out form."""
        return sum(bool(value) for name, value in self.chosen.items() if name not in {"tone", "text"})

    def but(self, **choice: str) -> str:
        """The address of the same list with one choice changed, or dropped when empty."""
        chosen = {name: value for name, value in {**self.chosen, **choice}.items() if value}
        return "/?" + urlencode(chosen, errors="replace") if chosen else "/"


def read_filter(query: Mapping[str, str], now: float, zone: int = 0) -> Filter:
    """Read the query; dates are days of the viewer, whose clock is `zone` minutes ahead of UTC.

    Raises ValueError for a state, tone, risk, period or date that does not exist.
    """
    chosen = {name: query.get(name, "").strip() for name in FIELDS}
    wanted: dict[str, Any] = {name: chosen[name] for name in ("platform", "text") if chosen[name]}
    if chosen["state"]:
        wanted["state"] = State(chosen["state"])
    if chosen["tone"]:
        wanted["tone"] = Tone(chosen["tone"])
    if chosen["risk"]:
        wanted["risk"] = RISKS[RISKS.index(chosen["risk"])]
    wanted |= _period(chosen, now, zone)
    if before := query.get("before"):
        wanted["before"] = before
    return Filter(chosen, wanted)


def _period(chosen: Mapping[str, str], now: float, zone: int) -> dict[str, datetime]:
    period = {}
    here = timezone(timedelta(minutes=zone))
    if chosen["when"]:
        if chosen["when"] not in WHEN:
            raise ValueError(chosen["when"])
        period["since"] = datetime.fromtimestamp(now, here) - WHEN[chosen["when"]]
    if chosen["from"]:
        period["since"] = datetime.strptime(chosen["from"], "%Y-%m-%d").replace(tzinfo=here)
    if chosen["to"]:
        period["until"] = datetime.strptime(chosen["to"], "%Y-%m-%d").replace(tzinfo=here) + timedelta(days=1)
    return period
