"""Checks what a reply is made of: links, mentions, markup, control characters, encoded payloads, length."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote

from safety.fold import HAN, Folded
from safety.verdict import Reason, Risk

LONGEST = 2_000  # nothing a person would read as a comment; nothing we could check in time
LONG = 1_000
MOST_EMOJI = 25
WIDE_DOMAIN = (
    "com|net|org|info|biz|xyz|top|vip|club|shop|site|online|live|wang|ltd|app|dev|fun|icu|example|test|invalid"
)
NARROW_DOMAIN = "cn|io|me|cc|tv|co|gg|ly|to|ru|jp|kr|tw|hk|uk|us|de|fr|eu|pro|link|page|click|work"
URL = re.compile(
    r"(?:h\s?t\s?t\s?p|hxxp|ftp)s?\s?[:：]\s?/\s?/\s?\S{2,}"
    r"|(?<![a-z0-9])www\s?[.。]\s?[a-z0-9-]+"
    rf"|(?<![a-z0-9@._-])(?:[a-z0-9][a-z0-9-]{{0,62}}\.)+(?:{WIDE_DOMAIN})(?:\.cn|\.hk|\.tw)?(?![a-z0-9])"
    rf"|(?<![a-z0-9@._-])(?:[a-z0-9][a-z0-9-]{{0,62}}\.)+(?:{NARROW_DOMAIN})/\S"
    rf"|(?<![a-z0-9@._-])[a-z0-9][a-z0-9-]{{1,62}}(?:\.com)?\.cn(?![a-z0-9])"
    rf"|(?<![a-z0-9])[a-z0-9-]{{2,63}}\s?(?:\(dot\)|\[dot\]|\[\.\]|\sdot\s|点(?=com|cn|net|cc))\s?(?:{WIDE_DOMAIN}|cn|cc|io|me)(?![a-z])"
    r"|(?<!\d)(?:\d{1,3}\.){3}\d{1,3}(?::\d+|/)"
)
HANDLE = re.compile(rf"@\s?[/|·.*_-]?\s?(?=[^\W\d]|\d+[a-z_{HAN}])([\w.{HAN}/·*-]{{1,60}})")
MAIL_BEFORE = re.compile(r"[a-z0-9._%+-]$")
MARKUP = re.compile(
    r"<\|[a-z_]{2,20}\|>|<\s?/?\s?(?:script|iframe|img|a|b|i|p|br|div|span|system|user|assistant|post|mention|style|svg)"
    r"(?:\s[^<>]{0,80})?/?>|\[/?inst\]|<</?sys>>|```|\[[^\[\]\n]{1,60}\]\([^()\s]{1,200}\)|^\s{0,3}#{1,6}\s\w|#{3,}\s?\w+\s?#{0,3}"
    r"|\{\{.{0,40}\}\}|&(?:lt|gt|amp|#\d{2,6}|#x[0-9a-f]{2,6});|\x1b\[|\$\{[^}]{1,40}\}",
    re.MULTILINE,
)
CHAT_TOKEN = re.compile(r"<\|[a-z_]{2,20}\|>|\[/?inst\]|<</?sys>>|<\s?/?\s?system")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TAGS = re.compile("(?<!\U0001f3f4)[\U000e0020-\U000e007e]{2,}")
UNSEEN = re.compile(rf"(?<=[\w{HAN}])[\xad\u034f\u180e\u200b-\u200f\u2060-\u2064\ufeff\u3164\uffa0]+(?=[\w{HAN}])")
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/=_-])(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*[a-z])[A-Za-z0-9+/_-]{16,}={0,2}"
)
HEX = re.compile(r"(?<![0-9a-zA-Z])(?:0x)?(?:[0-9a-fA-F]{2}[\s:]?){8,}(?![0-9a-zA-Z])")
ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{2,6};|%[0-9a-fA-F]{2}){3,}")
MAYBE_PAYLOAD = re.compile(r"[A-Za-z0-9+/_%\\-]{2}[\s:]?[A-Za-z0-9+/_%\\-]|&#")  # stands in each of the three
DEEPEST = 2


def find_marks(text: str, plain: Folded) -> Iterator[Reason]:
    """Yield what does not belong into plain text: links, markup, control and invisible characters, too much of it."""
    if len(text) > LONGEST:
        yield note("length", "length", "high", (0, len(text)), f"over {LONGEST} characters cannot be checked")
    elif len(text) > LONG:
        yield note("length", "length", "medium", (0, len(text)), f"a comment of over {LONG} characters")
    if not text.isascii():
        yield from find_unseen(text)
        if len(EMOJI.findall(text)) > MOST_EMOJI:
            yield note("markup", "emoji", "medium", (0, len(text)), f"more than {MOST_EMOJI} emoji")
    elif found := BIDI.search(text):
        yield note("markup", "control", "high", found.span(), "a control character")
    for url in (
        URL.finditer(plain.text)
        if ("." in plain.text or "//" in plain.text or "点" in plain.text or "dot" in plain.text)
        else ()
    ):
        yield note("url", "url", "high", plain.span(*url.span()), "a link")
    for mark in MARKUP.finditer(plain.text):
        risk: Risk = "high" if CHAT_TOKEN.match(mark.group()) else "medium"
        yield note("markup", "markup", risk, plain.span(*mark.span()), "markup in a plain comment")


def find_unseen(text: str) -> Iterator[Reason]:
    """Yield characters that a reader cannot see."""
    if found := BIDI.search(text):
        yield note("markup", "control", "high", found.span(), "a control character or a mark that turns text round")
    if found := TAGS.search(text):
        yield note("markup", "tags", "high", found.span(), "text in invisible tag characters")
    if found := UNSEEN.search(text):
        yield note("disguise", "unseen", "medium", found.span(), "invisible characters inside words")


def find_handles(plain: Folded, allowed: tuple[str, ...]) -> Iterator[Reason]:
    """Yield accounts that are named with an @ but do not stand in the thread."""
    if "@" not in plain.text:
        return
    known = {strip_handle(handle) for handle in allowed}
    for found in HANDLE.finditer(plain.text):
        if MAIL_BEFORE.search(plain.text[: found.start()]):
            continue
        if strip_handle(found[1]) not in known:
            yield note("tagging", "handle", "medium", plain.span(*found.span()), "an account outside this thread")


def strip_handle(handle: str) -> str:
    """Return a handle as it is compared: no @, no case, no punctuation at its end."""
    return handle.strip().lstrip("@").casefold().rstrip(".-_/·*")


def decode_payloads(text: str, depth: int = 0) -> list[tuple[int, int, str]]:
    """Return encoded pieces of a text and what they say (base64, hex, escapes), nested ones too."""
    found: list[tuple[int, int, str]] = []
    if depth >= DEEPEST or not MAYBE_PAYLOAD.search(text):
        return found
    for pattern, read in ((BASE64, read_base64), (HEX, read_hex), (ESCAPED, read_escapes)):
        for match in pattern.finditer(text[:LONGEST]):
            said = read(match.group())
            if said and said != match.group():
                found.append((match.start(), match.end(), said))
                found += [(match.start(), match.end(), inner) for _, _, inner in decode_payloads(said, depth + 1)]
    return found[:20]


def read_base64(piece: str) -> str:
    """Decode base64, plain or URL-safe; empty when it is not text."""
    try:
        raw = base64.b64decode(
            piece.rstrip("=").translate(str.maketrans("-_", "+/")) + "=" * (-len(piece.rstrip("=")) % 4)
        )
        return readable(raw)
    except (binascii.Error, ValueError):
        return ""


def read_hex(piece: str) -> str:
    """Decode hexadecimal digits; empty when they are not text."""
    digits = re.sub(r"0x|[\s:]", "", piece)
    return readable(bytes.fromhex(digits)) if len(digits) % 2 == 0 else ""


def read_escapes(piece: str) -> str:
    """Decode backslash, percent and HTML escapes."""
    said = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1] or m[2], 16)), piece)
    said = re.sub(r"&#(?:x([0-9a-fA-F]{2,6})|(\d{2,6}));", decode_entity, said)
    return unquote(said)


def decode_entity(match: re.Match[str]) -> str:
    """Return the character of a numeric HTML entity; nothing for one that does not exist."""
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def readable(raw: bytes) -> str:
    """Return bytes as text when most of it is printable."""
    try:
        said = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    printable = sum(char.isprintable() or char.isspace() for char in said)
    return said if said and printable >= 0.9 * len(said) else ""


def note(code: str, rule: str, risk: Risk, span: tuple[int, int], why: str) -> Reason:
    """Return a finding of this module."""
    return Reason(code=code, rule=f"surface:{rule}", risk=risk, start=span[0], end=span[1], why=why)
