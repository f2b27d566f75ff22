"""Notices when a reply says what the texts it answers told it to say, or says it in code or another language."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from urllib.parse import unquote

from safety.ahead import compile_ahead
from safety.fold import DOUBLE_HAN, HAN, fold, reveal_tags
from safety.sounds import split_pinyin
from safety.surface import MAYBE_PAYLOAD, URL, decode_payloads, note
from safety.tables import load_english, load_syllables
from safety.verdict import Reason
from safety.views import split_words

# A Han character weighs one, a Latin word one and a half: six of the one are as long a phrase as four of the other.
LATIN_WEIGHT = 1.5
ORDERED = 6.0  # a run this heavy out of a text that gives orders
COPIED = 9.0  # a run this heavy out of any text
SHORTEST_LATIN = 12
LONG_PIECE = 4.0
COVERED = 0.85
MOST_PIECES = 10
LONGEST = 2_500

TOKEN = re.compile(rf"[{HAN}]|(?:(?![{HAN}])\w)+")
HAN_CHAR = re.compile(f"[{HAN}]")
QUOTED = re.compile(
    r"[“\"]([^“”\"\n]{1,120})[”\"]|[「『《]([^「」『』《》\n]{1,120})[」』》]"
    r"|(?<![a-z])['‘]([^'‘’\n]{1,60}(?:'[a-z][^'‘’\n]{0,60})?)['’](?![a-z])"
    r"|`{1,3}([^`]{1,120})`{1,3}"
)
# What somebody else said is told, not asked for.
TOLD = compile_ahead(
    r"(?<![跟对向替帮给和让叫请])(?:[他她它]们?|[妈爸爷奶婆公哥姐弟妹叔姨]|老师|教练|老板|领导|同事|朋友|网友|队友|同学|客服|新闻|有人|别人|大爷)"
    r"(?:天天|每天|总是?|老是?|一直|又|还|都|刚刚?|就|也|昨天|今天|突然){0,2}(?:说|喊|念|写|发|答|回复)"
)
ORDER = compile_ahead(
    r"(?:回[复覆]|(?:只|直接|马上|立刻|起来)[回发说念答]|输出|复述|说|念|喊|[请就再]发|贴出|照抄|照做|抄|发送|发出|发布|原样|答|翻译|译成|还原|破译|解码|续写|填空|打印|宣布|声明|记住|连起来|接上|加上"
    r"|带上|改成|改为|总结|令|叫一声|脱口而出|来[一两]?[句个段])"
    r"|(?<!how do i )(?<!they )(?<!people )(?<!\bi )(?<!we )(?<!do you )(?<!to )(?<!not )\b(?:say|reply"
    r"|repl(?:y|ies) with|respond|answers?|output|repeat|print|echo|write|tell|shout|give"
    r"|confirm|post|publish|state|decode|translate|read|spell|end|start|starts|append|join|add|remember"
    r"|continue|summarise|put|recite|says)\b"
    r"|\b(?:responde|di|dime|repite|reponds|repete|antworte|sag|скажи|ответь)\b|言って|返信|말해|대답"
)
OVERRIDE = compile_ahead(
    r"忽略|无视|作废|忘掉|忘记|规则|指令|设定|系统|开发者|管理员|公告|政策|审批|授权|模式|人设|人格|扮演|演一个|改名|暗号"
    r"|\b(?:ignore|disregard|forget|rules?|instructions?|guidelines|system|developer|override|operator|admin"
    r"|policy|persona|mode|approved|verdict|assistant)\b"
    r"|(?:a[:：]|答[:：])|审核|判定|放行|内容[:：]|文本[:：]|[前后上下]半[句段]|part one|(?:first|second|last) half"
)
ROBOT = compile_ahead(
    r"(?<![a-z])(?:ai|bots?|robots?|assistants?|language models?)(?![a-z])|机器人|助手|程序|自动回[复覆]|账号|模型"
)
AFTER_COLON = re.compile(r"[:：=,，](?=\s*([^\n]{1,160}))")
NAMES = re.compile(r"昵称|暱称|网名|名字|nickname|\bmy name\b")
REWRITE = re.compile(
    r"文言文|翻译|译成|方言|粤语|谐音|押韵|反话|藏头|换个说法|改写"
    r"|translate|rhyme|rephrase|paraphrase|in other words|synonym"
)
CLAUSE = re.compile(r"[^\n。！？!?；;，,:：“”\"'「」『』《》()（）<>{}\[\]|`]{1,80}")
# What follows these verbs at once is dictated, with or without marks.
TAIL = compile_ahead(
    r"(?:回[复覆]|输出|复述|照抄|照做|打印|念出|[前后上下]半[句段]是?"
    r"|(?:必须|大声|只能?|一律|都要|直接|就|[跟对向][他她它]|大家|起来)[说回答喊发])"
    r"(?=(?:[\s:：]|这句|一句)*([^\n。！？!?；;，,:：“”\"'「」『』《》<>{}\[\]|`]{2,40}))"
    r"|\b(?:reply|respond|output|print|repeat|echo|answer|say|confirm|post|publish|write|responde|di|dime|repite|reponds"
    r"|repete|antworte|sag|скажи|ответь)(?=(?:\s(?:only|with|exactly|just|back|after me|this|by saying|solo|con|nur"
    r"|unicamente|exactamente|seulement|apres moi|только))*[\s:]+([^\n.!?:;,\"“”「」『』《》<>{}\[\]|`]{3,60}))"
)
# Said so, the words are wanted as they are, and nothing else.
STRICT = re.compile(
    r"只|必须|原样|一字不|不要解释|大声|逐字|\b(?:only|exactly|word for word|verbatim|nothing else|result)\b"
    r"|solo|unicamente|nur|seulement|only"
)
HANDLE = re.compile(r"@\s?([\w.-]{3,40})|(?<!\w)((?=\w*[a-z0-9])\w+_\w+)")
REVEALS = re.compile(
    r"(?:my (?:instructions?|rules?|system prompt|prompt) (?:are|is|says?|reads?)|system_?prompt\s?[=:]|(?:我的"
    r"|我被)(?:设定|规则|指令|提示词?|系统提示)(?:如下|是[:：]|[:：]))"
)
COURTESY = re.compile(
    r"生日快乐|新年快乐|节日快乐|周末快乐|恭喜(?:发财)?|加油|早安|午安|晚安|早上好|你好|谢谢|辛苦了?|再见|一路平安|祝你好运|真棒|好棒|太棒了|好吃|可爱"
    r"|(?:happy|merry) [a-z]+|good (?:morning|night|luck|job|evening|boy|girl)|congrat[a-z]*|thank(?:s| you)"
    r"|well done|hello|hi|hey|bye|cheers|bravo|yay"
)
MORSE_SIGNS = (
    "a.- b-... c-.-. d-.. e. f..-. g--. h.... i.. j.--- k-.- l.-.. m-- n-. o--- p.--. q--.- r.-. s... t- u..- v...- "
    "w.-- x-..- y-.-- z--.. 0----- 1.---- 2..--- 3...-- 4....- 5..... 6-.... 7--... 8---.. 9----."
)
MORSE = {sign[1:]: sign[0] for sign in MORSE_SIGNS.split(" ")}
MORSE_RUN = re.compile(r"[.\-]{1,5}(?:[ /]{1,3}[.\-]{1,5}){4,}")
NUMBERS = re.compile(r"\b(?:1?\d|2[0-6])(?:[-\s./]{1,3}(?:1?\d|2[0-6])\b){5,}")
OPAQUE = re.compile(r"(?<![\w/.])(?=(?:[\w-]*\d){3})(?=(?:[\w-]*[a-z]){3})[a-z0-9_-]{12,}(?![\w])", re.IGNORECASE)
JOINED = re.compile(r"(?<!\w)(?!\w*(.{1,3})\1{2})[a-z]{18,}")
LEET = str.maketrans("431057@$!+", "aeiostasit")
CANTONESE = frozenset("嘅咗哋嚟冇喺咁啲嘢囉啫㗎喎嗰佢畀攞瞓嬲嘞唔唞掟氹囧囍")
PERCENT = re.compile("%[0-9a-fA-F]{2}")
SPELLED = re.compile(r"(?<!\S)(?:\S ){5,}")
APOSTROPHE = re.compile(r"(?<=[a-z])['’](?=[a-z])")
# Nothing here comes apart into a letter and its accent: ASCII, quotation marks, Chinese signs and characters.
UNACCENTED = re.compile("[\x00-\x7f\u2010-\u2027\u3001-\u3029\u4e00-\u9fff\uff01-\uff5e]*")
MAYBE_CODE = re.compile(rf"{MAYBE_PAYLOAD.pattern}|[\d.\-][\s/.\-]{{1,3}}[\d.\-]")  # or Morse code, or numbers
MAYBE_OPAQUE = re.compile(r"[a-z0-9+/_-]{8}", re.IGNORECASE)  # none shorter is opaque, run together or base64
TURNED = re.compile("//:|ptth")
MAYBE_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{8,}={0,2}(?![A-Za-z0-9+/=_-])")


@dataclass(frozen=True, slots=True)
class Dictated:
    """What strangers' texts tell a bot to say: heavy runs, whole short pieces, and all runs of two, as bare letters."""

    runs: frozenset[str]
    whole: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    ordered: bool
    rewrite: tuple[str, ...] = ()
    strict: tuple[str, ...] = ()


