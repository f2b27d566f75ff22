"""Checks everything that a person may have written: settings, personas, memes, rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import memes.check
import safety
from bot.errors import Misconfigured
from bot.label import Label
from bot.persona import load_persona
from bot.settings import Settings
from memes.files import LIBRARY


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was checked, and how it went."""

    good: bool
    what: str


def check_all(settings: Settings) -> Iterator[Line]:
    """Check one thing after the other; a line for each."""
    yield Line(good=True, what="settings")
    yield from _label(settings)
    yield from _personas(settings)
    yield from _memes(settings)
    yield from _words(settings)


def _label(settings: Settings) -> Iterator[Line]:
    try:
        Label(settings.label_zh, settings.label_en)
    except Misconfigured as trouble:
        yield Line(good=False, what=str(trouble))
    else:
        yield Line(good=True, what=f"label: {settings.label_zh} {settings.label_en}")


def _personas(settings: Settings) -> Iterator[Line]:
    files = sorted(path for path in settings.prompts.glob("*.md") if path.stem != "README")
    if not any(path.stem == settings.persona for path in files):
        names = ", ".join(path.stem for path in files) or "none"
        what = f"{settings.prompts}/{settings.persona}.md is missing; set JIEGENG_PERSONA to one of: {names}"
        yield Line(good=False, what=what)
    for path in files:
        try:
            persona = load_persona(path)
        except Misconfigured as trouble:
            yield Line(good=False, what=str(trouble))
        else:
            yield Line(good=True, what=f"persona {persona.version}")


def _memes(settings: Settings) -> Iterator[Line]:
    report = memes.check.check(tuple(folder for folder in (LIBRARY, settings.memes) if folder is not None))
    for problem in report.problems:
        if problem.fatal:
            yield Line(good=False, what=f"{problem.place}: {problem.text}")
    if report.ok:
        yield Line(good=True, what=f"memes: {report.cards} cards, {report.situations} situations")


def _words(settings: Settings) -> Iterator[Line]:
    try:
        loaded = safety.Filter.load(settings.words)
    except ValueError as trouble:
        yield Line(good=False, what=str(trouble))
    else:
        yield Line(good=True, what=f"safety filter {loaded.versions}")
