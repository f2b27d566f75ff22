from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from memes.pictures import (
    FONTS,
    HEIGHT,
    WIDTH,
    Box,
    PictureError,
    Template,
    find_font,
    fit,
    list_templates,
    measure,
    render,
)

needs_font = pytest.mark.skipif(not any(path.is_file() for path in FONTS), reason="Noto Sans CJK is not installed")
TEXTS = (
    "短",
    "周一早上的地铁，把我挤成了一张照片",
    "四十个字左右的一段话，用来看看放不放得下，标点也要跟着走，后面还有一点点内容",
    "Monday morning, the subway turned me into a photograph",
    "supercalifragilisticexpialidociousness",
)


def open_png(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


@needs_font
@pytest.mark.parametrize("template", list_templates(), ids=lambda template: template.name)
def test_a_template_draws_any_text_and_describes_itself(template: Template) -> None:
    for text in TEXTS:
        picture = render(template.name, [text] * len(template.boxes))

        assert open_png(picture.png).size == (WIDTH, HEIGHT)
        assert picture.alt.startswith(template.shows)
        assert text in picture.alt
        assert "AI生成" in picture.alt


@needs_font
@pytest.mark.parametrize("text", TEXTS)
def test_no_line_is_wider_than_its_box_and_no_text_is_higher(text: str) -> None:
    face = find_font()
    for template in list_templates():
        for box in template.boxes:
            size, lines = fit(text, box, face)

            assert all(measure(line, face, size) <= box.right - box.left for line in lines)
            assert len(lines) * size <= box.bottom - box.top


@needs_font
def test_what_does_not_fit_even_in_small_letters_is_cut_with_a_mark() -> None:
    _, lines = fit("很" * 60, Box(0, 0, 120, 60), find_font())

    assert lines[-1].endswith("…")


@needs_font
def test_a_mark_never_begins_a_line() -> None:
    _, lines = fit("一二三四五六七八九十，一二三四五六七八九十。", Box(0, 0, 300, 400), find_font())

    assert not any(line[0] in "，。" for line in lines)


@needs_font
def test_the_same_texts_give_the_same_picture() -> None:
    assert render("notice", ["明天放假"]).png == render("notice", ["明天放假"]).png


@needs_font
@pytest.mark.parametrize("texts", [(), ("",), ("一", "二")])
def test_the_number_of_texts_has_to_fit(texts: tuple[str, ...]) -> None:
    with pytest.raises(PictureError, match="takes 1 texts"):
        render("notice", texts)


def test_an_unknown_template_is_named_with_those_there_are() -> None:
    with pytest.raises(PictureError, match="known are two_panels"):
        render("poster", ["一"])


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "font.ttf"
    path.write_text("no font")

    with pytest.raises(PictureError, match="no font that can be read"):
        render("notice", ["一"], font=path)


def test_there_are_a_dozen_templates() -> None:
    assert len(list_templates()) >= 12
