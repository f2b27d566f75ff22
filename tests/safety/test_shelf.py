"""Word lists and policy are taken in while the bot runs; a bad file keeps the last good filter and says why."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from safety.codes import load_codes
from safety.filter import Filter
from safety.lexicon import load_lexicon
from safety.policy import load_policy, look_up
from safety.shelf import FilterShelf

GOOD = "[block operator]\n绝不能说的暗号词\n"


def load_lightly(extra: Path | None = None, *, policy: Path | None = None) -> Filter:
    """The operator's list and the policy, without our own lists: what is asked here is the shelf."""
    files = (extra,) if extra else ()
    return Filter(load_lexicon(files, folder=Path("/nonexistent")), load_policy(policy))


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "mine.lex"
    path.write_text("[block operator]\n别的暗号词\n")
    return path


def says(shelf: FilterShelf, text: str) -> str:
    return shelf.filter.check(text, direction="out").decision


def test_a_word_that_is_added_counts_after_the_next_look(words: Path) -> None:
    shelf = FilterShelf(words, load=load_lightly)
    assert says(shelf, "他说了绝不能说的暗号词") == "post"
    words.write_text(GOOD)

    assert shelf.refresh()

    assert says(shelf, "他说了绝不能说的暗号词") == "block"
    assert not shelf.refresh()


def test_a_bad_list_keeps_the_last_good_filter_and_says_where_and_why(words: Path) -> None:
    shelf = FilterShelf(words, load=load_lightly)
    before = shelf.filter
    words.write_text("[ban operator]\n词语\n")

    assert not shelf.refresh()
    assert shelf.filter is before
    assert "mine.lex:1" in str(shelf.error)

    words.write_text(GOOD)
    assert shelf.refresh()
    assert shelf.error is None


def test_a_list_that_vanishes_keeps_the_last_good_filter(words: Path) -> None:
    shelf = FilterShelf(words, load=load_lightly)
    words.unlink()

    assert not shelf.refresh()
    assert "mine.lex" in str(shelf.error)
    assert says(shelf, "别的暗号词") == "block"


def test_a_policy_table_that_changes_counts_and_a_bad_one_does_not(words: Path, tmp_path: Path) -> None:
    table = tmp_path / "policy.tsv"
    table.write_text("*\tout\t*\t*\t*\tpost\tall\n")
    shelf = FilterShelf(words, policy=table, load=load_lightly)
    assert says(shelf, "你好") == "post"

    table.write_text("*\tout\t*\t*\t*\thold\ta human\n")
    assert shelf.refresh()
    assert says(shelf, "你好") == "hold"

    table.write_text("*\tout\tnonsense\t*\t*\tpost\tx\n")
    assert not shelf.refresh()
    assert says(shelf, "你好") == "hold"
    assert "policy.tsv:1" in str(shelf.error)


def test_the_whole_filter_is_renewed_within_two_seconds(words: Path) -> None:
    shelf = FilterShelf(words)
    words.write_text(GOOD)
    began = time.process_time()

    assert shelf.refresh()

    assert time.process_time() - began < 1.5  # and the house looks every half second
    assert says(shelf, "他说了绝不能说的暗号词") == "block"


@pytest.mark.parametrize("mode", ["heightened", "emergency", "stopped"])
def test_each_mode_is_stricter_than_the_one_before_it(mode: str) -> None:
    """Every cell of the table, code by code: nowhere does a stricter mode let out more, and somewhere it lets out less."""
    modes = ["normal", "heightened", "emergency", "stopped"]
    milder, stricter = (_decisions(name) for name in (modes[modes.index(mode) - 1], mode))
    order = ["post", "hold", "silent", "block"]

    assert all(order.index(stricter[cell]) >= order.index(milder[cell]) for cell in milder)
    assert any(stricter[cell] != milder[cell] for cell in milder)


def _decisions(mode: str) -> dict[tuple[str, ...], str]:
    rows = load_policy().rows
    return {
        (code, risk, audience): look_up(rows, (mode, "out", code, risk, audience))
        for code in ("", *load_codes())
        for risk in ("low", "medium", "high")
        for audience in ("everyone", "minor")
    }


def test_what_a_mode_does_is_what_the_guide_says() -> None:
    cells = {
        ("normal", "medical", "medium"): "hold",
        ("heightened", "medical", "medium"): "block",
        ("heightened", "outcome", "medium"): "hold",
        ("emergency", "outcome", "medium"): "block",
        ("normal", "", "low"): "post",
        ("heightened", "", "low"): "post",
        ("emergency", "", "low"): "hold",
        ("stopped", "", "low"): "block",
        ("normal", "injection", "medium"): "block",
        ("normal", "encoded", "medium"): "block",
    }

    found = {cell: _decisions(cell[0])[cell[1], cell[2], "everyone"] for cell in cells}

    assert found == cells


def test_a_cell_that_no_row_covers_means_block(tmp_path: Path) -> None:
    table = tmp_path / "policy.tsv"
    table.write_text("normal\tout\tinsult\tlow\teveryone\tpost\tone row\n")

    assert look_up(load_policy(table).rows, ("normal", "out", "insult", "medium", "everyone")) == "block"
