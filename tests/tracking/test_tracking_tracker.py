"""The tracker with a scripted vision library: who is reported, how sure, and what leaves."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tracking_faces import ScriptedBackend, blank, detection_of, landmarks, pose_at

from deepcam.frames import N_EXPRESSION, Face, Frame
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline
from deepcam.tracking import Tracker
from deepcam.tracking.backend import Detection, Mesh
from deepcam.tracking.policy import DEFAULT, TrackingPolicy
from deepcam.tracking.reader import MARGINS, SAFETY, FaceReader, box_outline, depth_inside
from deepcam.tracking.regions import agreement
from deepcam.tracking.windows import halves, merge_detections, same_face, tiles

BASIS = FaceBasis.load()


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def tracker(backend: ScriptedBackend) -> Tracker:
    return Tracker(backend=backend, basis=BASIS)


def face_at(x: float, y: float, scale: float = 60.0, **turn: float) -> np.ndarray:
    return landmarks(BASIS, pose_at(x, y, scale, **turn))


def contains(face: Face, points: np.ndarray) -> bool:
    return depth_inside(face.outline, points[:468, :2]) > 0


def test_a_face_is_reported_in_the_first_frame(tracker: Tracker, backend: ScriptedBackend) -> None:
    points = face_at(640, 300, yaw=20, roll=10)
    backend.show([points])
    (face,) = tracker.process(blank(0))
    assert face.track == 1
    assert face.confidence > 0.9
    assert face.pose is not None
    assert face.pose.yaw == pytest.approx(20, abs=2)
    assert face.pose.roll == pytest.approx(10, abs=2)
    assert face.pose.scale == pytest.approx(60, rel=0.03)
    assert contains(face, points)


def test_nothing_seen_nothing_reported(tracker: Tracker) -> None:
    assert tracker.process(blank(0)) == ()


def test_nobody_sees_the_landmarks(tracker: Tracker, backend: ScriptedBackend) -> None:
    """All that leaves follows from the pose, N_EXPRESSION + 2 + 4 numbers and three margins."""
    rng = np.random.default_rng(3)
    for k in range(10):
        shape = rng.normal(0, 1, len(BASIS.shape))
        backend.show([landmarks(BASIS, pose_at(640, 300, 60 + k), shape)])
        (face,) = tracker.process(blank(k))
        assert face.pose is not None
        allowed = [head_outline(face.pose, BASIS, m) for m in MARGINS]
        assert any(np.array_equal(face.outline, a) for a in allowed)
        assert face.expression.shape == (N_EXPRESSION,)
        assert np.abs(face.expression).max() <= 3
        assert face.lids.shape == (2,)
        assert face.lids.min() >= 0
        assert face.lids.max() <= 1.4
        assert face.gaze.shape == (4,)
        assert np.abs(face.gaze).max() <= 0.35
        fields = {f.name for f in dataclasses.fields(face)}
        assert fields == {
            "track", "confidence", "outline", "pose", "expression", "lids", "gaze", "margin",
            "evidence",
        }  # fmt: skip
        assert face.margin in MARGINS
        assert 0 < face.evidence <= 1


@pytest.mark.parametrize("policy", [DEFAULT, dataclasses.replace(DEFAULT, unseen=12, doubtful=0.2)])
def test_without_the_detector_the_mesh_goes_on_but_is_doubted(
    backend: ScriptedBackend, policy: TrackingPolicy
) -> None:
    tracker = Tracker(backend=backend, policy=policy)
    confidences = []
    for k in range(30):
        points = face_at(500 + 4 * k, 300)
        backend.show([points], detected=[k < 10])
        (face,) = tracker.process(blank(k))
        assert face.track == 1
        assert contains(face, points)
        confidences.append(face.confidence)
    assert min(confidences[: 10 + policy.unseen]) > 0.9
    assert max(confidences[11 + policy.unseen :]) <= policy.doubtful


def test_a_detection_without_a_mesh_is_reported_for_a_cover(
    tracker: Tracker, backend: ScriptedBackend
) -> None:
    points = face_at(640, 300)
    backend.show([points])
    backend.faces = []
    (face,) = tracker.process(blank(0))
    assert face.pose is None
    assert face.confidence == 0.0
    assert contains(face, points)


@given(
    scale=st.floats(20, 150), yaw=st.floats(-70, 70), pitch=st.floats(-30, 30),
    roll=st.floats(-45, 45), seed=st.integers(0, 10**6),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_box_outline_holds_the_whole_face(
    scale: float, yaw: float, pitch: float, roll: float, seed: int
) -> None:
    shape = np.random.default_rng(seed).normal(0, 1, len(BASIS.shape))
    points = landmarks(BASIS, pose_at(640, 360, scale, yaw, pitch, roll), shape)
    d = detection_of(points)
    outline = box_outline(d.box, d.keypoints)
    # The hull of a face side, forehead included; the very rim may touch in extreme turns.
    assert depth_inside(outline, points[:468, :2]) > -0.1 * scale


@given(
    seed=st.integers(0, 10**6), yaw=st.floats(-60, 60), pitch=st.floats(-25, 25),
    still=st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_outline_holds_all_landmarks_or_says_so(
    seed: int, yaw: float, pitch: float, still: bool
) -> None:
    rng = np.random.default_rng(seed)
    points = landmarks(
        BASIS, pose_at(640, 360, 70, yaw, pitch), rng.normal(0, 1.2, len(BASIS.shape))
    )
    reading = FaceReader(BASIS, still).read(points, 0.0, 1.0)
    depth = depth_inside(reading.outline, points[:468, :2])
    assert reading.inside == (depth >= SAFETY * reading.pose.scale - 1e-6)


def test_the_margin_grows_at_once_and_shrinks_slowly() -> None:
    reader = FaceReader(BASIS)
    small = face_at(640, 360, 70)
    wide = small.copy()
    wide[454, 0] += 0.16 * 70
    areas = []
    for k in range(150):
        outline = reader.read(wide if k == 5 else small, k / 30, 1.0).outline
        x, y = outline[:, 0].astype(float), outline[:, 1].astype(float)
        areas.append(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)
    assert areas[5] > 1.15 * areas[4]
    assert np.allclose(areas[6:40], areas[5], rtol=0.03)
    assert areas[-1] == pytest.approx(areas[4], rel=0.02)


def test_points_that_are_no_face_get_a_cover(tracker: Tracker, backend: ScriptedBackend) -> None:
    points = face_at(640, 300)
    backend.show([points])
    tracker.process(blank(0))
    for broken in (np.full((478, 3), 300.0), np.full((478, 3), np.nan)):
        backend.faces = [broken]
        backend.mesh = lambda image, rois, b=broken: [  # type: ignore[method-assign]
            Mesh(b, 1.0) for _ in rois
        ]
        (face,) = tracker.process(blank(1))
        assert face.pose is None
        assert contains(face, points)


def test_two_tracks_never_sit_on_one_face(tracker: Tracker, backend: ScriptedBackend) -> None:
    """One person walks behind another: only the face in front is reported while hidden, and the
    other has its old number when it comes out."""
    numbers: list[list[int]] = []
    for k in range(61):
        front, behind = face_at(640, 300, 70), face_at(240 + k * 13.3, 300, 60)
        hidden = abs(240 + k * 13.3 - 640) < 90
        backend.show([front] if hidden else [front, behind])
        numbers.append([f.track for f in tracker.process(blank(k))])
        if hidden:
            assert len(numbers[-1]) == 1
    backend.show([face_at(640, 300, 70), face_at(1040, 300, 60)])
    final = sorted(tracker.process(blank(61)), key=lambda f: float(f.outline[:, 0].mean()))
    assert numbers[0] == [1, 2]
    assert [f.track for f in final] == [1, 2]


@pytest.mark.slow
@given(seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_dropouts_never_lose_the_number(seed: int) -> None:
    """Detector and mesh fail at random for up to a second; a person keeps the number."""
    rng = np.random.default_rng(seed)
    backend = ScriptedBackend()
    tracker = Tracker(backend=backend, basis=BASIS)
    gap = 0
    for k in range(120):
        points = [face_at(300 + k, 300), face_at(900, 330 + 0.5 * k)]
        gap = gap - 1 if gap else (int(rng.integers(1, 25)) if rng.random() < 0.08 else 0)
        backend.show([] if gap and k else points)
        faces = tracker.process(blank(k))
        if not gap or not k:
            assert sorted(f.track for f in faces) == [1, 2]


def test_more_faces_than_meshes_are_covered(backend: ScriptedBackend) -> None:
    tracker = Tracker(max_faces=2, backend=backend, basis=BASIS)
    backend.show([face_at(200 + 250 * k, 300, 50) for k in range(4)])
    for k in range(3):
        faces = tracker.process(blank(k))
        assert len(faces) == 4
        assert sum(f.pose is not None for f in faces) == 2
        assert all(contains(f, face_at(200 + 250 * j, 300, 50)) for j, f in enumerate(faces))


def test_a_weak_detection_alone_is_ignored_and_never_generated(
    tracker: Tracker, backend: ScriptedBackend
) -> None:
    points = face_at(640, 300)
    backend.detected = [detection_of(points, 0.4)]
    assert tracker.process(blank(0)) == ()
    backend.faces = [points]
    (face,) = tracker.process(blank(1))
    assert face.confidence <= 0.3
    backend.detected = [detection_of(points, 0.8)]
    (face,) = tracker.process(blank(2))
    assert face.confidence > 0.9
    assert face.track == 1


def test_a_weak_detection_keeps_a_known_face(tracker: Tracker, backend: ScriptedBackend) -> None:
    points = face_at(640, 300)
    backend.show([points])
    tracker.process(blank(0))
    for k in range(1, 20):
        backend.detected = [detection_of(points, 0.22)]
        (face,) = tracker.process(blank(k))
        assert face.track == 1
        assert face.confidence > 0.9


def test_still_pictures_are_independent(backend: ScriptedBackend) -> None:
    tracker = Tracker(still=True, backend=backend, basis=BASIS)
    backend.show([face_at(640, 300)])
    (first,) = tracker.process(blank(0))
    backend.show([face_at(200, 200, 90)])
    tracker.process(blank(1))
    backend.show([face_at(640, 300)])
    (again,) = tracker.process(blank(2))
    assert first.track == again.track == 1
    assert np.array_equal(first.expression, again.expression)
    assert np.array_equal(first.outline, again.outline)


class EarlessBackend(ScriptedBackend):
    """Sees ``small`` in one of the windows of the first look, and ``again`` in later ones."""

    small: Detection
    again: float | None = 0.0
    looks = 0

    def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
        found, meshes = super().collect()
        self.looks += 1
        if self.looks == 1:
            found[-1] = [self.small]
        else:
            found = [[] for _ in found]
            if found and self.again is not None:
                found[-1] = [dataclasses.replace(self.small, score=self.again)]
        return found, meshes


@pytest.mark.parametrize(
    ("score", "again", "mesh", "covered"),
    [
        (0.6, 0.0, False, False),  # an ear
        (0.6, 0.45, False, False),
        (0.6, 0.6, False, True),
        (0.6, 0.2, True, True),
        (0.75, 0.0, False, True),
    ],
)
def test_weak_finds_in_parts_of_a_still_are_looked_at_again(
    score: float, again: float | None, mesh: bool, covered: bool
) -> None:
    backend = EarlessBackend()
    portrait, ear = face_at(640, 300, 120), face_at(960, 600, 9)
    backend.show([portrait, ear] if mesh else [portrait])
    backend.detected = [detection_of(portrait)]
    backend.small, backend.again = detection_of(ear, score), again
    faces = Tracker(still=True, backend=backend, basis=BASIS).process(blank(0))
    assert len(faces) == 1 + covered


class TwoInOne(ScriptedBackend):
    """Sees half of a face, aslant, as another one of its own; ``looks``: how many framings do."""

    half: Detection
    looks = 0

    def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
        assert self._pending is not None
        windows, rois = self._pending
        whole = windows and windows[0] == (0, 0, 1280, 720)
        found = [[] for _ in windows]
        if whole:
            found[0] = [*self.detected, self.half]
        else:
            for part in found[: self.looks]:
                part.append(self.half)
        # The mesh of half a face does not fit it.
        meshes = self._meshes(rois)
        for k, roi in enumerate(rois):
            if abs(roi.x - self.half.box[[0, 2]].mean()) < 10:
                meshes[k] = Mesh(np.full((478, 3), [roi.x, roi.y, 0.0]), 0.0)
        return found, meshes


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_half_of_a_face_in_a_still_is_no_second_face(looks: int) -> None:
    backend = TwoInOne()
    face = face_at(640, 300, 120)
    backend.show([face])
    box = detection_of(face).box
    moved = np.array([0.4, 0.25, 0.1, -0.25]) * (box[3] - box[1])
    backend.half = dataclasses.replace(detection_of(face, 0.73), box=box + moved)
    backend.looks = looks
    faces = Tracker(still=True, backend=backend, basis=BASIS).process(blank(0))
    assert len(faces) == (2 if looks >= 2 else 1)


def test_time_backwards_or_another_size_forgets(tracker: Tracker, backend: ScriptedBackend) -> None:
    backend.show([face_at(640, 300)])
    assert tracker.process(blank(5))[0].track == 1
    assert tracker.process(blank(4))[0].track == 2
    assert tracker.process(blank(5, 1920, 1080))[0].track == 3


def test_filters_calm_noise_but_follow_movement(tracker: Tracker, backend: ScriptedBackend) -> None:
    rng = np.random.default_rng(0)
    still, xs = [], []
    for k in range(60):
        points = face_at(640, 300)
        points[:, :2] += rng.normal(0, 0.6, 2)
        backend.show([points])
        (face,) = tracker.process(blank(k))
        assert face.pose is not None
        still.append(face.pose.translation[0])
    assert np.std(np.diff(still[20:])) < 0.5 * np.sqrt(2) * 0.6
    for k in range(60, 90):
        backend.show([face_at(640 + 12 * (k - 60), 300)])
        (face,) = tracker.process(blank(k))
        assert face.pose is not None
        xs.append(face.pose.translation[0] - (640 + 12 * (k - 60)))
    assert np.abs(xs[10:]).max() < 6  # under half a frame late


def test_bad_pictures_are_refused(tracker: Tracker) -> None:
    for image in (
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((0, 10, 3), np.uint8),
        np.zeros((10, 10, 3), np.float32),
    ):
        with pytest.raises(ValueError, match="uint8"):
            tracker.process(Frame(image, 0.0, 0))


def test_close_frees_the_library(tracker: Tracker, backend: ScriptedBackend) -> None:
    tracker.close()
    assert backend.closed


def test_agreement_tells_a_neighbour_from_the_same_face() -> None:
    points = face_at(640, 300)
    assert agreement(Mesh(points, 1.0), detection_of(points)) == 1.0
    assert agreement(Mesh(points, 1.0), detection_of(face_at(700, 300))) == 0.0


@given(height=st.integers(1, 5000), width=st.integers(1, 5000))
@settings(max_examples=60, deadline=None)
def test_windows_cover_the_picture(height: int, width: int) -> None:
    for windows in (halves(height, width), tiles(height, width)):
        assert len(windows) < 300 or max(height, width) > 3 * min(height, width)
        for x0, y0, x1, y1 in windows:
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
        if windows and max(height, width) <= 3 * min(height, width):
            assert min(w[0] for w in windows) == 0
            assert max(w[2] for w in windows) == width
            assert min(w[1] for w in windows) == 0
            assert max(w[3] for w in windows) == height


def test_merging_windows_keeps_each_face_once() -> None:
    whole = (0, 0, 1280, 720)
    near = detection_of(face_at(640, 300, 100))
    far = detection_of(face_at(200, 300, 15))
    keypoints = np.zeros((6, 2))
    cut = Detection(np.array([670.0, 240, 720, 420]), keypoints, 0.8)
    lens = Detection(np.array([640.0, 280, 680, 320]), keypoints, 0.95)
    merged = merge_detections([[near], [near, far, lens, cut]], [whole, (0, 0, 720, 720)])
    assert {id(d) for d in merged} == {id(near), id(far)}
    assert not same_face(near.box, far.box)


def test_a_group_is_not_one_large_face() -> None:
    faces = [detection_of(face_at(300 + 90 * k, 300, 30)) for k in range(3)]
    group = Detection(np.array([220.0, 140, 560, 480]), np.zeros((6, 2)), 0.6)
    merged = merge_detections([[*faces, group]], [(0, 0, 1280, 720)])
    assert {id(d) for d in merged} == {id(f) for f in faces}
