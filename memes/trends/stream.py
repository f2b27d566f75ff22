"""Counts what the public posts we may read are about: hashtags, quoted phrases and new words, by distinct account."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from memes.cutter import Cutter, shared_cutter
from memes.plain import fold, shorten
from memes.trends.burst import Bursts
from memes.trends.title import clean_title

KEPT = timedelta(days=30)  # for which a use is kept
MOST_TERMS = 24  # terms that one post may have
REPEAT = 12  # hours in which the same wording counts once
LONGEST_USE = 200  # characters of a post that are kept as a use
MOST_USES = 40  # uses kept for one term
MOST_KEPT = 50_000  # terms whose uses are kept; the longest untouched go first
MOST_TODAY = 200_000  # terms whose accounts of the day are known
PAIR = 2  # accounts from which a term is handed to the detector: most phrases are said by one person only

_TAG = re.compile(r"#([^#\s]{2,30})#|(?<![\w&])#(\w{2,30})")
_QUOTE = re.compile(r"[“「『\"]([^“”「」『』\"\n]{3,16})[”」』\"]")


@dataclass(frozen=True)
class Post:
    """A post as the stream sees it. Only `public` ones of accounts that have not opted out are counted."""

    account: str
    text: str
    at: datetime
    public: bool = True


@dataclass(frozen=True)
class Use:
    """One public use of a phrase; `who` is a hash of the account, enough to tell accounts apart."""

    who: str
    text: str
    at: datetime


class Stream:
    """Watches posts as they come. `opted_out` says whether an account wants no part in it."""

    def __init__(
        self,
        bursts: Bursts,
        *,
        opted_out: Callable[[str], bool] = lambda account: False,
        cutter: Cutter | None = None,
        hash: Callable[[str], str] | None = None,
    ) -> None:
        """Begin without any post; `hash` turns an account into what is kept of it (a keyed hash of the operator's)."""
        self._bursts, self._opted_out, self._cutter = bursts, opted_out, cutter or shared_cutter()
        self.hash = hash or _hash
        self._now: dict[str, int] = {}
        self._today: dict[str, set[str]] = {}
        self._wordings: dict[str, datetime] = {}
        self._uses: dict[str, list[Use]] = {}
        self._day: datetime | None = None

    def see(self, post: Post) -> bool:
        """Count a post; return whether it counted. Private ones, repeats of a wording and opted-out accounts do not."""
        if not post.public or self._opted_out(post.account):
            return False
        plain = fold(shorten(post.text))
        if self._is_repeat(plain, post.at):
            return False
        who = self.hash(post.account)
        for term in find_terms(plain, self._cutter):
            self._keep(term, Use(who, post.text.strip()[:LONGEST_USE], post.at))
            self._count(term, who)
        _trim(self._today, MOST_TODAY)
        _trim(self._uses, MOST_KEPT)
        return True

    def turn_minute(self, now: datetime) -> tuple[str, ...]:
        """Close a minute and return the terms that burst in it. Call it every minute."""
        counts, self._now = self._now, {}
        self._wordings = {text: at for text, at in self._wordings.items() if now - at < timedelta(hours=REPEAT)}
        if self._day is None or now.date() != self._day.date():
            self._day, self._today = now, {}
            self.delete_before(now - KEPT)
        return self._bursts.step(counts)

    def list_uses(self, term: str) -> tuple[Use, ...]:
        """Return the kept uses of a term, the oldest first."""
        return tuple(self._uses.get(term, ()))

    def delete_before(self, moment: datetime) -> None:
        """Delete all uses older than a moment."""
        kept = {term: [use for use in uses if use.at >= moment] for term, uses in self._uses.items()}
        self._uses = {term: uses for term, uses in kept.items() if uses}

    def forget(self, account: str) -> str:
        """Delete all that this account contributed; return its hash, for whoever keeps uses elsewhere."""
        who = self.hash(account)
        kept = {term: [use for use in uses if use.who != who] for term, uses in self._uses.items()}
        self._uses = {term: uses for term, uses in kept.items() if uses}
        return who

    def _is_repeat(self, plain: str, at: datetime) -> bool:
        # Copied wordings are one voice: letters alone, so that a changed tail of marks does not make them new.
        wording = "".join(filter(str.isalnum, plain))[:60]
        if len(wording) < 12:
            return False
        known = self._wordings.get(wording)
        self._wordings.setdefault(wording, at)
        return known is not None and at - known < timedelta(hours=REPEAT)

    def _count(self, term: str, who: str) -> None:
        seen = self._today.setdefault(term, set())
        if who in seen:
            return
        seen.add(who)
        if len(seen) >= PAIR:
            new = PAIR if len(seen) == PAIR else 1
            self._now[term] = self._now.get(term, 0) + new

    def _keep(self, term: str, use: Use) -> None:
        uses = self._uses.pop(term, [])
        self._uses[term] = uses  # at the end of the order: touched last
        if all(other.who != use.who for other in uses):
            uses.append(use)
            del uses[:-MOST_USES]


def _hash(account: str) -> str:
    return hashlib.blake2b(account.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _trim(table: dict[str, Any], most: int) -> None:
    while len(table) > most:
        del table[next(iter(table))]


def find_terms(plain: str, cutter: Cutter) -> tuple[str, ...]:
    """Return what a folded post could be about: its hashtags, quoted phrases, and runs of words no dictionary knows."""
    tags = [clean_title(first or second) for first, second in _TAG.findall(plain)]
    quotes = [clean_title(found) for found in _QUOTE.findall(plain)]
    terms = (*tags, *quotes, *_find_new_words(plain, cutter))
    return tuple(dict.fromkeys(term for term in terms if len(term) > 1 and not term.isdigit()))[:MOST_TERMS]


def _find_new_words(plain: str, cutter: Cutter) -> Iterable[str]:
    # A word the dictionary lacks falls apart into single characters: two to six of them in a row are a candidate.
    run = ""
    for piece in (*cutter.cut(plain), " "):
        if len(piece) == 1 and "\u4e00" <= piece <= "\u9fff":
            run += piece
            continue
        yield from _windows(run)
        run = ""


def _windows(run: str) -> Iterable[str]:
    if 2 <= len(run) <= 6:
        yield run
    for size in (3, 4):
        if len(run) > size:
            yield from (run[at : at + size] for at in range(len(run) - size + 1))