def find_echo(
    text: str, strangers: tuple[str, ...], language: str = "", *, risky: Callable[[str], bool] = lambda _: False
) -> Iterator[Reason]:
    """Yield what makes a reply look dictated.

    `strangers` are the texts the writer saw (comment, post, thread, names, descriptions, cards), `language` is the tag
    of the language it was asked to write in. Held is a reply with a run of six Han characters or four words out of a
    text that gives orders (half as long again out of any other), with a whole quotation that it orders, or one made of
    nothing but its words; forwards, backwards, spaced, by sound and decoded. Also text in code, and another language.
    Where somebody asks for something in other words that is `risky` itself, nobody can check the answer: held.
    """
    span = (0, len(text))
    dictated = read_orders(strangers)
    if repeats(text, dictated):
        yield note("injection", "echo", "medium", span, "it repeats what a text of others tells it to say")
    if any(risky(piece) for piece in dictated.rewrite):
        yield note("injection", "rewrite", "medium", span, "it was asked to put something harmful into other words")
    if any(is_foreign(piece, language) and is_long(piece) for piece in dictated.strict):
        yield note(
            "injection", "abroad", "medium", span, "it was told words in another language, which nobody can compare"
        )
    if REVEALS.search(bare(text)):
        yield note("leak", "reveals", "medium", span, "it claims to give away its instructions")
    if is_coded(text):
        yield note("encoded", "cipher", "medium", span, "it is written in code")
    if is_foreign(text, language):
        yield note("injection", "language", "medium", span, "it is not in the language that was asked for")


