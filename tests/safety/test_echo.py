"""What makes a reply look dictated: the shortcuts of reading it must not change what is read."""

from __future__ import annotations

import unicodedata

from safety.echo import UNACCENTED, bare


def test_no_character_that_is_taken_as_it_stands_comes_apart_into_letter_and_accent() -> None:
    taken = [char for char in map(chr, range(0xD800)) if UNACCENTED.fullmatch(char)]
    taken += [char for char in map(chr, range(0xE000, 0x110000)) if UNACCENTED.fullmatch(char)]

    assert "中" in taken
    assert "é" not in taken
    assert [char for char in taken if unicodedata.normalize("NFD", char) != char or unicodedata.combining(char)] == []


def test_an_accent_is_taken_off_among_chinese_characters() -> None:
    assert bare("我说café，don't") == "我说cafe,dont"
