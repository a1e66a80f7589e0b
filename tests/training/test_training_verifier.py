"""Training of the face verifier on patches that are easy to tell apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is only installed for training")
pytest.importorskip("onnx", reason="onnx is only installed for training")

from deepcam.tracking.verifier import SIZE, Verifier  # noqa: E402
from deepcam.training import export, verifier, verifier_data  # noqa: E402


def patches(count: int, bright: bool, seed: int) -> np.ndarray:
    """Discs on a darker ground, or plain noise."""
    side = verifier_data.SIDE
    rng = np.random.default_rng(seed)
    y, x = np.ogrid[:side, :side]
    disc = ((y - side / 2) ** 2 + (x - side / 2) ** 2 < (side / 4) ** 2)[..., None]
    out = rng.integers(60, 110, (count, side, side, 3))
    return (out + 100 * disc * bright).astype(np.uint8)


@pytest.mark.slow
def test_it_learns_and_the_exported_network_says_the_same(tmp_path: Path) -> None:
    faces, others = patches(64, True, 0), patches(64, False, 1)
    net = verifier.fit(faces, others, hard=others[:8], steps=300)
    good, bad = verifier.scores(net, faces, False), verifier.scores(net, others, False)
    assert good.shape == (64,)
    assert np.median(good) > np.median(bad) + 1.0
    assert "faces below" in verifier.table(good, bad)
    path = tmp_path / "verifier.onnx"
    assert verifier.export(net, path) < 1e-3
    image = np.ascontiguousarray(faces[0])
    box = np.array([9.0, 9.0, 63.0, 63.0])
    assert np.isfinite(Verifier(path).odds(image, [box])).all()


def test_the_mean_of_two_networks_is_exported_as_one(tmp_path: Path) -> None:
    import torch

    torch.manual_seed(3)
    nets = [verifier.Net().eval(), verifier.Net().eval()]
    both = export.Mean([*nets]).eval()
    x = torch.rand(3, 3, SIZE, SIZE)
    with torch.no_grad():
        assert torch.allclose(both(x), (nets[0](x) + nets[1](x)) / 2)
    path = tmp_path / "mean.onnx"
    assert verifier.export(both, path) < 1e-3
    box = np.array([9.0, 9.0, 63.0, 63.0])
    image = np.random.default_rng(0).integers(0, 255, (72, 72, 3), np.uint8)
    assert np.isfinite(Verifier(path).odds(image, [box])).all()


def test_changed_patches_are_pictures() -> None:
    raw = verifier._tensor(patches(16, True, 2))
    out = verifier.changed(raw, torch.Generator().manual_seed(0))
    assert out.shape == (16, 3, SIZE, SIZE)
    assert 0 <= float(out.min()) <= float(out.max()) <= 1


def test_made_pictures_differ_and_are_the_same_each_time() -> None:
    one = verifier_data.made(np.random.default_rng(1))
    again = verifier_data.made(np.random.default_rng(1))
    other = verifier_data.made(np.random.default_rng(2))
    assert one.dtype == np.uint8
    assert (one == again).all()
    assert (one != other).any()


def test_pages_and_hands_are_drawn_before_what_is_there() -> None:
    for draw in (verifier_data._write_page, verifier_data._draw_hand):
        changed = []
        for seed in range(6):
            canvas = np.full((240, 320, 3), 128, np.uint8)
            draw(canvas, np.random.default_rng(seed))
            changed.append((canvas != 128).any(2).mean())
        assert 0 < min(changed) < max(changed)
        assert np.median(changed) < 0.9


def test_half_of_a_face_is_no_mistake_and_an_ear_is() -> None:
    face = np.array([100.0, 100, 200, 200])
    assert not verifier_data._apart(np.array([150.0, 100, 250, 200]), face)
    assert verifier_data._apart(np.array([195.0, 130, 225, 160]), face)
    assert verifier_data._apart(np.array([300.0, 100, 400, 200]), face)