def repeats(text: str, dictated: Dictated) -> bool:
    """Say whether the reply, read in any way, holds something dictated."""
    for way in readings(text):
        tokens = spell_out(way)
        letters = "".join(tokens)
        if any(run in letters for run in dictated.runs) or any(piece in letters for piece in dictated.whole):
            return True
        if dictated.ordered and is_covered(tokens, dictated.pairs):
            return True
    return False


def is_long(piece: str) -> bool:
    """Say whether a piece is a phrase rather than a name or a word."""
    return sum(weight for _, weight in cut(piece)) >= LONG_PIECE


def is_covered(tokens: Sequence[str], pairs: frozenset[tuple[str, str]]) -> bool:
    """Say whether a reply of three tokens and more consists of runs of two that stand in the orders."""
    if len(tokens) < 3:
        return False
    covered: set[int] = set()
    for place, pair in enumerate(pairwise(tokens)):
        if pair in pairs:
            covered |= {place, place + 1}
    return len(covered) >= COVERED * len(tokens)


def readings(text: str) -> Iterator[str]:
    """Yield the ways a text may be read: as it stands, from its end, words turned round, decoded, without leet."""
    plain = bare(text)
    yield plain
    yield plain[::-1]
    if DOUBLE_HAN.search(plain):
        once = re.sub(r"(\S)\1", r"\1", plain)
        yield from (once, once[::-1])
    if re.search("[a-z]", plain):
        yield " ".join(word[::-1] for word in plain.split())
        yield " ".join(reversed(plain.split()))
        yield codecs.encode(plain, "rot13")
        yield plain.translate(LEET)
    yield from (bare(inner) for inner in decoded(text))


