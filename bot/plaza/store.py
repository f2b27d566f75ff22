"""What the plaza remembers: people, posts, pictures, mentions, likes and idempotency keys."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.platforms.wire import mend
from bot.plaza import pictures
from bot.plaza.callout import calls
from bot.plaza.fault import Fault, gone, no_post
from bot.plaza.ledger import Bell, Ledger

HOST = "plaza"
HANDLE = "阿梗"
TEXT_LIMIT = 60_000
REPLY_LIMIT = 500
ALT_LIMIT = 1_500
PICTURES_PER_POST = 4
PICTURES_WAITING = 20
PICTURE_WAITS = timedelta(days=1)
CHANGES_KEPT = 10_000
# Ids start at the seconds since then, times ten: a plaza that was wiped and made anew does not give out ids that a
# robot's journal already knows.
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the plaza. `bot` is what others see; `robot` is the one account that the token belongs to."""

    id: int
    handle: str
    name: str
    about: str
    bot: bool
    robot: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture under a post: its file's name and what its owner says it shows."""

    id: int
    file: str
    alt: str


@dataclass(frozen=True, slots=True)
class Post:
    """A post, or a comment if it has a parent. One that is `gone` keeps its place but no text and no pictures."""

    id: int
    author: Person
    text: str
    parent: int | None
    root: int
    at: datetime
    gone: bool
    likes: int
    pictures: tuple[Picture, ...] = ()


_POSTS = """
SELECT p.id, p.text, p.parent, p.root, p.at, p.gone, (SELECT count(*) FROM likes WHERE post = p.id) AS likes,
       a.id AS who, a.handle, a.name, a.about, a.bot, a.robot
FROM posts p JOIN people a ON a.id = p.author
"""


