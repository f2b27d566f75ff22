"""Asks a guard model for a second opinion over an OpenAI-compatible endpoint; trouble of any kind is no opinion."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.errors import Misconfigured
from safety.judge import READERS, Dialect, Opinion

MOST_KNOWN = 2_000
MOST_BYTES = 64_000  # a grade fits in a few hundred


@dataclass(slots=True)
class GuardModel:
    """One guard model: its endpoint, its name, its dialect, and our own deadline in seconds."""

    base_url: str
    api_key: str
    model: str
    dialect: Dialect
    timeout: float
    _session: aiohttp.ClientSession | None = field(default=None, init=False)
    _known: OrderedDict[str, Opinion] = field(default_factory=OrderedDict, init=False)

    def known(self, text: str) -> Opinion | None:
        """Return what was said about exactly this text before, in this process."""
        return self._known.get(text)

    async def ask(self, text: str) -> Opinion | None:
        """Return the model's opinion of a candidate reply; nothing on time-out, refusal, nonsense or an error."""
        if (known := self._known.get(text)) is not None:
            return known
        opinion = await self._ask(text)
        if opinion is not None:
            self._known[text] = opinion
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return opinion

    async def _ask(self, text: str) -> Opinion | None:
        try:
            async with asyncio.timeout(self.timeout):
                said = await self._post(text)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
            return None
        if self.dialect != "openai":
            said = content_of(said)
            if said is None:
                return None
        return READERS[self.dialect](said, self.model)

    async def _post(self, text: str) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.api_key}"})
        path, body = self._request(text)
        address = f"{self.base_url.rstrip('/')}/{path}"
        async with self._session.post(address, json=body, allow_redirects=False) as answer:
            if answer.status != 200:
                message = f"status {answer.status}"
                raise ValueError(message)
            raw = await answer.content.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            message = "an answer far too long"
            raise ValueError(message)
        return json.loads(raw)

    def _request(self, text: str) -> tuple[str, dict[str, Any]]:
        if self.dialect == "openai":
            return "moderations", {"model": self.model, "input": text}
        # Guard models grade the last message in its role: as the assistant's answer, a reply is judged as a reply.
        messages = [{"role": "user", "content": "…"}, {"role": "assistant", "content": text}]
        return "chat/completions", {"model": self.model, "messages": messages, "temperature": 0, "max_tokens": 64}

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def content_of(body: Any) -> str | None:
    """Return the text of a chat completion, or nothing when the answer has another shape."""
    try:
        said = body["choices"][0]["message"]["content"]
    except (IndexError, KeyError, TypeError):
        return None
    return said if isinstance(said, str) else None


def make_guard(url: str, key: str, model: str, dialect: Dialect, timeout: float) -> GuardModel | None:
    """Return the judge the settings name, or nothing when none is named; raises Misconfigured for half a setting."""
    if not url and not model:
        return None
    if not (url and model):
        message = "a judge needs both JIEGENG_JUDGE_URL and JIEGENG_JUDGE_MODEL; set both or neither"
        raise Misconfigured(message)
    return GuardModel(url, key, model, dialect, timeout)
