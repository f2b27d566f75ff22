"""Reads what a model answered: candidates without thoughts, numbers, quotation marks, markup or a handle in front."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache

import regex

from bot.label import clean

READ_LIMIT = 20_000
LINE_LIMIT = 2_000
_THOUGHT = r"(?:think|thinking|thought|reasoning|reflection)"
_THOUGHT_END = re.compile(rf"</{_THOUGHT}\s*>", re.IGNORECASE)
_THOUGHT_OPEN = re.compile(rf"<{_THOUGHT}\b[^<>]*>", re.IGNORECASE)
_FENCE = re.compile(r"```[\w-]*[ \t]*\n?(.*?)(?:```|$)", re.DOTALL)
_NUMBER = re.compile(
    r"^\s*(?:[（(]?\d{1,2}(?:[)）、．:：]|\.(?!\d))|[①-⑩]|[-*•·–—+>]+(?=\s)|>+|#{1,6}(?=\s)"
    r"|\**(?:候选|候選|candidate|option|reply|回复|回覆|版本)\s*[#＃]?\d{0,2}\s*[:：)）.、]\**)\s*",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"^(?:(?:sure|okay|ok|certainly|of course|好的|当然|没问题|收到)[,，!！.。\s]*)?"
    r"(?:here (?:are|is)|below are|these are|以下|下面|这里是|这是|三条|候选|candidates?\b|replies\b).{0,60}[:：]\s*$"
    r"|^(?:sure|okay|certainly|of course)[,!.\s]*$",
    re.IGNORECASE,
)
_MARKUP = (
    (re.compile(r"!?\[([^\[\]\n]*)\]\((?:[^()\s]*)\)"), r"\1"),
    (re.compile(r"(\*\*\*|\*\*|\*|__|~~|`)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
)
_HANDLES = re.compile(r"^(?:[@＠][\w.\-]+(?:@[\w.\-]+)?[\s:：,，]*)+")
_QUOTES = (("“", "”"), ('"', '"'), ("「", "」"), ("『", "』"), ("'", "'"), ("‘", "’"), ("«", "»"))
_SENTENCE = re.compile(r"[^。！？!?.]*[。！？!?.]+[”」』\"]?")
_WORDS = regex.compile(r"[\p{L}\p{N}\p{Emoji_Presentation}]")
_CLUSTER = regex.compile(r"\X")
# Small models repeat the fence, or the data block with its field names.
_NO_REPLY = re.compile(r"=====(?:DATA|END)|^</?\w+>$|^\"\w+\"\s*:|^(?:the )?(?:answers?|response)\s*:?$", re.IGNORECASE)


def candidates_in(answer: str, *, count: int, room: int, speaker: str = "", whole: bool = True) -> tuple[str, ...]:
    """Up to `count` different candidates of at most `room` characters, in the model's order.

    `speaker` is a name that the model may put in front of its words. When the answer was cut off (`whole` false) the
    last line keeps its whole sentences only. Candidates that are too long are used only if no other is
    left, cut at the end of a sentence.
    """
    text = clean(_bare(answer))
    found = list(_listed(text)) or text.splitlines()
    if not whole and found:
        found[-1] = "".join(_SENTENCE.findall(found[-1]))
    tidy = [line for line in (_tidy(line, speaker) for line in found) if line]
    fitting = [line for line in dict.fromkeys(tidy) if len(line) <= room]
    if not fitting:
        fitting = [short for short in (_cut(line, room) for line in tidy[:1]) if short]
    return tuple(fitting[:count])


def _bare(answer: str) -> str:
    """The answer without thoughts and code fences: what stands behind the last end of a thought, up to a new one."""
    text = _THOUGHT_OPEN.split(_THOUGHT_END.split(answer)[-1])[0].strip()[:READ_LIMIT]
    return _FENCE.sub(lambda found: f"\n{found[1]}\n", text).strip()


def _listed(text: str) -> Iterator[str]:
    """The strings of a JSON list, or of the first list inside a JSON object."""
    start = min((place for place in (text.find("["), text.find("{")) if place >= 0), default=-1)
    if start < 0 or (start > 0 and text[start - 1] not in "\n "):
        return
    try:
        value, _ = json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict):
        value = next((entry for entry in value.values() if isinstance(entry, list)), [value.get("text", "")])
    for entry in value if isinstance(value, list) else []:
        said = (
            next((part for part in entry.values() if isinstance(part, str)), "") if isinstance(entry, dict) else entry
        )
        if isinstance(said, str) and said.strip():
            yield " ".join(said.split())


def _tidy(line: str, speaker: str) -> str:
    """One candidate, or nothing if the line is none."""
    line = line.strip()[:LINE_LIMIT]
    if _PREAMBLE.match(line) or _NO_REPLY.search(line):
        return ""
    while True:
        before = line
        line = _HANDLES.sub("", _NUMBER.sub("", line)).strip()
        for pattern, kept in _MARKUP:
            line = pattern.sub(kept, line)
        if speaker and _named(speaker).match(line):
            line = line[len(speaker) :].lstrip(" :：")
        line = _unquote(line)
        if line == before:
            break
    return " ".join(line.split()) if _WORDS.search(line) else ""


@lru_cache(maxsize=16)
def _named(speaker: str) -> regex.Pattern[str]:
    """A name and a colon at the start of a line."""
    return regex.compile(rf"{regex.escape(speaker)}\s*[:：]", regex.IGNORECASE)


def _unquote(line: str) -> str:
    for left, right in _QUOTES:
        inner = line[1:-1]
        if (
            len(line) > 2
            and line.startswith(left)
            and line.endswith(right)
            and left not in inner
            and right not in inner
        ):
            return inner.strip()
    return line.removesuffix(",") if line[:1] in "\"'" and line.endswith(('",', "',")) else line


def _cut(line: str, room: int) -> str:
    """The whole sentences of a line that fit, else as many whole grapheme clusters with …"""
    kept = ""
    for sentence in _SENTENCE.findall(line):
        if len(kept) + len(sentence) > room:
            break
        kept += sentence
    if kept.strip():
        return kept.strip()
    for cluster in _CLUSTER.findall(line):
        if len(kept) + len(cluster) + 1 > room:
            break
        kept += cluster
    return f"{kept.rstrip()}…" if kept.strip() else ""
