"""The rule book: patterns that people can read, found fast in a folded text.

A rule file holds sections and lines:

    [class KIN]
    爷爷|奶奶|grandma
    [plight grief]
    <KIN> ~ 走了|去世 :: 1        two things in one clause, near each other
    葬礼|追悼会 & <KIN>            both anywhere, in any order
    想死 ! 想死(你|她)             unless the other thing is there too

`~` is a short gap inside a sentence, `~~` a longer one that may cross sentences. `(a|b|)` spells out variants,
a trailing `*` on a Latin word takes any ending, `^` and `$` hold an item to the start or the end of the text.
A Latin word of four letters or more is found without its accents too (`murió`, `murio`): many write so in haste.
`! <FICTION>` does not forbid but weakens. The number after `::` is the weight (default 1); weights of one topic add up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import lru_cache
from operator import add
from typing import NamedTuple

from bot.emotion.plain import fold_word
from bot.errors import Misconfigured

LATIN = re.compile(r"[a-z0-9'\u00df-\u017f]+")
LATIN_KEY = re.compile(r"[a-z0-9'\u00df-\u017f]+\*?")
GROUP = re.compile(r"\([^()]*\)")
EASTERN_PAIR = re.compile(r"[\u2e80-\uffff]{2}")
WHOLE_WORD = re.compile(r"(?<![^ ])[a-z0-9'\u00df-\u017f]+\*?(?![^ ])")
ACCENTED = re.compile(r"[a-z\u00df-\u017f]{4,}")
BARE = str.maketrans("áéíóú", "aeiou")
FLAT = re.compile(r"\(([^()]+)\)")
LONE = re.compile(r"[a-z0-9'\u00df-\u017f]+\*?(?: [a-z0-9'\u00df-\u017f]+\*?)*")
LONELY = re.compile(r" \([^()]*\) ")
_WORDLY = "a-z0-9\u00df-\u017f"
SPECIAL = re.compile(r"[()|*№.?+\[\]{}\\]")
NUMBER = "[0-9一二三四五六七八九十两几半百千万]+"
STORY = "<fiction>"
BANNED = -1
"""The level of the items that forbid a rule: before all others."""
TOLD = 0.4
"""What is left of a rule that names <FICTION> after `!` when the text speaks of a film, a book or a game."""
MEANS = {"(": "(?:", ")": ")", "|": "|", "*": f"[{_WORDLY}]*", "№": NUMBER}


class Hit(NamedTuple):
    """A rule that was found: its kind and topic, its weight and its half-open span in the folded text."""

    kind: str
    topic: str
    weight: float
    start: int
    end: int
    rule: int = 0


@dataclass(slots=True)
class Sequence:
    """Items in order with gaps between; compiled on first use, because most rules never fire."""

    items: tuple[tuple[str, ...], ...]
    gaps: tuple[str, ...]
    _regex: re.Pattern[str] | None = None

    def search(self, text: str) -> re.Match[str] | None:
        """The first place where all items stand in order."""
        return self.regex.search(text)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All places where all items stand in order."""
        return self.regex.finditer(text)

    @property
    def regex(self) -> re.Pattern[str]:
        """The pattern, compiled when it is first needed."""
        if self._regex is None:
            self._regex = re.compile(self._source())
        return self._regex

    def _source(self) -> str:
        parts = [_alternatives(self.items[0])]
        for at, gap in enumerate(self.gaps):
            latin = _latin(_first(self.items[at + 1][0])) or _latin(_first(self.items[at][0]))
            if gap == "~":
                parts.append(r"[^.。!!??\n]{0,30}?" if latin else r"[^。!!??\n]{0,9}?")
            else:
                parts.append(r"(?s:.){0,70}?" if latin else r"(?s:.){0,30}?")
            parts.append(_alternatives(self.items[at + 1]))
        return "".join(parts)

    @property
    def anchor(self) -> tuple[str, ...]:
        """The item whose words are fewest and longest: a text without any of them needs no search."""
        return min(self.items, key=_commonness)


