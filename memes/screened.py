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
        self._known = 0  # bytes of the file that were read
        self._passed = self._read()

    def __call__(self, text: str) -> bool:
        """Whether the text may be shown; a refusal is never remembered."""
        digest = _digest(self._version + b"\0" + text.encode("utf-8", "surrogatepass"))
        if digest in self._passed or digest in self._catch_up():
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
        lines = self._read_on()
        if len(lines) > MOST:
            self._file.unlink(missing_ok=True)
            self._known = 0
            return set()
        return lines

    def _catch_up(self) -> set[str]:
        """Take in what other processes have asked about since."""
        self._passed |= self._read_on()
        return self._passed

    def _read_on(self) -> set[str]:
        try:
            if self._file is None or self._file.stat().st_size <= self._known:
                return set()
            with self._file.open("rb") as file:
                file.seek(self._known)
                new = file.read()
        except OSError:
            return set()
        # The last line may not be whole yet.
        whole = new[: new.rfind(b"\n") + 1]
        self._known += len(whole)
        return set(whole.decode("ascii", "replace").split())

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
