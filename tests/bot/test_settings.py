"""Settings: a mistyped name stops the start, with the name that was meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import Misconfigured
from bot.settings import load_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("JIEGENG_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_the_bot_can_start() -> None:
    settings = load_settings({})

    assert settings.plaza
    assert settings.journal_url.startswith("sqlite:///")


def test_a_mistyped_name_in_the_environment_is_told_with_the_name_that_was_meant() -> None:
    with pytest.raises(
        Misconfigured, match=r"JIEGENG_OPENAI_KYE|JIEGENG_LLM_API_KYE .* did you mean JIEGENG_LLM_API_KEY"
    ):
        load_settings({"JIEGENG_LLM_API_KYE": "x"})


def test_a_mistyped_name_in_dotenv_is_told_too(tmp_path: Path) -> None:
    place = tmp_path / ".env"
    place.write_text("JIEGENG_PERSONNA=ageng\nTZ=Asia/Shanghai\n")

    with pytest.raises(Misconfigured, match=r"JIEGENG_PERSONNA \(in .*\.env\) .* did you mean JIEGENG_PERSONA"):
        load_settings({}, place)


def test_foreign_names_in_dotenv_are_nobodys_business(tmp_path: Path) -> None:
    place = tmp_path / ".env"
    place.write_text("TZ=Asia/Shanghai\nREDIS_URL=redis://x\n")

    assert load_settings({}, place).redis_url == ""


def test_the_usual_key_is_a_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings({"OPENAI_API_KEY": "sk-usual"}).llm_api_key.get_secret_value() == "sk-usual"

    monkeypatch.setenv("JIEGENG_LLM_API_KEY", "sk-ours")
    assert load_settings({"OPENAI_API_KEY": "sk-usual"}).llm_api_key.get_secret_value() == "sk-ours"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("JIEGENG_LLM_BASE_URL", "localhost:8000", "starts with http"),
        ("JIEGENG_PORT", "eighty", "JIEGENG_PORT"),
        ("JIEGENG_LLM_TIMEOUT", "0", "JIEGENG_LLM_TIMEOUT"),
        ("JIEGENG_MASTODON_URL", "https://social.example", "JIEGENG_MASTODON_TOKEN is not"),
    ],
)
def test_a_value_that_does_not_fit_is_told_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(Misconfigured, match=says):
        load_settings({name: value})


def test_an_error_about_settings_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEGENG_LLM_API_KEY", "sk-very-secret")
    monkeypatch.setenv("JIEGENG_MASTODON_URL", "https://social.example")

    with pytest.raises(Misconfigured) as told:
        load_settings({})

    assert "sk-very-secret" not in str(told.value)


def test_no_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEGENG_LLM_API_KEY", "sk-very-secret")

    assert "sk-very-secret" not in repr(load_settings({}))
