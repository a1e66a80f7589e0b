"""Grain at a texture's rim: as strong as the skin's, and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np

from deepcam.identity.grain import add_grain, radius_map


def rough(image: np.ndarray, where: np.ndarray) -> float:
    fine = image - cv2.GaussianBlur(image, (0, 0), 3)
    return float(fine[where].std())


def test_a_smooth_rim_gets_the_skins_grain() -> None:
    rng = np.random.default_rng(0)
    radius = radius_map(512)
    skin = 150 + 12 * cv2.GaussianBlur(rng.standard_normal((512, 512), np.float32), (0, 0), 1.2)
    grey = np.where(radius < 0.78, skin, 150).astype(np.float32)
    texture = np.repeat(grey[..., None], 3, 2)
    done = add_grain(texture, rng)[..., 0]
    inner, rim = (radius > 0.3) & (radius < 0.7), radius > 0.95
    assert np.abs(done - texture[..., 0])[radius < 0.73].max() < 1e-3
    assert rough(texture[..., 0], rim) < 0.1
    assert 0.3 < rough(done, rim) / rough(done, inner) < 1.1


def test_smooth_skin_stays_smooth_and_seeds_repeat() -> None:
    plain = np.full((192, 192, 3), 120, np.float32)
    assert np.abs(add_grain(plain, np.random.default_rng(1)) - plain).max() < 1e-3
    noisy = plain + np.random.default_rng(2).normal(0, 5, plain.shape).astype(np.float32)
    first, again = (add_grain(noisy, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, add_grain(noisy, np.random.default_rng(4)))
