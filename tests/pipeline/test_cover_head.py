"""``--cover head``: everything under the larger mask is erased, and hair is drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scenes import identity, people, rotation
from typer.testing import CliRunner

from deepcam.app.settings import parse
from deepcam.frames import Face, Frame, Persons, Points, Pose
from deepcam.generator.hair import Surroundings, draw_hair, hair_of, whole_outline
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline, project
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings
from deepcam.protection.erase import erase

SIZE = (320, 240)


def person(yaw: float = 0.0) -> Face:
    pose = Pose(26.0, rotation(yaw, 5.0), np.array([150.0, 120.0]))
    return Face(1, 0.9, head_outline(pose, FaceBasis.load()), pose)


class Always:
    def __init__(self, face: Face) -> None:
        self.face = face

    def process(self, frame: Frame) -> tuple[Face, ...]:
        return (self.face,)

    def persons(self, frame: Frame) -> Persons:
        return people(SIZE, [(150, 120, 60)], (64, 48))

    def likely(self, frame: Frame, place: Points) -> bool:
        return True

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def perform(picture: np.ndarray, cover: str, frames: int = 5) -> np.ndarray:
    from deepcam.generator import Generator

    anonymizer = Anonymizer(
        AnonymizerSettings(live=False, session_seed=1, warm_up=0, cover=cover),  # type: ignore[arg-type]
        tracker=Always(person()),
        generator=Generator(network="none"),
        sample=identity,
    )
    for n in range(frames):
        safe = anonymizer.process(Frame(picture, n / 30, n))
    assert safe.generated == 1
    return safe.image


def inside(outline: np.ndarray) -> np.ndarray:
    mask = np.zeros(SIZE[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.round(outline).astype(np.int32), 255)
    return mask > 0


def test_noise_under_the_larger_mask_changes_no_bit() -> None:
    rng = np.random.default_rng(1)
    picture = np.full((240, 320, 3), 120, np.uint8)
    picture[:, :, 0] = np.linspace(60, 200, 320).astype(np.uint8)
    noisy = picture.copy()
    pose = person().pose
    assert pose is not None
    under = inside(whole_outline(pose))
    noisy[under] = rng.integers(0, 256, (int(under.sum()), 3), np.uint8)
    first = perform(picture, "head")
    np.testing.assert_array_equal(first, perform(noisy, "head"))
    # The same noise shows where only the face is replaced.
    assert (perform(noisy, "face") != first).any()


@pytest.mark.parametrize("yaw", [0.0, 25.0, -40.0])
def test_ears_lie_in_the_outline(yaw: float) -> None:
    face = person(yaw)
    assert face.pose is not None
    ears = np.array([[x, y, 0.95] for x in (-1.35, 1.35) for y in (-0.3, 0.7)])
    outline = whole_outline(face.pose)
    for x, y in project(ears, face.pose)[:, :2]:
        assert cv2.pointPolygonTest(outline[:, None], (float(x), float(y)), False) > 0


def drawn(yaw: float) -> np.ndarray:
    face = person(yaw)
    assert face.pose is not None
    raw = Frame(np.full((240, 320, 3), 120, np.uint8), 0.0, 0)
    masked = erase(raw, [whole_outline(face.pose)])
    around = Surroundings(masked.image, masked.mask, face)
    draw_hair(masked.image, masked.mask, face, identity(3), around)
    assert (masked.image[masked.mask == 0] == 120).all()
    return masked.image


def test_strands_turn_with_the_head() -> None:
    """What is drawn at a point of the crown moves to where that point goes."""
    first, second = drawn(0.0), drawn(30.0)
    np.testing.assert_array_equal(first, drawn(0.0))
    # The shell's side half way to the ear, above the hairline.
    around = np.radians(np.linspace(-30, 65, 40))
    up = 1.6
    wide = np.sqrt(1 - (up / 2.12) ** 2)
    from deepcam.generator import hair

    points = np.stack(
        [1.5 * wide * np.sin(around), np.full(40, hair._middle()[0] - up),
         0.95 - 1.55 * wide * np.cos(around)], 1
    )  # fmt: skip

    def tones(image: np.ndarray, yaw: float) -> np.ndarray:
        pose = person(yaw).pose
        assert pose is not None
        flat = project(points, pose)[:, :2]
        grey = cv2.GaussianBlur(image, (3, 3), 0).mean(2).astype(np.float32)
        return cv2.remap(grey, flat[:, :1].copy(), flat[:, 1:].copy(), cv2.INTER_LINEAR)[:, 0]

    a, b = tones(first, 0.0), tones(second, 30.0)
    middle = slice(8, 36)
    assert np.corrcoef(a[middle], b[middle])[0, 1] > 0.5


def test_hair_follows_from_the_seed() -> None:
    assert hair_of(identity(5)) == hair_of(identity(5))
    assert len({hair_of(identity(n)).style for n in range(20)}) == 3


def test_settings_and_options() -> None:
    made, said = parse({"cover": "head"})
    assert made.cover == "head"
    assert not said
    assert parse({"cover": "hat"})[1]
    from deepcam.cli import app

    result = CliRunner().invoke(app, ["anonymize", "--cover", "hat", "x", "-o", "y"])
    assert result.exit_code == 2


def test_no_wall_shows_through_the_forehead() -> None:
    """The head's surroundings are the wall: where the fringe parts there must be skin."""
    from deepcam.generator import Generator
    from deepcam.identity.model import IdentityModel
    from deepcam.protection.plans import Kind, Plan

    face, somebody = person(), IdentityModel.load().sample(3)
    assert face.pose is not None
    wall = np.zeros((240, 320, 3), np.uint8)
    wall[..., 0] = 220  # blue
    top = FaceBasis.load().mean[10]  # of the forehead
    line = [top - (x, 0.04, 0.0) for x in np.linspace(-0.25, 0.25, 9)]
    above = project(np.array(line, np.float64), face.pose)
    x, y = np.round(above[:, :2]).astype(int).T
    bluer = []
    for whole_head in (False, True):
        masked = erase(Frame(wall, 0.0, 0), [whole_outline(face.pose)])
        generator = Generator("cpu", 1, "small", still=True, whole_head=whole_head)
        generator.paint(masked, [Plan(1, Kind.GENERATE, face.outline, face)], {1: somebody})
        skin = masked.image[y, x].astype(int)
        bluer.append(float((skin[:, 0] - skin[:, 2]).mean()))
    assert bluer[1] < bluer[0] - 20
    assert bluer[1] < 0


def test_two_threads_draw_the_same_hair() -> None:
    from deepcam.runtime.cores import Pair

    face = person()
    assert face.pose is not None
    pictures = []
    for pair in (None, Pair("test")):
        masked = erase(
            Frame(np.full((240, 320, 3), 120, np.uint8), 0.0, 0), [whole_outline(face.pose)]
        )
        around = Surroundings(masked.image, masked.mask, face)
        draw_hair(masked.image, masked.mask, face, identity(3), around, pair)
        pictures.append(masked.image)
    np.testing.assert_array_equal(*pictures)
