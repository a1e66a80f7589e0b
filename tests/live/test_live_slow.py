"""A computer that cannot keep up makes smaller pictures first, and says so; nobody else's fault
counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from live_fakes import RAW, SAFE, RecordingSink, order, picture
from scenes import SENTINEL, FakeGenerator, FakeTracker, face, identity, oval
from test_live_session import Start, start  # noqa: F401

from deepcam.frames import Face, Frame, Reason, SafeFrame
from deepcam.frames.resize import shrunk, shrunk_size
from deepcam.live import slow, worker
from deepcam.live.settings import LiveSettings
from deepcam.live.slow import Slowness
from deepcam.live.supervisor import Supervisor
from deepcam.live.worker_settings import WorkerSettings
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings


def drive(
    watch: Slowness,
    seconds: float,
    *,
    camera: float = 30.0,
    work: float,
    side: int = 720,
    begin: float = 100.0,
    pause: float = 0.0,
) -> tuple[int | None, float]:
    """(new side, seconds until then) of a worker that takes ``work`` seconds a picture from a
    camera of so many pictures a second; (None, ...) when nothing changes."""
    now = begin
    while now < begin + seconds:
        # The newest picture, or the next one when that was had already.
        number = int(now * camera) + 1
        wait = max(0.0, number / camera - now) if work * camera < 1 else 0.0
        now += wait + work + pause
        found = watch.made(now, number, work, side)
        if found is not None:
            return found, now - begin
    return None, now - begin


def test_a_computer_that_makes_twelve_a_second_is_slow_after_ten_seconds() -> None:
    side, after = drive(Slowness(30), 60, work=1 / 12)
    assert side == 540
    assert slow.SETTLE + slow.LONG <= after < slow.SETTLE + slow.LONG + 0.5


@pytest.mark.parametrize(
    ("camera", "work"),
    [
        (30.0, 1 / 60),  # keeps up
        (30.0, 1 / 22),  # nearly
        (10.0, 1 / 60),  # the camera is slow
        (15.0, 1 / 16),  # the camera is slow, and the computer just fast enough for it
        (60.0, 1 / 25),
    ],
)
def test_others_are_left_alone(camera: float, work: float) -> None:
    assert drive(Slowness(30), 120, camera=camera, work=work)[0] is None


def test_waiting_for_something_else_is_not_the_pictures_fault() -> None:
    """Ten a second of which each takes 30 ms: the rest of the time it does other things."""
    assert drive(Slowness(30), 60, work=0.03, pause=0.07)[0] is None


def test_fewer_pictures_are_enough_where_fewer_are_wanted() -> None:
    assert drive(Slowness(15), 60, work=1 / 12)[0] is None
    assert drive(Slowness(15), 60, work=1 / 9)[0] == 540


def test_one_slow_spell_changes_nothing() -> None:
    watch = Slowness(30)
    assert drive(watch, 6, work=1 / 60)[0] is None
    assert drive(watch, 6, work=1 / 12, begin=106)[0] is None
    assert drive(watch, 30, work=1 / 60, begin=112)[0] is None


@pytest.mark.parametrize("away", ["begin_again", "pause"])
def test_what_was_before_a_pause_does_not_count(away: str) -> None:
    watch = Slowness(30)
    begin = 100.0
    for _ in range(4):
        assert drive(watch, 9, work=1 / 12, begin=begin)[0] is None
        begin += 9
        if away == "pause":
            begin += slow.PAUSE + 1
        else:
            watch.begin_again()
    assert drive(watch, 60, work=1 / 12, begin=begin)[0] == 540


def test_a_picture_that_takes_seconds_is_no_pause() -> None:
    assert drive(Slowness(30), 60, work=3.0)[0] == 540


def test_step_by_step_and_no_further() -> None:
    watch, side, begin, steps = Slowness(30), 1080, 100.0, []
    while True:
        found, after = drive(watch, 60, work=1 / 8, side=side, begin=begin)
        if found is None:
            break
        assert after >= slow.LONG  # each gets its time
        steps.append(found)
        side, begin = found, begin + after
    assert steps == [720, 540, 360]
    # What is already small is not touched, and nor is what has another shape.
    assert drive(Slowness(30), 60, work=1 / 8, side=288)[0] is None
    assert drive(Slowness(30), 60, work=1 / 8, side=480)[0] == 360


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((1280, 720), 540, (960, 540)),
        ((1280, 720), 360, (640, 360)),
        ((1920, 1080), 720, (1280, 720)),
        ((640, 480), 360, (480, 360)),
        ((720, 1280), 540, (540, 960)),
        ((1279, 719), 540, (960, 540)),
        ((640, 360), 540, (640, 360)),
    ],
)
def test_sizes(size: tuple[int, int], side: int, expected: tuple[int, int]) -> None:
    assert shrunk_size(size, side) == expected
    image = picture(RAW, size)
    small = shrunk(image, side)
    assert small.shape == (expected[1], expected[0], 3)
    assert (small == RAW).all()
    assert np.may_share_memory(small, image) == (expected == size)


# In the worker


LARGE, MIDDLE, SMALL = (256, 144), (192, 108), (128, 72)
"""In place of 1280x720, 960x540 and 640x360: the time is not the real one either."""


class Ring:
    """Of the output's size."""

    size = LARGE

    def __init__(self) -> None:
        self.written: list[SafeFrame] = []

    def beat(self, phase: int) -> None:
        pass

    def write(self, frame: SafeFrame) -> None:
        self.written.append(frame)