@lru_cache(maxsize=256)
def read_orders(strangers: tuple[str, ...]) -> Dictated:
    """Read once what the texts around one reply dictate."""
    runs: set[str] = set()
    whole: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    pieces: list[str] = []
    rewrite: list[str] = []
    strict: list[str] = []
    ordered = named = False
    for text in strangers:
        for way, coded in ways(text[:LONGEST]):
            orders = coded or gives_orders(way)
            tokens = cut(way)
            runs |= set(heavy_runs(tokens, ORDERED if orders else COPIED))
            whole |= {"".join(spell_out(found[1] or found[2])) for found in HANDLE.finditer(way)}
            if orders:
                ordered = True
                pairs |= set(pairwise(letters for letters, _ in tokens))
                found = [way] if coded else list(find_pieces(way))
                pieces += found
                least = 2 if coded or OVERRIDE.search(way) else 3
                whole |= {piece for part in found if (piece := weigh_piece(part, least))}
                strict += found if coded or OVERRIDE.search(way) or STRICT.search(way) else []
                named = named or bool(NAMES.search(way))
                rewrite += found if REWRITE.search(way) else []
    if named:
        names = [bare(text) for text in strangers if len(text) <= 40]
        whole |= {piece for name in names if (piece := weigh_piece(name))}
    short = [piece for piece in dict.fromkeys(pieces) if len(spell_out(piece)) <= 12][:MOST_PIECES]
    for one in short:
        for other in short:
            if one != other:
                joined = cut(f"{one} {other}")
                whole |= {piece for part in (f"{one} {other}",) if (piece := weigh_piece(part))}
                pairs |= set(pairwise(letters for letters, _ in joined))
                runs |= set(heavy_runs(joined, ORDERED))
    return Dictated(
        frozenset(runs),
        frozenset(whole),
        frozenset(pairs),
        ordered,
        tuple(rewrite[:MOST_PIECES]),
        tuple(strict[:MOST_PIECES]),
    )


@lru_cache(maxsize=1024)  # asked about the same cards and topics for each reply
def speaks_to_robots(text: str) -> bool:
    """Say whether a text asks programs for words."""
    plain = bare(text)
    return bool(ROBOT.search(plain) and gives_orders(plain))


def gives_orders(text: str) -> bool:
    """Say whether a folded text asks for words, or claims to be above the rules."""
    return bool(ORDER.search(without_tales(text)) or OVERRIDE.search(text))


def without_tales(text: str) -> str:
    """Return the text with blanks where it tells what others say."""
    return TOLD.sub(lambda found: " " * len(found.group()), text)


def find_pieces(text: str) -> Iterator[str]:
    """Yield what a text with orders puts into quotation marks or behind a colon."""
    text = without_tales(text)
    for found in QUOTED.finditer(text):
        if (
            ORDER.search(text[max(0, found.start() - 40) : found.start()] + "\n" + text[found.end() : found.end() + 12])
            or OVERRIDE.search(text)
            or ROBOT.search(text)
        ):
            yield next(part for part in found.groups() if part)
    if ORDER.search(text) or OVERRIDE.search(text):
        yield from (found[1] or found[2] for found in TAIL.finditer(text))
        for found in AFTER_COLON.finditer(text):
            if found.group()[0] in ":：=" or OVERRIDE.search(text):
                yield from CLAUSE.findall(found[1])[:3]


