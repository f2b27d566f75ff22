"""What every page shares: the things it was given, the reader's language, and how a template becomes a response."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from bot.model import State, Tone
from bot.web import findings, notes, words
from bot.web.filters import RISKS, WHEN
from bot.web.notes import cue_kind
from bot.web.ports import Keys, Log
from bot.web.story import EVIDENCE, bars, bubbles, decisions, doubts, moments, sendings, unchosen
from bot.web.text import clip, hue, initial, plain, show


@dataclass(frozen=True, slots=True)
class Site:
    """The arguments of `make_web`, and the templates."""

    log: Log
    keys: Keys
    clock: Callable[[], float]
    accounts: Collection[str]
    plaza: str
    offline: bool
    troubles: Callable[[], Sequence[str]]
    secure: bool
    templates: Environment


SITE = web.AppKey("site", Site)
METRICS_TOKEN = web.AppKey("metrics_token", str)
SESSION = web.RequestKey("session", str)
MODE = web.RequestKey("mode", str)


def load_templates() -> Environment:
    """The templates: everything escaped, an unknown name is an error."""
    templates = Environment(
        loader=PackageLoader("bot.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"show": show, "clip": clip, "initial": initial, "hue": hue, "plain": plain}
    templates.filters["moment_of"] = partial(datetime.fromtimestamp, tz=UTC)
    templates.globals |= {
        "bars": bars,
        "bubbles": bubbles,
        "decisions": decisions,
        "doubts": doubts,
    }
    templates.globals |= {
        "moments": moments,
        "unchosen": unchosen,
        "sendings": sendings,
        "cue_kind": cue_kind,
        "State": State,
        "EVIDENCE": EVIDENCE,
        "Tone": Tone,
        "RISKS": RISKS,
        "WHEN": WHEN,
    }
    return templates


def render(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    """The template as a page in the reader's language; what cannot be encoded becomes a question mark."""
    site = request.app[SITE]
    language = words.choose(request.cookies.get("lang", ""), request.headers.get("Accept-Language", ""))
    session = request.get(SESSION, "")
    html = site.templates.get_template(template).render(
        site=site,
        language=language,
        say=partial(words.say, language),
        name=partial(words.name, language),
        note=partial(notes.tell, language),
        cue=partial(notes.cue, language),
        why=partial(findings.why, language),
        code_name=partial(findings.code_name, language),
        mode=request.get(MODE, ""),
        tell=lambda word, **parts: escape(words.WORDS[word][language == "en"]).format(**parts),
        span=partial(words.span, language),
        ago=lambda at: words.ago(language, site.clock() - at.timestamp()),
        stamp=stamp,
        here=request.path_qs,
        signed_in=bool(session),
        seal=seal(session),
        now=site.clock(),
        **values,
    )
    return web.Response(body=html.encode("utf-8", "replace"), content_type="text/html", charset="utf-8", status=status)


def seal(session: str) -> str:
    """The token in every form of this session: who knows it has read our page, so it is no other site."""
    return hashlib.blake2b(session.encode(), digest_size=16, person=b"jiegeng-form").hexdigest()


def stamp(at: datetime) -> str:
    """A moment as `<time datetime>` wants it; the page's script turns it into the reader's own clock."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def zone(request: web.Request) -> int:
    """Minutes by which the reader's clock is ahead of UTC, as their browser told us, or 0."""
    told = request.cookies.get("zone", "0")
    return int(told) if told.lstrip("-").isdecimal() and abs(int(told)) <= 840 else 0
