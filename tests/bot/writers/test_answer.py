"""Whatever a model wraps around its replies comes off; the replies stay."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.writers.answer import candidates_in

THREE = ("第一条，行", "第二条，也行", "第三条，还行")


@pytest.mark.parametrize(
    "answer",
    [
        "\n".join(THREE),
        "\n\n".join(THREE),
        "\n".join(f"{number}. {line}" for number, line in enumerate(THREE, 1)),
        "\n".join(f"{number}、{line}" for number, line in enumerate(THREE, 1)),
        "\n".join(f"{number}) {line}" for number, line in enumerate(THREE, 1)),
        "\n".join(f"（{number}）{line}" for number, line in enumerate(THREE, 1)),
        "\n".join(f"{mark}{line}" for mark, line in zip("①②③", THREE, strict=True)),
        "\n".join(f"- {line}" for line in THREE),
        "\n".join(f"* **{line}**" for line in THREE),
        "\n".join(f"1. “{line}”" for line in THREE),
        "\n".join(f'"{line}",' for line in THREE),
        "\n".join(f"「{line}」" for line in THREE),
        "\n".join(f"> {line}" for line in THREE),
        "\n".join(f"**候选{number}：** {line}" for number, line in enumerate(THREE, 1)),
        "\n".join(f"Candidate {number}: {line}" for number, line in enumerate(THREE, 1)),
        "\n".join(f"@bob {line}" for line in THREE),
        "\n".join(f"1. @bob@example.org： {line}" for line in THREE),
        "\n".join(f"阿梗：{line}" for line in THREE),
        "Sure! Here are 3 candidates:\n\n" + "\n".join(THREE),
        "好的，以下是三条候选评论：\n" + "\n".join(THREE),
        "<think>\n先想想 1. 假的\n</think>\n" + "\n".join(THREE),
        "想了很久\n</think>\n\n" + "\n".join(THREE),
        "<thinking>a</thinking><think>b</think>" + "\n".join(THREE),
        "```\n" + "\n".join(THREE) + "\n```",
        "```json\n" + json.dumps(list(THREE), ensure_ascii=False) + "\n```",
        json.dumps(list(THREE)),
        json.dumps(list(THREE), indent=2, ensure_ascii=False),
        json.dumps({"candidates": list(THREE)}),
        json.dumps([{"text": line} for line in THREE]),
        "---\n" + "\n".join(THREE) + "\n---",
        "\n".join(f"{line}\u202e\u200b" for line in THREE),
    ],
)
def test_wrapping_comes_off(answer: str) -> None:
    assert candidates_in(answer, count=3, room=100, speaker="阿梗") == THREE


@pytest.mark.parametrize(
    "line",
    [
        "3.5分的电影我也看哭了",
        "[doge]这班谁爱上谁上",
        "“来都来了”这四个字，害了多少人",
        "2 * 3 = 6，加班 * 2 = 头秃",
        "snake_case_is_fine",
        "我 > 电量 > 理智",
        "😂",
        '他说"好的"，然后走了"吗"',
    ],
)
def test_what_belongs_to_a_reply_stays(line: str) -> None:
    assert candidates_in(line, count=3, room=100) == (line,)


def test_markup_inside_a_line_is_taken_off() -> None:
    assert candidates_in("这*真的*是[链接](https://example.org)里的`梗`", count=1, room=100) == ("这真的是链接里的梗",)


def test_thoughts_that_never_end_leave_nothing() -> None:
    assert candidates_in("<think>我应该……第一条", count=3, room=100) == ()


def test_of_an_answer_that_was_cut_off_only_whole_sentences_stay() -> None:
    assert candidates_in("一条\n说完了。没说", count=3, room=100, whole=False) == ("一条", "说完了。")
    assert candidates_in("完整的一条\n不完整的", count=3, room=100, whole=False) == ("完整的一条",)
    assert candidates_in("不完整的", count=3, room=100, whole=False) == ()


def test_repeats_count_once_and_only_as_many_as_asked_come_back() -> None:
    assert candidates_in("a1\na1\nb2\nc3", count=2, room=100) == ("a1", "b2")


def test_a_line_that_is_too_long_yields_to_one_that_fits() -> None:
    assert candidates_in("一" * 50 + "\n短的", count=3, room=10) == ("短的",)


def test_when_all_are_too_long_whole_sentences_are_kept() -> None:
    assert candidates_in("好的。今天真不错。" + "长" * 50, count=3, room=12) == ("好的。今天真不错。",)
    assert candidates_in("长" * 50, count=3, room=10) == ("长" * 9 + "…",)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "  \n ",
        "...",
        "---",
        "Sure!",
        "好的，以下是三条候选：",
        "[]",
        "{}",
        "```\n```",
        "=====END abc=====",
        '{\n "post": {\n  "by": "鲍勃",',
        "The answer:",
    ],
)
def test_an_answer_without_a_reply_yields_nothing(answer: str) -> None:
    assert candidates_in(answer, count=3, room=100) == ()


@given(answer=st.text(max_size=300), room=st.integers(min_value=1, max_value=60), whole=st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_answer_is_read_without_an_error_and_fits(answer: str, room: int, whole: bool) -> None:
    found = candidates_in(answer, count=3, room=room, speaker="阿梗", whole=whole)
    assert len(found) <= 3
    assert all(0 < len(text) <= room and "\n" not in text for text in found)


def test_a_hostile_answer_is_read_fast() -> None:
    for hostile in ("[" * 200_000, "*" * 200_000, "@a" * 100_000, "<think>" * 50_000, "1." * 100_000, '{"a":' * 50_000):
        assert len(candidates_in(hostile, count=3, room=100)) <= 3
