"""Learning from the own stream once more, on a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.journal import Episodes
from tests.bot.test_learning import *  # noqa: F403 - the same tests on another database
from tests.bot.test_learning import Stage

pytestmark = pytest.mark.real

TABLES = "episodes, cursors, silences, modes, tombstones, notes, phrases, uses"


@pytest.fixture
def stage(journal: Episodes, tmp_path: Path) -> Stage:
    return Stage(journal, tmp_path)
