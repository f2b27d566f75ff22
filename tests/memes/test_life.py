from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memes.life import ENOUGH, Week, judge_freshness, judge_state, recompute

from .cards import make_card

TODAY = date(2026, 11, 22)


def weeks(*accounts: int, posts: int = 10_000) -> list[Week]:
    start = TODAY - timedelta(weeks=len(accounts))
    return [Week(start + timedelta(weeks=at), count, posts) for at, count in enumerate(accounts)]


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ((100, 90, 80), "peak"),
        ((100, 60, 40), "settled"),
        ((100, 50, 15), "stale"),
        ((100, 30, 60), "rising"),
        ((100, *[2] * 26), "cringe"),
    ],
)
def test_the_state_follows_the_weekly_rate_against_its_peak(counts: tuple[int, ...], state: str) -> None:
    assert recompute(make_card(), weeks(*counts), TODAY) == state


def test_no_observation_is_no_decline() -> None:
    card = make_card(lifecycle="peak", last_seen=TODAY)

    assert recompute(card, [], TODAY) == "peak"
    assert recompute(card, weeks(*[0] * 30, posts=ENOUGH - 1), TODAY) == "peak"
    assert recompute(card, weeks(*[0] * 10), TODAY) == "peak"


def test_half_a_year_of_well_watched_silence_is_stale() -> None:
    assert recompute(make_card(), weeks(*[0] * 26), TODAY) == "stale"


def test_a_classic_stays_one_until_a_reviewer_says_otherwise() -> None:
    assert recompute(make_card(lifecycle="classic"), weeks(100, *[0] * 26), TODAY, mocked=1.0) == "classic"


def test_a_card_people_groan_at_is_cringe() -> None:
    assert recompute(make_card(), weeks(100, 90), TODAY, mocked=0.6) == "cringe"


def test_a_card_first_seen_last_week_is_new() -> None:
    card = make_card(first_seen=TODAY - timedelta(days=7), last_seen=TODAY)

    assert recompute(card, weeks(50, 60), TODAY) == "new"


@pytest.mark.parametrize("state", ["new", "rising", "peak"])
def test_a_card_unseen_for_half_a_year_counts_as_settled(state: str) -> None:
    card = make_card(lifecycle=state, last_seen=TODAY - timedelta(days=184))

    assert judge_state(card, TODAY) == "settled"
    assert judge_state(card, TODAY - timedelta(days=2)) == state


@given(st.integers(0, 4000))
def test_freshness_stays_within_bounds_and_never_grows_with_age(days: int) -> None:
    card = make_card(last_seen=date(2016, 1, 1), first_seen=date(2015, 1, 1))
    today = card.last_seen + timedelta(days=days)

    now, later = judge_freshness(card, today), judge_freshness(card, today + timedelta(days=30))
    assert 0 <= later <= now <= 1
