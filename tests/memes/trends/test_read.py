from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memes.trends.read import (
    BadPayload,
    Columns,
    parse_heat,
    parse_time,
    read_bluesky,
    read_hotlist,
    read_mastodon,
    read_misskey,
    read_rss,
)
from memes.trends.source import PRESETS, daily_hot

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def encode(data: object) -> bytes:
    return json.dumps(data).encode()


def test_a_hot_list_is_read_by_its_columns_without_adverts() -> None:
    rows = [
        {"word": "猫咪赛跑", "num": 900, "category": "萌宠"},
        {"word": "买一送一", "num": 800, "is_ad": 1},
        {"word": "西瓜节", "num": "1.2万"},
        {"num": 7},
        "nonsense",
    ]

    payload = PRESETS["weibo"].read(encode({"data": {"realtime": rows}}), NOW)

    assert [(item.title, item.rank, item.heat, item.category) for item in payload.items] == [
        ("猫咪赛跑", 1, 900.0, "萌宠"),
        ("西瓜节", 2, 12000.0, ""),
    ]


def test_a_board_that_serves_an_hour_old_cache_is_refused_with_the_reason() -> None:
    source = daily_hot("http://127.0.0.1:6688/", "weibo")
    body = encode({"updateTime": (NOW - timedelta(minutes=59)).isoformat(), "data": [{"title": "猫咪赛跑"}]})

    assert source.url == "http://127.0.0.1:6688/weibo?cache=false"
    with pytest.raises(BadPayload, match="59 minutes ago: the board caches"):
        source.read(body, NOW)


def test_a_fresh_board_gives_its_times() -> None:
    at = NOW - timedelta(minutes=3)
    body = encode({"updateTime": at.isoformat(), "data": [{"title": "猫咪赛跑", "timestamp": at.timestamp() * 1000}]})

    payload = daily_hot("http://127.0.0.1", "weibo").read(body, NOW)

    assert payload.updated == at
    assert payload.items[0].at == at


def test_a_time_in_the_future_is_not_believed() -> None:
    body = encode({"data": [{"title": "猫咪赛跑", "at": (NOW + timedelta(days=3)).isoformat()}]})

    assert read_hotlist(body, Columns(at="at"), source="x", now=NOW).items[0].at is None


def test_rss_and_atom_are_read() -> None:
    rss = b"""<rss><channel><item><title>Cat race</title><link>http://a</link>
    <pubDate>Sun, 01 Mar 2026 11:00:00 GMT</pubDate></item></channel></rss>"""
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Cat race</title><link href="http://a"/>
    <updated>2026-03-01T11:00:00Z</updated></entry></feed>"""

    for body in (rss, atom):
        item = read_rss(body, source="feed", now=NOW).items[0]
        assert (item.title, item.url, item.at) == ("Cat race", "http://a", NOW - timedelta(hours=1))


def test_a_feed_with_entities_is_refused() -> None:
    with pytest.raises(BadPayload):
        read_rss(b'<!DOCTYPE a [<!ENTITY b "c">]><rss><item><title>&b;</title></item></rss>', source="x", now=NOW)


def test_the_three_networks_are_read() -> None:
    tags = encode([{"name": "catrace", "url": "http://m/tags/catrace", "history": [{"accounts": "31", "uses": "40"}]}])
    trends = encode({"trends": [{"topic": "cats", "displayName": "Cat race", "postCount": 77, "category": "pets"}]})
    chart = encode([{"tag": "catrace", "chart": [1, 2], "usersCount": 9}])

    assert read_mastodon(tags, source="m", now=NOW).items[0].heat == 31
    assert read_bluesky(trends, source="b", now=NOW).items[0].title == "Cat race"
    assert read_misskey(chart, source="k", now=NOW).items[0].heat == 9


@pytest.mark.parametrize(
    ("value", "heat"),
    [
        (12, 12.0),
        ("1,234", 1234.0),
        ("56.7万", 567000.0),
        ("热度 1.2亿", 1.2e8),
        ("3k", 3000.0),
        (None, None),
        (True, None),
        ("热", None),
        (-4, None),
    ],
)
def test_heat_is_read_in_many_spellings(value: object, heat: float | None) -> None:
    assert parse_heat(value) == heat


@pytest.mark.parametrize(
    "value", ["2026-03-01T12:00:00Z", 1772366400, 1772366400000, "1772366400", "Sun, 01 Mar 2026 12:00:00 +0000"]
)
def test_time_is_read_in_many_spellings(value: object) -> None:
    assert parse_time(value) == NOW


@pytest.mark.parametrize("value", ["", "yesterday", None, 1e300, "99999999999999999999", [], "2026-13-45"])
def test_what_is_no_time_is_none(value: object) -> None:
    assert parse_time(value) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sorry</body></html>",
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        b'{"data": "x"}',
        b"\xff\xfe",
        b" " * 2_000_001,
    ],
)
def test_nonsense_is_a_bad_payload_for_every_reader(body: bytes) -> None:
    for read in (read_rss, read_mastodon, read_bluesky, read_misskey):
        with pytest.raises(BadPayload):
            read(body, source="x", now=NOW)
    with pytest.raises(BadPayload):
        read_hotlist(body, Columns(), source="x", now=NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["data", "trends", "title", "hot", "url", "name", "tag", "topic", "history", "startedAt"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_gives_titles_or_a_bad_payload(data: object) -> None:
    for read in (read_mastodon, read_bluesky, read_misskey):
        try:
            payload = read(encode(data), source="x", now=NOW)
        except BadPayload:
            continue
        assert all(item.title for item in payload.items)
