from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from memes.phrases import Hit, Phrases


def test_the_longest_phrase_at_a_place_wins_and_hides_what_is_inside() -> None:
    assert Phrases(["死亡", "笑死亡"]).find("我笑死亡了") == [Hit(1, 4, "笑死亡")]


def test_a_word_of_an_alphabet_is_found_whole_only() -> None:
    phrases = Phrases(["sat", "猫"])

    assert phrases.find("saturday") == []
    assert phrases.find("sat猫sat") == [Hit(0, 3, "sat"), Hit(3, 4, "猫"), Hit(4, 7, "sat")]


@given(st.lists(st.text("猫狗ab ", min_size=1, max_size=4), max_size=6), st.text("猫狗ab ", max_size=30))
def test_hits_stand_where_they_say_and_do_not_overlap(known: list[str], text: str) -> None:
    hits = Phrases(known).find(text)

    assert all(text[hit.start : hit.end] == hit.phrase and hit.phrase in known for hit in hits)
    assert all(hit.end <= len(text) for hit in hits)
    assert all(left.end <= right.start for left, right in pairwise(hits))


def test_a_short_phrase_at_the_very_end_keeps_its_own_end() -> None:
    hits = Phrases(["班味", "班味重"]).find("这是班味")

    assert hits == [Hit(2, 4, "班味")]
