"""Looks a text's readings through for the terms and rules of the lexicon."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from itertools import islice, zip_longest
from operator import add

from safety.addressee import soften
from safety.fold import HAN, Folded, fold
from safety.lexicon.entries import Entry, Lexicon, Rule, Term
from safety.pairs import pair_up
from safety.surface import note
from safety.tables import know_words
from safety.verdict import GRADES, Direction, Reason, Risk
from safety.views import Views

RISKS: dict[str, Risk] = {"block": "high", "review": "medium", "evidence": "low"}
MOST_RULES = 100  # no ordinary post meets more than 90; only a heap of listed words does
MOST_PLACES = 8  # of one blocked term
DRAWN_OUT = re.compile(rf"([{HAN}])(?:[\W_]{{0,3}}\1){{2}}")
SHORTEST_BACKWARDS = 3
FARTHEST = 40  # Han characters, or three letters each, between the parts of one rule
LATIN_WORD = re.compile(r"[a-z]{3,}")
HAN_CHAR = re.compile(f"[{HAN}]")


def scan(views: Views, lexicon: Lexicon, direction: Direction) -> list[Reason]:
    """Return what the lexicon finds in any reading of the text, each term or rule once."""
    found: dict[str, Reason] = {}
    for name, folded in list_readings(views):
        here: dict[str, list[Reason]] = {}
        for rule, reason in search(name, folded, lexicon, direction, found):
            if rule not in found:
                start, end = folded.span(reason.start, reason.end)
                text = views.original[start:end][:80]
                there = reason.model_copy(update={"start": start, "end": end, "text": text})
                here.setdefault(rule, []).append(there)
        found |= {rule: weigh_places(places, views.original) for rule, places in here.items()}
    found |= {rule: reason for rule, reason in find_drawn_out(views, lexicon, direction) if rule not in found}
    return list(found.values())


def weigh_places(places: list[Reason], original: str) -> Reason:
    """Return the worst place of a finding: what is said in passing may be thrown at somebody in the next sentence."""
    if len(places) == MOST_PLACES:
        return places[0]  # nobody says a thing in passing so many times
    return max(soften(places, original), key=lambda reason: GRADES.index(reason.risk))


def find_drawn_out(views: Views, lexicon: Lexicon, direction: Direction) -> Iterator[tuple[str, Reason]]:
    """Yield terms with a doubled character, where that and others are drawn out (幼幼幼幼资资资源源源)."""
    if not DRAWN_OUT.search(views.plain.text):
        return
    text = views.joined.text
    for place in find_places(text, lexicon.doubled):
        for squeezed, term in lexicon.doubled[text[place : place + 2]]:
            start, end = views.joined.span(place, place + len(squeezed))
            there = views.original[start:end]
            applies = term.entry.way in {"both", direction} and "joined" in term.entry.views
            if applies and text.startswith(squeezed, place) and DRAWN_OUT.search(fold(there).text):
                reason = explain(term.entry, term.text, (start, end), "joined")
                yield term.text, reason.model_copy(update={"text": there[:80]})


def list_readings(views: Views) -> Iterator[tuple[str, Folded]]:
    """Yield the readings that differ from each other, plainest first."""
    plain = views.plain
    yield "plain", plain
    if views.joined.text != plain.text:
        yield "joined", views.joined
    known = {plain.text, views.joined.text}
    for unmasked in (views.unmasked, views.reassembled, views.regrouped):
        if unmasked.text not in known:
            known.add(unmasked.text)
            yield "unmasked", unmasked
    if len(views.heads.text) >= SHORTEST_BACKWARDS:
        yield "picked", views.heads
    if views.breathless is not views.joined:
        yield "picked", views.breathless
    backwards = views.backwards
    if HAN_CHAR.search(plain.text) or reads_better(backwards.text, plain.text, views.unmasking.english):
        yield "reversed", backwards


def reads_better(backwards: str, forwards: str, english: frozenset[str]) -> bool:
    """Say whether a Latin text holds more known words when read from its end."""
    known = know_words(english)
    there = sum(word in known for word in LATIN_WORD.findall(forwards))
    back = sum(word in known for word in LATIN_WORD.findall(backwards))
    return back >= 2 and back > there


def search(
    name: str, folded: Folded, lexicon: Lexicon, direction: Direction, known: Container[str] = frozenset()
) -> Iterator[tuple[str, Reason]]:
    """Yield terms and rules that stand in one reading, with spans of that reading; no rule that is known already.

    A term of the block tier comes with its first few places, everything else with its first.
    """
    text = folded.text
    met: Counter[str] = Counter()
    for place in find_places(text, lexicon.terms):
        there = [term for term in lexicon.terms[text[place : place + 2]] if text.startswith(term.text, place)]
        term = next((term for term in there if stands(term, text, place, name, direction)), None)
        if term is not None and met[term.text] < (MOST_PLACES if term.entry.tier == "block" else 1):
            met[term.text] += 1
            yield term.text, explain(term.entry, term.text, (place, place + len(term.text)), name)
    if name == "picked" or (name == "reversed" and HAN_CHAR.search(text)):
        return  # a rule is about the order of words: picked out or read from its end a text fits many by chance
    rules = collect_rules(lexicon, text)
    if len(rules) > MOST_RULES:
        yield "salad", note("length", "salad", "high", (0, len(text)), "too many listed words to check it in time")
    for rule in islice(rules.values(), MOST_RULES):
        span = find_rule(rule, text, name, direction) if rule.name not in known else None
        if span is not None:
            yield rule.name, explain(rule.entry, rule.name, span, name)


def find_places(text: str, beginnings: Mapping[str, object]) -> list[int]:
    """Return the places where one of the beginnings, of two characters each, stands."""
    known = beginnings.keys() & pair_up(text)
    return [place for place, pair in enumerate(map(add, text, text[1:])) if pair in known] if known else []


def collect_rules(lexicon: Lexicon, text: str) -> dict[str, Rule]:
    """Return the rules of which an anchor stands in the text, in the order of their anchors there."""
    anchors = lexicon.anchors
    known = anchors.keys() & pair_up(text)
    rules: dict[str, Rule] = {}
    seen: set[str] = set()
    if not known:
        return rules
    for place, (char, following) in enumerate(zip_longest(text, text[1:], fillvalue="")):
        for beginning in (char, char + following):
            for word, tied in anchors[beginning] if beginning in known else ():
                if word not in seen and text.startswith(word, place):
                    seen.add(word)
                    rules |= tied
    return rules


def find_rule(rule: Rule, text: str, name: str, direction: Direction) -> tuple[int, int] | None:
    """Return where the rule's pattern stands, unless its exception does too."""
    entry = rule.entry
    if name not in entry.views or entry.way not in {"both", direction}:
        return None
    spans: list[tuple[int, int]] = []
    for pattern in rule.patterns:
        match = pattern.search(text)
        if match is None:
            return None
        spans.append(match.span())
    if rule.unless is not None and rule.unless.search(text):
        return None
    start, end = min(spans)[0], max(span[1] for span in spans)
    farthest = FARTHEST if HAN_CHAR.search(text) else 3 * FARTHEST
    return (start, end) if len(spans) == 1 or end - start <= farthest else None


