"""Remembers which texts the safety screen has let through, so that a start asks only about new ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

MOST = 50_000  # texts in a file; 638 cards are as many texts, so only years of edits reach it


class Screened:
    """A screen with a memory: `Screened(screen, version, folder)(text)` is what `screen(text)` says.

    The file holds one SHA-256 a line, of the version and a text that was let through, and nothing else: a damaged or
    foreign line fits no text, so it can only cost a second look. Another version of the screen begins another file.
    Without a folder, or where it cannot be written, every text is asked about as if there were no memory.
    """

    def __init__(self, screen: Callable[[str], bool], version: str, folder: Path | None) -> None:
        """Read what is remembered; `version` must change whenever the screen could answer otherwise."""
        self._screen = screen
        self._version = version.encode()
        self._file = folder / f"screened-{_digest(self._version)[:16]}.txt" if folder else None
        self._passed = self._read()

    def __call__(self, text: str) -> bool:
        """Whether the text may be shown; a refusal is never remembered."""
        digest = _digest(self._version + b"\0" + text.encode("utf-8", "surrogatepass"))
        if digest in self._passed:
            return True
        if not self._screen(text):
            return False
        self._passed.add(digest)
        self._add(digest)
        return True

    def _read(self) -> set[str]:
        if self._file is None:
            return set()
        with suppress(OSError):
            for old in self._file.parent.glob("screened-*.txt"):
                if old != self._file:
                    old.unlink()
        try:
            lines = set(self._file.read_bytes().decode("ascii", "replace").split())
        except OSError:
            return set()
        if len(lines) > MOST:
            self._file.unlink(missing_ok=True)
            return set()
        return lines

    def _add(self, digest: str) -> None:
        if self._file is None:
            return
        # Appended in one piece, begun with a new line: several workers may write, and one killed in the middle of a
        # line spoils no other.
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            place = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            self._file = None
            return
        try:
            os.write(place, f"\n{digest}\n".encode())
        except OSError:
            self._file = None
        finally:
            os.close(place)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
