"""How the `openai` client reaches the model: one aiohttp session, whole answers of a bounded size, no retries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2

from bot.form import Form, FormAsked, write_form

ANSWER_LIMIT = 1_000_000
# Below the 5 s after which uvicorn, under many model servers, drops an idle connection just as it is used again.
IDLE = 4.0
_HEADER_TEXT = "iso-8859-1"
_HOP = frozenset({b"host", b"content-length", b"connection", b"accept-encoding", b"transfer-encoding"})
_DECODED = frozenset({b"content-encoding", b"content-length", b"transfer-encoding", b"connection"})


class Road(httpx2.AsyncBaseTransport):
    """aiohttp below httpx2.

    A request and its whole answer live inside one `async with`, so a call that is cancelled by its deadline gives its
    connection up at once and nothing stays behind in the pool; there is no time-out in here, the caller holds the
    deadline. An answer of more than ANSWER_LIMIT bytes, unpacked, is broken off with `httpx2.DecodingError`.
    """

    def __init__(self, *, connections: int = 256) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = [
            (name.decode("ascii"), value.decode(_HEADER_TEXT))
            for name, value in request.headers.raw
            if name.lower() not in _HOP
        ]
        proxy = self._proxy_for(request.url.scheme, request.url.host)
        session = self._open(secure="https" in {request.url.scheme, (proxy or "").partition(":")[0]})
        try:
            async with session.request(
                request.method,
                str(request.url),
                headers=headers,
                data=await request.aread(),
                allow_redirects=False,
                proxy=proxy,
            ) as response:
                body = await _read(response, request)
                kept = [pair for pair in response.raw_headers if pair[0].lower() not in _DECODED]
                return httpx2.Response(response.status, headers=kept, content=body, request=request)
        except aiohttp.ClientConnectorError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise httpx2.UnsupportedProtocol(str(error), request=request) from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.ReadError(f"{type(error).__name__}: {error}", request=request) from error

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self, *, secure: bool) -> aiohttp.ClientSession:
        if self._session is None:
            # The authorities that we trust take 2 MB, which a model on our own machine does not need.
            trusted = httpx2.create_ssl_context() if secure else True
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=IDLE, ssl=trusted)
            forever = aiohttp.ClientTimeout(total=None, sock_connect=None)
            self._session = aiohttp.ClientSession(connector=connector, timeout=forever)
        return self._session

    def _proxy_for(self, scheme: str, host: str) -> str | None:
        """The proxy that the environment names for a host; looked up once, for aiohttp would do it for every call."""
        key = f"{scheme}://{host}"
        if key not in self._proxies:
            self._proxies[key] = None if proxy_bypass(host) else getproxies().get(scheme)
        return self._proxies[key]


class _Straight(httpx2.AsyncClient):
    """Hands a request to its transport: no redirect to follow, no cookie to keep, no login to negotiate."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        super().__init__(transport=transport, timeout=None, follow_redirects=False)
        self._straight = transport

    async def send(self, request: httpx2.Request, *, stream: bool = False, **how: Any) -> httpx2.Response:
        if stream:
            return await super().send(request, stream=True, **how)
        return await self._straight.handle_async_request(request)


@dataclass(frozen=True, slots=True)
class _Known(httpx2.AsyncBaseTransport):
    """Brings what is known already: an answer, or what kept it from coming."""

    outcome: httpx2.Response | httpx2.RequestError

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if isinstance(self.outcome, httpx2.RequestError):
            raise self.outcome
        return self.outcome


class LineTrouble(Exception):
    """The model did not answer as it should; the message is what the SDK says of it, and the cause its own error."""


class Unreached(LineTrouble):
    """There is no connection, or it broke; the message says why."""


class Refused(LineTrouble):
    """An answer whose status is not 2xx."""

    def __init__(self, message: str, status: int, code: str | None, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


class Line:
    """Asks one address of a model again and again, without retries and without a time-out of its own.

    The SDK writes the form of a request, which is filled in with one body after the other, at half the CPU; `aside` has
    it do so in a process of its own, begun at once. Whatever does not go well is given to the SDK to be read, so it is
    told as the SDK tells it. So a process loads the SDK, 13 MB, only when it writes the form itself, or at the first
    trouble.
    """

    def __init__(
        self, base_url: str | None, api_key: str, path: str = "chat/completions", *, aside: bool = False
    ) -> None:
        self._road = Road()
        self._where = base_url, api_key, f"/{path}"
        self._asked = FormAsked(*self._where) if aside else None
        self._form: httpx2.Request | None = None

    async def ask(self, body: Mapping[str, object]) -> bytes:
        """The content of an answer whose status is 2xx; raises `LineTrouble` for anything else."""
        if self._form is None:
            form = await self._write_form()
            self._form = httpx2.Request(form.method, form.url, headers=form.headers)
        outcome = await self._fill_in(self._form, body)
        if isinstance(outcome, httpx2.Response) and outcome.is_success:
            return outcome.content
        return await self._read(outcome, body)

    async def close(self) -> None:
        """Close the connections."""
        if self._asked is not None:
            await asyncio.to_thread(self._asked.end)
        await self._road.aclose()

    async def _write_form(self) -> Form:
        form = await asyncio.to_thread(self._asked.wait) if self._asked is not None else None
        if form is not None:
            return form
        openai = await _load_sdk()
        try:
            return await write_form(*self._where)
        except openai.OpenAIError as error:
            raise LineTrouble(str(error)) from error

    async def _read(self, outcome: httpx2.Response | httpx2.RequestError, body: Mapping[str, object]) -> bytes:
        """What the SDK makes of an outcome."""
        openai = await _load_sdk()
        base_url, api_key, path = self._where
        try:
            async with openai.AsyncOpenAI(
                base_url=base_url, api_key=api_key, max_retries=0, timeout=None, http_client=_Straight(_Known(outcome))
            ) as client:
                # The typed method costs 0.7 ms more a call and hands out guesses for a malformed answer.
                answer: httpx2.Response = await client.post(path, cast_to=httpx2.Response, body=body)
                return answer.content
        except openai.APIStatusError as error:
            raise Refused(error.message, error.status_code, error.code, error.response.headers) from error
        except openai.APIConnectionError as error:
            raise Unreached(str(error.__cause__ or error) or type(error).__name__) from error
        except openai.OpenAIError as error:
            raise LineTrouble(str(error)) from error

    async def _fill_in(self, form: httpx2.Request, body: Mapping[str, object]) -> httpx2.Response | httpx2.RequestError:
        words = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        request = httpx2.Request(form.method, form.url, headers=form.headers, stream=httpx2.ByteStream(words))
        try:
            return await self._road.handle_async_request(request)
        except httpx2.RequestError as error:
            return error


async def _load_sdk() -> Any:
    """The `openai` package, loaded in a thread the first time, for that takes half a second."""
    return await asyncio.to_thread(import_module, "openai")


async def _read(response: aiohttp.ClientResponse, request: httpx2.Request) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            response.close()
            raise httpx2.DecodingError(f"more than {ANSWER_LIMIT} bytes", request=request)
    return bytes(body)
