"""The persona in force: its file is read again when it changed, and the last good version stays."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import Misconfigured
from bot.persona.persona import Persona, load_persona

_log = logging.getLogger("jiegeng.persona")


@dataclass
class PersonaShelf:
    """The persona in force: `folder/name.md`, read again whenever the file changed.

    A file that does not fit is reported once to `report` and kept out; the last good version stays. Only a first
    read that fails raises Misconfigured.
    """

    folder: Path
    name: str
    report: Callable[[str], None] = _log.warning
    trouble: str = ""
    _seen: tuple[int, int] | None = None
    _good: Persona | None = None
    _place: str = field(init=False)

    def __post_init__(self) -> None:
        self._place = str(self.path)  # building a path costs more than asking for its stamp

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / f"{self.name}.md"

    def current(self) -> Persona:
        """The last good version; one `stat` call unless the file changed."""
        try:
            stat = os.stat(self._place)
            stamp = (stat.st_mtime_ns, stat.st_size)
        except OSError:
            stamp = (0, -1)
        if self._good is not None and stamp == self._seen:
            return self._good
        try:
            self._good, self.trouble = load_persona(self.path), ""
        except Misconfigured as error:
            if self._good is None:
                raise
            self.trouble = f"{error}; {self._good.version} stays in force"
            self.report(self.trouble)
        self._seen = stamp
        return self._good

    def names(self) -> Iterator[str]:
        """The personas that lie in the folder."""
        for path in sorted(self.folder.glob("*.md")):
            if path.stem != "README":
                yield path.stem
