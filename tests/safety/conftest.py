"""One filter for all tests: it keeps only its last findings, and reading the word lists takes over half a second."""

import pytest

from safety import Filter


@pytest.fixture(scope="session")
def watchdog() -> Filter:
    return Filter.load()
