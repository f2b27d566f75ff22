"""A PostgreSQL of our own for a test: a fresh cluster in a temporary folder, on a loopback port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def find_postgres() -> Path:
    """The folder with initdb and postgres; Debian keeps it off the PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places += [Path(found).parent for found in [shutil.which("pg_isready")] if found]
    if not places:
        message = "these tests need PostgreSQL: apt-get install postgresql"
        raise RuntimeError(message)
    return places[0]


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a running server with an empty database `jiegeng`."""
    bin_ = find_postgres()
    # PostgreSQL refuses to run as root; Debian's package brings a user of its own.
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="jiegeng-pg-", dir="/tmp") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, "postgres", "postgres")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
        data = str(folder / "data")
        subprocess.run([bin_ / "initdb", "-D", data, "-U", "jiegeng", "-A", "trust"], check=True, **quiet, **user)
        options = ["-D", data, "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"]
        server = subprocess.Popen([bin_ / "postgres", *options], **quiet, **user)
        try:
            ready = [bin_ / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-t", "20"]
            for _ in range(100):
                if subprocess.run(ready, check=False, **quiet).returncode == 0:
                    break
            create = [bin_ / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "jiegeng", "jiegeng"]
            subprocess.run(create, check=True, **quiet, **user)
            yield f"postgresql://jiegeng@127.0.0.1:{port}/jiegeng"
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown: a SIGTERM waits for whoever is still connected
            server.wait(40)
