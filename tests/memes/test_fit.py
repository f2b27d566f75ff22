"""The cards of the library fit everyday posts, and none is offered at hard ones."""

from __future__ import annotations

import pytest

from bot import emotion
from bot.tone import tone
from memes.library import Library
from tests.memes.fits import read_fits, read_hard, score


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load()


def test_the_first_card_fits_seven_posts_in_ten_and_one_of_five_fits_more(library: Library) -> None:
    found = score(library, read_fits()[1::2])

    assert found.posts == 150
    assert 0.25 <= found.offered <= 0.60
    assert found.first >= 0.70
    assert found.any >= 0.85


def test_no_meme_is_offered_at_grief_illness_disaster_and_crisis(library: Library) -> None:
    offered = []
    for kind, post in read_hard():
        decided, _why = tone(emotion.read(post))
        if library.recall(post, tone=decided.value):
            offered.append((kind, decided.value, post))

    assert offered == []


def test_every_judged_family_is_in_the_library(library: Library) -> None:
    known = {card.family for card in library.cards}

    assert {family for fit in read_fits() for family in fit.fits | fit.unfit} <= known
