"""Both sizes of the network leave torch, run in the camera's own session and agree with torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepcam.generator.conditioning import CHANNELS
from deepcam.generator.fields import MAPS
from deepcam.generator.session import NetworkSession

torch = pytest.importorskip("torch", reason="torch is only installed for training")
pytest.importorskip("onnx", reason="onnx is only installed for training")


@pytest.mark.parametrize(("name", "half", "side"), [("small", False, 128), ("large", True, 192)])
def test_exports_load_and_agree_with_torch(
    tmp_path: Path, name: str, half: bool, side: int
) -> None:
    if half:
        pytest.importorskip("onnxconverter_common", reason="needed for fp16")
    from deepcam.training.export import export
    from deepcam.training.network import SIZES, Generator

    torch.manual_seed(3)
    net = Generator(SIZES[name])
    # The head begins at zero: without this every network would give the same fields.
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.02 * torch.randn(weight.shape))
    checkpoint = tmp_path / "checkpoint.pt"
    torch.save({"config": {"size": name}, "ema": net.state_dict()}, checkpoint)
    target = tmp_path / f"generator_{name}.onnx"
    limit = 2e-2 if half else 1e-3
    assert export(checkpoint, target, half=half) < limit
    assert not list(tmp_path.glob("*.part*"))
    session = NetworkSession(target, "cpu", 2)
    assert session.resolution == side
    planes = np.random.default_rng(1).random((CHANNELS, side, side)).astype(np.float32)
    fields = session.run(planes)
    assert fields.shape[0] == MAPS
    assert fields.dtype == np.float32
    net.eval()
    with torch.no_grad():
        expected = net(torch.from_numpy(planes)[None])[0].numpy()
    assert fields.shape == expected.shape
    assert float(fields.std()) > 0.01
    assert np.abs(fields - expected).max() < limit
    if half:
        assert target.stat().st_size < 2.4 * sum(p.numel() for p in net.parameters())
