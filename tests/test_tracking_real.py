"""The tracker with MediaPipe on real clips and stills."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from deepcam.frames import Face, Frame
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import fit_pose
from deepcam.tracking import Tracker
from deepcam.tracking.backend_legacy import LegacyBackend
from deepcam.tracking.reader import FaceReader, Reading, depth_inside
from deepcam.tracking.tracker import roi_of_detection


@pytest.fixture(scope="module")
def tracker() -> Iterator[Tracker]:
    t = Tracker()
    yield t
    t.close()


@pytest.fixture(scope="module")
def still_tracker() -> Iterator[Tracker]:
    t = Tracker(still=True)
    yield t
    t.close()


@pytest.fixture(scope="module")
def backend() -> Iterator[LegacyBackend]:
    b = LegacyBackend()
    yield b
    b.close()


def frames(path: Path) -> Iterator[Frame]:
    with av.open(str(path)) as container:
        for k, picture in enumerate(container.decode(video=0)):
            yield Frame(picture.to_ndarray(format="bgr24"), float(picture.time or 0.0), k)


def run(tracker: Tracker, path: Path) -> list[tuple[Face, ...]]:
    tracker.reset()
    return [tracker.process(frame) for frame in frames(path)]


def still(shared: Path, name: str) -> np.ndarray:
    image = cv2.imread(str(shared / "stills" / name))
    assert image is not None
    return image


@pytest.mark.parametrize(
    "name",
    ["asl_book.mkv", "asl_brother.mkv", "asl_walk.mkv", "asl_student.mkv", "grid_bbaf2n.mpg"],
)
def test_the_person_is_there_in_every_frame(shared: Path, tracker: Tracker, name: str) -> None:
    """Hands before the face, looking down, speech: never without, always the same number."""
    results = run(tracker, shared / "clips" / name)
    first = results[0][0].track
    for faces in results:
        (person,) = [f for f in faces if f.track == first]
        assert person.pose is not None
        assert person.confidence > 0.5


def test_two_turning_heads_keep_their_numbers(shared: Path, tracker: Tracker) -> None:
    clip = shared / "clips" / "head-pose-face-detection-female-and-male.gif"
    results = run(tracker, clip)
    numbers = {f.track for faces in results for f in faces}
    assert len(numbers) == 2
    assert all(len(faces) == 2 for faces in results)
    for number in numbers:
        x = [f.outline[:, 0].mean() for faces in results for f in faces if f.track == number]
        assert np.abs(np.diff(x)).max() < 60


def test_pose_follows_a_head_from_side_to_side(shared: Path, tracker: Tracker) -> None:
    results = run(tracker, shared / "clips" / "head-pose-face-detection-female.gif")
    yaws = [faces[0].pose.yaw for faces in results if faces[0].pose is not None]
    assert len(yaws) == len(results)
    assert max(yaws) > 35
    assert min(yaws) < -20


def test_no_landmark_outside_the_outline(
    shared: Path, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The raw landmarks, read where they are made, against the outline that leaves."""
    original = FaceReader.read
    depths: list[float] = []

    def spy(self: FaceReader, landmarks: np.ndarray, time: float, trust: float) -> Reading:
        reading = original(self, landmarks, time, trust)
        depths.append(depth_inside(reading.outline, landmarks[:468, :2]))
        return reading

    monkeypatch.setattr(FaceReader, "read", spy)
    for name in ("asl_help.mkv", "grid_swiz3n.mpg", "head-pose-face-detection-female.gif"):
        run(tracker, shared / "clips" / name)
    assert len(depths) > 100
    assert min(depths) > 0.0


def test_a_blink_closes_and_opens(shared: Path, tracker: Tracker) -> None:
    results = run(tracker, shared / "clips" / "grid_bbaf2n.mpg")
    lids = np.array([faces[0].lids.mean() for faces in results])
    assert lids[:30].min() > 0.8
    assert lids[40:60].min() < 0.15
    assert lids[-5:].min() > 0.8


def test_speech_moves_the_mouth_and_silence_does_not(shared: Path, tracker: Tracker) -> None:
    """Mouth opening, rebuilt from the coefficients on the mean face, moves while she speaks."""
    basis = FaceBasis.load()
    results = run(tracker, shared / "clips" / "grid_brbk7n.mpg")
    gap = basis.expression[:, 14, 1] - basis.expression[:, 13, 1]
    opening = np.array([faces[0].expression @ gap for faces in results])
    assert opening[15:55].std() > 2.0 * opening[:8].std()
    assert opening[15:55].max() - opening[:8].mean() > 0.05


