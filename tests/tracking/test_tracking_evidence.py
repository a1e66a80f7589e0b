"""What is believed to be a face, on what evidence, and how everything that is believed ends."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tracking_faces import Looks, ScriptedBackend, blank, detection_of, landmarks, pose_at

from deepcam.frames import Image
from deepcam.geometry.basis import FaceBasis
from deepcam.tracking import Tracker
from deepcam.tracking.backend import Detection, Mesh, Roi, Window
from deepcam.tracking.crops import turn_back
from deepcam.tracking.doubt import SecondLooks
from deepcam.tracking.evidence import BESIDE, COVER, PAINT, SETTLED, TOP, UNCLEAR, Evidence
from deepcam.tracking.scout import Scout
from deepcam.tracking.windows import on_torso, parts, same_face

BASIS = FaceBasis.load()
SCORES = st.floats(0, 1)


def test_a_clear_face_may_be_painted_at_once() -> None:
    assert Evidence.first(0.9, 0.9, True, True).paintable


def test_without_a_second_look_a_strong_one_is_covered_and_never_painted() -> None:
    evidence = Evidence.first(0.95, None, True, True)
    for _ in range(300):
        evidence.seen(0.95, True)
    assert COVER <= evidence.score < PAINT


def test_a_part_of_a_known_face_needs_more() -> None:
    for detector, second in ((0.85, 0.0), (0.21, 0.52), (0.4, 0.45)):
        assert Evidence.first(detector, second, False, False).score < COVER
    assert Evidence.first(0.8, 0.8, True, False).score >= BESIDE


@given(SCORES, st.one_of(st.none(), SCORES), st.booleans(), st.booleans(), st.lists(SCORES))
def test_the_score_stays_in_its_bounds_and_refusals_end_it(
    detector: float, second: float | None, meshed: bool, apart: bool, hits: list[float]
) -> None:
    evidence = Evidence.first(detector, second, meshed, apart)
    for score in hits:
        evidence.seen(score, meshed)
        assert 0 <= evidence.score <= TOP
        assert 0 <= evidence.share <= 1
        assert evidence.clear or evidence.score <= UNCLEAR
    for _ in range(3):
        evidence.look_again(0.0)
        evidence.seen(0.9, meshed)
        assert evidence.score <= max(evidence.most, 0.0)
    assert evidence.score == 0


def test_what_once_was_surely_a_face_is_not_given_up_behind_a_hand() -> None:
    evidence = Evidence.first(0.9, 0.9, True, True)
    for _ in range(10):
        evidence.seen(0.9, True)
    assert evidence.score >= SETTLED
    for _ in range(100):
        evidence.not_there()
    assert evidence.score >= SETTLED
    glimpse = Evidence.first(0.6, 0.6, False, True)
    for _ in range(6):
        glimpse.not_there()
    assert glimpse.score == 0


@pytest.mark.parametrize(("meshes", "kept"), [(0, False), (2, False), (3, True), (10, True)])
def test_a_clear_face_without_a_mesh_is_given_up_where_it_is_not_found(
    meshes: int, kept: bool
) -> None:
    """A fist looks like a face to the detector for a moment, and seldom has the points of one."""
    seen = Evidence.first(0.6, 0.75, False, True)
    for _ in range(meshes):
        seen.seen(0.4, True)
    assert seen.clear
    assert not seen.settled
    for _ in range(10):
        seen.not_there()
    assert (seen.score > 0) == kept


def test_a_look_at_one_place_that_shows_the_stronger_neighbour_finds_nothing() -> None:
    """A forehead was looked at again; the framing showed the whole face, which nobody knew yet."""
    face = landmarks(BASIS, pose_at(640, 300, 80))
    strong = detection_of(face, 0.9)
    width = strong.box[2] - strong.box[0]
    forehead = dataclasses.replace(
        strong, box=strong.box + width * np.array([0.1, -0.35, -0.2, -0.65]), score=0.3
    )
    between = dataclasses.replace(
        strong, box=strong.box + width * np.array([0.05, -0.2, -0.07, -0.32]), score=0.75
    )
    assert same_face(between.box, forehead.box)

    backend = Looks(lambda *_: [strong, between])
    verdicts = SecondLooks(backend).look(blank(0).image, [strong, forehead], [], 0.0)
    assert [v.score for v in verdicts] == [0.9, 0.0]


class Phantoms(ScriptedBackend):
    """Sees something in the whole picture that no look framed about it shows."""

    def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
        assert self._pending is not None
        windows, rois = self._pending
        found = [self.detected if w == (0, 0, 1280, 720) else [] for w in windows]
        return found, self._meshes(rois)


def test_a_mistake_apart_is_covered_never_painted_and_withdrawn_within_a_second() -> None:
    backend = Phantoms()
    tracker = Tracker(backend=backend, basis=BASIS)
    points = landmarks(BASIS, pose_at(640, 300, 60))
    backend.show([points])
    shown = []
    for k in range(90):
        faces = [f for f in tracker.process(blank(k)) if f.evidence > 0]
        assert all(f.confidence <= 0.3 for f in faces)
        shown.append(bool(faces))
    assert shown[0], "when in doubt, covered"
    longest = max(len(run) for run in "".join("x" if s else " " for s in shown).split())
    assert longest <= 30


def test_a_mistake_beside_a_known_face_does_not_even_start() -> None:
    backend = ScriptedBackend()
    tracker = Tracker(backend=backend, basis=BASIS)
    face = landmarks(BASIS, pose_at(640, 300, 80))
    backend.show([face])
    for k in range(12):
        tracker.process(blank(k))
    hair = landmarks(BASIS, pose_at(700, 170, 40))

    class Hair(Phantoms):
        def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
            assert self._pending is not None
            windows, rois = self._pending
            near, far = detection_of(face), detection_of(hair, 0.85)
            found = [[near, far] if w == (0, 0, 1280, 720) else [near] for w in windows]
            return found, self._meshes(rois)

    mistaken = Hair()
    for part in (
        tracker, tracker._doubts, tracker._looker, tracker._meshes, tracker._beginnings,
    ):  # fmt: skip
        part._backend = mistaken  # type: ignore[attr-defined]
    mistaken.faces = [face, hair]
    for k in range(12, 60):
        (known,) = tracker.process(blank(k))
        assert known.track == 1
        assert known.confidence > 0.9


@given(turn=st.integers(0, 3), width=st.integers(1, 40), height=st.integers(1, 40), data=st.data())
def test_pixels_of_turned_pictures_find_their_way_back(
    turn: int, width: int, height: int, data: st.DataObject
) -> None:
    x = data.draw(st.integers(0, width - 1))
    y = data.draw(st.integers(0, height - 1))
    picture = np.zeros((height, width), np.uint8)
    picture[y, x] = 1
    v, u = np.argwhere(np.rot90(picture, turn))[0]
    back = turn_back(np.array([[u, v]], np.float64), width, height, turn)
    assert tuple(back[0]) == (x, y)


@pytest.mark.parametrize("fps", [5.0, 12.0, 25.0, 60.0])
def test_every_part_is_looked_at_twice_a_second_whatever_happens(fps: float) -> None:
    scout = Scout()
    rng = np.random.default_rng(0)
    last = dict.fromkeys(parts(720, 1280), 0.0)
    image = np.zeros((720, 1280, 3), np.uint8)
    for k in range(int(4 * fps)):
        time = k / fps
        image[:200, :200] = rng.integers(0, 255)  # something always moves in one corner
        for window in scout.choose(image, time, []):
            last[window] = time
        assert max(time - t for t in last.values()) <= max(0.5, 2 / fps) + 1 / fps


def test_a_cut_and_a_film_are_searched_at_once() -> None:
    scout, film = Scout(), Scout(thorough=True)
    dark, light = np.zeros((720, 1280, 3), np.uint8), np.full((720, 1280, 3), 200, np.uint8)
    everything = set(parts(720, 1280))
    assert set(scout.choose(dark, 0.0, [])) == everything
    assert set(scout.choose(light, 1.0, [])) == everything
    film.choose(dark, 0.0, [])
    corner = dark.copy()
    corner[20:60, 20:60] = 200
    assert parts(720, 1280)[0] in film.choose(corner, 0.01, [])


def test_a_face_on_its_side_is_found_by_a_turned_second_look() -> None:
    """Weak in the upright picture, clear in the one that is turned against the clock."""
    points = landmarks(BASIS, pose_at(640, 300, 60, roll=90))
    weak, clear = detection_of(points, 0.3), detection_of(points, 0.9)

    def see(_: int, window: Window, turn: int) -> list[Detection]:
        return [clear] if turn == 1 else [weak] if window == (0, 0, 1280, 720) else []

    backend = Looks(see, [points])
    tracker = Tracker(backend=backend, basis=BASIS)
    (face,) = tracker.process(blank(0))
    assert face.pose is not None
    assert face.pose.roll == pytest.approx(90, abs=3)
    # A camera that lies on its side is noticed: the whole picture is then shown turned.
    for k in range(1, 40):
        tracker.process(blank(k))
    assert tracker._tracks.turn == 1
    assert dataclasses.asdict(face)["evidence"] > 0


@pytest.mark.parametrize(("turn", "stays"), [(None, False), (0, True), (1, True), (2, True)])
def test_what_was_clear_once_is_looked_for_in_all_orientations_before_it_is_given_up(
    turn: int | None, stays: bool
) -> None:
    """A face without a mesh, that the whole picture showed for one frame: ``turn`` is the only
    orientation in which a look near by still shows it."""
    seen = detection_of(landmarks(BASIS, pose_at(640, 300, 30)), 0.8)
    backend = Looks(lambda *_: [seen])
    tracker = Tracker(backend=backend, basis=BASIS)
    (face,) = tracker.process(blank(0))
    backend.see = lambda _, w, t: [seen] if w[2] - w[0] < 600 and t == turn else []
    told = [f.evidence for k in range(1, 25) for f in tracker.process(blank(k))]
    assert (0.0 not in told) == stays
    assert (face.track in tracker._tracks.persons) == stays


def test_a_torso_is_below_its_face() -> None:
    face = np.array([600.0, 100, 700, 200])
    for box in ([620, 320, 680, 380], [480, 500, 560, 580], [560, 250, 760, 450]):
        assert on_torso(np.array(box, float), face)
    for box in (
        [620, 20, 680, 80],
        [900, 320, 960, 380],
        [610, 150, 690, 230],
        [400, 300, 900, 800],
    ):
        assert not on_torso(np.array(box, float), face)


@pytest.mark.parametrize(("score", "second", "faces"), [(0.6, 0.55, 1), (0.85, 0.85, 2)])
def test_a_hand_before_the_chest_is_no_face_and_a_child_on_the_lap_is(
    score: float, second: float, faces: int
) -> None:
    """What is only half a face to the second look is believed elsewhere, not on somebody."""
    face = landmarks(BASIS, pose_at(640, 200, 80))
    below = landmarks(BASIS, pose_at(640, 470, 40))

    class Lap(ScriptedBackend):
        def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
            assert self._pending is not None
            windows, rois = self._pending
            near = detection_of(face)
            found = [
                [near, detection_of(below, score if w == (0, 0, 1280, 720) else second)]
                for w in windows
            ]
            return found, self._meshes(rois)

    lap = Lap()
    lap.faces = [face, below]
    tracker = Tracker(backend=lap, basis=BASIS)
    for k in range(40):
        seen = [f for f in tracker.process(blank(k)) if f.evidence > 0]
    assert len(seen) == faces


def test_a_crowd_is_searched_in_smaller_parts_at_once() -> None:
    scout = Scout()
    image = np.zeros((720, 1280, 3), np.uint8)
    small = [np.array([x, 100.0, x + 40, 140]) for x in range(100, 1100, 100)]
    scout.choose(image, 0.0, [])
    assert set(scout.choose(image, 0.04, small[:4])) <= set(parts(720, 1280))
    finer = scout.choose(image, 0.08, small)
    assert finer == parts(720, 1280, 3)
    for k in range(3, 9):
        assert set(scout.choose(image, 0.04 * k, small[:5])) <= set(finer), "it does not flicker"
    assert set(scout.choose(image, 0.4, small[:2])) <= set(parts(720, 1280))


@given(st.lists(st.tuples(st.integers(0, 1279), st.integers(0, 719)), min_size=1, max_size=40))
def test_parts_are_chosen_that_hold_the_lost(places: list[tuple[int, int]]) -> None:
    scout = Scout()
    scout.choose(np.zeros((720, 1280, 3), np.uint8), 0.0, [])
    boxes = [np.array([x - 20.0, y - 20, x + 20, y + 20]) for x, y in places]
    chosen = scout.holding(boxes, [1] * len(boxes), 8)
    for x, y in places:
        assert any(x0 <= x < x1 and y0 <= y < y1 for x0, y0, x1, y1 in chosen)
    (first,) = scout.holding(boxes, [1] * (len(boxes) - 1) + [99], 1)
    x, y = places[-1]
    assert first[0] <= x < first[2]
    assert first[1] <= y < first[3]


def test_in_rows_of_people_a_face_below_a_face_is_one() -> None:
    """On one person's chest it would be a print (above)."""
    faces = [landmarks(BASIS, pose_at(x, y, 40)) for y in (120, 330, 540) for x in (200, 640, 1080)]

    class Rows(ScriptedBackend):
        def collect(self) -> tuple[list[list[Detection]], list[Mesh]]:
            assert self._pending is not None
            windows, rois = self._pending
            seen = [detection_of(f, 0.55) for f in faces]
            return [seen for _ in windows], self._meshes(rois)

        def persons(self, image: Image) -> NDArray[np.float32]:
            return np.ones((144, 256), np.float32)

    backend = Rows()
    backend.faces = faces
    tracker = Tracker(backend=backend, basis=BASIS)
    for k in range(20):
        seen = [f for f in tracker.process(blank(k)) if f.evidence > 0]
        assert len(seen) == 9


