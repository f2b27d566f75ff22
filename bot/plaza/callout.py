"""Finds out whether a text calls somebody: `@handle`, full-width or hidden by zero-width marks too."""

from __future__ import annotations

import re
import unicodedata

# An @ inside an e-mail address calls nobody.
_AT = re.compile(r"(?<![a-z0-9._%+\-])@")
_ELSEWHERE = re.compile(r"@(?P<host>[a-z0-9\-]+(?:\.[a-z0-9\-]+)*)")


def calls(text: str, handle: str, host: str) -> bool:
    """Whether the text contains `@handle` (or `@handle@host`), in any case and width.

    A handle that ends in a Latin letter or digit must end there in the text too; after a Chinese one anything may
    follow, as nobody types a space there. `@handle@elsewhere.example` means somebody else.
    """
    wanted, plain = fold(handle), fold(text)
    for at in _AT.finditer(plain):
        if plain.startswith(wanted, at.end()) and _ends_here(plain, at.end() + len(wanted), fold(host)):
            return True
    return False


def fold(text: str) -> str:
    """Full width made half, letters made small, format characters (zero-width, bidi) left out."""
    kept = "".join(mark for mark in unicodedata.normalize("NFKC", text) if unicodedata.category(mark) != "Cf")
    return kept.casefold()


def _ends_here(text: str, end: int, host: str) -> bool:
    after = text[end : end + 1]
    if _is_latin(text[end - 1]) and (_is_latin(after) or after == "_"):
        return False
    elsewhere = _ELSEWHERE.match(text, end)
    return elsewhere is None or elsewhere["host"] == host or "." not in elsewhere["host"]


def _is_latin(mark: str) -> bool:
    return mark.isascii() and mark.isalnum()
