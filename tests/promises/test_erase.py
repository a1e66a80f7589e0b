"""The eraser: everything an outline touches is gone, and it is the only door."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deepcam
from deepcam.frames import Frame
from deepcam.frames.outlines import PAD, hull, spans, whole_head
from deepcam.protection.erase import erase

H, W = 30, 40
coordinate = st.floats(-30, 70, width=32)
polygons = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9)


def touched(outline: np.ndarray, pad: float) -> np.ndarray:
    """(H, W) whether each pixel's square, widened by ``pad``, meets the convex hull of ``outline``;
    by the separating axis theorem, unlike the code under test."""
    points = hull([outline]).astype(np.float64)
    y, x = np.mgrid[:H, :W].astype(np.float64)
    reach = 0.5 + pad
    corners = np.stack(
        [np.stack([x + i * reach, y + j * reach], -1) for i in (-1, 1) for j in (-1, 1)], -2
    )
    edges = np.roll(points, -1, 0) - points
    axes = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    axes += [np.array([-e[1], e[0]]) for e in edges if np.hypot(*e) > 1e-9]
    meets = np.ones((H, W), bool)
    for axis in axes:
        mine, theirs = points @ axis, corners @ axis
        meets &= (theirs.max(-1) >= mine.min()) & (theirs.min(-1) <= mine.max())
    return meets


def noise(seed: int = 0, height: int = H, width: int = W) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 256, (height, width, 3), np.uint8)


@given(polygons)
@settings(max_examples=300, deadline=None)
def test_every_touched_pixel_and_two_around_are_erased(polygon: list[tuple[float, float]]) -> None:
    outline = hull([np.array(polygon, np.float32)])
    image = noise()
    masked = erase(Frame(image, 0.0, 0), [outline])
    gone = masked.mask == 255
    assert set(np.unique(masked.mask)) <= {0, 255}
    assert not (touched(outline, PAD) & ~gone).any(), "a touched pixel was kept"
    assert not (gone & ~touched(outline, PAD + 0.02)).any(), "more than two pixels around are gone"
    assert not masked.image[gone].any()
    np.testing.assert_array_equal(masked.image[~gone], image[~gone])


@given(polygons, polygons)
@settings(max_examples=50, deadline=None)
def test_several_outlines_erase_their_union(a: list, b: list) -> None:
    frame = Frame(noise(), 0.0, 0)
    one, two = np.array(a, np.float32), np.array(b, np.float32)
    both = erase(frame, [one, two]).mask
    np.testing.assert_array_equal(both, erase(frame, [one]).mask | erase(frame, [two]).mask)


def test_result_shares_no_memory_and_the_raw_picture_stays() -> None:
    image = noise()
    before = image.copy()
    masked = erase(Frame(image, 1.5, 7), [np.array([[5, 5], [9, 5], [7, 9]], np.float32)])
    assert not np.shares_memory(masked.image, image)
    np.testing.assert_array_equal(image, before)
    assert (masked.time, masked.number) == (1.5, 7)


def test_no_outline_copies() -> None:
    image = noise()
    masked = erase(Frame(image, 0.0, 0), [])
    np.testing.assert_array_equal(masked.image, image)
    assert not np.shares_memory(masked.image, image)
    assert not masked.mask.any()


@pytest.mark.parametrize(
    "outline",
    [
        [[0, 0], [1, 1]],
        [[0, 0], [np.nan, 1], [2, 2]],
        [[0, 0], [np.inf, 1], [2, 2]],
        [[0, 0], [1e9, 1], [2, 2]],
        [[0, 0, 0], [1, 1, 1], [2, 2, 2]],
        [],
    ],
)
def test_unusable_outlines_raise(outline: list) -> None:
    with pytest.raises(ValueError, match="outline"):
        erase(Frame(noise(), 0.0, 0), [np.array(outline, np.float32)])


def test_degenerate_outlines_still_erase() -> None:
    point = np.full((3, 2), 10.0, np.float32)
    mask = erase(Frame(noise(), 0.0, 0), [point]).mask
    assert mask[8:13, 8:13].all()
    assert mask.sum() == 25 * 255
    outside = np.array([[-50, -50], [-40, -50], [-45, -40]], np.float32)
    assert not erase(Frame(noise(), 0.0, 0), [outside]).mask.any()
    everywhere = np.array([[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6], [-1e6, 1e6]], np.float32)
    assert erase(Frame(noise(), 0.0, 0), [everywhere]).mask.all()


@pytest.mark.parametrize(
    "image",
    [
        None,
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((8, 8, 3), np.uint8)[::2],
    ],
)
def test_unusable_pictures_raise(image: object) -> None:
    with pytest.raises(ValueError, match="picture"):
        erase(Frame(image, 0.0, 0), [])  # type: ignore[arg-type]


@given(polygons, st.floats(-90, 90))
@settings(max_examples=100, deadline=None)
def test_a_whole_head_holds_its_face(polygon: list, roll: float) -> None:
    outline = hull([np.array(polygon, np.float32)])
    small = spans(outline, H, W, 0)
    large = spans(whole_head(outline, roll), H, W, 0)
    inside = np.zeros((H, W), bool)
    for k, (low, high) in enumerate(large[1]):
        inside[large[0] + k, low : high + 1] = True
    for k, (low, high) in enumerate(small[1]):
        assert inside[small[0] + k, low : high + 1].all()


def test_nothing_else_builds_a_masked_frame() -> None:
    """``MaskedFrame`` is constructed in ``protection/erase.py`` only, however it is imported."""
    root = Path(deepcam.__file__).parent
    found = []
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text())
        names = {"MaskedFrame"}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names |= {a.asname for a in node.names if a.name == "MaskedFrame" and a.asname}
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
                last = getattr(node.value, "id", getattr(node.value, "attr", ""))
                assert last != "MaskedFrame", f"{path.name} renames MaskedFrame"
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if called in names:
                    found.append(str(path.relative_to(root)))
                if called in {"replace", "__new__", "cast", "copy", "deepcopy"}:
                    text = ast.unparse(node).lower()
                    assert "masked" not in text, f"{path.name}: {text}"
    assert found == ["protection/erase.py"]
