"""Reads the text of a persona file line by line; every mistake is named with its line and what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, NoReturn

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.errors import Misconfigured

PROSE = ("who", "banter", "warm", "comfort", "never")
LISTS = ("openers", "closers", "topics", "lines")
TONES = ("banter", "warm", "comfort")
CHATS = ("who", "robot", "there", "help", "thanks", "outcome", "empty", "glyphs", "puzzled", "news")
PLIGHTS = (
    "grief", "suicide_loss", "pet_death", "illness", "accident", "pregnancy_loss", "breakup", "exam_failure",
    "job_loss", "disaster", "bullying", "loneliness", "mental_illness", "panic", "family_conflict", "caregiving",
    "abuse_past", "guilt", "discrimination", "despair", "money", "presence", "robot",
)  # fmt: skip
TROUBLES = (
    "tired", "sleepless", "unwell", "work", "study", "anxious", "money", "loss_small", "regret", "nostalgia",
    "homesick", "lonely", "mixed", "parenting", "new", "job_hunt", "friction", "gripe", "weather", "farewell",
)  # fmt: skip

BLANKS: Mapping[str, str] = {
    "me": "the persona's display name",
    "topic": "a word of the `topics` list that stands in the post or the comment",
    "weekday": "the weekday that is named there",
    "meme": "the name of the meme that came to mind",
    "play": "that meme played: its finished sentence",
    "news": "the title of the topic of today that the post belongs to, where it is short",
}
_NEWS = frozenset({"me", "news"})
_PLAYFUL = frozenset(BLANKS) - {"news"}
_PLAIN = frozenset({"me"})
LINE_LIMIT = 120
ENOUGH = 3

_BLANK = re.compile(r"\{([^{}]*)\}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_FORBIDDEN = re.compile(r"https?:|www\.|[@＠#＃]|[\x00-\x08\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class Sampling(BaseModel):
    """How a model draws: its temperature, and how many candidates it is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=0.9, ge=0, le=2)
    candidates: int = Field(default=3, ge=1, le=8)


