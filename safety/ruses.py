"""Takes off ruses that leave every character in sight: fillers, doubled characters, gaps in contacts, misspellings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from safety.ahead import compile_ahead
from safety.fold import DOUBLE_HAN, HAN, Folded, substitute, thin_out
from safety.pairs import pair_up
from safety.sounds import split_pinyin
from safety.tables import know_words, load_english

FILLED = re.compile(rf"[{HAN}]([^\s{HAN}])[{HAN}](?:\1[{HAN}])+|[{HAN}]([{HAN}])[{HAN}](?:\2[{HAN}]){{2,}}")
TWICE = re.compile(rf"(?:([{HAN}])\1){{3,}}")
PAIR = re.compile(rf"([{HAN}])\1([{HAN}])\2")
GAP = r"[\W_]{0,2}"
GAPS = re.compile(r"[\W_]+")
HAN_CHAR = re.compile(f"[{HAN}]")
CONTACTS = frozenset({"微信", "qq", "tg"})
LONGEST_CONTACT = 3
LATIN_WORD = re.compile(r"(?<![a-z0-9])[a-z]+(?![a-z0-9])")
COARSE = frozenset({
    "fuck", "fucking", "fucked", "fucker", "motherfucker", "shit", "shitty", "bullshit", "bitch", "bitches",
    "whore", "slut", "cunt", "pussy", "dick", "nigger", "niggers", "nigga", "faggot", "faggots", "retard",
    "retarded", "retards", "asshole", "assholes", "bastard", "idiot", "idiots", "stupid", "moron", "kill",
    "killed", "suicide", "rape", "raped", "porn", "nudes", "cocaine", "heroin", "worthless", "trash", "scum",
    "pervert", "pedophile",
})  # fmt: skip
INNOCENT = frozenset(["sheet", "sheets", "keel", "keeled", "niger"])
PERSONS = {"u": "you", "ur": "your"}
SHORTEST = 4  # letters of a word that a misspelling may stand for
SAME_SOUND = (
    ("ph", "f"), ("ck", "k"), ("ee", "i"), ("ea", "i"), ("you", "u"), ("z", "s"), ("y", "i"), ("c", "k"), ("q", "k"),
    ("x", "ks"), ("er", "a"), ("w", "v"),
)  # fmt: skip
TWIN = re.compile(r"([a-z])\1+")


@dataclass(frozen=True, slots=True)
class Ruses:
    """What undoing ruses looks up: coded names of messengers, and the words of the lists by the way they sound."""

    contacts: Mapping[str, str] = field(default_factory=dict)
    contact_pattern: re.Pattern[str] | None = None
    contact_beginnings: frozenset[str] = frozenset()
    respelt: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    insults: frozenset[str] = frozenset()


def build_ruses(aliases: Mapping[str, str], english: frozenset[str], insults: Iterable[str]) -> Ruses:
    """Prepare the look-ups from the coded spellings, the Latin words and the insults of the lists.

    Two doubled characters are common (看看奶奶), so they are read as one word only where that is an insult.
    """
    contacts = {
        alias: meant
        for alias, meant in {**aliases, "qq": "qq", "tg": "tg"}.items()
        if meant in CONTACTS and 1 < len(alias) <= LONGEST_CONTACT and alias.isalnum()
    }
    known = know_words(english)
    respelt: dict[str, str] = {}
    for word in sorted(english):
        if len(word) >= SHORTEST and word.isalpha():
            respelt.setdefault(spell(word), word)
    respelt.update((spell(word), word) for word in sorted(COARSE))
    for word in load_english() - english:  # what sounds like a common word is that word
        respelt.pop(spell(word), None)
    pattern = compile_ahead(any_gapped(contacts)) if contacts else None
    first = frozenset(contact[0] for contact in contacts)
    return Ruses(contacts, pattern, first, respelt, known, frozenset(insults))


def any_gapped(words: Iterable[str]) -> str:
    """Return a pattern for any of the words with up to two signs between its characters, and blanks around it."""
    inner = "|".join(GAP.join(map(re.escape, word)) for word in sorted(words, key=len, reverse=True))
    return rf"(?:(?<=[{HAN}]) )?(?<![a-z0-9])(?:{inner})(?![a-z0-9])(?: (?=[{HAN}]))?"


def undo(folded: Folded, ruses: Ruses) -> Folded:
    """Return the text with every such ruse taken off; the same object comes back when there is none."""
    if ruses.contact_pattern is not None and not ruses.contact_beginnings.isdisjoint(pair_up(folded.text)):
        folded = substitute(
            folded, ruses.contact_pattern, lambda found: ruses.contacts.get(GAPS.sub("", found[0]), found[0])
        )
    if HAN_CHAR.search(folded.text):
        folded = thin_out(folded, FILLED, every_other)
        if DOUBLE_HAN.search(folded.text):
            folded = thin_out(folded, TWICE, every_other)
            folded = thin_out(
                folded, PAIR, lambda found: every_other(found) if found[1] + found[2] in ruses.insults else ()
            )
    return respell(folded, ruses)


def every_other(found: re.Match[str]) -> range:
    """Return the second, fourth, … place of a match."""
    return range(found.start() + 1, found.end(), 2)


def respell(folded: Folded, ruses: Ruses) -> Folded:
    """Write misspelt English as it sounds (phuk, zhit, beetch): only words that nobody knows, and never pinyin.

    Only where a coarse word stands in the text or comes out: many a harmless word sounds like another one.
    """
    words = set(LATIN_WORD.findall(folded.text))
    if not words:
        return folded
    strange = [word for word in words if is_strange(word, ruses)]
    meant = {word: heard for word in strange if (heard := ruses.respelt.get(spell(word))) is not None}
    if (words | set(meant.values())) & COARSE == set():
        return folded
    meant |= {word: PERSONS[word] for word in words & PERSONS.keys()}
    return substitute(folded, LATIN_WORD, lambda found: meant.get(found[0], found[0])) if meant else folded


def is_strange(word: str, ruses: Ruses) -> bool:
    """Say whether a Latin word is neither known nor pinyin, so that it may be a misspelling."""
    return len(word) >= SHORTEST - 1 and word not in ruses.known and word not in INNOCENT and not split_pinyin(word)


def spell(word: str) -> str:
    """Return a spelling that is the same for words that sound alike: phuck, fukk and fuck."""
    for written, heard in SAME_SOUND:
        word = word.replace(written, heard)
    return TWIN.sub(r"\1", word)
