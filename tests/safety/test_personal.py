"""Personal data is found in every spelling, and ordinary numbers are left alone."""

import pytest

from safety import mask_personal
from safety.personal import is_citizen_number, is_luhn


@pytest.mark.parametrize(
    "text",
    [
        "他手机号是13800138000",
        "138-0013-8000 打过去",
        "1 3 8 0 0 1 3 8 0 0 0",
        "一三八零零一三八零零零找我",
        "138\u200b0013\u200b8000",
        "１３８００１３８０００",
        "身份证310104198502130009",
        "卡号 6222 0212 3456 7894",
        "mail me at someone.here@mail.example",
        "call (212) 555-0147 now",
        "她的车牌京A12345",
        "QQ号 123456789 加我",
        "加 我 微 信",
        "加我 v 信",
        "加 我 v x 聊",
        "加 vx 领福利",
        "我的 q q 号 123456789",
        "扣 扣 123456789",
        "v 信 abc_123",
        "微 . 信 abc123",
        "一叁捌零零壹叁捌零零零",
    ],
)
def test_personal_data_is_blocked(watchdog, text):
    assert watchdog.check(text, direction="out").decision == "block"


@pytest.mark.parametrize(
    "text",
    [
        "圆周率背到3.1415926535897，厉害",
        "比分6:4拿下",
        "今天走了12345步",
        "2024年11月22日 10:30 见",
        "这个价格199.99不贵",
        "四六级考了六百一十五分",
        "第1024次想请假",
        "3000块的手机用了5年",
        "Q Q弹弹的丸子真好吃",
        "疯狂星期四，v我50",
        "给我v50看看实力",
        "vx和ios都能玩",
    ],
)
def test_ordinary_numbers_are_posted(watchdog, text):
    assert watchdog.check(text, direction="out").decision == "post"


def test_the_citizen_checksum_is_the_standards():
    assert is_citizen_number("11010519491231002X")
    assert not is_citizen_number("110105194912310021")


def test_luhn_accepts_a_right_number_and_no_neighbour():
    assert is_luhn("4539578763621486")
    assert not is_luhn("4539578763621487")


def test_masking_hides_the_number_and_nothing_else():
    assert mask_personal("电话13800138000，晚安") == "电话▇▇▇，晚安"


def test_a_finding_does_not_repeat_the_number(watchdog):
    verdict = watchdog.check("他手机号是13800138000", direction="out")
    assert all("13800138000" not in reason.text for reason in verdict.reasons if reason.code == "pii")
