"""The large network leaves torch in half precision, runs in the camera's own session and agrees
with torch. (The small one's export is tested after a training run, in test_training.py.)"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.generator.conditioning import CHANNELS
from deepcam.generator.fields import MAPS
from deepcam.generator.session import NetworkSession
from deepcam.modelstore import MODELS_DIR

torch = pytest.importorskip("torch", reason="torch is only installed for training")
for needed in ("onnx", "onnxconverter_common"):
    pytest.importorskip(needed, reason=f"{needed} is only installed for training")

LIMIT = 2e-2


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Two pools of spinning threads on a busy machine take ten times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_the_large_network_loads_and_agrees_with_torch(tmp_path: Path) -> None:
    from deepcam.training.export import export
    from deepcam.training.network import SIZES, Generator

    torch.manual_seed(3)
    net = Generator(SIZES["large"]).eval()
    # The head begins at zero: without this every network would give the same fields.
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.02 * torch.randn(weight.shape))
    checkpoint, target = tmp_path / "checkpoint.pt", tmp_path / "generator_large.onnx"
    torch.save({"config": {"size": "large"}, "ema": net.state_dict()}, checkpoint)
    assert export(checkpoint, target, half=True) < LIMIT
    assert not list(tmp_path.glob("*.part*"))
    assert target.stat().st_size < 2.4 * sum(p.numel() for p in net.parameters())
    session = NetworkSession(target, "cpu", 1)
    assert session.resolution == 192
    planes = np.random.default_rng(1).random((CHANNELS, 192, 192)).astype(np.float32)
    fields = session.run(planes)
    assert fields.shape == (MAPS, 192, 192)
    assert fields.dtype == np.float32
    with torch.no_grad():
        expected = net(torch.from_numpy(planes)[None])[0].numpy()
    assert float(fields.std()) > 0.01
    assert np.abs(fields - expected).max() < LIMIT


@pytest.mark.usefixtures("one_thread")
def test_training_goes_on_from_an_exported_network(tmp_path: Path) -> None:
    from deepcam.training.export import export, shipped_weights
    from deepcam.training.network import SIZES, Generator

    net = Generator(SIZES["small"])
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.02 * torch.randn(weight.shape))
    checkpoint, target = tmp_path / "checkpoint.pt", tmp_path / "generator_small.onnx"
    torch.save({"config": {"size": "small"}, "ema": net.state_dict()}, checkpoint)
    export(checkpoint, target)
    found = shipped_weights(target)
    assert found.keys() == net.state_dict().keys()
    assert all(torch.equal(found[name], weight) for name, weight in net.state_dict().items())
    assert len(shipped_weights(MODELS_DIR / "generator_small.onnx")) == len(found)
    target.write_bytes(b"no network")
    for path in (target, tmp_path / "missing.onnx"):
        with pytest.raises(DeepcamError, match="holds no generator that a small one"):
            shipped_weights(path)


def test_a_large_network_begins_where_the_small_one_stands(tmp_path: Path) -> None:
    from deepcam.training.export import shipped_weights
    from deepcam.training.network import SIZES, Generator, Size
    from deepcam.training.widen import widened

    path = MODELS_DIR / "generator_small.onnx"
    small, wide = Generator(SIZES["small"]), Size(128, SIZES["large"].widths)
    small.load_state_dict(shipped_weights(path))
    large = Generator(wide)
    large.load_state_dict(widened(small.state_dict(), SIZES["small"], wide))
    x = torch.rand(1, CHANNELS, 128, 128, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert (small(x) - large(x)).abs().max() < 1e-4
    # What is new takes part as soon as it is trained.
    large(x).square().mean().backward()
    new = large.head.weight.grad[:, SIZES["small"].widths[0] :]
    assert float(new.abs().max()) > 0
    Generator(SIZES["large"]).load_state_dict(shipped_weights(path, "large"))
    # The shipped large one, whose layers are halved, can be gone on from, too.
    again = Generator(SIZES["large"])
    again.load_state_dict(shipped_weights(MODELS_DIR / "generator_large.onnx", "large"))
    planes = torch.rand(1, CHANNELS, 192, 192, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        made = again(planes)[0].numpy()
    shipped = NetworkSession(MODELS_DIR / "generator_large.onnx", "cpu", 1)
    assert np.abs(made - shipped.run(planes[0].numpy())).max() < LIMIT
    with pytest.raises(ValueError, match="wider"):
        widened(large.state_dict(), wide, SIZES["small"])
