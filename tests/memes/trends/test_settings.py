from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memes.trends.settings import SourceError, load_sources, read_sources


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


def test_a_file_of_boards_is_read_with_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "boards.yaml"
    path.write_text(
        "# boards\n"
        "- mastodon:social.example\n"
        "- board: hotlist:http://127.0.0.1:8700/board.json\n"
        "  name: plaza\n"
        "  trust: good\n"
        "  interval: 60\n"
        "  columns: {category: category, about: about}\n",
        encoding="utf-8",
    )

    first, second = load_sources(path)

    assert first.name == "social.example"
    assert (second.name, second.trust, second.interval) == ("plaza", "good", 60.0)
    assert (second.columns.items, second.columns.about) == ("data", "about")


def test_an_empty_file_is_no_board(tmp_path: Path) -> None:
    path = tmp_path / "boards.yaml"
    path.write_text("# nothing yet\n", encoding="utf-8")

    assert load_sources(path) == ()


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("boards: [weibo]\n", "boards.yaml:1: is not a list"),
        ("- weibo\n- weibbo\n", "boards.yaml:2: weibbo: is no board we know; did you mean 'weibo'"),
        ("- weibo\n- weibo\n", "boards.yaml:2: weibo: is named twice"),
        ("- board: weibo\n  intervall: 60\n", "did you mean 'interval'"),
        ("- board: weibo\n  interval: 1\n", "write seconds from 30"),
        ("- board: weibo\n  interval: yes\n", "write seconds from 30"),
        ("- board: weibo\n  trust: high\n", "write one of low, fair, good"),
        ("- board: weibo\n  name: 7\n", "name: is no text"),
        ("- board: weibo\n  columns: {titel: word}\n", "has no column 'titel'"),
        ("- board: weibo\n  columns: word\n", "columns: is no block"),
        ("- 7\n", "has no board"),
        ("- 'weibo\n", "is not YAML"),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_the_remedy(tmp_path: Path, text: str, remedy: str) -> None:
    path = tmp_path / "boards.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SourceError, match=re.escape(remedy)):
        load_sources(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="create it or correct the setting"):
        load_sources(tmp_path / "none.yaml")
