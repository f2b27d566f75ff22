"""Text from outside, made safe to look at."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.web.text import HIDDEN, Span, clip, hue, initial, plain, show


def bare(html: Markup) -> str:
    return html.removeprefix('<bdi dir="auto">').removesuffix("</bdi>")


@pytest.mark.parametrize(
    ("text", "label"),
    [("a\u200bb", "ZWSP"), ("a\u202eb", "RLO"), ("a\x00b", "U+0000"), ("\ufeffx", "BOM"), ("x\U000e0041", "U+E0041")],
)
def test_a_hidden_character_is_drawn_as_a_label(text: str, label: str) -> None:
    assert f">{label}<" in show(text)


def test_many_of_the_same_become_one_label() -> None:
    assert ">ZWSP×500<" in show("\u200b" * 500)


@pytest.mark.parametrize("text", ["👩\u200d🚀", "می\u200cخواهم", "line\nline\ttab", "🏳️\u200d🌈"])
def test_honest_joiners_and_line_breaks_stay(text: str) -> None:
    assert bare(show(text)) == text


def test_overlapping_spans_are_each_told_once() -> None:
    shown = bare(show("abcdef", [Span(0, 4, "cue", "one"), Span(2, 6, "cue", "two")]))

    assert shown == (
        '<mark class="cue" title="one">ab</mark><mark class="cue" title="one · two">cd</mark>'
        '<mark class="cue" title="two">ef</mark>'
    )


def test_spans_outside_the_text_are_left_out() -> None:
    assert bare(show("ab", [Span(5, 9, "cue", "x"), Span(1, 1, "cue", "y")])) == "ab"


@given(st.text(), st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40))))
def test_no_text_ever_becomes_markup_or_keeps_hidden_power(text: str, spans: list[tuple[int, int]]) -> None:
    shown = bare(show(text, [Span(a, b, "cue", "why") for a, b in spans]))

    inside = re.sub(r'<(/?mark|/?span)( class="[a-z]+" title="[^"<>]*")?>', "", shown)
    assert "<" not in inside
    left = HIDDEN.findall(inside.replace("\u200c", "").replace("\u200d", ""))
    assert left == []


@given(st.text(alphabet=st.characters(categories=("L", "N", "P")), max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_marking_never_changes_what_is_read(text: str, start: int, end: int) -> None:
    visible = plain(text)

    shown = show(visible, [Span(start, end, "cue", "why")])

    assert shown.striptags().split() == visible.split()


def test_a_long_text_is_clipped_with_an_ellipsis() -> None:
    assert clip("abcdef", 3) == "abc…"
    assert clip("abc", 3) == "abc"


@pytest.mark.parametrize(
    ("name", "letter"), [("林小满", "林"), ("\u202e<b>x", "b"), ("🐱", "🐱"), ("", "?"), ("\u200b", "?")]
)
def test_a_face_shows_the_first_sign_that_can_be_seen(name: str, letter: str) -> None:
    assert initial(name) == letter


@given(st.text())
def test_everybody_has_a_colour(id_: str) -> None:
    assert 0 <= hue(id_) < 8
