"""What a lexicon holds: single terms, and rules that join classes of words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Tier = Literal["block", "review", "evidence"]
View = Literal["plain", "joined", "unmasked", "reversed", "picked"]
VIEWS: tuple[View, ...] = ("plain", "joined", "unmasked", "reversed", "picked")


class BadLexicon(ValueError):
    """A word list cannot be used; the message names file, line and remedy."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the terms and rules of one section share, and where it stands.

    `views` are the disguises that may be taken off to find it; `way` is the direction it applies to; `where` is
    `file:line`; `source` says who wrote it.
    """

    code: str
    tier: Tier
    way: Literal["in", "out", "both"]
    views: frozenset[str]
    source: str
    where: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase that is a finding by itself; inside one of the `allowed` phrases it is none."""

    text: str
    entry: Entry
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Patterns that must all match, tried only when one of the anchors stands in the text, void where `unless` matches.

    `name` is `file:line`; `key` is a hash of the rule itself, which stays when lines move.
    """

    name: str
    key: str
    entry: Entry
    patterns: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Lexicon:
    """All lists together, indexed for one pass over a text.

    `terms` and `anchors` are indexed by their first two characters, an anchor leads to its rules by name; `heard` are
    words that may hide behind homophones; `aliases` maps coded spellings to the word meant. `doubled` are terms in
    which a character stands twice in a row, each behind its form with one, indexed as `terms` are.
    """

    terms: Mapping[str, Sequence[Term]]
    anchors: Mapping[str, Sequence[tuple[str, dict[str, Rule]]]]
    words: Mapping[str, tuple[str, ...]]
    heard: frozenset[str]
    aliases: Mapping[str, str]
    alias_pattern: re.Pattern[str] | None
    english: frozenset[str]
    version: str
    files: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    doubled: Mapping[str, Sequence[tuple[str, Term]]] = field(default_factory=dict)
