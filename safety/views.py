"""The ways a text can be read once its disguises are off: joined, unmasked and from its end."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from itertools import pairwise

from safety.fold import DOUBLE_HAN, HAN, Folded, fold, rewrite, substitute, thin_out, turn_round
from safety.pairs import pair_up
from safety.ruses import Ruses, undo
from safety.sounds import hear, sound
from safety.tables import know_words, load_emoji_names, load_english, load_parts

ACCENTED = re.compile("[\xe0-\xff\u0100-\u024f\u1e00-\u1eff]")
STROKES = "\u31c0-\u31ef"  # parts of characters, although no characters themselves
# Between two Han characters: blanks, and signs that no sentence uses there.
WEDGE = re.compile(
    rf"(?<=[{HAN}])(?:[^\w\s。!?,;:、…～\"'“”‘’()\[\]《》「」『』【】@#—{STROKES}]|_|[ ]){{1,3}}(?=[{HAN}])"
)
CHAIN = re.compile(rf"(?:[{HAN}](?:[^\w{STROKES}]|_){{1,3}}){{2,}}[{HAN}](?![{HAN}])")
GAP = re.compile(r"[\W_]+")
PAUSE = re.compile("[,。!?;:、…]")
SPELLED = re.compile(r"(?<![a-z0-9])(?:[a-z0-9@$!*][^\w@$!*]{1,3}|[a-z0-9@$!*]_){2,}[a-z0-9@$!*](?![a-z0-9])")
STARRED = re.compile(r"(?<![a-z0-9*])(?:[a-z0-9@]\*){3,40}[a-z0-9@](?![a-z0-9*])")
REPEAT = re.compile(rf"([{HAN}a-z])\1{{2,}}")
DOUBLED = re.compile(rf"^[^{HAN}]*(?:([{HAN}])\1[^{HAN}]*){{3,}}$")
MASKED = re.compile(
    r"(?<![a-z0-9@$!*#+|])(?=[a-z]*[0-9@$!*#+|])(?=[0-9@$!*#+|]*[a-z])[a-z0-9@$!*#+|]{2,20}(?![a-z0-9])"
)
LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "@": "a"})
LEET |= str.maketrans({"$": "s", "!": "i", "+": "t", "|": "l"})
LEET_L = LEET | {ord("1"): "l"}
RADICALS = frozenset(
    "亻氵扌忄讠钅饣纟犭衤礻刂阝艹辶牜冫宀灬疒囗彳覀罒虍攵卩廴匚丬勹冖彡亠丷爫丿丨丶乚亅厶廾屮夂癶糹訁飠釒"
)
DOTS = re.compile(rf"(?<=[{HAN}])(?:…|\.{{2,3}}){{1,3}}(?=[{HAN}])")
CLAUSE_ENDS = "\n。!?,;"
HEAD = re.compile(rf"(?:^|[{CLAUSE_ENDS}])[^\w\n]{{0,4}}([{HAN}])")
FEWEST_HEADS = 3
NO_RUSES = Ruses()


@dataclass(frozen=True, slots=True)
class Hearing:
    """Words that may hide behind sounds, indexed by their first two syllables, with the harmless writings of each.

    `pairs` are two characters that often stand together in ordinary posts: a writing whose every character belongs to
    one of them is that writing, and hides nothing.
    """

    index: Mapping[str, Sequence[tuple[str, str]]]
    ordinary: Mapping[str, frozenset[str]]
    pairs: Container[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Unmasking:
    """What unmasking looks up."""

    hearing: Hearing
    aliases: Mapping[str, str]
    alias_pattern: re.Pattern[str] | None
    english: frozenset[str]
    ruses: Ruses = NO_RUSES
    alias_beginnings: frozenset[str] = frozenset()

    def read_aliases(self, folded: Folded) -> Folded:
        """Replace coded spellings by the word meant."""
        if self.alias_pattern is None or self.alias_beginnings.isdisjoint(pair_up(folded.text)):
            return folded
        return substitute(folded, self.alias_pattern, lambda found: self.aliases[found.group()])


@dataclass
class Views:
    """One text in all its readings, each made when it is first asked for."""

    original: str
    unmasking: Unmasking
    _limit: int = field(default=20_000)

    @cached_property
    def plain(self) -> Folded:
        """Folded, accents off Latin letters."""
        folded = fold(self.original[: self._limit])
        if ACCENTED.search(folded.text):
            return substitute(folded, ACCENTED, lambda found: unicodedata.normalize("NFD", found.group())[0])
        return folded

    @cached_property
    def joined(self) -> Folded:
        """Without wedges between Han characters, spelled-out words put together, repeats squeezed."""
        return join(self.plain, self.unmasking.english)

    @cached_property
    def unmasked(self) -> Folded:
        """Emoji by name, parts put together, coded spellings, leet and homophones replaced by the word meant."""
        return unmask(self.plain, self.joined, self.unmasking)

    @cached_property
    def reassembled(self) -> Folded:
        """Also parts that are words of their own put together (力口 becomes 加); never read by sound, for that errs."""
        return self.read_aliases(join_parts(self.joined, load_parts(), begin_long_parts()))

    @cached_property
    def regrouped(self) -> Folded:
        """The same, its parts put together from the end: 一木羊 is 一样, and not 本羊."""
        pairs = pair_up(self.joined.text)
        if load_parts().keys().isdisjoint(pairs) and end_long_parts().isdisjoint(pairs):
            return self.joined
        turned = join_parts(turn_round(self.joined), load_turned_parts(), begin_long_turned_parts())
        return self.read_aliases(turn_round(turned)) if len(turned.text) < len(self.joined.text) else self.joined

    def read_aliases(self, folded: Folded) -> Folded:
        """Replace coded spellings in a text whose parts were put together."""
        return folded if folded is self.joined else self.unmasking.read_aliases(folded)

    @cached_property
    def heads(self) -> Folded:
        """The first characters of lines or clauses (藏头), where there are three and more of them."""
        clauses = 1 + sum(map(self.plain.text.count, CLAUSE_ENDS))
        pieces = [found.start(1) for found in HEAD.finditer(self.plain.text)] if clauses >= FEWEST_HEADS else []
        if len(pieces) < FEWEST_HEADS:
            return Folded("", (), ())
        text, starts, ends = self.plain.text, self.plain.starts, self.plain.ends
        return Folded("".join(text[p] for p in pieces), [starts[p] for p in pieces], [ends[p] for p in pieces])

    @cached_property
    def breathless(self) -> Folded:
        """Without the dots of somebody who hesitates (断子……绝孙)."""
        return substitute(self.joined, DOTS, "")

    @cached_property
    def backwards(self) -> Folded:
        """Read from the end."""
        return turn_round(self.plain)


def join(plain: Folded, english: frozenset[str]) -> Folded:
    """Put together what separators and repeats hold apart."""
    folded = thin_out(plain, CHAIN, find_gaps)
    folded = substitute(folded, WEDGE, "")
    folded = substitute(folded, STARRED, lambda found: put_together(found.group().replace("*", "-"), english))
    folded = substitute(folded, SPELLED, lambda found: put_together(found.group(), english))
    folded = substitute(folded, REPEAT, lambda found: found[1])
    if DOUBLED.match(folded.text[:400]):
        folded = substitute(folded, DOUBLE_HAN, lambda found: found[1])
    return folded


def find_gaps(found: re.Match[str]) -> Iterator[int]:
    """Yield the places that hold the characters of a chain apart; commas and the like stay if few gaps have one."""
    gaps = GAP.findall(found[0])
    few = 2 * sum(PAUSE.search(gap) is not None for gap in gaps) <= len(gaps)
    for place, char in enumerate(found[0], found.start()):
        if not char.isalnum() and not (few and PAUSE.match(char)):
            yield place


def put_together(spelled: str, english: frozenset[str]) -> str:
    """Return the words of `k i l l  y o u` or `k-i-l-l-y-o-u`."""
    letters = re.sub(r"[^\w@$!*]+|_", lambda gap: " " if len(gap.group()) > 1 else "", spelled)
    if " " in letters and min(map(len, letters.split())) > 1:
        return letters
    return split_words(letters.replace(" ", ""), english)


def split_words(letters: str, english: frozenset[str]) -> str:
    """Cut letters without blanks into known words where that is possible at all, else leave them."""
    known = know_words(english)
    plain = letters.translate(LEET)
    best: list[tuple[int, str] | None] = [(0, "")] + [None] * len(plain)
    for end in range(1, len(plain) + 1):
        for size in range(1, min(14, end) + 1):
            before, piece = best[end - size], plain[end - size : end]
            if before is None or piece not in known:
                continue
            now = best[end]
            if now is None or before[0] + 1 < now[0]:
                best[end] = (before[0] + 1, f"{before[1]} {piece}".strip())
    last = best[-1]
    return last[1] if last else letters


def unmask(plain: Folded, joined: Folded, unmasking: Unmasking) -> Folded:
    """Take every further disguise off; the joined view itself comes back when there is none."""
    folded = joined
    named = name_emoji(plain)
    if named is not plain:
        folded = join(named, unmasking.english)
    folded = join_parts(undo(folded, unmasking.ruses), load_radical_parts(), begin_long_parts())
    if MASKED.search(folded.text):
        folded = substitute(folded, MASKED, lambda found: unleet(found.group(), unmasking.english))
    return replace_sounds(unmasking.read_aliases(folded), unmasking.hearing)


def name_emoji(plain: Folded) -> Folded:
    """Replace emoji that stand for words."""
    names = load_emoji_names()
    if names.keys().isdisjoint(plain.text):
        return plain
    pieces = [(place, place + 1, names[char]) for place, char in enumerate(plain.text) if char in names]
    return rewrite(plain, pieces)


@cache
def load_radical_parts() -> dict[str, str]:
    """Return the splits with a part that is no word of its own: those are never written by chance."""
    return {parts: char for parts, char in load_parts().items() if not RADICALS.isdisjoint(parts)}


@cache
def load_turned_parts() -> dict[str, str]:
    """Return all splits written from their end."""
    return {parts[::-1]: char for parts, char in load_parts().items()}


@cache
def begin_long_parts() -> frozenset[str]:
    """Return the first two parts of each split into three."""
    return frozenset(parts[:2] for parts in load_parts() if len(parts) > 2)


@cache
def end_long_parts() -> frozenset[str]:
    """Return the last two parts of each split into three."""
    return frozenset(parts[-2:] for parts in load_parts() if len(parts) > 2)


@cache
def begin_long_turned_parts() -> frozenset[str]:
    """Return the last two parts of each split into three, the last one first."""
    return frozenset(parts[:2] for parts in load_turned_parts() if len(parts) > 2)


def join_parts(folded: Folded, parts: Mapping[str, str], long: frozenset[str]) -> Folded:
    """Put the parts of a character that was taken apart together again (亻言 becomes 信).

    `long` are the first two characters of all `parts` that are three.
    """
    text, pairs = folded.text, pair_up(folded.text)
    if parts.keys().isdisjoint(pairs) and long.isdisjoint(pairs):
        return folded
    pieces: list[tuple[int, int, str]] = []
    place, last = 0, len(text) - 1
    while place < last:
        size = 3 if text[place : place + 3] in parts else 2
        char = parts.get(text[place : place + size])
        if char is None:
            place += 1
            continue
        pieces.append((place, place + size, char))
        place += size
    return rewrite(folded, pieces) if pieces else folded


@cache
def sort_by_length(words: frozenset[str]) -> dict[int, list[str]]:
    """Return words in order, by their length."""
    found: dict[int, list[str]] = {}
    for word in sorted(words):
        found.setdefault(len(word), []).append(word)
    return found


@lru_cache(maxsize=4096)
def unleet(token: str, english: frozenset[str]) -> str:
    """Return the word behind `s3x` or `st*b` if there is one we know, else the token itself."""
    known = know_words(english)
    if "*" in token.strip("*"):
        shape = re.compile("".join("[a-z]" if char == "*" else re.escape(char) for char in token.translate(LEET_STAR)))
        fits = (
            word
            for words in (english, load_english())
            for word in sort_by_length(words).get(len(token), ())
            if shape.fullmatch(word)
        )
        return next(fits, token)
    bare = token.rstrip("!")
    for table in (LEET, LEET_L):
        word = bare.translate(table)
        if word in known:
            return word + token[len(bare) :]
    return token


LEET_STAR = {key: value for key, value in LEET.items() if key != ord("*")}


def replace_sounds(folded: Folded, hearing: Hearing) -> Folded:
    """Write the word meant where another writing sounds the same.

    Three syllables and more count unless their characters belong where they stand; two only when the writing is no
    ordinary one (both measured on ordinary posts).
    """
    heard = hear(folded)
    text, index = heard.text, hearing.index
    if index.keys().isdisjoint(pair_up(text)):
        return folded
    pieces: list[tuple[int, int, str]] = []
    done = 0
    for place in range(len(text) - 1):
        found = index.get(text[place : place + 2])
        if found is None or place < done:
            continue
        for syllables, word in found:
            size = len(syllables)
            if text.startswith(syllables, place) and is_disguise(folded, heard, (place, size), word, hearing):
                pieces.append((place, place + size, word))
                done = place + size
                break
    if not pieces:
        return folded
    return restore(folded, heard, pieces)


def is_disguise(folded: Folded, heard: Folded, where: tuple[int, int], word: str, hearing: Hearing) -> bool:
    """Say whether the syllables at this place are the word in another writing."""
    place, size = where
    start, end = heard.span(place, place + size)
    first, last = find_written(folded, start, end)
    surface = folded.text[first:last]
    if surface == word or (len(surface) == size and is_natural(folded.text, first, last, hearing.pairs)):
        return False
    harmless = hearing.ordinary.get(word)
    if harmless is None:
        return size > 2
    if size == 2 and surface.isascii() is False and not any(a == b for a, b in zip(surface, word, strict=False)):
        return False
    return surface not in harmless


def find_written(folded: Folded, start: int, end: int) -> tuple[int, int]:
    """Return where the folded characters stand that came from this span of the original."""
    if isinstance(folded.starts, range):
        return start, end
    return bisect_left(folded.starts, start), bisect_left(folded.starts, end)


def is_natural(text: str, first: int, last: int, pairs: Container[str]) -> bool:
    """Say whether every character from `first` to `last` makes a common pair with one of its neighbours."""
    together = [text[place : place + 2] in pairs for place in range(first - 1, last)] if first else [False]
    if not first:
        together += [text[place : place + 2] in pairs for place in range(last)]
    return all(before or after for before, after in pairwise(together))


def restore(folded: Folded, heard: Folded, pieces: list[tuple[int, int, str]]) -> Folded:
    """Put the words into the written text, not into the syllables."""
    out: list[tuple[int, int, str]] = []
    size = len(folded.text)
    place = 0
    for start, end, word in pieces:
        first, last = heard.span(start, end)
        while place < size and folded.starts[place] < first:
            place += 1
        begin = place
        while place < size and folded.starts[place] < last:
            place += 1
        if place > begin:
            out.append((begin, place, word))
    return rewrite(folded, out)


def build_hearing(
    words: frozenset[str], ordinary: Mapping[str, frozenset[str]], pairs: Container[str] = frozenset()
) -> Hearing:
    """Index words of Han characters by the first two of their syllables, the longest first."""
    index: dict[str, list[tuple[str, str]]] = {}
    for word in sorted(words):
        if len(word) < 2 or not re.fullmatch(f"[{HAN}]+", word):
            continue
        syllables = sound(word)
        index.setdefault(syllables[:2], []).append((syllables, word))
    for found in index.values():
        found.sort(key=lambda pair: -len(pair[0]))
    return Hearing(index, ordinary, pairs)
