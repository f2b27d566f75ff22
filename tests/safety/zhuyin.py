"""Writes Mandarin syllables in Zhuyin, from the table in safety.sounds read the other way round."""

from __future__ import annotations

from functools import cache

from safety.sounds import load_zhuyin


@cache
def load_written() -> dict[str, str]:
    return {syllable: signs for signs, syllable in load_zhuyin().items()}


def in_zhuyin(syllable: str) -> str:
    return load_written().get(syllable, syllable)
