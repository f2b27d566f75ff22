from __future__ import annotations

from datetime import UTC, datetime, timedelta

from memes.trends.board import Board
from memes.trends.poll import Health
from memes.trends.sheet import Sheet, Today, make_sheet
from memes.trends.source import Source
from memes.trends.topic import Item

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WEIBO = Source("weibo", "hotlist", "http://board.example", trust="fair")


def sheet(*titles: str, at: datetime = NOW, about: str = "", **fields: object) -> Sheet:
    board = Board()
    items = [
        Item(source="weibo", title=title, rank=rank, category="萌宠", about=about, fetched=at)
        for rank, title in enumerate(titles, 1)
    ]
    board.take(items, at)
    return make_sheet(board, [WEIBO], {"weibo": Health("weibo", fetched=at)}, at, **fields)  # type: ignore[arg-type]


def test_what_a_leader_shares_is_what_a_worker_knows() -> None:
    today = Today()

    assert today.take(sheet("猫咪赛跑", states={"zh-a": "stale"}).model_dump_json(exclude_defaults=True))

    assert [topic.title for topic in today.sheet.list_usable(NOW)] == ["猫咪赛跑"]
    assert today.sheet.states == {"zh-a": "stale"}


def test_nonsense_from_the_shared_store_changes_nothing() -> None:
    today = Today()
    today.take(sheet("猫咪赛跑").model_dump_json())

    assert not today.take('{"topics": 7}')
    assert not today.take("not json")

    assert len(today.sheet.topics) == 1


def test_after_fifteen_minutes_without_a_board_there_is_no_trend_context_at_all() -> None:
    known = sheet("猫咪赛跑")

    assert not known.is_blind(NOW + timedelta(minutes=15))
    assert known.find("猫咪赛跑太好笑", NOW + timedelta(minutes=15)) is not None
    assert known.is_blind(NOW + timedelta(minutes=16))
    assert known.find("猫咪赛跑太好笑", NOW + timedelta(minutes=16)) is None
    assert known.list_usable(NOW + timedelta(minutes=16)) == ()


def test_a_worker_that_knows_nothing_is_blind() -> None:
    assert Today().sheet.is_blind(NOW)


def test_each_text_passes_the_screen_before_a_prompt_can_hold_it_and_is_asked_about_once() -> None:
    asked: list[str] = []

    def screen(text: str) -> bool:
        asked.append(text)
        return "坏" not in text

    today = Today(screen)
    text = sheet("猫咪赛跑", "坏标题一个").model_dump_json()
    today.take(text)
    today.take(text)

    assert [topic.title for topic in today.sheet.topics] == ["猫咪赛跑"]
    assert sorted(asked) == ["坏标题一个", "猫咪赛跑"]


def test_a_board_text_that_may_not_be_shown_is_dropped_and_its_title_kept() -> None:
    today = Today(lambda text: "坏" not in text)
    today.take(sheet("猫咪赛跑", about="这里有坏话").model_dump_json())

    assert today.sheet.topics[0].about == today.sheet.topics[0].told_by == ""


def test_a_changed_policy_is_asked_about_what_is_already_known() -> None:
    today = Today(lambda _text: True)
    today.take(sheet("猫咪赛跑", "西瓜节").model_dump_json())

    today.screen_again(lambda text: text != "西瓜节")

    assert [topic.title for topic in today.sheet.topics] == ["猫咪赛跑"]


def test_a_sensitive_topic_is_known_but_never_material() -> None:
    known = sheet("河边小区起火有人受伤", "猫咪赛跑")

    fire = known.find("河边小区起火有人受伤，怎么样了", NOW)

    assert fire is not None
    assert (fire.usable, fire.sensitive) == (False, True)
    assert [topic.title for topic in known.list_usable(NOW)] == ["猫咪赛跑"]


def test_a_topic_that_is_merely_dull_is_not_called_sensitive() -> None:
    board = Board()
    board.take([Item(source="weibo", title="某某楼盘开放参观", rank=1, fetched=NOW)], NOW)

    (topic,) = board.list_topics(NOW)

    assert (topic.usable, topic.sensitive) == (False, False)


def test_a_new_leader_keeps_the_age_of_old_topics() -> None:
    old = sheet("猫咪赛跑")
    later = NOW + timedelta(hours=2)
    board = Board()
    board.adopt(old.topics, later)
    board.take([Item(source="weibo", title="猫咪赛跑", rank=1, category="萌宠", fetched=later)], later)

    (topic,) = board.list_topics(later)

    assert topic.first_seen == NOW
    assert topic.state != "rising"
