"""Reads the file in which an operator names the boards."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import yaml

from memes.trends.read import Columns
from memes.trends.source import PRESETS, Source, bluesky, daily_hot, mastodon, misskey
from memes.trends.topic import Trust

KINDS = ("dailyhot", "hotlist", "rss", "mastodon", "misskey", "bluesky")
DETAILS = ("board", "name", "trust", "interval", "stale", "columns")
SHORTEST, LONGEST = 30, 3600  # seconds between two polls: faster is rude, slower misses most topics
COLUMNS = tuple(column.name for column in fields(Columns))


class SourceError(ValueError):
    """A board that cannot be understood; the message names it and the remedy."""


def load_sources(path: Path) -> tuple[Source, ...]:
    """Return the boards of a YAML file: a list of addresses as `read_sources` takes them, or of blocks with details.

    Raises SourceError with file, line and remedy. A block has `board`, the address, and what should differ: `name`,
    `trust` (low, fair, good), `interval` and `stale` in seconds, `columns` (see Columns).
    """
    try:
        text = path.read_text(encoding="utf-8")
        node, data = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}); create it or correct the setting") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        raise SourceError(f"{path}:{mark.line + 1 if mark else 1}: is not YAML; mind indentation and quotes") from error
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise SourceError(f"{path}:{node.start_mark.line + 1}: is not a list; begin each board with '- '")
    sources: list[Source] = []
    for child, entry in zip(node.value, data, strict=True):
        try:
            source = _entry(entry)
            if source.name in {known.name for known in sources}:
                raise SourceError(f"{source.name}: is named twice; keep one of the two, or give it another `name`")
        except SourceError as error:
            raise SourceError(f"{path}:{child.start_mark.line + 1}: {error}") from error
        sources.append(source)
    return tuple(sources)


def _entry(entry: Any) -> Source:
    if isinstance(entry, str):
        return _read(entry.strip())
    if not isinstance(entry, dict) or not isinstance(entry.get("board"), str):
        raise SourceError("has no board; write '- board: mastodon:social.example', or the address alone")
    for name in entry:
        if name not in DETAILS:
            close = difflib.get_close_matches(str(name), DETAILS, 1)
            raise SourceError(f"{name}: there is no such field; known are {', '.join(DETAILS)}" if not close else
                              f"{name}: there is no such field; did you mean {close[0]!r}?")  # fmt: skip
    source = _read(entry["board"].strip())
    details = {name: entry[name] for name in ("name", "trust") if name in entry}
    if not isinstance(details.get("name", ""), str) or details.get("name", "x") == "":
        raise SourceError("name: is no text; write it in quotes")
    if details.get("trust", "fair") not in get_args(Trust):
        raise SourceError(f"trust: is {entry['trust']!r}; write one of {', '.join(get_args(Trust))}")
    for name in ("interval", "stale"):
        if name in entry:
            details[name] = _seconds(name, entry[name])
    if "columns" in entry:
        details["columns"] = _columns(source.columns, entry["columns"])
    return replace(source, **details)


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not SHORTEST <= value <= LONGEST:
        raise SourceError(f"{name}: is {value!r}; write seconds from {SHORTEST} to {LONGEST}")
    return float(value)


def _columns(columns: Columns, chosen: Any) -> Columns:
    if not isinstance(chosen, dict):
        raise SourceError("columns: is no block; write 'columns: {items: data.list, title: name}'")
    wrong = [name for name in chosen if name not in COLUMNS]
    if wrong:
        raise SourceError(f"has no column {wrong[0]!r}; known are {', '.join(COLUMNS)}")
    return replace(columns, **{str(name): str(path) for name, path in chosen.items()})


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
