"""The table of words and the colours: nothing missing, nothing unused, everything readable."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import bot.web
from bot.model import CRISIS_KINDS, EMOTIONS, State, Tone
from bot.web.words import WORDS, ago, choose, name, say, span

HERE = Path(bot.web.__file__).parent
SOURCE = "\n".join(file.read_text() for file in (*HERE.glob("templates/*.html"), HERE / "words.py"))
LOOK = (HERE / "look" / "look.css").read_text()
LIGHT, DARK = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})\b", part)) for part in LOOK.split("@media", 2)[:2])


@pytest.mark.parametrize("word", re.findall(r'(?:say|tell|fact|chapter\("."),? ?\(?"([a-z.]+)"[,)]', SOURCE))
def test_every_word_of_the_templates_is_in_the_table(word: str) -> None:
    assert word in WORDS


def test_every_value_has_a_name_in_both_languages() -> None:
    wanted = [f"tone.{tone}" for tone in Tone] + [f"state.{state}" for state in State]
    wanted += [f"emotion.{emotion}" for emotion in EMOTIONS] + [f"crisis.{kind}" for kind in CRISIS_KINDS]

    assert set(wanted) <= set(WORDS)
    assert all(chinese and english for chinese, english in WORDS.values())


def test_both_languages_have_the_same_blanks() -> None:
    for chinese, english in WORDS.values():
        assert blanks(chinese) == blanks(english)


def blanks(words: str) -> set[str | None]:
    return {blank for _, blank, _, _ in Formatter().parse(words) if blank is not None}


def test_a_value_without_a_name_is_shown_as_it_is() -> None:
    assert name("en", "plight", "lost_luggage") == "lost luggage"


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [("en", "zh", "en"), ("", "en-GB,zh", "en"), ("", "de, zh-CN;q=0.8", "zh"), ("", "", "zh"), ("xx", "", "zh")],
)
def test_the_reader_chooses_the_language(cookie: str, accept: str, language: str) -> None:
    assert choose(cookie, accept) == language


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.004, "4 ms"), (1.28, "1.3 s"), (42, "42 s"), (4000, "67 min"), (9000, "2 h"), (300_000, "3 d")],
)
def test_a_stretch_of_time_is_told_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert span("en", seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "刚刚"), (59, "刚刚"), (61, "1 分钟前"), (7300, "2 小时前"), (200_000, "2 天前")]
)
def test_how_long_ago_is_told_in_words(seconds: float, words: str) -> None:
    assert ago("zh", seconds) == words


def test_an_unknown_word_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("zh", "no such word")


def light_of(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((light_of(one), light_of(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


WASHED = ("banter", "warm", "comfort", "crisis", "silent", "good", "wait", "bad", "busy")
PAIRS = [(ink, paper) for ink in ("ink", "soft", "accent") for paper in ("paper", "sheet", "inset")]
PAIRS += [("on-accent", "accent"), ("on-accent", "accent-deep"), ("ink", "accent-wash")]
PAIRS += [(tone, f"{tone}-wash") for tone in WASHED]


@pytest.mark.parametrize("pair", PAIRS, ids="-on-".join)
@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_ink_is_readable_on_its_paper(scheme: dict[str, str], pair: tuple[str, str]) -> None:
    assert contrast(scheme[pair[0]], scheme[pair[1]]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("paper", ["paper", "sheet"])
def test_the_edges_of_fields_can_be_seen(scheme: dict[str, str], paper: str) -> None:
    assert contrast(scheme["edge"], scheme[paper]) >= 3
