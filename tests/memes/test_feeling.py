from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memes.feeling import PLACES, fit_mood

from .cards import make_card


def test_without_a_known_mood_nothing_is_claimed() -> None:
    assert fit_mood(make_card(), None) == 0.5
    assert fit_mood(make_card(), {}) == 0.5
    assert fit_mood(make_card(), "hangry") == 0.5


def test_a_mood_within_the_cards_range_fits_wholly() -> None:
    assert fit_mood(make_card(valence=(0.5, 1.0), arousal=(0.4, 0.8)), "joy") == 1.0


def test_a_mood_the_card_names_fits_better_than_its_place_alone() -> None:
    far = make_card(valence=(0.5, 1.0))
    named = make_card(valence=(0.5, 1.0), moods=("sadness",))

    assert fit_mood(named, "sadness") > fit_mood(far, "sadness")


@given(st.dictionaries(st.sampled_from([*PLACES, "other"]), st.floats(0, 1), max_size=6))
def test_the_fit_is_a_share(mood: dict[str, float]) -> None:
    assert 0.0 <= fit_mood(make_card(valence=(-0.2, 0.1), arousal=(0.9, 1.0)), mood) <= 1.0 + 1e-9


def test_probabilities_weigh_the_feelings() -> None:
    card = make_card(valence=(0.5, 1.0), arousal=(0.0, 1.0))

    mixed = fit_mood(card, {"joy": 0.5, "sadness": 0.5})

    assert mixed == pytest.approx((fit_mood(card, "joy") + fit_mood(card, "sadness")) / 2)
