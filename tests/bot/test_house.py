"""The whole house as one import: what only some houses need is not in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = "import json, sys, bot.cli, bot.house; print(json.dumps(sorted(sys.modules)))"


def loaded_modules() -> set[str]:
    told = subprocess.run([sys.executable, "-c", LISTED], cwd=ROOT, check=True, capture_output=True)
    return set(json.loads(told.stdout))


def test_a_house_on_our_own_stores_loads_nothing_that_only_others_need() -> None:
    loaded = loaded_modules()

    for_postgresql = {"asyncpg", "sqlalchemy.ext.asyncio", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql"}
    for_a_change_of_tables = {"alembic"}
    for_a_model = {"openai", "httpx2"}
    for_building_tables = {"jieba", "pypinyin"}
    a_second_redis_client = {"valkey"}
    unwanted = for_postgresql | for_a_change_of_tables | for_a_model | for_building_tables | a_second_redis_client
    assert not unwanted & loaded
