"""Which language a text is in, as far as its script and a few words tell."""

from __future__ import annotations

import re

from bot.emotion.plain import Plain

KANA = re.compile(r"[\u3040-\u30ff]")
HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
LATIN = re.compile(r"[a-zß-ž]+")
SPANISH = re.compile(
    r"[¿¡ñ]|(?<![a-z])(?:que|los|las|una|pero|estoy|muy|como|para|por|ya|mi|tengo|nada|hoy|gracias|quiero)(?![a-z])"
)
OTHER = re.compile(r"[\u0400-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff]")


def language_of(plain: Plain) -> str:
    """A BCP 47 tag: zh-Hans, zh-Hant, ja, ko, en, es, or und where the script tells nothing we know."""
    text = plain.text
    han, kana, hangul = len(HAN.findall(text)), len(KANA.findall(text)), len(HANGUL.findall(text))
    words = LATIN.findall(text)
    if hangul and hangul >= han:
        return "ko"
    if kana and kana * 3 >= han:
        return "ja"
    if han and han * 1.5 >= len(words):
        return "zh-Hant" if plain.swapped * 8 >= han else "zh-Hans"
    if words:
        if len(OTHER.findall(text)) > len("".join(words)):
            return "und"
        return "es" if len(set(SPANISH.findall(text))) >= 2 else "en"
    return "und"
