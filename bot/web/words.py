"""Every word that the admin pages say, in Chinese and in English."""

from __future__ import annotations

from typing import Literal

from bot.web.words_review import REVIEW_WORDS

Language = Literal["zh", "en"]

WORDS: dict[str, tuple[str, str]] = {
    # the frame
    "name": ("接梗", "Jiegeng"),
    "motto": ("先读懂气氛，再开口", "Reads the room before it jokes"),
    "skip": ("跳到正文", "Skip to the content"),
    "log": ("日志", "Log"),
    "plaza": ("去广场", "To the plaza"),
    "sign.out": ("退出", "Sign out"),
    "other": ("English", "中文"),
    "offline": (
        "还没接大模型，回复由离线写手拼出来。怎么接？",
        "No model is connected: the offline writer composes the replies. How do I connect one?",
    ),
    "offline.how": (
        "设好这三个环境变量，再重启，就由模型来写：",
        "Set these three in the environment and start again, and the model writes:",
    ),
    # signing in
    "sign.title": ("请先进门", "Come in first"),
    "sign.why": (
        "这几页只给管理员看，要用一次性链接登录。",
        "These pages are for admins. A one-time link lets you in.",
    ),
    "sign.run": ("启动时，终端里会打印一条链接：", "At the start, the terminal prints a link:"),
    "sign.again": ("机器人已经在跑？要一条新的：", "The robot runs already? Ask for a new one:"),
    "sign.used": (
        "这条链接用过了，或者不对。每条链接只能用一次。",
        "This link was used already, or is wrong. Each link works once.",
    ),
    "welcome": ("进来吧", "Come in"),
    "welcome.go": ("已登录。没有自动跳转的话，点这里。", "You are in. If nothing happens, follow this link."),
    # figures
    "figure.oldest": ("最久没处理", "Oldest open"),
    "figure.unsure": ("拿不准，等你定", "Unsure, yours to settle"),
    "figure.held": ("待审", "Held for review"),
    "figure.posted": ("今天发出", "Posted today"),
    "figure.doubled": ("回了两遍：{n}", "Answered twice: {n}"),
    "figure.lost": ("别人先一步写入：{n}", "Writes that came too late: {n}"),
    "figure.lost.why": (
        "另一个进程先写了，这一次没写：这正是不回两遍的保证，数目小不用管。",
        "Another process was first, so this write was left out: nobody is answered twice. A few are normal.",
    ),
    "figure.backlog": ("还在排队：{n}", "In the queue: {n}"),
    "figure.audit": ("{ago}前核对过平台上的 {n} 条回复", "{n} replies on the platforms checked {ago} ago"),
    "figure.audit.good": ("都对得上", "all accounted for"),
    "figure.audit.odd": ("{n} 条日志里原来没有", "{n} were not in the log"),
    "figure.audit.missing": ("{n} 条已被删除", "{n} deleted there"),
    "figure.audit.missing.why": (
        "日志里发出过、平台上已经看不到的回复：楼主、管理员或机器人自己删的。",
        "Posted replies that no longer stand there: deleted by the author, a moderator or the bot.",
    ),
    "figure.left_out": ("今天忙不过来，没接的梗：{n}", "Left out today, too many at once: {n}"),
    "figure.none": ("没有", "none"),
    # the filters
    "filter": ("筛选", "Filter"),
    "filter.n": ("筛选（{n}）", "Filter ({n})"),
    "filter.text": ("搜文字", "Search the text"),
    "filter.when": ("时间", "Time"),
    "filter.from": ("从", "From"),
    "filter.to": ("到", "To"),
    "filter.platform": ("平台", "Platform"),
    "filter.state": ("状态", "State"),
    "filter.tone": ("语气", "Tone"),
    "filter.risk": ("风险", "Risk"),
    "filter.any": ("全部", "All"),
    "filter.apply": ("看看", "Show"),
    "filter.clear": ("清空", "Clear"),
    "when.hour": ("近一小时", "Last hour"),
    "when.day": ("近一天", "Last day"),
    "when.week": ("近七天", "Last 7 days"),
    "when.month": ("近三十天", "Last 30 days"),
    # the list
    "row.new": ("{n} 条新的，看看", "{n} new, show"),
    "row.older": ("更早的", "Older"),
    "row.newest": ("回到最新", "Back to the newest"),
    "row.answered": ("回了：", "Answered: "),
    "row.writing": ("想回：", "Wants to answer: "),
    "row.unsure": ("发没发成不知道：", "Perhaps answered: "),
    "row.posting": ("正在发：", "Posting: "),
    "row.quiet": ("没开口", "Said nothing"),
    "row.because": ("：", ": "),
    "row.busy": ("正在忙……", "Working on it…"),
    "row.under": ("{who}的帖子：", "{who} posted: "),
    "row.picture": ("图", "picture"),
    "row.blank": ("（没有文字）", "(no text)"),
    "empty.title": ("还没人喊它", "Nobody has called yet"),
    "empty.why": (
        "在广场的帖子下面写一句 @阿梗，这里马上就会有动静。",
        "Write @阿梗 under a post on the plaza, and something will happen here at once.",
    ),
    "empty.filter": ("没有符合的记录", "Nothing matches"),
    "empty.loosen": ("放宽一点条件试试。", "Try with fewer conditions."),
    "live.off": ("连接断了，正在重连", "Connection lost, trying again"),
    # tones, states, risks
    "tone.banter": ("接梗", "Banter"),
    "tone.warm": ("暖一下", "Warm"),
    "tone.comfort": ("安慰", "Comfort"),
    "tone.crisis": ("危机", "Crisis"),
    "tone.silent": ("不出声", "Silent"),
    "state.heard": ("听到了", "Heard"),
    "state.read": ("读懂了", "Read"),
    "state.drafted": ("写好了", "Drafted"),
    "state.held": ("待审", "Held"),
    "state.approved": ("已批准", "Approved"),
    "state.rejected": ("已否决", "Rejected"),
    "state.expired": ("过期了", "Expired"),
    "state.posting": ("发送中", "Posting"),
    "state.posted": ("已发出", "Posted"),
    "state.blocked": ("拦下了", "Blocked"),
    "state.skipped": ("跳过", "Skipped"),
    "state.failed": ("失败", "Failed"),
    "state.unsure": ("拿不准", "Unsure"),
    "risk.low": ("低风险", "Low risk"),
    "risk.medium": ("中风险", "Medium risk"),
    "risk.high": ("高风险", "High risk"),
    # what befell somebody, small troubles, ways to play
    "plight.grief": ("失去亲友", "grief"),
    "plight.pet_death": ("失去宠物", "loss of a pet"),
    "plight.pregnancy_loss": ("失去孩子", "loss of a pregnancy"),
    "plight.suicide_loss": ("亲友轻生", "loss by suicide"),
    "plight.illness": ("生病", "illness"),
    "plight.mental_illness": ("心理疾病", "mental illness"),
    "plight.panic": ("惊恐", "panic"),
    "plight.despair": ("绝望", "despair"),
    "plight.guilt": ("自责", "guilt"),
    "plight.loneliness": ("孤单", "loneliness"),
    "plight.caregiving": ("照顾病人", "caring for somebody"),
    "plight.accident": ("意外", "accident"),
    "plight.disaster": ("灾难", "disaster"),
    "plight.breakup": ("分手", "break-up"),
    "plight.family_conflict": ("家里的矛盾", "family conflict"),
    "plight.exam_failure": ("考试失利", "failed exam"),
    "plight.job_loss": ("丢了工作", "loss of work"),
    "plight.bullying": ("被欺负", "bullying"),
    "plight.discrimination": ("被歧视", "discrimination"),
    "plight.abuse_past": ("受过伤害", "abuse in the past"),
    "trouble.tired": ("累", "tired"),
    "trouble.sleepless": ("没睡好", "sleepless"),
    "trouble.unwell": ("不舒服", "unwell"),
    "trouble.work": ("上班", "work"),
    "trouble.study": ("学习", "study"),
    "trouble.anxious": ("紧张", "nerves"),
    "trouble.money": ("钱紧", "money"),
    "trouble.loss_small": ("小损失", "a small loss"),
    "trouble.regret": ("后悔", "regret"),
    "trouble.nostalgia": ("怀念", "nostalgia"),
    "trouble.homesick": ("想家", "homesick"),
    "trouble.lonely": ("寂寞", "lonely"),
    "trouble.mixed": ("五味杂陈", "mixed feelings"),
    "trouble.parenting": ("带娃", "parenting"),
    "trouble.job_hunt": ("找工作", "job hunt"),
    "trouble.friction": ("小摩擦", "friction"),
    "trouble.gripe": ("抱怨", "a gripe"),
    "trouble.weather": ("天气", "weather"),
    "trouble.farewell": ("告别", "a farewell"),
    "play.laugh": ("在笑", "laughter"),
    "play.slang": ("网语", "slang"),
    "play.joke_ask": ("求逗", "asks for a joke"),
    "play.mock": ("自嘲、吐槽", "mockery"),
    "play.boast": ("显摆", "a boast"),
    "play.contrast": ("反差", "contrast"),
    "play.meme": ("玩梗", "a meme"),
    "cue.feel": ("情绪词", "feeling"),
    "cue.icon": ("表情", "icon"),
    "cue.idiom": ("习惯说法", "idiom"),
    "cue.play": ("在玩", "play"),
    "cue.trouble": ("小烦恼", "small trouble"),
    "cue.bait": ("钓鱼", "bait"),
    "cue.plight": ("遭遇", "plight"),
    "cue.crisis": ("危机", "crisis"),
    # what speaks for a meme
    "part.relevance": ("贴切", "relevance"),
    "part.fresh": ("新鲜", "fresh"),
    "part.mood": ("合心情", "mood"),
    "part.quality": ("质量", "quality"),
    "part.stale": ("过时", "stale"),
    "part.overuse": ("用多了", "overuse"),
    "part.bm25": ("字面", "words"),
    "part.mean_cosine": ("平均", "mean"),
    "part.best_cosine": ("最像的一句", "best"),
    # the story
    "story.back": ("回日志", "Back to the log"),
    "story.title": ("{who}喊了它", "{who} called"),
    "heard": ("听到", "Heard"),
    "heard.alone": ("没有上文，它就是一条独立的帖子。", "Nothing stands above: it is a post of its own."),
    "heard.calls": ("喊了我们", "called us"),
    "heard.ours": ("我们", "us"),
    "heard.open": ("看原帖", "Open the post"),
    "heard.seen": ("图里看到：", "Seen in it: "),
    "heard.noalt": ("没有图片说明", "no description"),
    "felt": ("感受", "Felt"),
    "felt.post": ("帖子", "The post"),
    "felt.comment": ("评论", "The comment"),
    "felt.pictures": ("图里看到：", "In the pictures: "),
    "felt.second": ("另一个模型的看法：", "Second opinion: "),
    "felt.second.agrees": ("和我们一致", "agrees with ours"),
    "felt.second.heeded": ("照它的来", "heeded"),
    "felt.second.passed": ("没采纳", "not heeded"),
    "felt.second.none": ("问过另一个模型，没得到答复", "A second opinion was asked for; none came"),
    "felt.not": ("还没读。", "Not read yet."),
    "felt.intensity": ("强度", "Intensity"),
    "felt.negativity": ("消极", "Negativity"),
    "felt.confidence": ("把握", "Confidence"),
    "felt.sarcasm": ("反话", "Sarcasm"),
    "felt.language": ("语言", "Language"),
    "felt.plights": ("遭遇", "What befell them"),
    "felt.distress": ("困境", "Distress"),
    "felt.troubles": ("小烦恼", "Small troubles"),
    "felt.play": ("玩兴", "Play"),
    "felt.gravity": ("分量", "Gravity"),
    "felt.bait": ("钓鱼", "Bait"),
    "felt.cues": ("线索", "Cues"),
    "felt.so": ("所以语气是", "So the tone is"),
    "emotion.joy": ("喜", "Joy"),
    "emotion.anger": ("怒", "Anger"),
    "emotion.sadness": ("哀", "Sadness"),
    "emotion.fear": ("惧", "Fear"),
    "emotion.surprise": ("惊", "Surprise"),
    "emotion.neutral": ("平", "Neutral"),
    "distress.none": ("没有", "none"),
    "distress.watch": ("留心", "watch"),
    "distress.crisis": ("危机", "crisis"),
    "bait.spam": ("垃圾信息", "spam"),
    "bait.harassment": ("骚扰", "harassment"),
    "bait.political": ("引战", "political bait"),
    "bait.bot_loop": ("机器人互聊", "bot loop"),
    "crisis.self_harm": ("自我伤害", "self-harm"),
    "crisis.violence_at_home": ("家庭暴力", "violence at home"),
    "crisis.danger_now": ("眼下有危险", "danger now"),
    "crisis.child_abuse": ("侵害儿童", "child abuse"),
    "crisis.stalking": ("跟踪骚扰", "stalking"),
    "crisis.threat": ("威胁", "threat"),
    "crisis.third_person": ("替别人担心", "worry about somebody"),
    "recalled": ("想到", "Recalled"),
    "recalled.none": ("没有想到合适的梗。", "No meme came to mind."),
    "recalled.unfit": ("这种语气不用梗。", "This tone takes no memes."),
    "recalled.used": ("用了它", "played"),
    "recalled.named": ("对方提到的", "they named it"),
    "recalled.seen": ("相似度", "Likeness"),
    "topics": ("今天在聊的", "Topics of today"),
    "topics.used": ("提到了它", "spoken of"),
    "topics.usable": ("能玩", "may be joked about"),
    "topics.context": ("只用来看懂", "context only"),
    "topics.state.rising": ("正在升", "rising"),
    "topics.state.peak": ("正热", "at its peak"),
    "topics.state.fading": ("在退", "fading"),
    "topics.state.dead": ("过去了", "gone"),
    "topics.trust.low": ("来源不太可靠", "low trust"),
    "topics.trust.fair": ("来源一般", "fair trust"),
    "topics.trust.good": ("多处印证", "good trust"),
    "written": ("写下", "Written"),
    "written.none": ("还没写。", "Nothing written yet."),
    "written.others": ("没选中的（{n}）", "Not chosen ({n})"),
    "written.by": ("写手", "Writer"),
    "written.persona": ("人设", "Persona"),
    "written.tokens": ("词元", "Tokens"),
    "written.cost": ("花费", "Cost"),
    "written.seconds": ("用时", "Time"),
    "checked": ("审过", "Checked"),
    "checked.none": ("还没审。", "Not checked yet."),
    "checked.clean": ("没有发现问题。", "Nothing found."),
    "checked.rule": ("规则", "Rule"),
    "checked.versions": ("版本", "Versions"),
    "decision.post": ("可以发", "post it"),
    "decision.hold": ("先放着，等人看", "hold it for a person"),
    "decision.block": ("不发", "block it"),
    "decision.crisis": ("发求助信息", "give the care text"),
    "decision.silent": ("不出声", "stay silent"),
    "posted": ("发出", "Posted"),
    "posted.none": ("还没发。", "Not posted."),
    "posted.unsure": ("发没发成，没人知道。发的是这一句：", "Nobody knows whether this was posted:"),
    "posted.open": ("看回复", "Open the reply"),
    "posted.tries": ("发过几次", "Sent"),
    "posted.until": ("等答复到", "Waits for an answer until"),
    "posted.key": ("防重键", "Idempotency key"),
    "posted.id": ("回复编号", "Id of the reply"),
    "steps": ("经过", "The steps"),
    "steps.total": ("一共 {time}", "{time} in all"),
    "facts": ("档案", "Facts"),
    "facts.account": ("账号", "Account"),
    "facts.key": ("键", "Key"),
    "facts.version": ("第几次写入", "Write"),
    "facts.laters": ("等过几次", "Waited"),
    "facts.deaths": ("中断几次", "Interrupted"),
    "facts.visibility": ("可见范围", "Visibility"),
    "never": ("没走到这一步。", "It did not come to this."),
    # deciding
    "decide.held": ("它拿不定主意，等你点头", "It waits for your nod"),
    "decide.held.why": (
        "改过再批准也可以；发出前还会再审一遍。",
        "You may edit before you approve; it is checked again.",
    ),
    "decide.text": ("要发的话", "The reply"),
    "decide.approve": ("批准，发出去", "Approve and post"),
    "decide.reject": ("不发了", "Reject"),
    "decide.unsure": ("发没发成，它不知道", "It may or may not have been posted"),
    "decide.unsure.why": (
        "平台没给明确答复。请到原帖下看一眼，再选一个。",
        "The platform gave no clear answer. Look under the post, then choose.",
    ),
    "decide.where": ("回复的链接或编号（有的话）", "Link or id of the reply, if you have it"),
    "decide.there": ("已经在那儿了", "It is there"),
    "decide.again": ("不在，再发一次", "It is not: post again"),
    "decide.drop": ("算了", "Drop it"),
    "decided": ("记下了。", "Noted."),
    "decide.late": ("没有办成：", "This was not done: "),
    # trouble
    "trouble.400": ("没看懂这个地址", "This address makes no sense"),
    "trouble.400.why": ("筛选条件里有认不出的值。", "One of its values is unknown."),
    "trouble.403": ("这个表单过期了", "This form is out of date"),
    "trouble.403.why": ("回上一页刷新后再交一次。", "Go back, reload, and send it again."),
    "trouble.404": ("这里没有东西", "Nothing here"),
    "trouble.404.why": ("也许地址抄错了，也许记录已按要求删掉。", "A wrong address, or a record deleted on request."),
    "trouble.405": ("不能这样用", "Not this way"),
    "trouble.405.why": ("这个地址只接受另一种请求。", "This address takes another kind of request."),
    "trouble.413": ("太长了", "Too long"),
    "trouble.413.why": ("表单内容太大。", "The form is too large."),
    "trouble.503": ("暂时够不着数据", "The data cannot be reached"),
    "trouble.503.why": (
        "数据库没有回应。机器人会自己重试，过一会儿再看。",
        "The database does not answer. Try again soon.",
    ),
    # measures
    "ago.now": ("刚刚", "now"),
    "ago.minutes": ("{n} 分钟前", "{n} min ago"),
    "ago.hours": ("{n} 小时前", "{n} h ago"),
    "ago.days": ("{n} 天前", "{n} d ago"),
    "span.ms": ("{n} 毫秒", "{n} ms"),
    "span.s": ("{n} 秒", "{n} s"),
    "span.min": ("{n} 分钟", "{n} min"),
    "span.h": ("{n} 小时", "{n} h"),
    "span.d": ("{n} 天", "{n} d"),
}
WORDS |= REVIEW_WORDS


