"""Networks leave torch with weights in half precision, run in the camera's own session and agree
with torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.generator.conditioning import CHANNELS
from deepcam.generator.fields import MAPS
from deepcam.generator.session import NetworkSession
from deepcam.models.store import MODELS_DIR

torch = pytest.importorskip("torch", reason="torch is only installed for training")
pytest.importorskip("onnx", reason="onnx is only installed for training")

LIMIT = 2e-2


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Two pools of spinning threads on a busy machine take ten times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights(net: torch.nn.Module, folder: Path, name: str) -> Path:
    """``net``'s weights as training leaves them."""
    folder.mkdir(exist_ok=True)
    torch.save({k: v.half() for k, v in net.state_dict().items()}, folder / f"{name}_0.pt")
    return folder


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", ["small", "large"])
def test_a_network_loads_and_agrees_with_torch(tmp_path: Path, name: str) -> None:
    from deepcam.training.export import export, read
    from deepcam.training.network import SIZES, Generator
    from deepcam.training.train import gather

    torch.manual_seed(3)
    net = Generator(SIZES[name]).eval()
    # The head begins at zero: without this every network would give the same fields.
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.01 * torch.randn(weight.shape))
    folder, target = weights(net, tmp_path / "weights", name), tmp_path / f"generator_{name}.onnx"
    assert export(folder, name, target) < LIMIT
    assert not list(tmp_path.glob("*.part*"))
    assert target.stat().st_size < 2.2 * sum(p.numel() for p in net.parameters())
    session = NetworkSession(target, "cpu", 1)
    n = SIZES[name].resolution
    assert session.resolution == n
    planes = np.random.default_rng(1).random((CHANNELS, n, n)).astype(np.float32)
    fields = session.run(planes)
    assert fields.shape == (MAPS, n, n)
    assert fields.dtype == np.float32
    net.load_state_dict(gather(folder, name))
    with torch.no_grad():
        expected = net(torch.from_numpy(planes)[None])[0].numpy()
    assert float(fields.std()) > 0.01
    assert np.abs(fields - expected).max() < LIMIT
    # Training goes on from an exported network.
    found = read(target, name)
    assert all(torch.equal(found[k], weight) for k, weight in net.state_dict().items())


def test_other_files_are_no_networks(tmp_path: Path) -> None:
    from deepcam.training.export import read

    (tmp_path / "wrong.onnx").write_bytes(b"no network")
    for path in (tmp_path / "wrong.onnx", tmp_path / "missing.onnx"):
        with pytest.raises(DeepcamError, match="holds no small generator"):
            read(path, "small")


def test_the_shipped_network_can_be_gone_on_from() -> None:
    from deepcam.training.export import read
    from deepcam.training.network import SIZES, Generator

    path = MODELS_DIR / "generator_small.onnx"
    net = Generator(SIZES["small"]).eval()
    net.load_state_dict(read(path, "small"))
    n = SIZES["small"].resolution
    planes = torch.rand(1, CHANNELS, n, n, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        made = net(planes)[0].numpy()
    assert np.abs(made - NetworkSession(path, "cpu", 1).run(planes[0].numpy())).max() < LIMIT


def test_eight_bits_are_near_and_nothing_is_left_over(tmp_path: Path) -> None:
    from deepcam.training.export import quantize

    n = NetworkSession(MODELS_DIR / "generator_small.onnx", "cpu", 1).resolution
    generator = torch.Generator().manual_seed(3)
    planes = torch.rand(4, CHANNELS, n, n, generator=generator).numpy()
    planes[:, 3] = 1
    target = tmp_path / "generator_small_int8.onnx"
    off = quantize(MODELS_DIR / "generator_small.onnx", planes, target)
    assert 0 < off < 0.1
    assert [p.name for p in tmp_path.iterdir()] == [target.name]
    assert target.stat().st_size < 3e6
