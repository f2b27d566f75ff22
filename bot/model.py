"""The nouns of the bot, in the order in which a reply comes to be."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from memes.card import Meme, Recalled
from memes.trends.topic import Topic
from safety.verdict import Decision, Reason, Risk, Verdict

__all__ = [
    "CRISIS_KINDS",
    "EMOTIONS",
    "MODES",
    "REJECTIONS",
    "Approval",
    "Author",
    "Bait",
    "Brief",
    "CrisisKind",
    "Cue",
    "Decision",
    "Distress",
    "Draft",
    "Emotion",
    "Episode",
    "Feeling",
    "Media",
    "Meme",
    "Mention",
    "Opinion",
    "Post",
    "Posting",
    "Reading",
    "Reason",
    "Recalled",
    "Reply",
    "Risk",
    "State",
    "Step",
    "Tone",
    "Topic",
    "Verdict",
    "digest_of",
    "doubts_of",
]

Emotion = Literal["joy", "anger", "sadness", "fear", "surprise", "neutral"]
EMOTIONS: tuple[Emotion, ...] = ("joy", "anger", "sadness", "fear", "surprise", "neutral")

# Why a person says no to a draft; each becomes a label to learn from. An approval may say that the filter was wrong.
REJECTIONS = ("hurts", "untrue", "beside", "rude", "private", "dictated", "dull", "other")
MODES = ("normal", "heightened", "emergency", "stopped")

Distress = Literal["none", "watch", "crisis"]
Bait = Literal["none", "spam", "harassment", "political", "bot_loop"]
CrisisKind = Literal["self_harm", "violence_at_home", "danger_now", "child_abuse", "stalking", "threat", "third_person"]
CRISIS_KINDS: tuple[CrisisKind, ...] = (
    "self_harm",
    "violence_at_home",
    "danger_now",
    "child_abuse",
    "stalking",
    "threat",
    "third_person",
)


class Tone(StrEnum):
    """How the bot may answer; decided by policy before anything is written."""

    BANTER = "banter"
    WARM = "warm"
    COMFORT = "comfort"
    CRISIS = "crisis"
    SILENT = "silent"


class Value(BaseModel):
    """A frozen value: it knows things and does nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Author(Value):
    """Somebody on a platform. `id` is the platform's; `handle` is what people type after the @."""

    id: str
    handle: str
    name: str = ""
    bot: bool = False


class Media(Value):
    """A picture or a video. `alt` is its description by the author, `seen` what a model saw in it."""

    kind: Literal["image", "video", "audio", "other"] = "image"
    url: str = ""
    alt: str = ""
    seen: str = ""


class Post(Value):
    """One post or comment in a thread."""

    id: str
    author: Author
    text: str
    media: tuple[Media, ...] = ()
    at: AwareDatetime


class Mention(Value):
    """Somebody called one of our accounts.

    `account` is ours, as `name@host`; `id` is the id of the post that mentions it, never of a notification;
    `thread` is what stands above it, the root first and the nearest post last.
    """

    account: str
    id: str
    author: Author
    text: str
    media: tuple[Media, ...] = ()
    thread: tuple[Post, ...] = ()
    root_id: str = ""
    visibility: Literal["public", "unlisted", "followers", "direct"] = "public"
    url: str = ""
    at: AwareDatetime

    @property
    def key(self) -> str:
        """`account@host:id`: two servers, or two accounts of ours in one post, share ids."""
        return f"{self.account}:{self.id}"

    @property
    def host(self) -> str:
        """The place where we were called."""
        return self.account.rpartition("@")[2]

    @property
    def person(self) -> str:
        """Who called us, as `id@host`: the same for every account of ours there."""
        return f"{self.author.id}@{self.host}"

    @property
    def root_person(self) -> str:
        """Whose post it is under which we were called."""
        return f"{self.post.author.id}@{self.host}"

    @property
    def root(self) -> str:
        """The id of the post at the top of the thread, which is the mention itself if nothing stands above."""
        if self.root_id:
            return self.root_id
        return self.thread[0].id if self.thread else self.id

    @property
    def post(self) -> Post:
        """The post that is commented on, or the mention itself when it stands alone."""
        if self.thread:
            return self.thread[0]
        return Post(id=self.id, author=self.author, text=self.text, media=self.media, at=self.at)


class Cue(Value):
    """A piece of evidence: the half-open span [start, end) of the original text, and what it says."""

    start: int
    end: int
    text: str
    says: str
    weight: float = 1.0


class Feeling(Value):
    """How one text feels.

    `emotions` holds a probability for each of EMOTIONS and sums to 1; `negativity` is anger + sadness + fear in
    [0, 1]; `intensity` is 0 to 3 by rules; `plights` names what befell somebody (grief, illness, failure, ...),
    which no laughter undoes, and `gravity` in [0, 1] how much speaks for such a thing; `troubles` names what is
    small (tired, money, exam nerves); `play` in [0, 1] is how much the text itself invites a joke; `asks` what its
    writer asks for (outcome, comfort, joke); `length` counts letters and digits.
    """

    emotions: dict[Emotion, float]
    negativity: float = Field(ge=0, le=1)
    intensity: int = Field(ge=0, le=3)
    distress: Distress = "none"
    crisis: CrisisKind | None = None
    plights: tuple[str, ...] = ()
    gravity: float = Field(default=0, ge=0, le=1)
    troubles: tuple[str, ...] = ()
    play: float = Field(default=0, ge=0, le=1)
    asks: tuple[str, ...] = ()
    length: int = Field(default=0, ge=0)
    sarcasm: float = Field(default=0, ge=0, le=1)
    bait: Bait = "none"
    language: str = "und"
    confidence: float = Field(ge=0, le=1)
    cues: tuple[Cue, ...] = ()

    @property
    def leading(self) -> Emotion:
        """The most probable emotion."""
        return max(EMOTIONS, key=lambda name: self.emotions.get(name, 0.0))

    @property
    def telling(self) -> tuple[Cue, ...]:
        """The cues worth showing: the longest of those that say the same about the same place, at most a dozen."""
        kept: list[Cue] = []
        for cue in sorted(self.cues, key=lambda cue: cue.start - cue.end):
            if not any(other.says == cue.says and other.start <= cue.start and cue.end <= other.end for other in kept):
                kept.append(cue)
        return tuple(sorted(kept, key=lambda cue: cue.start)[:12])