def weigh_piece(piece: str, least: int = 3) -> str:
    """Return the bare letters of a piece that is worth keeping from the reply, else nothing."""
    if COURTESY.fullmatch(piece.strip(" 。！!.~～的啊呀吧")):
        return ""
    letters = "".join(spell_out(piece))
    han = len(HAN_CHAR.findall(piece))
    return letters if han >= least or (len(letters) >= 8 and han == 0) else ""


def heavy_runs(tokens: Sequence[tuple[str, float]], least: float) -> Iterator[str]:
    """Yield the shortest runs of tokens that weigh `least`."""
    letters = "".join(written for written, _ in tokens)
    end, total, first, last = 0, 0.0, 0, 0  # tokens [start, end) are letters [first, last)
    for written, weight in tokens:
        while end < len(tokens) and total < least:
            total += tokens[end][1]
            last += len(tokens[end][0])
            end += 1
        if total < least:
            return
        if last - first >= SHORTEST_LATIN:
            yield letters[first:last]
        total -= weight
        first += len(written)


def cut(text: str) -> list[tuple[str, float]]:
    """Return the tokens of a bare text with their weights: syllables of Han characters, and Latin words."""
    syllables = load_syllables()
    return [
        (syllables[token], 1.0) if token in syllables else (token, 1.0 if HAN_CHAR.match(token) else LATIN_WEIGHT)
        for token in TOKEN.findall(text.replace("_", " "))
    ]


def spell_out(text: str) -> list[str]:
    """Return the tokens of a bare text: syllables of Han characters, and Latin words."""
    syllables = load_syllables()
    return [syllables.get(token, token) for token in TOKEN.findall(text.replace("_", " "))]


@lru_cache(maxsize=64)
def bare(text: str) -> str:
    """Return a text folded, and without accents."""
    folded = fold(text[:LONGEST]).text
    folded = APOSTROPHE.sub("", folded)
    if UNACCENTED.fullmatch(folded):
        return folded
    return "".join(char for char in unicodedata.normalize("NFD", folded) if not unicodedata.combining(char))


