"""Which policy mode is in force: switches, time boxes, plans and daily windows, told by append-only rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select

from bot.journal.schema import modes, now
from bot.model import MODES

CANCELS = "cancel"
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Switch:
    """One row: somebody switched at `at`. Times are seconds of the journal's clock.

    `since` is when a planned switch begins (None: at once), `until` when it ends (None: never); `daily` is the second
    of the UTC day and the length in seconds of a window that comes back every day.
    """

    id: int
    mode: str
    at: float
    by: str
    why: str
    since: float | None = None
    until: float | None = None
    daily: tuple[float, float] | None = None

    @property
    def begins(self) -> float:
        """When it begins to count."""
        return self.at if self.since is None else self.since

    def window(self, moment: float) -> tuple[float, float] | None:
        """The start and end of the daily window that is open at a moment."""
        if self.daily is None or moment < self.at:
            return None
        start, length = self.daily
        opened = moment - (moment - start) % DAY
        return (opened, opened + length) if moment < opened + length else None


@dataclass(frozen=True, slots=True)
class InForce:
    """The mode of a moment: who switched it, why, when it ends (None: by a human only), and when to look again."""

    mode: str
    by: str = ""
    why: str = ""
    at: float | None = None
    until: float | None = None
    look_again: float = float("inf")


@dataclass(frozen=True, slots=True)
class Schedule:
    """All switches up to the row `newest`.

    A missing mode means heightened. The newest switch counts. When its time box ends, `heightened` gives back what
    stood before it; any other box gives back the stricter of that and `heightened`, so that neither an emergency nor
    an easing ends in less care by the clock alone. `stopped` has no time box, and no plan lifts it: only a person's
    own switch does. A daily window only ever makes the mode stricter.
    """

    newest: int = 0
    switches: tuple[Switch, ...] = ()

    def at(self, moment: float) -> InForce:
        """The mode at a moment."""
        found = self._base(self._begun(moment), moment)
        for switch in self.switches:
            opened = switch.window(moment)
            if opened and _strict(switch.mode) > _strict(found.mode):
                found = InForce(switch.mode, switch.by, switch.why, opened[0], opened[1])
        return InForce(found.mode, found.by, found.why, found.at, found.until, self._next(moment))

    def planned(self, moment: float) -> Sequence[Switch]:
        """Plans and boxes that are still to come or under way, and the daily windows."""
        return [
            switch
            for switch in self.switches
            if switch.daily
            or (switch.since is not None and switch.begins > moment)
            or (switch.until is not None and switch.begins <= moment < switch.until)
        ]

    def _begun(self, moment: float) -> list[Switch]:
        begun = sorted(
            # What a person switched counts even if the clock has been set back since.
            (s for s in self.switches if not s.daily and (s.since is None or s.begins <= moment)),
            key=lambda switch: (switch.begins, switch.id),
        )
        kept: list[Switch] = []
        for switch in begun:
            if switch.since is not None and self._base(kept, switch.begins).mode == "stopped":
                continue
            kept.append(switch)
        return kept

    @staticmethod
    def _base(kept: Sequence[Switch], moment: float) -> InForce:
        """Look from the newest switch down to the first that has not ended; `fallen` is the newest one that has."""
        fallen: Switch | None = None
        for switch in reversed(kept):
            if switch.until is None or moment < switch.until:
                if fallen is None or _strict(switch.mode) >= _strict("heightened"):
                    return InForce(switch.mode, switch.by, switch.why, switch.begins, switch.until)
                break
            if switch.mode != "heightened" and fallen is None:
                fallen = switch
        if fallen is None:
            return InForce("heightened")
        return InForce("heightened", fallen.by, f"{fallen.mode} has run out: {fallen.why}".rstrip(": "), fallen.until)

    def _next(self, moment: float) -> float:
        """When something may change."""
        edges = [DAY + moment]
        for switch in self.switches:
            edges += [edge for edge in (switch.begins, switch.until) if edge is not None and edge > moment]
            if switch.daily:
                start, length = switch.daily
                edges += [moment + (edge - moment) % DAY or DAY for edge in (start, start + length)]
        return min(edges)


@dataclass(slots=True)
class ModeReader:
    """Tells the mode in force inside a transaction; rows are read again only when there is a newer one.

    Several threads ask at once, so what is known changes in one assignment: schedule, mode, and since when it is known.
    """

    _known: tuple[Schedule, InForce, float] = field(
        default_factory=lambda: (Schedule(newest=-1), InForce("heightened"), float("inf"))
    )

    def read(self, connection: Connection, newest: int | None, moment: float) -> InForce:
        """The mode at a moment of the journal's clock, given the id of the newest row."""
        schedule, known, since = self._known
        if schedule.newest != (newest or 0):
            schedule = load_schedule(connection)
        elif since <= moment < known.look_again:
            return known
        found = schedule.at(moment)
        self._known = (schedule, found, moment)
        return found


