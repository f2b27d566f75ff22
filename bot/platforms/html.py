"""Turns the HTML of a fediverse post into the text its author typed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from bot.platforms.wire import mend

# Longer posts are cut before they are read: nobody reads on.
HTML_LIMIT = 400_000
_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]*)(?=[\s/]|\Z)")
# The standard library's number parser refuses thousands of digits; nine are more than Unicode has.
_LONG_NUMBER = re.compile(r"&#[0-9]{9,};?")
_LINES = {"br": "\n", "tr": "\n", "li": "\n- "}
_PARAGRAPHS = frozenset({"p", "div", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "table"})
_UNSEEN = frozenset({"script", "style", "template"})


def to_text(markup: str, handles: Mapping[str, str] | None = None) -> str:
    """Plain text: paragraphs and breaks as line ends, whole links, `@user@host` for the mentions in `handles`.

    `handles` maps the address behind a mention to the handle it stands for. A link whose words are not its address
    is given as `words (address)`. Never fails: broken HTML gives the text that is there, in linear time
    (`html.parser` needs minutes for a hostile post, and some make it raise AssertionError).
    """
    reader = _Reader(handles or {})
    for tag, text in _pieces(_without_comments(mend(markup[:HTML_LIMIT]))):
        reader.open_or_close(tag)
        reader.add(html.unescape(_LONG_NUMBER.sub("\ufffd", text)))
    return reader.text()


class _Reader:
    """Gathers text; the words of an open link are kept apart until it closes."""

    def __init__(self, handles: Mapping[str, str]) -> None:
        self._handles = handles
        self._parts: list[str] = []
        self._unseen = ""
        self._link: str | None = None
        self._words: list[str] = []

    def open_or_close(self, tag: str) -> None:
        found = _TAG.match(tag)
        if found is None:
            return
        closes, name = bool(found[1]), found[2].lower()
        if self._unseen or name in _UNSEEN:
            self._unseen = "" if closes and self._unseen in ("", name) else self._unseen or name
        elif name == "a":
            self._close_link()
            self._link = None if closes else _attribute(tag, "href")
        elif name in _PARAGRAPHS:
            self.add("\n\n")
        elif not closes:  # a custom emoji that a server has already made into a picture speaks through its alt text
            self.add(_LINES.get(name) or (_attribute(tag, "alt") if name == "img" else ""))

    def add(self, text: str) -> None:
        if not self._unseen:
            (self._parts if self._link is None else self._words).append(text)

    def text(self) -> str:
        self._close_link()
        lines = "".join(self._parts).replace("\r\n", "\n").replace("\xa0", " ").split("\n")
        text = "\n".join(line.strip(" \t") for line in lines)
        return mend(re.sub(r"\n{3,}", "\n\n", text).strip())

    def _close_link(self) -> None:
        """Mastodon hides parts of an address in invisible spans; together the spans are the address itself."""
        if self._link is None:
            return
        link, words = self._link, "".join(self._words)
        self._link, self._words = None, []
        self._parts.append(self._handles.get(link) or _shown(words, link))


def _pieces(markup: str) -> Iterator[tuple[str, str]]:
    """Each tag with the text behind it; what only looks like the start of a tag is text."""
    first, *others = markup.split("<")
    yield "", first
    for piece in others:
        tag, is_closed, text = piece.partition(">")
        if is_closed and (_TAG.match(tag) or tag[:1] in ("!", "?")):
            yield tag, text
        else:
            yield "", f"<{piece}"


def _without_comments(markup: str) -> str:
    parts, at = [], 0
    while (start := markup.find("<!--", at)) >= 0:
        parts.append(markup[at:start])
        end = markup.find("-->", start)
        at = len(markup) if end < 0 else end + 3
    return "".join(parts) + markup[at:]


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"\s{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))", tag, re.IGNORECASE)
    return html.unescape(_LONG_NUMBER.sub("\ufffd", found[1] or found[2] or found[3] or "")) if found else ""


def _shown(words: str, link: str) -> str:
    plain = words.strip()
    is_name = plain.startswith(("@", "#", "＠", "＃"))
    if is_name or not link.startswith(("http://", "https://")) or _bare(plain) in (_bare(link), ""):
        return words if plain else link
    return link if plain.endswith("…") and _bare(link).startswith(_bare(plain[:-1])) else f"{words} ({link})"


def _bare(address: str) -> str:
    return address.removeprefix("https://").removeprefix("http://").rstrip("/")
