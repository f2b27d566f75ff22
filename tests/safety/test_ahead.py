"""A pattern that looks ahead matches what the same pattern matches without, at the same places."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.ahead import MANY, compile_ahead

WORDS = "|".join(["ab", "abc", "b", "ca", "cab", "(?<![a])bc", "d?a", "aa", "(?:c|d)d", "[ab]d", "dd{1,2}"])
PATTERNS = [
    WORDS,
    f"a(?:{WORDS})b?",
    f"(?:{WORDS})(?:{WORDS})",
    f"(?:x|(?:{WORDS})){{0,2}}d",
    f"(?<!b)(?:{WORDS})(?!c)",
    f"(?:{WORDS})?c|(?:{WORDS}|)b",
    f"(?:{WORDS}|[^a])c",
    f"(?:{WORDS}|(?i:E))c",
    f"(?i:{WORDS})c",
    rf"(?:{WORDS}|\bc)+",
    rf"(a)(?:{WORDS}|\1b)",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text("abcdxeEA ", max_size=12))
def test_it_matches_the_same_text_at_the_same_places(pattern: str, text: str) -> None:
    assert WORDS.count("|") >= MANY

    found = [(match.span(), match.groups()) for match in compile_ahead(pattern).finditer(text)]

    assert found == [(match.span(), match.groups()) for match in re.compile(pattern).finditer(text)]


def test_a_pattern_that_is_none_is_refused_as_ever() -> None:
    with pytest.raises(re.error):
        compile_ahead("(a")