@pytest.mark.parametrize(
    ("name", "count"),
    [("group-of-six.jpg", 6), ("glasses.jpg", 1), ("family-with-baby.jpg", 3)],
)
def test_faces_in_stills(shared: Path, still_tracker: Tracker, name: str, count: int) -> None:
    faces = still_tracker.process(Frame(still(shared, name), 0.0, 0))
    assert len(faces) == count
    assert all(f.pose is not None and f.confidence > 0.8 for f in faces)
    assert [f.track for f in faces] == list(range(1, count + 1))


def test_cafe(shared: Path, still_tracker: Tracker) -> None:
    faces = still_tracker.process(Frame(still(shared, "cafe-far-faces.jpg"), 0.0, 0))
    assert len(faces) >= 3
    places = np.array([f.outline.mean(0) for f in faces])
    for expected in ((215, 260), (430, 355), (775, 350)):
        assert np.linalg.norm(places - expected, axis=1).min() < 60


@pytest.mark.parametrize("factor", [0.15, 0.2])
def test_small_faces_in_stills(shared: Path, still_tracker: Tracker, factor: float) -> None:
    """Six faces about 13 and 17 pixels wide in a large picture are at least covered."""
    small = cv2.resize(
        still(shared, "group-of-six.jpg"), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
    )
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    canvas[300 : 300 + small.shape[0], 600 : 600 + small.shape[1]] = small
    faces = still_tracker.process(Frame(canvas, 0.0, 0))
    assert len(faces) >= 6


def test_a_far_face_in_a_stream_is_found_by_a_scout(shared: Path, tracker: Tracker) -> None:
    tracker.reset()
    small = cv2.resize(
        still(shared, "glasses.jpg"), None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA
    )
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    canvas[300 : 300 + small.shape[0], 900 : 900 + small.shape[1]] = small
    found = [len(tracker.process(Frame(canvas, k / 30, k))) for k in range(30)]
    assert min(found[8:]) == 1


def test_the_mesh_is_mediapipes_own(shared: Path, backend: LegacyBackend) -> None:
    """Our graph against mediapipe.solutions.face_mesh on the same face: same points."""
    from mediapipe.python.solutions.face_mesh import FaceMesh

    image = still(shared, "glasses.jpg")
    with FaceMesh(static_image_mode=True, refine_landmarks=True, max_num_faces=1) as reference:
        answer = reference.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    theirs = np.array([(p.x, p.y, p.z) for p in answer.multi_face_landmarks[0].landmark])
    theirs = theirs * (image.shape[1], image.shape[0], image.shape[1]) - (0.5, 0.5, 0.0)
    height, width = image.shape[:2]
    backend.submit(image, [(0, 0, width, height)], [])
    found, _ = backend.collect()
    (mesh,) = backend.mesh(image, [roi_of_detection(found[0][0])])
    unit = fit_pose(theirs, FaceBasis.load()).scale
    assert mesh.presence > 0.9
    apart = np.linalg.norm(mesh.landmarks - theirs, axis=1) / unit
    assert np.median(apart[:468]) < 0.06
    assert np.median(apart[468:]) < 0.05
    flat = np.linalg.norm((mesh.landmarks - theirs)[:, :2], axis=1) / unit
    assert np.median(flat) < 0.03


def test_persons_are_where_people_are(shared: Path, tracker: Tracker) -> None:
    image = still(shared, "family-with-baby.jpg")
    p = tracker.persons(Frame(image, 0.0, 0)).probability
    assert p.dtype == np.float32
    assert p.shape == (144, 256)
    assert p.min() >= 0.0
    assert p.max() <= 1.0
    y, x = int(0.35 * 144), int(0.65 * 256)
    assert p[y - 3 : y + 3, x - 3 : x + 3].mean() > 0.8
    assert p[:20, -40:].mean() < 0.3


def test_nobody_in_an_empty_room(tracker: Tracker, still_tracker: Tracker) -> None:
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.integers(0, 255, (720, 1280, 3), np.uint8), (0, 0), 9)
    tracker.reset()
    for k in range(10):
        assert tracker.process(Frame(noise, k / 30, k)) == ()
    assert still_tracker.process(Frame(noise, 0.0, 0)) == ()


@pytest.mark.parametrize("shape", [(1, 1), (2, 500), (3000, 30), (4320, 7680)])
def test_odd_sizes(still_tracker: Tracker, shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 128, np.uint8)
    assert still_tracker.process(Frame(image, 0.0, 0)) == ()
    assert still_tracker.persons(Frame(image, 0.0, 0)).probability.shape == (144, 256)
