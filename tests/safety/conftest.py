"""One filter for all tests: it keeps no state, and reading the word lists takes a third of a second."""

import pytest

from safety import Filter


@pytest.fixture(scope="session")
def watchdog() -> Filter:
    return Filter.load()
