"""The whole way of a frame with made-up trackers and generators."""

from __future__ import annotations

import logging
import pickle
import time
from typing import Any

import numpy as np
import pytest
from scenes import SENTINEL, FakeGenerator, FakeTracker, face, frame, identity, oval, people

from deepcam.errors import DeepcamError
from deepcam.frames import Face, Frame, Reason
from deepcam.identity.types import Identity
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings


def picture(seed: int = 0, width: int = 96, height: int = 72) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, (height, width, 3), np.uint8)


def build(
    tracker: FakeTracker | None = None, generator: FakeGenerator | None = None, **options: Any
) -> Anonymizer:
    options = {"live": False, "session_seed": 5, "warm_up": 0} | options
    return Anonymizer(
        AnonymizerSettings(**options),
        tracker=tracker or FakeTracker([face()]),
        generator=generator or FakeGenerator(),
        sample=identity,
    )


def test_from_card_to_cover_to_face() -> None:
    anonymizer = build(warm_up=3)
    reasons, details = [], []
    for n in range(8):
        safe = anonymizer.process(frame(picture(n), n))
        reasons.append(safe.reason)
        details.append(safe.detail)
        assert safe.image.shape == (72, 96, 3)
        assert safe.image.dtype == np.uint8
        assert (safe.number, safe.time) == (n, n / 30)
        assert safe.timings["total"] > 0
    assert reasons == [Reason.CARD] * 3 + [Reason.GENERATED] * 5
    assert details[0] == "Starting"
    assert safe.generated == 1
    assert safe.covered == 0
    assert {"track", "guard", "erase", "generate", "cover", "total"} <= set(safe.timings)


def test_the_picture_around_the_face_stays_and_memory_is_never_shared() -> None:
    anonymizer = build()
    for n in range(4):
        raw = picture(n)
        before = raw.copy()
        safe = anonymizer.process(frame(raw, n))
        assert not np.shares_memory(safe.image, raw)
        np.testing.assert_array_equal(raw, before)
        np.testing.assert_array_equal(safe.image[:, :20], raw[:, :20])
        np.testing.assert_array_equal(safe.image[:, 76:], raw[:, 76:])


def test_nobody_is_shown_as_it_is() -> None:
    safe = build(FakeTracker()).process(frame(picture()))
    assert safe.reason is Reason.GENERATED
    np.testing.assert_array_equal(safe.image, picture())


def test_covers_hide_heads_that_cannot_be_generated() -> None:
    raw = picture()
    safe = build(FakeTracker([face(mesh=False)])).process(frame(raw))
    assert (safe.reason, safe.covered, safe.generated) == (Reason.COVERED, 1, 0)
    assert safe.detail == "Face not clear"
    hull = oval(48, 36, 20).astype(int)
    inside = safe.image[hull[:, 1], hull[:, 0]].astype(int)
    assert inside.min() > 60
    assert (
        build(FakeTracker([face(mesh=False)]), on_doubt="card").process(frame(raw)).reason
        is Reason.CARD
    )


@pytest.mark.parametrize(
    "bad",
    [
        None,
        Frame(None, 0.0, 0),  # type: ignore[arg-type]
        Frame(np.zeros((72, 96), np.uint8), 0.0, 0),
        Frame(np.zeros((72, 96, 4), np.uint8), 0.0, 0),
        Frame(np.zeros((72, 96, 3), np.float64), 0.0, 0),
        Frame(np.zeros((0, 96, 3), np.uint8), 0.0, 0),
        Frame(np.zeros((96, 72, 3), np.uint8).transpose(1, 0, 2), 0.0, 0),
        Frame(np.zeros((72, 96, 3), np.uint8), float("nan"), 0),
        Frame(np.zeros((72, 96, 3), np.uint8), "noon", 0),  # type: ignore[arg-type]
    ],
)
def test_garbage_frames_give_a_card_of_the_last_size(bad: Frame) -> None:
    tracker = FakeTracker([face()])
    anonymizer = build(tracker)
    for n in range(5):
        anonymizer.process(frame(picture(n), n))
    resets = tracker.resets
    safe = anonymizer.process(bad)
    assert safe.reason is Reason.CARD
    assert safe.image.shape == (72, 96, 3)
    assert tracker.resets == resets + 1
    assert anonymizer.process(frame(picture(9), 9)).reason is Reason.COVERED, "trust was kept"


