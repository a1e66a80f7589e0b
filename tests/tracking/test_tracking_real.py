"""The tracker with MediaPipe on real clips and stills."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from deepcam.frames import Face, Frame
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import fit_pose
from deepcam.models import fetch as modelfetch
from deepcam.protection.judgement import judge
from deepcam.runtime import vision
from deepcam.tracking import Tracker
from deepcam.tracking.backend import MeshBackend
from deepcam.tracking.reader import FaceReader, Reading, depth_inside
from deepcam.tracking.regions import roi_of_detection

Make = Callable[[], MeshBackend]
NEAR_ONLY = "the detector of the FaceLandmarker bundle is made for near faces"
SETS = ["graphs"] if vision.installed() == vision.LEGACY else ["complete", "bundle"]


@pytest.fixture(scope="module", params=SETS)
def make(request: pytest.FixtureRequest, shared: Path) -> Make:
    """The backend of the installed mediapipe, with each set of networks that is at hand."""
    if request.param == "graphs":
        from deepcam.tracking.backend_legacy import LegacyBackend

        return LegacyBackend
    from deepcam.tracking.backend_tasks import TasksBackend

    given = os.environ.get("DEEPCAM_TRACKER_FILE", "")
    bundle = shared / "models" / "face_landmarker.task"
    path = bundle if request.param == "bundle" else Path(given)
    if not path.is_file():
        pytest.skip(
            f"the test material has no {bundle.name}"
            if path == bundle
            else "DEEPCAM_TRACKER_FILE names no mediapipe 0.10.21 wheel to take the networks from"
        )
    networks = modelfetch.networks_in(path)
    return lambda: TasksBackend(networks=networks)


def only_near(backend: MeshBackend) -> bool:
    return getattr(backend, "near_only", False)


@pytest.fixture(scope="module")
def tracker(make: Make) -> Iterator[Tracker]:
    t = Tracker(backend=make())
    yield t
    t.close()


@pytest.fixture(scope="module")
def still_tracker(make: Make) -> Iterator[Tracker]:
    t = Tracker(still=True, backend=make())
    yield t
    t.close()


@pytest.fixture(scope="module")
def backend(make: Make) -> Iterator[MeshBackend]:
    b = make()
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.parametrize("lamp", [(1, 0, 0), (0.1, 1, 0.1), (0, 0, 1), (1, 0.15, 0.9)])
def test_everybody_is_seen_in_coloured_light(
    shared: Path, still_tracker: Tracker, lamp: tuple[float, float, float]
) -> None:
    for name, count in (("group-of-six.jpg", 6), ("glasses.jpg", 1)):
        lit = (still(shared, name) * np.array(lamp)).astype(np.uint8)
        copy = judge(lit).copy
        assert copy is not None
        faces = still_tracker.process(Frame(copy, 0.0, 0))
        assert sum(f.pose is not None for f in faces) == count


def test_cafe(shared: Path, still_tracker: Tracker) -> None:
    faces = still_tracker.process(Frame(still(shared, "cafe-far-faces.jpg"), 0.0, 0))
    assert len(faces) >= 3
    places = np.array([f.outline.mean(0) for f in faces])
    for expected in ((215, 260), (430, 355), (775, 350)):
        assert np.linalg.norm(places - expected, axis=1).min() < 60


@pytest.mark.parametrize("factor", [0.15, 0.2])
def test_small_faces_in_stills(shared: Path, still_tracker: Tracker, factor: float) -> None:
    """Six faces about 13 and 17 pixels wide in a large picture are at least covered."""
    if only_near(still_tracker._backend):
        pytest.skip(NEAR_ONLY)
    small = cv2.resize(
        still(shared, "group-of-six.jpg"), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
    )
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    canvas[300 : 300 + small.shape[0], 600 : 600 + small.shape[1]] = small
    faces = still_tracker.process(Frame(canvas, 0.0, 0))
    assert len(faces) >= 6


def test_a_far_face_in_a_stream_is_found_by_a_scout(shared: Path, tracker: Tracker) -> None:
    if only_near(tracker._backend):
        pytest.skip(NEAR_ONLY)
    tracker.reset()
    small = cv2.resize(
        still(shared, "glasses.jpg"), None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA
    )
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    canvas[300 : 300 + small.shape[0], 900 : 900 + small.shape[1]] = small
    found = [len(tracker.process(Frame(canvas, k / 30, k))) for k in range(30)]
    assert min(found[8:]) == 1


def own_mesh(image: np.ndarray, shared: Path) -> np.ndarray:
    """(478, 3) in pixels: what the installed MediaPipe's own face mesh says."""
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    if vision.installed() == vision.LEGACY:
        from mediapipe.python.solutions.face_mesh import FaceMesh

        with FaceMesh(static_image_mode=True, refine_landmarks=True, max_num_faces=1) as reference:
            points = reference.process(rgb).multi_face_landmarks[0].landmark
    else:
        import mediapipe as mp
        from mediapipe.tasks.python import vision as tasks

        path = shared / "models" / "face_landmarker.task"
        if not path.is_file():
            pytest.skip(f"the test material has no {path.name}")
        with tasks.FaceLandmarker.create_from_model_path(str(path)) as reference:
            picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
            points = reference.detect(picture).face_landmarks[0]
    found = np.array([(p.x, p.y, p.z) for p in points])
    return found * (image.shape[1], image.shape[0], image.shape[1]) - (0.5, 0.5, 0.0)


def test_the_mesh_is_mediapipes_own(shared: Path, backend: MeshBackend) -> None:
    """Our use of the networks against MediaPipe's own on the same face: same points."""
    image = still(shared, "glasses.jpg")
    theirs = own_mesh(image, shared)
    height, width = image.shape[:2]
    backend.submit(image, [(0, 0, width, height)], [])
    found, _ = backend.collect()
    (mesh,) = backend.mesh(image, [roi_of_detection(found[0][0])])
    unit = fit_pose(theirs, FaceBasis.load()).scale
    assert mesh.presence > 0.9
    apart = np.linalg.norm(mesh.landmarks - theirs, axis=1) / unit
    assert np.median(apart[:468]) < 0.06
    if vision.installed() == vision.LEGACY or only_near(backend):  # the same network
        assert np.median(apart[468:]) < 0.05
    flat = np.linalg.norm((mesh.landmarks - theirs)[:, :2], axis=1) / unit
    assert np.median(flat) < 0.03


def test_persons_are_where_people_are(shared: Path, tracker: Tracker) -> None:
    image = still(shared, "family-with-baby.jpg")
    persons = tracker.persons(Frame(image, 0.0, 0))
    if persons is None:
        pytest.skip("this set of networks has no person segmentation")
    p = persons.probability
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
    persons = still_tracker.persons(Frame(image, 0.0, 0))
    assert persons is None or persons.probability.shape == (144, 256)


@pytest.mark.slow
@pytest.mark.parametrize("clip", ["asl_again.mkv", "asl_learn.mkv", "asl_no.mkv"])
def test_hands_elbows_and_prints_of_somebody_who_signs_are_no_faces(
    shared: Path, make: Make, clip: str
) -> None:
    """In films, where more is looked at than live; a shirt with a printed skull, fast hands."""
    film = Tracker(64, backend=make(), thorough=True)
    try:
        if only_near(film._backend):
            pytest.skip(NEAR_ONLY)
        seen = [
            sum(face.evidence > 0 for face in film.process(frame))
            for frame in frames(shared / "clips" / clip)
        ]
    finally:
        film.close()
    assert min(seen) == 1
    assert sum(count > 1 for count in seen) <= 1
