"""The endurance run: what it counts, what it finds wrong, and a short one for real."""

import os

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

from deepcam.app import endurance
from deepcam.frames import Reason, SafeFrame


def witness():
    rng = np.random.default_rng(3)
    film = rng.integers(0, 256, (4, 60, 80, 3), np.uint8)
    return endurance.Witness(film, (40, 30, 12)), film


def sent(image, reason=Reason.GENERATED):
    return SafeFrame(image, reason, "", 0.0, 0)


def test_a_raw_picture_is_seen_whatever_it_is_called():
    seen, film = witness()
    for reason in Reason:
        seen.send(sent(film[2], reason))
    assert seen.raw == len(Reason)
    mixed = film[1].copy()
    mixed[30:] = 0  # half of the face is covered
    mixed[:10] = 0
    seen.send(sent(mixed))
    assert seen.raw == len(Reason) + int(np.mean(seen._y < 30) > endurance.SAME)
    seen.send(sent(255 - film[0]))
    assert seen.raw <= len(Reason) + 1
    assert sum(seen.count.values()) == len(Reason) + 2


def test_a_picture_that_stands_still_is_timed(monkeypatch):
    now = [10.0]
    monkeypatch.setattr(endurance.time, "monotonic", lambda: now[0])
    seen, film = witness()
    for image, step in ((255 - film[0], 0.5), (255 - film[0], 0.25), (255 - film[1], 0.0)):
        seen.send(sent(image))
        now[0] += step
    assert seen.gap == pytest.approx(0.75)
    # A card between is counted as one, not as a still picture.
    seen.send(sent(film[3] // 2, Reason.CARD))
    now[0] += 9
    seen.send(sent(255 - film[2]))
    assert seen.gap == pytest.approx(0.75)


GOOD = {
    "raw_pictures": 0,
    "memory_growth_percent": 1.0,
    "longest_silence_of_the_window_ms": 50.0,
    "longest_gap_while_changing_ms": 100.0,
    "cards_while_changing": 0,
    "idle_percent_of_one_core": 1.0,
}


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("raw_pictures", 1),
        ("memory_growth_percent", 6.0),
        ("longest_silence_of_the_window_ms", 130.0),
        ("longest_gap_while_changing_ms", 400.0),
        ("cards_while_changing", 1),
        ("idle_percent_of_one_core", 4.0),
    ],
)
def test_each_aim_can_be_missed(what, value):
    assert endurance.missed(GOOD) == []
    assert endurance.missed({**GOOD, "idle_percent_of_one_core": None}) == []
    assert len(endurance.missed({**GOOD, what: value})) == 1


@pytest.mark.alone
def test_a_short_run(qt, tmp_path):
    with endurance.Trial(qt, tmp_path) as trial:
        found = endurance.endure(trial, 6, 2, 1, 2.0, lambda _: None)
    assert found["raw_pictures"] == found["cards_while_changing"] == 0
    assert found["pictures"]["generated"] > 20
    assert found["pictures"]["card"] > 5
    assert found["idle_percent_of_one_core"] > 0
    assert len(trial.sessions) == 1
    assert trial.sessions[0].error is None
