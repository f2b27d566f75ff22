from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from bot.journal.database import MIGRATIONS, migrate, newest_version


def test_the_newest_migration_is_the_head_of_the_chain() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_heads() == [newest_version()]


def test_a_database_behind_is_brought_up_and_one_that_is_up_stays_as_it_is(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'j.sqlite3'}")
    for _ in range(2):
        with engine.begin() as connection:
            migrate(connection)
    with engine.begin() as connection:
        assert inspect(connection).has_table("episodes")
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [newest_version()]