class Pipe:
    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []

    def poll(self, _: float) -> bool:
        return bool(self.orders)

    def recv(self) -> dict[str, Any]:
        return self.orders.pop(0)

    def send(self, message: dict[str, Any]) -> None:
        self.told.append(message)


class Clock:
    """Time that passes when somebody works or sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Heavy:
    """Green, by the size of the picture: .1 s at the largest."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.sizes = clock, list[tuple[int, int]]()

    def process(self, frame: Frame) -> SafeFrame:
        height, width = frame.image.shape[:2]
        self.sizes.append((width, height))
        self.clock.now += 0.1 * width * height / (LARGE[0] * LARGE[1])
        safe = picture(SAFE, (width, height))
        return SafeFrame(safe, Reason.GENERATED, "", frame.time, frame.number, 1, 0)


class Camera:
    """Thirty magenta pictures a second, and no waiting for them."""

    name, problem, ended = "Cam", "", False
    alive = last_frame = 0.0

    def __init__(self, clock: Clock, size: tuple[int, int] = LARGE) -> None:
        self.clock, self.size, self.number = clock, size, 0

    def take(self, timeout: float) -> Frame:
        self.number = max(self.number + 1, int(self.clock.now * 30))
        self.clock.now = max(self.clock.now, self.number / 30)
        return Frame(picture(RAW, self.size), self.clock.now, self.number)


Made = tuple[Any, Ring, Pipe, Heavy, Clock]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Made]:
    def begin(**settings: Any) -> Made:
        clock, ring, pipe = Clock(), Ring(), Pipe()
        monkeypatch.setattr(worker, "clock", clock)
        monkeypatch.setattr(slow, "STEPS", (144, 108, 72))
        made = worker._Worker(WorkerSettings(source=None, **settings), ring, pipe)  # type: ignore[arg-type]
        made._anonymizer = heavy = Heavy(clock)
        made._camera = Camera(clock)  # type: ignore[assignment]
        return made, ring, pipe, heavy, clock

    return begin


def work(made: Any, clock: Clock, seconds: float) -> None:
    end = clock.now + seconds
    while clock.now < end:
        made._step()


