"""Hears what a text says: Chinese characters, pinyin, Zhuyin and mixtures of them become a string of syllables."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from safety.fold import Folded, rewrite, substitute
from safety.tables import load_syllables

FIRST = 0xA000  # syllables are written as Yi letters, so that a text and its sound are strings of the same kind
ZHUYIN_RUN = re.compile("(?:[\u3105-\u3129][\u02ca\u02c7\u02cb\u02c9]?)+")
ZHUYIN_TONES = re.compile("[\u02ca\u02c7\u02cb\u02c9]")
INITIALS = dict(
    zip(
        ["b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "zh", "ch", "sh", "r", "z", "c", "s"],
        "ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄓㄔㄕㄖㄗㄘㄙ",
        strict=True,
    )
)
PLAIN_FINALS = "a ㄚ o ㄛ e ㄜ ai ㄞ ei ㄟ ao ㄠ ou ㄡ an ㄢ en ㄣ ang ㄤ eng ㄥ er ㄦ i ㄧ u ㄨ v ㄩ"
MADE_FINALS = (
    "ia ㄧㄚ ie ㄧㄝ iao ㄧㄠ iu ㄧㄡ ian ㄧㄢ in ㄧㄣ"
    " iang ㄧㄤ ing ㄧㄥ ua ㄨㄚ uo ㄨㄛ uai ㄨㄞ ui ㄨㄟ uan ㄨㄢ un ㄨㄣ uang ㄨㄤ"
    " ong ㄨㄥ ve ㄩㄝ ue ㄩㄝ van ㄩㄢ vn ㄩㄣ iong ㄩㄥ"
)
FINALS: dict[str, str] = dict(zip(*[iter(f"{PLAIN_FINALS} {MADE_FINALS}".split())] * 2, strict=True))
ALONE = {
    "yi": "i", "ya": "ia", "ye": "ie", "yao": "iao", "you": "iu", "yan": "ian", "yin": "in", "yang": "iang",
    "ying": "ing", "wu": "u", "wa": "ua", "wo": "uo", "wai": "uai", "wei": "ui", "wan": "uan", "wen": "un",
    "wang": "uang", "weng": "ong", "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn", "yong": "iong",
}  # fmt: skip
LATIN_RUN = re.compile(r"(?<![a-z0-9_])[a-z]{2,80}(?![a-z0-9_])")
LONGEST = 6


@cache
def load_sound_codes() -> dict[str, str]:
    """Return each syllable of Mandarin with the Yi letter that stands for it."""
    return {sound: chr(FIRST + place) for place, sound in enumerate(sorted(set(load_syllables().values())))}


@cache
def load_zhuyin() -> dict[str, str]:
    """Return the syllables of Mandarin by their writing in Zhuyin, without tones."""
    return {signs: syllable for syllable in load_sound_codes() if (signs := write_zhuyin(syllable))}


def write_zhuyin(syllable: str) -> str:
    """Return a syllable of pinyin in Zhuyin, or nothing when it is none."""
    if syllable in ALONE:
        return FINALS[ALONE[syllable]]
    if re.fullmatch("(?:zh|ch|sh|[rzcs])i", syllable):
        return INITIALS[syllable[:-1]]
    for size in (2, 1, 0):
        first, last = syllable[:size], syllable[size:]
        if first in "jqx" and first and last.startswith("u"):
            last = "v" + last[1:]
        if (first == "" or first in INITIALS) and last in FINALS:
            return INITIALS.get(first, "") + FINALS[last]
    return ""


@lru_cache(maxsize=1024)
def read_zhuyin(run: str) -> str:
    """Return the syllables of a run of Zhuyin, or nothing when it cannot be cut into syllables.

    A tone mark ends a syllable; without one the longest syllable wins, as a reader would take it.
    """
    known, codes = load_zhuyin(), load_sound_codes()
    heard: list[str] = []
    for piece in filter(None, ZHUYIN_TONES.split(run)):
        place = 0
        while place < len(piece):
            size = next((size for size in (3, 2, 1) if piece[place : place + size] in known), 0)
            if not size:
                return ""
            heard.append(codes[known[piece[place : place + size]]])
            place += size
    return "".join(heard)


@cache
def load_sound_table() -> str:
    """Return the characters up to the last Han character with a known sound, each of those as its syllable character.

    As a string this is a translation table like any other: `str.translate` looks characters up by their numbers.
    """
    codes, syllables = load_sound_codes(), load_syllables()
    heard = {char: codes[sound] for char, sound in syllables.items()}
    return "".join([heard.get(char, char) for char in map(chr, range(ord(max(heard)) + 1))])


@lru_cache(maxsize=32)  # a text is heard for its words, by the classifier and for hidden texts
def sound(text: str) -> str:
    """Return the text with every Han character replaced by its syllable; the length does not change."""
    return text.translate(load_sound_table())


@lru_cache(maxsize=4096)
def split_pinyin(run: str) -> str:
    """Return the syllables of a Latin run such as `shabi`, or nothing when it is not whole pinyin."""
    codes = load_sound_codes()
    best: list[str | None] = [""] + [None] * len(run)
    for end in range(1, len(run) + 1):
        for size in range(min(LONGEST, end), 0, -1):
            before, piece = best[end - size], codes.get(run[end - size : end])
            if before is None or piece is None or (size == 1 and run[end - 1] not in "ae"):
                continue
            known = best[end]
            if known is None or len(before) + 1 < len(known):
                best[end] = before + piece
    return best[-1] or ""


def hear(folded: Folded) -> Folded:
    """Return the syllables of a folded text: Han characters by their reading, Latin runs when they are pinyin."""
    pieces: list[tuple[int, int, str]] = []
    for run in LATIN_RUN.finditer(folded.text):
        syllables = split_pinyin(run.group())
        if not syllables:
            continue
        if pieces and folded.text[pieces[-1][1] : run.start()] in {" ", "  "}:
            pieces.append((pieces[-1][1], run.start(), ""))
        pieces.append((run.start(), run.end(), syllables))
    heard = rewrite(folded, pieces) if pieces else folded
    if ZHUYIN_RUN.search(heard.text):
        heard = substitute(heard, ZHUYIN_RUN, lambda run: read_zhuyin(run.group()) or run.group())
    return Folded(sound(heard.text), heard.starts, heard.ends)
