"""The rhythm of the sender, simulated."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from deepcam.live.pacer import Pacer


def play(
    fps: float, source_fps: float, jitter: float = 0.0, seconds: float = 20.0, start: float = 0.011
) -> tuple[list[float], list[float]]:
    """(due times, seconds that each fresh picture waited) over the second half."""
    rng = np.random.default_rng(1)
    count = int(source_fps * seconds)
    arrivals = start + np.arange(count) / source_fps + rng.uniform(0, jitter, count)
    pacer, seen = Pacer(fps, 0.0), 0
    dues, waits = [], []
    while pacer.due < seconds:
        ready = int(np.searchsorted(arrivals, pacer.latest, side="right"))
        if ready and arrivals[ready - 1] > pacer.due:
            # Sent as soon as it comes, if nothing newer than the last was there in time.
            earlier = int(np.searchsorted(arrivals, pacer.due, side="right"))
            ready = earlier if earlier > seen else earlier + 1
        published = None
        if ready > seen:
            published = float(arrivals[ready - 1])
            seen = ready
            if pacer.due > seconds / 2:
                waits.append(max(0.0, pacer.due - published))
        if pacer.due > seconds / 2:
            dues.append(pacer.due)
        pacer.sent(published)
    return dues, waits


@pytest.mark.parametrize("start", [0.0, 0.004, 0.011, 0.017, 0.025, 0.033])
def test_pictures_wait_hardly_at_all_whatever_the_phase_was(start: float) -> None:
    dues, waits = play(30, 30, start=start)
    assert max(waits) < 0.004
    assert len(waits) == len(dues)  # and none is sent twice
    steps = [b - a for a, b in itertools.pairwise(dues)]
    assert max(steps) < 1.021 / 30
    assert min(steps) > 0.979 / 30


def test_a_camera_that_is_not_quite_as_fast_is_followed() -> None:
    for camera in (29.97, 30.05):
        dues, waits = play(30, camera)
        assert len(dues) / 10 == pytest.approx(30, abs=0.5)
        assert np.percentile(waits, 95) < 0.005


def test_uneven_pictures_are_not_sent_twice_for_being_a_little_late() -> None:
    dues, waits = play(30, 30, jitter=0.006)
    assert len(waits) > 0.97 * len(dues)
    assert np.percentile(waits, 95) < 0.009


@pytest.mark.parametrize("camera", [10.0, 15.0, 24.0, 25.0, 60.0])
def test_the_rate_holds_with_slower_and_faster_cameras(camera: float) -> None:
    dues, waits = play(30, camera)
    assert len(dues) / 10 == pytest.approx(30, abs=0.7)
    assert len(waits) / 10 == pytest.approx(min(camera, 30), abs=1.0)


def test_what_was_overslept_is_left_out() -> None:
    pacer = Pacer(30, 100.0)
    assert pacer.skip(2.0) == 60
    assert pacer.due == pytest.approx(102.0)
    assert pacer.latest == pytest.approx(102.0 + Pacer.GRACE / 30)
