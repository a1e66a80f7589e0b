"""People who do not exist: repeatable, different, within the promised shares."""

from __future__ import annotations

import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.identity.model import IdentityModel
from deepcam.identity.regions import region_maps
from deepcam.training.identity_bank import MAX_SHARE, MIN_DONORS, shares


def test_same_seed_same_person() -> None:
    model = IdentityModel.load()
    a, b = model.sample(42), model.sample(42)
    assert a.name == b.name
    assert np.array_equal(a.texture, b.texture)
    assert np.array_equal(a.shape, b.shape)
    assert a.texture.shape == (512, 512, 3)
    assert a.texture.dtype == np.uint8
    assert a.shape.shape == (468, 3)


def test_other_seed_other_person() -> None:
    model = IdentityModel.load()
    people = [model.sample(s) for s in range(12)]
    for i, a in enumerate(people):
        for b in people[i + 1 :]:
            assert np.abs(a.shape - b.shape).mean() > 1e-3
            assert np.abs(a.texture.astype(int) - b.texture).mean() > 2


def test_sliders_move_what_they_say() -> None:
    model = IdentityModel.load()

    def mean(key: str, **wish: float) -> float:
        return float(np.mean([float(model.sample(s, **wish).meta[key]) for s in range(8)]))

    assert mean("age", age=70) > mean("age", age=22) + 20
    assert mean("masculinity", masculinity=1) > mean("masculinity", masculinity=0) + 0.5
    assert mean("tone", tone=1) > mean("tone", tone=0) + 0.5
    light = np.mean([model.sample(s, tone=1).texture.mean() for s in range(6)])
    dark = np.mean([model.sample(s, tone=0).texture.mean() for s in range(6)])
    assert light > dark + 30


@pytest.mark.parametrize("wish", [{"age": 17.0}, {"age": 81.0}, {"tone": 1.5}, {"masculinity": -1}])
def test_wishes_out_of_range_are_refused(wish: dict[str, float]) -> None:
    with pytest.raises(DeepcamError, match="out of range"):
        IdentityModel.load().sample(1, **wish)
    with pytest.raises(DeepcamError, match="out of range"):
        IdentityModel.load().sample(-1)


def test_no_donor_dominates() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        w = shares(rng, MIN_DONORS + 1)
        assert w.sum() == pytest.approx(1.0)
        assert w.max() <= MAX_SHARE + 1e-9
    maps = region_maps(64)
    assert np.allclose(maps.sum(0), 1, atol=1e-5)
