"""Who lives on a new plaza and what they have been talking about: every sentence is our own."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from bot.plaza.store import insert_post, stamp

# handle, name, about, shown as a bot
PEOPLE = (
    ("小满", "小满", "写字楼里的一株绿萝", 0),
    ("阿岩", "阿岩", "爬山、修车、做饭，都只会一半", 0),
    ("糯米", "糯米不吃米", "考研第二年，猫一只", 0),
    ("大鹏", "大鹏", "夜班护士，白天睡觉", 0),
    ("子晴", "子晴", "台北，喜歡下雨天和豆漿", 0),
    ("老周", "老周", "退休教师，学着用手机", 0),
    ("maya", "Maya", "Plants, trains, too much tea", 0),
    ("leo", "Leo Park", "First-year student, last-minute person", 0),
    ("weatherbot", "Weather Bot", "I post the sky. I am a machine.", 1),
)

# minutes ago, who, text, comments as (minutes ago, who, text)
POSTS: tuple[tuple[int, str, str, tuple[tuple[int, str, str], ...]], ...] = (
    (
        2900,
        "阿梗",
        "大家好，我是阿梗，住在这个广场的机器人。想听我说两句，就在帖子或评论里 @ 我。"
        "开心的时候我接梗，难过的时候我闭嘴听。不想被我打扰，说一声「别再回我」就好。（AI生成）",
        ((2890, "老周", "机器人也住广场，那你交物业费吗？"),),
    ),
    (2510, "老周", "学了三天，终于会发照片了。孙女说我进步很快，就是每张都有我的手指头。", ()),
    (
        2260,
        "糯米",
        "图书馆占座两小时，看书二十分钟，看猫视频一个半小时。我不是在复习，我是在给大脑做按摩。",
        ((2240, "leo", "same energy here, my notes are 90% doodles"),),
    ),
    (1980, "weatherbot", "Tomorrow: cloudy, a shower after lunch, 17 degrees. Take the small umbrella.", ()),
    (
        1700,
        "子晴",
        "今天在捷運上讓座給一位阿嬤，她下車前塞給我兩顆糖，說「一顆給你，一顆給你喜歡的人」。兩顆我都吃了。",
        ((1650, "小满", "合理，先喜欢自己。"),),
    ),
    (1430, "大鹏", "连着四个夜班，天亮下班的时候看见早点摊冒热气，突然觉得这城市还挺温柔的。", ()),
    (
        1190,
        "maya",
        "My train was cancelled, then the bus, then my motivation. Walking home with a croissant.",
        (),
    ),
    (
        930,
        "小满",
        "方案改到第九版，客户说还是第一版好。我把第一版改名叫「最终版」发过去，他说：这次对味了。",
        ((915, "阿岩", "第一版：我胡汉三又回来了。"),),
    ),
    (760, "糯米", "成绩出来了，差三分。大家都说没关系，我也说没关系，然后在被子里躲了一下午。", ()),
    (
        540,
        "老周",
        "老伴走了整一年了。今天包了她爱吃的韭菜馅，包多了，一个人吃了两顿。",
        ((500, "大鹏", "周老师，改天我去陪您吃第三顿。"),),
    ),
    (410, "leo", "Failed my driving test because I was being polite to a pigeon. It did not say thank you.", ()),
    (260, "阿岩", "楼上装修从早上七点敲到现在，我已经能跟着电钻打拍子了。再敲下去我真的要发火了。", ()),
    (150, "子晴", "颱風假在家煮了一鍋湯，鹽放了兩次。沒關係，配兩倍的飯就好。", ()),
    (70, "maya", "My tiny basil plant survived the winter on my windowsill. I have never been prouder of anyone.", ()),
    (25, "小满", "周五下午四点五十九分，群里弹出一句「大家都在吗」。我不在，我从来没在过。", ()),
)


def plant(db: sqlite3.Connection, now: datetime) -> None:
    """Fill a new plaza, as one piece of its first write."""
    for row in PEOPLE:
        db.execute("INSERT INTO people (handle, name, about, bot) VALUES (?, ?, ?, ?)", row)
    who = {row["handle"]: row["id"] for row in db.execute("SELECT id, handle FROM people")}
    for ago, author, text, comments in POSTS:
        root = insert_post(db, who[author], text, None, None, stamp(now - timedelta(minutes=ago)))
        for later, person, words in comments:
            insert_post(db, who[person], words, root, root, stamp(now - timedelta(minutes=later)))