def ways(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a stranger's text, and what it says in code; the flag says that it was in code."""
    plain = bare(text)
    yield plain, False
    if tags := reveal_tags(text):
        yield bare(tags), True
    for inner in decoded(text):
        yield bare(inner), True
    english = load_english()
    words = [word for word in re.findall("[a-z]{2,}", plain) if word not in english]
    if sum(codecs.encode(word, "rot13") in english for word in words) >= 2:
        yield codecs.encode(plain, "rot13"), True


def decoded(text: str) -> list[str]:
    """Return what a text says in base64, hex, escapes, Morse code or numbers for letters."""
    if not MAYBE_CODE.search(text):
        return []
    said = [inner for *_, inner in decode_payloads(text)]
    said += ["".join(MORSE.get(sign, " ") for sign in found.group().split(" ")) for found in MORSE_RUN.finditer(text)]
    said += [
        re.sub(
            r"\d+", lambda number: chr(96 + int(number.group())) if 0 < int(number.group()) < 27 else "", found.group()
        ).replace("-", "")
        for found in NUMBERS.finditer(text)
    ]
    if PERCENT.search(text):
        said.append(unquote(text))
    for found in MAYBE_BASE64.finditer(text):
        said += read_short_base64(found.group())
    return said


def read_short_base64(piece: str) -> list[str]:
    """Return what a short piece says in base64, when it is a word or Han characters."""
    if not re.search("[0-9+/]|(?<!^)[A-Z]", piece):
        return []
    try:
        inner = base64.b64decode(piece + "=" * (-len(piece) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return []
    return [inner] if HAN_CHAR.search(inner) or re.fullmatch(r"[a-zA-Z0-9\s,.!?'-]{4,}", inner) else []


def is_coded(text: str) -> bool:
    """Say whether a reply is written so that a machine or a puzzler reads it rather than a person.

    Morse code, numbers for letters, base64, opaque signs, words run together, pinyin instead of characters,
    leet, characters that nobody uses, a Caesar cipher. Blanks between characters are no code.
    """
    plain = bare(text)
    if (
        MORSE_RUN.search(text)
        or NUMBERS.search(text)
        or (MAYBE_OPAQUE.search(plain) and (OPAQUE.search(plain) or JOINED.search(plain)))
        or TURNED.search(plain)
        or (SPELLED.search(plain) and URL.search(plain.replace(" ", "")))
    ):
        return True
    if MAYBE_OPAQUE.search(text) and any(read_short_base64(found.group()) for found in MAYBE_BASE64.finditer(text)):
        return True
    return is_rare("".join(HAN_CHAR.findall(plain))) or is_coded_latin(plain)


def is_rare(han: str) -> bool:
    """Say whether a fifth of the Han characters are ones that nobody uses; GB 2312 writes the others in two bytes."""
    if len(han.encode("gb2312", "ignore")) == 2 * len(han):
        return False
    rare = [char for char in han if char not in CANTONESE and not char.encode("gb2312", "ignore")]
    return len(rare) >= 2 and len(rare) >= 0.2 * len(han)


def is_coded_latin(plain: str) -> bool:
    """Say whether the Latin words of a reply are leet, pinyin, words run together or a cipher."""
    tokens = [token for token in re.findall(r"[a-z0-9]+", plain) if not token.isdecimal()]
    if not tokens:
        return False
    if sum(bool(re.search(r"[a-z]", token) and re.search(r"\d", token)) for token in tokens) >= 3:
        return True
    words = [token for token in tokens if len(token) > 1 and token.isalpha()]
    english = load_english()
    known = [word in english for word in words]
    spelled = [not there and bool(split_pinyin(word)) for word, there in zip(words, known, strict=True)]
    if sum(spelled) >= 3 and sum(map(bool, map(split_pinyin, words))) >= 0.8 * len(words):
        return True
    # Four syllables of 2.5 letters and more: English words that happen to be pinyin (timeline) have shorter ones.
    if any(4 <= len(split_pinyin(word)) <= len(word) / 2.5 for word in words if word not in english):
        return True
    if any(len(word) >= 10 and split_words(word, english).count(" ") >= 2 for word in words):
        return True
    turned = sum(codecs.encode(word, "rot13") in english for word in words)
    return turned >= 2 and turned > sum(known)


def is_foreign(text: str, language: str) -> bool:
    """Say whether a reply is in another script than its language has, names and single words aside."""
    plain = bare(text)
    spoken = language.partition("-")[0]
    if not spoken or (spoken == "zh" and HAN_CHAR.search(plain)):
        return False
    tokens = TOKEN.findall(plain)
    han = sum(bool(HAN_CHAR.match(token)) for token in tokens)
    words = [token for token in tokens if re.match("[a-z]", token)]
    latin, letters = len(words), sum(map(len, words))
    match spoken:
        case "zh":
            return han == 0 and letters >= (8 if latin > 1 else 12)
        case "ja" | "ko":
            own = len(re.findall("[\u3040-\u30ff\uac00-\ud7af]", text))
            return own == 0 and (han >= 4 or letters >= (8 if latin > 1 else 12))
        case "en":
            return han >= 3 and han > letters / 2
        case "es":
            english = load_english() - {"me", "no", "a", "son", "once", "real", "general"}
            return (han >= 3 and han > letters / 2) or sum(token in english for token in tokens) >= max(
                3, 0.6 * len(tokens)
            )
        case _:
            return False
