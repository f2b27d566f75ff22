"""Turns the HTML of a fediverse post into the text its author typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

from bot.platforms.wire import mend

# Longer posts are cut before they are parsed: nobody reads on, and a parser has its worst cases.
HTML_LIMIT = 400_000
_NEW_LINE = frozenset({"br", "tr"})
_NEW_PARAGRAPH = frozenset({"p", "div", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "table"})
_UNSEEN = frozenset({"script", "style", "template"})


def to_text(html: str, handles: Mapping[str, str] | None = None) -> str:
    """Plain text: paragraphs and breaks as line ends, whole links, `@user@host` for the mentions in `handles`.

    `handles` maps the address behind a mention to the handle it stands for. A link whose words are not its address
    is given as `words (address)`. Never fails: broken HTML gives the text that is there.
    """
    reader = _Reader(handles or {})
    reader.feed(mend(html[:HTML_LIMIT]))
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self, handles: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self._handles = handles
        self._parts: list[str] = []
        self._unseen = 0
        self._link: str | None = None  # where the open link leads; its words are gathered until it closes
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _NEW_LINE:
            self._add("\n")
        elif tag == "li":
            self._add("\n- ")
        elif tag in _NEW_PARAGRAPH:
            self._add("\n\n")
        elif tag == "img":  # custom emoji that a server has already made into a picture
            self._add(dict(attrs).get("alt") or "")
        elif tag == "a":
            self._close_link()
            self._link = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "a":
            self._close_link()
        elif tag in _NEW_PARAGRAPH:
            self._add("\n\n")

    def handle_data(self, data: str) -> None:
        self._add(data)

    def text(self) -> str:
        self._close_link()
        text = "".join(self._parts).replace("\r\n", "\n").replace("\xa0", " ")
        text = re.sub(r"[ \t]*\n[ \t]*", "\n", text)
        return mend(re.sub(r"\n{3,}", "\n\n", text).strip())

    def _add(self, text: str) -> None:
        if not self._unseen:
            (self._parts if self._link is None else self._words).append(text)

    def _close_link(self) -> None:
        """Mastodon hides parts of an address in invisible spans; together the spans are the address itself."""
        if self._link is None:
            return
        link, words = self._link, "".join(self._words)
        self._link, self._words = None, []
        self._parts.append(self._handles.get(link) or _shown(words, link))


def _shown(words: str, link: str) -> str:
    plain = words.strip()
    is_name = plain.startswith(("@", "#", "＠", "＃"))
    if is_name or not link.startswith(("http://", "https://")) or _bare(plain) in (_bare(link), ""):
        return words if plain else link
    return link if plain.endswith("…") and _bare(link).startswith(_bare(plain[:-1])) else f"{words} ({link})"


def _bare(address: str) -> str:
    return address.removeprefix("https://").removeprefix("http://").rstrip("/")
