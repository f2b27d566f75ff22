"""Keyed hashes: what must be recognised for ever and may not be read any more."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy import Connection, select

from bot.journal.schema import facts

MARK = "#"


@dataclass(frozen=True, slots=True)
class Seal:
    """The journal's own key. Whoever has the key can test a guess, so it is worth as much as the journal itself."""

    key: bytes

    def of(self, words: str) -> str:
        """HMAC-SHA256, cut to 160 bits."""
        return hmac.digest(self.key, words.encode(), hashlib.sha256).hex()[:40]

    def reply(self, account: str, reply_id: str) -> str:
        """What a tombstone keeps of one of our own replies."""
        return self.of(f"reply:{account}:{reply_id}")

    def person(self, person: str) -> str:
        """`id@host` as `#hash@host`; what is sealed already stays as it is."""
        if person.startswith(MARK):
            return person
        return f"{MARK}{self.of(f'person:{person}')}@{person.rpartition('@')[2]}"


@dataclass(frozen=True, slots=True)
class Nature:
    """What holds for a journal as a whole: its seal, and when it was restored from a backup, if it was."""

    seal: Seal
    restored_at: float | None


def load_nature(connection: Connection) -> Nature:
    """Ask the journal what it is."""
    restored = connection.scalar(select(facts.c.at).where(facts.c.name == "restored"))
    return Nature(load_seal(connection), restored)


def load_seal(connection: Connection) -> Seal:
    """The key of this journal, which its first migration made."""
    return Seal(bytes.fromhex(connection.scalars(select(facts.c.value).where(facts.c.name == "seal")).one()))