@dataclass(slots=True)
class Rule:
    """One line of a rule file."""

    kind: str
    topic: str
    weight: float
    needs: tuple[Sequence, ...]
    bans: tuple[Sequence, ...]
    told: bool = False

    literal: bool = field(init=False)
    _needles: tuple[dict[str, list[str]] | None, ...] | None = None

    def __post_init__(self) -> None:
        """Finding a word is finding the rule, when the rule is nothing but plain words."""
        self.literal = (
            len(self.needs) == 1
            and not self.bans
            and not self.told
            and len(self.needs[0].items) == 1
            and all(map(_is_plain, self.needs[0].items[0]))
        )

    def may_hold(self, text: str, keys: Set[str]) -> bool:
        """Whether any word of every item may stand in a text: cheaper than the patterns, and never wrong about a no."""
        if self._needles is None:
            self._needles = tuple(_needles(item) for need in self.needs for item in need.items)
        return all(needles is None or _holds_one(needles, text, keys) for needles in self._needles)

    def find(self, text: str, *, banned: bool = True) -> list[tuple[int, int]]:
        """The spans of the first needed sequence, each wording once; none unless all needs and no ban are there.

        `banned` is False where it is known that no ban can be there.
        """
        for need in self.needs:
            if need.regex.search(text) is None:
                return []
        if banned:
            for ban in self.bans:
                if ban.regex.search(text) is not None:
                    return []
        spans = {match.group(): match.span() for match in self.needs[0].regex.finditer(text)}
        return list(spans.values()) if len(self.needs) == 1 else list(spans.values())[:1]


@dataclass(slots=True, eq=False)
class Vocabulary:
    """The keys of all books that share it, so that a text is taken to pieces once for all of them."""

    keys: set[str] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)
    odd: set[str] = field(default_factory=set)
    """Pairs of signs of which not both are letters, as in "№ times": no word of a Latin text is one of them."""

    def note(self, key: str) -> None:
        """Takes in a key; with a `*` at its end it is a stem."""
        _known.cache_clear()
        self.keys.add(key)
        if key[-1] == "*":
            self.stems.add(key[:-1])
        elif len(key) == 2 and key.isascii() and not key.isalnum():
            self.odd.add(key)


@lru_cache(maxsize=4)
def _known(vocabulary: Vocabulary, text: str) -> frozenset[str]:
    """All keys of a vocabulary that stand in a text."""
    words = LATIN.findall(text)
    if text.isascii():  # a pair of letters inside a word is no key
        pieces = {*text, *words, *(pair for pair in vocabulary.odd if pair in text)}
    else:
        pieces = {*text, *map(add, text, text[1:]), *words}
    for word in words:
        if "'" in word:
            parts = word.split("'")
            pieces.update(parts, ["'".join(parts[:size]) for size in range(2, len(parts))])
        for size in range(2, min(len(word), 12) + 1):
            if word[:size] in vocabulary.stems:
                pieces.add(word[:size] + "*")
    return frozenset(pieces & vocabulary.keys)