def test_the_worker_makes_smaller_pictures_for_an_output_of_the_same_size(
    make: Callable[..., Made], caplog: pytest.LogCaptureFixture
) -> None:
    made, ring, pipe, heavy, clock = make(adapt=True)
    with caplog.at_level(logging.WARNING):
        work(made, clock, 60)
    # .1 s at first; .056 s at three quarters, which is below 20 a second still; .025 s at a half.
    assert list(dict.fromkeys(heavy.sizes)) == [LARGE, MIDDLE, SMALL]
    assert {frame.image.shape for frame in ring.written} == {(144, 256, 3)}
    for frame in ring.written:
        assert (frame.image == SAFE).all()  # nothing raw, nor mixed with anything raw
    said = [message for message in pipe.told if message["event"] == "slow"]
    assert said == [
        {"event": "slow", "side": 108, "wanted": LARGE, "size": MIDDLE},
        {"event": "slow", "side": 72, "wanted": LARGE, "size": SMALL},
    ]
    assert [r.getMessage() for r in caplog.records if "too slow" in r.getMessage()] == [
        "too slow for 256x144: pictures are 192x108 now",
        "too slow for 256x144: pictures are 128x72 now",
    ]
    assert "shrink" in ring.written[-1].timings
    assert "shrink" not in ring.written[0].timings


def test_it_does_not_go_up_by_itself(make: Callable[..., Made]) -> None:
    made, _, _, heavy, clock = make(adapt=True)
    work(made, clock, 60)
    heavy.sizes.clear()
    clock.now += 30  # switched off and on
    made._camera = Camera(clock)
    work(made, clock, 60)
    assert set(heavy.sizes) == {SMALL}


def test_without_the_switch_nothing_changes(make: Callable[..., Made]) -> None:
    made, _, pipe, heavy, clock = make()
    work(made, clock, 60)
    assert set(heavy.sizes) == {LARGE}
    assert not [message for message in pipe.told if message["event"] == "slow"]


def test_the_next_worker_begins_with_the_size_of_the_last(make: Callable[..., Made]) -> None:
    made, _, _, heavy, clock = make(adapt=True, side=72)
    work(made, clock, 20)
    assert set(heavy.sizes) == {SMALL}


def test_the_full_size_comes_back_when_it_is_asked_for_and_stays(
    make: Callable[..., Made],
) -> None:
    made, _, pipe, heavy, clock = make(adapt=True)
    work(made, clock, 60)
    heavy.sizes.clear()
    pipe.told.clear()
    pipe.orders.append({"command": "full_size"})
    work(made, clock, 60)
    assert set(heavy.sizes) == {LARGE}
    assert not [message for message in pipe.told if message["event"] == "slow"]


def test_trying_faces_on_is_not_the_pictures_fault(make: Callable[..., Made]) -> None:
    made, _, _, heavy, clock = make(adapt=True)

    def draw() -> bool:
        clock.now += 0.05
        return True

    made._wardrobe = SimpleNamespace(work=draw)
    work(made, clock, 60)
    assert set(heavy.sizes) == {LARGE}


class Somebody(FakeTracker):
    """A face in the middle, as large as the picture says; a picture of a new size is noted."""

    def process(self, frame: Frame) -> tuple[Face, ...]:
        height, width = frame.image.shape[:2]
        return (face(x=width / 2, y=height / 2, side=height / 4),)


