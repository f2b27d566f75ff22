"""Which mode is in force: boxes end in care, stopped ends by a human alone, plans and windows never loosen a stop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.journal.schema import modes
from bot.journal.switch import DAY, Schedule, Switch
from bot.model import MODES
from tests.fakes import World

HOUR = 3600.0


def switch(id: int, mode: str, at: float, **times: float | tuple[float, float]) -> Switch:
    return Switch(id=id, mode=mode, at=at, by="admin", why=f"why {id}", **times)  # type: ignore[arg-type]


def mode(moment: float, *switches: Switch) -> str:
    return Schedule(len(switches), switches).at(moment).mode


NORMAL = switch(1, "normal", 0)


def test_a_missing_mode_means_heightened() -> None:
    assert mode(10) == "heightened"


def test_the_newest_switch_counts() -> None:
    assert mode(10, NORMAL, switch(2, "emergency", 5)) == "emergency"


def test_an_emergency_that_runs_out_leaves_heightened_until_a_human_says_normal() -> None:
    box = switch(2, "emergency", 0, until=HOUR)

    assert mode(HOUR - 1, NORMAL, box) == "emergency"
    assert mode(HOUR, NORMAL, box) == "heightened"
    assert mode(HOUR + 9, NORMAL, box, switch(3, "normal", HOUR + 5)) == "normal"


def test_an_easing_that_runs_out_leaves_heightened() -> None:
    assert mode(HOUR, switch(1, "heightened", 0), switch(2, "normal", 1, until=HOUR)) == "heightened"
    assert mode(HOUR, NORMAL, switch(2, "normal", 1, until=HOUR)) == "heightened"


def test_a_heightened_box_gives_back_what_stood_before_it() -> None:
    box = switch(2, "heightened", 5, until=HOUR)

    assert mode(HOUR - 1, NORMAL, box) == "heightened"
    assert mode(HOUR, NORMAL, box) == "normal"
    assert mode(HOUR, switch(1, "emergency", 0, until=2 * HOUR), box) == "emergency"


def test_stopped_comes_back_when_a_box_over_it_runs_out() -> None:
    stop = switch(1, "stopped", 0)

    assert mode(5, stop, switch(2, "normal", 1, until=HOUR)) == "normal"
    assert mode(HOUR, stop, switch(2, "normal", 1, until=HOUR)) == "stopped"


def test_a_plan_begins_at_its_time_and_never_lifts_a_stop() -> None:
    plan = switch(2, "heightened", 5, since=HOUR, until=2 * HOUR)

    assert mode(HOUR - 1, NORMAL, plan) == "normal"
    assert mode(HOUR, NORMAL, plan) == "heightened"
    assert mode(HOUR + 1, NORMAL, plan, switch(3, "stopped", 10)) == "stopped"
    assert mode(HOUR + 1, NORMAL, switch(2, "normal", 5, since=HOUR), switch(3, "stopped", 10)) == "stopped"


def test_a_daily_window_comes_back_every_day_and_only_tightens() -> None:
    night = switch(2, "heightened", 0, daily=(22 * HOUR, 9 * HOUR))

    for day in (1, 2, 30):
        assert mode(day * DAY + 21 * HOUR, NORMAL, night) == "normal"
        assert mode(day * DAY + 23 * HOUR, NORMAL, night) == "heightened"
        assert mode(day * DAY + 6 * HOUR, NORMAL, night) == "heightened"
        assert mode(day * DAY + 23 * HOUR, switch(1, "stopped", 0), night) == "stopped"


def test_a_stop_counts_even_if_the_clock_has_been_set_back_since() -> None:
    assert mode(100, NORMAL, switch(2, "stopped", 5000)) == "stopped"


moments = st.floats(min_value=0, max_value=3 * DAY)
rows = st.lists(
    st.tuples(st.sampled_from(MODES), moments, st.none() | moments, st.none() | moments, st.none() | moments),
    max_size=8,
)


@given(rows, moments)
def test_after_a_stop_by_hand_no_time_that_passes_loosens_it(given: list[tuple[str, ...]], later: float) -> None:
    before = [
        switch(
            number,
            name,
            at,
            since=since,
            until=None if name == "stopped" else until,
            daily=(daily, HOUR) if daily and name != "normal" else None,
        )
        for number, (name, at, since, until, daily) in enumerate(given)  # type: ignore[misc]
    ]
    stop = switch(99, "stopped", max([row.at for row in before], default=0.0))

    assert mode(stop.at + later, *before, stop) == "stopped"


@given(rows, moments, moments)
def test_nothing_changes_before_the_moment_to_look_again(
    given: list[tuple[str, ...]], first: float, then: float
) -> None:
    switches = tuple(
        switch(number, name, at, since=since, until=until, daily=(daily % DAY, HOUR) if daily else None)
        for number, (name, at, since, until, daily) in enumerate(given)  # type: ignore[misc]
    )
    schedule = Schedule(len(switches), switches)
    found = schedule.at(first)

    if first <= then < found.look_again:
        assert schedule.at(then).mode == found.mode


async def test_a_switch_is_recorded_with_who_and_why_and_told(world: World) -> None:
    await world.desk.set_mode("emergency", by="小满", why="storm", lasts=HOUR)

    found = await world.desk.in_force()

    assert (found.mode, found.by, found.why) == ("emergency", "小满", "storm")
    assert found.until is not None
    assert [row["mode"] for row in await world.desk.switched()] == ["emergency", "normal"]


async def test_a_plan_can_be_taken_back_and_its_row_stays(world: World) -> None:
    await world.desk.set_mode("heightened", by="admin", why="a long night", lasts=HOUR)
    (box,) = await world.desk.planned()

    assert await world.desk.cancel_mode(box.id, by="admin")
    assert not await world.desk.cancel_mode(box.id, by="admin")

    assert await world.desk.mode() == "normal"
    assert len(await world.desk.switched()) == 3


@pytest.mark.parametrize(
    "times",
    [{"lasts": HOUR}, {"until": 9e9}, {"daily": (0.0, HOUR)}],
)
async def test_a_stop_that_would_end_by_time_is_refused(world: World, times: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="never ends by time"):
        await world.desk.set_mode("stopped", by="admin", why="", **times)


async def test_an_older_bot_wrote_a_stop_with_an_end_and_it_still_does_not_end(world: World) -> None:
    row = {"mode": "stopped", "at": 5.0, "until": 6.0, "by": "old", "why": ""}
    await world.journal.database.write(lambda connection: connection.execute(modes.insert().values(row)).rowcount)

    assert await world.desk.mode() == "stopped"
