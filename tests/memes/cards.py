"""Cards and card files for the tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from memes.card import Meme

SITUATIONS = (
    "刚坐下会议就开始了",
    "早高峰的地铁挤得脚不沾地",
    "打卡机响完我就没电了",
    "午休只剩十分钟还在排队",
    "周一的闹钟响了五遍",
    "开会开到窗外天都黑了",
    "工位的绿萝看起来比我有精神",
    "电梯口排到了大门外",
)


def make_card(**changes: Any) -> Meme:
    base: dict[str, Any] = {
        "id": "banwei",
        "family": "banwei",
        "names": ("班味",),
        "kind": "slang",
        "meaning": "上班上久了的疲惫样子",
        "use": "自嘲",
        "situations": SITUATIONS,
        "examples": ("这一身班味洗不掉了",),
        "tones": ("banter", "warm"),
        "avoid": ("grief", "layoffs"),
        "source": "tests",
        "first_seen": date(2023, 6, 1),
        "last_seen": date(2025, 12, 1),
        "review": "approved",
    }
    return Meme(**(base | changes))


CARD = """- id: banwei
  family: banwei
  names: [班味]
  kind: slang
  meaning: 上班上久了的疲惫样子
  use: 自嘲
  situations:
    - 刚坐下会议就开始了
    - 早高峰的地铁挤得脚不沾地
    - 打卡机响完我就没电了
    - 午休只剩十分钟还在排队
    - 周一的闹钟响了五遍
    - 开会开到窗外天都黑了
    - 工位的绿萝看起来比我有精神
    - 电梯口排到了大门外
  examples: [这一身班味洗不掉了]
  tones: [banter, warm]
  avoid: [grief, layoffs]
  source: tests
  first_seen: 2023-06-01
  last_seen: 2025-12-01
  review: approved
"""


def write_file(folder: Path, text: str = CARD, name: str = "work.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
