"""A persona file is read strictly, and a bad one never replaces a good one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bot.errors import Misconfigured
from bot.persona import (
    BLANKS,
    CHATS,
    LISTS,
    PLIGHTS,
    PROSE,
    TONES,
    TROUBLES,
    PersonaShelf,
    blanks_in,
    load_persona,
    parse_persona,
)
from bot.prompt import hidden_texts
from safety import Filter
from safety.verdict import Context

PROMPTS = Path(__file__).parents[2] / "prompts"

GOOD = """---
name: robin
display: {en: Robin}
languages: [en]
---
## who en
A robot.
## banter en
Jokes about itself.
## warm en
Soft.
## comfort en
Quiet.
## never en
- nothing cruel
## topics en
- commute: subway, bus
## lines banter en
- one
- two
- three
- about {topic}
## lines banter en commute
- in the {topic}
## lines warm en
- one
- two
- three
## lines comfort en
- one
- two
- three
"""


def complaint(text: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        parse_persona(text, "prompts/robin.md")
    return str(caught.value)


def test_a_good_file_becomes_a_persona() -> None:
    persona = parse_persona(GOOD)
    assert persona.name == "robin"
    assert re.fullmatch(r"robin@[0-9a-f]{12}", persona.version)
    assert persona.said("lines", "banter", "en", "commute") == ("in the {topic}",)
    assert persona.topics["en"]["commute"] == ("subway", "bus")
    assert persona.tell("who", "zh-Hant") == "A robot."
    assert persona.called("zh-Hans") == "Robin"


def test_the_version_follows_the_content() -> None:
    assert parse_persona(GOOD).version == parse_persona(GOOD).version
    assert parse_persona(GOOD).version != parse_persona(GOOD.replace("Soft.", "Softer.")).version


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("---\nname", "name", "prompts/robin.md:1: the front matter is missing"),
        ("languages: [en]\n---", "languages: [en]", "the front matter does not end"),
        ("name: robin", "name: [", "not YAML"),
        ("name: robin", "nmae: robin", "prompts/robin.md:2: `nmae` is no field; write one of name, display"),
        ("display: {en: Robin}\n", "", "`display` is missing"),
        ("name: robin", "name: Robin Hood", "prompts/robin.md:2: `name`"),
        ("languages: [en]", "languages: [en]\nname: robin", "prompts/robin.md:5: `name` stands on line 2 already"),
        ("languages: [en]", "languages: [en]\nsampling: {temperature: 9}", "prompts/robin.md:5: `sampling.temperature`"),
        ("languages: [en]", "languages: [en]\nsampling: {temprature: 1}", "one of temperature, candidates"),
        ("## warm en", "## wram en", "prompts/robin.md:10: `wram` is no section (did you mean `warm`?)"),
        ("## warm en", "## warm", "prompts/robin.md:10: `## warm` does not fit; write `## warm zh`"),
        ("## warm en\nSoft.\n", "", "no section `warm`; write `## warm en`"),
        ("Soft.", "", "`## warm en` is empty"),
        ("- about {topic}", "- about {topik}", "prompts/robin.md:22: {topik} is no blank of this section; write one of: {me}, {topic}"),
        ("- about {topic}", "- about {topic", "a brace without its partner"),
        ("- about {topic}", "about", "prompts/robin.md:22: not an entry of a list; write `- `"),
        ("- about {topic}", "- two", "the line stands here twice"),
        ("- about {topic}", "- see https://example.org", "'https:' may not stand in a reply"),
        ("- about {topic}", "- ask @somebody", "'@' may not stand in a reply"),
        ("- about {topic}", "- a\u202eb", "may not stand in a reply"),
        ("- about {topic}", "- " + "x" * 121, "121 characters; write at most 120"),
        ("## lines banter en commute", "## lines banter en space", "`space` is no matter of `## topics en`"),
        ("## lines banter en commute", "## lines baner en", "`## lines baner en` does not fit"),
        ("## lines banter en commute", "## lines comfort en sniffles", "a plight behind it: one of grief"),
        ("## lines banter en commute", "## lines warm en", "stands on line 23 already"),
        ("## lines comfort en\n- one\n", "## lines comfort en\n", "2 lines without a blank; write at least 3 in `## lines comfort en`"),
        ("- commute: subway, bus", "- commute", "not a matter with its words"),
        ("## who en", "hello\n## who en", "text before the first section"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_and_remedy(old: str, new: str, says: str) -> None:
    broken = GOOD.replace(old, new, 1)
    assert broken != GOOD
    message = complaint(broken)
    assert says in message
    assert re.match(r"prompts/robin\.md:\d+: .+; write ", message)


def test_comfort_takes_no_blank_that_plays() -> None:
    assert "{meme} is no blank of this section; write one of: {me}" in complaint(
        GOOD.replace("## lines comfort en\n- one", "## lines comfort en\n- {meme}")
    )


def test_a_file_that_is_missing_or_not_text_is_misconfigured(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nobody\.md: unreadable"):
        load_persona(tmp_path / "nobody.md")
    (tmp_path / "bytes.md").write_bytes(b"---\xff")
    with pytest.raises(Misconfigured, match="byte 3 is not UTF-8"):
        load_persona(tmp_path / "bytes.md")


def replace(path: Path, text: str, stamp: int) -> None:
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(stamp, stamp))


def test_an_edit_is_in_force_at_the_next_look(tmp_path: Path) -> None:
    replace(tmp_path / "robin.md", GOOD, 10**18)
    shelf = PersonaShelf(tmp_path, "robin")
    before = shelf.current()
    assert shelf.current() is before
    replace(tmp_path / "robin.md", GOOD.replace("Soft.", "Gentle."), 2 * 10**18)
    assert shelf.current().prose["warm en"] == "Gentle."


def test_a_bad_edit_keeps_the_last_good_one_and_is_reported_once(tmp_path: Path) -> None:
    said: list[str] = []
    replace(tmp_path / "robin.md", GOOD, 10**18)
    shelf = PersonaShelf(tmp_path, "robin", said.append)
    good = shelf.current()
    replace(tmp_path / "robin.md", GOOD.replace("## warm", "## wram"), 2 * 10**18)
    assert shelf.current() is good
    assert shelf.current() is good
    assert len(said) == 1
    assert f"{good.version} stays in force" in said[0]
    replace(tmp_path / "robin.md", GOOD.replace("Soft.", "Gentle."), 3 * 10**18)
    assert shelf.current().prose["warm en"] == "Gentle."
    assert shelf.trouble == ""


def test_a_file_that_vanishes_leaves_the_last_good_one(tmp_path: Path) -> None:
    said: list[str] = []
    replace(tmp_path / "robin.md", GOOD, 10**18)
    shelf = PersonaShelf(tmp_path, "robin", said.append)
    good = shelf.current()
    (tmp_path / "robin.md").unlink()
    assert (shelf.current(), shelf.current()) == (good, good)
    assert len(said) == 1


def test_a_first_read_that_fails_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        PersonaShelf(tmp_path, "robin").current()


def test_the_shelf_lists_personas_but_not_the_manual(tmp_path: Path) -> None:
    for name in ("robin", "ageng", "README"):
        (tmp_path / f"{name}.md").write_text("x", encoding="utf-8")
    assert list(PersonaShelf(tmp_path, "robin").names()) == ["ageng", "robin"]


def lines_of(tone: str, language: str) -> list[str]:
    persona = load_persona(PROMPTS / "ageng.md")
    return [
        line
        for head, lines in persona.lists.items()
        if head.split()[:3] == ["lines", tone, language]
        for line in lines
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tone", "language", "least"),
    [
        ("banter", "zh", 60),
        ("warm", "zh", 40),
        ("comfort", "zh", 60),
        ("banter", "en", 30),
        ("warm", "en", 20),
        ("comfort", "en", 30),
    ],
)
def test_ageng_has_enough_to_say(tone: str, language: str, least: int) -> None:
    assert len(set(lines_of(tone, language))) >= least


def test_ageng_knows_words_for_every_plight_in_both_languages() -> None:
    persona = load_persona(PROMPTS / "ageng.md")
    for language in persona.languages:
        for plight in PLIGHTS:
            assert len(persona.said("lines", "comfort", language, plight)) >= 2, plight
        for trouble in TROUBLES:
            assert any(not blanks_in(line) for line in persona.said("lines", "warm", language, trouble)), trouble
        for chat in CHATS:
            assert len(persona.said("lines", chat, language)) >= 2, chat


@pytest.mark.parametrize("language", ["zh", "en", "ja", "ko", "es"])
def test_comfort_never_jokes_promises_advises_or_explains(language: str) -> None:
    unfit = re.compile(
        r"[!！~～😀-🙏]|哈|会好起来|一定会|没事的|想开|加油|坚持|应该去|建议|多喝|早点|至少|总比|命运|缘分|天使|一切都是|别难过|别哭"
        r"|will be (fine|ok)|get better|at least|happens? for a reason|you should|try to|cheer up|better place|don't cry",
        re.IGNORECASE,
    )
    for line in lines_of("comfort", language):
        assert not unfit.search(line), line


@pytest.mark.parametrize("tone", ["banter", "warm", "comfort"])
def test_no_line_claims_to_be_human_or_a_model(tone: str) -> None:
    for language in ("zh", "en"):
        for line in lines_of(tone, language):
            assert not re.search(
                r"我是(真)?人|我也是人|大模型|语言模型|language model|as an ai|i am human|as a person", line, re.I
            ), line


def test_every_offline_line_passes_the_safety_filter_and_gives_nothing_away() -> None:
    persona = load_persona(PROMPTS / "ageng.md")
    screen = Filter.load()
    hidden = hidden_texts(persona, "jg-0123456789abcdef")
    filled = {
        "me": "阿梗",
        "topic": "地铁",
        "weekday": "周一",
        "meme": "来都来了",
        "play": "没有人能拒绝奶茶",
        "news": "龙舟赛加时反超",
    }
    for head, lines in persona.lists.items():
        tone = head.split()[1] if head.split()[1] in TONES else "warm"
        context = Context(tone=tone, negativity=0.9 if tone == "comfort" else 0.1, hidden_texts=hidden)
        for line in lines:
            verdict = screen.check(line.format(**filled), direction="out", context=context)
            assert verdict.decision == "post", (head, line, verdict.reasons)


def test_kin_in_a_line_never_sounds_like_an_oath() -> None:
    persona = load_persona(PROMPTS / "ageng.md")
    screen = Filter.load()
    for head, lines in persona.lists.items():
        for line in lines:
            if "{topic}" in line and head.split()[2] == "zh" and head.split()[3:] in ([], ["kin"]):
                said = re.sub(r"\{\w+\}", "来都来了", line.replace("{topic}", "我妈"))
                assert screen.check(said, direction="out").decision == "post", said


def test_the_manual_explains_every_field_section_plight_chat_and_blank() -> None:
    manual = (PROMPTS / "README.md").read_text(encoding="utf-8")
    for word in (*PROSE, *LISTS, *TONES, *CHATS, *PLIGHTS, *TROUBLES):
        assert word in manual, word
    for name in BLANKS:
        assert f"`{{{name}}}`" in manual, name


def test_the_example_of_the_manual_is_a_good_file() -> None:
    manual = (PROMPTS / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```markdown\n(.*?)```", manual, re.DOTALL)
    assert example is not None
    assert parse_persona(example[1]).name == "robin"


def test_blanks_are_found_in_a_line() -> None:
    assert blanks_in("{topic} and {meme}") == {"topic", "meme"}