class Store:
    """Reads answer at once from the last commit; writes are durable when they return. Refusals are `Fault`s."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        plant: Callable[[sqlite3.Connection, datetime], None] | None = None,
    ) -> None:
        """`plant` fills a plaza on its very first start."""
        self.pictures = folder / "media"
        self.pictures.mkdir(parents=True, exist_ok=True)
        self._now = now
        self._plant = plant
        self._ledger = Ledger(folder / "plaza.db")
        self._ledger.write_at_once(self._found)
        self._ledger.write_at_once(self._tidy)
        self._db = self._ledger.reader
        self.host = _fact(self._db, "host")
        self.robot = next(person for person in self.people() if person.robot)

    @property
    def bell(self) -> Bell:
        """Rings after each commit."""
        return self._ledger.bell

    async def close(self) -> None:
        """Finish what is being written and close the file."""
        await self._ledger.close()

    # people

    def people(self) -> list[Person]:
        """Everybody, in the order in which they came."""
        return [_person(row) for row in self._db.execute("SELECT id AS who, * FROM people ORDER BY id")]

    def person(self, who: int) -> Person | None:
        """Somebody by id."""
        row = self._db.execute("SELECT id AS who, * FROM people WHERE id = ?", (who,)).fetchone()
        return _person(row) if row else None

    # reading

    def post(self, post_id: int) -> Post:
        """One post, a deleted one too; raises `Fault` 404 if there never was one."""
        found = self._posts("WHERE p.id = ?", (post_id,))
        if not found:
            raise no_post()
        return found[0]

    def standing(self, post_id: int) -> Post:
        """A post that can be answered; raises `Fault` 404, or 410 if it or the post it stands under is deleted."""
        post = self.post(post_id)
        if post.gone or (post.root != post.id and self.post(post.root).gone):
            raise gone()
        return post

    def above(self, post: Post, most: int) -> list[Post]:
        """What stands above a post, root first and nearest last, deleted ones left out.

        Of more than `most` posts the root and the nearest are kept.
        """
        query = """WHERE p.gone = 0 AND p.id IN (
            WITH RECURSIVE up(id) AS (
                SELECT parent FROM posts WHERE id = ? UNION ALL SELECT parent FROM posts JOIN up USING (id)
            ) SELECT id FROM up) ORDER BY p.id"""
        found = self._posts(query, (post.id,))
        return found if len(found) <= most else [found[0], *found[len(found) - most + 1 :]]

    def front(self, before: int | None, limit: int) -> list[tuple[Post, list[Post]]]:
        """Posts, newest first, each with its comments, oldest first."""
        top = 1 << 62 if before is None else before
        query = "WHERE p.parent IS NULL AND p.gone = 0 AND p.id < ? ORDER BY p.id DESC LIMIT ?"
        return self._with_comments(self._posts(query, (top, limit)))

    def thread(self, root: int) -> tuple[Post, list[Post]]:
        """A post with its comments; raises `Fault` 404 or 410."""
        post = self.standing(root)
        return self._with_comments([post])[0]

    def likes_by(self, person: int, post_ids: Iterable[int]) -> set[int]:
        """Which of these posts somebody likes."""
        query = "SELECT post FROM likes WHERE person = ? AND post IN (SELECT value FROM json_each(?))"
        return {row["post"] for row in self._db.execute(query, (person, _list(post_ids)))}

    def reactions(self, post_id: int) -> dict[str, int]:
        """How often people reacted: likes, and comments right under the post."""
        post = self.standing(post_id)
        query = "SELECT count(*) FROM posts WHERE parent = ? AND gone = 0"
        return {"like": post.likes, "reply": self._db.execute(query, (post_id,)).fetchone()[0]}

    # mentions and changes

    def newest_mention(self) -> int:
        """The cursor for "now"."""
        return _last(self._db, "mentions")

    def mentions(self, after: int, limit: int, room: int = 300_000) -> tuple[list[Post], int]:
        """Posts that call the robot after a cursor, oldest first, and the cursor behind the last one looked at.

        At most `limit` of them, and after the first one only as many as fit into `room` characters.
        """
        query = "SELECT n, post FROM mentions WHERE n > ? ORDER BY n LIMIT ?"
        found = self._db.execute(query, (after, limit)).fetchall()
        posts = {post.id: post for post in self._some([row["post"] for row in found])}
        standing: list[Post] = []
        for row in found:
            post = posts[row["post"]]
            room -= len(post.text)
            if room < 0 and standing:
                break
            after = row["n"]
            standing += [] if post.gone else [post]
        return standing, after

    def newest_change(self) -> int:
        """The number of the last change."""
        return _last(self._db, "changes")

    def changes(self, after: int) -> tuple[list[tuple[int, Post]], bool]:
        """New and changed posts after a number, each once with its last number, and whether that is the whole story."""
        first = self._db.execute("SELECT coalesce(min(n), 0) FROM changes").fetchone()[0]
        query = "SELECT max(n) AS n, post FROM changes WHERE n > ? GROUP BY post ORDER BY 1 LIMIT 500"
        numbers = {row["post"]: row["n"] for row in self._db.execute(query, (after,))}
        posts = sorted(self._some(numbers), key=lambda post: numbers[post.id])
        return [(numbers[post.id], post) for post in posts], first - 1 <= after <= self.newest_change()

    # writing

    async def write(
        self, author: Person, text: str, *, parent: int | None = None, picture_ids: Sequence[int] = ()
    ) -> Post:
        """A person posts or comments; raises `Fault` 400, 404, 410 or 422."""
        text = _checked(text, TEXT_LIMIT, may_be_empty=bool(picture_ids))
        if len(picture_ids) > PICTURES_PER_POST:
            raise Fault(422, "too_many_pictures", f"{PICTURES_PER_POST} pictures fit under a post")
        if parent is not None:
            self.standing(parent)
        return self.post(await self._ledger.write(partial(self._add, author, text, parent, tuple(picture_ids))))

    async def reply(self, parent: int, text: str, key: str) -> tuple[Post, bool]:
        """The robot replies under an idempotency key that is kept for ever.

        Returns the reply and whether it is new. Raises `Fault` 404, 409 (the key belongs to another reply), 410, 422.
        """
        text = _checked(text, REPLY_LIMIT, may_be_empty=False)
        reply_id, is_new = await self._ledger.write(partial(self._add_once, parent, text, key))
        return self.post(reply_id), is_new

    def reply_under(self, parent: int, key: str | None) -> Post | None:
        """The robot's reply that was made under a key, or its first reply to a post; raises `Fault` 404."""
        if key is None:
            query = "SELECT min(id) FROM posts WHERE parent = ? AND author = ?"
            row = self._db.execute(query, (parent, self.robot.id)).fetchone()
        else:
            row = self._db.execute("SELECT post FROM keys WHERE key = ? AND parent = ?", (key, parent)).fetchone()
        if row is None or row[0] is None:
            self.post(parent)
            return None
        return self.post(row[0])

    def own_replies(self, since: datetime, after: int, limit: int) -> list[Post]:
        """The robot's replies since a moment and after an id, deleted ones too, oldest first."""
        query = "WHERE p.author = ? AND p.parent IS NOT NULL AND p.at >= ? AND p.id > ? ORDER BY p.id LIMIT ?"
        return self._posts(query, (self.robot.id, stamp(since.astimezone(UTC)), after, limit))

    async def delete(self, post_id: int, by: Person) -> Post:
        """Take an own post back; text and pictures are gone for good. Raises `Fault` 403 or 404."""
        files = await self._ledger.write(partial(self._remove, post_id, by))
        for file in files:
            await asyncio.to_thread((self.pictures / file).unlink, missing_ok=True)
        return self.post(post_id)

    async def like(self, post_id: int, person: Person, *, on: bool) -> Post:
        """Like a post, or no longer; doing it twice is doing it once. Raises `Fault` 404 or 410."""
        self.standing(post_id)
        await self._ledger.write(partial(_set_like, post_id, person.id, on))
        return self.post(post_id)

    async def keep_picture(self, owner: Person, data: bytes, alt: str) -> Picture:
        """Keep a picture for a post to come; raises `Fault` 413, 415 or 422."""
        alt = mend(alt).strip()
        if len(alt) > ALT_LIMIT:
            raise Fault(422, "alt_too_long", f"{ALT_LIMIT} characters fit into a description")
        query = "SELECT count(*) FROM pictures WHERE owner = ? AND post IS NULL"
        if self._db.execute(query, (owner.id,)).fetchone()[0] >= PICTURES_WAITING:
            raise Fault(422, "too_many_pictures", "post the pictures that are waiting first")
        file = await asyncio.to_thread(pictures.keep, self.pictures, data)
        values = (file, owner.id, alt, stamp(self._now()))
        picture_id = await self._ledger.write(partial(_insert_picture, values))
        return Picture(picture_id, file, alt)

    # pieces of work, run by the writer

    def _found(self, db: sqlite3.Connection) -> None:
        """The first start: name, ids and the robot's account."""
        if db.execute("SELECT 1 FROM facts WHERE name = 'host'").fetchone():
            return
        db.execute("INSERT INTO facts VALUES ('host', ?)", (HOST,))
        start = max(0, int((self._now() - EPOCH).total_seconds() * 10))
        for table in ("posts", "mentions", "changes"):
            db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, start))
        about = "路过的机器人，会接梗，也会听。I catch memes and throw them back."
        db.execute(
            "INSERT INTO people (handle, name, about, bot, robot) VALUES (?, ?, ?, 1, 1)", (HANDLE, HANDLE, about)
        )
        if self._plant is not None:
            self._plant(db, self._now())

    def _tidy(self, db: sqlite3.Connection) -> None:
        """Forget old changes, and pictures that nobody posted within a day; remove files that nobody knows."""
        db.execute("DELETE FROM changes WHERE n <= (SELECT max(n) FROM changes) - ?", (CHANGES_KEPT,))
        db.execute("DELETE FROM pictures WHERE post IS NULL AND at < ?", (stamp(self._now() - PICTURE_WAITS),))
        known = {row["file"] for row in db.execute("SELECT file FROM pictures")}
        for file in self.pictures.iterdir():
            if file.name not in known:
                file.unlink()

    def _add(
        self, author: Person, text: str, parent: int | None, picture_ids: tuple[int, ...], db: sqlite3.Connection
    ) -> int:
        root = None if parent is None else _root_of(db, parent)
        post_id = insert_post(db, author.id, text, parent, root, stamp(self._now()))
        for picture_id in picture_ids:
            query = "UPDATE pictures SET post = ? WHERE id = ? AND owner = ? AND post IS NULL"
            if db.execute(query, (post_id, picture_id, author.id)).rowcount != 1:
                raise Fault(422, "no_picture", "one of the pictures is not yours to post")
        if not author.robot and calls(text, self.robot.handle, self.host):
            db.execute("INSERT INTO mentions (post) VALUES (?)", (post_id,))
        return post_id

    def _add_once(self, parent: int, text: str, key: str, db: sqlite3.Connection) -> tuple[int, bool]:
        digest = hashlib.sha256(text.encode()).hexdigest()
        known = db.execute("SELECT * FROM keys WHERE key = ?", (key,)).fetchone()
        if known:
            if (known["parent"], known["digest"]) != (parent, digest):
                raise Fault(409, "key_reused", "this Idempotency-Key belongs to another reply")
            return known["post"], False
        post_id = insert_post(db, self.robot.id, text, parent, _root_of(db, parent), stamp(self._now()))
        db.execute("INSERT INTO keys VALUES (?, ?, ?, ?)", (key, parent, digest, post_id))
        return post_id, True

    def _remove(self, post_id: int, by: Person, db: sqlite3.Connection) -> list[str]:
        row = db.execute("SELECT author, gone FROM posts WHERE id = ?", (post_id,)).fetchone()
        if row is None or row["gone"]:
            raise no_post()
        if row["author"] != by.id:
            raise Fault(403, "not_yours", "only its author may delete a post")
        files = [found["file"] for found in db.execute("SELECT file FROM pictures WHERE post = ?", (post_id,))]
        db.execute("DELETE FROM pictures WHERE post = ?", (post_id,))
        db.execute("UPDATE posts SET gone = 1, text = '' WHERE id = ?", (post_id,))
        _note(db, post_id)
        return files

    # rows

    def _posts(self, where: str, values: Sequence[object]) -> list[Post]:
        found = self._db.execute(_POSTS + where, tuple(values)).fetchall()
        shown: dict[int, list[Picture]] = {}
        query = "SELECT * FROM pictures WHERE post IN (SELECT value FROM json_each(?)) ORDER BY id"
        for row in self._db.execute(query, (_list(row["id"] for row in found),)):
            shown.setdefault(row["post"], []).append(Picture(row["id"], row["file"], row["alt"]))
        return [_post(row, tuple(shown.get(row["id"], ()))) for row in found]

    def _some(self, post_ids: Iterable[int]) -> list[Post]:
        return self._posts("WHERE p.id IN (SELECT value FROM json_each(?))", (_list(post_ids),))

    def _with_comments(self, posts: list[Post]) -> list[tuple[Post, list[Post]]]:
        query = """WHERE p.root IN (SELECT value FROM json_each(?)) AND p.parent IS NOT NULL AND p.gone = 0
            ORDER BY p.id"""
        comments = self._posts(query, (_list(post.id for post in posts),))
        return [(post, [comment for comment in comments if comment.root == post.id]) for post in posts]


