"""The boards we may ask, how often, and how far each is trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from memes.trends.read import (
    BadPayload,
    Columns,
    Payload,
    read_bluesky,
    read_hotlist,
    read_mastodon,
    read_misskey,
    read_rss,
)
from memes.trends.topic import Trust

Kind = Literal["hotlist", "rss", "mastodon", "bluesky", "misskey"]
READERS = {"rss": read_rss, "mastodon": read_mastodon, "bluesky": read_bluesky, "misskey": read_misskey}


@dataclass(frozen=True)
class Source:
    """A board: what to ask and how to read the answer.

    `interval` seconds lie between two polls (47 % of the topics stand in one hourly look only: ask often), `stale`
    seconds make a payload too old by its own clock. `unofficial` boards may forbid automation: the operator decides.
    """

    name: str
    kind: Kind
    url: str
    interval: float = 120.0
    stale: float = 900.0
    trust: Trust = "fair"
    columns: Columns = field(default_factory=Columns)
    unofficial: bool = False

    def read(self, body: bytes, now: datetime) -> Payload:
        """Return the rows of an answer. Raises BadPayload when it is not one, or too old by its own clock."""
        if self.kind == "hotlist":
            payload = read_hotlist(body, self.columns, source=self.name, now=now)
        else:
            payload = READERS[self.kind](body, source=self.name, now=now)
        if payload.updated and (now - payload.updated).total_seconds() > self.stale:
            minutes = (now - payload.updated).total_seconds() / 60
            raise BadPayload(f"made {minutes:.0f} minutes ago: the board caches; ask it for fresh data")
        return payload


def daily_hot(base: str, board: str) -> Source:
    """A board of a self-hosted DailyHotApi. It caches for 60 minutes unless asked with `cache=false`, as here."""
    return Source(
        name=board,
        kind="hotlist",
        url=f"{base.rstrip('/')}/{board}?cache=false",
        interval=60.0,  # the operator's own server may be asked often
        columns=Columns(at="timestamp", updated="updateTime", about="desc"),
    )


def mastodon(host: str) -> Source:
    """Trending tags of a Mastodon server; its moderators review them first."""
    return Source(name=host, kind="mastodon", url=f"https://{host}/api/v1/trends/tags?limit=20", trust="fair")


def misskey(host: str) -> Source:
    """Trending tags of a Misskey server."""
    return Source(name=host, kind="misskey", url=f"https://{host}/api/hashtags/trend")


def bluesky() -> Source:
    """Trends of Bluesky, from an interface marked as subject to change."""
    return Source(
        name="bluesky",
        kind="bluesky",
        url="https://public.api.bsky.app/xrpc/app.bsky.unspecced.getTrends?limit=25",
    )


# Unofficial: these addresses serve the platforms' own pages. They change, and terms of use may forbid automation.
PRESETS: dict[str, Source] = {
    "weibo": Source(
        "weibo",
        "hotlist",
        "https://weibo.com/ajax/side/hotSearch",
        columns=Columns(items="data.realtime", title="word", heat="num", category="category", url="", advert="is_ad"),
        unofficial=True,
    ),
    "bilibili": Source(
        "bilibili",
        "hotlist",
        "https://api.bilibili.com/x/web-interface/popular?ps=50",
        interval=300.0,
        columns=Columns(items="data.list", heat="stat.view", category="tname", url="short_link_v2", at="pubdate"),
        unofficial=True,
    ),
    "zhihu": Source(
        "zhihu",
        "hotlist",
        "https://www.zhihu.com/api/v3/feed/topstory/hot-lists/total?limit=50",
        columns=Columns(title="target.title", heat="detail_text", url="target.url", at="target.created"),
        unofficial=True,
    ),
    "toutiao": Source(
        "toutiao",
        "hotlist",
        "https://www.toutiao.com/hot-event/hot-board/?origin=toutiao_pc",
        columns=Columns(title="Title", heat="HotValue", url="Url"),
        unofficial=True,
    ),
    "tieba": Source(
        "tieba",
        "hotlist",
        "https://tieba.baidu.com/hottopic/browse/topicList",
        columns=Columns(
            items="data.bang_topic.topic_list",
            title="topic_name",
            heat="discuss_num",
            url="topic_url",
            at="create_time",
        ),
        unofficial=True,
    ),
}
