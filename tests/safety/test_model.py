"""The classifier's weights are found by the hashes of their grams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.fold import fold
from safety.model import Weights, hash_all, hash_lines, list_grams, load_model, widen


def test_no_two_grams_of_the_shipped_weights_share_a_hash() -> None:
    model = load_model()
    assert model is not None

    for weights in model.weights.values():
        assert (weights.keys[1:] > weights.keys[:-1]).all()


def test_latin_letters_are_not_taken_for_the_han_character_with_the_same_bytes() -> None:
    latin, han = hash_all([widen("ab"), widen(b"ab".decode("utf-16-le"))])

    assert latin != han


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_letter_of_a_wide_text_is_kept_in_one_byte_and_its_lines_stay(text: str) -> None:
    wide = widen(text)

    assert [len(line) for line in wide.split("\n")] == [len(line) for line in text.split("\n")]
    assert not {char for char in wide if ord(char) < 256} - {"\n"}


@pytest.mark.parametrize("text", ["今天s3x的晚霞，真好看。", "hello there, friend", "é ß 我 12 🐶 ok"])
def test_a_text_scores_what_the_weights_of_its_grams_add_up_to(text: str) -> None:
    model = load_model()
    assert model is not None
    folded = fold(text)

    language, score = model.score(folded)

    grams = list_grams(folded, language)
    total = sum(model.weights[language].add_up([gram if language == "en" else widen(gram)]) for gram in grams)
    assert score == pytest.approx(total / len(grams) ** 0.5 + model.scales[language].bias)


def test_hashes_are_those_of_the_lines_wherever_pieces_are_cut() -> None:
    lines = [str(number) * 3 for number in range(30_000)]

    assert hash_lines("\n".join(lines)).tolist() == hash_all(lines).tolist()


def test_only_known_grams_count() -> None:
    keys = hash_all(["笨", "ab"])
    order = keys.argsort()
    weights = Weights(keys[order], (keys * 0 + [2.0, 0.5])[order])

    assert weights.add_up({"笨", "好", "zz"}) == pytest.approx(2.0)
    assert weights.add_up(["笨", "ab"]) == pytest.approx(2.5)
    assert weights.add_up(set()) == 0.0
