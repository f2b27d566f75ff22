"""A short history of one account: people, listeners, workers, a platform in trouble, and what must hold all along."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, text

from bot.delivery import Delivery
from bot.errors import Trouble
from bot.journal import Desk, Episodes
from bot.journal.carry import mark_restored
from bot.journal.schema import metadata
from bot.model import FINAL, Brief, Draft, Episode, Mention, Reply, State
from bot.pipeline import Bot
from bot.ports import NEVER, PERMANENT, Once
from tests.fakes import NOW, FakePlatform, Killed, ScriptedWriter, World, author, mention
from tests.faults.model.process import FATES, File, Line, Process, Watched

WINDOW = Once("window", 2700)
KINDS = {"permanent": PERMANENT, "window": WINDOW, "none": NEVER}

# A platform with a window keeps keys for an hour, of which the bot relies on 45 minutes. The 15 minutes between them
# are what a request may still take that left a worker; no client can promise more than that.
KEPT = 3600.0
UNDER_WAY = KEPT - WINDOW.seconds

FAULTS = ("before", "after", "late", "busy", "refuse")
# What a backup brings back; wishes and switches outlive it.
COMES_BACK = ("episodes", "cursors")
STILL_OPEN = text("SELECT count(*) FROM episodes WHERE due_at IS NOT NULL AND state <> 'held'")
JUMPS = (-60.0, -5.0, 20.0, 300.0, 3600.0)
SPANS = (1.0, 35.0, 70.0, 160.0, 400.0, 1000.0, 4000.0, 4000.0)


@dataclass
class Stage(FakePlatform):
    """The fake platform with a clock: keys age, and what floats for too long sinks where that matters."""

    now: float = 0.0
    taken: dict[str, float] = field(default_factory=dict)
    sent: list[float] = field(default_factory=list)

    async def post(self, mention: Mention, text: str, *, key: str) -> Reply:
        floating = len(self.floating)
        try:
            return await super().post(mention, text, key=key)
        finally:
            self.sent.extend([self.now] * (len(self.floating) - floating))

    def land(self) -> None:
        for (there, words, key), at in zip(self.floating, self.sent, strict=True):
            if self.once.kind != "window" or self.now - at < UNDER_WAY:
                self._take(there, words, key)
        self.floating.clear()
        self.sent.clear()

    def _take(self, mention: Mention, words: str, key: str) -> Reply:
        aged = self.once.kind == "window" and self.now - self.taken.get(key, self.now) >= KEPT
        if aged or key not in self.taken:
            self.taken[key] = self.now
        if not aged:
            return super()._take(mention, words, key)
        self.posts.append((mention.id, words, key))
        return Reply(id=f"r{len(self.posts) - 1}", text=words, at=NOW)


class Doubtful(ScriptedWriter):
    """Writes what the filter holds for a human wherever somebody asks for that."""

    async def write(self, brief: Brief) -> Draft:
        if "存疑" in brief.mention.text:
            self.says.append("存疑的话")
        return await super().write(brief)


class Broken(AssertionError):
    """The promise was broken; the message tells the history that did it."""


class History:
    """Moves, and the promise. `journal` and `delivery` are the classes under test, or mutants of them."""

    def __init__(
        self, file: File, kind: str, *, journal: type[Episodes] = Episodes, delivery: type[Delivery] = Delivery
    ) -> None:
        file.empty()
        self.file, self.kind = file, kind
        self._journal, self._delivery = journal, delivery
        self.world = World(Episodes(file, clock=lambda: NOW))
        self.world.writer = Doubtful()
        self.stage = self.world.platform = Stage(once=KINDS[kind])
        self.desk = Desk(self.world.journal, clock=lambda: NOW)
        self.backup: dict[str, list[dict[str, Any]]] | None = None
        self.paused: list[tuple[Process, float]] = []
        self.again: Counter[str] = Counter()
        self.vouched: set[str] = set()
        self.killed: Counter[str] = Counter()
        self.refused = 0
        self.story: list[str] = []
        self.remembered: tuple[list[str], dict[tuple[str, str], str], dict[str, set[str]]] = ([], {}, {})
        self._processes = 0

    # moves --------------------------------------------------------------------------------------------------------

    def people(self, what: str, who: str) -> None:
        """Somebody calls us."""
        number = len(self.stage.incoming)
        self._tell(f"{who} mentions us as m{number}: {what}")
        self.stage.incoming.append(mention(f"@阿梗 {what}", id=f"m{number}", by=author(who)))

    def repeat(self, which: int) -> None:
        """The platform shows an old mention once more."""
        if self.stage.incoming:
            old = self.stage.incoming[which % len(self.stage.incoming)]
            self._tell(f"{old.id} comes again")
            self.stage.incoming.append(old)

    async def listen(self, fate: str, at: int) -> None:
        await self._run("listener", fate, at, lambda bot: bot.listen(bot.platforms[self.stage.account], wait=0))

    async def sweep(self, fate: str, at: int) -> None:
        await self._run("sweeper", fate, at, lambda bot: bot.sweep())

    async def work(self, fate: str, at: int, which: int = 0) -> None:
        """A worker takes a hint, any of them: hints come in no order."""
        hints = self.world.queue.hints
        if not hints or self.world.queue.down:
            return
        key = hints.pop(which % len(hints))
        self.killed[key] += fate != "live"
        await self._run(f"worker on {key.rpartition(':')[2]}", fate, at, lambda bot: bot.answer(key))

    async def wake_paused(self, which: int, *, dead: bool = False) -> None:
        """A paused process goes on, or dies where it stands."""
        if not self.paused:
            return
        process, since = self.paused.pop(which % len(self.paused))
        # See UNDER_WAY: a request that leaves later than that is outside of what a window can promise.
        dead |= self.kind == "window" and process.where.startswith("post") and self.stage.now - since >= UNDER_WAY
        self._tell(f"{process.name} {'dies' if dead else 'goes on'}")
        process.where = ""
        process.go_on(dead=dead)
        await self._until_still(process)

    def fault(self, *kinds: str) -> None:
        self._tell(f"the next posts: {', '.join(kinds)}")
        self.refused += "refuse" in kinds
        self.stage.faults.extend(kinds)

    def blind(self, *, on: bool) -> None:
        self._tell("the platform cannot tell" if on else "the platform can tell")
        self.stage.blind = on

    def land(self) -> None:
        self._tell(f"{len(self.stage.floating)} late posts land")
        self.stage.land()

    def lose_queue(self) -> None:
        self._tell("the queue loses everything")
        for kept in (self.world.queue.hints, self.world.queue.families, self.world.queue.cooled):
            kept.clear()

    def remember_queue(self) -> None:
        self._tell("somebody copies the queue's file")
        queue = self.world.queue
        self.remembered = deepcopy((queue.hints, queue.families, queue.cooled))

    def roll_back_queue(self) -> None:
        self._tell("the queue is what it was at its last copy")
        queue = self.world.queue
        queue.hints, queue.families, queue.cooled = deepcopy(self.remembered)

    def back_up(self) -> None:
        self._tell("somebody makes a backup of the journal")
        self.backup = self.file.run(lambda connection: {name: _rows(connection, name) for name in COMES_BACK})

    async def restore(self) -> None:
        """Everybody is dead and what was under way has arrived; then the backup is put in the journal's place."""
        if self.backup is None:
            return
        await self.shut()
        self.land()
        self._tell("the backup is put in the journal's place")
        backup = self.backup

        def put_back(connection: Connection) -> None:
            for name, rows in backup.items():
                table = metadata.tables[name]
                connection.execute(table.delete())
                if rows:
                    connection.execute(table.insert(), rows)
            mark_restored(connection)

        self.file.run(put_back)

    async def move_clock(self, seconds: float) -> None:
        """The database's clock jumps while no time passes. A window is as good as the clock that measures it."""
        jump = abs(seconds) if self.kind == "window" else seconds
        self._tell(f"the database's clock jumps by {jump:.0f} s")
        await self.world.pass_time(jump)

    def cut_queue(self, *, down: bool) -> None:
        self._tell("the queue is down" if down else "the queue is up")
        self.world.queue.down = down

    async def pass_time(self, seconds: float) -> None:
        self._tell(f"{seconds:.0f} s pass")
        await self.world.pass_time(seconds)
        self.world.boot += seconds
        self.stage.now += seconds

    async def decide(self, which: int, yes: int) -> None:
        """A human looks at what is held or unsure, and decides."""
        waiting = [one for one in await self.desk.page(limit=100) if one.state in {State.HELD, State.UNSURE}]
        if not waiting:
            return
        episode = waiting[which % len(waiting)]
        actions = ("approve", "reject") if episode.state is State.HELD else ("there", "again", "drop")
        action = actions[yes % len(actions)]
        self._tell(f"a human decides on {episode.mention.id}: {action}")
        if await self.desk.decide(episode.key, action, "human", version=episode.version) is None:
            self.again[episode.mention.id] += action == "again"
            self.vouched |= {episode.mention.id} if action == "there" else set()

    async def quiet(self, order: random.Random) -> None:
        """All trouble ends, what was under way arrives, and time passes until nothing is left to do."""
        self._tell("quiet")
        self.stage.faults.clear()
        self.stage.blind = self.world.queue.down = False
        while self.paused:
            await self.wake_paused(order.randrange(9), dead=order.random() < 0.3)
        for turn in range(14):
            if turn == 2:
                self.land()
            if turn < 3:
                await self.listen("live", 0)
            elif not self.file.run(lambda connection: connection.scalar(STILL_OPEN)):
                break
            await self.pass_time(400)
            await self.sweep("live", 0)
            while self.world.queue.hints:
                await self.work("live", 0)

    # the promise --------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """At every moment: one reply for a mention, and one more for each time that a human said so."""
        for there, count in Counter(there for there, _text, _key in self.stage.posts).items():
            if count > 1 + self.again[there]:
                self._break(f"{there} has {count} replies")

    async def check_end(self) -> None:
        """After quiet time: nothing is lost, nothing hangs, and every state is true."""
        self.check()
        wanted = {one.id for one in self.stage.incoming}
        found = {one.mention.id: one for one in await self.desk.page(limit=1000)}
        if lost := wanted - set(found):
            self._break(f"lost: {sorted(lost)}")
        for name, episode in found.items():
            if why := self._wrong_with(name, episode):
                self._break(f"{name} is {episode.state.value} ({episode.reason}): {why}")

    def _wrong_with(self, name: str, episode: Episode) -> str:
        posts = [f"r{number}" for number, (there, *_rest) in enumerate(self.stage.posts) if there == name]
        worn_out = "died" in episode.reason and self.killed[episode.key] >= self.world.rules.deaths
        match episode.state:
            case State.POSTED if name not in self.vouched:
                return "" if episode.reply is not None and episode.reply.id in posts else "no such reply stands there"
            case State.UNSURE:
                return "" if self.kind != "permanent" or worn_out else "nothing is unsure where a key is kept for ever"
            case State.FAILED:
                return "" if self.refused or worn_out else "nobody refused it"
            case state:
                return "" if state in FINAL or state is State.HELD else "it never ended"

    # ----------------------------------------------------------------------------------------------------------------

    async def _run(self, role: str, fate: str, at: int, job: Callable[[Bot], Coroutine[Any, Any, object]]) -> None:
        self._processes += 1
        process = Process(f"{role} {self._processes}", fate, at)
        self._tell(process.name + ("" if fate == "live" else f", {fate} after {at}"))
        process.task = asyncio.create_task(job(self._bot(process)), name=process.name)
        await self._until_still(process)

    async def _until_still(self, process: Process) -> None:
        """Until the process has ended or is paused; nothing here waits for anything real."""
        assert process.task is not None
        for _ in range(2000):
            if process.task.done() or process.paused:
                break
            await asyncio.sleep(0)
        if process.paused:
            self._tell(f"… paused at {process.where}")
            self.paused.append((process, self.stage.now))
            return
        try:
            await process.task
        except (Trouble, Killed, asyncio.CancelledError) as end:
            self._tell(f"… ends with {end!r}")

    def _bot(self, process: Process) -> Bot:
        journal = self._journal(Watched(self.file, process), clock=lambda: NOW)
        bot = self.world.bot(process.name, journal=journal)
        line = {self.stage.account: Line(self.stage, process)}
        fields = {name: getattr(bot.delivery, name) for name in bot.delivery.__slots__}
        delivery = self._delivery(**fields | {"platforms": line})
        return replace(bot, platforms=line, delivery=delivery)

    def _tell(self, line: str) -> None:
        self.story.append(line)

    def _break(self, what: str) -> None:
        raise Broken("\n".join([f"once = {self.kind}: {what}", *self.story]))

    async def shut(self) -> None:
        """End whatever is still paused."""
        while self.paused:
            await self.wake_paused(0, dead=True)


