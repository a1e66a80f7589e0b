"""The face verifier: what it may refuse, and that nothing changes without it."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tracking_faces import Looks, ScriptedBackend, detection_of, landmarks, pose_at

from deepcam.batch.stills import read_still
from deepcam.errors import DeepcamError
from deepcam.frames import Frame
from deepcam.geometry.basis import FaceBasis
from deepcam.tracking import crops, stills, verifier
from deepcam.tracking.backend import Detection, Window, choose_backend
from deepcam.tracking.doubt import SecondLooks
from deepcam.tracking.evidence import CLEAR
from deepcam.tracking.stills import search_still
from deepcam.tracking.tracker import Tracker

F64 = NDArray[np.float64]

WHOLE = (0, 0, 640, 480)
"""The window that is all of ``picture``."""


class Opinion:
    """A verifier whose odds, and by how much they are better in another orientation, are functions
    of the box."""

    def __init__(
        self, odds: Callable[[F64], float], better: Callable[[F64], float] = lambda _: 0.0
    ) -> None:
        self.of, self.better = odds, better

    def odds(self, image: NDArray[np.uint8], boxes: list[F64]) -> NDArray[np.float32]:
        return np.array([self.of(b) for b in boxes], np.float32)

    def as_seen(
        self, image: NDArray[np.uint8], faces: list[Detection]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        boxes = [d.box for d in faces]
        return self.odds(image, boxes), np.array([self.better(b) for b in boxes], np.float32)


def left_half(box: F64) -> float:
    """Believes in faces whose boxes are in the left half of ``picture``."""
    return 8.0 if box[0] + box[2] < 640 else -8.0


@pytest.fixture
def basis() -> FaceBasis:
    return FaceBasis.load()


def picture(time: float = 0.0) -> Frame:
    return Frame(np.full((480, 640, 3), 90, np.uint8), time, int(time * 30))


def test_what_it_refuses_starts_nothing_and_is_remembered(basis: FaceBasis) -> None:
    backend = ScriptedBackend()
    left = landmarks(basis, pose_at(160, 240, 40))
    right = landmarks(basis, pose_at(480, 240, 40))
    backend.show([left, right])
    tracker = Tracker(backend=backend, basis=basis, verifier=Opinion(left_half))  # type: ignore[arg-type]
    for n in range(30):
        faces = tracker.process(picture(n / 30))
        assert [f.outline[:, 0].mean() < 320 for f in faces] == [True]
    doubts = SecondLooks(backend, Opinion(left_half))  # type: ignore[arg-type]
    (verdict,) = doubts.look(picture().image, [detection_of(right)], [], 0.0)
    assert verdict.refused
    assert verdict.score == 0.0
    assert doubts.refused(detection_of(right), 0.1)


def test_a_mesh_on_what_looks_like_no_face_is_not_painted(basis: FaceBasis) -> None:
    """The mesh network follows a hand as the face it was given before; one look is chance."""
    backend, network = ScriptedBackend(), Opinion(lambda _: 8.0)
    face = landmarks(basis, pose_at(320, 240, 40))
    tracker = Tracker(backend=backend, basis=basis, verifier=network)  # type: ignore[arg-type]

    def confidence(n: int, detected: float) -> float:
        backend.show([face])
        backend.detected = [detection_of(face, detected)] if detected else []
        # The picture changes everywhere: the detector looks in every frame.
        tone = np.full((480, 640, 3), 60 + 20 * (n % 2), np.uint8)
        (seen,) = tracker.process(Frame(tone, n / 30, n))
        return seen.confidence

    for n in range(20):
        assert n < 2 or confidence(n, 0.9) > 0.5
    network.of = lambda _: -0.5
    assert confidence(20, 0.9) > 0.5  # seen clearly: nobody else is asked
    assert confidence(21, 0.3) > 0.5
    assert confidence(22, 0.3) < 0.5
    assert confidence(23, 0.0) < 0.5
    network.of = lambda _: 8.0
    assert confidence(24, 0.3) > 0.5


@pytest.mark.parametrize(
    ("odds", "score", "looks", "seen"),
    [
        (0.5, 0.6, 2, 1),  # hair, an ear
        (3.0, 0.75, 1, 1),  # one clear look of two
        (3.0, 0.75, 2, 2),
        (6.0, 0.6, 2, 2),  # a child's face, half hidden
    ],
)
def test_what_is_unclear_beside_a_face_in_a_film_needs_the_verifier(
    basis: FaceBasis, odds: float, score: float, looks: int, seen: int
) -> None:
    face = landmarks(basis, pose_at(320, 240, 60))
    clear = detection_of(face)
    box = _box(425, 180, 40)
    other = Detection(box, np.tile((box[:2] + box[2:]) / 2, (6, 1)), score)

    def see(number: int, window: Window, _: int) -> list[Detection]:
        return [clear, other] if window == WHOLE or number % 2 < looks else [clear]

    tracker = Tracker(
        backend=Looks(see, [face]),
        basis=basis,
        verifier=Opinion(lambda b: odds if abs(b - box).max() < 5 else 12.0),  # type: ignore[arg-type]
    )
    known: set[int] = set()
    for n in range(12):
        known |= {f.track for f in tracker.process(picture(n / 30)) if f.evidence > 0}
    assert len(known) == seen


def _box(x: float, y: float, side: float) -> F64:
    return np.array([x, y, x + side, y + side])


@pytest.mark.parametrize(
    ("box", "odds", "second", "kept"),
    [
        (_box(430, 180, 40), 0.5, 0.5, False),  # hair beside the face
        (_box(320, 420, 30), 0.5, 0.5, False),  # a pin on the chest
        (_box(430, 180, 40), 3.0, 0.5, True),
        (_box(430, 180, 40), 0.5, 0.8, True),
        (_box(40, 60, 40), 0.5, 0.5, True),  # apart from everybody
    ],
)
def test_a_photograph_s_unclear_finds_on_somebody_clear_are_nothing(
    basis: FaceBasis, box: F64, odds: float, second: float, kept: bool
) -> None:
    face = detection_of(landmarks(basis, pose_at(320, 240, 60)))
    other = Detection(box, np.tile((box[:2] + box[2:]) / 2, (6, 1)), 0.65)

    again = dataclasses.replace(other, score=second)
    backend = Looks(lambda n, w, _: [face, other if n == 0 and w == WHOLE else again])
    network = Opinion(lambda b: 12.0 if abs(b - face.box).max() < 2 else odds)
    found = search_still(backend, picture().image, network)  # type: ignore[arg-type]
    assert any(np.allclose(d.box, face.box) for d, _ in found)
    assert any(np.allclose(d.box, box) for d, _ in found) == kept


def test_half_a_face_is_not_taken_for_a_turned_one(basis: FaceBasis) -> None:
    """A profile in sunglasses looks a little more like a face on its side: two lenses took its
    place, and mouth and nose were bare."""
    face = detection_of(landmarks(basis, pose_at(320, 240, 60)), 0.75)
    lenses = [
        Detection(_box(x, 200, 30), np.tile([x + 15.0, 215.0], (6, 1)), 0.6) for x in (285.0, 330.0)
    ]

    backend = Looks(lambda _, w, __: [face] if w == WHOLE else list(lenses))
    network = Opinion(lambda _: 1.5, lambda b: 2.0 if b is face.box else 0.0)
    found = search_still(backend, picture().image, network)  # type: ignore[arg-type]
    assert any(np.allclose(d.box, face.box) for d, _ in found)


def _turned(face: Detection, degrees: float, score: float) -> Detection:
    centre = (face.box[:2] + face.box[2:]) / 2
    a = np.deg2rad(degrees)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return Detection(face.box, (face.keypoints - centre) @ turn.T + centre, score)


def _eyes(face: Detection) -> float:
    x, y = face.keypoints[1] - face.keypoints[0]
    return float(np.degrees(np.arctan2(y, x)))


@pytest.mark.parametrize(("odds", "painted"), [(12.0, True), (6.5, False)])
def test_a_face_the_detector_likes_better_upside_down_is_upright_or_covered(
    basis: FaceBasis, odds: float, painted: bool
) -> None:
    face = detection_of(landmarks(basis, pose_at(320, 240, 60)), 0.69)
    over = _turned(face, 180.0, 0.78)
    backend = Looks(lambda *_: [face, over])

    class Turns(Opinion):
        def as_seen(
            self, image: NDArray[np.uint8], faces: list[Detection]
        ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            own = np.array([odds if abs(_eyes(d)) < 90 else 5.7 for d in faces], np.float32)
            return own, np.maximum(odds - own, 0)

    found = search_still(backend, picture().image, Turns(lambda _: odds))  # type: ignore[arg-type]
    assert len(found) == 1
    if painted:
        assert abs(_eyes(found[0][0])) < 1
        assert found[0][1] >= CLEAR
    else:
        assert found[0][1] < CLEAR


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_portraits_of_old_people_are_the_way_up_they_are(turn: int, shared: Path) -> None:
    """Painted upside down on somebody upright (0394) and by 125 degrees (0315) before."""
    folder = shared / "faces" / "images"
    backend, network = choose_backend(), verifier.load()
    painted = 0
    try:
        for name in ("sfhq-t2i_0394.webp", "congress_0315.webp"):
            upright = read_still(folder / name).image
            image = np.ascontiguousarray(np.rot90(upright, turn))
            for face, sure in search_still(backend, image, network):
                wrong = abs((_eyes(face) + 90 * turn + 180) % 360 - 180) > 50
                assert not (wrong and sure >= CLEAR), name
                painted += sure >= CLEAR
    finally:
        backend.close()
    assert painted == 2


@pytest.mark.parametrize(("odds", "kept"), [(3.0, False), (5.0, True)])
def test_an_ear_is_no_face_unless_the_verifier_is_sure(
    basis: FaceBasis, odds: float, kept: bool
) -> None:
    face = detection_of(landmarks(basis, pose_at(320, 240, 60)), 0.75)
    wide = float(face.box[2] - face.box[0])
    x, y = face.keypoints[4] - np.array([0.2 * wide, 0.0])
    ear = Detection(_box(x - wide / 6, y - wide / 6, wide / 3), np.tile([x, y], (6, 1)), 0.6)
    ear = dataclasses.replace(
        ear, keypoints=ear.keypoints + np.array([[-3, 0], [3, 0]] + [[0, 0]] * 4)
    )
    backend = Looks(lambda *_: [face, ear])
    network = Opinion(lambda b: 12.0 if abs(b - face.box).max() < 2 else odds)
    found = search_still(backend, picture().image, network)  # type: ignore[arg-type]
    assert any(np.allclose(d.box, face.box) for d, _ in found)
    assert any(np.allclose(d.box, ear.box) for d, _ in found) == kept


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_turned_picture_is_searched_as_it_should_be(
    turn: int, basis: FaceBasis, monkeypatch: pytest.MonkeyPatch
) -> None:
    upright = np.random.default_rng(turn).integers(0, 255, (300, 400, 3), np.uint8)
    image = np.ascontiguousarray(np.rot90(upright, -turn))
    height, width = image.shape[:2]
    face = detection_of(landmarks(basis, pose_at(150, 120, 30)), 0.9)
    xy = crops.turn_back(
        np.concatenate([face.box.reshape(2, 2), face.keypoints]), width, height, turn
    )
    seen = Detection(crops.upright_box(xy[:2]), xy[2:], 0.9)
    shown: list[NDArray[np.uint8]] = []

    def search(_: object, what: NDArray[np.uint8], __: object) -> list[tuple[Detection, float]]:
        shown.append(what)
        return [(seen if what is image else face, 0.8)]

    monkeypatch.setattr(stills, "_search", search)
    ((found, sure),) = search_still(ScriptedBackend(), image)
    assert len(shown) == 2
    assert np.array_equal(shown[1], upright)
    assert sure == 0.8
    assert np.allclose(found.box, seen.box)
    assert np.allclose(found.keypoints, seen.keypoints)


def test_another_library_has_none_unless_given(basis: FaceBasis) -> None:
    backend = ScriptedBackend()
    backend.show([landmarks(basis, pose_at(480, 240, 40))])
    assert len(Tracker(backend=backend, basis=basis).process(picture())) == 1


def test_the_shipped_one_refuses_a_flat_place_and_believes_no_noise() -> None:
    found = verifier.load()
    assert found is not None
    rng = np.random.default_rng(0)
    flat = np.full((200, 300, 3), 120, np.uint8)
    noise = rng.integers(0, 255, (200, 300, 3), dtype=np.uint8)
    boxes = [np.array([20.0, 30, 120, 130]), np.array([250.0, -40, 340, 50])]
    assert (found.odds(flat, boxes) < verifier.NO_FACE).all()
    assert (found.odds(noise, boxes) < 0).all()
    assert len(found.odds(flat, [])) == 0


@pytest.mark.parametrize("side", [3.0, 20.0, 90.0, 700.0])
def test_a_patch_is_centred_on_its_box(side: float) -> None:
    image = np.zeros((600, 800, 3), np.uint8)
    y, x = np.ogrid[:600, :800]
    image[(np.abs(x - 401) < side / 4) & (np.abs(y - 297) < side / 4)] = 255
    box = np.array([401 - side / 2, 297 - side / 2, 401 + side / 2, 297 + side / 2])
    cut = verifier.patch(image, box).astype(np.float64)[..., 0]
    assert cut.shape == (verifier.SIZE, verifier.SIZE)
    at = (cut.sum(0) @ np.arange(48) / cut.sum(), cut.sum(1) @ np.arange(48) / cut.sum())
    assert np.abs(np.array(at) - 23.5).max() < (7.0 if side < 10 else 1.2)


def test_without_its_network_the_program_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(_: str) -> Path:
        raise DeepcamError("The model face_verifier.onnx is missing.", "Install it again.")

    monkeypatch.setattr(verifier, "path_of", missing)
    verifier.load.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert verifier.load() is None
    verifier.load.cache_clear()
    assert "missing" in caplog.text


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(b"no")
    with pytest.raises(DeepcamError, match="cannot be used"):
        verifier.Verifier(path)
