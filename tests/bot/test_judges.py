"""A guard model is asked over the wire; whatever goes wrong there, the filter decides alone."""

import json

import pytest

from bot.errors import Misconfigured
from bot.judges import GuardModel, make_guard
from tests.servers.openai import Fault, OpenAIServer


@pytest.mark.parametrize(
    "fault",
    [
        Fault("refuse"),
        Fault("hang"),
        Fault("status", status=500),
        Fault("status", status=429, after="60"),
        Fault("cut"),
        Fault("empty"),
        Fault("null"),
        Fault("no_choices"),
        Fault("not_json"),
        Fault("html"),
        Fault("oversized"),
        Fault("schema"),
        Fault("list"),
        Fault("number"),
        Fault("nothing"),
        Fault("redirect"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
@pytest.mark.parametrize("dialect", ["qwen3guard", "llama_guard"])
async def test_trouble_is_no_opinion(fault, dialect):
    async with OpenAIServer().plays(fault) as server:
        guard = GuardModel(server.url, "key", "guard", dialect, 0.2)
        assert await guard.ask("你好") is None
        assert guard.known("你好") is None
        await guard.close()


@pytest.mark.parametrize(
    ("dialect", "said", "risk"),
    [
        ("qwen3guard", "Safety: Unsafe\nCategories: Violent", "high"),
        ("llama_guard", "safe", "low"),
        ("openai", json.dumps({"results": [{"flagged": True, "categories": {"hate": True}}]}), "high"),
    ],
)
async def test_an_opinion_is_asked_for_once_and_remembered(dialect, said, risk):
    async with OpenAIServer().plays(said) as server:
        guard = GuardModel(server.url, "key", "guard", dialect, 2.0)
        first, second = await guard.ask("一句话"), await guard.ask("一句话")
        await guard.close()
    assert first is second
    assert first.risk == risk
    assert len(server.requests) == 1
    assert server.requests[0].key == "key"


async def test_a_moderation_endpoint_that_talks_nonsense_has_no_opinion():
    async with OpenAIServer().plays("[]") as server:
        guard = GuardModel(server.url, "", "guard", "openai", 2.0)
        assert await guard.ask("一句话") is None
        await guard.close()


def test_without_an_address_there_is_no_judge():
    assert make_guard("", "", "", "qwen3guard", 3.0) is None


@pytest.mark.parametrize(("url", "model"), [("http://localhost:1/v1", ""), ("", "guard")])
def test_half_a_judge_is_refused(url, model):
    with pytest.raises(Misconfigured, match="JIEGENG_JUDGE_MODEL"):
        make_guard(url, "", model, "qwen3guard", 3.0)
