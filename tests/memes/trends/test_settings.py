from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memes.trends.settings import SourceError, read_sources


def test_the_boards_of_a_setting_are_read() -> None:
    sources = read_sources(
        "weibo, bluesky mastodon:social.example\nmisskey:key.example:3000,rss:https://feed.example/all.xml,"
        "dailyhot:http://127.0.0.1:6688/douyin,hotlist:https://board.example/api|items=data.list|title=name|heat=stat.view"
    )

    assert [(source.name, source.kind) for source in sources] == [
        ("weibo", "hotlist"),
        ("bluesky", "bluesky"),
        ("social.example", "mastodon"),
        ("key.example:3000", "misskey"),
        ("feed.example", "rss"),
        ("douyin", "hotlist"),
        ("board.example", "hotlist"),
    ]
    assert sources[5].url == "http://127.0.0.1:6688/douyin?cache=false"
    assert (sources[6].columns.items, sources[6].columns.title) == ("data.list", "name")


def test_no_setting_is_no_board() -> None:
    assert read_sources("  ") == ()


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("weibbo", "did you mean 'weibo'"),
        ("mastodn:social.example", "did you mean 'mastodon'"),
        ("mastodon:https://social.example", "needs a host"),
        ("rss:feed.example", "https://"),
        ("rss:file:///etc/passwd", "https://"),
        ("dailyhot:http://127.0.0.1:6688", "needs a board"),
        ("hotlist:https://board.example|titel=name", "no column 'titel'"),
        ("weibo,weibo", "twice"),
        ("bluesky:x", "write bluesky"),
    ],
)
def test_a_board_that_cannot_be_understood_is_named_with_the_remedy(text: str, remedy: str) -> None:
    with pytest.raises(SourceError, match=remedy):
        read_sources(text)


@given(st.text(max_size=60))
def test_any_text_is_boards_or_a_source_error(text: str) -> None:
    try:
        sources = read_sources(text)
    except SourceError as error:
        assert str(error)  # noqa: PT017 - either outcome is right, a third is not
    else:
        assert len({source.name for source in sources}) == len(sources)
