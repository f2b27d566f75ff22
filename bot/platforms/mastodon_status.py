"""What a Mastodon status says: text, pictures, author, who may see it, and how long a text is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from bot.model import Author, Media, Post
from bot.platforms.html import to_text
from bot.platforms.wire import moment, name, rows, table, words

Sight = Literal["public", "unlisted", "followers", "direct"]

# What we do not know is taken for the narrowest.
_SIGHTS: Mapping[object, Sight] = {
    "public": "public",
    "unlisted": "unlisted",
    "private": "followers",
    "mutuals_only": "followers",
    "local": "followers",
}
REPLY_SIGHTS: Mapping[Sight, str] = {
    "public": "unlisted",
    "unlisted": "unlisted",
    "followers": "private",
    "direct": "direct",
}
_KINDS: Mapping[str, Literal["image", "video", "audio"]] = {
    "image": "image",
    "gifv": "video",
    "video": "video",
    "audio": "audio",
}
_URL = re.compile(r"https?://[^\s<>\"'“”，。！？；、（）「」]+", re.IGNORECASE)


def id_order(status_id: str) -> tuple[int, int, str]:
    """Sort key of ids: numbers (Mastodon, Pleroma) by value, others (GoToSocial's ULIDs) by length and letters."""
    if status_id.isascii() and status_id.isdigit() and len(status_id) <= 40:
        return (0, int(status_id), "")
    return (1, len(status_id), status_id)


def person_of(value: object) -> Author:
    """An account; raises `Unreadable`."""
    fields = table(value)
    handle = name(fields.get("acct") or fields.get("username"))
    shown = words(fields.get("display_name"))
    return Author(id=name(fields.get("id")), handle=handle, name=shown, bot=fields.get("bot") is True)


def post_of(value: object) -> Post:
    """A status as a post of a thread; raises `Unreadable`."""
    status = table(value)
    return Post(
        id=name(status.get("id")),
        author=person_of(status.get("account")),
        text=text_of(status),
        media=media_of(status),
        at=moment(status.get("created_at")),
    )


def text_of(status: Mapping[str, object]) -> str:
    """Content warning, text and the options of a poll; raises `Unreadable`."""
    mentioned = [table(row) for row in rows(status.get("mentions") or [])]
    handles = {words(row.get("url")): "@" + words(row.get("acct")) for row in mentioned if row.get("acct")}
    parts = [words(status.get("spoiler_text")).strip(), to_text(words(status.get("content")), handles)]
    poll = status.get("poll")
    if isinstance(poll, dict):
        parts.append("\n".join(f"○ {words(table(row).get('title'))}" for row in rows(poll.get("options"))))
    return "\n\n".join(part for part in parts if part)


def media_of(status: Mapping[str, object]) -> tuple[Media, ...]:
    """Attachments with their descriptions; raises `Unreadable`."""
    found = [table(row) for row in rows(status.get("media_attachments") or [])]
    return tuple(
        Media(
            kind=_KINDS.get(words(row.get("type")), "other"),
            url=words(row.get("url") or row.get("remote_url")),
            alt=words(row.get("description")),
        )
        for row in found
    )


def sight_of(status: Mapping[str, object]) -> Sight:
    """Who sees it."""
    return _SIGHTS.get(status.get("visibility"), "direct")


def may_be_counted(status: Mapping[str, object]) -> bool:
    """Whether a public post may count among what people talk about: no bot, no warning, and nobody who hides."""
    author = status.get("account")
    if not isinstance(author, dict) or status.get("sensitive") is True or status.get("spoiler_text"):
        return False
    hides = author.get("noindex") is True or author.get("indexable") is False or author.get("discoverable") is False
    nobot = re.search(r"#?no-?bot\b", str(author.get("note") or ""), re.IGNORECASE) is not None
    return sight_of(status) == "public" and author.get("bot") is not True and not hides and not nobot


def count(text: str, url_length: int) -> int:
    """Characters, an address counting `url_length` and at least its own length.

    Never less than the server counts: Mastodon also shortens long addresses, leaves out the host of a mention and
    counts a joined emoji once (StatusLengthValidator); others do not.
    """
    return len(text) + sum(max(url_length - len(url), 0) for url in _URL.findall(text))
