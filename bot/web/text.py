"""Text from outside, made safe and honest to look at: escaped, with hidden characters shown and spans marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

# Controls, soft hyphens, fillers, zero-width and bidi marks, tags and lone surrogates: what a reader cannot see but
# a robot reads. Each is drawn as a small label, which also takes its power away.
HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
SHORT = {
    0x00AD: "SHY", 0x200B: "ZWSP", 0x200C: "ZWNJ", 0x200D: "ZWJ", 0x200E: "LRM", 0x200F: "RLM", 0x202A: "LRE",
    0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO", 0x202E: "RLO", 0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI",
    0x2068: "FSI", 0x2069: "PDI", 0xFEFF: "BOM",
}  # fmt: skip
JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span [start, end) of a text, the kind of mark it gets (a CSS class of ours) and what it says."""

    start: int
    end: int
    kind: str
    says: str


def show(text: str, spans: Iterable[Span] = ()) -> Markup:
    """The text as HTML: escaped, isolated in its own direction, hidden characters as labels, spans as `<mark>`."""
    fitting = [(max(s.start, 0), min(s.end, len(text)), s) for s in spans]
    fitting = [(start, end, s) for start, end, s in fitting if start < end]
    edges = sorted({0, len(text), *(edge for start, end, _ in fitting for edge in (start, end))})
    pieces = []
    for left, right in pairwise(edges):
        over = [s for start, end, s in fitting if start <= left and right <= end]
        pieces.append(_wrap(_reveal(text, left, right), over))
    return Markup('<bdi dir="auto">{}</bdi>').format(Markup("").join(pieces))


def clip(text: str, limit: int) -> str:
    """The first `limit` characters, with an ellipsis if there was more."""
    return text if len(text) <= limit else text[:limit].rstrip() + "…"


def plain(text: str) -> str:
    """The text without its hidden characters, for places that cannot show labels (titles, form values)."""
    return HIDDEN.sub("", text)


def initial(name: str) -> str:
    """The first letter or sign of a name that can be seen, for a face without a picture."""
    return next((sign for sign in name if sign.isalnum()), "") or HIDDEN.sub("", name).strip()[:1] or "?"


def hue(id_: str) -> int:
    """Which of eight colours somebody's face has; always the same one."""
    return sum(id_.encode("utf-8", "replace")) % 8


def _wrap(piece: Markup, over: list[Span]) -> Markup:
    if not over:
        return piece
    says = " · ".join(dict.fromkeys(s.says for s in over))
    return Markup('<mark class="{}" title="{}">{}</mark>').format(over[-1].kind, says, piece)


def _reveal(text: str, left: int, right: int) -> Markup:
    pieces, at = [], left
    while hidden := HIDDEN.search(text, at, right):
        start = hidden.start()
        end = start + 1
        while end < right and text[end] == text[start]:
            end += 1
        pieces.append(escape(text[at:start]))
        pieces.append(escape(text[start]) if _belongs(text, start) else _label(text[start], end - start))
        at = end
    pieces.append(escape(text[at:right]))
    return Markup("").join(pieces)


def _belongs(text: str, at: int) -> bool:
    """Whether a joiner does its honest work: inside an emoji, or between letters of a script that needs it."""
    if text[at] not in JOINERS or not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    needed = all("\u0600" <= letter <= "\u0dff" for letter in (before, after))
    return needed or unicodedata.category(after) == "So"


def _label(mark: str, times: int) -> Markup:
    code = f"U+{ord(mark):04X}"
    name = unicodedata.name(mark, code)
    label = SHORT.get(ord(mark), code) + (f"×{times}" if times > 1 else "")
    return Markup('<span class="unseen" title="{} {}">{}</span>').format(code, name, label)
