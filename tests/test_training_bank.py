"""What is shipped beside the bank of mixtures belongs to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deepcam.evaluation.contributors import bank_shares
from deepcam.identity.blend import Directions
from deepcam.identity.model import IdentityModel
from deepcam.modelstore import path_of
from deepcam.training.directions import fit
from deepcam.training.donors import SHARES, write_shares
from deepcam.training.identity_bank import MIN_DONORS, Donors, build


def test_directions_were_fitted_over_the_shipped_bank() -> None:
    with np.load(path_of("identity_bank.npz"), allow_pickle=False) as z:
        found = fit({key: z[key] for key in z.files})
    shipped = Directions.load()
    for name, values in found.items():
        assert np.allclose(values, getattr(shipped, name), atol=2e-3), name


def test_shares_are_written_as_they_are_read(tmp_path: Path) -> None:
    table, files = bank_shares(len(IdentityModel.load().age))
    write_shares(table, files, tmp_path / "a.csv")
    one, other = (sorted(p.read_text().splitlines()) for p in (tmp_path / "a.csv", SHARES))
    assert one == other


def test_a_bank_tells_who_is_in_it() -> None:
    rng = np.random.default_rng(4)
    n = 12
    donors = Donors(
        rng.uniform(60, 200, (n, 352, 352, 3)).astype(np.float32),
        rng.normal(0, 0.1, (n, 468, 3)).astype(np.float32),
        rng.uniform(20, 70, n),
        rng.integers(0, 2, n).astype(np.float64),
    )
    arrays, shares = build(donors, 5, seed=1)
    assert shares.shape[:2] == (5, n)
    assert np.allclose(shares.sum(1), 1)
    assert shares.max() <= 0.3 + 1e-6
    assert (shares > 0).sum(1).min() >= MIN_DONORS
    # The last region's shares are those of the shape and of the age.
    assert np.allclose(shares[:, :, -1] @ donors.age, arrays["age"], atol=1e-3)
