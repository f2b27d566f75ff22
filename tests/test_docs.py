"""The guides say what the program does: every setting, every command, every link, one version, two languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

import bot
from bot.cli import app
from bot.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
GUIDES = sorted(path for path in (*ROOT.glob("docs/*.md"), *ROOT.glob("README*.md")) if path.is_file())
PAGES = [*GUIDES, ROOT / "CONTRIBUTING.md"]
OPERATORS = ROOT / "docs" / "operators.md"
LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?<![\w/-])(?:\.venv/bin/)?(jiegeng|make) ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
# A fenced block, also inside a list, or inline code that begins with a command: a quoted message is no example.
EXAMPLES = re.compile(
    r"^ *```[a-z]*\n(.*?)^ *```|`((?:\.venv/bin/)?(?:jiegeng|make) [^`\n]+)`", re.MULTILINE | re.DOTALL
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def value_of(field: FieldInfo) -> str:
    default = field.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, bool):
        default = str(default).lower()
    return "" if default in (None, "") else f"`{default}`"


def rows() -> Iterator[str]:
    """The table of settings as docs/operators.md should hold it."""
    yield "| setting | default | meaning |"
    yield "|---|---|---|"
    for name, field in Settings.model_fields.items():
        yield f"| `{PREFIX}{name.upper()}` | {value_of(field)} | {field.description} |"


def commands(group: typer.Typer, above: str = "") -> Iterator[str]:
    """Every command of the typer app, as somebody types it."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield above + (command.name or command.callback.__name__)
    for below in group.registered_groups:
        assert below.typer_instance is not None
        yield from commands(below.typer_instance, f"{above}{below.name} ")


def verbs() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def typed_in(path: Path) -> set[str]:
    """The `make` and `jiegeng` commands that a page shows in code, without their arguments."""
    known = set(commands(app))
    found = set()
    for block, inline in EXAMPLES.findall(path.read_text(encoding="utf-8")):
        for program, first, second in COMMAND.findall(block or inline):
            whole = f"{first} {second}" if program == "jiegeng" and f"{first} {second}" in known else first
            found.add(f"{program} {whole}")
    return found


def headings(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_operators_guide_holds_every_setting_with_its_default_and_meaning() -> None:
    text = OPERATORS.read_text(encoding="utf-8")

    missing = [row for row in rows() if row not in text]

    assert not missing, "put these lines into docs/operators.md:\n" + "\n".join(missing)


def test_the_operators_guide_names_no_setting_that_is_gone() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {"JIEGENG_PLAZA_TOKEN"}
    in_rows = re.findall(r"^\| `(JIEGENG_\w+)` \|", OPERATORS.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(in_rows) <= known
    assert len(in_rows) == len(set(in_rows)), "a setting stands in the table twice"


@pytest.mark.parametrize("command", list(commands(app)))
def test_every_command_stands_in_a_guide(command: str) -> None:
    shown = set().union(*map(typed_in, GUIDES))

    assert f"jiegeng {command}" in shown, f"no guide shows `jiegeng {command}`"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_shows_only_commands_that_exist(page: Path) -> None:
    known = {f"jiegeng {name}" for name in commands(app)} | {f"make {verb}" for verb in verbs()}

    assert typed_in(page) <= known


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(page: Path) -> None:
    lost = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        place, _, anchor = unquote(link).partition("#")
        target = page.parent / place if place else page
        if not target.exists() or (anchor and anchor not in headings(target)):
            lost.append(link)

    assert not lost


def test_the_newest_version_of_the_changelog_is_the_programs() -> None:
    versions = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert versions[0] == bot.__version__


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = typed_in(ROOT / "README.md"), typed_in(ROOT / "README.zh-CN.md")

    assert english == chinese
    assert english, "the README shows no command at all: this test looks at nothing"


def test_both_readmes_name_the_same_settings_and_link_to_the_same_pages() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    twins = {"README.md", "README.zh-CN.md"}

    assert set(re.findall(r"JIEGENG_\w+", english)) == set(re.findall(r"JIEGENG_\w+", chinese))
    assert set(LINK.findall(english)) - twins == set(LINK.findall(chinese)) - twins
