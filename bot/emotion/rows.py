"""The labelled files that training reads, and what it says meanwhile."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON lines file, gzipped or not."""
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def say(line: str) -> None:
    """Tells the one who waits."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