@dataclass(slots=True)
class RuleBook:
    """All rules of some files, and what must stand in a text before any of them is tried.

    Every item of a rule is filed once under its keys: pairs of characters, Latin words and stems. A rule is tried only
    when a key of each of its items stands in the text. Sets of rules are bits of one whole number: level by level,
    what may forbid each rule, the first items of all rules, then the second ones, and so on.
    The bits of a key are worked out when a text first holds it: most keys never come.
    """

    rules: list[Rule] = field(default_factory=list)
    stories: Sequence | None = None
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    _said: dict[str, list[tuple[str, Rule]]] = field(default_factory=dict)
    _items: dict[tuple[str, ...], list[tuple[int, int]] | None] = field(default_factory=dict)
    _filed: dict[str, list[list[tuple[int, int]]]] = field(default_factory=dict)
    _free: list[int] = field(default_factory=lambda: [0])
    _risky: int = 0
    _masks: dict[str, int] = field(default_factory=dict)
    _always: int = 0

    def __post_init__(self) -> None:
        """The words of a story are looked for with all others."""
        if self.stories is not None:
            for key in _needles(self.stories.items[0]) or ():
                self.vocabulary.note(key)

    def add(self, rule: Rule) -> None:
        """Takes a rule in and files it under the keys of its items."""
        bit = 1 << len(self.rules)
        self._masks.clear()
        self._always = 0
        if rule.literal:
            for word in rule.needs[0].items[0]:
                for key in _keys(word):
                    self._filed.setdefault(key, [])
                    self.vocabulary.note(key)
                    self._said.setdefault(key, []).append((word, rule))
        else:
            items = [item for need in rule.needs for item in need.items]
            self._free += [bit - 1] * (len(items) - len(self._free))
            for level, free in enumerate(self._free):
                uses = self._uses(items[level]) if level < len(items) else None
                if uses is None:
                    self._free[level] = free | bit
                else:
                    uses.append((level, len(self.rules)))
            for ban in rule.bans:
                uses = self._uses(ban.anchor)
                if uses is None:
                    self._risky |= bit
                else:
                    uses.append((BANNED, len(self.rules)))
        self.rules.append(rule)

    def _uses(self, item: tuple[str, ...]) -> list[tuple[int, int]] | None:
        """Where an item stands, as (level, rule); None for an item that no key can find, which is always awake."""
        if item not in self._items:
            keys = {key for word in item for key in _keys(word)}
            uses: list[tuple[int, int]] | None = [] if all(map(_is_scanned, keys)) else None
            self._items[item] = uses
            for key in keys if uses is not None else ():
                self._filed.setdefault(key, []).append(uses)  # type: ignore[arg-type]
                self.vocabulary.note(key)
        return self._items[item]

    def find(self, text: str) -> list[Hit]:
        """All rules that fire in a folded text, with every wording found, in the order of the rules."""
        keys = _known(self.vocabulary, text) & self._filed.keys()
        hits = self._find_said(text, keys)
        awake, banned = self._awake(keys)
        told = self.stories is None
        weaker = 1.0
        while awake:
            bit = awake & -awake
            awake ^= bit
            rule = self.rules[bit.bit_length() - 1]
            if not rule.may_hold(text, keys):
                continue
            found = rule.find(text, banned=bool(banned & bit))
            if not found:
                continue
            if rule.told and not told:
                told, weaker = True, TOLD if self.is_story(text) else 1.0
            weight = rule.weight * (weaker if rule.told else 1.0)
            hits += [Hit(rule.kind, rule.topic, weight, *place, id(rule)) for place in found]
        return hits

    def _awake(self, keys: Set[str]) -> tuple[int, int]:
        """The rules for each of whose items a key is there, and those that something there may forbid."""
        size = len(self.rules)
        if not self._always:
            for level, free in enumerate((self._risky, *self._free)):
                self._always |= free << level * size
        seen, masks = self._always, self._masks
        for key in keys:
            seen |= masks[key] if key in masks else self._mask(key)
        one = (1 << size) - 1
        banned, awake = seen & one, one
        for _ in self._free:
            seen >>= size
            awake &= seen
        return awake, banned

    def _mask(self, key: str) -> int:
        """The bits of a key, level by level; the lowest level is that of what it may forbid."""
        size, bits = len(self.rules), 0
        for uses in self._filed[key]:
            for level, number in uses:
                bits |= 1 << (level + 1) * size + number
        self._masks[key] = bits
        return bits

    def _find_said(self, text: str, keys: Set[str]) -> list[Hit]:
        """The rules that are nothing but words."""
        hits: list[Hit] = []
        for word, rule in [pair for key in keys & self._said.keys() for pair in self._said[key]]:
            if word.removesuffix("*") in text:
                if _latin(word[:1]):
                    spans = [match.span() for match in _pattern(word).finditer(text)]
                else:
                    spans = _places(word, text)
                hits += [Hit(rule.kind, rule.topic, rule.weight, *span, id(rule)) for span in spans]
        if len(hits) < 2:
            return hits
        return sorted(set(hits), key=lambda hit: (hit.start, hit.end, hit.kind, hit.topic, hit.weight))

    def is_story(self, text: str) -> bool:
        """Whether the text speaks of a film, a book or a game."""
        if self.stories is None:
            return False
        words = _needles(self.stories.items[0])
        if words is not None and words.keys().isdisjoint(_known(self.vocabulary, text)):
            return False
        return self.stories.search(text) is not None


def _holds_one(needles: dict[str, list[str]], text: str, keys: Set[str]) -> bool:
    for key in needles.keys() & keys:
        for needle in needles[key]:
            if needle in text:
                return True
    return False


@lru_cache(maxsize=10_000)
def _needles(item: tuple[str, ...]) -> dict[str, list[str]] | None:
    """What must stand in a text for each word of an item, under the keys that wake it; None where no key does."""
    needles: dict[str, list[str]] = {}
    for word in item:
        keys = _keys(word)
        if not all(map(_is_scanned, keys)):
            return None
        for key in keys:
            needles.setdefault(key, []).append(word.removesuffix("*") if _is_plain(word) else key.removesuffix("*"))
    return needles


