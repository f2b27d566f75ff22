"""Reads the platforms, the journal, the queue and the trouble that there was, and says whether the promise was kept."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import aiohttp
from redis.asyncio import Redis

from bot.journal import Desk, Episodes
from bot.model import FINAL, Episode, State, Step
from tests.faults.proxy import AMBIGUOUS, NOBODY_WAITED, Proxy

# Between our noting that a process was hurt and its being so, in seconds.
SLACK = 0.2
REFUSED = "refused for good"
# Platform and id of a mention.
Name = tuple[str, str]


@dataclass(frozen=True)
class Audit:
    """The figures of a round, and every way in which the promise was broken; `counts` are the figures to be added up."""

    figures: Mapping[str, object]
    violations: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    def table(self) -> str:
        width = max(map(len, self.figures))
        lines = [f"{name:<{width}}  {value}" for name, value in self.figures.items()]
        return "\n".join([*lines, *(f"VIOLATION  {line}" for line in self.violations)])


@dataclass(frozen=True)
class Evidence:
    """What there is to be looked at after a round: what people said, what stands there, and what we did to the bot.

    `hurt` are the times in which each process was dead or stopped; `hints` the keys that the queue still knows.
    """

    said: Mapping[Name, float]
    replies: Mapping[Name, list[str]]
    episodes: Mapping[Name, Episode]
    proxies: Mapping[str, Proxy]
    hints: Sequence[str]
    hurt: Mapping[int, Sequence[tuple[float, float]]]
    faults: bool

    def ambiguous(self, name: Name) -> bool:
        """Whether something was done after which nobody can know whether this mention's reply was posted."""
        if AMBIGUOUS & set(self.proxies[name[0]].met[name[1]]):
            return True
        episode = self.episodes.get(name)
        steps = episode.steps if episode is not None else ()
        return any(
            self._hurt_between(step, after)
            for step, after in pairwise((*steps, None))
            if step is not None and _is_intent(step)
        )

    def _hurt_between(self, intent: Step, after: Step | None) -> bool:
        """Whether whoever wrote the intent was dead or stopped before the next thing was written of this mention."""
        since, until = intent.at.timestamp() - SLACK, after.at.timestamp() + SLACK if after else math.inf
        times = self.hurt.get(int(intent.by.rpartition(":")[2]), ())
        return any(begin <= until and end >= since for begin, end in times)


def _is_intent(step: Step) -> bool:
    return step.state is State.POSTING and not step.note


async def read_replies(session: aiohttp.ClientSession, forgetful: str, plaza: Path) -> dict[Name, list[str]]:
    """The ids of the robot's replies, deleted ones too, under each mention."""
    async with session.get(f"{forgetful}/stage/replies") as response:
        found = {("forgetful", there): list(ids) for there, ids in (await response.json()).items()}
    query = "SELECT p.parent, p.id FROM posts p JOIN people a ON a.id = p.author WHERE a.robot AND p.parent IS NOT NULL"
    with closing(sqlite3.connect(plaza / "plaza.db")) as db:
        for parent, reply in db.execute(query).fetchall():
            found.setdefault(("plaza", str(parent)), []).append(str(reply))
    return found


async def read_episodes(journal: Episodes) -> dict[Name, Episode]:
    """Every row, under the mention it is about."""
    rows = await Desk(journal).page(limit=1_000_000)
    return {(one.mention.account.rpartition("@")[2], one.mention.id): one for one in rows}


async def read_hints(url: str) -> list[str]:
    """The keys that wait in every lane of the queue."""
    async with Redis.from_url(url, decode_responses=True) as redis:
        lanes = [lane async for lane in redis.scan_iter("jiegeng:wake:*", _type="zset")]
        return [str(key) for lane in lanes for key in await redis.zrange(lane, 0, -1)]


def audit(evidence: Evidence, done: Mapping[str, int], *, doubled: float, ended: Sequence[str] = ()) -> Audit:
    """Compare what was said, what stands there and what the journal believes."""
    violations = [f"the journal raised {doubled:.0f} alarms 'doubled'"] if doubled else []
    for name in evidence.said:
        if why := _wrong_with(name, evidence):
            met = evidence.proxies[name[0]].met[name[1]]
            violations.append(f"{'/'.join(name)}: {why}; met {met}; {_story(evidence.episodes.get(name))}")
    known = {one.key for one in evidence.episodes.values()}
    violations += [f"the queue knows {key!r} and the journal does not" for key in {*evidence.hints} - known]
    if done.get("never quiet"):
        violations.append("not every mention came to its end in time")
    violations += [f"ended by itself: {line}" for line in ended]
    counts = _counts(evidence, done)
    return Audit(_figures(evidence, done, counts), tuple(violations), counts)


