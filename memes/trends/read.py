"""Reads what boards answer: hot lists by mapping, RSS and Atom, Mastodon, Bluesky and Misskey."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

from memes.trends.title import clean_about, clean_title
from memes.trends.topic import Item

LARGEST = 2_000_000  # bytes
MOST = 200  # rows of one board that are read


class BadPayload(ValueError):
    """A board answered with something that is not what it should be."""


@dataclass(frozen=True)
class Columns:
    """Where a hot list keeps what we read, as dotted paths; an empty path means the board does not tell.

    `items` leads to the list of rows, `updated` to the time of the whole payload, the others start at a row.
    `advert` leads to a flag: rows in which it is true are left out.
    """

    items: str = "data"
    title: str = "title"
    heat: str = "hot"
    category: str = ""
    url: str = "url"
    at: str = ""
    updated: str = ""
    advert: str = ""
    about: str = ""


@dataclass(frozen=True)
class Payload:
    """The rows of a board, its best first, and the time at which the board itself says it was made, if it does."""

    items: tuple[Item, ...]
    updated: datetime | None = None


def read_hotlist(body: bytes, columns: Columns, *, source: str, now: datetime) -> Payload:
    """Read a JSON board. Raises BadPayload unless `columns.items` leads to a list with at least one title."""
    data = _parse_json(body)
    rows = _follow(data, columns.items)
    if not isinstance(rows, list):
        raise BadPayload(f"no list at {columns.items!r}")
    live = [row for row in rows if isinstance(row, dict) and not (columns.advert and _follow(row, columns.advert))]
    items = _number(
        {
            "title": _text(_follow(row, columns.title)),
            "heat": parse_heat(_follow(row, columns.heat)),
            "category": _text(_follow(row, columns.category)),
            "url": _text(_follow(row, columns.url)),
            "about": clean_about(_text(_follow(row, columns.about))),
            "at": parse_time(_follow(row, columns.at)),
        }
        for row in live
    )
    return _payload(items, source, now, parse_time(_follow(data, columns.updated)))


def read_rss(body: bytes, *, source: str, now: datetime) -> Payload:
    """Read an RSS 2.0 or Atom feed. Raises BadPayload for anything else, and for documents with a DTD."""
    if len(body) > LARGEST or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise BadPayload("too large, or not a plain feed")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - no DTD, no entities, and bounded
    except ElementTree.ParseError as error:
        raise BadPayload(f"not XML: {error}") from error
    entries = [node for node in root.iter() if _local(node.tag) in ("item", "entry")]
    items = _number(
        {
            "title": _child(node, "title"),
            "category": _child(node, "category"),
            "url": _child(node, "link"),
            "about": clean_about(_child(node, "description") or _child(node, "summary")),
            "at": parse_time(_child(node, "pubDate") or _child(node, "updated") or _child(node, "published")),
        }
        for node in entries
    )
    return _payload(items, source, now, None)


def read_mastodon(body: bytes, *, source: str, now: datetime) -> Payload:
    """Read `/api/v1/trends/tags` or `/api/v1/trends/links`; heat is the number of accounts on the newest day."""
    rows = _rows(_parse_json(body))
    items = _number(
        {
            "title": _text(row.get("name") or row.get("title")),
            "url": _text(row.get("url")),
            "heat": parse_heat(_follow(row, "history.0.accounts")),
        }
        for row in rows
    )
    return _payload(items, source, now, None)


def read_bluesky(body: bytes, *, source: str, now: datetime) -> Payload:
    """Read `app.bsky.unspecced.getTrends`, an interface that may change without notice."""
    rows = _rows(_follow(_parse_json(body), "trends"))
    items = _number(
        {
            "title": _text(row.get("displayName") or row.get("topic")),
            "url": _text(row.get("link")),
            "heat": parse_heat(row.get("postCount")),
            "category": _text(row.get("category")),
            "at": parse_time(row.get("startedAt")),
        }
        for row in rows
    )
    return _payload(items, source, now, None)


def read_misskey(body: bytes, *, source: str, now: datetime) -> Payload:
    """Read `/api/hashtags/trend`; heat is the number of people who used the tag."""
    rows = _rows(_parse_json(body))
    items = _number({"title": _text(row.get("tag")), "heat": parse_heat(row.get("usersCount"))} for row in rows)
    return _payload(items, source, now, None)


def parse_heat(value: object) -> float | None:
    """Return a heat as a number: 1234, "1,234", "56.7万", "1.2亿 热度", "3k"; None when there is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if 0 <= value < 1e15 else None
    found = re.search(r"(\d[\d,]{0,15}(?:\.\d{1,6})?)\s*([万萬亿億kKmM]?)", value) if isinstance(value, str) else None
    if not found:
        return None
    unit = {"万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8, "k": 1e3, "m": 1e6}.get(found[2].lower(), 1.0)
    return float(found[1].replace(",", "")) * unit


def parse_time(value: object) -> datetime | None:
    """Return an aware UTC time from seconds, milliseconds, ISO 8601 or RFC 2822 text; None when it is none of them."""
    try:
        if isinstance(value, str) and value.strip().isdigit():
            value = int(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC) if value > 0 else None
        if isinstance(value, str) and value.strip():
            return _read_clock(value.strip())
    except (ValueError, OverflowError, OSError, TypeError):
        return None  # a board that tells the time badly is read as one that tells none
    return None


def _read_clock(text: str) -> datetime:
    moment = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _payload(rows: Sequence[dict[str, Any]], source: str, now: datetime, updated: datetime | None) -> Payload:
    latest = now + timedelta(minutes=5)
    items = []
    for row in rows:
        # Clocks that run ahead would keep a topic alive for ever.
        at = row.get("at")
        items.append(Item(source=source, fetched=now, **(row | {"at": at if at and at <= latest else None})))
    if not items:
        raise BadPayload("not one title")
    return Payload(tuple(items), updated if updated and updated <= latest else None)


def _number(rows: Iterator[dict[str, Any]] | Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    titled = [row | {"title": clean_title(row["title"])} for row in rows]
    kept = [row for row in titled if row["title"]][:MOST]
    return [row | {"rank": rank} for rank, row in enumerate(kept, 1)]


def _parse_json(body: bytes) -> Any:
    if len(body) > LARGEST:
        raise BadPayload("too large")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPayload("not JSON") from error


def _rows(data: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(data, list):
        raise BadPayload("not a list of trends")
    return (row for row in data if isinstance(row, dict))


def _follow(data: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and step.isdigit() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data if path else None


def _text(value: object) -> str:
    return str(value)[:2000] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _child(node: ElementTree.Element, name: str) -> str:
    for child in node:
        if _local(child.tag) == name:
            return (child.text or child.get("href") or child.get("term") or "").strip()
    return ""
