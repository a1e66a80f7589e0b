"""Coloured light: when it is there, its colour, and the picture without it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepcam.frames.light import DARKEST, colour_of, tint_of, whitened

SHARES = st.floats(0.0, 1.0)


def white(seed: int = 0) -> np.ndarray:
    """Things in white light, light and dark, in the muted colours that most things have."""
    rng = np.random.default_rng(seed)
    light, colour = rng.uniform(0, 190, (90, 120, 1)), rng.uniform(0.75, 1.2, (90, 120, 3))
    return (light * colour).astype(np.uint8)


def lit(lamp: tuple[float, float, float], seed: int = 0) -> np.ndarray:
    return (white(seed) * np.array(lamp)).astype(np.uint8)


NOTHING = np.zeros((90, 120), np.uint8)


def test_white_and_warm_light_are_left_alone() -> None:
    for lamp in ((1.0, 1.0, 1.0), (0.7, 0.85, 1.0), (1.0, 0.9, 0.75)):
        assert np.array_equal(colour_of(lit(lamp), NOTHING), np.ones(3, np.float32))


@given(SHARES, SHARES, st.integers(0, 100))
def test_a_lamps_colour_is_found_and_taken_off(blue: float, green: float, seed: int) -> None:
    lamp = (0.4 * blue, green, 1.0)
    colour = colour_of(lit(lamp, seed), NOTHING)
    assert colour.max() == 1
    assert colour == pytest.approx(np.maximum(lamp, DARKEST), abs=0.06)
    image = whitened(lit(lamp, seed), colour)
    seen = np.array(lamp) > 0.15  # what was nearly black comes back only in steps
    off = np.abs(image.astype(int) - white(seed))[..., seen]
    assert off.mean() < 14


@given(SHARES, SHARES, SHARES)
def test_light_is_the_more_coloured_the_weaker_its_weakest_channel(
    a: float, b: float, c: float
) -> None:
    channels = np.array([a, b, c])
    assert 0 <= tint_of(channels) <= 1
    weaker = channels.copy()
    weaker[channels.argmin()] *= 0.5
    if channels.max() > 1e-3 and channels.min() < channels.max():
        assert tint_of(weaker) >= tint_of(channels) - 1e-9
    assert tint_of(np.ones(3)) == 0
    assert tint_of(np.array([0.0, 0.0, 1.0])) == 1


@pytest.mark.parametrize("wall", [(40, 190, 50), (200, 60, 20), (30, 30, 180)])
@pytest.mark.parametrize("cloth", [(12, 10, 10), (90, 40, 40), (60, 130, 60)])
def test_a_wall_of_one_colour_is_no_coloured_light(
    wall: tuple[int, int, int], cloth: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(1)
    image = np.array(wall) * rng.uniform(0.85, 1.1, (90, 120, 1)) * np.ones(3)
    image[50:, 30:90] = np.array(cloth) * rng.uniform(0.6, 1.3, (40, 60, 1))
    image = image.clip(0, 255).astype(np.uint8)
    mask = NOTHING.copy()
    mask[15:60, 45:75] = 255
    assert np.array_equal(colour_of(image, mask), np.ones(3, np.float32))


def test_what_is_under_the_mask_is_not_asked() -> None:
    image, mask = lit((1.0, 1.0, 1.0)), NOTHING.copy()
    mask[20:70, 30:90] = 255
    image[mask > 0] = (255, 0, 0)
    assert np.array_equal(colour_of(image, mask), np.ones(3, np.float32))
    assert np.array_equal(colour_of(image, np.full_like(mask, 255)), np.ones(3, np.float32))
