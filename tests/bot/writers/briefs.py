"""Briefs and cards for the tests of the writers."""

from __future__ import annotations

from datetime import UTC, date, datetime

from bot.model import Author, Brief, Feeling, Meme, Mention, Post, Reading, Tone

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def card(**changes: object) -> Meme:
    fields: dict[str, object] = {
        "id": "come-all-this-way", "family": "f", "names": ("来都来了",), "kind": "quotation", "meaning": "顺势做下去的理由",
        "use": "顺便再做一件事", "situations": tuple("abcdefgh"), "examples": ("来都来了，再坐一站",), "tones": ("banter",),
        "avoid": ("grief",), "source": "own", "first_seen": date(2020, 1, 1), "last_seen": date(2026, 1, 1),
    }  # fmt: skip
    return Meme.model_validate(fields | changes)


def feeling(*plights: str, language: str = "zh-Hans") -> Feeling:
    return Feeling(
        emotions={"neutral": 1.0}, negativity=0, intensity=0, confidence=1, language=language, plights=plights
    )


def brief(
    text: str,
    tone: Tone = Tone.BANTER,
    *,
    post: str = "",
    language: str = "zh-Hans",
    plights: tuple[str, ...] = (),
    comment_plights: tuple[str, ...] = (),
    memes: tuple[Meme, ...] = (),
    room: int = 200,
    id: str = "9",
    author: str = "1",
) -> Brief:
    person = Author(id=author, handle="bob", name="鲍勃")
    thread = (Post(id="p", author=Author(id="0", handle="ann"), text=post, at=NOON),) if post else ()
    mention = Mention(account="阿梗@plaza", id=id, author=person, text=text, thread=thread, at=NOON)
    comment = feeling(*comment_plights, language=language) if post else None
    reading = Reading(
        post=feeling(*plights, language=language), comment=comment, tone=tone, why="test", language=language
    )
    return Brief(mention=mention, reading=reading, memes=memes, room=room)
