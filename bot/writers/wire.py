"""The road to the model: one aiohttp session, whole answers of a bounded size, no retries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from bot.http import check_token

OPENAI = "https://api.openai.com/v1"
ANSWER_LIMIT = 1_000_000
# Below the 5 s after which uvicorn, under many model servers, drops an idle connection just as it is used again.
IDLE = 4.0


class Unreachable(Exception):
    """No whole answer came back, and why."""


class Refused(Exception):
    """An answer with a status other than 2xx: what it said in words, its own code, and its headers."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Read the error body where it is one: {"error": {"message", "code"}}, or text."""
        self.status = status
        self.headers = headers
        self.message, self.code = _error_said(body)
        super().__init__(f"{status}: {self.message}")


class Road:
    """An OpenAI-compatible address.

    A request and its whole answer live inside one `async with`, so a call that is cancelled by its deadline gives its
    connection up at once and nothing stays behind in the pool; there is no time-out in here, the caller holds the
    deadline. Raises Misconfigured for a key that fits into no header line.
    """

    def __init__(self, base_url: str, api_key: str, *, connections: int = 256) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {check_token(api_key, 'JIEGENG_LLM_API_KEY')}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        host = urlsplit(base_url)
        # Looked up once, for aiohttp would do it for every call.
        self._proxy = None if proxy_bypass(host.hostname or "") else getproxies().get(host.scheme)

    async def ask(self, path: str, body: Mapping[str, Any]) -> bytes:
        """The answer to one POST. Raises Refused for a status that is not 2xx, Unreachable for all that breaks."""
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        try:
            async with self._open().post(
                self._base + path, data=data, headers=self._headers, allow_redirects=False, proxy=self._proxy
            ) as response:
                answer = await _read(response)
                if not 200 <= response.status < 300:
                    raise Refused(response.status, response.headers, answer)
                return answer
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=IDLE)
            forever = aiohttp.ClientTimeout(total=None, sock_connect=None)
            # A cookie of a load balancer must not tie all calls of a bot to one machine.
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, timeout=forever, cookie_jar=jar)
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            response.close()
            raise Unreachable(f"an answer of more than {ANSWER_LIMIT} bytes")
    return bytes(body)


def _error_said(body: bytes) -> tuple[str, str]:
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text)["error"]
        return str(error["message"]), str(error.get("code") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text[:400], ""
