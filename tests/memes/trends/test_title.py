from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memes.trends.title import clean_title, make_key, resembles


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("#周末去看花#", "周末去看花"),
        ("ＡＢＣ杯 决赛", "abc杯决赛"),
        ("貓咪賽跑大會", "猫咪赛跑大会"),
        ("猫咪赛跑大会，开始了！", "猫咪赛跑大会开始了"),
    ],
)
def test_one_title_in_two_spellings_has_one_key(left: str, right: str) -> None:
    assert make_key(left) == make_key(right)


def test_two_wordings_of_one_event_resemble_each_other() -> None:
    assert resembles(make_key("全城猫咪赛跑大会今天开始"), make_key("全城猫咪赛跑大会开始"))


@pytest.mark.parametrize(
    ("left", "right"),
    [("红队夺冠", "蓝队夺冠"), ("猫咪赛跑大会第3天", "猫咪赛跑大会第4天"), ("全城猫咪赛跑", "西瓜降价了大家快买")],
)
def test_other_events_do_not(left: str, right: str) -> None:
    assert not resembles(make_key(left), make_key(right))


def test_labels_hash_marks_and_control_characters_leave_the_title() -> None:
    assert clean_title("＃猫咪\u202e赛跑＃ [热]") == "猫咪 赛跑"


@given(st.text(max_size=400))
def test_any_text_becomes_one_short_line(text: str) -> None:
    title = clean_title(text)

    assert len(title) <= 200
    assert "\n" not in title
    assert resembles(make_key(title), make_key(title))
