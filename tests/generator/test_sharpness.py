"""A face is as sharp as what is around it, and what lies under the mask is never looked at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepcam.frames import Face, Pose
from deepcam.generator.render import Renderer, window_matrix
from deepcam.generator.sharpness import blur_around
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline
from deepcam.identity.model import IdentityModel

POSE = Pose(50.0, np.eye(3), np.array([160.0, 120.0]))
OUTLINE = head_outline(POSE, FaceBasis.load())


def room(blur: float, seed: int = 0) -> np.ndarray:
    """Things with straight edges, as a camera with some ``blur`` (pixels) sees them."""
    rng = np.random.default_rng(seed)
    big = np.full((4 * 300, 4 * 320, 3), 128, np.uint8)
    for _ in range(90):
        corners = rng.integers(0, 1250, (3, 2))
        cv2.fillConvexPoly(big, corners, rng.integers(0, 256, 3).tolist())
    small = cv2.resize(big, (320, 300), interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), blur) if blur else small


def erased(image: np.ndarray, under: int = 0) -> tuple[np.ndarray, np.ndarray]:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round(OUTLINE).astype(np.int32), 255)
    out = image.copy()
    out[mask > 0] = under
    return out, mask


@pytest.mark.parametrize("blur", [0.0, 0.6, 0.8, 1.0, 1.3])
def test_the_blur_of_a_picture_is_found(blur: float) -> None:
    found = [blur_around(*erased(room(blur, seed)), OUTLINE) for seed in range(3)]
    assert all(f is not None for f in found)
    # Straight edges are softer than leaves and hair: a quarter of a pixel either way will do.
    assert np.median(found) == pytest.approx(blur, abs=0.25 if blur else 0.45)


def test_noise_does_not_make_a_picture_sharp_nor_blurred() -> None:
    noisy = room(0.8).astype(np.float64)
    noisy += np.random.default_rng(1).normal(0, 3, noisy.shape)
    found = blur_around(*erased(np.clip(noisy, 0, 255).astype(np.uint8)), OUTLINE)
    assert found == pytest.approx(0.7, abs=0.3)


def test_a_plain_wall_tells_nothing() -> None:
    wall = np.full((300, 320, 3), 140, np.uint8)
    assert blur_around(*erased(wall), OUTLINE) is None
    assert blur_around(wall[:6, :6], np.zeros((6, 6), np.uint8), OUTLINE) is None


@settings(max_examples=25, deadline=None)
@given(st.floats(-400, 700), st.floats(-400, 700), st.floats(0.1, 12), st.integers(0, 2**32 - 1))
def test_nothing_under_the_mask_takes_part(x: float, y: float, size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, mask = erased(room(0.7))
    other = one.copy()
    other[mask > 0] = rng.integers(0, 256, (int((mask > 0).sum()), 3))
    outline = (OUTLINE * np.float32(size) + np.array([x, y])).astype(np.float32)
    assert blur_around(one, mask, outline) == blur_around(other, mask, outline)


def detail(image: np.ndarray) -> float:
    return float(np.abs(cv2.Laplacian(image[60:240, 80:240], cv2.CV_32F)).mean())


def test_a_soft_face_has_less_detail_and_the_same_tone() -> None:
    renderer = Renderer(IdentityModel.load().sample(12))
    face = Face(1, 1.0, OUTLINE, POSE)
    straight = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    made = [
        renderer.draw(face, window_matrix(face, straight), (320, 300), blur=s).colour
        for s in (0.0, 0.6, 1.2)
    ]
    assert detail(made[0]) > 1.1 * detail(made[1]) > 1.2 * detail(made[2])
    assert np.abs(made[0].mean((0, 1)) - made[2].mean((0, 1))).max() < 1.0
    again = renderer.draw(face, window_matrix(face, straight), (320, 300), blur=0.0).colour
    assert (again == made[0]).all()
