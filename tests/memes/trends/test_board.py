from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memes.trends.board import Board, estimate_stay, grade
from memes.trends.topic import Item, Topic

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def items(source: str, now: datetime, *titles: str, category: str = "萌宠") -> list[Item]:
    return [
        Item(source=source, title=title, rank=rank, heat=1000.0 / rank, category=category, fetched=now)
        for rank, title in enumerate(titles, 1)
    ]


def topic(board: Board, now: datetime, title: str) -> Topic:
    return next(found for found in board.list_topics(now) if found.title == title)


def test_two_boards_that_agree_make_one_topic_of_good_trust() -> None:
    board = Board()
    board.take(items("weibo", NOW, "全城猫咪赛跑大会开始"), NOW)
    board.take(items("zhihu", NOW, "全城貓咪賽跑大會今天開始"), NOW)

    topics = board.list_topics(NOW)

    assert len(topics) == 1
    assert topics[0].trust == "good"
    assert set(topics[0].sources) == {"weibo", "zhihu"}


def test_a_new_topic_rises_then_peaks_then_fades_then_is_gone() -> None:
    board = Board()
    for at in range(0, 121, 2):
        board.take(items("weibo", NOW, "猫咪赛跑", "西瓜节"), NOW + at * MINUTE)

    assert topic(board, NOW + 10 * MINUTE, "猫咪赛跑").state == "rising"
    assert topic(board, NOW + 2 * HOUR, "猫咪赛跑").state == "peak"
    assert topic(board, NOW + 3 * HOUR, "猫咪赛跑").state == "fading"
    assert board.list_topics(NOW + 9 * HOUR) == ()


def test_heat_halves_in_a_little_more_than_an_hour_after_the_board_drops_it() -> None:
    board = Board()
    board.take(items("weibo", NOW, "猫咪赛跑", "西瓜节"), NOW)
    board.take(items("weibo", NOW + MINUTE, "西瓜节"), NOW + MINUTE)

    hot = topic(board, NOW + MINUTE, "猫咪赛跑").heat
    later = topic(board, NOW + 70 * MINUTE, "猫咪赛跑").heat

    assert later / hot == pytest.approx(0.5, abs=0.02)


def test_heat_does_not_fall_while_a_board_confirms_it() -> None:
    board = Board()
    board.take(items("weibo", NOW, "猫咪赛跑"), NOW)
    board.confirm("weibo", NOW + 10 * MINUTE)

    assert topic(board, NOW + 11 * MINUTE, "猫咪赛跑").heat == 1.0


def test_without_a_fresh_board_there_is_no_trend_context() -> None:
    board = Board()
    assert board.is_blind(NOW)
    board.take(items("weibo", NOW, "猫咪赛跑"), NOW)

    assert [found.title for found in board.list_usable(NOW + 14 * MINUTE)] == ["猫咪赛跑"]
    assert board.list_usable(NOW + 16 * MINUTE) == ()
    assert board.is_blind(NOW + 16 * MINUTE)


@pytest.mark.parametrize(
    "title", ["某地突发地震多人被困", "警方通报猫咪赛跑事件", "小猫去世全网悼念", "女童被狗咬伤", "总统养的猫火了"]
)
def test_a_sensitive_topic_is_context_and_never_material(title: str) -> None:
    board = Board()
    board.take(items("weibo", NOW, title), NOW)

    found = topic(board, NOW, title)

    assert not found.usable
    assert found.why
    assert board.list_usable(NOW) == ()


def test_a_topic_that_nothing_marks_as_fun_is_not_material() -> None:
    board = Board()
    board.take(items("weibo", NOW, "关于某事的若干说明", category=""), NOW)

    assert "fun" in board.list_topics(NOW)[0].why


def test_what_only_our_stream_says_is_of_low_trust_until_a_board_says_it_too() -> None:
    board = Board()
    board.burst("猫咪赛跑", NOW)
    assert not board.list_topics(NOW)[0].usable
    assert board.list_topics(NOW)[0].state == "rising"

    board.take(items("weibo", NOW, "猫咪赛跑"), NOW)
    assert board.list_topics(NOW)[0].usable


def test_a_title_the_safety_screen_rejects_is_never_stored() -> None:
    board = Board(screen=lambda title: "坏" not in title)
    board.take(items("weibo", NOW, "坏猫赛跑", "猫咪赛跑"), NOW)
    board.burst("坏猫", NOW)

    assert [found.title for found in board.list_topics(NOW)] == ["猫咪赛跑"]


def test_a_post_is_led_to_its_topic() -> None:
    board = Board()
    board.take(items("weibo", NOW, "全城猫咪赛跑大会开始", "西瓜节"), NOW)

    assert board.find("笑死，全城貓咪賽跑大會開始了吗", NOW).key == "全城猫咪赛跑大会开始"  # type: ignore[union-attr]
    assert board.find("今天好困", NOW) is None


def test_trust_grows_by_agreement_only_among_sources_that_have_some() -> None:
    assert grade([]) == "low"
    assert grade(["low", "low"]) == "low"
    assert grade(["fair"]) == "fair"
    assert grade(["fair", "low"]) == "fair"
    assert grade(["fair", "fair"]) == "good"
    assert grade(["good", "good"]) == "good"


def test_the_chance_to_stay_falls_with_the_rank() -> None:
    chances = [estimate_stay(rank, 1800) for rank in (1, 5, 15, 25, 35, 45, 99)]

    assert chances == sorted(chances, reverse=True)
    assert estimate_stay(1, 100 * 3600) == 0.65


def test_a_topic_that_was_forgotten_can_come_back() -> None:
    board = Board()
    board.take(items("weibo", NOW, "猫咪赛跑"), NOW)
    board.take(items("weibo", NOW + 8 * HOUR, "西瓜节"), NOW + 8 * HOUR)
    board.take(items("weibo", NOW + 9 * HOUR, "猫咪赛跑"), NOW + 9 * HOUR)

    assert topic(board, NOW + 9 * HOUR, "猫咪赛跑").first_seen == NOW + 9 * HOUR
