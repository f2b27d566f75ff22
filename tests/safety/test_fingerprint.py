from __future__ import annotations

from pathlib import Path

from safety import Filter
from safety import filter as of_filter


def test_a_word_list_or_a_policy_of_one_s_own_changes_the_fingerprint(tmp_path: Path, watchdog: Filter) -> None:
    words, policy = tmp_path / "own.lex", tmp_path / "policy.tsv"
    words.write_text("[block insult]\n臭豆腐脑\n", encoding="utf-8")
    policy.write_text(Path(of_filter.HERE / "policy.tsv").read_text(encoding="utf-8") + "\n# mine\n", encoding="utf-8")

    prints = {watchdog.fingerprint, Filter.load(words).fingerprint, Filter.load(policy=policy).fingerprint}

    assert len(prints) == 3
    assert Filter.load().fingerprint == watchdog.fingerprint


def test_every_file_of_the_package_that_is_read_counts() -> None:
    ignored = {".pyc", "", ".md"}
    strange = {path.suffix for path in of_filter.HERE.rglob("*") if path.is_file()} - of_filter.PARTS - ignored

    assert strange == set(), "a new kind of file: add it to PARTS, or the memory of screened cards outlives a change"
