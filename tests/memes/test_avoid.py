from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memes.avoid import find_topics, list_hard_topics, list_topics
from memes.plain import fold


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("公司昨天裁员，名单里有我", "layoffs"),
        ("科三又挂科了", "failure"),
        ("和他分手三个月了", "breakup"),
        ("我有抑郁症五年了", "mental_health"),
        ("房租都交不起", "poverty"),
        ("發燒三十九度", "ailment"),
        ("她怀孕六周", "pregnancy"),
        ("lost my job on friday", "layoffs"),
        ("he dumped me", "breakup"),
        ("查分倒计时", "exam_outcome"),
    ],
)
def test_a_topic_is_found_by_its_words_in_either_script(text: str, topic: str) -> None:
    assert topic in find_topics(fold(text))


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("吃了一份娃娃菜", "minors"),
        ("花呗打骨折", "illness"),
        ("合肥好吃的真多", "body"),
        ("star wars marathon", "war"),
        ("my phone died", "death"),
    ],
)
def test_an_idiom_hides_the_word_inside_it(text: str, topic: str) -> None:
    assert topic not in find_topics(fold(text))


@given(st.text(max_size=200))
def test_any_text_touches_known_topics_only(text: str) -> None:
    assert find_topics(fold(text)) <= set(list_topics())


def test_grief_and_self_harm_are_hard_and_exams_are_not() -> None:
    assert {"grief", "death", "illness", "self_harm", "disaster", "violence"} <= list_hard_topics()
    assert "exam_outcome" not in list_hard_topics()