@lru_cache(maxsize=4_000)
def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(_body(word))


def _places(word: str, text: str) -> list[tuple[int, int]]:
    places, at = [], text.find(word)
    while at >= 0:
        places.append((at, at + len(word)))
        at = text.find(word, at + 1)
    return places


def _is_scanned(key: str) -> bool:
    """Whether a key can be found among the pairs and words of a text."""
    return 0 < len(key) <= 2 or LATIN_KEY.fullmatch(key) is not None


def _alternatives(words: Iterable[str]) -> str:
    return "(?:" + "|".join(_body(word) for word in sorted(words, key=len, reverse=True)) + ")"


def _body(word: str) -> str:
    bare = word.strip("^$")
    body = SPECIAL.sub(lambda match: MEANS.get(match.group(), "\\" + match.group()), bare)
    if _latin(_first(bare)):
        body = f"(?<![{_WORDLY}])" + body
    if _latin(bare[-1]) or (bare[-1] == ")" and _latin(bare[bare.rindex("(") :].strip("()|")[-1:] or " ")):
        body += f"(?![{_WORDLY}]|'t)"
    return (r"^\W*" if word.startswith("^") else "") + body + (r"\W*$" if word.endswith("$") else "")


def _first(word: str) -> str:
    return word.lstrip("(|№")[:1]


def _latin(letter: str) -> bool:
    return bool(letter) and ((letter.isascii() and letter.isalnum()) or letter == "'" or "\u00df" <= letter <= "\u017f")


def _is_plain(word: str) -> bool:
    return not SPECIAL.search(word.removesuffix("*")) and word[0] != "^" and word[-1] != "$"


def _commonness(words: tuple[str, ...]) -> float:
    """How often an item may wake its rule: single characters are very common, and many words are."""
    cost = 0.0
    for word in words:
        if "(" in word:
            cost += 1.5 * min(8, word.count("|") + 1)
        else:
            size = len(word.strip("^$*№"))
            cost += 40.0 if size < 2 else 2.0 if size < 3 else 1.0
    return cost


@lru_cache(maxsize=100_000)
def _keys(word: str) -> tuple[str, ...]:
    """What wakes a word: one of these pairs of characters, Latin words and stems stands wherever the word does."""
    if word[0] >= "\u2e80" and (word[1:2] >= "\u2e80" or len(word) == 1):
        return (word[:2],)
    if word.isalpha() and word.isascii():
        return (word,)
    bare = word.strip("^$")
    while "(" in bare:
        bare, groups = GROUP.subn("\0", bare)
        if not groups:
            break
    if pair := EASTERN_PAIR.search(bare):
        return (pair.group(),)
    if whole := WHOLE_WORD.findall(bare):
        return (max(whole, key=len),)
    if choice := _choice(word.strip("^$")):
        return choice
    keys: list[str] = []
    for spelt in _openings(word.strip("^$")):
        if _latin(spelt[:1]):
            keys.append(max(LATIN_KEY.findall(spelt), key=len))
        else:
            before, _, after = spelt.partition("№")
            keys.append((before or after.lstrip("№"))[:2])
    return tuple(dict.fromkeys(keys))


def forget_keys() -> None:
    """Forget what wakes which word: asked ten thousand times while books are made, and hardly afterwards; 2 MB."""
    _keys.cache_clear()


def _choice(word: str) -> tuple[str, ...]:
    """A key for each variant of the smallest group that stands by itself and has no empty variant, or nothing."""
    best: tuple[str, ...] = ()
    for group in FLAT.finditer(word):
        if word.count("(", 0, group.start()) != word.count(")", 0, group.start()):
            continue
        variants = group.group(1).split("|")
        if all(map(EASTERN_PAIR.match, variants)):
            keys = tuple(variant[:2] for variant in variants)
        elif all(map(LONE.fullmatch, variants)) and LONELY.match(" " + word + " ", group.start()):
            keys = tuple(max(variant.split(" "), key=len) for variant in variants)
        else:
            continue
        if not best or len(keys) < len(best):
            best = keys
    return tuple(dict.fromkeys(best))


def _openings(word: str) -> list[str]:
    """The spellings of a word, or enough of their openings to find it by."""
    if "(" not in word:
        return [word]
    return [_open(head, whole=whole) for head, whole in _grow([("", True)], word)]


