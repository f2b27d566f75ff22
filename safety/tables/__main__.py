"""Builds the tables from pypinyin, OpenCC's dictionary and the 拆字 data: `python -m safety.tables DATA`."""

from __future__ import annotations

import gzip
import sys
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

from safety.tables import HERE

HEAD = "# Built by `python -m safety.tables DATA`; sources and licences: see NOTICE.\n"


def write(name: str, rows: dict[str, str]) -> None:
    """Write `key TAB characters` rows under the heading."""
    text = "".join(f"{key}\t{chars}\n" for key, chars in sorted(rows.items()))
    (HERE / name).write_text(HEAD + text, encoding="utf-8")


def build_simplified() -> dict[str, str]:
    """Invert OpenCC's TSCharacters: simplified character -> the traditional ones that become it."""
    spec = find_spec("opencc")
    if spec is None or spec.origin is None:
        raise SystemExit("opencc-python-reimplemented is not installed")
    rows: dict[str, str] = defaultdict(str)
    path = Path(spec.origin).parent / "dictionary" / "TSCharacters.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        old, _, news = line.partition("\t")
        new = news.split(" ")[0]
        if len(old) == 1 and len(new) == 1 and old != new:
            rows[new] += old
    return rows


def build_syllables() -> dict[str, str]:
    """Ask pypinyin for the first reading of every character of the basic block."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - only the builder needs it

    rows: dict[str, str] = defaultdict(str)
    for code in [*range(0x4E00, 0xA000), 0x3007]:
        sound = lazy_pinyin(chr(code), style=Style.NORMAL, errors="ignore", v_to_u=False)
        if sound and sound[0].isascii():
            rows[sound[0]] += chr(code)
    return rows


def build_parts(data: Path, simplified: dict[str, str], common: set[str]) -> dict[str, str]:
    """Keep two- and three-part splits of common characters; of several characters for one split the commonest wins."""
    from jieba import Tokenizer  # noqa: PLC0415 - only the builder needs it

    words = Tokenizer()
    words.initialize()
    found: dict[str, tuple[int, str]] = {}
    with gzip.open(data / "safety" / "chaizi-jt.txt.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            char, *splits = line.rstrip("\n").split("\t")
            if char not in common:
                continue
            for split in splits:
                parts = [simplified.get(part, part) for part in split.split(" ")]
                key = "".join(parts)
                plain = len(parts) not in {2, 3} or len(key) != len(parts) or char in parts
                if plain or key == char:
                    continue
                weight = int(words.FREQ.get(char, 0) or 0)
                # 女子, 日月 and the like are words: read as parts they would change half of all texts.
                if words.FREQ.get(key) and int(words.FREQ[key]) > 300:
                    continue
                found[key] = max(found.get(key, (-1, "")), (weight, char))
    rows: dict[str, str] = defaultdict(str)
    for key, (_, char) in sorted(found.items()):
        rows[char] += ("\t" if rows[char] else "") + key + char
    return rows


def main(data: Path) -> None:
    """Write simplified.tsv, syllables.tsv and parts.tsv."""
    simplified = build_simplified()
    write("simplified.tsv", simplified)
    write("syllables.tsv", build_syllables())
    back = {old: new for new, olds in simplified.items() for old in olds}
    # GB 2312 is the set of characters people know; rarer ones are hardly ever taken apart.
    common = {chr(code) for code in range(0x4E00, 0xA000) if is_common(chr(code))}
    parts = build_parts(data, back, common)
    text = "".join(f"{row}\n" for _, row in sorted(parts.items()))
    (HERE / "parts.tsv").write_text(HEAD + text, encoding="utf-8")


def is_common(char: str) -> bool:
    """Say whether GB 2312 knows the character."""
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]))
