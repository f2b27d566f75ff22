"""Reads the boards that an operator names in one setting."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import fields
from urllib.parse import urlsplit

from memes.trends.read import Columns
from memes.trends.source import PRESETS, Source, bluesky, daily_hot, mastodon, misskey

KINDS = ("dailyhot", "hotlist", "rss", "mastodon", "misskey", "bluesky")
COLUMNS = tuple(column.name for column in fields(Columns))


class SourceError(ValueError):
    """A board that cannot be understood; the message names it and the remedy."""


def read_sources(text: str) -> tuple[Source, ...]:
    """Return the boards of a setting, separated by commas, spaces or lines. Raises SourceError.

    `weibo` (an unofficial preset), `bluesky`, `mastodon:HOST`, `misskey:HOST`, `rss:URL`, `dailyhot:URL/BOARD`, and
    `hotlist:URL|items=data.list|title=name|heat=stat.view` for any JSON board (see Columns).
    """
    sources = tuple(_read(part) for part in re.split(r"[,\s]+", text.strip()) if part)
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise SourceError(f"{name}: is named twice; keep one of the two")
    return sources


def _read(part: str) -> Source:
    kind, _, rest = part.partition(":")
    if part in PRESETS:
        return PRESETS[part]
    if kind not in KINDS:
        close = difflib.get_close_matches(kind, (*KINDS, *PRESETS), 1)
        raise SourceError(
            f"{part}: is no board we know; " + (f"did you mean {close[0]!r}?" if close else f"known are {_known()}")
        )
    return _MAKERS[kind](rest, part)


def _known() -> str:
    return ", ".join((*KINDS, *PRESETS))


def _host(make: Callable[[str], Source]) -> Callable[[str, str], Source]:
    def read(rest: str, part: str) -> Source:
        if not re.fullmatch(r"[A-Za-z0-9.-]+(?::\d+)?", rest):
            raise SourceError(f"{part}: needs a host after the colon, as in mastodon:social.example")
        return make(rest)

    return read


def _url(rest: str, part: str) -> str:
    address = urlsplit(rest)
    if address.scheme not in ("http", "https") or not address.netloc:
        raise SourceError(f"{part}: needs an address that begins with https:// or http://")
    return rest


def _daily_hot(rest: str, part: str) -> Source:
    base, _, board = _url(rest, part).rstrip("/").rpartition("/")
    if not urlsplit(base).netloc:
        raise SourceError(f"{part}: needs a board after the address, as in dailyhot:http://127.0.0.1:6688/weibo")
    return daily_hot(base, board)


def _rss(rest: str, part: str) -> Source:
    return Source(name=urlsplit(_url(rest, part)).netloc, kind="rss", url=rest, interval=300.0)


def _bluesky(rest: str, part: str) -> Source:
    if rest:
        raise SourceError(f"{part}: takes nothing after its name; write bluesky")
    return bluesky()


def _hotlist(rest: str, part: str) -> Source:
    url, *pairs = rest.split("|")
    chosen = dict(pair.partition("=")[::2] for pair in pairs)
    wrong = [name for name in chosen if name not in COLUMNS]
    if wrong:
        raise SourceError(f"{part}: has no column {wrong[0]!r}; known are {', '.join(COLUMNS)}")
    return Source(name=urlsplit(_url(url, part)).netloc, kind="hotlist", url=url, columns=Columns(**chosen))


_MAKERS: dict[str, Callable[[str, str], Source]] = {
    "dailyhot": _daily_hot,
    "hotlist": _hotlist,
    "rss": _rss,
    "mastodon": _host(mastodon),
    "misskey": _host(misskey),
    "bluesky": _bluesky,
}
