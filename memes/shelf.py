"""Keeps the last good library while somebody edits the files."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from threading import Lock

from memes.card import Lifecycle
from memes.files import LIBRARY, MemeFileError, list_files
from memes.kept import Kept
from memes.library import Library, Screen
from memes.volume import Volume, read_volume

Stamp = tuple[int, int]  # time of the last change in ns, size in bytes


class Shelf:
    """A folder of card files and the library made of them.

    `library` is the last good one. Call `refresh` every second or so, in a thread: it reads only files that changed.
    """

    def __init__(
        self,
        folder: Path | tuple[Path, ...] | None = None,
        screen: Screen | None = None,
        *,
        clock: Callable[[], float] = time.time,
        states: Mapping[str, Lifecycle] | None = None,
        cache: Path | None = None,
    ) -> None:
        """Load the library; what is made of the files is kept in `cache`, a folder of our own, if there is one.

        `states` are as in `set_states`.

        Raises MemeFileError when the files are bad at the start: there is no last good one yet.
        """
        self._folders = folder if isinstance(folder, tuple) else (folder or LIBRARY,)
        self._screen = screen
        self._clock = clock
        self._kept = Kept(cache)
        self._read: dict[Path, tuple[Stamp, Volume]] = {}
        self._screened: dict[bytes, bool] = {}
        self._states: dict[str, Lifecycle] = dict(states or {})
        self._building = Lock()
        self._tried: dict[Path, Stamp] = {}
        self._tried = self._stamp()
        self.error: MemeFileError | None = None
        self.library = self._build(self._tried)
        self.loaded_at = clock()

    @property
    def states(self) -> Mapping[str, Lifecycle]:
        """The lifecycles that were found since the files were written, by id."""
        return self._states

    def measure_change(self) -> int:
        """Return how much a refresh has to do, as bytes of files to read: 0 if nothing changed.

        Whatever changed, the index of all of them is put together again; that is a twentieth of the work of reading.
        """
        stamps = self._stamp()
        if stamps == self._tried:
            return 0
        changed = sum(stamp[1] for path, stamp in stamps.items() if self._tried.get(path) != stamp)
        return 1 + changed + sum(stamp[1] for stamp in stamps.values()) // 20

    def measure(self) -> int:
        """Return how many bytes all files have."""
        return sum(stamp[1] for stamp in self._tried.values())

    def refresh(self) -> bool:
        """Load the files again if they changed; return whether there is a new library.

        A bad file changes nothing but `error`, which a good load clears; the same bad file is not read twice.
        """
        stamps = self._stamp()
        if stamps == self._tried:
            return False
        self._tried = stamps
        try:
            self._renew(stamps)
        except MemeFileError as error:
            self.error = error
            return False
        self.error = None
        return True

    def screen_again(self, screen: Screen | None) -> None:
        """Ask a changed safety policy about every card, and build the library anew."""
        with self._building:
            self._screen = screen
            self._screened.clear()
        self._renew()

    def set_states(self, states: Mapping[str, Lifecycle]) -> None:
        """Let cards take the lifecycle that the nightly look at the stream found, by id; the files stay as they are."""
        self._states = dict(states)
        self._renew()

    def _renew(self, stamps: dict[Path, Stamp] | None = None) -> None:
        """Build the library of these files, or of the last good ones."""
        # One at a time: a library that was begun under an older policy may not follow one of the newer.
        with self._building:
            good = {path: stamp for path, (stamp, _) in self._read.items()}
            self.library = self._build(good if stamps is None else stamps)
            self.loaded_at = self._clock()

    def _stamp(self) -> dict[Path, Stamp]:
        try:
            paths = list_files(self._folders)
        except MemeFileError as error:
            if not self._tried:
                raise
            if str(error) != str(self.error):  # told once, not at each look
                self.error = error
            return self._tried
        return {path: stamp for path in paths if (stamp := _stamp(path))}

    def _build(self, stamps: dict[Path, Stamp]) -> Library:
        read = {path: self._volume(path, stamp) for path, stamp in stamps.items()}
        library = Library.admit(read, self._ask if self._screen else None, self._states, kept=self._kept)
        self._read = {path: (stamps[path], volume) for path, volume in read.items()}
        return library

    def _volume(self, path: Path, stamp: Stamp) -> Volume:
        known = self._read.get(path)
        return known[1] if known and known[0] == stamp else read_volume(path, self._kept)

    def _ask(self, text: str) -> bool:
        # The screen takes two milliseconds a card: thousands of cards whose text did not change are not asked again.
        digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
        if digest not in self._screened and self._screen:
            self._screened[digest] = self._screen(text)
        return self._screened[digest]


def _stamp(path: Path) -> Stamp | None:
    try:
        state = path.stat()
    except FileNotFoundError:
        return None  # an editor replaces a file by removing it first: the next look finds the new one
    return state.st_mtime_ns, state.st_size