class Front(BaseModel):
    """The front matter of a persona file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Slug
    display: dict[Tag, Annotated[str, StringConstraints(min_length=1, max_length=20)]] = Field(min_length=1)
    languages: tuple[Tag, ...] = Field(min_length=1)
    note: Annotated[str, StringConstraints(max_length=200)] = ""
    sampling: Sampling = Sampling()
    model: str = ""


def blanks_in(line: str) -> frozenset[str]:
    """The names of the blanks of a line."""
    return frozenset(_BLANK.findall(line))


def read(text: str, where: str) -> tuple[Front, Body]:
    """The front matter and the sections of a persona file; raises Misconfigured as `where:line: …; write …`."""
    rows = text.removeprefix("\ufeff").splitlines()
    front, start = _read_front(rows, where)
    body = Body(where)
    for number, row in enumerate(rows[start:], start=start + 1):
        body.take(number, row)
    body.finish(front.languages)
    return front, body


def _refuse(where: str, number: int, wrong: str, remedy: str) -> NoReturn:
    raise Misconfigured(f"{where}:{number}: {wrong}; write {remedy}")


def _read_front(rows: list[str], where: str) -> tuple[Front, int]:
    """The front matter, and the index of the first row behind it."""
    if not rows or rows[0].strip() != "---":
        _refuse(where, 1, "the front matter is missing", "`---` as the first line, then name, display and languages")
    end = next((i for i, row in enumerate(rows[1:], start=1) if row.strip() == "---"), 0)
    if not end:
        _refuse(where, len(rows), "the front matter does not end", "`---` alone on a line behind it")
    try:
        found = yaml.safe_load("\n".join(rows[1:end])) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 2
        _refuse(where, line, f"not YAML ({getattr(error, 'problem', None) or 'unreadable'})", "`field: value`")
    if not isinstance(found, dict):
        _refuse(where, 2, "the front matter is not a list of fields", "`field: value` on each line")
    _refuse_doubles(rows[1:end], where)
    try:
        return Front.model_validate(found), end + 1
    except ValidationError as error:
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        path = [str(part) for part in first["loc"]]
        line = _line_of(rows[:end], path)
        if first["type"] == "extra_forbidden":
            known = tuple(Sampling.model_fields) if path[0] == "sampling" else tuple(Front.model_fields)
            _refuse(where, line, f"`{path[-1]}` is no field", f"one of {', '.join(known)}")
        if first["type"] == "missing":
            _refuse(where, line, f"`{path[-1]}` is missing", f"`{path[-1]}: …` in the front matter")
        _refuse(where, line, f"`{'.'.join(path)}`: {first['msg'].lower()}", "a value that fits (prompts/README.md)")


def _refuse_doubles(rows: list[str], where: str) -> None:
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        if match := re.match(r"([a-z_]+):", row):
            if match[1] in seen:
                _refuse(where, number, f"`{match[1]}` stands on line {seen[match[1]]} already", "it once")
            seen[match[1]] = number


def _line_of(rows: list[str], path: list[str]) -> int:
    """The line of the deepest part of a path that the front matter names."""
    for part in reversed(path):
        for number, row in enumerate(rows, start=1):
            if re.search(rf"(^|[\s{{,]){re.escape(part)}\s*:", row):
                return number
    return 1


@dataclass
class Body:
    """The sections of a file while it is read."""

    where: str
    prose: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    topics: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    head: str = ""
    last: int = 1

    def take(self, number: int, row: str) -> None:
        self.last = number
        stripped = row.strip()
        if row.startswith("## "):
            self.head = self._open(number, row[3:].split())
        elif not stripped or (stripped.startswith("<!--") and stripped.endswith("-->")):
            if self.head in self.prose:
                self.prose[self.head].append("")
        elif not self.head:
            _refuse(self.where, number, "text before the first section", "a `## ` heading above it")
        elif self.head in self.prose:
            self.prose[self.head].append(stripped)
        elif not stripped.startswith("- "):
            _refuse(self.where, number, "not an entry of a list", "`- ` in front of every line")
        else:
            self._enter(number, stripped[2:].strip())

    def _open(self, number: int, words: list[str]) -> str:
        section = words[0] if words else ""
        if section not in PROSE + LISTS:
            near = difflib.get_close_matches(section, PROSE + LISTS, n=1)
            hint = f" (did you mean `{near[0]}`?)" if near else ""
            _refuse(self.where, number, f"`{section}` is no section{hint}", f"one of {', '.join(PROSE + LISTS)}")
        wrong = _unfit(words)
        if wrong:
            _refuse(self.where, number, f"`## {' '.join(words)}` does not fit", wrong)
        head = " ".join(words)
        if head in self.heads:
            _refuse(self.where, number, f"`## {head}` stands on line {self.heads[head]} already", "it once")
        self.heads[head] = number
        if section in PROSE:
            self.prose[head] = []
        elif section == "topics":
            self.topics[words[1]] = {}
        else:
            self.lists[head] = []
        return head

    def _enter(self, number: int, entry: str) -> None:
        words = self.head.split()
        if words[0] == "topics":
            self._enter_topics(number, entry, self.topics[words[1]])
            return
        if words[0] != "lines":
            entry = entry[1:-1] if re.fullmatch(r'"[^"]*"', entry) else entry
        if len(entry) > LINE_LIMIT:
            _refuse(self.where, number, f"{len(entry)} characters", f"at most {LINE_LIMIT}")
        if found := _FORBIDDEN.search(entry):
            _refuse(self.where, number, f"{found[0]!r} may not stand in a reply", "the line without it")
        if entry in self.lists[self.head]:
            _refuse(self.where, number, "the line stands here twice", "it once")
        self._check_blanks(number, entry, _blanks_of(words))
        self.lists[self.head].append(entry)

    def _check_blanks(self, number: int, entry: str, allowed: frozenset[str]) -> None:
        listed = ", ".join(f"{{{name}}}" for name in BLANKS if name in allowed) or "none"
        for name in _BLANK.findall(entry):
            if name not in allowed:
                _refuse(self.where, number, f"{{{name}}} is no blank of this section", f"one of: {listed}")
        if re.search(r"[{}]", _BLANK.sub("", entry)):
            _refuse(self.where, number, "a brace without its partner", f"blanks as {{topic}}; here: {listed}")

    def _enter_topics(self, number: int, entry: str, into: dict[str, tuple[str, ...]]) -> None:
        matter, _, rest = entry.partition(":")
        words = tuple(word.strip() for word in re.split(r"[,，、]", rest) if word.strip())
        if not re.fullmatch(r"[a-z]+", matter) or not words:
            _refuse(self.where, number, "not a matter with its words", "`- commute: subway, bus, traffic`")
        if matter in into:
            _refuse(self.where, number, f"`{matter}` stands here twice", "it once")
        if long := next((word for word in words if len(word) > 16), ""):
            _refuse(self.where, number, f"`{long}` is too long to be repeated", "at most 16 characters a word")
        into[matter] = words

    def finish(self, languages: tuple[str, ...]) -> None:
        for section in PROSE:
            heads = [head for head in self.prose if head.split()[0] == section]
            if not heads:
                _refuse(self.where, self.last, f"no section `{section}`", f"`## {section} {languages[0]}` and its text")
            for head in heads:
                if not any(self.prose[head]):
                    _refuse(self.where, self.heads[head], f"`## {head}` is empty", "its text below it")
        for head, entries in self.lists.items():
            if not entries:
                _refuse(self.where, self.heads[head], f"`## {head}` is empty", "`- ` lines below it, or drop it")
        for language in languages:
            for tone in TONES:
                head = f"lines {tone} {language}"
                whole = [entry for entry in self.lists.get(head, ()) if not set(_BLANK.findall(entry)) - {"me"}]
                if len(whole) < ENOUGH:
                    at = self.heads.get(head, self.last)
                    _refuse(self.where, at, f"{len(whole)} lines without a blank", f"at least {ENOUGH} in `## {head}`")
        self._check_matters()

    def _check_matters(self) -> None:
        for head in self.lists:
            words = head.split()
            if words[0] == "lines" and len(words) == 4 and words[1] != "comfort":
                known = [*self.topics.get(words[2], {}), *(TROUBLES if words[1] == "warm" else ())]
                if words[3] not in known:
                    listed = ", ".join(known) or "none yet"
                    _refuse(
                        self.where, self.heads[head], f"`{words[3]}` is no matter of `## topics {words[2]}`",
                        f"it there first, or one of: {listed}",
                    )  # fmt: skip


def _unfit(words: list[str]) -> str:
    """What to write instead of a heading that does not fit; empty if it does."""
    section, rest = words[0], words[1:]
    if section in PROSE or section == "topics":
        fits = len(rest) == 1 and bool(_LANGUAGE.fullmatch(rest[0]))
        return "" if fits else f"`## {section} zh` (a language of two letters)"
    if section in ("openers", "closers"):
        fits = len(rest) == 2 and rest[0] in ("banter", "warm") and bool(_LANGUAGE.fullmatch(rest[1]))
        return "" if fits else f"`## {section} banter zh` or `## {section} warm zh`"
    if len(rest) not in (2, 3) or rest[0] not in TONES + CHATS or not _LANGUAGE.fullmatch(rest[1]):
        return f"`## lines KIND zh`, where KIND is one of {', '.join(TONES + CHATS)}"
    if len(rest) == 3 and rest[0] == "comfort" and rest[2] not in PLIGHTS:
        return f"a plight behind it: one of {', '.join(PLIGHTS)}"
    if len(rest) == 3 and rest[0] not in TONES:
        return f"`## lines {rest[0]} {rest[1]}`"
    return ""


def _blanks_of(words: list[str]) -> frozenset[str]:
    if words[0] == "lines" and words[1] in ("banter", "warm"):
        return _PLAYFUL
    if words[0] == "lines" and words[1] == "news":
        return _NEWS
    return _PLAIN if words[0] == "lines" else frozenset()
