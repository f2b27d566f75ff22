"""Keeps the last good filter while somebody edits word lists or the policy table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from safety.filter import Filter
from safety.lexicon import BadLexicon
from safety.policy import BadPolicy

HERE = Path(__file__).parent
Stamp = tuple[int, int, int]  # time of the last change in ns, size in bytes, and the inode, which a rename changes


class FilterShelf:
    """The filter made of the shipped lists, the operator's own, and the policy table.

    `filter` is the last good one; it is swapped in one assignment, so a check that is under way ends with the old one.
    Call `refresh` every half second or so, in a thread: nothing is read unless a file changed.
    """

    def __init__(
        self,
        extra: Path | None = None,
        *,
        policy: Path | None = None,
        load: Callable[..., Filter] = Filter.load,
    ) -> None:
        """Load the filter. Raises BadLexicon or BadPolicy at the start: there is no last good one yet."""
        self._extra, self._policy, self._load = extra, policy, load
        self._tried = self._stamps()
        self.filter = load(extra, policy=policy)
        self.error: BadLexicon | BadPolicy | None = None

    def refresh(self) -> bool:
        """Load the files again if they changed; return whether there is a new filter.

        A bad file changes nothing but `error`, which a good load clears; the same bad file is not read twice.
        """
        stamps = self._stamps()
        if stamps == self._tried:
            return False
        self._tried = stamps
        try:
            built = self._load(self._extra, policy=self._policy)
        except (BadLexicon, BadPolicy) as error:
            self.error = error
            return False
        self.filter, self.error = built, None
        return True

    def _stamps(self) -> dict[Path, Stamp]:
        paths = [*(HERE / "lexicon").glob("*.lex"), self._policy or HERE / "policy.tsv"]
        if self._extra is not None:
            paths += self._extra.glob("*.lex") if self._extra.is_dir() else [self._extra]
        return {path: stamp for path in paths if (stamp := _stamp(path))}


def _stamp(path: Path) -> Stamp | None:
    try:
        state = path.stat()
    except OSError:
        return None  # an editor replaces a file by removing it first: the next look finds the new one
    return state.st_mtime_ns, state.st_size, state.st_ino