def _grow(heads: list[tuple[str, bool]], word: str) -> list[tuple[str, bool]]:
    """Adds a word to openings, piece by piece, until each of them is enough; False marks those that may go on."""
    at = 0
    while at < len(word):
        if all(not whole or _is_enough(head) for head, whole in heads):
            return [(head, False) for head, _ in heads]
        done = [head for head in heads if not head[1]]
        live = [head for head in heads if head[1]]
        if word[at] == "(":
            end = _group_end(word, at)
            for variant in _split(word[at + 1 : end - 1]):
                done += _grow(live, variant)
        else:
            end = at + 1
            done += [_grown(head + word[at]) for head, _ in live]
        heads = list(dict.fromkeys(done))
        at = end
    return heads


def _grown(head: str) -> tuple[str, bool]:
    """Two characters are enough for an Eastern word; a Latin one is better found by its longest word."""
    return head, _latin(head[0]) or not _is_enough(head)


def _group_end(word: str, at: int) -> int:
    depth = 0
    for end in range(at, len(word)):
        depth += (word[end] == "(") - (word[end] == ")")
        if depth == 0:
            return end + 1
    raise ValueError(f"a bracket without its partner in {word!r}")


def _open(head: str, *, whole: bool) -> str:
    """The part of an opening that is sure to stand as it is: a last Latin word may still go on."""
    if whole or not _latin(head[:1]):
        return head
    return head[: head.rindex(" ")] if " " in head else head


def _is_enough(head: str) -> bool:
    if not head:
        return False
    return " " in head.strip() or head[-1] >= "\u2e80" if _latin(head[0]) else len(head.lstrip("№")) >= 2


def parse(name: str, lines: Iterable[str], classes: dict[str, tuple[str, ...]]) -> Iterator[Rule]:
    """Reads the lines of a rule file; classes are added to `classes`. Raises Misconfigured with file and line."""
    kind = topic = ""
    for number, raw in enumerate(lines, 1):
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            kind, _, topic = line[1:-1].partition(" ")
            continue
        try:
            if kind == "class":
                classes[topic] = classes.get(topic, ()) + _words(fold_word(line), classes)
            else:
                yield _rule(kind, topic, line, classes)
        except (KeyError, ValueError) as problem:
            raise Misconfigured(
                f"{name}, line {number}: {problem!r} in {line!r}; see the head of rules.py"
            ) from problem


def _rule(kind: str, topic: str, line: str, classes: dict[str, tuple[str, ...]]) -> Rule:
    body, _, weight = line.partition("::")
    needed, *banned = fold_word(body).split(" ! ")
    told = any(STORY in part for part in banned)
    banned = [part for part in (_without_story(part) for part in banned) if part]
    return Rule(
        kind,
        topic,
        float(weight) if weight.strip() else 1.0,
        tuple(_sequence(part, classes) for part in needed.split(" & ")),
        tuple(_sequence(part, classes) for part in banned),
        told,
    )


def _without_story(part: str) -> str:
    return "|".join(word for word in _split(part.strip()) if word.strip() != STORY)


def _sequence(part: str, classes: dict[str, tuple[str, ...]]) -> Sequence:
    pieces = re.split(r"\s(~~?)\s", part.strip())
    items = tuple(_words(piece, classes) for piece in pieces[::2])
    return Sequence(items, tuple(pieces[1::2]))


def _words(item: str, classes: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    words: list[str] = []
    for word in map(str.strip, _split(item.strip())):
        if word.startswith("<") and word.endswith(">"):
            words.extend(classes[word[1:-1].upper()])
        else:
            words.append(word)
    if not all(words) or not words:
        raise ValueError("an empty word")
    return tuple(dict.fromkeys([*words, *map(_bare, words)]))


def _bare(word: str) -> str:
    """A word of the rules without its accents, as many write it; a short one (él, el) would mean something else."""
    return ACCENTED.sub(lambda match: match.group().translate(BARE), word)


def _split(item: str) -> list[str]:
    """Splits at the bars outside of round brackets; blanks are kept for the caller to strip."""
    if "(" not in item:
        return item.split("|")
    depth, start, parts = 0, 0, []
    for at, letter in enumerate(item):
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            parts.append(item[start:at])
            start = at + 1
    return [*parts, item[start:]]