def _checked(text: str, limit: int, *, may_be_empty: bool) -> str:
    text = mend(text).strip()
    if not text and not may_be_empty:
        raise Fault(422, "empty", "there is nothing written here")
    if len(text) > limit:
        raise Fault(422, "too_long", f"{limit} characters fit, these are {len(text)}")
    return text


def _root_of(db: sqlite3.Connection, parent: int) -> int:
    """Looked up again inside the write: the parent may have gone since it was read."""
    query = "SELECT p.root, p.gone OR r.gone AS gone FROM posts p JOIN posts r ON r.id = p.root WHERE p.id = ?"
    row = db.execute(query, (parent,)).fetchone()
    if row is None:
        raise no_post()
    if row["gone"]:
        raise gone()
    return int(row["root"])


def insert_post(db: sqlite3.Connection, author: int, text: str, parent: int | None, root: int | None, at: str) -> int:
    """One piece of a write: a new post, and its line in the changes."""
    query = "INSERT INTO posts (author, text, parent, root, at) VALUES (?, ?, ?, ?, ?)"
    post_id = db.execute(query, (author, text, parent, root or 0, at)).lastrowid or 0
    if root is None:
        db.execute("UPDATE posts SET root = id WHERE id = ?", (post_id,))
    _note(db, post_id)
    return post_id


