"""Brings a text into the plain form in which names and words are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

NOISE = re.compile(r"https?://\S+|[@＠][\w.-]+(?:@[\w.-]+)?|\[[^\[\]]{1,8}\]")
HAN = re.compile("[\u3400-\u9fff]+")
HIDDEN = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFE0F, 0xFEFF))
LONGEST = 1000  # characters of a post that recall reads: the first 700 and the last 300


def fold(text: str) -> str:
    """Return `text` in NFKC, without case, invisible marks or traditional characters; the length may change."""
    return unicodedata.normalize("NFKC", text).casefold().translate(HIDDEN).translate(_simplified())


def shorten(text: str) -> str:
    """Return what a post says: without links, handles and [emoticons], at most LONGEST characters, opening and end."""
    kept = text if len(text) <= 2 * LONGEST else f"{text[:LONGEST]}\n{text[-LONGEST:]}"
    bare = NOISE.sub(" ", kept).strip()
    return bare if len(bare) <= LONGEST else f"{bare[:700]}\n{bare[-300:]}"


def speaks_chinese(text: str) -> bool:
    """Return whether at least a sixth of the letters are Han characters (one of them says as much as a word)."""
    han = len("".join(HAN.findall(text)))
    letters = sum(map(str.isalpha, text))
    return han * 6 >= letters if han else False


@cache
def _simplified() -> dict[int, str]:
    # Only characters, no phrases: a name has to compare equal in both scripts, it need not read well.
    table = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in table.splitlines())
    return {ord(row[0]): row[1] for row in rows if len(row) > 1 and len(row[0]) == 1}
