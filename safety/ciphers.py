"""Notices Latin text in a Caesar cipher such as ROT13: its words only make sense once all letters are shifted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_lowercase

from safety.fold import HAN, Folded
from safety.surface import note
from safety.tables import know_words
from safety.verdict import Reason

WORD = re.compile("[a-z]{3,}")
HAN_CHAR = re.compile(f"[{HAN}]")
SHIFTS = [str.maketrans(ascii_lowercase, ascii_lowercase[n:] + ascii_lowercase[:n]) for n in range(1, 26)]
FEWEST = 2
SENSE = 0.6  # of the words that are known once the right shift is found
NONSENSE = 0.2  # of the words that may be known as they stand
MOST = 40


def find_cipher(plain: Folded, english: frozenset[str]) -> Iterator[Reason]:
    """Yield a text without Han characters in which hardly a word is known, and most are after one shift."""
    if HAN_CHAR.search(plain.text):
        return
    words = WORD.findall(plain.text)[:MOST]
    known = know_words(english)
    if len(words) < FEWEST or sum(word in known for word in words) > NONSENSE * len(words):
        return
    for shift in SHIFTS:
        if sum(word.translate(shift) in known for word in words) >= max(FEWEST, SENSE * len(words)):
            yield note("encoded", "shifted", "medium", (plain.starts[0], plain.ends[-1]), "its letters are shifted")
            return
