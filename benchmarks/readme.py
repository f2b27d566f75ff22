"""Puts the rows of the last `make bench` into both READMEs: `python -m benchmarks.readme`."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.running import ROOT

BEGIN, END = "<!-- make bench -->\n", "<!-- /make bench -->"
HEADS = {"README.md": "| figure | value | aim | reached |", "README.zh-CN.md": "| 指标 | 数值 | 目标 | 达到 |"}
# The longer ones first, where one begins with another.
CHINESE = (
    ("of it reading, recall and screening", "其中读情绪、找梗、审文本"),
    ("CPU a reply, all our processes with the stores", "每条回复的 CPU，含我们所有进程和存储"),
    ("CPU a reply, SQLite, 2 workers ÷ 1 worker", "每条回复的 CPU，SQLite，两个 worker ÷ 一个"),
    ("CPU a reply, PostgreSQL, 1 worker", "每条回复的 CPU，PostgreSQL，一个 worker"),
    ("naive floor: CPU a reply", "“朴素”下限：每条回复的 CPU"),
    ("lean floor: CPU a reply", "“精简”下限：每条回复的 CPU"),
    ("the rest ÷ naive floor", "其余部分 ÷ 朴素下限"),
    ("the rest ÷ lean floor", "其余部分 ÷ 精简下限"),
    ("replies a second of one worker", "一个 worker 每秒回复"),
    ("replies a second of CPU", "每秒 CPU 能回复"),
    ("that a core and day", "合每核每天"),
    ("that a day", "合每天"),
    ("open mentions at its end (and how many more each second)", "持续结束时还没回的（每秒多出几条）"),
    ("own time", "自身耗时"),
    ("event loop late", "事件循环迟到"),
    ("memory of the worker with listener and pages (unique)", "worker 连同监听与后台页面的内存（独占）"),
    ("memory of the worker", "worker 的内存"),
    ("memory of its whole tree then", "那时整棵进程树的内存"),
    ("growth of it while sustained", "持续期间的增长"),
    ("growth of the worker over the last half", "后一半里 worker 的增长"),
    ("growth of it over the last half", "后一半里的增长"),
    ("fault rig: mentions of the smallest long round", "故障台：较小一轮长测的提及数"),
    ("fault rig: kills of that round", "故障台：那一轮的强杀次数"),
    ("fault rig: lost, doubled, mutants caught", "故障台：丢失、重复、抓到的变异体"),
    ("fault rig: lost", "故障台：丢失"),
    ("fault rig: doubled by the bot", "故障台：机器人重复回复"),
    ("fault rig: mutants caught", "故障台：抓到的变异体"),
    ("half load", "半载"),
    ("all at once", "一次涌来"),
    ("sustained for ", "持续 "),
    ("sustained", "持续满载"),
    ("cards come", "张卡片载入时"),
    ("while ", ""),
    ("after ", "回复后 "),
    (" mentions", " 次提及"),
    ("run of ", "测于 "),
    ("not measured; make faults", "未测"),
    ("not measured", "未测"),
    ("does not grow", "不增长"),
    ("a second", "每秒"),
    (", most", "，最多"),
    (" million", " 百万"),
    (" ms", " 毫秒"),
    (" s |", " 秒 |"),
    ("| yes |", "| 是 |"),
    ("| no |", "| 否 |"),
    ("0, 0, all", "0、0、全部"),
    ("| all |", "| 全部 |"),
    (" of ", " / "),
    (", ", "，"),
)


def rows_of(figures: dict[str, Any]) -> list[str]:
    """The summary's rows as Markdown."""
    words = {True: "yes", False: "no", None: ""}
    return [
        f"| {one['figure']} | {one['shown']} | {one['aim']} | {words[one['reached']]} |" for one in figures["summary"]
    ]


def chinese(row: str) -> str:
    """A row in Chinese."""
    number = row.replace(",000", "\0")
    for words, own in CHINESE:
        number = number.replace(words, own)
    return number.replace("\0", ",000")


def main() -> None:
    """Write both tables; everything outside the two marks stays."""
    figures = json.loads((ROOT / "benchmarks/out/loop.json").read_text())
    for name, head in HEADS.items():
        file = ROOT / name
        before, _, rest = file.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        rows = [chinese(row) if "zh" in name else row for row in rows_of(figures)]
        table = "\n".join([head, "|---|---|---|---|", *rows, ""])
        file.write_text(f"{before}{BEGIN}{table}{END}{after}")


if __name__ == "__main__":
    main()
