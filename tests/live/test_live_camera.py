"""The camera thread, the suspend watch and the measurements, without processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from live_fakes import RAW, RecordingSink, picture

from deepcam.frames import Frame, Reason, SafeFrame
from deepcam.live.camera import Camera, SuspendWatch
from deepcam.live.measure import Meter


class Scripted:
    """Pictures at 200 a second, numbered in their first pixel."""

    name = "scripted"

    def __init__(self, time_of: Callable[[], float] = time.monotonic) -> None:
        self.opened = self.closed = self.reads = 0
        self._time_of = time_of

    def open(self) -> None:
        self.opened += 1

    def read(self, timeout: float) -> Frame | None:
        time.sleep(0.005)
        self.reads += 1
        image = np.zeros((32, 32, 3), np.uint8)
        image[0, 0, 0] = self.reads % 256
        return Frame(image, self._time_of(), self.reads)

    def close(self) -> None:
        self.closed += 1


def until(condition: Callable[[], Any], within: float = 3.0) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_newest_frame_wins() -> None:
    source = Scripted()
    camera = Camera(lambda: source)
    camera.start()
    assert camera.take(2.0) is not None
    before = source.reads
    time.sleep(0.2)
    frame = camera.take(1.0)
    assert frame is not None
    assert int(frame.image[0, 0, 0]) >= before + 10
    assert camera.problem == ""
    camera.stop()
    assert source.closed == source.opened == 1
    assert camera.take(0) is None


def test_stopping_tells_whether_the_source_let_go() -> None:
    source = Scripted()
    held = threading.Event()
    source.close = held.wait  # type: ignore[method-assign,assignment]
    camera = Camera(lambda: source)
    camera.start()
    assert camera.take(2.0) is not None
    assert camera.stop(0.2) is False
    held.set()
    assert camera.stop(2.0) is True


def test_sleep_of_the_computer_reopens_the_source() -> None:
    slept = [0.0]
    source = Scripted()
    camera = Camera(lambda: source, watch=SuspendWatch(lambda: slept[0]))
    camera.start()
    assert camera.take(2.0) is not None
    slept[0] = 3600.0
    until(lambda: "asleep" in camera.problem)
    until(lambda: camera.opened == 2 and camera.problem == "")
    camera.stop()
    assert source.closed == 2


def test_suspend_watch_speaks_once() -> None:
    slept = [5.0]
    watch = SuspendWatch(lambda: slept[0])
    assert not watch.woke()
    slept[0] += 0.5
    assert not watch.woke()
    slept[0] += 30
    assert watch.woke()
    assert not watch.woke()
    assert not SuspendWatch().woke()


@pytest.mark.parametrize("lie", [0.0, 1e12, float("nan"), float("inf"), -5.0])
def test_clock_of_the_source_is_not_believed_blindly(lie: float) -> None:
    camera = Camera(lambda: Scripted(lambda: lie))
    camera.start()
    frame = camera.take(2.0)
    camera.stop()
    assert frame is not None
    assert abs(frame.time - time.monotonic()) < 1


def test_a_film_waits_until_somebody_watches() -> None:
    source = Scripted()
    camera = Camera(lambda: source, patient=True)
    camera.start()
    assert camera.take(0.3) is None
    assert source.reads == 0
    camera.go.set()
    assert camera.take(2.0) is not None
    camera.stop()


def test_meter() -> None:
    meter = Meter()
    assert meter.summary()["latency_ms"] is None
    now = time.monotonic()
    for k in range(100):
        meter.add(now, "generated", k % 2 == 0, now - k / 1000)
    meter.add(now, "card", False, None)
    meter.add_stages({"track": 3.0})
    summary = meter.summary()
    assert (summary["sent"], summary["fresh"], summary["card"]) == (101, 50, 1)
    assert summary["latency_ms"] == {
        "p50": pytest.approx(49, abs=1),
        "p95": pytest.approx(93, abs=2),
    }
    assert summary["stages_ms"] == {"track": {"p50": 3.0, "p95": 3.0}}


def test_the_recording_sink_would_notice_a_raw_picture() -> None:
    sink = RecordingSink()
    sink.send(SafeFrame(picture(RAW), Reason.CARD, "", 0.0, 1))
    assert sink.raw_pixels == 160 * 96
