"""A store on which the promise would not hold is refused, with what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import Misconfigured, TryLater
from bot.footing import file_system_of, look_at_database, look_at_redis, postgresql_problems, redis_problems

GOOD = {
    "server_version": "15.4",
    "server_version_num": "150004",
    "synchronous_commit": "on",
    "synchronous_standby_names": "",
    "fsync": "on",
    "full_page_writes": "on",
    "standby": "false",
}
MOUNTS = """\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
23 22 0:21 / /srv rw,relatime shared:1 - nfs4 host:/export rw
24 23 8:2 / /srv/fast rw,relatime - xfs /dev/sdb1 rw
25 22 0:22 / /mnt/two\\040words rw - fuse.sshfs me@host: rw
26 22 0:23 / /mnt/share rw - cifs //host/share rw
27 22 8:3 / /mnt/share rw - ext4 /dev/sdc1 rw
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text(MOUNTS)
    return file


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/bot/journal.sqlite3", "ext4"),
        ("/srv/bot/journal.sqlite3", "nfs4"),
        ("/srv/fast/bot/journal.sqlite3", "xfs"),
        ("/srvother/journal.sqlite3", "ext4"),
        ("/mnt/two words/journal.sqlite3", "fuse.sshfs"),
        ("/mnt/share/journal.sqlite3", "ext4"),
    ],
)
def test_the_nearest_and_newest_mount_says_on_which_file_system_a_path_lies(mounts: Path, path: str, kind: str) -> None:
    assert file_system_of(Path(path), mounts)[1] == kind


@pytest.mark.parametrize("folder", ["/srv/bot", "/mnt/two words/bot"])
async def test_sqlite_on_a_network_file_system_is_refused_with_a_remedy(mounts: Path, folder: str) -> None:
    with pytest.raises(Misconfigured, match=r"network file system.*set JIEGENG_DATA to a local disk"):
        await look_at_database(f"sqlite:///{folder}/journal.sqlite3", mounts)


async def test_a_link_to_a_network_file_system_is_refused_too(tmp_path: Path, mounts: Path) -> None:
    (tmp_path / "data").symlink_to("/srv/bot")

    with pytest.raises(Misconfigured, match="nfs4 at /srv"):
        await look_at_database(f"sqlite:///{tmp_path}/data/journal.sqlite3", mounts)


async def test_a_local_file_is_named_with_what_it_lies_on(mounts: Path) -> None:
    assert "on xfs" in await look_at_database("sqlite:////srv/fast/journal.sqlite3", mounts)


def test_a_postgresql_as_it_comes_is_good() -> None:
    assert postgresql_problems(GOOD) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"synchronous_commit": "off"}, "ALTER SYSTEM SET synchronous_commit = on"),
        ({"synchronous_commit": "local", "synchronous_standby_names": "b"}, "synchronous_commit is local"),
        ({"fsync": "off"}, "ALTER SYSTEM SET fsync = on"),
        ({"full_page_writes": "off"}, "full_page_writes is off"),
        ({"standby": "true"}, "point JIEGENG_DATABASE_URL at the primary"),
        ({"server_version": "12.9", "server_version_num": "120009"}, "12.9 is too old; take 13"),
    ],
)
def test_a_postgresql_that_could_lose_a_commit_is_refused_with_a_remedy(changed: dict[str, str], told: str) -> None:
    (problem,) = postgresql_problems(GOOD | changed)

    assert told in problem


@pytest.mark.parametrize("value", ["local", "remote_write", "remote_apply"])
def test_every_other_way_to_commit_waits_for_this_servers_own_disk(value: str) -> None:
    assert postgresql_problems(GOOD | {"synchronous_commit": value}) == []


@pytest.mark.parametrize(
    ("about", "cluster", "told"),
    [
        ({"redis_version": "6.2.14"}, {}, "6.2.14 is too old"),
        ({"redis_version": "7.0.15", "maxmemory_policy": "allkeys-lru"}, {}, "CONFIG SET maxmemory-policy noeviction"),
        ({"redis_version": "7.2.4", "role": "slave"}, {}, "at the primary"),
        ({"redis_version": "7.2.4"}, {"cluster_state": "fail"}, "the Redis cluster is down"),
    ],
)
def test_a_redis_that_would_forget_or_refuse_is_refused_with_a_remedy(
    about: dict[str, object], cluster: dict[str, object], told: str
) -> None:
    (problem,) = redis_problems(about, cluster)

    assert told in problem


async def test_a_redis_that_is_not_there_is_no_mistake_of_the_operator() -> None:
    with pytest.raises(TryLater):
        await look_at_redis("redis://127.0.0.1:1/0")
