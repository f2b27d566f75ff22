from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memes.cutter import Cutter
from memes.explain import explain, recount, wants
from memes.library import Library
from memes.trends.board import Board
from memes.trends.topic import Item

from .cards import make_card

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIBRARY = Library(
    [
        make_card(),
        make_card(
            id="rizz", family="rizz", names=("rizz",), language="en", meaning="charm", use="praise", origin="a stream"
        ),
    ],
    cutter=Cutter(),  # its own: the shared one knows the names of every library that was made before
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@阿梗 这是什么梗", "meaning"),
        ("班味啥意思啊", "meaning"),
        ("這是什麼梗？", "meaning"),
        ("what does rizz mean", "meaning"),
        ("I don't get it", "meaning"),
        ("@阿梗 怎么回事", "topic"),
        ("什么情况？", "topic"),
        ("what's going on", "topic"),
        ("今天好困", None),
    ],
)
def test_a_question_is_recognised(text: str, wanted: str | None) -> None:
    assert wants(text) == wanted


def test_a_meme_of_the_post_is_explained_from_its_card_with_its_source() -> None:
    text = explain(LIBRARY, "@阿梗 这是什么梗", "今天也是一身班味")

    assert "上班上久了的疲惫样子" in text
    assert "来源：tests" in text
    assert "出处我没有可靠的记录" in text


def test_the_meme_named_in_the_question_comes_before_the_posts() -> None:
    text = explain(LIBRARY, "what does rizz mean", "今天也是一身班味")

    assert text.startswith('"rizz": charm. praise. Origin: a stream.')


def test_an_unknown_meme_is_not_guessed() -> None:
    assert "不敢乱讲" in explain(LIBRARY, "这是什么梗", "哇咔咔")
    assert "rather not guess" in explain(LIBRARY, "what does zorp mean")


def test_a_blocked_card_or_a_draft_is_not_explained() -> None:
    library = Library([make_card(review="blocked"), make_card(id="d", names=("草稿梗",), review="draft")])

    assert "不敢乱讲" in explain(library, "班味是什么梗")
    assert "不敢乱讲" in explain(library, "草稿梗是什么梗")


def test_a_topic_is_told_with_its_boards_and_times_and_without_a_story() -> None:
    board = Board()
    board.take([Item(source="weibo", title="全城猫咪赛跑", rank=1, fetched=NOW)], NOW)
    topic = board.find("全城猫咪赛跑太好笑了", NOW)

    text = recount(topic, now=NOW + timedelta(minutes=5))

    assert "「全城猫咪赛跑」" in text
    assert "weibo 12:00" in text
    assert "我不知道" in text
    assert "do not know" in recount(topic, now=NOW, chinese=False)
    assert "不知道来龙去脉" in recount(None, now=NOW)