def _counts(evidence: Evidence, done: Mapping[str, int]) -> dict[str, int]:
    said, replies, episodes = evidence.said, evidence.replies, evidence.episodes
    states = Counter(episodes[name].state for name in said if name in episodes)
    return {
        "mentions": len(said),
        "kills": done.get("kills", 0),
        "posted": states[State.POSTED],
        "lost": len(set(said) - set(episodes)),
        "doubled": sum(len(replies.get(name, ())) > 1 for name in said),
        "unsure": states[State.UNSURE],
        "ambiguous": sum(evidence.ambiguous(name) for name in said if name[0] == "forgetful"),
        "failed": states[State.FAILED],
        "refused": sum(REFUSED in evidence.proxies[name[0]].met[name[1]] for name in said),
    }


def _figures(evidence: Evidence, done: Mapping[str, int], counts: Mapping[str, int]) -> dict[str, object]:
    said, replies, episodes = evidence.said, evidence.replies, evidence.episodes
    named = (State.POSTED, State.UNSURE, State.FAILED)
    others = Counter(episodes[name].state for name in said if name in episodes and episodes[name].state not in named)
    standing = [name for name in said if replies.get(name) and not _posted(episodes.get(name))]
    figures: dict[str, object] = {
        "mentions": counts["mentions"],
        "posted": counts["posted"],
        "doubled by the bot": counts["doubled"],
        "lost": counts["lost"],
        "unsure": f"{counts['unsure']} of {counts['ambiguous']} that were made ambiguous at the forgetful platform",
        "failed": f"{counts['failed']} of {counts['refused']} that were refused for good",
        "other ends": {state.value: count for state, count in others.items()} or 0,
        "stands there, but not posted in the journal": len(standing),
        "hints left in the queue": len(evidence.hints),
        "done to the bot": ", ".join(f"{what} {count}" for what, count in sorted(done.items())) or "nothing",
    }
    for proxy in evidence.proxies.values():
        figures[f"trouble at {proxy.name}"] = dict(sorted(proxy.kinds.items())) or 0
    return figures


def _wrong_with(name: Name, evidence: Evidence) -> str:
    ids, episode = evidence.replies.get(name, []), evidence.episodes.get(name)
    met = evidence.proxies[name[0]].met[name[1]]
    if len(ids) > 1:
        return f"{len(ids)} replies stand there"
    if episode is None:
        return "lost"
    match episode.state:
        case State.POSTED:
            return "" if episode.reply is not None and [episode.reply.id] == ids else f"posted, but {ids} stands there"
        case State.UNSURE:
            if name[0] == "plaza":
                return "unsure although the plaza keeps keys for ever"
            injected = evidence.faults or NOBODY_WAITED in met
            return "" if injected and evidence.ambiguous(name) else "unsure although nothing happened"
        case State.FAILED:
            return "" if REFUSED in met else "failed although nobody refused it"
        case state:
            return "it never ended" if state not in FINAL else f"{state.value} instead of answered"


def _posted(episode: Episode | None) -> bool:
    return episode is not None and episode.state is State.POSTED


def _story(episode: Episode | None) -> str:
    if episode is None:
        return "no row"
    steps = " → ".join(f"{step.at:%M:%S.%f} {step.state.value} ({step.by}: {step.note})" for step in episode.steps)
    return f"{episode.reason}; {steps}"


def seen_at_once(said: Sequence[Name], replies: Mapping[Name, list[str]], episodes: Mapping[Name, Episode]) -> str:
    """What no later moment can make good again: a second reply, or a mention that the cursor has left behind."""
    for name in said:
        if len(replies.get(name, ())) > 1:
            return f"{'/'.join(name)} has {len(replies[name])} replies"
    for platform in {name[0] for name in said}:
        there = [name for name in said if name[0] == platform]
        behind = [name for number, name in enumerate(there) if name not in episodes and {*there[number:]} & {*episodes}]
        if behind:
            return f"{'/'.join(behind[0])} was passed over"
    return ""
