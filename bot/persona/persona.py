"""Who the bot is: what a persona file says, as one frozen value with a version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import Misconfigured
from bot.persona.file import TONES, Sampling, read


@dataclass(frozen=True, slots=True)
class Persona:
    """One version of a persona.

    `version` is `name@` and the first 12 hex digits of the sha256 of the file's content. `prose` holds what a model
    is told, by `section language`; `lists` what the offline writer says, by `lines banter zh commute` and the like;
    `topics` the words it may repeat, by language and matter; `text` is the whole file.
    """

    name: str
    version: str
    display: Mapping[str, str]
    languages: tuple[str, ...]
    note: str
    sampling: Sampling
    model: str
    prose: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    topics: Mapping[str, Mapping[str, tuple[str, ...]]]
    text: str = field(default="", repr=False)

    def called(self, language: str) -> str:
        """The name it goes by in a language."""
        return self.display.get(base(language)) or next(iter(self.display.values()))

    def tell(self, section: str, language: str) -> str:
        """The prose of a section in a language, else in the first language that has it."""
        for tag in (base(language), *self.languages):
            if text := self.prose.get(f"{section} {tag}"):
                return text
        return next(text for key, text in self.prose.items() if key.startswith(section + " "))

    def said(self, *words: str) -> tuple[str, ...]:
        """The entries of one list, such as `said("lines", "comfort", "zh", "grief")`; empty if there is none."""
        return self.lists.get(" ".join(word for word in words if word), ())

    def speaks(self, language: str) -> bool:
        """Whether it has lines of its own for every tone in a language."""
        return all(self.said("lines", tone, base(language)) for tone in TONES)


def base(language: str) -> str:
    """The language of a tag without script and region: `zh-Hant` is `zh`."""
    return language.replace("_", "-").partition("-")[0].lower()


def load_persona(path: Path) -> Persona:
    """Read and check a persona file; raises Misconfigured, whose message names the file, the line and the remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{_shown(path)}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except OSError as error:
        raise Misconfigured(f"{_shown(path)}: unreadable ({error.strerror}); write it or name another") from error
    return parse_persona(text, _shown(path))


def parse_persona(text: str, where: str = "persona.md") -> Persona:
    """Check the text of a persona file, as an editor does before it saves; raises Misconfigured as `load_persona`."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    front, body = read(text, where)
    return Persona(
        name=front.name,
        version=f"{front.name}@{digest}",
        display=front.display,
        languages=front.languages,
        note=front.note,
        sampling=front.sampling,
        model=front.model,
        prose={key: "\n".join(rows).strip() for key, rows in body.prose.items()},
        lists={key: tuple(rows) for key, rows in body.lists.items()},
        topics=body.topics,
        text=text,
    )


def _shown(path: Path) -> str:
    return "/".join(path.parts[-2:])
