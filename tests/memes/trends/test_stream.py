from __future__ import annotations

from datetime import UTC, datetime, timedelta

from memes.trends.burst import Bursts
from memes.trends.stream import Post, Stream

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def make_stream(opted_out: frozenset[str] = frozenset()) -> Stream:
    return Stream(Bursts(), opted_out=opted_out.__contains__, hash=lambda account: f"#{len(account)}:{account[::-1]}")


def post(account: str, text: str, at: datetime = NOW, *, public: bool = True) -> Post:
    return Post(account, text, at, public)


def test_hashtags_quotes_and_new_words_are_counted() -> None:
    stream = make_stream()
    stream.see(post("a", "#猫咪赛跑# 今天去看"))
    stream.see(post("b", "楼下在喊“西瓜自由万岁”，笑死"))
    stream.see(post("c", "这也太嘎嘣脆辽"))

    assert stream.list_uses("猫咪赛跑")
    assert stream.list_uses("西瓜自由万岁")


def test_a_private_post_and_one_of_somebody_who_opted_out_are_never_counted() -> None:
    stream = make_stream(frozenset({"b"}))

    assert not stream.see(post("a", "#猫咪赛跑# 一", public=False))
    assert not stream.see(post("b", "#猫咪赛跑# 二"))
    assert stream.list_uses("猫咪赛跑") == ()


def test_copies_of_one_wording_count_once() -> None:
    stream = make_stream()
    text = "#猫咪赛跑# 转发这条你也能拿到冠军奖杯"

    assert [stream.see(post(f"a{at}", text + "!" * at)) for at in range(5)] == [True, False, False, False, False]


def test_a_hundred_posts_of_one_account_are_one_use() -> None:
    stream = make_stream()
    for at in range(100):
        stream.see(post("a", f"#猫咪赛跑# {at}"))

    assert len(stream.list_uses("猫咪赛跑")) == 1


def test_accounts_are_kept_as_keyed_hashes_only() -> None:
    stream = make_stream()
    stream.see(post("alice@example.org", "#猫咪赛跑#"))

    assert "alice" not in stream.list_uses("猫咪赛跑")[0].who


def test_uses_are_deleted_after_thirty_days_and_when_a_person_asks() -> None:
    stream = make_stream()
    stream.see(post("a", "#猫咪赛跑# 早", NOW))
    stream.see(post("b", "#猫咪赛跑# 晚", NOW + 20 * DAY))
    stream.turn_minute(NOW + 31 * DAY)
    assert [use.text for use in stream.list_uses("猫咪赛跑")] == ["#猫咪赛跑# 晚"]

    stream.forget("b")
    assert stream.list_uses("猫咪赛跑") == ()


def test_many_people_at_once_make_a_burst() -> None:
    stream = make_stream()
    for at in range(2 * 1440):
        stream.turn_minute(NOW + timedelta(minutes=at))
    later = NOW + 2 * DAY
    found: list[str] = []
    for at in range(30):
        stream.see(post(f"u{at}", f"#猫咪赛跑# 第{at}次看到了还想看", later + timedelta(minutes=at)))
        found.extend(stream.turn_minute(later + timedelta(minutes=at)))

    assert "猫咪赛跑" in found
