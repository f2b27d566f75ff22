"""Each attack family is caught to the share that docs/safety.md states, and each harmless twin is posted."""

import re
from pathlib import Path

import pytest

from tests.safety.families import FAMILIES, measure

GUIDE = Path(__file__).parents[2] / "docs" / "safety.md"
FEWEST = 50


@pytest.mark.parametrize("one", FAMILIES, ids=lambda one: one.name)
def test_a_family_keeps_its_share(watchdog, one):
    cases, wrong = measure(one, watchdog)
    right = 1 - len(wrong) / len(cases)
    assert right >= one.share, [case.text for case in wrong]


@pytest.mark.parametrize("letter", "ABCDFGH")
def test_every_family_has_cases_enough(letter):
    kinds: dict[str, int] = {}
    for one in FAMILIES:
        if one.name.startswith(letter):
            kind = one.name.split(" ")[0]
            kinds[kind] = kinds.get(kind, 0) + len(one.cases())
    assert {kind: count for kind, count in kinds.items() if count < FEWEST} == {}


def test_the_guide_promises_no_more_than_is_true(watchdog):
    """A row for every family; five points are left to lists and weights that change a little."""
    rows = dict(re.findall(r"^\| (.+?) \| \d+ \| (\d+) % ", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert {one.name for one in FAMILIES} <= rows.keys(), "run: python -m tests.safety.families"
    for one in FAMILIES[::6]:
        cases, wrong = measure(one, watchdog)
        assert 1 - len(wrong) / len(cases) >= int(rows[one.name]) / 100 - 0.05, one.name


def test_a_family_is_the_same_in_every_run():
    one = next(found for found in FAMILIES if found.name.startswith("A6"))
    assert [case.text for case in one.cases()] == [case.text for case in one.cases()]
