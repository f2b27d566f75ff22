"""How the `openai` client reaches the model: one aiohttp session, whole answers of a bounded size, no retries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
import openai

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
        try:
            async with self._open().request(
                request.method,
                str(request.url),
                headers=headers,
                data=await request.aread(),
                allow_redirects=False,
                proxy=self._proxy_for(request.url.scheme, request.url.host),
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

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._connections, keepalive_timeout=IDLE, ssl=httpx2.create_ssl_context()
            )
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


class Line:
    """Asks one address of a model again and again, without retries and without a time-out of its own.

    The SDK writes the first request; a later one is the same form with another body, at half the CPU. Whatever does not
    go well is given to the SDK to be read, so it is told as the SDK tells it.
    """

    def __init__(self, base_url: str | None, api_key: str, path: str = "chat/completions") -> None:
        self._road = Road()
        self._client = openai.AsyncOpenAI(
            base_url=base_url, api_key=api_key, max_retries=0, timeout=None, http_client=_Straight(self._road)
        )
        self._path = f"/{path}"
        self._form: httpx2.Request | None = None

    async def ask(self, body: Mapping[str, object]) -> bytes:
        """The content of an answer whose status is 2xx; raises `openai.OpenAIError` for anything else."""
        if self._form is None:
            first = await self._by_the_sdk(self._client, body)
            self._form = first.request
            return first.content
        outcome = await self._fill_in(self._form, body)
        if isinstance(outcome, httpx2.Response) and outcome.is_success:
            return outcome.content
        reader = self._client.with_options(http_client=_Straight(_Known(outcome)))
        return (await self._by_the_sdk(reader, body)).content

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _by_the_sdk(self, client: openai.AsyncOpenAI, body: Mapping[str, object]) -> httpx2.Response:
        # The typed method costs 0.7 ms more a call and hands out guesses for a malformed answer.
        return await client.post(self._path, cast_to=httpx2.Response, body=body)

    async def _fill_in(self, form: httpx2.Request, body: Mapping[str, object]) -> httpx2.Response | httpx2.RequestError:
        words = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        request = httpx2.Request(form.method, form.url, headers=form.headers, stream=httpx2.ByteStream(words))
        try:
            return await self._road.handle_async_request(request)
        except httpx2.RequestError as error:
            return error


async def _read(response: aiohttp.ClientResponse, request: httpx2.Request) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            response.close()
            raise httpx2.DecodingError(f"more than {ANSWER_LIMIT} bytes", request=request)
    return bytes(body)
