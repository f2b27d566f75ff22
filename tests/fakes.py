"""Stand-ins with a memory: a platform that can fail in every way, a scripted writer, a queue in a list, a whole world."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bot.composer import Composer
from bot.delivery import Delivery
from bot.errors import GiveUp, TryLater, Unsure
from bot.journal import Desk, Episodes
from bot.label import Label
from bot.model import (
    Author,
    Brief,
    Draft,
    Episode,
    Feeling,
    Mention,
    Post,
    Reading,
    Recalled,
    Reply,
    Tone,
    Topic,
    Verdict,
)
from bot.pipeline import Bot
from bot.ports import ABSENT, PERMANENT, UNKNOWN, Adviser, Alert, Batch, Found, Hint, Once, Own
from bot.rules import Rules
from safety.verdict import Context

NOW = datetime.now(UTC)
ACCOUNT = "阿梗@plaza"


class Killed(BaseException):
    """The process was killed on this line: nothing after it runs, no handler, no clean-up."""


def author(name: str = "小满", *, bot: bool = False) -> Author:
    return Author(id=f"id-{name}", handle=name, name=name, bot=bot)


def mention(
    words: str = "@阿梗 周一早上地铁挤成照片了",
    *,
    id: str = "m1",
    by: Author | None = None,
    thread: tuple[Post, ...] = (),
    account: str = ACCOUNT,
) -> Mention:
    return Mention(account=account, id=id, author=by or author(), text=words, thread=thread, at=NOW)


def post(words: str, *, id: str = "p1", by: Author | None = None) -> Post:
    return Post(id=id, author=by or author("楼主"), text=words, at=NOW - timedelta(minutes=5))


@dataclass
class FakePlatform:
    """One account in a place whose every failure is scripted.

    `faults` is taken from the left, one for each post: "before" (drops the request), "after" (takes it and drops the
    answer), "late" (takes it only at `land()`), "busy", "refuse"; an empty queue means that all goes well.
    """

    account: str = ACCOUNT
    once: Once = PERMANENT
    limit: int = 200
    incoming: list[Mention] = field(default_factory=list)
    posts: list[tuple[str, str, str]] = field(default_factory=list)
    faults: deque[str] = field(default_factory=deque)
    requests: int = 0
    gone: set[str] = field(default_factory=set)
    deleted: list[str] = field(default_factory=list)
    floating: list[tuple[Mention, str, str]] = field(default_factory=list)
    blind: bool = False
    on_post: Callable[[], None] = lambda: None

    def measure(self, words: str) -> int:
        return len(words)

    def address(self, mention: Mention) -> str:
        return ""

    async def start(self) -> str:
        return "0"

    async def mentions(self, cursor: str, *, wait: float) -> Batch:
        new = self.incoming[max(0, int(cursor) - 1) :]  # one step of overlap, as a careful adapter reads
        return Batch(tuple(new), str(len(self.incoming)))

    async def context(self, mention: Mention) -> Mention:
        if mention.id in self.gone:
            message = "the mention is gone"
            raise GiveUp(message)
        return mention

    async def post(self, mention: Mention, text: str, *, key: str) -> Reply:
        self.requests += 1
        fault = self.faults.popleft() if self.faults else ""
        match fault:
            case "busy":
                message = "too many requests"
                raise TryLater(message, 30)
            case "refuse":
                message = "this post takes no replies"
                raise GiveUp(message)
            case "before":
                message = "connection reset"
                raise Unsure(message)
            case "late":
                self.floating.append((mention, text, key))
                message = "time-out"
                raise Unsure(message)
            case "after":
                self._take(mention, text, key)
                message = "connection reset"
                raise Unsure(message)
        reply = self._take(mention, text, key)
        self.on_post()
        return reply

    async def find_reply(self, mention: Mention, text: str, *, key: str) -> Found:
        if self.blind:
            return UNKNOWN
        for number, (there, words, _key) in enumerate(self.posts):
            if there == mention.id:
                return Found("found", Reply(id=f"r{number}", text=words, at=NOW))
        return ABSENT

    async def delete(self, reply_id: str) -> None:
        self.deleted.append(reply_id)

    async def own_replies(self, since: datetime) -> Sequence[Own] | None:
        if self.blind:
            return None
        rows = enumerate(self.posts)
        return [Own(Reply(id=f"r{n}", text=words, at=NOW), there) for n, (there, words, _key) in rows]

    async def close(self) -> None:
        pass

    def land(self) -> None:
        """What was under way all the time arrives now."""
        for mention, words, key in self.floating:
            self._take(mention, words, key)
        self.floating.clear()

    def _take(self, mention: Mention, words: str, key: str) -> Reply:
        if self.once.kind != "none":
            for number, (_there, said, known) in enumerate(self.posts):
                if known == key:
                    return Reply(id=f"r{number}", text=said, at=NOW)
        self.posts.append((mention.id, words, key))
        return Reply(id=f"r{len(self.posts) - 1}", text=words, at=NOW)


@dataclass
class ScriptedWriter:
    """Writes what it was told to, and remembers what it was asked."""

    says: deque[str | Exception] = field(default_factory=deque)
    default: str = "下一站，工位"
    asked: list[Brief] = field(default_factory=list)
    name: str = "scripted"
    plays: str = ""

    async def write(self, brief: Brief) -> Draft:
        self.asked.append(brief)
        words = self.says.popleft() if self.says else self.default
        if isinstance(words, Exception):
            raise words
        meme = self.plays if brief.memes else ""
        return Draft(candidates=(words,), text=words, writer=self.name, meme=meme, at=NOW)

    async def close(self) -> None:
        pass


@dataclass
class ListQueue:
    """The queue in memory; `down` makes every verb fail as an unreachable server does."""

    hints: list[str] = field(default_factory=list)
    families: dict[tuple[str, str], str] = field(default_factory=dict)
    cooled: dict[str, set[str]] = field(default_factory=dict)
    most: int = 5
    pace: float = 0.0
    down: bool = False
    first: set[str] = field(default_factory=set)
    pauses: dict[str, float] = field(default_factory=dict)

    def _check(self) -> None:
        if self.down:
            message = "Redis cannot be reached"
            raise TryLater(message)

    async def wake(self, hints: Sequence[Hint]) -> None:
        self._check()
        self.first |= {hint.key for hint in hints if hint.first}
        self.hints.extend(hint.key for hint in hints)

    async def take(self, count: int, wait: float, accounts: Collection[str] = ()) -> Sequence[str]:
        self._check()
        in_turn = sorted(self.hints, key=lambda key: key not in self.first)
        taken, self.hints = in_turn[:count], in_turn[count:]
        return taken

    async def reserve(self, person: str, family: str, key: str) -> bool:
        self._check()
        return self.families.setdefault((person, family), key) == key

    async def release(self, person: str, family: str, key: str) -> None:
        self._check()
        if self.families.get((person, family)) == key:
            del self.families[person, family]

    async def admit(self, person: str, key: str) -> frozenset[str] | None:
        self._check()
        keys = self.cooled.setdefault(person, set())
        if key not in keys and len(keys) >= self.most:
            return None
        keys.add(key)
        return frozenset(family for who, family in self.families if who == person)

    async def token(self, account: str, *, first: bool = False) -> float:
        self._check()
        return self.pace

    async def pause(self, account: str, seconds: float) -> None:
        self._check()
        self.pauses[account] = seconds  # only noted: time does not pass here


def feeling(words: str) -> Feeling:
    """A reader that knows three words."""
    sad = "走了" in words
    emotions = {"sadness": 0.9, "neutral": 0.1} if sad else {"joy": 0.8, "neutral": 0.2}
    return Feeling.model_validate(
        {
            "emotions": emotions,
            "negativity": 0.9 if sad else 0.0,
            "intensity": 1,
            "confidence": 0.9,
            "plights": ("grief",) if sad else (),
            "distress": "crisis" if "不想活" in words else "none",
            "crisis": "self_harm" if "不想活" in words else None,
            "language": "zh-Hans",
        }
    )


def decide(
    post: Feeling, comment: Feeling | None = None, *, thread: Sequence[Feeling] = (), unseen_media: bool = False
) -> tuple[Tone, str]:
    both = [post] if comment is None else [post, comment]
    if any(one.distress == "crisis" for one in both):
        return Tone.CRISIS, "crisis"
    if any(one.plights for one in both):
        return Tone.COMFORT, "grief"
    return Tone.BANTER, "good mood"


def check(words: str, direction: str, context: Context) -> Verdict:
    if direction == "out" and "坏话" in words:
        return Verdict(risk="high", decision="block")
    if direction == "out" and "存疑" in words:
        return Verdict(risk="medium", decision="hold")
    return Verdict(risk="low", decision="post")


class World:
    """A whole bot around one journal: kill it, pause it, let time pass, start another one."""

    def __init__(self, journal: Episodes) -> None:
        self.journal = journal
        self.platform = FakePlatform()
        self.writer = ScriptedWriter()
        self.queue = ListQueue()
        self.boot = 1000.0
        self.memes: tuple[Recalled, ...] = ()
        self.topics: tuple[Topic, ...] = ()
        self.rules = Rules()
        self.care = "我在这里。请拨打 12356"
        self.desk = Desk(journal, clock=lambda: NOW)
        self.told: list[tuple[str, str, str, str]] = []
        self.alert: Alert = self._note
        self.adviser: Adviser | None = None
        self.doubtful = 0.0

    def bot(self, name: str = "worker-1", *, journal: object | None = None) -> Bot:
        kept = journal or self.journal
        rooms = Label()
        delivery = Delivery(
            name=name,
            platforms={self.platform.account: self.platform},
            journal=kept,  # type: ignore[arg-type]
            queue=self.queue,
            label=rooms,
            rules=self.rules,
            boottime=lambda: self.boot,
            alert=self.alert,
        )
        composer = Composer(
            platforms=delivery.platforms,
            queue=self.queue,
            writer=self.writer,
            remember=self._recall,
            check=check,
            care=lambda _kind, _language, _room: self.care,
            explain=lambda _comment, _post, _topic: "",
            room=lambda platform, mention, language: 100,
            hidden=lambda: (),
            clock=lambda: NOW,
            rules=self.rules,
            today=lambda _words, _reading: self.topics,
        )
        return Bot(
            name=name,
            platforms=delivery.platforms,
            journal=kept,  # type: ignore[arg-type]
            queue=self.queue,
            composer=composer,
            delivery=delivery,
            presses=lambda words: "走了" in words or "不想活" in words,
            read=feeling,
            decide=decide,
            clock=lambda: NOW,
            rules=self.rules,
            alert=self.alert,
            adviser=self.adviser,
            doubtful=self.doubtful,
        )

    def _note(self, kind: str, key: str, note: str, *, said: str = "") -> None:
        self.told.append((kind, key, note, said))

    def _recall(self, words: str, reading: Reading, used: frozenset[str]) -> tuple[Recalled, ...]:
        return tuple(recalled for recalled in self.memes if recalled.meme.family not in used)

    async def hear(self, *mentions: Mention) -> None:
        """People mention us and the listener hears it."""
        self.platform.incoming.extend(mentions)
        await self.bot("listener").listen(self.platform, wait=0)

    async def settle(self, name: str = "worker-1") -> None:
        """Work off every hint there is."""
        bot = self.bot(name)
        while keys := await self.queue.take(10, 0):
            for key in keys:
                await bot.answer(key)

    async def later(self, seconds: float = 400.0) -> None:
        """Time passes, the sweeper sweeps, a worker works."""
        await self.pass_time(seconds)
        await self.bot("sweeper").sweep()
        await self.settle("worker-2")

    async def pass_time(self, seconds: float) -> None:
        """Move every time in the journal into the past; deadlines only ever compare with the journal's clock."""
        columns = ("due_at", "hinted_at", "heard_at", "updated_at", "posting_first_at", "posting_until", "absent_at")
        shifts = ", ".join(f"{name} = {name} - {seconds}" for name in columns)
        statement = text(f"UPDATE episodes SET {shifts}")  # noqa: S608 - our own column names
        await self.journal.database.write(lambda connection: connection.execute(statement).rowcount)

    async def episode(self, id: str = "m1") -> Episode:
        found = await self.journal.episode(f"{self.platform.account}:{id}")
        assert found is not None
        return found

    def with_once(self, once: Once) -> None:
        self.platform = replace(self.platform, once=once)
