"""Keeps what slow work made of card files, so that a start or a reload does only the work that is new."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from time import time
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

ALIGNED = 64  # bytes; where an array in a file begins
OPENING = 18  # bytes: the sum of all that follows them, and the length of the header
YOUNG = 600.0  # seconds for which a piece that nobody uses is left for those who may be about to


@dataclass(frozen=True)
class Piece:
    """What was made: facts that JSON can hold, and arrays by name."""

    facts: Any
    arrays: Mapping[str, Array] = field(default_factory=dict)


class Kept:
    """Pieces by key, each in one file of a folder of our own; without a folder they are kept in memory.

    Arrays are read in place from the file, so that all processes of a machine share their memory. A file that is not
    whole counts as missing. A folder that cannot be written costs only time.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Read nothing yet."""
        self._folder = folder
        self._pieces: dict[str, Piece] = {}

    def get(self, key: str) -> Piece | None:
        """Return a piece, if it was kept and is whole."""
        if key in self._pieces or self._folder is None:
            return self._pieces.get(key)
        return _read(self._folder / f"{key}.kept")

    def put(self, key: str, piece: Piece) -> Piece:
        """Keep a piece and return it as `get` will."""
        if self._folder is None:
            self._pieces[key] = piece
            return piece
        return self.get(key) or piece if _write(self._folder, key, piece) else piece

    def drop_all_but(self, keys: Collection[str]) -> None:
        """Forget all other pieces; files only when they are older than YOUNG: another process may need them now."""
        self._pieces = {key: piece for key, piece in self._pieces.items() if key in keys}
        if self._folder is None:
            return
        with suppress(OSError):
            for file in self._folder.iterdir():
                if file.suffix in (".kept", ".part") and file.stem not in keys:
                    # Two workers may both see it and drop it.
                    with suppress(FileNotFoundError):
                        if time() - file.stat().st_mtime > YOUNG:
                            file.unlink()


def name_piece(kind: str, *made_of: bytes | str) -> str:
    """Return the key of a piece: its kind and a digest of what it was made of, our code included."""
    digest = hashlib.sha256(_stamp_code())
    for part in made_of:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(hashlib.sha256(raw).digest())
    return f"{kind}-{digest.hexdigest()[:32]}"


@cache
def _stamp_code() -> bytes:
    # Whatever reads, folds or counts differently makes other pieces; nobody has to remember a number.
    digest = hashlib.sha256(sys.version.encode())
    for package in ("jieba", "numpy", "opencc-python-reimplemented", "pydantic", "pyyaml"):
        digest.update(version(package).encode())
    for file in sorted(Path(__file__).parent.iterdir()):
        if file.suffix in (".py", ".yaml"):
            digest.update(file.read_bytes())
    return digest.digest()


def _write(folder: Path, key: str, piece: Piece) -> bool:
    arrays = {name: np.ascontiguousarray(array) for name, array in piece.arrays.items()}
    places: dict[str, tuple[str, tuple[int, ...], int]] = {}
    end = 0
    for name, array in arrays.items():
        places[name] = (array.dtype.str, array.shape, end)
        end += -(-array.nbytes // ALIGNED) * ALIGNED
    header = json.dumps({"facts": piece.facts, "arrays": places}).encode()
    header += b" " * (-(OPENING + len(header)) % ALIGNED)
    parts: list[Any] = [f"{len(header):08x}\n".encode(), header]
    for array in arrays.values():
        parts += [array.reshape(-1).view(np.uint8), b"\0" * (-array.nbytes % ALIGNED)]
    sum_ = 0
    for part in parts:
        sum_ = zlib.crc32(part, sum_)
    fresh = folder / f"{key}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            file.write(f"{sum_:08x} ".encode())
            file.writelines(parts)
        fresh.replace(folder / f"{key}.kept")
    except OSError:
        return False
    return True


def _read(path: Path) -> Piece | None:
    try:
        block = np.memmap(path, np.uint8, "r").view(np.ndarray)
        opening = block[:OPENING].tobytes()
        if len(opening) < OPENING or int(opening[:8], 16) != zlib.crc32(block[9:].data):
            return None
        start = OPENING + int(opening[9:17], 16)
        header = json.loads(block[OPENING:start].tobytes())
    except (OSError, ValueError):
        return None
    arrays = {}
    for name, (kind, shape, at) in header["arrays"].items():
        dtype = np.dtype(kind)
        size = int(np.prod(shape)) * dtype.itemsize
        arrays[name] = block[start + at : start + at + size].view(dtype).reshape(shape)
    return Piece(header["facts"], arrays)
