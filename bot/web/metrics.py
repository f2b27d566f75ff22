"""The figures for machines, as Prometheus reads them, behind a token of their own."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping

from aiohttp import web

from bot.web.site import METRICS_TOKEN, SITE

# Our name of a figure → theirs, its kind, and what it means.
GAUGES = {
    "oldest": ("jiegeng_open_oldest_seconds", "gauge", "Age of the oldest open episode."),
    "backlog": ("jiegeng_backlog", "gauge", "Episodes that are heard and neither posted nor ended; held ones apart."),
    "left_out": ("jiegeng_left_out_today", "gauge", "Mentions skipped since midnight UTC because too many waited."),
    "held": ("jiegeng_held", "gauge", "Episodes that wait for a person's yes or no."),
    "unsure": ("jiegeng_unsure", "gauge", "Episodes of which nobody knows whether they were posted."),
    "doubled": ("jiegeng_doubled_total", "counter", "Mentions that were answered twice."),
    "lost": ("jiegeng_lost_writes_total", "counter", "Compare-and-sets that came too late."),
    "audit.age": ("jiegeng_audit_age_seconds", "gauge", "Age of the oldest account's last timeline audit."),
    "audit.checked": ("jiegeng_audit_checked", "gauge", "Replies that the last audits saw."),
    "audit.found": ("jiegeng_audit_found", "gauge", "Replies among them that the journal did not know of."),
    "audit.strange": ("jiegeng_audit_strange", "gauge", "Replies among them that answer nothing we heard."),
    "audit.missing": ("jiegeng_audit_missing", "gauge", "Posted replies that do not stand there any more."),
}


async def metrics(request: web.Request) -> web.Response:
    """The figures as text; 404 while no token is set, 401 without it.

    Loopback alone would let everybody in: behind a reverse proxy each reader comes from there.
    """
    token = request.app[METRICS_TOKEN]
    if not token:
        raise web.HTTPNotFound
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode()):
        return web.Response(status=401, text="a bearer token is needed: JIEGENG_METRICS_TOKEN\n")
    text = "".join(told(await request.app[SITE].log.figures()))
    return web.Response(text=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def told(figures: Mapping[str, float]) -> Iterator[str]:
    """The figures in Prometheus' text format, a line each."""
    for name, (theirs, kind, meaning) in GAUGES.items():
        if name in figures or not name.startswith("audit."):
            yield f"# HELP {theirs} {meaning}\n# TYPE {theirs} {kind}\n{theirs} {_number(figures.get(name, 0.0))}\n"
    yield "# HELP jiegeng_today Episodes by the state they reached since midnight UTC.\n# TYPE jiegeng_today gauge\n"
    for name in sorted(figures):
        if name.startswith("today."):
            yield f'jiegeng_today{{state="{name.removeprefix("today.")}"}} {_number(figures[name])}\n'


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"
