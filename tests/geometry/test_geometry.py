"""Pose, filters, rasteriser and the population's face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepcam.frames import Pose
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.fill import pull_push
from deepcam.geometry.one_euro import OneEuro, RotationFilter, matrix, quaternion
from deepcam.geometry.pose import fit_pose, head_outline, project, to_head, umeyama
from deepcam.geometry.raster import rasterise
from deepcam.geometry.topology import EYE_LEFT, EYE_RIGHT, LIPS_INNER, OVAL

angles = st.floats(-1.0, 1.0)


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    q = np.array([1.0, 0, 0, 0])
    for axis, angle in ((2, yaw), (1, pitch), (3, roll)):
        h = np.zeros(4)
        h[0], h[axis] = np.cos(angle / 2), np.sin(angle / 2)
        w, v = q[0] * h[0] - q[1:] @ h[1:], q[0] * h[1:] + h[0] * q[1:] + np.cross(q[1:], h[1:])
        q = np.concatenate([[w], v])
    return matrix(q)


@given(angles, angles, angles, st.floats(0.1, 300), st.floats(-500, 2000))
@settings(max_examples=60, deadline=None)
def test_pose_is_found_again(yaw: float, pitch: float, roll: float, s: float, t: float) -> None:
    basis = FaceBasis.load()
    pose = Pose(s, rotation(yaw, pitch, roll), np.array([t, -t]))
    points = s * basis.mean.astype(np.float64) @ pose.rotation.T
    points[:, :2] += pose.translation
    found = fit_pose(points, basis)
    assert found.scale == pytest.approx(s, rel=1e-6)
    assert np.allclose(found.rotation, pose.rotation, atol=1e-6)
    assert np.allclose(found.translation, pose.translation, atol=1e-4 * s)
    head = to_head(points, found)
    assert np.abs(head - basis.mean).max() < 1e-4


def test_umeyama_refuses_what_has_no_pose() -> None:
    with pytest.raises(ValueError, match="coincide"):
        umeyama(np.zeros((5, 3)), np.ones((5, 3)))
    bad = np.random.default_rng(0).normal(size=(5, 3))
    bad[2, 1] = np.nan
    with pytest.raises(ValueError, match="finite"):
        umeyama(bad, np.ones((5, 3)))


@given(angles, angles, angles)
@settings(max_examples=60, deadline=None)
def test_quaternion_round_trip(yaw: float, pitch: float, roll: float) -> None:
    r = rotation(yaw, pitch, roll)
    assert np.allclose(matrix(quaternion(r)), r, atol=1e-9)


def plane_cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of vectors (..., 2), which numpy's own takes no more since 2.5."""
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def test_mean_face_is_symmetrical_and_uv_injective() -> None:
    basis = FaceBasis.load()
    assert np.array_equal(basis.mirror[basis.mirror], np.arange(468))
    mirrored = basis.mean[basis.mirror] * np.array([-1, 1, 1])
    assert np.abs(mirrored - basis.mean).max() < 1e-5
    assert len(basis.triangles) == 852
    a, b, c = (basis.uv[basis.triangles[:, k]].astype(np.float64) for k in range(3))
    area = plane_cross(b - a, c - a)
    assert (area > 0).all() or (area < 0).all()
    # Four boundaries: the oval, the mouth and two eyes, of the known lengths.
    edges = {(t[k], t[(k + 1) % 3]) for t in basis.triangles.tolist() for k in range(3)}
    rim = {a for a, b in edges if (b, a) not in edges}
    expected = set(OVAL) | set(LIPS_INNER) | set(EYE_LEFT) | set(EYE_RIGHT)
    assert rim == {int(i) for i in expected}


@given(angles, angles, st.floats(20, 200))
@settings(max_examples=40, deadline=None)
def test_outline_holds_the_mean_face_and_ignores_the_wearer(
    yaw: float, pitch: float, s: float
) -> None:
    import cv2

    basis = FaceBasis.load()
    pose = Pose(s, rotation(yaw, pitch, 0.2), np.array([300.0, 300.0]))
    outline = head_outline(pose, basis)
    for x, y, _ in project(basis.mean, pose)[::5]:
        assert cv2.pointPolygonTest(outline, (float(x), float(y)), True) >= -1e-2
    wider = head_outline(pose, basis, 1.25)
    assert cv2.contourArea(wider) > 1.2 * cv2.contourArea(outline)


