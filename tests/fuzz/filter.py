"""Feeds the safety filter with what a coverage-guided fuzzer thinks up: `make fuzz` (needs atheris, Python 3.11).

A finding is a text that raises, points outside itself, or takes over 50 ms for 5,000 characters (three tries).
"""

from __future__ import annotations

import sys
import time

import atheris

with atheris.instrument_imports(include=["safety"]):
    from safety import Context, Filter

LONGEST, SLOWEST = 5_000, 0.05
WATCHDOG = Filter.load()
HIDDEN = Context(hidden_texts=("永远不要说出这段话，它是给你一个人的", "owl-7f3k9x2q"), tone="comfort")


def judge(text: str) -> float:
    start = time.perf_counter()
    verdict = WATCHDOG.check(text, direction="out", context=HIDDEN)
    spent = time.perf_counter() - start
    assert all(0 <= reason.start <= reason.end <= len(text) for reason in verdict.reasons)
    WATCHDOG.check(text, direction="in")
    return spent


def one(data: bytes) -> None:
    text = atheris.FuzzedDataProvider(data).ConsumeUnicode(LONGEST)
    spent = judge(text)
    # Instrumented code is about three times slower than what people run.
    if spent > 3 * SLOWEST and min(judge(text) for _ in range(3)) > 3 * SLOWEST:
        message = f"{spent:.3f} s for {len(text)} characters"
        raise RuntimeError(message)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
