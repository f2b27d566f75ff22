"""An OpenAI-compatible server that plays a script: answers and faults, one a request, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

__all__ = ["Fault", "OpenAIServer", "Request", "Says", "answer_body"]


@dataclass(frozen=True)
class Says:
    """An answer with a text, and how it ended."""

    text: str
    finish: str = "stop"
    tokens: tuple[int, int] = (11, 7)


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    `kind`: refuse (closes without an answer), status (see `status`, `message`, `after`), hang (never answers until the
    server stops), slow (headers, then nothing more until `release`), cut (half a body), empty, no_choices, null,
    not_json, html, oversized, schema (JSON of another shape), list (JSON that is no object), redirect.
    """

    kind: str
    status: int = 500
    message: str = "it broke"
    after: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Request:
    """What the server was asked."""

    path: str
    key: str
    body: dict[str, Any]

    @property
    def system(self) -> str:
        return self._said("system")

    @property
    def user(self) -> str:
        return self._said("user")

    def _said(self, role: str) -> str:
        return "\n".join(message["content"] for message in self.body["messages"] if message["role"] == role)


def answer_body(text: str | None, finish: str = "stop", tokens: tuple[int, int] = (11, 7)) -> dict[str, Any]:
    """A chat completion as the wire has it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "scripted",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)},
    }


@dataclass
class OpenAIServer:
    """Serves `/v1/chat/completions` and `/v1/moderations` (a script of JSON texts) on loopback; used as an async context manager.

    The script is played in order; when it is empty the `mode` answers: `fine` says `usual`, `obey` repeats every
    instruction it was given by strangers (the whole user message), `leak` repeats the system message.
    """

    usual: str = "第一条\n第二条\n第三条"
    mode: str = "fine"
    script: deque[Says | Fault] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _runner: web.AppRunner | None = None

    def plays(self, *parts: Says | Fault | str) -> Self:
        """Add to the script."""
        self.script.extend(Says(part) if isinstance(part, str) else part for part in parts)
        return self

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._answer)
        app.router.add_post("/v1/moderations", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=512)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.release.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.requests.append(Request(request.path, key, await request.json()))
        part = self.script.popleft() if self.script else Says(self._by_mode())
        if isinstance(part, Says) and request.path.endswith("moderations"):
            return web.Response(text=part.text, content_type="application/json")
        if isinstance(part, Says):
            return web.json_response(answer_body(part.text, part.finish, part.tokens))
        return await self._fail(request, part)

    def _by_mode(self) -> str:
        asked = self.requests[-1]
        return {"fine": self.usual, "obey": asked.user, "leak": asked.system}[self.mode]

    async def _fail(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.kind == "refuse":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault.kind == "hang":
            await self.release.wait()
            return web.Response()
        if fault.kind in ("slow", "cut"):
            return await self._break_off(request, fault.kind)
        if fault.kind == "status":
            headers = {"Retry-After": fault.after} if fault.after is not None else {}
            error = {"message": fault.message, "type": "test", "code": fault.code}
            return web.json_response({"error": error}, status=fault.status, headers=headers)
        return _nonsense(fault.kind)

    async def _break_off(self, request: web.Request, kind: str) -> web.StreamResponse:
        body = json.dumps(answer_body("第一条\n第二条")).encode()
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if kind == "slow":
            await self.release.wait()
        elif request.transport is not None:
            request.transport.close()
        return response


def _nonsense(kind: str) -> web.Response:
    bodies: dict[str, web.Response] = {
        "empty": web.json_response(answer_body("")),
        "null": web.json_response(answer_body(None)),
        "no_choices": web.json_response(answer_body("x") | {"choices": []}),
        "not_json": web.Response(text="{oops", content_type="application/json"),
        "html": web.Response(text="<html>gateway</html>", content_type="text/html"),
        "schema": web.json_response({"result": {"text": "hello"}}),
        "list": web.json_response(["hello"]),
        "number": web.json_response(answer_body("x") | {"choices": [{"message": {"content": 7}}]}),
        "nothing": web.Response(body=b""),
        "redirect": web.Response(status=302, headers={"Location": "http://127.0.0.1:9/v1/chat/completions"}),
    }
    if kind == "oversized":
        return web.json_response(answer_body("长" * 3_000_000))
    return bodies[kind]
