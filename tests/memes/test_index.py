from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memes.index import Grams, Words, list_grams

TEXTS = st.lists(st.lists(st.text("地铁挤成片下雨abc ，", max_size=12), min_size=1, max_size=3), min_size=1, max_size=4)


def slow_cosine(left: str, right: str, texts: list[str]) -> float:
    def count(text: str) -> dict[int, int]:
        keys, counts = np.unique(list_grams([text])[0], return_counts=True)
        return dict(zip(keys.tolist(), counts.tolist(), strict=True))

    held = [count(text) for text in texts]

    def weigh(terms: dict[int, int]) -> dict[int, float]:
        share = {key: sum(key in other for other in held) for key in terms}
        rarity = {key: math.log((1 + len(texts)) / (1 + share[key])) + 1 for key in terms}
        weights = {key: (1 + math.log(n)) * rarity[key] for key, n in terms.items()}
        norm = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        return {key: weight / norm for key, weight in weights.items()}

    ours, theirs = weigh(count(left)), weigh(count(right))
    return sum(weight * theirs.get(key, 0.0) for key, weight in ours.items())


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.text("地铁挤成片下雨abc ，", max_size=15))
def test_the_fast_cosines_are_those_of_the_plain_formula(groups: list[list[str]], query: str) -> None:
    texts = [text for group in groups for text in group]
    grams = Grams.of(groups)
    read = grams.read(query)
    slow = [[slow_cosine(query, text, texts) for text in group] for group in groups]

    assert grams.average(read) == pytest.approx([sum(row) / len(row) for row in slow], abs=1e-5)
    assert grams.nearest(read, range(len(groups))) == pytest.approx([max(row) for row in slow], abs=1e-5)
    assert grams.compare(read) == pytest.approx([cosine for row in slow for cosine in row], abs=1e-5)


def test_two_texts_are_read_apart() -> None:
    together, owners = list_grams(["地铁", "下雨"])

    assert sorted(together[owners == 0]) == sorted(list_grams(["地铁"])[0])
    assert sorted(together[owners == 1]) == sorted(list_grams(["下雨"])[0])


def test_single_letters_and_pairs_of_an_alphabet_are_no_terms() -> None:
    assert len(list_grams(["ab"])[0]) == 0
    assert len(list_grams(["abc"])[0]) == 1
    assert len(list_grams(["地铁"])[0]) == 3


def test_bm25_is_the_formula() -> None:
    words = Words.of([["雨", "伞", "雨"], ["晴"]])
    rarity = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    damp = 1.5 * (1 - 0.75 + 0.75 * 3 / 2)

    assert words.score(["雨", "雨", "风"]) == pytest.approx([rarity * 2 * 2.5 / (2 + damp), 0.0], rel=1e-5)


def test_an_empty_index_scores_nothing() -> None:
    grams = Grams.of([])

    assert len(grams.average(grams.read("地铁"))) == 0
    assert len(Words.of([]).score(["地铁"])) == 0
