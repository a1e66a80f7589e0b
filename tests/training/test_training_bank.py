"""What is shipped beside the bank of mixtures belongs to it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from deepcam.evaluation.contributors import bank_shares
from deepcam.identity.model import IdentityModel
from deepcam.training.cleaning import clean, clean_lines, clean_lip, clean_sides, clean_tint
from deepcam.training.donors import SHARES, take_light_off, write_shares
from deepcam.training.identity_bank import MAX_SHARE, MIN_DONORS, Donors, build
from deepcam.training.textures import uv_maps


def test_shares_are_written_as_they_are_read(tmp_path: Path) -> None:
    table, files = bank_shares(len(IdentityModel.load().age))
    write_shares(table, files, tmp_path / "a.csv")
    one, other = (sorted(p.read_text().splitlines()) for p in (tmp_path / "a.csv", SHARES))
    assert one == other


@pytest.mark.slow
def test_a_bank_tells_who_is_in_it() -> None:
    rng = np.random.default_rng(4)
    n = 24
    base = cv2.resize(
        rng.uniform(90, 140, (16, 16, 1)).repeat(3, 2), (512, 512), interpolation=cv2.INTER_CUBIC
    )
    own = rng.uniform(-12, 12, (n, 16, 16, 1)).repeat(3, 3)
    textures = [base + cv2.resize(o, (512, 512), interpolation=cv2.INTER_CUBIC) for o in own]
    textures = [clean(t.astype(np.float32), 0.0, 30.0) for t in textures]
    real = np.arange(n) % 3 == 0
    donors = Donors(
        [f"{k}.webp" for k in range(n)],
        np.clip(textures, 0, 255).astype(np.uint8),
        rng.normal(0, 0.1, (n, 468, 3)).astype(np.float32),
        rng.uniform(20, 40, n),
        np.zeros(n),
        rng.uniform(0.6, 0.9, n),
        np.zeros(n),
        real,
        np.zeros((11, 3), np.float32),
        np.zeros((512, 512, 3), np.float32),
    )
    arrays, shares = build(donors, np.full(n, 5.0), 8, seed=1)
    assert 0 < len(shares) <= 8
    assert np.allclose(shares.sum(1), 1)
    assert not shares[:, real].any()
    assert shares.max() <= MAX_SHARE + 1e-6
    assert (shares > 0).sum(1).min() >= MIN_DONORS
    # The last region's shares are those of the shape and of the age.
    assert np.allclose(shares[:, :, -1] @ donors.age, arrays["age"], atol=1e-3)


def test_light_from_the_side_goes_and_features_stay() -> None:
    rng = np.random.default_rng(1)
    size = 256
    mean = np.full((size, size, 3), 4.8, np.float32)
    spots = cv2.resize(rng.normal(0, 0.05, (64, 64, 1)), (size, size))[..., None]
    face = mean + spots.astype(np.float32)
    side = 0.4 * uv_maps(size)[1][..., :1]
    lit = (face + side + 0.1).astype(np.float32)
    clean = take_light_off(lit, mean, 0.2)
    before, after = (float(np.abs(x[:, :100] - x[:, ::-1][:, :100]).mean()) for x in (lit, clean))
    assert after < 0.5 * before
    middle = slice(90, 166)
    gap = (clean - face)[middle, middle]
    assert float((gap - gap.mean()).std()) < 0.3 * float(spots.std()) + 0.03


def _skin(size: int = 512) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    v, u = (np.mgrid[:size, :size] + 0.5) / size
    tones = np.stack([110 + 0 * u, 130 + 0 * u, 170 + 0 * u], -1)
    return (tones - 8 * np.abs(u - 0.5)[..., None]).astype(np.float32), u, v


def test_a_strand_of_hair_on_one_cheek_goes_and_folds_on_both_stay() -> None:
    skin, u, v = _skin()
    strand = (np.abs(u - 0.24) < 0.006) & (v > 0.42) & (v < 0.6)
    folds = (np.abs(np.abs(u - 0.5) - 0.24) < 0.006) & (v > 0.62) & (v < 0.75)
    drawn = skin.copy()
    drawn[strand] *= 0.6
    drawn[folds] *= 0.7
    out = clean_lines(drawn, 25.0)
    assert np.abs(out - skin)[strand].mean() < 0.15 * np.abs(drawn - skin)[strand].mean()
    assert np.allclose(out[folds & (u > 0.5)], drawn[folds & (u > 0.5)], atol=1)
    # A fold of somebody old is theirs.
    faint = skin.copy()
    faint[strand] *= 0.85
    assert np.array_equal(clean_lines(faint, 70.0), faint)
    assert np.allclose(clean_lines(skin, 25.0), skin, atol=0.5)


def test_shadows_beside_the_cheeks_go_and_a_beard_stays() -> None:
    skin, u, v = _skin()
    blot = ((np.abs(u - 0.5) - 0.37) ** 2 + (v - 0.62) ** 2) < 0.03**2
    beard = ((np.abs(u - 0.5) - 0.33) ** 2 + (v - 0.76) ** 2) < 0.03**2
    drawn = skin.copy()
    drawn[blot | beard] *= 0.6
    dark = np.abs(drawn - skin)
    for share in (0.0, 1.0):
        out = np.abs(clean_sides(drawn, share) - skin)
        gone = out[beard].mean() / dark[beard].mean()
        assert gone > 0.9 if share else gone < 0.5
    assert (np.abs(clean_sides(drawn, 0.0) - skin))[blot].mean() < 0.5 * dark[blot].mean()
    middle = np.abs(u - 0.5) < 0.2
    assert np.array_equal(clean_sides(drawn, 0.0)[middle], drawn[middle])


def test_eye_shadow_fades_and_lips_keep_their_colour() -> None:
    skin, u, v = _skin()
    drawn = skin.copy()
    shadow = (np.abs(u - 0.25) < 0.05) & (np.abs(v - 0.33) < 0.05)
    lips = (np.abs(u - 0.5) < 0.1) & (np.abs(v - 0.68) < 0.03)
    drawn[shadow] *= [1.4, 0.9, 0.9]
    drawn[lips] *= [0.9, 0.7, 1.1]
    out = clean_tint(drawn)
    middle = (np.abs(u - 0.25) < 0.02) & (np.abs(v - 0.33) < 0.02)
    assert np.abs(out - skin)[middle].mean() < 0.6 * np.abs(drawn - skin)[middle].mean()
    assert np.allclose(out[lips], drawn[lips], atol=3)
    assert np.allclose(np.log(out + 8).mean(2), np.log(drawn + 8).mean(2), atol=1e-3)
    assert np.allclose(clean_tint(skin), skin, atol=1)


def test_a_dark_patch_above_the_lip_goes_unless_it_is_a_beard() -> None:
    skin, u, v = _skin()
    patch = (np.abs(u - 0.5) < 0.04) & (v > 0.56) & (v < 0.595)
    drawn = skin.copy()
    drawn[patch] *= 0.5
    out = clean_lip(drawn, 0.0)
    assert np.abs(out - skin)[patch].mean() < 0.25 * np.abs(drawn - skin)[patch].mean()
    assert np.array_equal(clean_lip(drawn, 0.5), drawn)
    assert np.array_equal(clean_lip(skin, 0.0), skin)
