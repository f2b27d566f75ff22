"""A real model writes a draft through the same client that operators use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import GiveUp, TryLater
from bot.model import Brief, Draft
from bot.persona import Sampling, load_persona
from bot.writers.openai import OpenAIWriter
from tests.bot.writers.briefs import brief
from tests.servers.llama import ModelServer, real_model_server

pytest.importorskip("xllamacpp")
pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

PERSONA = replace(
    load_persona(Path(__file__).parents[2] / "prompts" / "ageng.md"), sampling=Sampling(temperature=1.3, candidates=3)
)


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with real_model_server() as server:
        yield server


def writer(server: ModelServer, **changes: str) -> OpenAIWriter:
    url = changes.get("base_url", server.url)
    return OpenAIWriter(
        base_url=url, api_key="", model=server.model, persona=lambda: PERSONA, canary="c4nary-9a77",
        clock=lambda: datetime.now(UTC), deadline=120, most_tokens=48, price_out=1.0,
    )  # fmt: skip


async def patiently(model: OpenAIWriter, told: Brief) -> Draft:
    """A model this small repeats the question when it is cool and now and then when it is hot: drawn again then."""
    for _ in range(7):
        try:
            return await model.write(told)
        except TryLater as error:
            if "no line of it is a reply" not in str(error):
                raise
    return await model.write(told)


async def test_a_real_model_writes_a_draft_that_fits(server: ModelServer) -> None:
    model = writer(server)
    told = brief("@ageng my printer joined the meeting again", language="en", room=200)
    try:
        draft = await patiently(model, told)
    finally:
        await model.close()
    assert draft.writer == "smollm2"
    assert draft.persona == PERSONA.version
    assert draft.text == draft.candidates[0]
    assert all(0 < len(text) <= 200 for text in draft.candidates)
    assert draft.tokens_in > 100
    assert 0 < draft.tokens_out <= 48
    assert draft.cost == pytest.approx(draft.tokens_out / 1e6)
    assert draft.seconds > 0


async def test_a_wrong_address_on_a_real_server_names_the_setting(server: ModelServer) -> None:
    model = writer(server, base_url=server.url.removesuffix("/v1") + "/nowhere")
    try:
        with pytest.raises(GiveUp, match="JIEGENG_LLM_BASE_URL"):
            await model.write(brief("x"))
    finally:
        await model.close()
