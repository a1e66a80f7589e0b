"""In a picture without colours nobody wears a coloured face."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepcam.frames import LUMA, Face, Frame, Pose
from deepcam.generator import Generator, monochrome
from deepcam.generator.monochrome import BEGIN, STILL, put_on, tones_of
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline
from deepcam.identity.model import IdentityModel
from deepcam.protection.erase import erase

SEPIA = np.array([-14.0, -1.0, 7.0])


def room(seed: int, size: tuple[int, int] = (300, 320)) -> np.ndarray:
    """A smooth picture (h, w) of all brightnesses."""
    rough = np.random.default_rng(seed).uniform(20, 235, (6, 8)).astype(np.float32)
    return cv2.resize(rough, size[::-1], interpolation=cv2.INTER_CUBIC).clip(10, 245)


@given(seed=st.integers(0, 1000), tone=st.sampled_from([0.0, 1.0]))
def test_one_tone_is_recognised_and_colours_are_not(seed: int, tone: float) -> None:
    grey = room(seed)
    mask = np.zeros(grey.shape, np.uint8)
    image = np.clip(grey[..., None] + tone * SEPIA, 0, 255).astype(np.uint8)
    tones = tones_of(image, mask, BEGIN)
    assert tones is not None
    middle = np.arange(60, 190)
    light = tones[middle].astype(float) @ LUMA
    np.testing.assert_allclose(light, middle + tone * float(SEPIA @ LUMA), atol=4)
    away = tones[middle].astype(float) - middle[:, None]
    assert np.abs(away.mean(0) - tone * SEPIA).max() < 4
    # A scarf of two hundredths of the picture is enough.
    image[:60, :40] = (90, 115, 150)
    assert tones_of(image, mask, STILL) is None


@pytest.mark.parametrize("colour", [(220, 0, 0), (40, 160, 40), (128, 128, 128), (90, 115, 150)])
def test_a_wall_of_one_colour_is_no_toned_picture(colour: tuple[int, int, int]) -> None:
    wall = np.full((200, 300, 3), colour, np.uint8)
    assert tones_of(wall, np.zeros((200, 300), np.uint8), STILL) is None
    light = np.linspace(0.3, 1, 300)[None, :, None]  # a lamp from one side
    lit = (wall * light).astype(np.uint8)
    found = tones_of(lit, np.zeros((200, 300), np.uint8), STILL)
    assert found is None or np.ptp(np.array(colour)) < 80


def test_what_is_under_the_mask_says_nothing() -> None:
    grey = np.repeat(room(1).astype(np.uint8)[..., None], 3, 2)
    mask = np.zeros(grey.shape[:2], np.uint8)
    mask[80:220, 90:230] = 255
    other = grey.copy()
    other[mask > 0] = (40, 90, 220)
    np.testing.assert_array_equal(tones_of(grey, mask, BEGIN), tones_of(other, mask, BEGIN))
    assert tones_of(grey, np.full_like(mask, 255), STILL) is None


def test_only_the_region_is_toned() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    before, region = image.copy(), np.zeros((10, 12), np.uint8)
    region[2:8, 3:9] = 255
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
    put_on(image, region, (5, 7), grey)
    inside = np.zeros(image.shape[:2], bool)
    inside[7:17, 5:17] = region > 0
    np.testing.assert_array_equal(image[~inside], before[~inside])
    assert (np.ptp(image[inside].astype(int), axis=1) == 0).all()
    assert np.abs(image[inside][:, 0] - before[inside].astype(float) @ LUMA).max() <= 0.51


@pytest.mark.parametrize("still", [True, False])
def test_a_painted_face_is_grey_where_the_picture_is(still: bool) -> None:
    generator = Generator(still=still, network="none")
    pose = Pose(60.0, np.eye(3), np.array([160.0, 130.0]))
    who = Face(1, 1.0, head_outline(pose, FaceBasis.load()), pose)
    worn = IdentityModel.load().sample(5)
    plan = SimpleNamespace(
        track=1, outline=who.outline, face=who, kind=SimpleNamespace(value="generate")
    )

    def saturation(image: np.ndarray) -> float:
        masked = erase(Frame(image, 0.0, 0), [who.outline])
        generator.paint(masked, [plan], {1: worn})
        inside = masked.image[masked.mask > 0].astype(int)
        return float(np.percentile(np.ptp(inside, axis=1), 99))

    grey = np.repeat(room(3).astype(np.uint8)[..., None], 3, 2)
    assert saturation(grey) <= 1
    warm = np.clip(grey + np.random.default_rng(2).normal(0, 12, grey.shape), 0, 255)
    for _ in range(generator._policy.tones_every):
        found = saturation(warm.astype(np.uint8))
    assert found > 15
    assert monochrome.BEGIN < monochrome.END < monochrome.STILL
