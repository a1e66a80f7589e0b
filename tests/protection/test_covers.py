"""Covers and the standby card: made of constants, and exactly where they belong."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import oval

from deepcam.frames import Frame
from deepcam.frames.outlines import whole_head
from deepcam.protection.covers import draw_cover
from deepcam.protection.erase import erase


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (72, 96, 3), np.uint8)


@given(st.floats(-20, 110), st.floats(-20, 90), st.floats(2, 80))
@settings(max_examples=80, deadline=None)
def test_a_cover_is_where_the_eraser_was_and_does_not_depend_on_the_picture(
    x: float, y: float, side: float
) -> None:
    outline = whole_head(oval(x, y, side))
    images = [noise(1), noise(2)]
    mask = erase(Frame(images[0], 0.0, 0), [outline]).mask > 0
    covers = []
    for image in images:
        out = image.copy()
        draw_cover(out, outline)
        np.testing.assert_array_equal(out[~mask], image[~mask])
        covers.append(out[mask])
    np.testing.assert_array_equal(covers[0], covers[1])
    if mask.any():
        assert covers[0].min() > 60, "a cover is a calm light tone"


def test_opacity_blends_and_spare_is_left_alone() -> None:
    outline = oval(48, 36, 40)
    image = np.zeros((72, 96, 3), np.uint8)
    half, full = image.copy(), image.copy()
    draw_cover(full, outline)
    draw_cover(half, outline, 0.5)
    assert np.abs(half.astype(int) * 2 - full).max() <= 2
    none = image.copy()
    draw_cover(none, outline, 0.0)
    assert not none.any()
    spare = np.zeros((72, 96), np.uint8)
    spare[:, :48] = 255
    part = image.copy()
    draw_cover(part, outline, 1.0, spare)
    assert not part[:, :48].any()
    np.testing.assert_array_equal(part[:, 48:], full[:, 48:])
