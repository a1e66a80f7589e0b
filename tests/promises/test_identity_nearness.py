"""Nobody who is sampled is near to one of the real people the bank was mixed from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deepcam.evaluation.contributors import donors
from deepcam.identity import nearness
from deepcam.identity.blend import colours
from deepcam.identity.model import DRAWS, IdentityModel
from deepcam.identity.nearness import DIRECTIONS, QUANTILE, Nearness, fit


def _people(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """People who differ in thirty ways of looks and of shape."""
    ways = np.random.default_rng(0)
    looks, forms = ways.normal(0, 6, (30, 16, 16, 3)), ways.normal(0, 0.02, (30, 468, 3))
    own = np.random.default_rng(seed).normal(0, 1, (2, count, 30))
    small = np.clip(130 + np.tensordot(own[0], looks, 1), 5, 250).astype(np.float32)
    return small.repeat(8, 1).repeat(8, 2), np.tensordot(own[1], forms, 1).astype(np.float32)


def test_a_copy_is_near_and_somebody_else_is_not() -> None:
    textures, shapes = _people(60, 1)
    arrays = fit(textures, shapes)
    limit = float(arrays.pop("limit"))  # type: ignore[arg-type]
    near = Nearness(**arrays, limit=limit)  # type: ignore[arg-type]
    assert near.codes.shape == (60, 2 * DIRECTIONS)
    assert near.nearest(textures[7], shapes[7]) < 1e-4
    # A little brighter, a little narrower: still the same person.
    assert near.nearest(1.1 * textures[7], shapes[7] + 0.001) < limit
    others, forms = _people(20, 2)
    assert np.median([near.nearest(t, s) for t, s in zip(others, forms, strict=True)]) > limit
    gaps = np.linalg.norm(near.codes[:, None] - near.codes[None], axis=2)
    assert (gaps[np.triu_indices(60, 1)] < limit).mean() == pytest.approx(QUANTILE, abs=0.005)


def test_the_shipped_codes_are_those_of_the_volunteers() -> None:
    shipped = Nearness.load()
    assert 0.9 * len(donors()) <= len(shipped.codes) <= len(donors())
    gaps = np.linalg.norm(shipped.codes[:, None] - shipped.codes[None], axis=2)
    pairs = gaps[np.triu_indices(len(gaps), 1)]
    assert (pairs < shipped.limit).mean() == pytest.approx(QUANTILE, abs=0.002)


def test_everybody_is_far_enough_from_all_donors() -> None:
    model = IdentityModel.load()
    limit = Nearness.load().limit
    redrawn = 0
    for seed in range(40):
        model.sample(seed)
        wishes = (seed, *[None] * 5)
        attempt = model._drawn[wishes]
        redrawn += attempt > 0
        draws = [model._draw(wishes, k) for k in range(attempt + 1)]
        assert draws[-1].good(limit)
        assert not any(d.good(limit) for d in draws[:-1])
    assert redrawn < 10


def test_who_is_near_is_drawn_again_and_the_recipe_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    model = replace(IdentityModel.load(), _drawn={})
    usual = model.sample(8)
    strict = replace(Nearness.load(), limit=99.0)
    monkeypatch.setattr(nearness.Nearness, "load", staticmethod(lambda: strict))
    other = replace(model, _drawn={})
    farthest = other.sample(8)
    wishes = (8, *[None] * 5)
    draws = [other._draw(wishes, k) for k in range(DRAWS)]
    best = int(np.argmax([d.distance for d in draws]))
    assert other._drawn[wishes] == best
    assert np.array_equal(other.recipe(8).pick, draws[best].recipe.pick)
    assert np.array_equal(farthest.shape, draws[best].shape)
    assert best == 0 or not np.array_equal(farthest.texture, usual.texture)
    assert colours(draws[0].low).shape == (128, 128, 3)