# The dice -----------------------------------------------------------------------------------------------------------

Move = Callable[[History, random.Random], Any]


def _rows(connection: Connection, name: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(metadata.tables[name].select()).mappings()]


def _fate(dice: random.Random) -> tuple[str, int]:
    return dice.choices(list(FATES), (9, 4, 4, 1, 1, 1))[0], dice.randrange(12)


async def _shift(history: History, dice: random.Random) -> None:
    """What hung is due again, and somebody takes it up."""
    await history.pass_time(dice.choice(SPANS))
    await history.sweep("live", 0)
    await history.work(*_fate(dice), dice.randrange(9))


MOVES: tuple[tuple[int, Move], ...] = (
    (2, lambda h, d: h.people(d.choices(("地铁又挤", "存疑的事", "别再回我"), (16, 4, 1))[0], d.choice("甲乙丙"))),
    (1, lambda h, d: h.repeat(d.randrange(9))),
    (5, lambda h, d: h.listen(*_fate(d))),
    (2, lambda h, d: h.sweep(*_fate(d))),
    (7, lambda h, d: h.work(*_fate(d), d.randrange(9))),
    (12, _shift),
    (3, lambda h, d: h.wake_paused(d.randrange(9), dead=d.random() < 0.2)),
    (4, lambda h, d: h.fault(*d.choices(FAULTS, (4, 4, 6, 4, 1), k=d.choice((1, 2, 3))))),
    (1, lambda h, d: h.blind(on=d.random() < 0.4)),
    (4, lambda h, _: h.land()),
    (1, lambda h, _: h.lose_queue()),
    (1, lambda h, d: h.cut_queue(down=d.random() < 0.3)),
    (2, lambda h, d: h.decide(d.randrange(9), d.randrange(6))),
)


