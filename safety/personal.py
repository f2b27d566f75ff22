"""Finds personal data and contacts: numbers with their checksums, addresses, plates and account names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from safety.ahead import compile_ahead
from safety.fold import Folded, fold, substitute
from safety.verdict import Reason, Risk

SIGNS = "〇零一二两三四五六七八九幺洞拐壹贰叁肆伍陆柒捌玖〡〢〣〤〥〦〧〨〩"
HAN_DIGITS = str.maketrans(SIGNS, "001223456789107123456789123456789")
HAN_NUMBER = re.compile(rf"[{SIGNS}](?:[\s,.\-·]?[{SIGNS}]){{9,}}")
# One separator, or a blank with a separator, between digits; a dot only where groups are long enough to be a number.
DIGIT_GAP = re.compile(r"(?<=\d)(?:[\s\-_*·/|~]|(?<=\d{3})[.,](?=\d{4})|(?<=\d)[.,](?=\d[.,]\d[.,])){1,3}(?=\d)")
MOBILE = re.compile(r"(?<![\d.])(?:(?:\+|00)?86)?(1[3-9]\d{9})(?!\d)")
TAIWAN_MOBILE = re.compile(r"(?<!\d)09\d{8}(?!\d)")
LANDLINE = re.compile(r"(?<!\d)(?:0\d{2,3}\d{7,8}|[48]00\d{7})(?!\d)")
FOREIGN_PHONE = re.compile(
    r"(?<![\d.])(?:\+\d{1,3}[\s\-.]?)?\(?\d{3}\)?[\s\-.]\d{3}[\s\-.]\d{4}(?!\d)|\+\d[\d\s\-]{8,16}\d"
)
SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
CITIZEN = re.compile(r"(?<!\d)([1-9]\d{5})((?:18|19|20)\d{2})(0[1-9]|1[0-2])([0-2]\d|3[01])(\d{3})([\dx])(?![\da-z])")
CARD = re.compile(r"(?<!\d)[3-6]\d{12,18}(?!\d)")
MAIL = re.compile(
    r"(?<![a-z0-9])[a-z0-9][a-z0-9._%+-]{0,63}\s?(?:@|\(at\)|\[at\]|#at#)\s?[a-z0-9-]{1,63}"
    r"(?:\s?(?:\.|\(dot\)|\[dot\]|点)\s?[a-z]{2,12}){1,3}"
)
QQ = re.compile(r"(?:qq|扣扣|企鹅|q群|群号?|裙号?|球球)(?:号|是|群|:|为|码|聊|\s|[^\w]){0,4}([1-9]\d{4,12})(?!\d)")
WECHAT = compile_ahead(
    r"(?:微信|威信|薇信|微xin|weixin|wechat|line|telegram|tg|whatsapp|snapchat|snap|kik|discord|扣扣|qq|(?<![a-z])(?:wx|vx|v))"
    r"(?:号|id|我|是|:|为|搜|呗|吧|加|了|\s|[^\w]){0,6}"
    r"(?=[a-z0-9_-]*[0-9_-])([a-z][a-z0-9_-]{4,19})(?![a-z0-9])"
)
PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-hj-np-y][·\s-]?(?=[a-z]{0,3}\d)[a-z0-9]{4,5}[a-z0-9学警港澳挂](?![a-z0-9])"
)
ADDRESS = re.compile(
    r"[\u4e00-\u9fff]{2,12}(?:路|街|大道|巷|弄|里|小区|花园|公寓|新村|苑)\s?(?:\d{1,5}|[一二三四五六七八九十百]{1,5})(?:号|弄|栋|幢|座|楼|单元)[^。!?\n]{0,8}?(?:\d{1,5}|[一二三四五六七八九十]{1,3})\s?(?:室|号|单元|层|楼|房|栋|幢)"
)
STREET = re.compile(
    r"(?<![\d.])\d{1,5}\s[a-z]{2,20}(?:\s[a-z]{2,20})?\s(?:street|st|avenue|ave|road|rd|lane|drive|blvd|boulevard)"
    r"(?:[,.]?\s(?:apt|apartment|unit|#)\s?\w{1,6}|\s?,\s[a-z]{3,20})"
)
PASSPORT = re.compile(r"护照(?:号码?)?[是:\s]{0,3}[a-z]{1,2}\d{7,8}(?!\d)|passport[^.!?]{0,12}[a-z]{0,2}\d{7,9}(?!\d)")
NUMBERS = (
    ("mobile number", MOBILE),
    ("mobile number", TAIWAN_MOBILE),
    ("phone number", LANDLINE),
)
SHORTEST_NUMBER = 10  # digits
ALWAYS = (  # with the number of digits without which there is none
    ("phone number", FOREIGN_PHONE, 2),
    ("social security number", SSN, 9),
    ("e-mail address", MAIL, 0),
    ("number plate", PLATE, 1),
    ("street address", ADDRESS, 0),
    ("street address", STREET, 1),
    ("passport number", PASSPORT, 7),
)
CONTACTS = (("QQ number", QQ), ("messenger name", WECHAT))
CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
SHORTEST_CARD = 15
CITIZEN_SIGNS = "10x98765432"
NUMERAL = re.compile(rf"[\d{SIGNS}]")
DIGIT = re.compile(rf"[{SIGNS}]{{3}}|@|at|\d")


def find_personal(plain: Folded, unmasked: Folded) -> Iterator[Reason]:
    """Yield personal data in a folded text, with spans of the original.

    Citizen numbers need a valid date, and are certain with a valid ISO 7064 checksum; bank cards need Luhn's.
    """
    if not DIGIT.search(plain.text):
        return
    digits = len(NUMERAL.findall(plain.text))
    if digits >= SHORTEST_NUMBER:
        yield from find_numbers(plain)
    for name, pattern, least in ALWAYS:
        if digits >= least:
            for found in pattern.finditer(plain.text):
                yield report("pii", name, plain, found.span())
    for name, pattern in CONTACTS:
        for folded in (plain, unmasked):
            for found in pattern.finditer(folded.text):
                yield report("contact", name, folded, found.span())


def find_numbers(plain: Folded) -> Iterator[Reason]:
    """Yield what is a run of digits once they are put together: telephone, citizen and bank card numbers."""
    dense = densify(plain)
    for name, pattern in NUMBERS:
        for found in pattern.finditer(dense.text):
            yield report("pii", name, dense, found.span())
    for found in CITIZEN.finditer(dense.text):
        risk: Risk = "high" if is_citizen_number(found.group()) or "身份证" in plain.text else "medium"
        yield report("pii", "citizen number", dense, found.span(), risk)
    for found in CARD.finditer(dense.text):
        if len(found.group()) >= SHORTEST_CARD and is_luhn(found.group()):
            yield report("pii", "bank card number", dense, found.span())


def densify(plain: Folded) -> Folded:
    """Write Han digits as digits and put numbers together that are held apart."""
    folded = substitute(plain, HAN_NUMBER, lambda found: re.sub(r"\D", "", found.group().translate(HAN_DIGITS)))
    return substitute(folded, DIGIT_GAP, "")


def report(code: str, name: str, folded: Folded, span: tuple[int, int], risk: Risk = "high") -> Reason:
    """Return the finding; its text is left out, for personal data does not belong into a log."""
    start, end = folded.span(*span)
    return Reason(code=code, rule=f"personal:{name}", risk=risk, start=start, end=end, why=f"this looks like a {name}")


def is_citizen_number(number: str) -> bool:
    """Check the last sign of an 18-character citizen number (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], CITIZEN_WEIGHTS, strict=True))
    return CITIZEN_SIGNS[total % 11] == number[17].lower()


def is_luhn(number: str) -> bool:
    """Check the last digit of a card number (ISO/IEC 7812, Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def mask_personal(text: str) -> str:
    """Return the text with personal data and contacts replaced by ▇, for prompts and logs."""

    plain = fold(text)
    spans = sorted({(reason.start, reason.end) for reason in find_personal(plain, plain)}, reverse=True)
    for start, end in spans:
        text = text[:start] + "▇" * min(3, end - start) + text[end:]
    return text
