from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memes.plain import LONGEST, fold, shorten, speaks_chinese


@pytest.mark.parametrize(
    ("left", "right"),
    [("電子榨菜", "电子榨菜"), ("ＹＹＤＳ", "yyds"), ("电\u200b子榨\ufeff菜", "电子榨菜"), ("Rizz", "rizz")],
)
def test_width_case_script_and_invisible_marks_make_no_difference(left: str, right: str) -> None:
    assert fold(left) == fold(right)


def test_links_handles_and_emoticons_say_nothing_about_a_post() -> None:
    assert shorten("@阿梗 看看 https://a.example/b [doge]").split() == ["看看"]
    assert "host" not in shorten("@bot@host.example hi")


@given(st.text(max_size=5000))
def test_no_post_is_read_beyond_its_opening_and_end(text: str) -> None:
    assert len(shorten(text)) <= LONGEST + 1
    fold(text)


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("今天好困", True),
        ("this 火锅 is killing me", False),
        ("ppt还差三页", True),
        ("", False),
        ("12345", False),
        ("好 lol", True),
    ],
)
def test_the_language_of_a_post_is_told_by_its_letters(text: str, chinese: bool) -> None:
    assert speaks_chinese(text) is chinese
