"""Care texts: what the bot says in a crisis, reviewed by people and never written by a model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from safety.label import strip_fake_labels

KINDS = ("self_harm", "violence_at_home", "danger_now", "child_abuse", "stalking", "threat", "third_person")
NEEDS = ("soul", "emergency", "home", "child", "police")
LANGUAGES = ("zh-Hans", "zh-Hant", "en", "ja", "ko", "es")
USUAL_REGION = {"zh-Hans": "CN", "zh-Hant": "TW", "en": "INTL", "ja": "JP", "ko": "KR", "es": "INTL"}
LONGEST = 2_000  # no care text is near this
HERE = Path(__file__).parent


class BadCare(ValueError):
    """The care texts cannot be used; the message names the file and what is missing."""


@dataclass(frozen=True, slots=True)
class CareText:
    """A text for one kind of crisis; `id` is `kind/language/region`, `sha256` is of the text's UTF-8 bytes."""

    id: str
    text: str
    sha256: str


def care(kind: str, language: str, region: str | None = None) -> CareText:
    """Return the text for a crisis of this kind, in this language, with the help lines of this region.

    `language` is a BCP 47 tag (`zh-Hant-HK` is understood, and tells the region); an unknown one gets English. A region
    that we hold no lines for in that language gets the international directory. Raises KeyError for an unknown kind.
    """
    spoken = choose_language(language)
    place = region or region_of(language) or USUAL_REGION[spoken]
    place = "UK" if place.upper() == "GB" else place
    texts = load_texts()
    if kind not in KINDS:
        raise KeyError(f"unknown crisis kind {kind!r}; use one of {', '.join(KINDS)}")
    return texts.get((kind, spoken, place.upper())) or texts[kind, spoken, "INTL"]


def choose_language(language: str) -> str:
    """Return the language of ours that is nearest to a BCP 47 tag."""
    tag = language.lower().replace("_", "-")
    if tag.startswith(("zh", "yue")):
        old = any(part in tag.split("-") for part in ("hant", "tw", "hk", "mo")) or tag.startswith("yue")
        return "zh-Hant" if old else "zh-Hans"
    short = tag.split("-")[0]
    if short in {"mix", "und", ""}:
        return "zh-Hans" if short == "mix" else "en"
    return short if short in LANGUAGES else "en"


def region_of(language: str) -> str | None:
    """Return the region that a BCP 47 tag names, if we hold lines for it."""
    parts = language.upper().replace("_", "-").split("-")[1:]
    parts = ["UK" if part == "GB" else part for part in parts]
    return next((part for part in parts if part in load_lines()), None)


def is_care(text: str) -> bool:
    """Say whether a text is one of ours, unchanged (a label behind it does not matter)."""
    if not 40 <= len(text) <= LONGEST:
        return False
    hashes = load_hashes()
    return digest(text.strip()) in hashes or digest(strip_fake_labels(text).strip()) in hashes


def digest(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def load_hashes() -> frozenset[str]:
    """Return the hashes of all care texts."""
    return frozenset(text.sha256 for text in load_texts().values())


@cache
def load_lines() -> dict[str, dict[str, Any]]:
    """Return the help lines by region."""
    return dict(read_yaml("lines.yaml"))


@cache
def load_texts() -> dict[tuple[str, str, str], CareText]:
    """Return every text by kind, language and region, its help lines filled in. Raises BadCare when one is missing."""
    texts: dict[tuple[str, str, str], CareText] = {}
    drafts = read_yaml("texts.yaml")
    for language in LANGUAGES:
        for kind in KINDS:
            if kind not in drafts.get(language, {}):
                raise BadCare(f"texts.yaml: {language} has no text for {kind}. Write one")
            for region, lines in load_lines().items():
                if all(language in lines[need] for need in NEEDS):
                    words = drafts[language][kind].format(**{need: lines[need][language] for need in NEEDS})
                    texts[kind, language, region] = CareText(f"{kind}/{language}/{region}", words, digest(words))
    return texts


def read_yaml(name: str) -> dict[str, Any]:
    """Read one of our files. Raises BadCare with the parser's line when it is not YAML."""
    try:
        content = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BadCare(f"{name}: {error}. Mend the line") from error
    if not isinstance(content, dict):
        raise BadCare(f"{name}: not a mapping. Take the file of the last release")
    return content
