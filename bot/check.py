"""Checks everything that a person may have written: settings, personas, memes, rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import memes.check
import safety
from bot.errors import Misconfigured, TryLater
from bot.footing import look_at_database, look_at_redis
from bot.label import Label
from bot.persona import load_persona
from bot.settings import Settings
from memes.files import LIBRARY
from memes.library import Library
from memes.trends.settings import load_sources


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was checked, and how it went."""

    good: bool
    what: str


def check_all(settings: Settings) -> Iterator[Line]:
    """Check one thing after the other; a line for each."""
    yield Line(good=True, what="settings")
    yield from _stores(settings)
    yield from _label(settings)
    yield from _personas(settings)
    yield from _memes(settings)
    yield from _words(settings)
    yield from _sources(settings)


def _sources(settings: Settings) -> Iterator[Line]:
    if settings.sources is None:
        yield Line(good=True, what="boards: none (JIEGENG_SOURCES names a file of them)")
        return
    try:
        sources = load_sources(settings.sources)
    except ValueError as trouble:
        yield Line(good=False, what=str(trouble))
    else:
        yield Line(good=True, what=f"boards: {', '.join(source.name for source in sources) or 'none'}")


def _stores(settings: Settings) -> Iterator[Line]:
    try:
        yield Line(good=True, what=asyncio.run(look_at_database(settings.journal_url)))
    except (Misconfigured, TryLater) as trouble:
        yield from (Line(good=False, what=line) for line in str(trouble).splitlines())
    if not settings.redis_url:
        return
    try:
        yield Line(good=True, what=asyncio.run(look_at_redis(settings.redis_url)))
    except Misconfigured as trouble:
        yield from (Line(good=False, what=line) for line in str(trouble).splitlines())
    except TryLater as later:
        yield Line(good=True, what=f"{later}; the bot would start and wait for it")


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
    learned = settings.learned if settings.learned.is_dir() else None
    folders = tuple(folder for folder in (LIBRARY, settings.memes, learned) if folder is not None)
    report = memes.check.check(folders)
    for problem in report.problems:
        if problem.fatal:
            yield Line(good=False, what=f"{problem.place}: {problem.text}")
    if not report.ok:
        return
    yield Line(good=True, what=f"memes: {report.cards} cards, {report.situations} situations")
    screen = safety.Filter.load(settings.words)
    loaded = Library.load(folders, screen=screen.lets_through)
    for refused in loaded.refused:
        yield Line(good=True, what=f"card {refused.card.id} is not played: {refused.why}")


def _words(settings: Settings) -> Iterator[Line]:
    try:
        loaded = safety.Filter.load(settings.words)
    except ValueError as trouble:
        yield Line(good=False, what=str(trouble))
    else:
        yield Line(good=True, what=f"safety filter {loaded.versions}")
