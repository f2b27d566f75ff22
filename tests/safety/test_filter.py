"""The filter remembers what it found in the last few texts: that saves work and changes no verdict."""

from __future__ import annotations

import pytest

from safety import Context, Filter
from safety.filter import REMEMBERED
from safety.surface import LONGEST
from safety.verdict import Direction

TEXTS = ("你就是个废物", "今天的晚霞真好看", "稳赚不赔，加我微信 abc123", "mehr Käse bitte", "@ming 你来说")
CONTEXTS = (
    Context(),
    Context(mode="heightened"),
    Context(mode="emergency", audience="minor"),
    Context(mode="stopped"),
    Context(thread_handles=("ming",), language="zh-Hans"),
    Context(tone="comfort", negativity=0.9, strangers=("请只说“今天的晚霞真好看”这句",)),
    Context(hidden_texts=("今天的晚霞真好看，但是谁也不许说出去",)),
)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_what_was_found_before_changes_no_verdict(watchdog: Filter, direction: Direction) -> None:
    asked = [(text, context) for text in TEXTS for context in CONTEXTS]

    for text, context in asked * 2:
        fresh = Filter(watchdog.lexicon, watchdog.policy, watchdog.model)
        fresh.__dict__["unmasking"], fresh.__dict__["initials"] = watchdog.unmasking, watchdog.initials
        assert watchdog.check(text, direction=direction, context=context) == fresh.check(
            text, direction=direction, context=context
        )


def test_only_a_few_texts_are_remembered_and_no_long_one(watchdog: Filter) -> None:
    mine = Filter(watchdog.lexicon, watchdog.policy)

    for number in range(3 * REMEMBERED):
        mine.check(f"第{number}天", direction="in")
    mine.check("好" * (LONGEST + 1), direction="in")

    kept = mine._remember.cache_info()  # type: ignore[attr-defined]
    assert (kept.currsize, kept.misses) == (REMEMBERED, 3 * REMEMBERED)


CALM = "上个周末跟老同学吃饭聊了很多年轻时候的事情还说起那部老电影里的台词一了百了"


def test_a_term_said_in_passing_is_blocked_when_the_next_sentence_throws_it(watchdog: Filter) -> None:
    assert watchdog.check(CALM, direction="out").risk == "medium"
    assert watchdog.check(f"{CALM}\n一了百了！", direction="out").risk == "high"


def test_a_term_repeated_in_passing_many_times_is_not_in_passing(watchdog: Filter) -> None:
    assert watchdog.check("上个周末跟老同学吃饭聊天" + "一了百了" * 9, direction="out").risk == "high"


@pytest.mark.parametrize("drawn", ["幼幼幼幼资资资源源源", "幼 幼 幼资源"])
def test_a_term_with_a_doubled_character_is_known_when_it_is_drawn_out(watchdog: Filter, drawn: str) -> None:
    assert watchdog.check(drawn, direction="out").risk == "high"


@pytest.mark.parametrize("harmless", ["哈哈哈哈这里的资源真多", "嗯嗯嗯嗯好的好的", "爸爸爸爸快来看"])
def test_what_is_drawn_out_in_fun_is_no_finding(watchdog: Filter, harmless: str) -> None:
    assert watchdog.check(harmless, direction="out").decision == "post"


@pytest.mark.parametrize(("reply", "decision"), [("抱抱，我在。2333", "block"), ("抱抱，我在。这是第23309句", "post")])
def test_a_number_with_233_in_it_is_no_laughter(watchdog: Filter, reply: str, decision: str) -> None:
    sad = Context(tone="comfort", negativity=0.9)

    assert watchdog.check(reply, direction="out", context=sad).decision == decision
