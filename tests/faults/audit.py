"""Reads the platforms, the journal and the trouble that there was, and says whether the promise was kept."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.journal import Desk, Episodes
from bot.model import FINAL, Episode, State
from tests.faults.proxy import AMBIGUOUS, Proxy

# Platform and id of a mention.
Name = tuple[str, str]


@dataclass(frozen=True)
class Audit:
    """The figures of a round, and every way in which the promise was broken."""

    figures: Mapping[str, object]
    violations: tuple[str, ...]

    def table(self) -> str:
        width = max(map(len, self.figures))
        lines = [f"{name:<{width}}  {value}" for name, value in self.figures.items()]
        return "\n".join([*lines, *(f"VIOLATION  {line}" for line in self.violations)])


async def read_replies(session: aiohttp.ClientSession, forgetful: str, plaza: Path) -> dict[Name, list[str]]:
    """The ids of the robot's replies, deleted ones too, under each mention."""
    async with session.get(f"{forgetful}/stage/replies") as response:
        found = {("forgetful", there): list(ids) for there, ids in (await response.json()).items()}
    query = "SELECT p.parent, p.id FROM posts p JOIN people a ON a.id = p.author WHERE a.robot AND p.parent IS NOT NULL"
    with closing(sqlite3.connect(plaza / "plaza.db")) as db:
        for parent, reply in db.execute(query).fetchall():
            found.setdefault(("plaza", str(parent)), []).append(str(reply))
    return found


async def audit(
    journal: Episodes,
    said: Mapping[Name, float],
    replies: Mapping[Name, list[str]],
    proxies: Mapping[str, Proxy],
    done: Counter[str],
    ended: Sequence[str],
    *,
    faults: bool,
) -> Audit:
    """Compare what was said, what stands there and what the journal believes."""
    desk = Desk(journal)
    episodes = {_name(one): one for one in await desk.page(limit=1_000_000)}
    doubled = (await desk.figures())["doubled"]
    violations = [f"the journal raised {doubled:.0f} alarms 'doubled'"] if doubled else []
    for name in said:
        met = proxies[name[0]].met[name[1]]
        why = _wrong_with(name, episodes.get(name), replies.get(name, []), met, faults=faults, hurt=_hurt(done))
        if why:
            violations.append(f"{'/'.join(name)}: {why}; met {met}; {_story(episodes.get(name))}")
    if done["never quiet"]:
        violations.append("not every mention came to its end in time")
    violations += [f"ended by itself: {line}" for line in ended]
    states = Counter(one.state.value for one in episodes.values())
    standing = sum(bool(replies.get(name)) for name in said if name not in episodes or not _posted(episodes[name]))
    figures: dict[str, object] = {
        "mentions": len(said),
        "posted": states.pop(State.POSTED.value, 0),
        "doubled by the bot": sum(len(ids) > 1 for ids in replies.values()),
        "lost": len(set(said) - set(episodes)),
        "unsure": states.pop(State.UNSURE.value, 0),
        "failed": states.pop(State.FAILED.value, 0),
        "other ends": dict(states) or 0,
        "stands there, but not posted in the journal": standing,
        "kills, stops, flushes": f"{done['kills']}, {done['stops']}, {done['flushes']}",
    }
    for proxy in proxies.values():
        figures[f"trouble at {proxy.name}"] = dict(sorted(proxy.kinds.items())) or 0
        figures[f"seed at {proxy.name}"] = proxy.seed
    return Audit(figures, tuple(violations))


def _wrong_with(
    name: Name, episode: Episode | None, ids: list[str], met: list[str], *, faults: bool, hurt: bool
) -> str:
    if len(ids) > 1:
        return f"{len(ids)} replies stand there"
    if episode is None:
        return "lost"
    ambiguous = bool(AMBIGUOUS & set(met))
    match episode.state:
        case State.POSTED:
            return "" if episode.reply is not None and [episode.reply.id] == ids else f"posted, but {ids} stands there"
        case State.UNSURE:
            if name[0] == "plaza":
                return "unsure although the plaza keeps keys for ever"
            return "" if faults and (ambiguous or hurt) else "unsure although nothing happened"
        case State.FAILED:
            return "" if "refused for good" in met else "failed although nobody refused it"
        case state:
            return "it never ended" if state not in FINAL else f"{state.value} instead of answered"


def _hurt(done: Counter[str]) -> bool:
    return bool(done["kills"] or done["stops"])


def _posted(episode: Episode) -> bool:
    return episode.state is State.POSTED


def _name(episode: Episode) -> Name:
    return episode.mention.account.rpartition("@")[2], episode.mention.id


def _story(episode: Episode | None) -> str:
    if episode is None:
        return "no row"
    steps = " → ".join(f"{step.at:%M:%S.%f} {step.state.value} ({step.by}: {step.note})" for step in episode.steps)
    return f"{episode.reason}; {steps}"