@pytest.mark.parametrize("size", [(1, 1), (2, 500), (16, 16), (40, 30), (1920, 1080)])
def test_any_size_and_changes_of_size(size: tuple[int, int]) -> None:
    anonymizer = build(FakeTracker([face()]), warm_up=1)
    anonymizer.process(frame(picture(), 0))
    for n in range(1, 5):
        safe = anonymizer.process(frame(picture(n, *size), n))
        assert safe.image.shape == (size[1], size[0], 3)
        assert (safe.reason is Reason.CARD) == (n == 1)


def test_exceptions_become_cards_and_no_place_is_forgotten(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tracker = FakeTracker([face()])
    anonymizer = build(tracker, warm_up=2)
    for n in range(5):
        anonymizer.process(frame(picture(n), n))

    def broken(frame: Frame) -> tuple[Face, ...]:
        raise ValueError(f"pixels {frame.image[0, :3].tolist()} do not fit")

    process, tracker.process = tracker.process, broken  # type: ignore[method-assign]
    with caplog.at_level(logging.DEBUG):
        for n in range(5, 8):
            safe = anonymizer.process(frame(picture(n), n))
            assert (safe.reason, safe.detail) == (Reason.CARD, "Internal error")
    assert "ValueError" in caplog.text
    assert "pixels" not in caplog.text, "an exception's text was logged"
    assert len(caplog.records) == 1, "the log repeats itself"
    tracker.process = process  # type: ignore[method-assign]
    tracker.faces = ()
    places = [anonymizer.process(frame(picture(n), n)) for n in range(8, 12)]
    assert [p.reason for p in places[:2]] == [Reason.CARD, Reason.CARD]
    assert [p.reason for p in places[2:]] == [Reason.COVERED, Reason.COVERED], "may still be there"
    tracker.faces = (face(),)
    reasons = [anonymizer.process(frame(picture(n), n)).reason for n in range(12, 18)]
    assert Reason.CARD not in reasons
    assert reasons[-1] is Reason.GENERATED


def test_errors_for_people_are_shown_on_the_card() -> None:
    tracker = FakeTracker()

    def broken(frame: Frame) -> tuple[Face, ...]:
        raise DeepcamError("The tracker stopped.", "Start again.")

    tracker.process = broken  # type: ignore[method-assign]
    assert build(tracker).process(frame(picture())).detail == "The tracker stopped."


def test_a_generator_that_breaks_off_shows_nothing_of_its_work_and_is_given_up() -> None:
    generator = FakeGenerator()
    anonymizer = build(generator=generator)
    generator.fail = True
    reasons = [anonymizer.process(frame(picture(n), n)).reason for n in range(12)]
    assert reasons.count(Reason.CARD) == 3
    assert set(reasons[-3:]) == {Reason.COVERED}
    assert anonymizer.problem is not None
    assert anonymizer.generator is None
    safe = anonymizer.process(frame(picture(12), 12))
    assert safe.detail == anonymizer.problem.what


def test_without_a_model_there_are_covers_and_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    import deepcam.generator

    def missing(*_: object, **__: object) -> None:
        raise DeepcamError("The model is missing.", "Install again.")

    monkeypatch.setattr(deepcam.generator, "Generator", missing)
    anonymizer = Anonymizer(
        AnonymizerSettings(live=False, warm_up=0), tracker=FakeTracker([face()]), sample=identity
    )
    assert anonymizer.problem is not None
    anonymizer.warm_up()
    safes = [anonymizer.process(frame(picture(n), n)) for n in range(6)]
    assert [s.reason for s in safes[3:]] == [Reason.COVERED] * 3
    assert safes[-1].detail == "The model is missing."


def test_identities_by_seed_choice_and_regeneration() -> None:
    tracker, generator = FakeTracker([face()]), FakeGenerator()
    anonymizer = build(tracker, generator, identity=11)
    for n in range(4):
        anonymizer.process(frame(picture(), n))
    assert generator.painted[-1] == (1, "Nobody 11")
    anonymizer.set_identity(identity(12))
    anonymizer.process(frame(picture(), 5))
    assert generator.painted[-1] == (1, "Nobody 12")
    assert anonymizer.regenerate(13).result(5).seed == 13
    anonymizer.process(frame(picture(), 6))
    assert generator.painted[-1] == (1, "Nobody 13")
    assert anonymizer.identity is not None
    assert anonymizer.identity.seed == 13
    tracker.faces = (face(x=28, side=20), face(2, x=70, side=20))
    for n in range(7, 12):
        anonymizer.process(frame(picture(), n))
    worn = dict(generator.painted[-2:])
    assert worn[1] == "Nobody 13"
    assert worn[2] != "Nobody 13"


def test_live_a_face_without_its_identity_is_covered_until_it_is_ready() -> None:
    ready = time.perf_counter() + 0.3

    def slow(seed: int) -> Identity:
        if seed != 11:
            time.sleep(max(0.0, ready - time.perf_counter()))
        return identity(seed)

    two = [face(x=28, side=20), face(2, x=70, side=20)]
    settings = AnonymizerSettings(identity=11, session_seed=1, warm_up=0)
    anonymizer = Anonymizer(
        settings, tracker=FakeTracker(two), generator=FakeGenerator(), sample=slow
    )
    safes = [anonymizer.process(frame(picture(), n)) for n in range(4)]
    assert (safes[-1].generated, safes[-1].covered) == (1, 1)
    assert safes[-1].detail == "Preparing a face"
    deadline = time.perf_counter() + 10
    number = 4
    while anonymizer.process(frame(picture(), number)).covered:
        assert time.perf_counter() < deadline
        number += 1
        time.sleep(0.01)
    anonymizer.close()


def test_a_stale_frame_shows_the_card_live_and_not_in_files() -> None:
    for live in (True, False):
        anonymizer = build(live=live)
        for n in range(5):
            anonymizer.process(frame(picture(), n))
        late = anonymizer.process(frame(picture(), 5, time=10.0))
        assert (late.reason is Reason.CARD) == live
        anonymizer.close()


def test_warm_up_with_the_first_frame_of_a_file_begins_with_a_face() -> None:
    anonymizer = build(warm_up=3)
    first = frame(picture(), 0)
    anonymizer.warm_up(first)
    safe = anonymizer.process(first)
    assert (safe.reason, safe.generated) == (Reason.GENERATED, 1)


def test_warm_up_survives_broken_parts() -> None:
    tracker = FakeTracker()

    def broken(frame: Frame) -> tuple[Face, ...]:
        raise RuntimeError("no")

    tracker.process = broken  # type: ignore[method-assign]
    anonymizer = build(tracker)
    anonymizer.warm_up()
    assert anonymizer.process(frame(picture())).reason is Reason.CARD
    anonymizer.close()


def test_settings_travel_between_processes() -> None:
    settings = AnonymizerSettings(on_doubt="card", identity="Mila Nord", still=True)
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_a_lost_person_stands_behind_a_generated_one() -> None:
    """The cover of somebody lost is not drawn over the face of somebody in front."""
    tracker, generator = FakeTracker(), FakeGenerator()
    tracker.answer = people((96, 72), [(48, 36, 24)], (64, 48))
    anonymizer = build(tracker, generator)
    tracker.faces = (face(1, x=40), face(2, x=60))
    for n in range(8):
        anonymizer.process(frame(picture(), n))
    tracker.faces = (face(1, x=40),)
    for n in range(8, 30):
        safe = anonymizer.process(frame(picture(), n))
    assert (safe.generated, safe.covered) == (1, 1)
    assert safe.image[36, 40, 0] == 40, "the cover is over the generated face"
    assert safe.image[36, 66].min() > 60, "the cover is missing"


def test_no_raw_pixel_with_both_kinds() -> None:
    raw = picture()
    for x, y, side in ((30, 36, 18), (70, 36, 18)):
        yy, xx = np.mgrid[:72, :96]
        raw[((xx - x) / (side / 2)) ** 2 + ((yy - y) / (0.65 * side)) ** 2 <= 1] = SENTINEL
    tracker = FakeTracker([face(1, x=30, side=18), face(2, x=70, side=18, mesh=False)])
    anonymizer = build(tracker)
    for n in range(6):
        safe = anonymizer.process(frame(raw, n))
        assert not (safe.image == SENTINEL).all(-1).any()
