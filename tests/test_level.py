"""Heads held level."""

import numpy as np
import pytest

from deepcam.generator.level import MOST, Level, levelled, tilt
from deepcam.generator.render import Renderer
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import fit_pose
from deepcam.identity.model import IdentityModel


def test_a_shape_is_turned_by_what_is_read_and_no_further():
    level = Level.load()
    mean = FaceBasis.load().mean
    for shape in (mean, level.mean, level.mean + 3 * np.sign(level.weights)):
        turned = levelled(shape)
        assert abs(level.pitch(shape)) <= MOST
        assert np.linalg.norm(turned, axis=1) == pytest.approx(
            np.linalg.norm(shape, axis=1), abs=1e-5
        )
    # Who seems to look down (positive pitch) is turned up, in the terms of the fitted pose.
    points = np.concatenate([levelled(mean), np.zeros((10, 3))]).astype(np.float64)
    assert fit_pose(points, FaceBasis.load()).pitch == pytest.approx(-tilt(mean), abs=0.15)


def test_what_is_read_differs_between_people():
    pitches = [Level.load().pitch(IdentityModel.load().sample(k).shape) for k in range(12)]
    assert np.std(pitches) > 0.5


def test_a_photographs_own_shape_is_left_as_it_is():
    identity = IdentityModel.load().sample(3)
    assert np.array_equal(Renderer(identity, exact=True).shape, identity.shape)
    assert not np.array_equal(Renderer(identity).shape, identity.shape)


def test_fit_finds_a_pitch_that_hangs_on_the_shape():
    level = pytest.importorskip("deepcam.training.level")
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(4, 468, 3))
    scores = rng.normal(size=(80, 4))
    shapes = np.tensordot(scores, directions, 1) * 0.02
    pitches = scores @ [1.0, -0.5, 0.3, 0.0] + 1.5
    assert level.left_over(shapes, pitches) < 0.3
    assert level.left_over(shapes, rng.permutation(pitches)) > 0.8
