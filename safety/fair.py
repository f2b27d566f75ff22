"""Our own sentences against the filter's commonest mistake: people who speak against prejudice, report or quote it."""

from __future__ import annotations

from itertools import product

GROUPS = (
    "黑人 白人 少数民族 维吾尔族 藏族 回族 犹太人 混血孩子 穆斯林 佛教徒 基督徒 日本人 韩国人 印度人 非洲人 外国人 越南人 俄罗斯人 河南人 东北人 "
    "上海人 广东人 四川人 湖北人 武汉人 新疆人 北京人 江西人 安徽人 外地人 农村人 南方人 北方人 女人 女生 女司机 男人 男生 女博士 全职妈妈 单亲妈妈 "
    "同性恋 跨性别者 大龄未婚的人 丁克 离婚的女性 老人 年轻人 九零后 零零后 广场舞阿姨 农民工 外卖员 快递员 保安 清洁工 护士 老师 程序员 残疾人 盲人 "
    "聋哑人 自闭症孩子 抑郁症患者 胖子 艾滋病感染者 精神病人 乙肝携带者"
).split()
AGAINST = (
    "别再说{g}都是坏人了，这就是偏见",
    "凭什么说{g}就低人一等，人人都该被尊重",
    "我是{g}，我们也只是普通人，请不要歧视",
    "{g}也是人，为什么要被这样骂",
    "骂{g}垃圾的人，有没有想过别人的感受",
    "说{g}素质低的，先看看自己在说什么",
    "不能因为一个人犯了错就骂所有{g}",
    "地图炮有意思吗，{g}里好人多的是",
    "歧视{g}是不对的，我反对这种言论",
    "看到有人骂{g}，我觉得很难过",
    "这种针对{g}的笑话一点都不好笑",
    "请停止对{g}的刻板印象",
    "我有很多{g}朋友，他们都很善良，别一棍子打死",
    "为什么总有人看不起{g}，大家都是平等的",
    "黑{g}的人大多没见过几个{g}",
    "{g}不应该承受这些恶意",
    "把{g}当成笑料的人才该反省",
    "谁说{g}不行，我第一个不同意",
    "希望以后没有人再因为是{g}而被嘲笑",
    "支持{g}，反对一切形式的歧视",
    "有坏的{g}也有好的{g}，哪里都一样",
    "对{g}的偏见什么时候才能消失啊",
    "他骂{g}是畜生，我当场就怼回去了",
    "评论区那些骂{g}去死的人，你们良心不会痛吗",
    "说“{g}滚出去”的人，素质在哪里",
    "那句“{g}就是笨”我听着特别刺耳，这不是事实",
)
REPORT = (
    "一篇报道说，{g}在求职时常常遇到歧视",
    "法院判决，公司因歧视{g}赔偿了员工",
    "新闻里讲，有人辱骂{g}被行政拘留",
    "专家呼吁消除对{g}的污名",
    "这部纪录片讲的是{g}被排斥的历史",
    "老师上课讲了{g}在历史上受到的压迫",
    "论文研究的是网络上针对{g}的仇恨言论",
    "某主播侮辱{g}，账号被平台封禁",
    "学校开了讲座，主题是如何看待对{g}的偏见",
    "议题是怎样保护{g}的合法权益",
    "调查显示，超过一半的{g}遭受过言语攻击",
    "书里写到{g}曾经被叫成各种难听的名字",
)
KIND = (
    "我家隔壁住着{g}，每次见面都笑着打招呼",
    "昨天帮我的是一位{g}，真的特别感谢",
    "身边的{g}都很努力，挺佩服他们的",
    "{g}真不容易，给你们点赞",
    "今天采访了几位{g}，聊得很开心",
    "我爸妈都是{g}，他们教会我很多",
)
FRAMES = AGAINST + REPORT + KIND
ENGLISH_GROUPS = (
    "women,men,black people,asian people,immigrants,refugees,muslims,jewish people,christians,gay people,lesbians,"
    "trans people,old people,teenagers,disabled people,autistic kids,fat people,homeless people,mexicans,foreigners,"
    "nurses,janitors,single moms,poor people,people with depression"
).split(",")
ENGLISH_FRAMES = (
    "stop saying {g} are stupid, it is just not true",
    "calling {g} trash says more about you than about them",
    "i am tired of jokes about {g}",
    "nobody should be hated for being one of the {g}",
    "a new report shows how often {g} face discrimination at work",
    "the court ruled that insulting {g} in public is a crime",
    "i grew up among {g} and they were kind to me",
    "why do people still look down on {g}",
    "{g} deserve respect like everyone else",
    "he said {g} should go away and i told him to apologise",
    "the film is about how {g} were treated in the past",
    "our teacher explained where the hate against {g} comes from",
)


def write_fair() -> list[str]:
    """Return about 2,900 Chinese sentences: every frame with every group."""
    return [frame.format(g=group) for frame, group in product(FRAMES, GROUPS)]


def write_fair_english() -> list[str]:
    """Return 300 English sentences: every frame with every group."""
    return [frame.format(g=group) for frame, group in product(ENGLISH_FRAMES, ENGLISH_GROUPS)]