def load_schedule(connection: Connection) -> Schedule:
    """All switches that nobody has cancelled."""
    rows = connection.execute(select(modes).order_by(modes.c.id)).mappings().all()
    gone = {row["cancels"] for row in rows if row["cancels"] is not None}
    switches, latest = [], 0.0
    for row in rows:
        if row["mode"] not in MODES or row["id"] in gone:
            continue
        latest = max(latest, row["at"])  # the order of the rows is the truth, whatever the clock did in between
        switches.append(
            Switch(
                id=row["id"],
                mode=row["mode"],
                at=latest,
                by=row["by"],
                why=row["why"],
                since=row["since"],
                until=None if row["mode"] == "stopped" else row["until"],
                daily=None if row["daily_from"] is None else (row["daily_from"], row["daily_for"]),
            )
        )
    return Schedule(rows[-1]["id"] if rows else 0, tuple(switches))


def add_switch(
    connection: Connection,
    mode: str,
    *,
    by: str,
    why: str,
    since: float | None = None,
    until: float | None = None,
    lasts: float | None = None,
    daily: tuple[float, float] | None = None,
) -> None:
    """Append a switch; `lasts` is a time box in seconds of the journal's clock. Raises ValueError with the reason."""
    timed = until is not None or lasts is not None or daily is not None
    if mode not in MODES:
        message = f"{mode!r} is no mode; choose one of {', '.join(MODES)}"
        raise ValueError(message)
    if mode == "stopped" and timed:
        message = "stopped never ends by time: leave out the end, and switch back yourself"
        raise ValueError(message)
    if daily is not None and (mode == "normal" or since is not None or until is not None or lasts is not None):
        message = "a daily window is heightened or emergency and stands alone"
        raise ValueError(message)
    if daily is not None and not 0 < daily[1] < DAY:
        message = "a daily window ends at another time of day than it begins"
        raise ValueError(message)
    if until is not None and until <= (since or 0):
        message = "it would end before it begins"
        raise ValueError(message)
    ends: Any = until
    if lasts is not None:
        ends = (now() if since is None else since) + lasts
    start, length = daily or (None, None)
    row = {"mode": mode, "at": now(), "since": since, "until": ends, "daily_from": start, "daily_for": length}
    connection.execute(insert(modes).values(by=by, why=why, **row))


def cancel_switch(connection: Connection, id_: int, *, by: str, why: str) -> bool:
    """Take back a plan, a box or a daily window by a row of its own; False if there is no such one."""
    moment = connection.scalar(select(now())) or 0.0
    if id_ not in {switch.id for switch in load_schedule(connection).planned(moment)}:
        return False
    connection.execute(insert(modes).values(mode=CANCELS, at=now(), by=by, why=why, cancels=id_))
    return True


def _strict(mode: str) -> int:
    return MODES.index(mode)
