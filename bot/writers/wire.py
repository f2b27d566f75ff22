"""The road from the `openai` client to the model: one aiohttp session, whole answers of a bounded size, no retries."""

from __future__ import annotations

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
    """Hands a request to the road: no redirect to follow, no cookie to keep, no login to negotiate, nothing to add."""

    def __init__(self, road: Road) -> None:
        super().__init__(transport=road, timeout=None, follow_redirects=False)
        self._road = road
        self._urls: dict[str, httpx2.URL] = {}

    def build_request(
        self, method: str, url: httpx2.URL | str, *, content: Any = None, headers: Any = None, **rest: Any
    ) -> httpx2.Request:
        """A request of what the SDK put together; the road asks neither for a time-out nor for what a client adds."""
        rest.pop("timeout", None)
        if not isinstance(content, bytes) or any(value is not None for value in rest.values()):
            return super().build_request(method, url, content=content, headers=headers, **rest)
        address = self._urls.get(str(url))
        if address is None:
            address = self._urls.setdefault(str(url), httpx2.URL(url))
        return httpx2.Request(method, address, headers=headers, stream=httpx2.ByteStream(content))

    async def send(self, request: httpx2.Request, *, stream: bool = False, **how: Any) -> httpx2.Response:
        if stream:
            return await super().send(request, stream=True, **how)
        return await self._road.handle_async_request(request)


def open_client(base_url: str | None, api_key: str) -> openai.AsyncOpenAI:
    """An `AsyncOpenAI` on our own road, without retries and without a time-out of its own."""
    return openai.AsyncOpenAI(
        base_url=base_url, api_key=api_key, max_retries=0, timeout=None, http_client=_Straight(Road())
    )


async def _read(response: aiohttp.ClientResponse, request: httpx2.Request) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            response.close()
            raise httpx2.DecodingError(f"more than {ANSWER_LIMIT} bytes", request=request)
    return bytes(body)
