"""Danger, sorrow and play in Cantonese, Taiwanese Mandarin, Japanese, Korean and Spanish; and the care that follows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from bot.emotion import read
from bot.model import CRISIS_KINDS
from bot.tone import tone
from safety import care

CASES = Path(__file__).parents[2] / "emotion" / "cases" / "tongues.jsonl"
TONGUES = ("yue", "zh-Hant", "ja", "ko", "es")


@cache
def cases() -> list[tuple[str, str, str]]:
    """Language, kind (a danger, sorrow or light) and text of every case."""
    rows = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    return [(row["lang"], row["kind"], row["post"]) for row in rows]


def told(language: str, *kinds: str) -> list[str]:
    return [text for lang, kind, text in cases() if lang == language and kind in kinds]


def toned(text: str) -> str:
    return tone(read(text), read("@bot")).tone.value


@pytest.mark.parametrize("language", TONGUES)
def test_nineteen_dangers_of_twenty_are_met_in_every_tongue(language: str) -> None:
    texts = told(language, *CRISIS_KINDS)

    missed = [text for text in texts if toned(text) != "crisis"]

    assert len(texts) >= 30
    assert len(missed) <= len(texts) / 20, missed


@pytest.mark.parametrize("language", ["zh", "en"])
def test_veiled_dangers_are_met_at_home_too(language: str) -> None:
    texts = told(language, *CRISIS_KINDS)

    assert sum(toned(text) == "crisis" for text in texts) >= 0.9 * len(texts)


def test_no_danger_gets_a_joke() -> None:
    texts = [text for _, kind, text in cases() if kind in CRISIS_KINDS]

    assert [text for text in texts if toned(text) == "banter"] == []


@pytest.mark.parametrize("language", TONGUES)
def test_nine_sorrows_of_ten_are_comforted(language: str) -> None:
    texts = told(language, "sorrow")

    assert len(texts) >= 15
    assert sum(toned(text) in {"comfort", "crisis"} for text in texts) >= 0.9 * len(texts)


@pytest.mark.parametrize("language", [*TONGUES, "zh", "en"])
def test_hardly_a_harmless_post_that_sounds_alike_becomes_a_crisis(language: str) -> None:
    texts = told(language, "light")

    wrong = [text for text in texts if toned(text) == "crisis"]

    assert len(wrong) <= (language in ("zh-Hant", "en")), wrong


@pytest.mark.parametrize("language", ["ja", "ko", "es"])
def test_no_harmless_post_is_comforted_for_nothing(language: str) -> None:
    texts = told(language, "light")

    assert sum(toned(text) == "comfort" for text in texts) <= len(texts) / 30


@pytest.mark.parametrize(
    ("text", "accented"),
    [("Se murio mi papa el domingo", "Se murió mi papá el domingo"), ("Me corte las venas", "Me corté las venas")],
)
def test_spanish_is_read_without_its_accents_too(text: str, accented: str) -> None:
    assert toned(text) == toned(accented) != "warm"


@pytest.mark.parametrize(
    ("language", "place"),
    [("yue", "zh-Hant/HK"), ("zh-Hant", "zh-Hant/TW"), ("ja", "ja/JP"), ("ko", "ko/KR"), ("es", "es/INTL")],
)
def test_a_crisis_is_answered_in_its_own_language_with_lines_of_its_own_place(language: str, place: str) -> None:
    met = [feeling for text in told(language, *CRISIS_KINDS) if (feeling := read(text)).crisis]

    fitting = [care(feeling.crisis or "", feeling.language).id.endswith(place) for feeling in met]

    # Some posts in Chinese have not one character that tells where they come from.
    assert sum(fitting) >= (0.85 if language in {"yue", "zh-Hant"} else 1) * len(fitting)
