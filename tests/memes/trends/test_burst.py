from __future__ import annotations

import numpy as np

from memes.trends.burst import Bursts, Controller, Detector, Gates, choose_gates


def test_a_phrase_that_many_suddenly_say_raises_one_alarm_and_no_second() -> None:
    bursts = Bursts()
    for minute in range(2 * 1440):
        bursts.step({"早安": 1} if minute % 60 == 0 else {})

    alarms = [bursts.step({"猫咪赛跑": 2}) for _ in range(300)]

    assert [alarm for alarm in alarms if alarm] == [("猫咪赛跑",)]


def test_a_phrase_said_every_day_alike_raises_none() -> None:
    bursts = Bursts()
    alarms = [bursts.step({"早安": 3} if 420 <= minute % 1440 < 540 else {}) for minute in range(5 * 1440)]

    assert not any(alarms[2 * 1440 :])


def test_three_accounts_never_make_a_burst() -> None:
    bursts = Bursts()
    bursts.gates.surprise, bursts.gates.sum = 0.0, 0.0

    assert not any(bursts.step({"刷屏": 1} if minute < 3 else {}) for minute in range(120))


def test_a_topic_that_goes_on_is_no_news_after_six_hours() -> None:
    detector = Detector(1, Gates(16.0, 5.0))
    alarms = [minute for minute in range(1000) if len(detector.step(np.array([2.0], np.float32)))]

    assert len(alarms) == 1


def test_the_controller_raises_the_gate_above_budget_and_lowers_it_below() -> None:
    loud, quiet = Gates(100.0, 5.0), Gates(100.0, 5.0)

    for _ in range(24):
        Controller(loud, budget=24).turn_hour(10)
        Controller(quiet, budget=24).turn_hour(0)

    assert loud.surprise > 100.0 > quiet.surprise


def test_more_terms_than_slots_are_made_room_for_and_idle_ones_are_freed() -> None:
    bursts = Bursts(size=4)
    bursts.step({f"词{at}": 1 for at in range(20)})
    for _ in range(3 * 1440):
        bursts.step({})
    bursts.step({f"新{at}": 1 for at in range(20)})

    assert bursts._detector.size == 32
    assert set(bursts._slots) == {f"新{at}" for at in range(20)}


def test_the_gates_grow_with_the_stream() -> None:
    assert choose_gates(1).surprise < choose_gates(300).surprise < choose_gates(3000).surprise


def test_when_everybody_writes_three_times_as_much_nothing_bursts() -> None:
    detector = Detector(200, Gates(16.0, 5.0))
    rng = np.random.default_rng(5)
    for _ in range(2 * 1440):
        detector.step(rng.poisson(0.2, 200).astype(np.float32))

    alarms = [slot for _ in range(300) for slot in detector.step(rng.poisson(0.6, 200).astype(np.float32))]

    assert len(alarms) <= 4
