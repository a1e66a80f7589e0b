"""Lids, gaze and the neutral face on synthetic series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tracking_faces import landmarks, pose_at, rotation

from deepcam.geometry.basis import FaceBasis
from deepcam.tracking.measure import (
    GAZE_LIMIT,
    LidScale,
    dead_zone,
    eye_aspect,
    gaze_offset,
    gaze_rest,
    join_lids,
)
from deepcam.tracking.neutral import LIMIT, Neutral

BASIS = FaceBasis.load()


@given(hi=st.floats(0.15, 0.45), closed=st.floats(0.2, 0.4), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_blinks_close_and_rest_is_open(hi: float, closed: float, seed: int) -> None:
    """Wide and narrow eyes alike: relaxed is 1, a blink is 0, after 20 s."""
    rng = np.random.default_rng(seed)
    scale = LidScale()
    for k in range(600):
        blink = k % 120 < 4
        scale.observe(hi * (closed if blink else 1.0) + rng.normal(0, 0.01 * hi))
    assert scale.openness(hi, 0.3) == pytest.approx(1.0, abs=0.12)
    assert scale.openness(hi * closed, 0.3) < 0.12


@given(hi=st.floats(0.2, 0.4), n=st.integers(0, 900), wrong=st.floats(0.8, 1.2))
@settings(max_examples=40, deadline=None)
def test_somebody_who_never_blinked_is_not_asleep(hi: float, n: int, wrong: float) -> None:
    """Also in the first frames, where the guess may be a fifth off."""
    scale = LidScale()
    for _ in range(n):
        scale.observe(hi)
    assert scale.openness(hi, wrong * hi) > 0.65
    assert scale.openness(0.3 * hi, wrong * hi) < 0.15
    lo, high = scale.limits(wrong * hi)
    assert 0.119 * high <= lo <= 0.421 * high


@given(values=st.lists(st.floats(0, 2), max_size=60), x=st.floats(0, 2), guess=st.floats(0.1, 0.5))
def test_openness_keeps_its_range(values: list[float], x: float, guess: float) -> None:
    scale = LidScale()
    for v in values:
        scale.observe(v)
    assert 0.0 <= scale.openness(x, guess) <= 1.4


def test_a_late_first_blink_is_seen_at_once() -> None:
    scale = LidScale()
    for _ in range(300):
        scale.observe(0.3)
    assert scale.openness(0.08, 0.3) == 0.0


def test_lids_join_unless_it_is_a_wink() -> None:
    both = np.ones(2)
    assert np.allclose(join_lids(np.array([0.8, 1.0]), both), 0.9)
    assert np.allclose(join_lids(np.array([0.1, 1.0]), both), [0.1, 1.0])
    assert np.allclose(join_lids(np.array([0.1, 1.0]), np.array([0.0, 1.0])), 1.0)


@given(
    yaw=st.floats(-30, 30),
    pitch=st.floats(-20, 20),
    roll=st.floats(-60, 60),
    gx=st.floats(-0.2, 0.2),
    gy=st.floats(-0.1, 0.1),
)
@settings(max_examples=60, deadline=None)
def test_gaze_is_read_in_the_head_frame(
    yaw: float, pitch: float, roll: float, gx: float, gy: float
) -> None:
    pose = pose_at(640, 360, 80, yaw, pitch, roll)
    points = landmarks(BASIS, pose, gaze=(gx, gy))
    points[468:, 2] += 25.0  # the network's iris depth is noise
    got = gaze_offset(points, pose, gaze_rest(BASIS))
    assert np.allclose(got, [gx, gy, gx, gy], atol=0.03)


def test_gaze_is_limited() -> None:
    pose = pose_at(640, 360)
    got = gaze_offset(landmarks(BASIS, pose, gaze=(0.9, -0.9)), pose, gaze_rest(BASIS))
    assert np.allclose(np.abs(got), GAZE_LIMIT)


def test_the_mean_face_has_plausible_eyes() -> None:
    aspect = eye_aspect(BASIS.mean)
    assert aspect[0] == pytest.approx(aspect[1], rel=0.02)
    assert 0.2 < aspect[0] < 0.4


def head(shape: np.ndarray, expression: np.ndarray) -> np.ndarray:
    x = BASIS.mean + np.tensordot(shape, BASIS.shape, 1)
    return np.asarray(x + np.tensordot(expression, BASIS.expression, 1), np.float64)


@given(seed=st.integers(0, 10**6), yaw=st.floats(-40, 40), pitch=st.floats(-25, 25))
@settings(max_examples=25, deadline=None)
def test_expression_from_one_picture(seed: int, yaw: float, pitch: float) -> None:
    """Bad depth and turned heads included, a single frame says how the face moved: within 3 %
    of the distance of the eyes, proportions unknown; within 1.5 % once they are known."""
    rng = np.random.default_rng(seed)
    e = rng.normal(0, 1, len(BASIS.expression)).clip(-2, 2)
    turn = rotation(yaw, pitch)
    x = head(rng.normal(0, 0.7, len(BASIS.shape)), e)
    camera = x @ turn.T
    camera[:, 2] = camera[:, 2] * 1.1 + 0.1  # depth is a guess
    neutral = Neutral(BASIS)
    got = neutral.expression(camera @ turn, turn, 1.0, True, learn=False)
    assert np.abs(got).max() <= LIMIT
    assert neutral.residual < 0.03

    def error(coefficients: np.ndarray) -> float:
        wrong = np.tensordot(coefficients - e, BASIS.expression, 1) @ turn.T
        return float(np.sqrt((wrong[:, :2] ** 2).sum(1).mean()))

    assert error(got) < 0.03
    flat = Neutral(BASIS)
    own = camera - np.tensordot(e, BASIS.expression, 1) @ turn.T
    flat.expression(own @ turn, turn, 1.0, True, learn=False)
    assert error(flat.expression(camera @ turn, turn, 1.0, True, learn=False)) < 0.015


def test_proportions_leave_the_expression_with_time() -> None:
    """A face that the bases cannot explain as proportions: its rest becomes its neutral."""
    rng = np.random.default_rng(5)
    odd = 0.8 * rng.normal(0, 1, len(BASIS.expression))  # looks like an expression, always there
    own = head(rng.normal(0, 1, len(BASIS.shape)), odd)
    neutral = Neutral(BASIS)
    first = neutral.expression(own, np.eye(3), 1.0, True)
    for _ in range(150):
        rest = neutral.expression(own + rng.normal(0, 0.003, own.shape), np.eye(3), 1.0, True)
    assert np.linalg.norm(rest) < 0.45 * np.linalg.norm(first)
    move = np.zeros(len(BASIS.expression))
    move[0] = 2.0
    smile = own + np.tensordot(move, BASIS.expression, 1)
    moved = neutral.expression(smile, np.eye(3), 1.0, False)
    assert moved[0] - rest[0] == pytest.approx(2.0, abs=0.5)


def test_a_profile_teaches_nothing() -> None:
    neutral = Neutral(BASIS)
    neutral.expression(BASIS.mean.astype(np.float64), np.eye(3), 1.0, True)
    before = neutral.face.copy()
    odd = head(np.ones(len(BASIS.shape)), np.ones(len(BASIS.expression)))
    for _ in range(20):
        neutral.expression(odd, np.eye(3), 0.0, True)
    assert np.array_equal(before, neutral.face)


def test_a_mesh_that_is_no_face_has_a_large_residual() -> None:
    rng = np.random.default_rng(1)
    neutral = Neutral(BASIS)
    neutral.expression(
        BASIS.mean + rng.normal(0, 0.2, BASIS.mean.shape), np.eye(3), 1.0, True, learn=False
    )
    assert neutral.residual > 0.1


def test_dead_zone_drops_what_is_small_and_keeps_what_is_large() -> None:
    values = np.array([0.0, 0.49, -0.49, 0.75, -1.0, 2.5, -3.0])
    kept = dead_zone(values, 0.5)
    assert kept.tolist() == [0.0, 0.0, 0.0, 0.5, -1.0, 2.5, -3.0]