@pytest.mark.parametrize(("people", "covered"), [(0.0, False), (1.0, True)])
def test_what_no_other_look_agrees_with_starts_nothing_where_nobody_is(
    people: float, covered: bool
) -> None:
    class Shelf(Phantoms):
        """Seen fairly well, without a mesh."""

        def mesh(self, image: Image, rois: Sequence[Roi]) -> list[Mesh]:
            return [Mesh(np.full((478, 3), [roi.x, roi.y, 0.0]), 0.0) for roi in rois]

        def persons(self, image: Image) -> NDArray[np.float32]:
            return np.full((144, 256), people, np.float32)

    backend = Shelf()
    backend.detected = [detection_of(landmarks(BASIS, pose_at(640, 300, 60)), 0.55)]
    tracker = Tracker(backend=backend, basis=BASIS)
    faces = [f for f in tracker.process(blank(0)) if f.evidence > 0]
    assert len(faces) == covered


def test_the_whole_picture_rests_only_while_nothing_moves_beside_one_face() -> None:
    scout = Scout()
    still = np.full((720, 1280, 3), 90, np.uint8)
    face = [np.array([500.0, 200, 700, 400])]
    rested = []
    for k in range(20):
        scout.choose(still, k / 30, face, alone=True)
        rested.append(scout.resting)
    assert not any(a and b for a, b in itertools.pairwise(rested)), "never twice in a row"
    assert sum(rested) >= 9
    moving = still.copy()
    moving[220:380, 520:680] = 200  # in the face: it speaks
    scout.choose(still, 1.0, face, alone=True)
    scout.choose(moving, 1.03, face, alone=True)
    scout.choose(moving, 1.06, face, alone=True)
    assert any(rested)
    for k in range(10):
        came = still.copy()
        came[300:420, 1200 - 8 * k :] = 160  # somebody comes in from the right
        scout.choose(came, 2 + k / 30, face, alone=True)
        assert k == 0 or not scout.resting
    for k in range(4):
        scout.choose(still, 3 + k / 30, face, alone=False)
        assert not scout.resting


