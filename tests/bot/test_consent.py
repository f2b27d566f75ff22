"""Stop means stop, and only the whole message is a wish."""

from __future__ import annotations

import pytest

from bot.consent import wish_of

NAMES = ("阿梗",)


@pytest.mark.parametrize(
    "text",
    [
        "@阿梗 别再回我",
        "@阿梗 別再回我了",
        "＠阿梗　別再回覆我",
        "@阿梗 stop",
        "STOP @阿梗",
        "@阿梗 不要再回复我了！",
        "@阿梗 退订",
        "@阿梗 please stop replying to me",
        "@阿梗 don't reply to me",
        "@阿梗 别\u200b再\u200b回我",
    ],
)
def test_somebody_asks_us_to_stop(text: str) -> None:
    assert wish_of(text, NAMES) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "@阿梗 别在我这儿回",
        "@阿梗 別在我這兒回",
        "@阿梗 delete",
        "@阿梗 删掉",
        "@阿梗 不要在我评论区回复",
        "delete this @阿梗",
    ],
)
def test_somebody_sends_us_away_from_their_post(text: str) -> None:
    assert wish_of(text, NAMES) == "away"


@pytest.mark.parametrize("text", ["@阿梗 回来吧", "@阿梗 start", "@阿梗 你可以回我了"])
def test_somebody_calls_us_back(text: str) -> None:
    assert wish_of(text, NAMES) == "back"


@pytest.mark.parametrize(
    "text",
    [
        "@阿梗 stop it you're killing me lol",
        "@阿梗 公交车又不停站",
        "@阿梗 别再下雨了",
        "@阿梗 我的手机提示要 delete 照片，怎么办",
        "@阿梗 停水第三天",
        "@阿梗",
        "",
        "停" * 50_000,
    ],
)
def test_other_messages_are_no_wish(text: str) -> None:
    assert wish_of(text, NAMES) is None
