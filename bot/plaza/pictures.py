"""Pictures on disk: what is one, where it lies, and under which name."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from bot.plaza.fault import Fault

PICTURE_BYTES = 5 << 20
TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}
_NAME = re.compile(r"[0-9a-f]{32}\.(?:png|jpg|webp|gif)")


def kind_of(data: bytes) -> str | None:
    """png, jpg, webp or gif by the first bytes; the name and type a sender claims count for nothing."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "gif" if data[:6] in (b"GIF87a", b"GIF89a") else None


def keep(folder: Path, data: bytes) -> str:
    """Write a picture durably under a name nobody can guess; raises `Fault` 413 or 415. Blocks."""
    if len(data) > PICTURE_BYTES:
        raise Fault(413, "too_large", f"a picture may have {PICTURE_BYTES >> 20} MB at most")
    kind = kind_of(data)
    if kind is None:
        raise Fault(415, "not_a_picture", "PNG, JPEG, WebP and GIF pictures are welcome here")
    name = f"{secrets.token_hex(16)}.{kind}"
    part = folder / f".{name}.part"
    with part.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / name)
    return name


def find(folder: Path, name: str) -> Path:
    """Where a picture lies; raises `Fault` 404, also for names that are not ours."""
    file = folder / name
    if not _NAME.fullmatch(name) or not file.is_file():
        raise Fault(404, "no_picture", "there is no such picture")
    return file
