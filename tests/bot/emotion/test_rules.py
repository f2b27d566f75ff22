"""The language of the rule files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.emotion import book
from bot.emotion.plain import flatten
from bot.emotion.rules import RuleBook, Sequence, parse
from bot.errors import Misconfigured


def book_of(*lines: str) -> RuleBook:
    classes: dict[str, tuple[str, ...]] = {}
    rules = list(parse("test.rules", lines, classes))
    book = RuleBook(stories=Sequence((classes["FICTION"],), ()) if "FICTION" in classes else None)
    for rule in rules:
        book.add(rule)
    return book


def test_two_things_near_each_other_are_found_in_order_only() -> None:
    book = book_of("[plight grief]", "奶奶|grandma ~ 走了|died")

    assert book.find("奶奶昨天走了")
    assert book.find("my grandma just died")
    assert not book.find("走了,去看奶奶")
    assert not book.find("奶奶来了。她走了")


def test_two_things_anywhere_are_found_in_any_order() -> None:
    book = book_of("[plight grief]", "奶奶 & 墓")

    assert book.find("墓前。想起奶奶")


def test_a_ban_silences_a_rule() -> None:
    book = book_of("[crisis self_harm]", "跳楼 ! 跳楼价")

    assert book.find("想跳楼")
    assert not book.find("跳楼价大甩卖")


def test_a_film_weakens_a_rule_that_says_so() -> None:
    book = book_of("[class FICTION]", "电影", "[plight grief]", "葬礼 ! <FICTION>")

    assert book.find("葬礼")[0].weight == 1.0
    assert book.find("电影里的葬礼")[0].weight == pytest.approx(0.4)


def test_a_latin_word_is_found_whole_unless_it_ends_with_a_star() -> None:
    book = book_of("[feel fear]", "art|panick*")

    assert not book.find("party")
    assert book.find("so panicky today")


def test_bracketed_variants_and_numbers_are_spelt_out() -> None:
    book = book_of("[trouble study]", "还有№天(考试|答辩)")

    assert book.find("还有12天答辩")
    assert book.find("还有三天考试")
    assert not book.find("还有天考试")


def test_a_line_that_does_not_fit_names_file_and_line() -> None:
    with pytest.raises(Misconfigured, match=r"test\.rules, line 2"):
        book_of("[plight grief]", "走了 :: much")


def test_the_index_wakes_every_rule_that_a_full_search_finds() -> None:
    cases = Path(__file__).parents[2] / "emotion" / "cases" / "tone_dev.jsonl"
    texts = [flatten(json.loads(line)["post"]).text for line in cases.read_text(encoding="utf-8").splitlines()]

    for shipped in book.load():
        for text in texts[::4]:
            found = {hit.rule for hit in shipped.find(text)}
            missed = [rule.topic for rule in shipped.rules if rule.find(text) and id(rule) not in found]
            assert missed == [], text
