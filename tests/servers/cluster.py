"""A Redis Cluster of our own for a test: three masters on loopback ports, each of which can be killed and brought back."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Node:
    """One master; its folder keeps what it knows of the others while it is dead."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        words += ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-announce-ip", "127.0.0.1"]
        words += ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--logfile", "log"]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@dataclass
class Cluster:
    """Three nodes that share the slots."""

    nodes: list[Node] = field(default_factory=list)

    @property
    def url(self) -> str:
        places = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"redis+cluster://{places}"

    @property
    def short_url(self) -> str:
        """As an operator would write it who names one node."""
        return f"redis://127.0.0.1:{self.nodes[0].port}/?cluster=1"

    def ask(self, *words: str, node: int = 0) -> str:
        """Ask one node through redis-cli."""
        return _ask(self.nodes[node].port, *words)

    def empty(self) -> None:
        for number in range(len(self.nodes)):
            self.ask("FLUSHALL", node=number)

    @contextmanager
    def without_a_node(self) -> Iterator[None]:
        """The first node is dead meanwhile; afterwards the cluster is whole again, whatever happened."""
        self.nodes[0].kill()
        try:
            yield
        finally:
            self.nodes[0].start()
            self.wait_until_well()

    def wait_until_well(self, patience: float = 60.0) -> None:
        """Until every node says that all slots are served."""
        until = time.monotonic() + patience
        while not all("cluster_state:ok" in self.ask("CLUSTER", "INFO", node=n) for n in range(len(self.nodes))):
            if time.monotonic() > until:
                message = "the cluster did not come up"
                raise TimeoutError(message)
            time.sleep(0.05)


@contextmanager
def redis_cluster() -> Iterator[Cluster]:
    """Three masters; needs Debian's redis-server 7."""
    if shutil.which("redis-server") is None:
        message = "these tests need Redis 7: apt-get install redis-server"
        raise RuntimeError(message)
    with tempfile.TemporaryDirectory(prefix="jiegeng-cluster-", dir="/tmp") as name:
        cluster = Cluster([Node(Path(name) / str(port), port) for port in _ports(3)])
        try:
            for node in cluster.nodes:
                node.start()
            _wait_for_answers(cluster.nodes)
            places = [f"127.0.0.1:{node.port}" for node in cluster.nodes]
            create = ["redis-cli", "--cluster", "create", *places, "--cluster-yes"]
            subprocess.run(create, check=True, stdout=subprocess.DEVNULL)
            cluster.wait_until_well()
            yield cluster
        finally:
            for node in cluster.nodes:
                node.kill()


def _wait_for_answers(nodes: Sequence[Node]) -> None:
    for _ in range(200):
        if all("PONG" in _ask(node.port, "PING") for node in nodes):
            return
        time.sleep(0.05)


def _ask(port: int, *words: str) -> str:
    done = subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True, text=True, check=False)
    return done.stdout


def _ports(count: int) -> list[int]:
    """Free ports whose bus, 10,000 above, is a port too."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port < 55_000 and port not in found:
            found.append(port)
    return found
