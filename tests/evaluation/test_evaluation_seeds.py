"""Surveys of sampled people: contributors, equal ones, copies, crashes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.evaluation import likeness, seeds
from deepcam.evaluation.attackers import distances
from deepcam.evaluation.contributors import bank_shares, contributors, donors
from deepcam.evaluation.material import Photo
from deepcam.identity.model import IdentityModel
from deepcam.identity.recipe import Recipe, choose
from deepcam.identity.types import Identity
from deepcam.training.donors import donor_list, is_volunteer
from deepcam.training.identity_bank import MAX_SHARE, MIN_DONORS


def say(_: str) -> None:
    pass


def test_the_bank_keeps_its_promise() -> None:
    model = IdentityModel.load()
    table, files = bank_shares(len(model.age))
    assert set(files) <= {row["file"] for row in donor_list()}
    assert not any(name.startswith(("congress", "house", "stock")) for name in files)
    assert np.allclose(table.sum(1), 1, atol=1e-3)
    assert not any(is_volunteer(name) for name in files), "who wears it may be that person"
    assert table.max() <= MAX_SHARE + 1e-4
    assert (table >= 0.01).sum(1).min() >= MIN_DONORS
    with pytest.raises(DeepcamError, match="another bank"):
        bank_shares(len(model.age) + 1)


def test_every_recipe_keeps_it_too() -> None:
    model = IdentityModel.load()
    table, _ = bank_shares(len(model.age))
    for seed in range(150):
        rng = np.random.default_rng(seed)
        recipe = choose(rng, model.traits, *[None] * 5)
        largest, fewest = contributors(recipe, table)
        assert largest <= MAX_SHARE + 1e-4
        assert fewest >= MIN_DONORS


def test_one_donor_is_noticed() -> None:
    table = np.zeros((2, 6, 5))
    table[0] = 1 / 6
    table[1, 3] = 1
    one, even = np.array([1.0, 0.0]), np.tile([1.0, 0.0], (5, 1))

    def worst(**other: NDArray[np.float64]) -> tuple[float, int]:
        parts = {"coarse": one, "shape": one, "middle": even, "fine": even} | other
        recipe = Recipe(30, 0.5, 0.5, np.array([0, 1]), **parts)
        return contributors(recipe, table)

    assert worst()[0] == pytest.approx(1 / 6)
    assert worst()[1] == 6
    turned = even.copy()
    turned[2] = [0, 1]
    assert worst(fine=turned) == (1.0, 1)
    assert worst(middle=turned) == (1.0, 1)
    assert worst(shape=np.array([0.0, 1.0])) == (1.0, 1)
    # Leading away from somebody tells as much as leading to them.
    assert worst(coarse=np.array([4.0, -3.0]))[0] > 0.4


def test_survey_of_a_few() -> None:
    model = IdentityModel.load()
    survey = seeds.sample(model, [1, 2, 2], say)
    figures = seeds.spread_of(survey)
    assert survey.seeds == [1, 2, 2]
    assert figures["crashes"].value == 0
    assert figures["equal people"].value == pytest.approx(2 / 3)
    assert figures["people with anybody above 60 %"].value == 0


def test_crashes_and_blank_faces_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    model = IdentityModel.load()
    good = model.sample(1)
    for seed in range(6):
        model.recipe(seed)  # known before ``sample`` is replaced

    def sample(_: IdentityModel, seed: int) -> Identity:
        if seed == 3:
            raise ValueError("no")
        texture = good.texture if seed != 4 else np.zeros_like(good.texture)
        return Identity("A", seed, texture, good.shape, good.iris, 0, good.meta)

    monkeypatch.setattr(IdentityModel, "sample", sample)
    survey = seeds.sample(model, range(6), say)
    assert survey.broken == ["3: ValueError: no", "4: the texture is blank"]
    crashes = seeds.spread_of(survey)["crashes"]
    assert crashes.value == pytest.approx(2 / 6)
    assert crashes.n == 6
    found = {"facts": {"seeds": 6}, "figures": {"crashes": crashes.as_dict()}}
    assert seeds.broken_promises(found) == ["crashes"]


def _photographs(codes: NDArray[np.float64], names: list[str]) -> likeness.Real:
    photos = [Photo(Path(n), n, n.split("_")[0]) for n in names]
    return likeness.Real(photos, codes)


def test_copies_are_found() -> None:
    rng = np.random.default_rng(0)
    known = donors()
    real = _photographs(
        rng.normal(size=(60, 16)), [*known[:30], *(f"london_x{k}" for k in range(30))]
    )
    people = rng.normal(size=(40, 16))
    people[:10] = real.codes[:10] + 0.01
    pairs = distances(people, people)[np.triu_indices(40, 1)]
    found = likeness.copies(people, pairs, real, likeness.strangers(real))
    near = found["nearer than the threshold to a donor"].value
    other = found["nearer than the threshold to somebody of the studio who is no donor"].value
    assert near is not None
    assert other is not None
    assert near >= 0.25 > other + 0.1
    # Nobody counts as a copy of oneself.
    own = found[
        "nearer than the threshold to a donor "
        "(real donors of the studio instead, each beside all others)"
    ]
    assert own.value is not None
    assert own.value < near
    assert own.extra["nearest"]["p0"] > 0


def test_table_and_file(tmp_path: Path) -> None:
    figures = seeds.spread_of(seeds.sample(IdentityModel.load(), [5, 6], say))
    found = {"facts": {"seeds": 2}, "figures": {k: m.as_dict() for k, m in figures.items()}}
    assert "| crashes | 0 (0 to " in seeds.table(found)
    seeds.write(found, tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["figures"]["crashes"]["n"] == 2
    with pytest.raises(DeepcamError, match="could not be written"):
        seeds.write(found, tmp_path / "no" / "a.json")
