"""Lists of values for the database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.journal.schema import filled


@given(st.lists(st.text(max_size=3), max_size=600))
def test_a_filled_list_holds_the_same_values_and_has_one_of_few_lengths(values: list[str]) -> None:
    there = filled(values)

    assert set(there) == set(values)
    assert there[: len(values)] == values
    assert len(there) in {0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}
    assert len(there) <= 2 * len(values)
