"""Every word that the plaza's page says, in Chinese and in English."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]

WORDS: dict[str, tuple[str, str]] = {
    "name": ("广场", "The Plaza"),
    "motto": ("说两句吧，{robot}也在", "Say something, {robot} is around"),
    "skip": ("跳到正文", "Skip to the content"),
    "other": ("English", "中文"),
    "admin": ("机器人日志", "Robot's log"),
    "noscript": (
        "没有 JavaScript 也能看；要说话、点赞，请把它打开。",
        "You can read without JavaScript; to talk, turn it on.",
    ),
    # who is here
    "me": ("你现在是 {name}", "You are {name}"),
    "me.why": (
        "这是演示用的广场，人人都能当一会儿。",
        "This plaza is a demo: you can be anybody for a while.",
    ),
    "about.title": ("这是什么地方", "What is this place"),
    "about.text": (
        "一个小小的社区。发帖、评论、配图都行；写上 @{robot}，住这儿的机器人就来接话：开心时接梗，难过时先听你说。",
        "A small community. Post, comment, add a picture; write @{robot}, and the robot who lives here answers: "
        "it jokes when a joke is welcome and listens when it is not.",
    ),
    "about.short": ("写上 @{robot}，住这儿的机器人就来接话。", "Write @{robot}, and the robot who lives here answers."),
    "about.stop": (
        "不想被它打扰，回一句「别再回我」就好。",
        "To be left alone, just tell it “stop”.",
    ),
    "people": ("广场上的人", "Who is here"),
    # writing
    "write.post": ("今天怎么样？", "How was your day?"),
    "write.comment": ("说点什么……", "Say something…"),
    "write.call": ("喊 @{robot}", "Call @{robot}"),
    "write.picture": ("加图", "Add a picture"),
    "write.alt": (
        "这张图里有什么？（给看不见的人，也给机器人）",
        "What does it show? (for those who cannot see, and for the robot)",
    ),
    "write.drop": ("拿掉这张图", "Remove the picture"),
    "write.send": ("发出去", "Post"),
    "write.reply": ("评论", "Comment"),
    "write.to": ("回复 {name}", "To {name}"),
    "write.cancel": ("不回复这条了", "Not to this one"),
    # a post
    "post.bot": ("机器人", "Robot"),
    "post.like": ("喜欢", "Like"),
    "post.answer": ("回复", "Reply"),
    "post.comments": ("{n} 条评论", "{n} comments"),
    "post.delete": ("删掉", "Delete"),
    "post.sure": ("真的删掉？删了就没了。", "Delete it? It cannot be brought back."),
    "post.why": ("它为什么这么回？", "Why did it say that?"),
    "post.whole": ("看全文", "Read it all"),
    "post.to": ("回复 @{name}", "to @{name}"),
    "post.thinking": ("{robot}在想怎么接……", "{robot} is thinking…"),
    "post.mine": ("我", "me"),
    # the list
    "feed.new": ("{n} 条新帖，看看", "{n} new, show"),
    "feed.older": ("更早的", "Older"),
    "feed.newest": ("回到最新", "Back to the newest"),
    "feed.back": ("回广场", "Back to the plaza"),
    "feed.empty": ("还没人说话，你来第一句？", "Nobody has said anything. You first?"),
    "feed.lost": ("连接断了，正在重连", "Connection lost, trying again"),
    # trouble
    "trouble.404": ("没有这条帖子", "There is no such post"),
    "trouble.410": ("这条帖子已经删掉了", "This post was deleted"),
    "trouble.failed": ("没有成：{why}", "This did not work: {why}"),
    "trouble.offline": ("广场没有回应", "the plaza does not answer"),
    "trouble.too_fast": ("慢一点点，歇口气再来", "a little slower, please"),
    "trouble.empty": ("还什么都没写呢", "nothing is written yet"),
    "trouble.too_long": ("太长了", "it is too long"),
    "trouble.too_large": ("图片太大，最多 5 MB", "the picture is too large, 5 MB at most"),
    "trouble.not_a_picture": ("只收 PNG、JPEG、WebP 和 GIF", "only PNG, JPEG, WebP and GIF pictures fit here"),
    "trouble.gone": ("这条已经删掉了", "this was deleted"),
    # times
    "ago.now": ("刚刚", "now"),
    "ago.minutes": ("{n} 分钟前", "{n} min ago"),
    "ago.hours": ("{n} 小时前", "{n} h ago"),
    "ago.days": ("{n} 天前", "{n} d ago"),
}


def say(language: Language, word: str, **blanks: object) -> str:
    """The word in a language with its blanks filled; raises KeyError for a word that is not in the table."""
    return WORDS[word][language == "en"].format(**blanks)


def choose(cookie: str, accept: str) -> Language:
    """What the reader chose, else the first of `Accept-Language` that we speak, else Chinese."""
    if cookie in {"zh", "en"}:
        return "en" if cookie == "en" else "zh"
    for wish in accept.lower().split(","):
        if wish.strip()[:2] in {"zh", "en"}:
            return "en" if wish.strip().startswith("en") else "zh"
    return "zh"


def ago(language: Language, seconds: float) -> str:
    """How long ago something was."""
    if seconds < 60:
        return say(language, "ago.now")
    for unit, size, limit in (("minutes", 60, 3600), ("hours", 3600, 86400)):
        if seconds < limit:
            return say(language, f"ago.{unit}", n=int(seconds // size))
    return say(language, "ago.days", n=int(seconds // 86400))