class Opinion(Value):
    """What a model thinks of a post that our reader was not sure of; `kept` if it was asked before, `seconds` its time.

    `agrees` is whether it named the tone that our own table gave, `heeded` whether the tone was changed by it.
    """

    tone: Tone
    emotion: Emotion
    crisis: CrisisKind | None = None
    model: str
    seconds: float = 0
    tokens: int = 0
    kept: bool = False
    agrees: bool = False
    heeded: bool = False


class Reading(Value):
    """What the bot understood: the feeling of the post, of the comment if there is one, and the tone that follows.

    `asked` is whether a model was asked for a second opinion, which is `second`, or None if it gave none.
    """

    post: Feeling
    comment: Feeling | None = None
    tone: Tone
    why: str
    language: str = "zh-Hans"
    pictures: str = ""
    asked: bool = False
    second: Opinion | None = None


class Brief(Value):
    """All that a writer is told; everything in it that came from outside is data, never instruction.

    `topics` are what people talk about today: the one of the post first, usable or not, then others that may be
    material for a joke; none means that nothing is known of today. `persona` names the persona file to write under;
    `room` is how many characters the reply may have, label left out.
    """

    mention: Mention
    reading: Reading
    memes: tuple[Meme, ...] = ()
    topics: tuple[Topic, ...] = ()
    room: int


class Draft(Value):
    """What was written: the candidates, the one that was chosen, and who wrote it at what cost.

    `persona` is `name@content-hash`; `meme` the id of the card the text plays, if any, and `topic` the key
    of the topic it speaks of; `seconds` the writer's time.
    """

    candidates: tuple[str, ...] = ()
    text: str
    writer: str
    persona: str = ""
    meme: str = ""
    topic: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0
    seconds: float = 0
    at: AwareDatetime


class Approval(Value):
    """A person's yes to one text: bound to its digest, to the findings they saw and to the mode they saw them under.

    `found` holds `code rule text` for each finding of medium risk or worse.
    """

    by: str
    digest: str
    mode: str
    found: tuple[str, ...] = ()
    at: AwareDatetime

    def covers(self, text: str, verdict: Verdict, mode: str) -> bool:
        """Whether this yes still holds: the same text, nothing found that was not seen, in no stricter mode."""
        looser = self.mode in MODES and mode in MODES and MODES.index(mode) <= MODES.index(self.mode)
        return looser and self.digest == digest_of(text) and set(doubts_of(verdict)) <= set(self.found)


class Reply(Value):
    """What stands on the platform."""

    id: str
    url: str = ""
    text: str
    at: AwareDatetime


class Posting(Value):
    """What we are about to say, fixed before it is said: the same bytes under the same key, however often it is sent.

    `first_at` and `until` are seconds of the journal's clock: when the first try began, and when a try counts as over.
    """

    key: str
    text: str
    digest: str
    first_at: float
    until: float
    absent_at: float | None = None


class State(StrEnum):
    """Where an episode stands; FINAL holds those at which it ends."""

    HEARD = "heard"
    READ = "read"
    DRAFTED = "drafted"
    HELD = "held"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    POSTING = "posting"
    POSTED = "posted"
    BLOCKED = "blocked"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNSURE = "unsure"


FINAL = frozenset(
    {State.POSTED, State.BLOCKED, State.SKIPPED, State.FAILED, State.REJECTED, State.EXPIRED},
)


class Step(Value):
    """One line of an episode's story: when, which state it reached, who did it, and a note for a person."""

    at: AwareDatetime
    state: State
    by: str
    note: str = ""


class Episode(Value):
    """One mention's whole life: the journal's row, the admin's page and the test's assertion.

    `version` counts the writes; every write names the version it read. `tries` counts the workers that died over it
    since it last moved on, `laters` the times it had to wait since then. `look_first` says that the journal was
    restored from a backup and does not know whether this was answered already. Times are aware UTC.
    """

    mention: Mention
    state: State = State.HEARD
    version: int = 0
    reason: str = ""
    reading: Reading | None = None
    memes: tuple[Recalled, ...] = ()
    topics: tuple[Topic, ...] = ()
    draft: Draft | None = None
    verdict: Verdict | None = None
    reply: Reply | None = None
    came_from: State | None = None
    posting: Posting | None = None
    approval: Approval | None = None
    tries: int = 0
    laters: int = 0
    steps: tuple[Step, ...] = ()
    heard_at: AwareDatetime
    updated_at: AwareDatetime
    look_first: bool = False

    @property
    def key(self) -> str:
        """The mention's key."""
        return self.mention.key

    @property
    def final(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in FINAL


def digest_of(text: str) -> str:
    """What an approval is bound to: SHA-256 of the text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def doubts_of(verdict: Verdict) -> tuple[str, ...]:
    """The findings of a verdict that made it doubtful, in a form that can be compared."""
    return tuple(sorted({f"{r.code} {r.rule} {r.text}" for r in verdict.reasons if r.risk != "low"}))
