"""When a text calls the robot, and when it only looks like it."""

from __future__ import annotations

import time

import pytest

from bot.plaza.callout import calls


@pytest.mark.parametrize(
    "text",
    [
        "@阿梗",
        "@阿梗 你好",
        "你好@阿梗你怎么看",
        "＠阿梗 全角",
        "@\u200b阿\u200d梗",
        "\u202e@阿梗",
        "@阿梗@plaza",
        "@阿梗，来",
        "@小满 @阿梗",
        "@小满@阿梗",
        "@@阿梗",
        "多行\n@阿梗",
    ],
)
def test_these_call(text: str) -> None:
    assert calls(text, "阿梗", "plaza")


@pytest.mark.parametrize(
    "text", ["阿梗", "@ 阿梗", "@阿", "mail@阿梗", "x.y@阿梗", "@阿梗@other.example", "@梗", "", "@", "@阿哽"]
)
def test_these_do_not(text: str) -> None:
    assert not calls(text, "阿梗", "plaza")


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("@Robo hi", True),
        ("@ROBO!", True),
        ("＠ｒｏｂｏ hi", True),
        ("你好@robo你好", True),
        ("@robo.", True),
        ("@robot", False),
        ("@robo_2", False),
        ("@robo2", False),
        ("a@robo", False),
        ("@robo@plaza", True),
        ("@robo@far.example", False),
    ],
)
def test_a_latin_handle_ends_where_the_word_ends(text: str, *, does: bool) -> None:
    assert calls(text, "robo", "plaza") is does


@pytest.mark.parametrize("piece", ["@", "@阿", "@阿梗@a.", "\u200b", "ﷺ"])
def test_a_long_hostile_text_is_read_in_time(piece: str) -> None:
    started = time.process_time()
    calls(piece * (50_000 // len(piece)), "阿梗", "plaza")
    assert time.process_time() - started < 3
