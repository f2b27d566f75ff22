"""Which language a text is in, as far as its script and a few words tell."""

from __future__ import annotations

import re

from bot.emotion.plain import Plain

KANA = re.compile(r"[\u3040-\u30ff]")
HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
LATIN = re.compile(r"[a-zß-ž]+")
SPANISH = frozenset(
    """
    que los las una pero estoy muy como para por ya mi mis tengo nada hoy gracias quiero de la el en con un del
    al se su lo le les si sin este esta ese esa todo todos todas nadie cuando porque desde hasta ni mañana noche
    soy es son está fue era hay más dos años adiós ella ellos nos te tu nunca siempre ahora aquí ayer también
    donde quien muchas muchos otra otro tan voy llevo quisiera hace semanas días vida casa mamá papá
    """.split()  # noqa: SIM905  one a line would fill two screens
)
"""Words that stand in nearly every Spanish sentence; one alone (la, en, de) says nothing, and names hold two."""
SPANISH_MARKS, ACCENTS = re.compile("[¿¡ñ]"), re.compile("[áéíóú]")
CANTONESE = frozenset("佢喺咗嘅哋嚟啲嗰嘢瞓攰𠝹㗎嗮")
"""Characters, folded, that hardly anybody but a writer of Cantonese uses."""
PERHAPS = frozenset("唔冇攞咁睇俾谂搵喇嘥乜啱")
"""Characters of which Cantonese has two in a post, and others rarely one."""
SPOKEN = re.compile(
    "而家|屋企|真系|边个|边度|返工|放工|隔篱|钟意|点解|系咪|倾偈|得闲|细佬|细路|老豆|唔[会想好使敢知识系得到通肯再]|打俾|俾人|死喇"
)
"""Words of spoken Cantonese, folded."""
OTHER = re.compile(r"[\u0400-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff]")


def language_of(plain: Plain) -> str:
    """A BCP 47 tag: zh-Hans, zh-Hant (zh-Hant-HK for Cantonese), ja, ko, en, es, or und where nothing tells."""
    text = plain.text
    han, kana, hangul = len(HAN.findall(text)), len(KANA.findall(text)), len(HANGUL.findall(text))
    words = LATIN.findall(text)
    if hangul and hangul >= han:
        return "ko"
    if kana and kana * 3 >= han:
        return "ja"
    if han and han * 1.5 >= len(words):
        if plain.swapped and _is_cantonese(text):
            return "zh-Hant-HK"
        return "zh-Hant" if plain.swapped * 16 >= han else "zh-Hans"
    if words:
        if len(OTHER.findall(text)) > len("".join(words)):
            return "und"
        return "es" if _is_spanish(text, words) else "en"
    return "und"


def _is_cantonese(text: str) -> bool:
    if CANTONESE.intersection(text) or len(PERHAPS.intersection(text)) >= 2:
        return True
    return SPOKEN.search(text) is not None


def _is_spanish(text: str, words: list[str]) -> bool:
    """Two signs, different words or marks, and among many words every sixth: a name (de la) is not a language."""
    known = SPANISH.intersection(words)
    signs = len(known)
    if not text.isascii():
        signs += (SPANISH_MARKS.search(text) is not None) + (ACCENTS.search(text) is not None)
    return signs >= 2 and 6 * sum(map(known.__contains__, words)) >= len(words) - 6
