"""Misspelt English is read as the word that sounds like it, and as the same word in every process."""

from __future__ import annotations

from safety.ruses import COARSE, build_ruses, spell


def test_of_coarse_words_that_sound_alike_always_the_same_one_is_meant() -> None:
    respelt = build_ruses({}, COARSE, ()).respelt

    assert respelt == {spell(word): max(w for w in COARSE if spell(w) == spell(word)) for word in COARSE}
