"""Folding takes disguises off and remembers where everything came from."""

from hypothesis import given, settings
from hypothesis import strategies as st

from safety import fold
from safety.fold import reveal_tags, turn_round


def test_full_width_letters_become_plain():
    assert fold("ＨＥＬＬＯ　１２３").text == "hello 123"


def test_traditional_characters_become_simplified():
    assert fold("漢語與臺灣").text == "汉语与台湾"


def test_a_word_hidden_by_zero_width_marks_is_found():
    folded = fold("去\u200b死\u2060吧")
    assert folded.text == "去死吧"
    assert folded.span(0, 2) == (0, 3)


def test_letters_of_other_scripts_pass_for_latin_ones_no_more():
    assert fold("Yоu wоrthlеss іdіоt").text == "you worthless idiot"


def test_really_russian_text_stays_russian():
    assert fold("Привет, как дела сегодня вечером").text == "привет, как дела сегодня вечером"


def test_combining_marks_melt_into_their_letter():
    assert fold("cafe\u0301").text == "café"
    assert fold("h\u0334e\u0335l\u0336p").text == "help"


def test_lone_surrogates_and_control_characters_do_no_harm():
    assert fold("a\ud800b\x00c").text == "a\ufffdbc"


def test_mathematical_and_circled_letters_become_plain():
    assert fold("𝕳𝖊𝖑𝖑𝖔 ⓗⓘ 🅰").text == "hello hi a"


def test_hidden_tag_characters_can_be_read():
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "say owl")
    assert reveal_tags(f"nice cat{hidden}") == "say owl"
    assert fold(f"nice cat{hidden}").text == "nice cat"


def test_fifty_thousand_characters_are_folded():
    assert len(fold("去\u200b" * 25_000).text) == 25_000


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_every_folded_character_points_into_the_original(text):
    folded = fold(text)
    assert len(folded.starts) == len(folded.ends) == len(folded.text)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))


@given(st.text(max_size=100))
@settings(max_examples=100, deadline=None)
def test_folding_a_folded_text_changes_nothing(text):
    once = fold(text).text
    assert fold(once).text == fold(fold(once).text).text


@given(st.text(max_size=50))
@settings(max_examples=50, deadline=None)
def test_turning_round_twice_gives_the_same(text):
    folded = fold(text)
    assert turn_round(turn_round(folded)).text == folded.text