# What befalls the stores: it cuts short what a safety that needs a long chain of events is tried by.
STORES: tuple[tuple[int, Move], ...] = (
    (1, lambda h, _: h.remember_queue()),
    (1, lambda h, _: h.roll_back_queue()),
    (1, lambda h, _: h.back_up()),
    (1, lambda h, _: h.restore()),
    (1, lambda h, d: h.move_clock(d.choice(JUMPS))),
)


async def play(history: History, seed: int, moves: int, among: Sequence[tuple[int, Move]]) -> None:
    """One history out of a seed, to its end. Raises `Broken`."""
    dice = random.Random(seed)
    weights = [weight for weight, _ in among]
    try:
        history.people("地铁又挤", "甲")
        for _weight, move in dice.choices(among, weights, k=moves):
            done = move(history, dice)
            if done is not None:
                await done
            history.check()
        await history.quiet(dice)
        await history.check_end()
    finally:
        await history.shut()


def search(
    file: File,
    seeds: range,
    *,
    moves: int = 40,
    kinds: Sequence[str] = tuple(KINDS),
    stores: bool = True,
    **classes: Any,
) -> tuple[int, Broken] | None:
    """Play one history for each seed; returns the first seed that breaks the promise, with its story."""
    among = (*MOVES, *STORES) if stores else MOVES
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda *_: None)  # the tasks of the dead complain to nobody
        for seed in seeds:
            try:
                runner.run(play(History(file, kinds[seed % len(kinds)], **classes), seed, moves, among))
            except Broken as broken:
                return seed, broken
    return None
