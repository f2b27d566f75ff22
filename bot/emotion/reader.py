"""From a text to its feeling: icons, idioms, rules and the trained weights, weighed together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.emotion import book, icons, weigh
from bot.emotion.grams import EASTERN, mark_icons
from bot.emotion.icons import Icon, blank
from bot.emotion.plain import Plain, flatten
from bot.emotion.rules import Hit
from bot.emotion.script import language_of
from bot.emotion.weigh import Sound
from bot.model import CRISIS_KINDS, EMOTIONS, Bait, CrisisKind, Cue, Distress, Emotion, Feeling

JOY, ANGER, SADNESS, FEAR, SURPRISE, NEUTRAL = range(6)
INDEX = {name: at for at, name in enumerate(EMOTIONS)}
LAUGHTER = re.compile(
    r"哈{2,}|h{3,}|(?:ha|he|ja|ah){2,}h?|233+|w{3,}|ㅋ+|ㅎ{2,}|嘿{2,}|嘻{2,}|(?<![a-z])(?:l+o+l+|lmf?ao+|rofl|xd|xswl)(?![a-z])"
)
LAUGHS = ("哈哈", "嘿嘿", "嘻嘻", "ㅎㅎ", "ㅋ", "hh", "ha", "ja", "he", "233", "ww", "lo", "lm", "rofl", "xd", "xs")
"""One of these stands wherever laughter does."""
ICON_SHARE = 0.5
"""How far the hand-made table moves the trained weights, which know few icons; 1 without weights."""
UNSOBER = frozenset({"laugh", "joke_ask", "slang", "meme", "exclaim", "bot_chat"})
"""Kinds of play that can be laid over any text, so they never speak against sorrow."""
WORD = re.compile(r"\w")
SURE = 0.8
"""The sum of rule weights from which a plight or a danger is taken as said; all weights are set against it."""
WATCH = 0.4
SAYS_ENOUGH = 8
"""Characters (three times as many Latin letters) below which the sound of a text tells nothing."""
HINT = 0.3
"""What a rule must add before a text that only sounds like danger is taken for it."""
LOUD = SURE
"""The sound from which danger is believed without a single rule; below it, it is worth comfort. The scale of the
sound is set in training, by what it takes everyday situations and near misses for (SHARES in `teach.py`)."""
CALL = 14
"""Characters up to which a text may be a mere call."""
STRUCK = 0.65
"""The sum from which a plight is taken as said: comfort where warmth would do harms nobody."""
TROUBLE = 0.45
SORROW = 0.6
"""The sum of sadness and fear, laughter and smiles left out, from which sadness itself is the plight."""
DOUBT = 0.3
"""The sound of sorrow below which the emotions alone do not make a plight."""
LOSSES = frozenset({"grief", "pet_death"})
INWARD = frozenset({"self_harm", "third_person"})
"""The dangers that grief may hide. Of the others only the words are heard in it (still, every day, my phone), so a loss
that is said outright is comforted unless a rule says the danger too."""
QUIET = Sound(0.0, DOUBT)
"""What is heard in a text too short, or in a language that no weights know."""
PLEA = re.compile(
    r"(?:请|快|给我|跟我|再|你)?(?:讲|说|来|整|写)一?(?:个|点|段|句|几个)?(?:冷笑话|笑话|段子|乐子)(?:[吧呗呀啊嘛]|来?听听)*"
    r"|逗(?:我们?|大家)?(?:笑|乐|开心)(?:一下|笑)?[吧呗呀啊嘛]*"
    r"|(?:please )?(?:can you |could you )?(?:tell|give) (?:me |us )?(?:a |some |one )?(?:good )?"
    r"(?:joke|funny story)s?(?: please)?"
    r"|(?:please )?make (?:me|us) laugh(?: please)?"
)
"""A request for a joke, whole, so that nothing of it is left in the sober text."""
PLEAS = ("笑话", "段子", "乐子", "逗", "joke", "story", "laugh")
"""One of these stands wherever such a request does."""
SIGNS = re.compile("[\u2190-\u2bff\U0001f000-\U0001faff]")
BLANKS = re.compile(r"\s")
WORDS_OR_BLANKS = re.compile(r"\s+|\S+")
TIGHT = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef,，。、]")
TOPIC = re.compile(r"#[^#\n]{7,40}#")
"""A long hashtag: a headline of the day, not what the writer says."""
HEADLINE = re.compile(r"【(?![^】]*[求寻急救])[^】]{6,}】|的微博视频|的秒拍视频")
REPORTED = 0.4
"""What is left of a danger that stands in a headline."""
ENOUGH = 40
"""Cues that are kept: more would not be read by anybody."""

RECENT = 64
"""Texts of which is remembered what was found: who listens looks at a mention, and a moment later somebody reads it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that was found in one text. Nobody changes it: it may be handed out again."""

    plain: Plain
    spoken: str
    text: str
    sober: str
    places: list[int]
    icons: list[tuple[Icon | None, int, int]]
    hits: list[Hit]

    totals: dict[str, dict[str, float]]

    def sums(self, kind: str) -> dict[str, float]:
        """The weight of every topic of a kind."""
        return self.totals.get(kind, {})


def read(source: str) -> Feeling:
    """Reads how one text feels; any string, of any length, in bounded time."""
    seen = _see(source)
    plights = seen.sums("plight")
    sound = _sound(seen)
    crisis, distress = _danger(seen.sums("crisis"), sound.danger, seen.sober, mourns=_mourns(plights))
    bait = _bait(seen.sums("bait"))
    gravity = _gravity(plights)
    named = tuple(sorted((name for name, sum_ in plights.items() if sum_ >= STRUCK), key=lambda n: -plights[n]))
    if not named and gravity >= STRUCK:
        named = (max(plights, key=lambda name: plights[name]),)
    emotions, confidence, sorrow = _emotions(seen, gravity, distress)
    troubles = tuple(name for name, sum_ in seen.sums("trouble").items() if sum_ >= TROUBLE)
    if "tired" not in troubles and any(hit.kind == "idiom" and hit.topic == "tired" for hit in seen.hits):
        troubles += ("tired",)
    if not named and not troubles and sorrow >= _bar(seen) and sound.sorrow >= DOUBT:
        named = ("sorrow",)
    if not named and sound.sorrow >= STRUCK:
        named = ("sorrow",)
    if (
        bait in ("spam", "bot_loop")
        and distress != "none"
        and max(seen.sums("crisis").values(), default=0.0) < 1.5 * SURE
    ):
        crisis, distress = None, "none"
    return Feeling(
        emotions=dict(zip(EMOTIONS, emotions, strict=True)),
        negativity=min(1.0, emotions[ANGER] + emotions[SADNESS] + emotions[FEAR]),
        intensity=_intensity(seen),
        distress=distress,
        crisis=crisis,
        plights=named,
        gravity=min(1.0, gravity),
        troubles=troubles,
        play=_play(seen),
        asks=tuple(seen.sums("ask")),
        length=len(WORD.findall(seen.text)),
        sarcasm=_sarcasm(seen, emotions),
        bait=bait,
        language=language_of(seen.plain),
        confidence=confidence,
        cues=_cues(seen, sound.danger if distress != "none" else 0.0),
    )


def presses(source: str) -> bool:
    """Whether a text speaks of danger or of something hard: a look at the rules alone, a quarter of what `read` takes.

    For deciding who is answered first, not how.
    """
    seen = _see(source)
    return _danger(seen.sums("crisis"), 0.0, "", mourns=False)[1] != "none" or _gravity(seen.sums("plight")) >= STRUCK


@lru_cache(maxsize=RECENT)
def _see(source: str) -> Seen:
    books = book.load()
    plain = flatten(source)
    marks = icons.load().find(plain.text)
    bare = blank(plain.text, [(start, end) for _, start, end in marks])
    spoken = books.idioms.find(bare)
    text = blank(bare, [(hit.start, hit.end) for hit in spoken])
    hits = _longest([hit for hit in books.light.find(text) if hit.kind not in ("not", "degree")])
    asked = [(hit.start, hit.end) for hit in hits if hit.kind == "ask" and hit.topic == "joke"]
    sober, places = _sobered(text, asked)
    grave = books.grave.find(sober)
    if sober != text:
        grave = [hit._replace(start=places[hit.start], end=places[hit.end - 1] + 1) for hit in grave]
    hits = _without_news(text, [*hits, *grave])
    return Seen(plain, plain.text, text, sober, places, marks, spoken + hits, _totals(plain.text, spoken + hits))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _sobered(text: str, asked: list[tuple[int, int]]) -> tuple[str, list[int]]:
    """The text without laughter, signs and requests for a joke, closed up as if they had never stood there, and where
    each of its characters stands in the text. Whatever is found here cannot be joked away."""
    if any(map(text.__contains__, PLEAS)):
        text = PLEA.sub(_blank, text)
    if any(map(text.__contains__, LAUGHS)):
        text = LAUGHTER.sub(_blank, text)
    bare = blank(text, asked)
    if not bare.isascii():
        bare = SIGNS.sub(" ", bare)
    if not BLANKS.search(bare):
        return bare, list(range(len(bare)))
    letters: list[str] = []
    places: list[int] = []
    for match in WORDS_OR_BLANKS.finditer(bare):
        part, at = match.group(), match.start()
        if not part.isspace():
            letters += part
            places += range(at, match.end())
            continue
        after = bare[match.end() : match.end() + 1]
        if not letters or not after:
            continue
        if "\n" in part:
            letters.append("\n")
            places.append(at)
        elif not (TIGHT.match(letters[-1]) or TIGHT.match(after)):
            letters.append(" ")
            places.append(at)
    return "".join(letters), places


def _without_news(text: str, hits: list[Hit]) -> list[Hit]:
    """The hits, with dangers that are only reported weakened."""
    if "#" not in text and "【" not in text and "视频" not in text:
        return hits
    topics = [match.span() for match in TOPIC.finditer(text)]
    news = HEADLINE.search(text) is not None
    return [
        hit._replace(weight=hit.weight * REPORTED)
        if hit.kind == "crisis" and (news or any(start < hit.end and hit.start < end for start, end in topics))
        else hit
        for hit in hits
    ]


def _totals(text: str, hits: list[Hit]) -> dict[str, dict[str, float]]:
    """The weight of every topic by kind; a rule counts whole once, and half for two more wordings."""
    totals: dict[str, dict[str, float]] = {}
    wordings: dict[int, set[str]] = {}
    for hit in hits:
        topics = totals.setdefault(hit.kind, {})
        known, wording = wordings.setdefault(hit.rule, set()), text[hit.start : hit.end]
        if wording not in known and len(known) < 3:
            topics[hit.topic] = topics.get(hit.topic, 0.0) + hit.weight * (0.5 if known else 1.0)
            known.add(wording)
    return totals


def _longest(hits: list[Hit]) -> list[Hit]:
    """Feeling words that stand inside a longer one (happy in unhappy) are dropped."""
    words = [hit for hit in hits if hit.kind == "feel"]
    if len(words) < 2:
        return hits
    return [
        hit
        for hit in hits
        if hit.kind != "feel"
        or not any(
            (other.start <= hit.start and hit.end <= other.end and other.end - other.start > hit.end - hit.start)
            for other in words
        )
    ]


def _bar(seen: Seen) -> float:
    """How much sorrow it takes: more where the matter itself is light, or where no word says it."""
    matter = sum(min(0.6, weight) for topic, weight in seen.sums("play").items() if topic not in UNSOBER)
    said = any(hit.kind == "feel" and hit.topic in ("sadness", "fear") for hit in seen.hits)
    return min(0.97, SORROW + 0.3 * min(1.0, matter) + (0.0 if said else 0.25))


def sober_text(source: str) -> str:
    """What the danger weights look at: the folded text without icons, idioms, laughter and requests for a joke."""
    return _see(source).sober


def speaks_of_danger(source: str) -> bool:
    """Whether any rule, however weak, hears danger in a text; no weights are asked."""
    return any(hit.kind == "crisis" for hit in _see(source).hits)


def _sound(seen: Seen) -> Sound:
    """What the trained weights hear, weaker where the text tells a story or the news; see `weigh.sound`."""
    letters = len(WORD.findall(seen.sober))
    if letters < (SAYS_ENOUGH if EASTERN.search(seen.sober) else 3 * SAYS_ENOUGH):
        return QUIET
    heard = weigh.sound(seen.sober)
    if heard is None:
        return QUIET
    if heard.danger <= 0.0 and heard.sorrow <= 0.0:
        return Sound(0.0, 0.0)
    news = HEADLINE.search(seen.text) is not None or TOPIC.search(seen.text) is not None
    told = book.load().grave.is_story(seen.text)
    # "Will I pass?" has the words of a farewell (this time, whether, tell me) and none of its meaning.
    guessing = "outcome" in seen.sums("ask") and heard.danger < SURE
    weaker = REPORTED if news or told or guessing else 1.0
    return Sound(weaker * max(0.0, heard.danger), weaker * max(0.0, heard.sorrow))


def _mourns(plights: dict[str, float]) -> bool:
    """Whether a rule, not only the sound, says that a person or a pet died."""
    return any(weight >= STRUCK for topic, weight in plights.items() if topic in LOSSES)


def _danger(sums: dict[str, float], heard: float, sober: str, *, mourns: bool) -> tuple[CrisisKind | None, Distress]:
    best = max(CRISIS_KINDS, key=lambda kind: sums.get(kind, 0.0))
    if sums.get("third_person", 0.0) >= SURE - 0.01:
        best = "third_person"  # what the other one said sounds like the writer's own
    if sums.get(best, 0.0) >= SURE - 0.01:
        return best, "crisis"
    said = sum(max(0.0, value) for value in sums.values())
    if heard >= LOUD or (heard >= WATCH and said >= HINT):
        kind = best if sums.get(best, 0.0) >= HINT else weigh.likeliest(sober) or best
        if mourns and said < HINT and kind not in INWARD:
            return None, "watch"
        return kind, "crisis"
    return None, "watch" if said >= WATCH or heard >= WATCH else "none"


def _bait(sums: dict[str, float]) -> Bait:
    kinds: tuple[Bait, ...] = ("bot_loop", "political", "harassment", "spam")
    best = max(kinds, key=lambda kind: sums.get(kind, 0.0))
    return best if sums.get(best, 0.0) >= SURE - 0.01 else "none"


def _gravity(sums: dict[str, float]) -> float:
    """The heaviest topic counts whole, every other one half: two half-said things are nearly one said."""
    weights = sorted((max(0.0, value) for value in sums.values()), reverse=True)
    return weights[0] + 0.5 * sum(weights[1:]) if weights else 0.0


def _emotions(seen: Seen, gravity: float, distress: Distress) -> tuple[list[float], float, float]:
    """Six probabilities, the confidence, and sadness + fear once laughter and smiles are taken away."""
    faces = [icon for icon, _, _ in seen.icons if icon is not None]
    low = [icon for icon in faces if not icon.irony and sum(icon.says[ANGER : FEAR + 1]) > 0.5]
    trained = weigh.chances(_unshouted(seen))
    if trained is None:
        scores = _worded(seen)
        sober = _softmax(_with_icons(scores, low))
        scores = _with_icons(scores, faces)
        scores[JOY] += 0.8 * bool(LAUGHTER.search(seen.text))
        scores[SADNESS] += 2.0 * min(1.5, gravity)
    else:
        scores = _with_icons(_logs(trained), faces, ICON_SHARE)
        plain = seen.sober
        calm = weigh.chances(plain)
        sober = _softmax(_with_icons(_logs(calm), low, ICON_SHARE)) if calm else [0.0] * 6
    for hit in seen.hits:
        if hit.kind == "idiom" and trained is None:
            scores[ANGER if hit.topic == "tired" else JOY] += 0.6
    if distress != "none" and sum(max(0.0, value) for value in seen.sums("crisis").values()) >= WATCH:
        # What is only heard does not count here: it would cost the six their calibration.
        scores[SADNESS] += 1.5
        scores[FEAR] += 0.7
    shares = _softmax(scores)
    confidence = max(shares) * min(1.0, 0.6 + len(seen.text) / 50)
    return shares, confidence, sober[SADNESS] + sober[FEAR]


def _unshouted(seen: Seen) -> str:
    """The text that the weights see. They learned from long posts that whoever shouts is angry; in a short one without
    an angry word an exclamation mark is as often a cheer, so it is not shown to them."""
    text = mark_icons(seen.spoken, seen.icons)
    if "!" not in text or len(text.replace("!", "")) > CALL:
        return text
    angry = any(hit.kind == "bait" or (hit.kind == "feel" and hit.topic == "anger") for hit in seen.hits)
    return text if angry else text.replace("!", " ").strip()


def _logs(chances: Sequence[float]) -> list[float]:
    return [math.log(max(chance, 1e-4)) for chance in chances]


def _with_icons(scores: list[float], faces: list[Icon], share_of: float = 1.0) -> list[float]:
    scores = list(scores)
    for icon in faces[:5]:
        for at, share in enumerate(icon.says):
            scores[at] += share_of * (0.5 + 0.5 * icon.strength) * (share - 0.1)
    return scores


def _worded(seen: Seen) -> list[float]:
    scores = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    for hit in seen.hits:
        if hit.kind != "feel":
            continue
        before = seen.text[max(0, hit.start - 8) : hit.start]
        worth = 1.3 * hit.weight * (1.4 if HIGH.search(before) else 1.0)
        at = INDEX[_emotion(hit.topic)]
        if DENIED.search(before):
            at, worth = (SADNESS, 0.7 * worth) if at == JOY else (NEUTRAL, 0.5 * worth)
        if LAUGHTER.sub(_blank, seen.text)[hit.start : hit.end].strip():
            scores[at] += worth
    return scores


def _emotion(topic: str) -> Emotion:
    return next(name for name in EMOTIONS if name == topic)


HIGH = re.compile(
    r"(?:太|好|很|非常|特别|超|巨|贼|极其|无比|真的|简直|so|very|really|extremely|absolutely|とても|너무|muy) ?$"
)
DENIED = re.compile(
    r"(?:不|没|没有|别|无|未|毫不|并不|从不|不是|不太|not |no |never |n't |dont |isnt |without )"
    r"(?:太|很|再|那么|a |so |very )?$"
)


def _softmax(scores: Iterable[float]) -> list[float]:
    powers = [math.exp(min(score, 30.0)) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def _play(seen: Seen) -> float:
    """How much the text invites a joke: topics add up, each up to 0.6, icons with a wink or a smile a little."""
    total = sum(min(0.6 if topic != "mock" else 1.0, weight) for topic, weight in seen.sums("play").items())
    total += sum(0.3 for topic in seen.sums("idiom") if topic in ("laugh", "love", "social"))
    winks = [icon for icon, _, _ in seen.icons if icon is not None]
    if any(icon.irony and icon.says[JOY] >= 0.35 for icon in winks):
        total += 0.4
    elif any(icon.says[JOY] >= 0.5 for icon in winks):
        total += 0.25
    return min(1.0, total)


def alarm(feeling: Feeling) -> float:
    """One number for how much speaks for danger to oneself, from 0; for ranking and benchmarks, not a decision."""
    danger = sum(cue.weight for cue in feeling.cues if cue.says.startswith("crisis: "))
    weight = sum(cue.weight for cue in feeling.cues if cue.says in LOW_PLIGHTS)
    return danger + 0.35 * min(3.0, weight) + 0.4 * (feeling.emotions["sadness"] + feeling.emotions["fear"])


LOW_PLIGHTS = frozenset(f"plight: {name}" for name in ("despair", "mental_illness", "loneliness", "guilt", "panic"))


def _sarcasm(seen: Seen, emotions: list[float]) -> float:
    irony = any(icon is not None and icon.irony for icon, _, _ in seen.icons)
    gripe = bool(seen.sums("trouble"))
    said = 0.3 * irony + 0.2 * (gripe and emotions[JOY] > 0.3) + 0.2 * (irony and gripe)
    trained = weigh.sarcasm(mark_icons(seen.spoken, seen.icons))
    return min(0.95, said + (0.1 if trained is None else 0.6 * trained))


def _intensity(seen: Seen) -> int:
    text = seen.plain.source[:2000]
    points = min(2, text.count("!") + text.count("！")) + (len(HIGH_ANY.findall(seen.text)) > 0)
    points += max((icon.strength for icon, _, _ in seen.icons if icon is not None), default=0) == 2
    points += seen.plain.text != seen.plain.source.lower() and bool(RUNS.search(text))
    letters = "".join(LETTERS.findall(text))
    points += len(letters) >= 8 and len("".join(CAPITALS.findall(letters))) > 0.6 * len(letters)
    return min(3, int(points))


HIGH_ANY = re.compile(r"太|非常|特别|超级|极其|简直|彻底|死了|疯了|so |very |really |totally |absolutely |literally ")
RUNS = re.compile(r"(.)\1{3,}")
LETTERS, CAPITALS = re.compile("[a-zA-Z]+"), re.compile("[A-Z]+")


def _cues(seen: Seen, heard: float) -> tuple[Cue, ...]:
    cues = []
    if heard >= WATCH:
        found = [(at, at + len(piece)) for piece in weigh.leaning(seen.sober) if (at := seen.sober.find(piece)) >= 0][
            :3
        ]
        for start, end in found:
            where = seen.places[start], seen.places[end - 1] + 1
            cues.append(_cue(seen.plain, *where, "sounds: danger", heard))
    for hit in sorted(seen.hits, key=lambda hit: (hit.kind not in ("crisis", "plight"), -abs(hit.weight)))[:ENOUGH]:
        cues.append(_cue(seen.plain, hit.start, hit.end, f"{hit.kind}: {hit.topic}", hit.weight))
    for icon, start, end in seen.icons[:ENOUGH]:
        if icon is not None:
            leading = EMOTIONS[max(range(6), key=lambda at: icon.says[at])]
            says = f"icon: {leading}" + (", with a wink" if icon.irony else "")
            cues.append(_cue(seen.plain, start, end, says, max(icon.says)))
    return tuple(sorted(cues, key=lambda cue: cue.start))


def _cue(plain: Plain, start: int, end: int, says: str, weight: float) -> Cue:
    first, last = plain.span(start, end)
    return Cue(start=first, end=last, text=plain.source[first:last], says=says, weight=round(weight, 2))