def test_a_calm_speaker_is_followed_without_a_look_at_the_whole_in_every_frame() -> None:
    backend = ScriptedBackend()
    tracker = Tracker(backend=backend, basis=BASIS)
    points = landmarks(BASIS, pose_at(640, 300, 60))
    backend.show([points])
    whole = 0
    for k in range(60):
        (face,) = tracker.process(blank(k))
        assert k < 2 or face.confidence > 0.9
        assert face.track == 1
        assert backend._pending is not None
        whole += (0, 0, 1280, 720) in backend._pending[0]
    assert 28 <= whole <= 40
    second = landmarks(BASIS, pose_at(1000, 300, 60))
    backend.show([points, second])
    assert len(tracker.process(blank(60))) + len(tracker.process(blank(61))) >= 3


def test_what_is_no_face_is_refused_at_its_place_on_the_head() -> None:
    """Beside a known face the place moves with it, also for what had been followed."""
    face, ear = np.array([600.0, 200, 700, 300]), np.array([700.0, 230, 730, 260])
    doubts = SecondLooks(ScriptedBackend())
    doubts.withdraw(ear, 1.0, [face])
    moved = np.array([40.0, 5, 40, 5])
    again = Detection(ear + moved, np.zeros((6, 2)), 0.4)
    assert doubts.refused(again, 1.5, [face + moved])
    assert not doubts.refused(again, 1.5), "elsewhere it may be somebody"
    doubts.pause(again, 3.0, [face + moved])
    assert doubts.refused(Detection(ear, again.keypoints, 0.4), 3.1, [face])
    assert not doubts.refused(again, 3.5, [face + moved])
