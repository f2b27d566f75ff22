"""The plaza's own board: an invented day of a town that does not exist, replayed every day, for trying out topics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web

from bot.plaza.protocol import reply_json

# first hour on the board (UTC), hours it stays, heat at its best, category, title, what the board writes below it
DAY: tuple[tuple[float, float, int, str, str, str], ...] = (
    (0.0, 3.0, 91_000, "美食", "豆花甜咸之争开到第三轮", "梧桐镇豆花节今早办辩论，甜党先发言，咸党自带了榨菜。"),
    (0.5, 2.0, 54_000, "萌宠", "柴犬当选一日站长", "青石桥站请一只柴犬当站长，它在检票口睡了四十分钟。"),
    (1.5, 5.0, 120_000, "体育", "梧桐镇龙舟赛加时反超", "河东队落后半个船身，最后五十米反超，鼓手把鼓槌敲断了。"),
    (3.0, 4.0, 77_000, "综艺", "慢半拍合唱团首场返场七次", "平均年龄六十八岁的合唱团返场七次，指挥忘了谢幕。"),
    (4.0, 2.5, 43_000, "社会", "河西路水管抢修影响早高峰", "河西路水管破裂，两条公交线绕行，抢修预计到中午。"),
    (5.0, 6.0, 88_000, "游戏", "种菜游戏全服同时断网收瓜", "服务器重启前十分钟，玩家们约好一起收瓜，频道刷满西瓜。"),
    (6.5, 3.0, 39_000, "科技", "扫地机器人集体离家出走", "展馆里十二台扫地机器人走错门，排队下了坡道。"),
    (8.0, 5.0, 101_000, "美食", "一米二的油条打破镇纪录", "早点铺师傅炸出一米二的油条，量的时候被路过的小孩咬了一口。"),
    (9.0, 4.0, 66_000, "体育", "业余足球赛门将进了三个球", "门将开大脚三次直接进门，对方教练改看天气预报。"),
    (11.0, 3.5, 58_000, "天气", "傍晚出现双层彩虹", ""),
    (12.0, 5.0, 96_000, "影视", "小镇大电影首映观众全是群演", "首映厅两百个座位，坐的全是电影里的群众演员。"),
    (13.5, 4.0, 71_000, "萌宠", "胖橘堵住图书馆还书口", "还书口被一只橘猫占了半天，馆员在它旁边贴了临时通道。"),
    (15.0, 5.0, 83_000, "搞笑", "全班把校服穿反拍毕业照", ""),
    (17.0, 4.0, 62_000, "健康", "镇医院开设夜间门诊", "镇医院从今晚起开夜间门诊，挂号到十点。"),
    (18.0, 5.0, 109_000, "音乐", "广场音乐会停电改成清唱", "第二首歌停电，乐队改清唱，观众用手机打灯到结束。"),
    (20.0, 5.0, 92_000, "体育", "夜跑团集体跑错终点", "领跑的人记错路口，五十个人一起跑到了烧烤摊。"),
    (
        21.0,
        4.0,
        47_000,
        "games",
        "Chess final ends in a bake-off",
        "Both finalists agreed on a draw and baked bread.",
    ),
    (22.0, 5.0, 51_000, "humor", "Man returns library book after forty years, fine waived", ""),
)


def rows(now: datetime) -> list[dict[str, object]]:
    """What stands on the board at a moment, the hottest first; heat rises for a quarter of its time, then falls."""
    hour = now.hour + now.minute / 60 + now.second / 3600
    found: list[dict[str, object]] = []
    for start, stays, best, category, title, about in DAY:
        past = (hour - start) % 24
        if past >= stays:
            continue
        part = past / stays
        heat = best * (0.4 + 2.4 * part if part < 0.25 else 1.3 - 1.2 * part)
        found.append({"title": title, "hot": round(heat), "category": category, "about": about})
    return sorted(found, key=lambda row: -int(str(row["hot"])))


def show(now: Callable[[], datetime]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The board as any hot list answers; it says when it was made."""

    async def board(_request: web.Request) -> web.StreamResponse:
        moment = now()
        return reply_json({"updateTime": moment.isoformat(), "data": rows(moment)})

    return board
