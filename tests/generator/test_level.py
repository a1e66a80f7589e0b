"""Heads held level."""

import numpy as np
import pytest

from deepcam.generator.level import LOOK, MOST, Level, levelled, tilt
from deepcam.generator.render import Renderer
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import fit_pose
from deepcam.identity.model import IdentityModel


def test_a_shape_is_turned_by_what_is_read_and_no_further():
    level = Level.load()
    mean = FaceBasis.load().mean
    texture = IdentityModel.load().sample(3).texture
    for shape in (mean, level.mean, level.mean + 3 * np.sign(level.weights)):
        turned = levelled(shape, texture)
        assert abs(level.pitch(shape, texture)) <= MOST
        assert np.linalg.norm(turned, axis=1) == pytest.approx(
            np.linalg.norm(shape, axis=1), abs=1e-5
        )
    # Who seems to look down (positive pitch) is turned up, in the terms of the fitted pose.
    points = np.concatenate([levelled(mean, texture), np.zeros((10, 3))]).astype(np.float64)
    assert fit_pose(points, FaceBasis.load()).pitch == pytest.approx(-tilt(mean, texture), abs=0.15)


def test_what_is_read_differs_between_people():
    people = [IdentityModel.load().sample(k) for k in range(12)]
    pitches = [Level.load().pitch(p.shape, p.texture) for p in people]
    assert np.std(pitches) > 0.5


def test_a_photographs_own_shape_is_left_as_it_is():
    identity = IdentityModel.load().sample(3)
    assert np.array_equal(Renderer(identity, exact=True).shape, identity.shape)
    assert not np.array_equal(Renderer(identity).shape, identity.shape)


def test_fit_finds_a_pitch_that_hangs_on_shape_and_texture():
    level = pytest.importorskip("deepcam.training.level")
    rng = np.random.default_rng(0)
    scores, tints = rng.normal(size=(80, 4)), rng.normal(size=(80, 2))
    shapes = np.tensordot(scores, rng.normal(size=(4, 468, 3)), 1) * 0.02
    looks = np.tensordot(tints, rng.normal(size=(2, LOOK, LOOK, 3)), 1) * 0.1
    pitches = scores @ [1.0, -0.5, 0.3, 0.0] + tints @ [0.8, -0.6] + 1.5
    assert level.left_over(shapes, looks, pitches) < 0.4
    assert level.left_over(shapes, rng.permutation(looks), pitches) > 0.8
    assert level.left_over(shapes, looks, rng.permutation(pitches)) > 0.8
    found = level.fit(shapes, looks, pitches)
    assert found["weights"].shape == (468, 3)
    assert found["look_weights"].shape == (LOOK, LOOK, 3)
