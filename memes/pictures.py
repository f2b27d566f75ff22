"""Draws meme pictures from templates of our own: a certificate, a notice, chat bubbles … with the text fitted in."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH, HEIGHT = 800, 600  # pixels
LONGEST = 60  # characters of one text
LEAST = 22  # pixels of the smallest letters; what does not fit then is cut with …
LEADING = 1.28  # height of a line, in letter heights
LABEL = "AI生成"
FONTS = tuple(
    Path(folder) / "NotoSansCJK-Bold.ttc"
    for folder in (
        "/usr/share/fonts/opentype/noto",
        "/usr/share/fonts/noto-cjk",
        "/usr/share/fonts/google-noto-cjk",
        "/usr/share/fonts/truetype/noto",
    )
)
SIMPLIFIED = 2  # the face of the collection that draws simplified Chinese

Colour: TypeAlias = str
Ink: TypeAlias = "ImageDraw"


class PictureError(ValueError):
    """No picture can be drawn; the message says why and what to do."""


@dataclass(frozen=True)
class Box:
    """Where a text stands, in pixels: left, top, right, bottom; its colour and the size of its letters at most."""

    left: int
    top: int
    right: int
    bottom: int
    colour: Colour = "#222222"
    most: int = 84


@dataclass(frozen=True)
class Template:
    """A picture with room for texts. `shows` describes it for people who do not see it."""

    name: str
    shows: str
    boxes: tuple[Box, ...]
    paper: Colour
    draw: Callable[[Ink], None]


@dataclass(frozen=True)
class Picture:
    """A PNG and its description, which is posted with it always."""

    png: bytes
    alt: str


def list_templates() -> tuple[Template, ...]:
    """Return all templates."""
    return tuple(_TEMPLATES.values())


def render(name: str, texts: Sequence[str], *, font: Path | None = None, label: str = LABEL) -> Picture:
    """Draw a template with its texts. Nothing is fetched. Raises PictureError with the remedy.

    `font` is a font file or collection; without it Noto Sans CJK is looked for where distributions keep it.
    """
    template = _TEMPLATES.get(name)
    if template is None:
        raise PictureError(f"there is no picture {name!r}; known are {', '.join(_TEMPLATES)}")
    told = [" ".join("".join(mark if mark.isprintable() else " " for mark in text).split()) for text in texts]
    if len(told) != len(template.boxes) or not all(told):
        raise PictureError(f"{name} takes {len(template.boxes)} texts, none of them empty")
    told = [text if len(text) <= LONGEST else text[: LONGEST - 1] + "…" for text in told]
    pillow, drawing = _load()
    image = pillow.new("RGB", (WIDTH, HEIGHT), template.paper)
    ink = drawing.Draw(image)
    face = font or find_font()
    template.draw(ink)
    _decorate(ink, template, face)
    for box, text in zip(template.boxes, told, strict=True):
        _write(ink, box, text, face)
    _sign(ink, label, face)
    png = io.BytesIO()
    image.save(png, "PNG")
    return Picture(png.getvalue(), f"{template.shows}：{' / '.join(told)}（{label}）")


def find_font() -> Path:
    """Return the font. Raises PictureError where it is not installed."""
    found = next((path for path in FONTS if path.is_file()), None)
    if found is None:
        raise PictureError("Noto Sans CJK is not installed; on Debian: apt install fonts-noto-cjk")
    return found


def fit(text: str, box: Box, face: Path) -> tuple[int, list[str]]:
    """Return the largest size at which a text fits its box, and its lines; at LEAST pixels the rest is cut off."""
    low, high = LEAST, box.most
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(text, box, face, middle):
            low = middle
        else:
            high = middle - 1
    lines = _wrap(text, box.right - box.left, face, low)
    room = max(1, int((box.bottom - box.top) / (low * LEADING)))
    if len(lines) > room:
        lines = [*lines[: room - 1], lines[room - 1][:-1] + "…"]
    return low, lines


def measure(text: str, face: Path, size: int) -> float:
    """Return the width of a line in pixels."""
    return float(_letters(face, size).getlength(text))


def _fits(text: str, box: Box, face: Path, size: int) -> bool:
    lines = _wrap(text, box.right - box.left, face, size)
    wide = max(measure(line, face, size) for line in lines)
    return wide <= box.right - box.left and len(lines) * size * LEADING <= box.bottom - box.top


def _wrap(text: str, width: int, face: Path, size: int) -> list[str]:
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and measure((lines[-1] + piece).rstrip(), face, size) > width:
            lines.append("")
        while measure(piece.rstrip(), face, size) > width and len(piece) > 1:  # one word longer than the line
            cut = next(at for at in range(len(piece) - 1, 0, -1) if at == 1 or measure(piece[:at], face, size) <= width)
            lines[-1:] = [piece[:cut], ""]
            piece = piece[cut:]  # noqa: PLW2901 - what is left of it
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines if line.strip()] or [text]


def _pieces(text: str) -> list[str]:
    """Words of letters stay whole, Han characters may part; a mark stays with what stands before it."""
    pieces: list[str] = []
    for mark in text:
        closing = mark in "，。！？、：；”’）》」』,.!?:;)…" and pieces
        joins = pieces and (mark.isascii() and mark != " " and pieces[-1][-1].isascii() and pieces[-1][-1] != " ")
        if closing or joins or (mark == " " and pieces):
            pieces[-1] += mark
        else:
            pieces.append(mark)
    return pieces


def _write(ink: Ink, box: Box, text: str, face: Path) -> None:
    size, lines = fit(text, box, face)
    letters = _letters(face, size)
    middle, top = (box.left + box.right) / 2, (box.top + box.bottom - (len(lines) - 1) * size * LEADING) / 2
    for number, line in enumerate(lines):
        ink.text((middle, top + number * size * LEADING), line, box.colour, font=letters, anchor="mm")


def _decorate(ink: Ink, template: Template, face: Path) -> None:
    """The fixed words of a template."""
    for (x, y), word, size, colour in _WORDS.get(template.name, ()):
        ink.text((x, y), word, colour, font=_letters(face, size), anchor="mm")


def _sign(ink: Ink, label: str, face: Path) -> None:
    letters = _letters(face, 18)
    wide = letters.getlength(label)
    ink.rounded_rectangle((WIDTH - wide - 26, HEIGHT - 36, WIDTH - 8, HEIGHT - 8), 8, fill="#ffffff", outline="#999999")
    ink.text((WIDTH - 17 - wide / 2, HEIGHT - 22), label, "#666666", font=letters, anchor="mm")


@cache
def _letters(face: Path, size: int) -> Any:
    from PIL import ImageFont  # noqa: PLC0415

    try:
        return ImageFont.truetype(str(face), size, index=SIMPLIFIED if face.suffix == ".ttc" else 0)
    except OSError as error:
        raise PictureError(f"{face}: is no font that can be read; name another") from error


def _load() -> tuple[Any, Any]:
    try:
        from PIL import Image, ImageDraw  # noqa: PLC0415 - an extra: most bots draw no pictures
    except ImportError as error:
        raise PictureError("Pillow is not installed; install the extra: pip install 'jiegeng[pictures]'") from error
    return Image, ImageDraw


# The templates: plain shapes, so that nothing in them belongs to anybody else.


def _two_panels(ink: Ink) -> None:
    ink.rectangle((0, 0, WIDTH, 300), fill="#dff0ff")
    ink.rectangle((0, 300, WIDTH, HEIGHT), fill="#e9e4dc")
    ink.line((0, 300, WIDTH, 300), "#333333", 5)
    _face(ink, 150, 165, "#ffd75e", smile=1)
    _face(ink, 150, 460, "#c9c2b4", smile=-1)


def _face(ink: Ink, x: int, y: int, colour: Colour, smile: int) -> None:
    ink.ellipse((x - 85, y - 85, x + 85, y + 85), fill=colour, outline="#333333", width=5)
    for eye in (-32, 32):
        ink.ellipse((x + eye - 9, y - 32, x + eye + 9, y - 10), fill="#333333")
    if smile > 0:
        ink.arc((x - 45, y - 25, x + 45, y + 50), 20, 160, "#333333", 7)
    elif smile < 0:
        ink.arc((x - 40, y + 20, x + 40, y + 80), 200, 340, "#333333", 7)
    else:
        ink.line((x - 36, y + 36, x + 36, y + 36), "#333333", 7)


def _bubbles(ink: Ink) -> None:
    ink.rectangle((0, 0, WIDTH, 64), fill="#d8d8d8")
    ink.ellipse((40, 120, 120, 200), fill="#7a8ca3")
    ink.rounded_rectangle((150, 110, 660, 290), 26, fill="#ffffff")
    ink.polygon(((152, 145), (132, 160), (152, 175)), fill="#ffffff")
    ink.ellipse((680, 370, 760, 450), fill="#c8553d")
    ink.rounded_rectangle((140, 350, 650, 530), 26, fill="#95ec69")
    ink.polygon(((648, 395), (668, 410), (648, 425)), fill="#95ec69")


def _certificate(ink: Ink) -> None:
    ink.rectangle((18, 18, 782, 582), outline="#c0392b", width=12)
    ink.rectangle((42, 42, 758, 558), outline="#d4a017", width=4)
    for x, y in ((60, 60), (740, 60), (60, 540), (740, 540)):
        ink.ellipse((x - 14, y - 14, x + 14, y + 14), fill="#d4a017")
    ink.ellipse((570, 420, 690, 540), outline="#c0392b", width=6)


def _notice(ink: Ink) -> None:
    ink.rectangle((60, 30, 740, 570), fill="#ffffff", outline="#999999", width=3)
    ink.line((110, 150, 690, 150), "#c0392b", 5)
    ink.line((110, 160, 690, 160), "#c0392b", 2)
    for x in (150, 650):
        ink.ellipse((x - 12, 22, x + 12, 46), fill="#7a8ca3")


def _sticky(ink: Ink) -> None:
    ink.polygon(((120, 70), (690, 70), (690, 470), (610, 550), (120, 550)), fill="#ffe97f")
    ink.polygon(((690, 470), (610, 550), (615, 478)), fill="#e0c64f")
    ink.rectangle((330, 45, 480, 100), fill="#c9d8e6")


def _road_sign(ink: Ink) -> None:
    ink.rectangle((0, 470, WIDTH, HEIGHT), fill="#7d9b6a")
    for x in (230, 550):
        ink.rectangle((x, 380, x + 22, 600), fill="#8c8c8c")
    ink.rounded_rectangle((70, 90, 730, 400), 28, fill="#1f7a4d", outline="#ffffff", width=10)


def _headline(ink: Ink) -> None:
    for number in range(12):
        ink.rectangle((0, number * 36, WIDTH, number * 36 + 35), fill=f"#{70 + number * 6:02x}{100 + number * 6:02x}a8")
    _face(ink, 400, 215, "#ffd75e", smile=0)
    ink.rectangle((0, 400, WIDTH, HEIGHT), fill="#1d2a44")
    ink.rectangle((0, 400, 190, 460), fill="#c0392b")


def _receipt(ink: Ink) -> None:
    ink.rectangle((150, 0, 650, 560), fill="#fdfdf8")
    for x in range(150, 650, 25):
        ink.polygon(((x, 560), (x + 12, 580), (x + 25, 560)), fill="#fdfdf8")
    for y in (130, 360):
        for x in range(180, 620, 18):
            ink.line((x, y, x + 9, y), "#555555", 3)


def _ticket(ink: Ink) -> None:
    ink.rounded_rectangle((50, 150, 750, 450), 24, fill="#fff4e0", outline="#c8553d", width=6)
    for y in range(165, 440, 24):
        ink.line((560, y, 560, y + 12), "#c8553d", 4)
    for y in (135, 435):
        ink.ellipse((545, y, 575, y + 30), fill="#c8553d")


def _shout(ink: Ink) -> None:
    for number in range(0, 360, 12):
        ink.pieslice((-400, -500, 1200, 1100), number, number + 6, fill="#ffcf40")
    ink.ellipse((90, 90, 710, 510), fill="#ffffff", outline="#333333", width=8)


def _steps(ink: Ink) -> None:
    for number, colour in enumerate(("#4a5a78", "#6f8fc9", "#ffd75e")):
        ink.rectangle((0, number * 200, WIDTH, number * 200 + 200), fill=colour)
        size = 30 + number * 22
        ink.ellipse((110 - size, number * 200 + 100 - size, 110 + size, number * 200 + 100 + size), fill="#fff8dd")
    for y in (200, 400):
        ink.line((0, y, WIDTH, y), "#222222", 5)


def _blackboard(ink: Ink) -> None:
    ink.rectangle((20, 20, 780, 580), fill="#2f4f43", outline="#8a5a2b", width=18)
    ink.line((150, 160, 650, 160), "#dfe8df", 3)
    ink.rectangle((560, 545, 640, 560), fill="#f4f4f4")


def _scoreboard(ink: Ink) -> None:
    ink.rounded_rectangle((30, 120, 385, 480), 20, fill="#c0392b")
    ink.rounded_rectangle((415, 120, 770, 480), 20, fill="#2c5aa0")
    ink.ellipse((340, 240, 460, 360), fill="#ffffff", outline="#222222", width=6)


_TEMPLATES: Mapping[str, Template] = {
    template.name: template
    for template in (
        Template(
            "two_panels",
            "上下两格，上格笑脸，下格苦脸",
            (Box(270, 30, 770, 275), Box(270, 325, 770, 560)),
            "#ffffff",
            _two_panels,
        ),
        Template(
            "bubbles",
            "聊天截图样子的两个气泡",
            (Box(175, 125, 640, 275, most=60), Box(165, 365, 630, 515, most=60)),
            "#ededed",
            _bubbles,
        ),
        Template(
            "certificate",
            "一张奖状",
            (Box(90, 210, 710, 310, most=64), Box(90, 320, 560, 520, "#444444", 52)),
            "#fff8e7",
            _certificate,
        ),
        Template("notice", "一张通知单", (Box(110, 185, 690, 530, most=64),), "#b9a27f", _notice),
        Template("sticky", "一张黄色便利贴", (Box(160, 130, 650, 460),), "#f3efe6", _sticky),
        Template("road_sign", "一块绿色路牌", (Box(110, 120, 690, 370, "#ffffff", 96),), "#bfe0f5", _road_sign),
        Template("headline", "电视画面样子的整活快讯", (Box(30, 470, 700, 585, "#ffffff", 60),), "#6f8fc9", _headline),
        Template(
            "receipt",
            "一张小票，下面是合计",
            (Box(180, 150, 620, 340, most=48), Box(180, 420, 620, 540, "#c0392b", 64)),
            "#8a97a8",
            _receipt,
        ),
        Template(
            "ticket",
            "一张入场券",
            (Box(80, 240, 540, 430, most=64), Box(585, 180, 735, 420, "#c8553d", 48)),
            "#f3efe6",
            _ticket,
        ),
        Template("shout", "一个大喊的对话框", (Box(170, 160, 630, 440, most=96),), "#f4a62a", _shout),
        Template(
            "steps",
            "三格，一格比一格亮",
            (
                Box(230, 20, 770, 180, "#ffffff", 60),
                Box(230, 220, 770, 380, "#ffffff", 66),
                Box(230, 420, 770, 560, "#222222", 72),
            ),
            "#ffffff",
            _steps,
        ),
        Template(
            "blackboard", "一块写着今日菜单的黑板", (Box(80, 180, 720, 515, "#f4f4f4", 72),), "#d9cbb3", _blackboard
        ),
        Template(
            "scoreboard",
            "红蓝对阵的记分牌",
            (Box(50, 150, 330, 450, "#ffffff", 64), Box(470, 150, 750, 450, "#ffffff", 64)),
            "#f3efe6",
            _scoreboard,
        ),
    )
}

_WORDS: Mapping[str, tuple[tuple[tuple[int, int], str, int, Colour], ...]] = {
    "bubbles": (((400, 32), "聊天", 30, "#333333"),),
    "certificate": (((400, 135), "奖  状", 84, "#c0392b"), ((630, 480), "盖章", 34, "#c0392b")),
    "notice": (((400, 100), "通  知", 64, "#c0392b"),),
    "headline": (((95, 430), "整活快讯", 34, "#ffffff"),),
    "receipt": (((400, 70), "小  票", 48, "#333333"), ((400, 390), "合计", 34, "#555555")),
    "ticket": (((310, 195), "入 场 券", 42, "#c8553d"),),
    "blackboard": (((400, 105), "今日菜单", 60, "#ffe97f"),),
    "scoreboard": (((400, 300), "对", 52, "#222222"),),
}
