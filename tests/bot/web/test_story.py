"""An episode as a story."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.model import Cue, Feeling, State
from bot.web.story import bars, bubbles, decisions, moments, sendings, unchosen
from tests.bot.web import episodes
from tests.bot.web.episodes import feel


def cue(start: int, end: int, says: str) -> Cue:
    return Cue(start=start, end=end, text="x" * (end - start), says=says)


def with_cues(*cues: Cue) -> Feeling:
    return feel("x", joy=1).model_copy(update={"cues": cues})


def test_of_two_cues_that_say_the_same_about_one_place_the_longer_is_told() -> None:
    long, short, other = cue(0, 6, "plight: grief"), cue(2, 4, "plight: grief"), cue(2, 4, "feel: sadness")

    assert with_cues(short, long, other).telling == (long, other)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9), st.sampled_from("abc")), max_size=40))
def test_every_cue_left_out_lies_in_one_that_is_told_or_comes_after_a_dozen(rows: list[tuple[int, int, str]]) -> None:
    cues = [cue(start, start + length, says) for start, length, says in rows]
    told = with_cues(*cues).telling

    assert len(told) <= 12
    if len(told) < 12:
        for one in cues:
            assert any(t.says == one.says and t.start <= one.start and one.end <= t.end for t in told)


def test_the_strongest_feeling_comes_first_and_all_six_are_told() -> None:
    shown = bars(feel("x", sadness=0.9))

    assert shown[0][0] == "sadness"
    assert len(shown) == 6
    assert round(sum(share for _, share in shown)) == 100


def test_the_mention_is_the_last_bubble_and_our_own_words_are_known() -> None:
    ours = episodes.post("p0", episodes.BOT, "我在", ago=900)
    talk = episodes.live(episodes.mention("300", episodes.GE, "@阿梗 再来", ours), State.HEARD)

    assert [(bubble.ours, bubble.calls) for bubble in bubbles(talk)] == [(True, False), (False, True)]


def test_somebody_who_only_borrows_our_name_is_not_us() -> None:
    fake = episodes.post("p0", episodes.BOT.model_copy(update={"bot": False}), "我在", ago=900)
    talk = episodes.live(episodes.mention("301", episodes.GE, "@阿梗 再来", fake), State.HEARD)

    assert not bubbles(talk)[0].ours


def test_each_step_tells_how_long_it_took() -> None:
    assert [round(moment.after, 3) for moment in moments(episodes.banter())] == [0.0, 0.004, 1.296, 0.01, 0.11]


def test_only_what_waits_for_a_person_can_be_decided() -> None:
    open_to = {episode.state: decisions(episode) for episode in episodes.everybody()}

    assert {state for state, actions in open_to.items() if actions} == {State.HELD, State.UNSURE}


def test_the_chosen_candidate_is_not_listed_among_the_others() -> None:
    draft = episodes.banter().draft

    assert draft is not None
    assert len(unchosen(draft)) == 2


def test_sendings_are_counted() -> None:
    assert sendings(episodes.banter()) == 1
    assert sendings(episodes.fresh()) == 0
