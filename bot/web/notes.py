"""What the bot notes in its journal, for readers of Chinese; a note that is not in the table is shown as it stands."""

from __future__ import annotations

import re

from bot.web.findings import tell_why
from bot.web.words import WORDS, Language, name

# The beginning of a note, and how it begins in Chinese; what follows is kept.
NOTES: dict[str, str] = {
    "stopped in the middle": "停机时正做到一半",
    "nobody decided in time": "没人来审，过期了",
    "too late to answer": "隔太久，不回了",
    "nobody here answers as": "这里没有这个账号：",
    "the author is a bot": "对方是机器人",
    "this person asked us to stop": "对方请它别再回",
    "the author of the post asked us to stay away": "楼主请它别在这儿回",
    "this thread is muted until a human releases it": "这串评论已静音，要人来放开",
    "the policy mode is stopped": "总开关停着",
    "cool-down: several care texts to this person just now": "冷却中：刚给这个人发过几次求助信息",
    "second opinion:": "听另一个模型的：",
    "unsure: nobody could say how it feels": "拿不准，也没问到别的看法",
    "cool-down: many replies to this person just now": "冷却中：刚回过这个人好几次",
    "backlog: more mentions than we can answer": "忙不过来：等着的太多，这条没接",
    "every draft played a meme that this person has seen": "每一稿都用了对方见过的梗",
    "its meme was played in the meantime; writing anew": "这个梗刚对他用过，重写一条",
    "only seen in one untrusted place": "只在一处不可靠的地方见过",
    "nothing says that it is fun": "看不出好玩在哪",
    "the board files it under": "榜单把它归在",
    "touches": "涉及",
    "posting without an intent: this is a bug, please report it": "没有留底就在发送：这是程序的错，请告诉我们",
    "could not look for the reply": "没能去找回复",
    "found on the platform": "在平台上找到了",
    "the platform cannot tell": "平台说不准",
    "nobody knows whether it was posted": "没人知道发没发成",
    "the intent grew old before it was sent": "底稿放旧了，还没发出去",
    "no clear answer": "没有明确答复",
    "not there yet; looking once more": "还没看到，再找一次",
    "a second reply stands there": "那里有第二条回复",
    "the reply was found after all": "回复后来找到了",
    "decided: approve": "有人批准了",
    "decided: reject": "有人否决了",
    "decided: there": "有人确认已经发出",
    "decided: again": "有人让它再发一次",
    "decided: drop": "有人说算了",
    "decided: undo": "有人撤回了决定",
    "rejected by a person": "有人否决了",
    "checked again under": "按新的规矩又审了一遍：",
    "the policy changed before it was sent again": "再次发送前规矩变了",
    "the policy mode became": "审完后总开关换成了",
    "the filter blocks it": "过滤器拦下了",
}
# The sentences of the tone policy, which stand behind the name of the row and before details in brackets.
TONES: dict[str, str] = {
    "somebody may be in danger": "可能有人处境危险",
    "another bot is talking": "对面也是机器人",
    "this is advertising or a chain letter": "是广告或连锁转发",
    "words of leaving or of another's alarm, not sure enough": "有告别或替人着急的话，但还不确定",
    "the post calls for hate, harassment or taking sides": "帖子在挑起仇恨、骚扰或站队",
    "something hard befell the author": "楼主遇上了难事",
    "the comment calls for hate, harassment or advertises": "评论在挑事或打广告",
    "something hard befell the one who comments": "评论的人遇上了难事",
    "nobody can know how it will end": "结果谁也说不准",
    "the one who comments is low": "评论的人情绪低落",
    "little text, and nobody looked at the picture": "字太少，图又没人看过",
    "something hard may stand behind it": "背后可能有难事",
    "anger leads": "怒气占上风",
    "a small trouble, too close for a joke": "一点小烦恼，离得太近，不开玩笑",
    "a small trouble": "一点小烦恼",
    "the post itself plays": "帖子自己就在玩",
    "the post is glad": "帖子是高兴的",
    "nothing says clearly how it feels": "看不出明显的情绪",
}
_REASON = re.compile(r"(?:[a-z ]+: )?(?P<why>[^()]+?)(?: \((?P<details>[a-z_, ]+)\))?")


def tell(language: Language, note: str) -> str:
    """A note or a reason in the reader's language."""
    if language == "en":
        return note
    reason = _REASON.fullmatch(note)
    if reason and reason["why"] in TONES:
        details = [_detail(word) for word in (reason["details"] or "").split(", ") if word]
        return TONES[reason["why"]] + (f"（{'、'.join(details)}）" if details else "")
    for english, chinese in NOTES.items():
        if note.startswith(english):
            return chinese + note[len(english) :]
    # The reasons of the filter stand one after the other.
    return "；".join(tell_why(piece) or piece for piece in note.split("; ")) if note.isascii() else note


def cue(language: Language, says: str) -> str:
    """What a cue says: a bare emotion or word, or `kind: topic` as the reader of feelings writes it."""
    kind, _, topic = says.rpartition(": ")
    topic, _, _ = topic.partition(",")
    for table in (kind, "emotion", "plight", "crisis", "bait", "trouble", "play", "cue"):
        if f"{table}.{topic}" in WORDS:
            return name(language, table, topic)
    return name(language, "cue", kind) if kind else topic.replace("_", " ")


def cue_kind(says: str) -> str:
    """Which colour a cue gets (a CSS class)."""
    kind, _, topic = says.rpartition(": ")
    topic, _, _ = topic.partition(",")
    if topic in {"joy", "anger", "sadness", "fear", "surprise", "neutral"}:
        return topic
    return {"plight": "grave", "crisis": "grave", "bait": "anger", "play": "joy", "trouble": "fear"}.get(
        kind, "neutral"
    )


def _detail(word: str) -> str:
    return name("zh", "plight" if f"plight.{word}" in WORDS else "crisis", word)
