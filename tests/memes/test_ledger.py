from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

from memes.ledger import Ledger
from memes.shelf import Shelf

from .cards import SITUATIONS, make_card, write_file

MONDAY = date(2026, 9, 7)
WEEK = timedelta(weeks=1)


def watch(ledger: Ledger, week: date, users: int, posts: int = 4000) -> None:
    for at in range(posts):
        ledger.see(["banwei"] if at < users else [], f"u{at}", week + timedelta(days=at % 7))


def test_a_card_that_falls_to_a_tenth_becomes_stale_and_recovers() -> None:
    ledger = Ledger()
    watch(ledger, MONDAY, 200)
    watch(ledger, MONDAY + WEEK, 20)

    assert ledger.judge([make_card()], MONDAY + 2 * WEEK) == {"banwei": "stale"}

    watch(ledger, MONDAY + 2 * WEEK, 190)
    assert ledger.judge([make_card()], MONDAY + 3 * WEEK) == {"banwei": "rising"}


def test_a_hundred_posts_of_one_account_are_one_use_a_week() -> None:
    ledger = Ledger()
    for _ in range(100):
        ledger.see(["banwei"], "one", MONDAY)

    assert ledger.list_weeks("banwei", MONDAY + WEEK)[0].accounts == 1


def test_the_week_that_is_not_over_says_nothing() -> None:
    ledger = Ledger()
    watch(ledger, MONDAY, 200)

    assert ledger.list_weeks("banwei", MONDAY + timedelta(days=6)) == ()


def test_the_counts_survive_a_restart_without_any_account() -> None:
    ledger = Ledger()
    watch(ledger, MONDAY, 30, 60)

    text = json.dumps(ledger.dump())

    assert "u1" not in text
    assert Ledger.restore(json.loads(text)).list_weeks("banwei", MONDAY + WEEK) == ledger.list_weeks(
        "banwei", MONDAY + WEEK
    )


def test_a_card_that_became_cringe_is_no_longer_played(tmp_path: Path) -> None:
    write_file(tmp_path)
    shelf = Shelf(tmp_path)
    assert shelf.library.recall(SITUATIONS[0], gate=False)

    shelf.set_states({"banwei": "cringe"})

    assert shelf.library.recall(SITUATIONS[0], gate=False) == ()
