"""The form of a request, written by the SDK in a process of its own."""

from __future__ import annotations

import sys

import pytest

from bot.form import FormAsked, write_form

ASKED = ("http://127.0.0.1:9/v1", "sk-own", "/chat/completions")


async def test_the_form_from_another_process_is_the_one_that_the_sdk_writes_here() -> None:
    asked = FormAsked(*ASKED)

    told = asked.wait()

    assert told == await write_form(*ASKED)
    assert told.url == "http://127.0.0.1:9/v1/chat/completions"
    assert ("authorization", "Bearer sk-own") in told.headers
    assert asked.wait() is told


def test_a_process_that_ends_without_a_word_tells_no_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    assert FormAsked(*ASKED).wait() is None


def test_who_is_no_longer_waited_for_is_ended() -> None:
    asked = FormAsked(*ASKED)

    asked.end()

    assert asked.wait() is None
    assert asked._process.returncode is not None