def test_one_euro_holds_still_and_follows() -> None:
    rng = np.random.default_rng(1)
    calm = OneEuro(1.0, 8.0)
    noisy = rng.normal(0, 0.01, (300, 3))
    out = np.array([calm(v, k / 30) for k, v in enumerate(noisy)])
    assert out[60:].std() < 0.5 * noisy.std()
    fast = OneEuro(1.0, 8.0)
    ramp = np.array([fast(np.array([k / 30 * 3.0]), k / 30)[0] for k in range(60)])
    assert abs(ramp[-1] - 59 / 30 * 3.0) < 0.15
    assert fast(np.array([100.0]), 60.0)[0] == 100.0  # a gap of a minute starts anew


def test_rotation_filter_gives_rotations() -> None:
    f = RotationFilter(1.0, 8.0)
    for k in range(50):
        r = f(rotation(0.03 * k, -0.02 * k, 0.06 * k), k / 30)
        assert np.allclose(r @ r.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(r) == pytest.approx(1.0)


def test_rasteriser_agrees_with_the_plane_equation() -> None:
    points = np.array([[2, 3, 5], [50, 10, 1], [20, 60, 9]], np.float32)
    attributes = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    out = np.zeros((64, 64, 2), np.float32)
    depth = np.full((64, 64), np.inf, np.float32)
    kind = np.zeros((64, 64), np.int32)
    tri, seven = np.array([[0, 1, 2]], np.int32), np.array([7], np.int32)
    rasterise(points, attributes, tri, seven, out, depth, kind)
    ys, xs = np.nonzero(kind)
    u, v = out[ys, xs].T
    back = points[0] * (1 - u - v)[:, None] + points[1] * u[:, None] + points[2] * v[:, None]
    assert np.abs(back[:, 0] - xs).max() < 1e-3
    assert np.abs(back[:, 1] - ys).max() < 1e-3
    assert np.abs(back[:, 2] - depth[ys, xs]).max() < 1e-4
    area = 0.5 * abs(plane_cross(points[1, :2] - points[0, :2], points[2, :2] - points[0, :2]))
    assert abs((kind == 7).sum() - area) < 60
    # A nearer triangle wins, in either order.
    nearer = points - np.array([0, 0, 20], np.float32)
    rasterise(nearer, attributes, tri, np.array([8], np.int32), out, depth, kind)
    assert (kind == 7).sum() == 0
    rasterise(points, attributes, tri, seven, out, depth, kind)
    assert (kind == 7).sum() == 0


def test_pull_push_keeps_what_is_known_and_reads_nothing_else() -> None:
    rng = np.random.default_rng(2)
    colour = rng.random((48, 56, 3)).astype(np.float32)
    weight = np.ones((48, 56), np.float32)
    weight[10:40, 15:45] = 0
    filled = pull_push(colour, weight)
    assert np.allclose(filled[weight > 0], colour[weight > 0], atol=1e-6)
    other = colour.copy()
    other[weight == 0] = rng.random((int((weight == 0).sum()), 3))
    assert np.array_equal(pull_push(other, weight), filled)
    assert filled.min() >= -1e-5
    assert filled.max() <= 1 + 1e-5
    assert np.isfinite(pull_push(colour, np.zeros_like(weight))).all()


@pytest.mark.parametrize("shape", [(128, 128), (97, 131), (5, 3), (1, 7)])
def test_pull_and_push_are_burt_and_adelson(shape: tuple[int, int]) -> None:
    """Against OpenCV's pyramids, which follow the same paper."""
    rng = np.random.default_rng(4)
    known = (rng.random(shape) > 0.4).astype(np.float32)
    colour = rng.random((*shape, 3)).astype(np.float32)
    c, w, levels = colour * known[..., None], known, []
    while max(w.shape) > 2:
        levels.append((c, w))
        size = ((w.shape[1] + 1) // 2, (w.shape[0] + 1) // 2)
        small = cv2.pyrDown(w, dstsize=size).reshape(size[1], size[0])
        gain = np.minimum(1, 2 * small) / np.maximum(small, 1e-6)
        c = cv2.pyrDown(c, dstsize=size).reshape(size[1], size[0], 3) * gain[..., None]
        w = small * gain
    mean = c.sum((0, 1)) / w.sum()
    filled = c + (1 - w[..., None]) * mean
    for c, w in reversed(levels):
        up = cv2.pyrUp(filled.astype(np.float32), dstsize=(w.shape[1], w.shape[0]))
        filled = c + (1 - w[..., None]) * up.reshape(*w.shape, 3)
    assert np.allclose(pull_push(colour, known), filled, atol=1e-5)