def stands(term: Term, text: str, place: int, name: str, direction: Direction) -> bool:
    """Say whether a term that was found counts here: right view and way, whole Latin words, no harmless phrase."""
    entry, end = term.entry, place + len(term.text)
    if name not in entry.views or entry.way not in {"both", direction}:
        return False
    if name in {"reversed", "picked"} and len(term.text) < SHORTEST_BACKWARDS:
        return False
    if is_latin(term.text[0]) and place and is_latin(text[place - 1]):
        return False
    if is_latin(term.text[-1]) and end < len(text) and is_latin(text[end]):
        return False
    return not any(covers(phrase, term, text, place) for phrase in term.allowed)


def is_latin(char: str) -> bool:
    """Say whether the character belongs to a Latin word or a number."""
    return "a" <= char <= "z" or "0" <= char <= "9"


def covers(phrase: str, term: Term, text: str, place: int) -> bool:
    """Say whether the term at this place is part of the phrase.

    A phrase without the term counts when it is near, but not for the block tier: nobody may talk a term out of it.
    """
    word = term.text
    offset = phrase.find(word)
    if offset < 0:
        return term.entry.tier != "block" and phrase in text[max(0, place - 12) : place + len(word) + 12]
    while offset >= 0:
        if text.startswith(phrase, place - offset) and place >= offset:
            return True
        offset = phrase.find(word, offset + 1)
    return False


def explain(entry: Entry, rule: str, span: tuple[int, int], view: str) -> Reason:
    """Put a finding into words."""
    how = {
        "plain": "",
        "joined": ", its characters held apart",
        "unmasked": ", disguised",
        "reversed": ", backwards",
        "picked": "; it is picked out of others",
    }
    return Reason(
        code=entry.code,
        rule=rule if ".lex:" in rule else f"{entry.where} {rule}",
        risk=RISKS[entry.tier],
        start=span[0],
        end=span[1],
        why=f"the word list ({entry.tier}) finds {entry.code} here{how[view]}",
    )
