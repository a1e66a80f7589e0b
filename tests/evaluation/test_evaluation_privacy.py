"""Every attack is fed with an anonymizer that does nothing, and must succeed; and with one that
works, and must not."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.evaluation import privacy
from deepcam.evaluation.attackers import (
    DlibAttacker,
    OnnxAttacker,
    chip,
    distances,
    threshold,
)
from deepcam.evaluation.baselines import Method, Painted, Seen, blur, cover, pixelate
from deepcam.evaluation.embedding import CROPS, Remembering
from deepcam.evaluation.judge import Judge, Reading
from deepcam.evaluation.record import Shot, Take
from deepcam.frames import Face, Frame, Image, Pose
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline, project

N = 60
NOTHING = Method("nothing", lambda still, seed: Painted(lambda image, mask: image))
BLUR = Method("blur", lambda still, seed: Painted(blur))
COVER = Method("cover", lambda still, seed: Painted(cover))


@pytest.fixture
def people() -> tuple[np.ndarray, np.ndarray, float]:
    """Embeddings of two pictures of ``N`` persons, and the threshold."""
    rng = np.random.default_rng(0)
    who = rng.normal(0, 1, (N, 64))
    first, second = (who + rng.normal(0, 0.25, who.shape) for _ in range(2))
    tau = threshold(distances(first, second)[~np.eye(N, dtype=bool)])
    return first, second, tau


def test_threshold_accepts_the_given_share() -> None:
    impostors = np.random.default_rng(0).normal(1, 0.1, 20_000)
    tau = threshold(impostors, 1e-2)
    assert (impostors < tau).mean() == pytest.approx(1e-2, abs=1e-4)
    with pytest.raises(ValueError, match="impostor"):
        threshold(np.array([]))


def test_doing_nothing_is_recognized(people: tuple[np.ndarray, np.ndarray, float]) -> None:
    first, second, tau = people
    assert privacy.verification(first, second, tau).value > 0.9
    top = privacy.identification(first, second)
    assert top.value > 0.9
    assert top.extra["p"] < 1e-9
    assert privacy.separation((first, second)).value > 0.95


@pytest.mark.parametrize("kind", ["fresh", "blank"])
def test_fresh_and_blank_faces_are_not(
    kind: str, people: tuple[np.ndarray, np.ndarray, float]
) -> None:
    _, second, tau = people
    rng = np.random.default_rng(9)
    made = rng.normal(0, 1, second.shape) if kind == "fresh" else np.zeros(second.shape)
    found = privacy.verification(made, second, tau)
    if kind == "fresh":
        assert found.value == 0
        assert found.high == pytest.approx(0.06, abs=0.01)
    else:  # in the middle of everybody: accepted as often for others
        assert found.value == pytest.approx(found.extra["non_mated"], abs=1e-6)
    assert privacy.identification(made, second).value < 0.1
    assert privacy.identification(made, second, 5).extra["chance"] == pytest.approx(5 / N, abs=1e-4)
    separation = privacy.separation((made, second))
    assert separation.low < 0.5 < separation.high
    assert separation.value < 0.62


def test_separation_over_several_draws(people: tuple[np.ndarray, np.ndarray, float]) -> None:
    first, second, _ = people
    hidden = np.random.default_rng(9).normal(0, 1, second.shape)
    bad, good = privacy.separation((first, second)), privacy.separation((hidden, second))
    both = privacy.separation((first, second), (hidden, second))
    assert good.value < both.value < bad.value  # one draw that reveals is not averaged away
    assert both.n == bad.n == N  # persons, not pictures
    assert both.extra["draws"] == 2


def take(still: bool = False, length: int = 12) -> Take:
    """A textured head that moves, as tracker and judge see it."""
    rng = np.random.default_rng(4)
    room = cv2.resize(rng.integers(0, 256, (60, 80, 3), np.uint8), (320, 240))
    basis = FaceBasis.load()
    judge = Judge.__new__(Judge)
    judge._basis = basis
    judge._rest = np.zeros((2, 2))
    shots = []
    for k in range(length):
        pose = Pose(40.0, np.eye(3), np.array([150.0 + 2 * k, 110.0]))
        noise = rng.integers(0, 256, (240, 320, 3), np.uint8)
        face = Face(1, 0.9, head_outline(pose, basis), pose)
        mask = np.zeros((240, 320), np.uint8)
        cv2.fillConvexPoly(mask, face.outline.astype(np.int32), 1)
        image = np.ascontiguousarray(np.where(mask[..., None] > 0, noise, room), np.uint8)
        points = project(basis.mean, pose).astype(np.float64)
        irises = [points[[33, 133]].mean(0)] * 5 + [points[[263, 362]].mean(0)] * 5
        reading = judge.interpret(np.concatenate([points, irises]))
        assert reading is not None
        shots.append(Shot(Frame(image, k / 25, k), Seen((face,)), reading))
    return Take("made", "made", shots, 25.0, still)


def test_information_flow_sees_blur_and_passes_a_cover() -> None:
    takes = [take(length=3)]
    assert privacy.information_flow(NOTHING, takes).value == 255
    assert privacy.information_flow(BLUR, takes).value > 3
    pixels = Method("pixelate", lambda still, seed: Painted(pixelate))
    assert privacy.information_flow(pixels, takes).value > 3
    clean = privacy.information_flow(COVER, takes)
    assert clean.value == 0
    assert clean.n == 9
    assert privacy.information_flow(COVER, [replace(takes[0], shots=[])]).value is None


def test_coverage_counts_raw_pixels_and_injected_faults() -> None:
    bare = privacy.coverage(NOTHING, [take(still=True, length=4)])
    assert (bare.value, bare.extra["count"]) == (1, 4)
    assert bare.extra["leaks"][0] == "made frame 0"
    assert privacy.coverage(COVER, [take(still=True, length=4)]).value == 0
    # A cover that trusts the tracker blindly leaks whenever the tracker fails.
    moving = take(length=12)
    assert privacy.coverage(COVER, [moving]).extra["count"] == 6
    assert [len(s.faces) for s in privacy.faults(moving)] == [0] * 6 + [1] * 6
    thrice = privacy.coverage(COVER, [moving], draws=3)
    assert thrice.n == 36
    assert thrice.extra["count"] > 6
    seen = {tuple(len(s.faces) for s in privacy.faults(moving, draw)) for draw in range(6)}
    assert len(seen) > 3, "every draw has faults of its own"


def test_one_slip_of_the_judge_is_no_leak_and_a_bare_face_always_is() -> None:
    clip = take(length=9)
    slipped = clip.shots[4].reading
    assert slipped is not None
    lower = slipped.landmarks + np.array([0.0, 60.0, 0.0])
    clip.shots[4].reading = replace(slipped, landmarks=lower)
    assert privacy.coverage(COVER, [clip]).extra["count"] == 6  # the six late frames only
    alone = take(still=True, length=1)
    alone.shots[0].reading = replace(slipped, landmarks=lower)
    assert privacy.coverage(COVER, [alone]).extra["count"] == 1  # nothing says that it slipped
    bare = privacy.coverage(NOTHING, [clip])
    assert bare.value == 1


def test_a_single_equal_pixel_is_chance_and_a_patch_is_not() -> None:
    original = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    output, hull = 255 - original, np.ones((10, 10), np.uint8)
    output[2, 2] = original[2, 2]
    assert privacy.leaked(original, output, hull) == 0
    output[4:7, 4:7] = original[4:7, 4:7]
    assert privacy.leaked(original, output, hull) == 1
    assert privacy.leaked(original, output, np.zeros((10, 10), np.uint8)) == 0


def faces(who: np.ndarray, spread: float, n: int, rng: np.random.Generator) -> list[Face]:
    pose = Pose(40.0, np.eye(3), np.zeros(2))
    outline = np.zeros((3, 2), np.float32)
    return [
        Face(1, 1.0, outline, pose, (who + rng.normal(0, spread, 32)).astype(np.float32))
        for _ in range(n)
    ]


@pytest.mark.parametrize("told", [True, False])
def test_conditioning_that_carries_the_person_is_found(told: bool) -> None:
    rng = np.random.default_rng(5)
    people = rng.normal(0, 1 if told else 0, (12, 32))
    clips = privacy.conditioning_clips([faces(w, 0.5, 40, rng) for w in people])
    pairs = privacy.conditioning_pairs(
        *[[faces(w, 0.3, 1, rng)[0] for w in people] for _ in range(2)]
    )
    if told:
        assert clips.extra["times_chance"] > 8
        assert clips.extra["classifiers"]["LDA"] > 0.9
        assert pairs.value > 0.8
    else:
        assert clips.extra["times_chance"] < 2
        assert pairs.extra["p"] > 0.01
    assert privacy.conditioning_clips([]).value is None
    assert privacy.conditioning_pairs([], []).value is None


def test_copied_donors_are_memorised() -> None:
    rng = np.random.default_rng(6)
    train, strangers, new = (rng.normal(0, 1, (40, 64)) for _ in range(3))
    copied = privacy.memorisation(train + 0.01, strangers, train, tau=5.0)
    assert (copied.value, copied.extra["held_out"]) == (1, 0)
    assert privacy.memorisation(new, strangers, train, tau=5.0).value == 0
    assert privacy.memorisation(new, strangers, train[:0], tau=5.0).value is None


def test_donors_are_compared_with_all_donors_but_themselves() -> None:
    rng = np.random.default_rng(7)
    train, strangers, new = (rng.normal(0, 1, (40, 64)) for _ in range(3))
    train[1] = train[0] + 0.01  # two real people who look alike
    found = privacy.memorisation(new, strangers, train, 5.0, real=range(10))
    assert found.extra["held_out"] == pytest.approx(2 / 50)
    assert (found.extra["held_out_people"], found.extra["outsiders"]) == (50, 0)


def test_chips_are_aligned_and_tight_crops_hide_the_room() -> None:
    shot = take(length=1).shots[0]
    reading: Reading = shot.reading  # type: ignore[assignment]
    points = reading.landmarks[[33, 263, 2], :2]
    template = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.62]])
    nothing = np.zeros(shot.frame.image.shape[:2], np.uint8)
    tight = chip(shot.frame.image, points, template, 100, "tight", nothing)
    assert (tight == 128).all()
    grid = np.zeros_like(shot.frame.image)
    cv2.circle(grid, tuple(np.round(points[0]).astype(int).tolist()), 3, (255, 255, 255), -1)
    spots = {}
    for crop in ("standard", "context"):
        made = chip(grid, points, template, 100, crop, nothing)
        spots[crop] = np.argwhere(made[..., 0] > 100).mean(0)
    assert np.abs(spots["standard"] - [40, 30]).max() < 4
    assert np.abs(spots["context"] - (np.array([40, 30]) - 50) / 1.7 - 50).max() < 4
    with pytest.raises(ValueError, match="crop"):
        chip(grid, points, template, 100, "other", nothing)


def test_a_missing_recognizer_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "face_recognition", None)
    monkeypatch.setitem(sys.modules, "face_recognition.api", None)
    with pytest.raises(DeepcamError) as error:
        DlibAttacker()
    assert "pip install --no-deps face_recognition" in error.value.remedy
    with pytest.raises(DeepcamError, match="does not exist"):
        OnnxAttacker(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(DeepcamError, match="not a recognizer"):
        OnnxAttacker(tmp_path / "bad.onnx")


def test_an_onnx_recognizer_is_run_with_its_normalisation(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[3], keepdims=0)
    graph = helper.make_graph(
        [node], "g",
        [helper.make_tensor_value_info("x", 1, [1, 3, 112, 112])],
        [helper.make_tensor_value_info("y", 1, [1, 3, 112])],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    path = tmp_path / "mean.onnx"
    onnx.save(model, path)
    shot = take(length=1).shots[0]
    image = np.zeros_like(shot.frame.image)
    image[:] = (0, 0, 255)
    code = OnnxAttacker(path).embed(image, shot.reading, "standard", image[..., 0])  # type: ignore[arg-type]
    assert code.shape == (336,)
    assert np.linalg.norm(code) == pytest.approx(1)
    assert (code[:112] > 0).all()  # red comes first
    assert (code[112:] < 0).all()


def test_dlib_tells_two_people_apart(shared: Path) -> None:
    pytest.importorskip("dlib")
    pytest.importorskip("face_recognition_models")
    attacker = DlibAttacker()
    rows = (shared / "faces" / "index.csv").read_text().splitlines()
    names = [r.split(",")[0] for r in rows if r.startswith("london")]
    persons = [next(p for p in r.split(",") if p.startswith("london-")) for r in rows
               if r.startswith("london")]  # fmt: skip
    one = persons.index("london-001")
    same = len(persons) - 1 - persons[::-1].index("london-001")
    other = persons.index("london-004")
    codes = []
    with Judge(still=True) as judge:
        for k in (one, same, other):
            image = cv2.imread(str(shared / "faces" / "images" / names[k]))
            reading = judge.read(image)
            assert reading is not None
            codes.append(attacker.embed(image, reading, "standard", image[..., 0]))
    assert one != same
    assert np.linalg.norm(codes[0] - codes[1]) < 0.6 < np.linalg.norm(codes[0] - codes[2])


def test_a_report_never_shows_a_face_that_leaked() -> None:
    shot = take(length=1).shots[0]
    assert (privacy.shown(shot, shot.frame.image) == 128).all()
    made, _ = Painted(cover).process(shot.frame, shot.seen)
    assert privacy.shown(shot, made) is made


class Counting:
    """An attacker that counts how often it had to look."""

    name = "counting"

    def __init__(self) -> None:
        self.looked = 0

    def embed(self, image: Image, eyes: Reading, crop: str, hidden: np.ndarray) -> np.ndarray:
        self.looked += 1
        return np.array([image.mean(), len(crop)], np.float64)


def test_what_the_recognizer_found_is_kept_for_the_next_run(tmp_path: Path) -> None:
    shots = take(length=3).shots
    jobs = [(s.frame.image, s.reading, crop, s.hidden()) for s in shots for crop in CROPS]
    store = tmp_path / "kept" / "marks.db"
    first = Counting()
    one = Remembering(first, store)
    codes = one.embed_many([*jobs, *jobs])
    assert first.looked == len(jobs)
    assert (one.embed(*jobs[0]) == codes[0]).all()
    one.close()
    second = Counting()
    again = Remembering(second, store)
    assert np.array_equal(again.embed_many(jobs), codes[: len(jobs)])
    assert second.looked == 0
    changed = (255 - jobs[0][0], *jobs[0][1:])
    assert again.embed(*changed)[0] != codes[0][0]
    assert second.looked == 1
    again.close()
    other = Counting()
    other.name = "another recognizer"
    third = Remembering(other, store)
    third.embed(*jobs[0])
    assert other.looked == 1
    third.close()
    store.write_bytes(b"no database" * 100)
    with pytest.raises(DeepcamError, match="cannot be used"):
        Remembering(first, store)


def test_several_processes_say_the_same() -> None:
    pytest.importorskip("face_recognition", reason="the recognizer is not installed")
    attacker = DlibAttacker()
    attacker._workers._count = 2
    shots = take(length=12).shots
    jobs = [(s.frame.image, s.reading, "standard", s.hidden()) for s in shots]
    try:
        many = attacker.embed_many(jobs)
        assert np.allclose(many[3], attacker.embed(*jobs[3]), atol=1e-6)
        assert len(many) == 12
        assert attacker._workers._pool is not None
    finally:
        attacker.close()