def test_while_sizes_change_there_is_the_card_and_never_a_raw_pixel(
    make: Callable[..., Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real guard, eraser and covers; the picture is grey, the face under its outline green."""
    monkeypatch.setattr(slow, "LONG", 2.0)
    monkeypatch.setattr(slow, "SETTLE", 0.5)
    made, ring, _, heavy, clock = make(adapt=True)
    tracker = Somebody()
    anonymizer = Anonymizer(
        AnonymizerSettings(session_seed=5, warm_up=3, choice="anybody"),
        tracker=tracker,
        generator=FakeGenerator(),
        sample=identity,
    )

    def process(frame: Frame) -> SafeFrame:
        heavy.process(frame)  # takes its time
        return anonymizer.process(frame)

    class Seen(Camera):
        def take(self, timeout: float) -> Frame:
            frame = super().take(timeout)
            image = np.full((144, 256, 3), 80, np.uint8)
            cv2.fillPoly(image, [np.round(oval(128, 72, 34)).astype(np.int32)], SENTINEL)
            return Frame(image, frame.time, frame.number)

    made._anonymizer = SimpleNamespace(process=process)
    made._camera = Seen(clock)  # type: ignore[assignment]
    work(made, clock, 14)
    anonymizer.close()
    assert list(dict.fromkeys(heavy.sizes)) == [LARGE, MIDDLE, SMALL]
    assert tracker.resets >= 3  # nothing that was known of the old size is used
    begins = [k for k, size in enumerate(heavy.sizes) if k == 0 or size != heavy.sizes[k - 1]]
    reasons = [frame.reason for frame in ring.written]
    for begin in begins:
        assert reasons[begin : begin + 3] == [Reason.CARD] * 3
        assert Reason.GENERATED in reasons[begin + 3 :]
    for frame in ring.written:
        assert frame.image.shape == (144, 256, 3)
        if frame.reason is not Reason.CARD:
            # Nothing is as green as the face was, nor half as green.
            assert int(frame.image[..., 1].max()) <= 120


# What the rest of the program makes of it


def test_the_supervisor_keeps_the_size_for_the_next_worker() -> None:
    watched = Supervisor(WorkerSettings(source=None, adapt=True), Ring())  # type: ignore[arg-type]
    said: list[str] = []
    watched.on_slow = said.append
    assert watched.slow == ""
    watched._hear({"event": "slow", "side": 540, "wanted": (1280, 720), "size": (960, 540)})
    assert said == ["This computer is too slow for 1280x720: the picture is made at 960x540 now."]
    assert watched.slow == said[0]
    assert (watched._settings.side, watched._settings.adapt) == (540, True)
    watched.full_size()
    assert watched.slow == ""
    assert (watched._settings.side, watched._settings.adapt) == (0, False)
    # Under way when the person chose.
    watched._hear({"event": "slow", "side": 540, "wanted": (1280, 720), "size": (960, 540)})
    assert (watched.slow, watched._settings.side, len(said)) == ("", 0, 1)


def test_a_size_that_was_chosen_is_kept(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any]
) -> None:
    asked: list[LiveSettings] = []

    def live(settings: LiveSettings, _: Any) -> dict[str, Any]:
        asked.append(settings)
        return {}

    monkeypatch.setattr("deepcam.live.run.run_live", live)
    run("run", "--output", "null", "--json")
    run("run", "--output", "null", "--json", "--smaller-when-slow")
    assert [(s.size, s.keep_size) for s in asked] == [((1280, 720), True), ((1280, 720), False)]


@pytest.mark.slow
def test_a_slow_run_from_end_to_end(start: Start, tmp_path: Path) -> None:  # noqa: F811
    """Real processes. The fake anonymizer needs .1 s for a picture of 1280x720."""
    said: list[tuple[str, str]] = []
    sink = RecordingSink()
    order(tmp_path, "large")
    session, _ = start(said=said, sink=sink, keep_size=False)
    sink.wait_for("generated", 30)
    assert session.status()["slow"] == ""
    end = time.monotonic() + 60
    while not session.status()["slow"]:
        assert time.monotonic() < end
        time.sleep(0.1)
    sentence = "This computer is too slow for 1280x720: the picture is made at 960x540 now."
    assert session.status()["slow"] == sentence
    assert [text for kind, text in said if kind == "slow"] == [f"{sentence} {slow.REMEDY}."]
    sink.wait_for("generated", 10)
    session.full_size()
    assert session.status()["slow"] == ""
    sink.wait_for("generated", 10)
