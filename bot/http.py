"""One HTTP request with its own deadline, ending in parsed JSON or in one of the four errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp

from bot.errors import GiveUp, Misconfigured, TryLater, Unsure
from bot.walls import Kind, Meter, pause_asked

BODY_LIMIT = 2 << 20
CONNECT_SECONDS = 10.0

# Statuses in the 4xx range that do not say "never": the server gave up waiting, or asks for patience.
_PATIENCE = frozenset({425, 429})
_DOUBTFUL = frozenset({408, 499})

type_of_doubt = type[TryLater] | type[Unsure]


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its status, its parsed JSON body (None if it had none) and its headers."""

    status: int
    body: object
    headers: Mapping[str, str]


class Refused(GiveUp):
    """The other side said no and said so in its own words: `status`, and `code` where its error body has one."""

    def __init__(self, why: str, status: int, code: str = "") -> None:
        super().__init__(why)
        self.status = status
        self.code = code


class Unspoken(TryLater):
    """Not what the site itself would say, but a page of its own or of something in between, with this `status`."""

    def __init__(self, why: str, status: int, after: float | None = None) -> None:
        super().__init__(why, after)
        self.status = status


class Remote:
    """One site reached over HTTP with one bearer token. The session is shared and stays open.

    `setting` is the name of the setting that holds the token, for the error line an operator reads; `deadline` is
    how long a whole request may take, in seconds; `meter` counts requests where the site has a wall.
    Raises `Misconfigured` if `base` is not an http(s) address.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base: str,
        token: str = "",
        *,
        setting: str = "the token",
        deadline: float = 15.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        meter: Meter | None = None,
    ) -> None:
        self.base = check_address(base)
        self._session = session
        self._setting = setting
        self._deadline = deadline
        self._now = now
        self._meter = meter
        self._headers = {"Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {check_token(token, setting)}"

    async def read(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        longer: float = 0.0,
        most: int = BODY_LIMIT,
    ) -> Answer:
        """GET, with `longer` seconds on top of the deadline; every doubt is `TryLater`: a read changes nothing."""
        return await self._send("GET", path, TryLater, params=params, deadline=self._deadline + longer, most=most)

    async def change(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request that changes something there, never repeated by us; every doubt is `Unsure`."""
        return await self._send(method, path, Unsure, body=body, headers=headers, deadline=self._deadline)

    async def _send(
        self,
        method: str,
        path: str,
        doubt: type_of_doubt,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        deadline: float,
        most: int = BODY_LIMIT,
    ) -> Answer:
        where = f"{method} {self.base}{path}"
        kind: Kind = "read" if doubt is TryLater else "write"
        if self._meter is not None:
            await self._meter.pay(kind)
        # The connect limit is shorter than the deadline, so that "never got through" and "never answered" differ.
        limits = aiohttp.ClientTimeout(total=deadline, connect=min(CONNECT_SECONDS, deadline / 2))
        try:
            async with self._session.request(
                method,
                self.base + path,
                params=params,
                json=body,
                headers={**self._headers, **(headers or {})},
                timeout=limits,
                allow_redirects=False,
            ) as response:
                raw = await _drink(response, most)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TryLater(f"{where}: not reached ({_short(error)})") from error
        except TimeoutError as error:
            raise doubt(f"{where}: no answer within {deadline:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise doubt(f"{where}: the answer broke off ({_short(error)})") from error
        if self._meter is not None:
            await self._meter.told(kind, response.headers, self._now(), refused=response.status == 429)
        if raw is None:
            raise doubt(f"{where}: an answer of more than {most} bytes")
        if not 200 <= response.status < 300:
            raise self._trouble(where, response.status, response.headers, raw, doubt)
        try:
            return Answer(response.status, _parsed(raw), response.headers)
        except (ValueError, RecursionError) as error:
            why = f"{where}: the answer is not JSON ({_short(error)})"
            raise (Unspoken(why, response.status) if doubt is TryLater else Unsure(why)) from error

    def _trouble(
        self, where: str, status: int, headers: Mapping[str, str], raw: bytes, doubt: type_of_doubt
    ) -> Exception:
        pause = pause_asked(headers, self._now())
        if status in _PATIENCE or (status == 503 and pause is not None):
            return TryLater(f"{where}: {status}, busy", pause)
        said = _error_said(raw)
        if status in (401, 403):
            return Refused(f"{where}: {status} {_line(said)}; check {self._setting}", status, said[0] if said else "")
        if 300 <= status < 400:
            target = headers.get("Location", "elsewhere")[:200]
            return Refused(f"{where}: moved to {target}; put the new address into the settings", status)
        if 400 <= status < 500 and status not in _DOUBTFUL:
            if said is None:
                # Something between us and the site answered: nothing happened there, and it may pass.
                return Unspoken(f"{where}: {status} without an error body; is this the right address?", status, pause)
            return Refused(f"{where}: {status} {_line(said)}", status, said[0])
        return doubt(f"{where}: {status} {_line(said)}")


def check_address(base: str) -> str:
    """An http(s) address without its trailing slash; raises `Misconfigured` for anything else."""
    base = base.strip().rstrip("/")
    scheme, _, rest = base.partition("://")
    if scheme.lower() not in ("http", "https") or not rest.split("/")[0] or any(mark.isspace() for mark in base):
        raise Misconfigured(f"{base!r} is not an address like https://example.org")
    return base


def check_token(token: str, setting: str) -> str:
    """A token that fits into a header line; raises `Misconfigured` otherwise, without showing it."""
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Misconfigured(f"{setting} holds characters that no token has; copy it again")
    return token


async def _drink(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The whole body, or None as soon as it is longer than `most` bytes."""
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > most:
            response.close()
            return None
        parts.append(part)
    return b"".join(parts)


def _parsed(raw: bytes) -> object:
    """JSON, or None for an empty body. Broken UTF-8 in one post must not make a whole page of mentions unreadable."""
    return json.loads(raw.decode("utf-8", "replace")) if raw.strip() else None


def _error_said(raw: bytes) -> tuple[str, str] | None:
    """Code and message of an error body: ours ({"error": {"code", "message"}}) or Mastodon's ({"error": "..."})."""
    try:
        body = _parsed(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, dict):
        return str(error.get("code", "")), str(error.get("message", ""))
    return ("", str(body.get("error_description") or error)) if isinstance(error, str) else None


def _line(said: tuple[str, str] | None) -> str:
    """One printable line of at most 200 characters: an error body is foreign text and goes into our log."""
    text = ": ".join(part for part in said if part) if said else ""
    return "".join(mark if mark.isprintable() else " " for mark in text)[:200]


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]
