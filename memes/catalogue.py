"""What a library looks its cards up by: runs of characters, words, and the dictionary that cuts a post into words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from memes.card import Meme
from memes.cutter import Cutter
from memes.index import Grams, Ints, Matrix, Words
from memes.kept import Array, Kept, Piece, name_piece
from memes.volume import Volume
from memes.words import Words as Dictionary


class Catalogue(NamedTuple):
    """The index of the cards that may be played, in the order of the files."""

    dictionary: Dictionary
    grams: Grams
    words: Words


def make_catalogue(
    volumes: Sequence[Volume], plays: Callable[[Meme], bool], names: Sequence[str], cutter: Cutter, kept: Kept
) -> Catalogue:
    """Index the cards of the volumes that `plays` lets be played; `names` are to be words.

    What `kept` has of it is taken from there: the whole catalogue, or what was counted in the volumes that stayed.
    """
    chosen = [np.flatnonzero([plays(card) for card, _ in volume.cards]) for volume in volumes]
    named = sha256("\n".join(sorted(names)).encode()).hexdigest()
    made_of = (part for volume, own in zip(volumes, chosen, strict=True) for part in (volume.key, own.tobytes()))
    key, known = name_piece("index", named, *made_of), name_piece("names", named)
    dictionary = _learn(names, known, cutter, kept)
    piece = kept.get(key)
    if piece is None:
        piece = kept.put(key, _index(volumes, chosen, dictionary, named, kept))
    kept.drop_all_but({key, known, *(own for volume in volumes for own in volume.list_pieces(named))})
    return Catalogue(dictionary, *_unpack(piece))


def _learn(names: Sequence[str], key: str, cutter: Cutter, kept: Kept) -> Dictionary:
    piece = kept.get(key)
    if piece is not None:
        return cutter.remember(piece.facts)
    dictionary, counts = cutter.learn(names)
    kept.put(key, Piece(counts))
    return dictionary


def _index(volumes: Sequence[Volume], chosen: Sequence[Ints], dictionary: Dictionary, named: str, kept: Kept) -> Piece:
    grams = Grams.weigh([volume.count_grams(kept).pick(own) for volume, own in zip(volumes, chosen, strict=True)])
    words = Words.weigh(
        [volume.count_words(kept, dictionary, named).pick(own) for volume, own in zip(volumes, chosen, strict=True)]
    )
    arrays: dict[str, Array] = {"known": grams.known, "rarity": grams.rarity, "edges": grams.edges}
    for name, matrix in (("text", grams.by_text), ("term", grams.by_term), ("word", words.matrix)):
        arrays |= {f"{name} {part}": array for part, array in vars(matrix).items()}
    return Piece({"words": list(words.ids), "size": words.size}, arrays)


def _unpack(piece: Piece) -> tuple[Grams, Words]:
    facts, arrays = piece.facts, piece.arrays
    text, term, word = (
        Matrix(*(arrays[f"{name} {part}"] for part in ("starts", "places", "weights")))
        for name in ("text", "term", "word")
    )
    ids = {known: at for at, known in enumerate(facts["words"])}
    return Grams(arrays["known"], arrays["rarity"], arrays["edges"], text, term), Words(ids, facts["size"], word)
