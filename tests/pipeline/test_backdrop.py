"""What is behind people is hidden, whatever the segmentation says, and no painted face with it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import people

from deepcam.errors import DeepcamError
from deepcam.frames import Image, Mask, Persons
from deepcam.pipeline import backdrop
from deepcam.pipeline.backdrop import Backdrop

SIZE = (320, 180)


def room(seed: int = 0) -> tuple[Image, Mask]:
    """A picture full of detail, and a mask in its middle."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    cv2.circle(mask, (160, 60), 30, (255,), -1)
    return image, mask


def detail(image: Image) -> float:
    return float(np.abs(np.diff(image.astype(np.float32), axis=1)).mean())


def test_the_room_is_blurred_and_the_person_is_not() -> None:
    image, mask = room()
    before = image.copy()
    Backdrop("blur").lay(image, mask, lambda: people(SIZE, [(160, 60, 60)], (80, 45)))
    np.testing.assert_array_equal(image[mask > 0], before[mask > 0])
    np.testing.assert_array_equal(image[120:, 150:170], before[120:, 150:170])  # the body
    assert detail(image[:, :60]) < 0.1 * detail(before[:, :60])


@pytest.mark.parametrize("answer", ["none", "raises", "nan"])
def test_without_a_silhouette_all_but_the_faces_is_hidden(answer: str) -> None:
    image, mask = room()
    before = image.copy()

    def persons() -> Persons | None:
        if answer == "raises":
            raise RuntimeError("raw pixels 1 2 3")
        bad = Persons(np.full((45, 80), np.nan, np.float32))
        return None if answer == "none" else bad

    Backdrop("#204060").lay(image, mask, persons)
    np.testing.assert_array_equal(image[mask > 0], before[mask > 0])
    away = cv2.dilate(mask, np.ones((61, 61), np.uint8)) == 0
    assert (image[away] == (0x60, 0x40, 0x20)).all()


@given(st.integers(0, 1000), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_painted_pixels_never_change(seed: int, level: float) -> None:
    image, mask = room(seed)
    before = image.copy()
    grid = np.full((45, 80), level, np.float32)
    Backdrop("blur").lay(image, mask, lambda: Persons(grid))
    np.testing.assert_array_equal(image[mask > 0], before[mask > 0])


def test_an_own_picture_fills_the_room(tmp_path: Path) -> None:
    own = tmp_path / "own.png"
    cv2.imwrite(str(own), np.full((50, 50, 3), (9, 200, 9), np.uint8))
    image, mask = room()
    Backdrop(str(own)).lay(image, mask, lambda: None)
    assert (image[5, 5] == (9, 200, 9)).all()
    with pytest.raises(DeepcamError):
        Backdrop(str(tmp_path / "missing.png"))


@pytest.mark.parametrize("choice", ["", "plain", "back-soon", "red", "#12345", "blurry"])
def test_what_is_no_choice_is_refused(choice: str) -> None:
    with pytest.raises(DeepcamError, match="background"):
        backdrop.check(choice)
