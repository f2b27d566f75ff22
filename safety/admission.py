"""Measures every term and rule on ordinary posts: `python -m safety.admission DATA` writes what CI then asks for."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from safety.filter import Filter
from safety.fold import fold
from safety.lexicon import BadLexicon, Lexicon, load_lexicon
from safety.lexicon.parse import HERE
from safety.policy import load_policy
from safety.scan import scan
from safety.sounds import sound
from safety.verdict import Direction
from safety.views import Views, build_hearing, join

BLOCK_SHARE = 0.001  # of ordinary posts that the whole block tier may hit (issue D)
REVIEW_SHARE = 0.008
SHARES = {"block": 0.0002, "review": 0.001, "evidence": 0.02}  # of ordinary posts that one new entry may hit
RARE = 2  # occurrences in 20,000 posts
POOL = "safety/ordinary_posts.jsonl.gz"
UNSEEN = 3  # the quarter, by the first byte of the SHA-256 of a text, that no word was chosen with
TALK = "emotion/cped.jsonl.gz"
DIRECTIONS: tuple[Direction, ...] = ("out", "in")


def read_pool(data: Path) -> tuple[list[str], list[str]]:
    """Return the ordinary posts in two parts by text hash: three quarters to measure and collect with, one to check."""
    parts: tuple[list[str], list[str]] = ([], [])
    with gzip.open(data / POOL, "rt", encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["text"]
            parts[hashlib.sha256(text.encode()).digest()[0] % 4 == UNSEEN].append(text)
    return parts


def hash_pool(posts: Sequence[str]) -> str:
    """Return a hash that names a pool of posts."""
    return hashlib.sha256("\n".join(sorted(posts)).encode()).hexdigest()[:16]


def collect_ordinary(
    lexicon: Lexicon, posts: Sequence[str], talk: Sequence[str], words: Iterator[str]
) -> dict[str, set[str]]:
    """Return, for each word that may be matched by sound, the other writings that ordinary posts and talk use.

    A two-syllable word is left out when its sound is not rare in ordinary posts: writings that nobody has met yet would
    come, and be taken for a disguise.
    """
    index = build_hearing(lexicon.heard, {}).index
    found: dict[str, Counter[str]] = {word: Counter() for pairs in index.values() for _, word in pairs}
    for text in words:
        heard = sound(text)
        for syllables, word in index.get(heard[:2], ()):
            if syllables == heard and word != text:
                found[word][text] += 0
    for post in posts:
        note_writings(post, index, found)
    rare = [word for word, seen in found.items() if len(word) > 2 or seen.total() <= RARE]
    for line in talk:
        note_writings(line, index, found)
    return {word: set(found[word]) for word in rare}


def note_writings(line: str, index: Mapping[str, Sequence[tuple[str, str]]], found: dict[str, Counter[str]]) -> None:
    """Count the writings in one text that sound like a listed word and are another."""
    text = join(fold(line), frozenset()).text
    heard = sound(text)
    for place in range(len(heard) - 1):
        for syllables, word in index.get(heard[place : place + 2], ()):
            written = text[place : place + len(syllables)]
            if written != word and heard.startswith(syllables, place):
                found[word][written] += 1


def read_talk(data: Path) -> list[str]:
    """Return the lines of CPED, everyday dialogue (Apache-2.0): only to learn how harmless words are written."""
    with gzip.open(data / TALK, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def read_dictionary() -> Iterator[str]:
    """Yield the words of jieba's dictionary."""
    from jieba import Tokenizer  # noqa: PLC0415 - only this builder needs it

    words = Tokenizer()
    words.initialize()
    yield from (word for word, count in words.FREQ.items() if count and 1 < len(word) < 6)


def measure(lexicon_filter: Filter, posts: Sequence[str]) -> tuple[Counter[str], Counter[str]]:
    """Return hits by term or rule, and posts hit by tier (a post counts once for its highest tier)."""
    hits: Counter[str] = Counter()
    tiers: Counter[str] = Counter()
    keys = {rule.name: rule.key for rule in lexicon_filter.lexicon.rules}
    for post in posts:
        views = Views(post, lexicon_filter.unmasking)
        reasons = [reason for way in DIRECTIONS for reason in scan(views, lexicon_filter.lexicon, way)]
        for rule in {reason.rule for reason in reasons}:
            hits[keys.get(rule, rule.partition(" ")[2])] += 1
        # What only judges what people write, injection and crisis, is no word that a reply may not hold.
        risks = {reason.risk for reason in reasons if reason.code not in {"injection", "crisis", "distress"}}
        tiers["block" if "high" in risks else "review" if "medium" in risks else "none"] += 1
    return hits, tiers