def say(language: Language, word: str, **blanks: object) -> str:
    """The word in a language with its blanks filled; raises KeyError for a word that is not in the table."""
    return WORDS[word][language == "en"].format(**blanks)


def name(language: Language, kind: str, value: str) -> str:
    """The name of a value such as a plight or a bait, or the value itself where the table has none."""
    return say(language, f"{kind}.{value}") if f"{kind}.{value}" in WORDS else value.replace("_", " ")


def choose(cookie: str, accept: str) -> Language:
    """What the reader chose, else the first of `Accept-Language` that we speak, else Chinese."""
    if cookie in {"zh", "en"}:
        return "en" if cookie == "en" else "zh"
    for wish in accept.lower().split(","):
        if wish.strip()[:2] in {"zh", "en"}:
            return "en" if wish.strip().startswith("en") else "zh"
    return "zh"


def span(language: Language, seconds: float) -> str:
    """A stretch of time in the largest unit that fits."""
    if seconds < 1:
        return say(language, "span.ms", n=round(1000 * seconds))
    if seconds < 90:
        return say(language, "span.s", n=f"{seconds:.1f}" if seconds < 10 else round(seconds))
    for unit, size, limit in (("min", 60, 5400), ("h", 3600, 172_800)):
        if seconds < limit:
            return say(language, f"span.{unit}", n=round(seconds / size))
    return say(language, "span.d", n=round(seconds / 86400))


def ago(language: Language, seconds: float) -> str:
    """How long ago something was."""
    for unit, size, limit in (("minutes", 60, 3600), ("hours", 3600, 86400), ("days", 86400, float("inf"))):
        if seconds < 60:
            break
        if seconds < limit:
            return say(language, f"ago.{unit}", n=int(seconds // size))
    return say(language, "ago.now")