def _insert_picture(values: tuple[object, ...], db: sqlite3.Connection) -> int:
    return db.execute("INSERT INTO pictures (file, owner, alt, at) VALUES (?, ?, ?, ?)", values).lastrowid or 0


def _set_like(post_id: int, person: int, on: bool, db: sqlite3.Connection) -> None:  # noqa: FBT001 # bound by partial
    query = "INSERT OR IGNORE INTO likes VALUES (?, ?)" if on else "DELETE FROM likes WHERE post = ? AND person = ?"
    if db.execute(query, (post_id, person)).rowcount:
        _note(db, post_id)


def _note(db: sqlite3.Connection, post_id: int) -> None:
    db.execute("INSERT INTO changes (post) VALUES (?)", (post_id,))


def _last(db: sqlite3.Connection, table: str) -> int:
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return row["seq"] if row else 0


def _fact(db: sqlite3.Connection, name: str) -> str:
    return str(db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()["value"])


def _list(ids: Iterable[int]) -> str:
    """For json_each: SQL has no other way to bind a list."""
    return json.dumps(list(ids))


def stamp(at: datetime) -> str:
    """A date as the store keeps it: ISO 8601, UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _person(row: sqlite3.Row) -> Person:
    return Person(row["who"], row["handle"], row["name"], row["about"], bool(row["bot"]), bool(row["robot"]))


def _post(row: sqlite3.Row, shown: tuple[Picture, ...]) -> Post:
    return Post(
        id=row["id"],
        author=_person(row),
        text=row["text"],
        parent=row["parent"],
        root=row["root"],
        at=datetime.fromisoformat(row["at"]),
        gone=bool(row["gone"]),
        likes=row["likes"],
        pictures=shown,
    )
