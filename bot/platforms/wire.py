"""Reading foreign JSON: text that is whole Unicode, dates that are aware, and one error for everything else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime


class Unreadable(ValueError):
    """The other side's JSON does not have the shape it should have."""


def mend(text: str) -> str:
    """The same text without NUL, and with U+FFFD for lone surrogates: neither fits into a database or a prompt."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def table(value: object) -> dict[str, object]:
    """A JSON object; raises `Unreadable` otherwise."""
    if not isinstance(value, dict):
        raise Unreadable(f"an object was expected, not {type(value).__name__}")
    return value


def rows(value: object) -> Sequence[object]:
    """A JSON array; raises `Unreadable` otherwise."""
    if not isinstance(value, list):
        raise Unreadable(f"a list was expected, not {type(value).__name__}")
    return value


def words(value: object, default: str = "") -> str:
    """A JSON string, mended; the default for null. Raises `Unreadable` otherwise."""
    if value is None:
        return default
    if not isinstance(value, str):
        raise Unreadable(f"a string was expected, not {type(value).__name__}")
    return mend(value)


def name(value: object) -> str:
    """An id: a string that is not empty, or a whole number. Raises `Unreadable` otherwise."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = words(value).strip()
    if not text or len(text) > 500:
        raise Unreadable("an id was expected")
    return text


def moment(value: object) -> datetime:
    """An ISO 8601 date as aware UTC; a date without a zone counts as UTC. Raises `Unreadable` otherwise."""
    try:
        at = datetime.fromisoformat(words(value))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"{str(value)[:40]!r} is not a date") from error
