"""The classifier's weights are found by the hashes of their grams."""

from __future__ import annotations

import pytest

from safety.model import Weights, hash_all, load_model


def test_no_two_grams_of_the_shipped_weights_share_a_hash() -> None:
    model = load_model()
    assert model is not None

    for weights in model.weights.values():
        assert (weights.keys[1:] > weights.keys[:-1]).all()


def test_latin_letters_are_not_taken_for_the_han_character_with_the_same_bytes() -> None:
    latin, han = hash_all(["ab", b"ab".decode("utf-16-le")])

    assert latin != han


def test_only_known_grams_count() -> None:
    keys = hash_all(["笨", "ab"])
    order = keys.argsort()
    weights = Weights(keys[order], (keys * 0 + [2.0, 0.5])[order])

    assert weights.add_up({"笨", "好", "zz"}) == pytest.approx(2.0)
    assert weights.add_up(["笨", "ab"]) == pytest.approx(2.5)
    assert weights.add_up(set()) == 0.0
