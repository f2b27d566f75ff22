"""How the `openai` package writes a request, as a process of its own tells it: the package takes 13 MB once loaded."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import httpx2

PATIENCE = 20.0
"""Seconds after which the other process is given up; it takes one."""


class Form(NamedTuple):
    """A request without its body."""

    method: str
    url: str
    headers: list[tuple[str, str]]


class FormAsked:
    """Asks at once for the form of requests to one address; the key goes through a pipe that nobody else sees."""

    def __init__(self, base_url: str | None, api_key: str, path: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.form"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._listening = threading.Lock()
        self._over = False
        self._form: Form | None = None
        pipe, self._process.stdin = self._process.stdin, None
        assert pipe is not None  # noqa: S101 - we asked for it
        with suppress(OSError), pipe:  # who has ended already tells nothing, see `wait`
            pipe.write(json.dumps([base_url, api_key, path]).encode())

    def wait(self) -> Form | None:
        """The form; None if the other process could not tell it. Call it in a thread, for it may take a second."""
        with self._listening:
            if not self._over:
                self._form, self._over = self._listen(), True
            return self._form

    def end(self) -> None:
        """End the other process if it still runs."""
        self._process.kill()
        self.wait()

    def _listen(self) -> Form | None:
        with self._process as process:
            try:
                told, _ = process.communicate(timeout=PATIENCE)
                method, url, headers = json.loads(told)
            except subprocess.TimeoutExpired:
                process.kill()
            except ValueError:
                return None  # it ended without a word
            else:
                return Form(method, url, [(name, value) for name, value in headers])
        return None


async def write_form(base_url: str | None, api_key: str, path: str) -> Form:
    """The form of requests to one address, by the package itself; raises `openai.OpenAIError` for what it refuses."""
    import httpx2  # noqa: PLC0415 - heavy, as the next one
    import openai  # noqa: PLC0415 - what this module is about

    written: list[httpx2.Request] = []

    def note(request: httpx2.Request) -> httpx2.Response:
        written.append(request)
        return httpx2.Response(200, json={}, request=request)

    async with openai.AsyncOpenAI(
        base_url=base_url,
        api_key=api_key,
        max_retries=0,
        timeout=None,
        http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(note), timeout=None),
    ) as client:
        await client.post(path, cast_to=httpx2.Response, body={})
    (request,) = written
    return Form(request.method, str(request.url), list(request.headers.multi_items()))


def main() -> None:
    """Read what is asked for from standard input and write the form to standard output."""
    form = asyncio.run(write_form(*json.load(sys.stdin)))
    json.dump(form, sys.stdout)


if __name__ == "__main__":
    main()
