"""One card file, and what can be counted in its texts alone: what a reload keeps of each file that did not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from memes.card import Meme
from memes.cutter import keep_words
from memes.files import MemeFileError, load_file, parse_file
from memes.index import GramCounts, WordCounts
from memes.kept import Kept, Piece, name_piece
from memes.plain import fold
from memes.wording import list_texts
from memes.words import Words


@dataclass(frozen=True)
class Volume:
    """The cards of a file, each with its line; `key` is a digest of the file. Without a key nothing of it is kept."""

    key: str
    cards: tuple[tuple[Meme, int], ...]

    def list_pieces(self, dictionary: str) -> tuple[str, ...]:
        """Return the keys of all that is kept of it; `dictionary` is a digest of the names that are words."""
        return self.key, name_piece("grams", self.key), name_piece("words", self.key, dictionary)

    def count_grams(self, kept: Kept) -> GramCounts:
        """Return the runs of characters in each card's texts."""
        _, key, _ = self.list_pieces("")
        found = kept.get(key) if self.key else None
        if found is not None:
            return GramCounts(**found.arrays)
        made = GramCounts.of([_fold(card) for card, _ in self.cards])
        if self.key:
            kept.put(key, Piece(None, vars(made)))
        return made

    def count_words(self, kept: Kept, words: Words, dictionary: str) -> WordCounts:
        """Return the words in each card's texts."""
        *_, key = self.list_pieces(dictionary)
        found = kept.get(key) if self.key else None
        if found is not None:
            return WordCounts(words=found.facts, **found.arrays)
        # No word crosses a NUL, so that all texts of a card are cut at once: to begin a cut costs most of it.
        made = WordCounts.of([keep_words(words.cut("\0".join(_fold(card)))) for card, _ in self.cards])
        if self.key:
            arrays = {name: value for name, value in vars(made).items() if name != "words"}
            kept.put(key, Piece(made.words, arrays))
        return made


def read_volume(path: Path, kept: Kept) -> Volume:
    """Read a card file, or what is kept of a file that said the same. Raises MemeFileError as `read_file` does."""
    raw = load_file(path)
    key = name_piece("cards", raw)
    piece = kept.get(key) or kept.put(key, _parse(path, raw))
    if piece.facts is not None:
        line, problem, remedy = piece.facts
        raise MemeFileError(path, line, problem, remedy)
    cards = _adapter().validate_json(piece.arrays["cards"].tobytes())
    return Volume(key, tuple(zip(cards, piece.arrays["lines"].tolist(), strict=True)))


def _parse(path: Path, raw: bytes) -> Piece:
    """The cards of a file, or what is wrong with it."""
    try:
        found = parse_file(path, raw)
    except MemeFileError as error:
        return Piece((error.line, error.problem, error.remedy))
    cards = np.frombuffer(_adapter().dump_json([card for card, _ in found]), np.uint8)
    return Piece(None, {"cards": cards, "lines": np.array([line for _, line in found], np.int64)})


def _fold(card: Meme) -> Sequence[str]:
    return [fold(text) for text in list_texts(card)]


@cache
def _adapter() -> TypeAdapter[list[Meme]]:
    return TypeAdapter(list[Meme])