@cache
def load_admission() -> tuple[dict[str, str], dict[str, int]]:
    """Return the heading (pool, hash, posts, shares) and the measured hits of every term and rule."""
    heading: dict[str, str] = {}
    hits: dict[str, int] = {}
    for line in (HERE / "admission.tsv").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("\t")
        if key.startswith("# "):
            heading[key[2:]] = value
        elif key:
            hits[key] = int(value)
    return heading, hits


def list_keys(lexicon: Lexicon) -> set[str]:
    """Return what must have been measured: every term, and the key of every rule."""
    terms = {term.text for terms in lexicon.terms.values() for term in terms}
    return terms | {rule.key for rule in lexicon.rules}


def main(data: Path) -> None:
    """Write ordinary.tsv, then admission.tsv, and say what was measured."""
    known, unseen = read_pool(data)
    lexicon = load_lexicon()
    ordinary = collect_ordinary(lexicon, known, read_talk(data), read_dictionary())
    head = f"# Writings that sound like a listed word: {POOL} ({hash_pool(known)}), CPED, jieba's dictionary.\n"
    rows = "".join(f"{word}\t{' '.join(sorted(found))}\n" for word, found in sorted(ordinary.items()))
    (HERE / "ordinary.tsv").write_text(head + rows, encoding="utf-8")
    loaded = Filter.load()
    hits, tiers = measure(loaded, known)
    _, check = measure(loaded, unseen)
    keys = sorted(list_keys(lexicon))
    heading = {
        "pool": f"{POOL}, the three quarters whose SHA-256 does not begin with a byte of remainder {UNSEEN} by 4",
        "hash": hash_pool(known),
        "posts": str(len(known)),
        "block": str(tiers["block"]),
        "review": str(tiers["review"]),
        "check_posts": str(len(unseen)),
        "check_block": str(check["block"]),
        "check_review": str(check["review"]),
    }
    text = "".join(f"# {key}\t{value}\n" for key, value in heading.items())
    text += "".join(f"{key}\t{hits[key]}\n" for key in keys)
    (HERE / "admission.tsv").write_text(text, encoding="utf-8")
    report(heading, hits, lexicon)


def report(heading: dict[str, str], hits: Counter[str], lexicon: Lexicon) -> None:
    """Print the shares and the words that hit most."""
    places: dict[str, str] = defaultdict(str, {rule.key: rule.name for rule in lexicon.rules})
    total, check = int(heading["posts"]), int(heading["check_posts"])
    for tier, limit in (("block", BLOCK_SHARE), ("review", REVIEW_SHARE)):
        share, again = int(heading[tier]) / total, int(heading[f"check_{tier}"]) / check
        sys.stdout.write(f"{tier}: {share:.4%} of known posts, {again:.4%} of unseen ones (limit {limit:.2%})\n")
    for key, count in hits.most_common(40):
        sys.stdout.write(f"{count}\t{key} {places[key]}\n")


def propose(path: Path, data: Path) -> None:
    """Print what became of every candidate of a list that somebody wants admitted; raises BadLexicon for a bad file.

    A row says: hits on the known posts, the verdict (admit, too common, known already), tier, code and word. Nothing is
    written: a person who reads the language reviews the rows, moves the good ones into a list, and measures again.
    """
    ours, theirs = load_lexicon(), load_lexicon((path,))
    known = list_keys(ours)
    loaded = Filter(theirs, load_policy())
    posts, _ = read_pool(data)
    hits, _ = measure(loaded, posts)
    rows = [
        (t.text, t.text, t.entry)
        for terms in theirs.terms.values()
        for t in terms
        if t.entry.where.startswith(path.name)
    ]
    rows += [(rule.key, rule.name, rule.entry) for rule in theirs.rules if rule.entry.where.startswith(path.name)]
    for key, name, entry in sorted(rows, key=lambda row: (-hits[row[0]], row[0])):
        most = SHARES[entry.tier] * len(posts)
        what = "known already" if key in known else "too common" if hits[key] > most else "admit"
        sys.stdout.write(f"{hits[key]}\t{what}\t{entry.tier}\t{entry.code}\t{name}\n")


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "propose":
        try:
            propose(Path(sys.argv[2]), Path(sys.argv[3]))
        except BadLexicon as bad:
            sys.exit(str(bad))
    else:
        main(Path(sys.argv[1]))
