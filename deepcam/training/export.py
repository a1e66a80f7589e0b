"""Trained weights to a static ONNX file, checked against torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deepcam.errors import DeepcamError
from deepcam.generator.conditioning import CHANNELS
from deepcam.training.network import SIZES, Generator, Size
from deepcam.training.train import gather

TOLERANCE = 1e-2
"""Largest difference from torch; half precision rounds weights that were not rounded before."""


class Mean(nn.Module):
    """The mean of what several networks say: where one is wrong by chance the other seldom is."""

    def __init__(self, nets: list[nn.Module]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, x: Tensor) -> Tensor:
        """As ``Net.forward``."""
        return torch.stack([net(x) for net in self.nets]).mean(0)


def export(weights: Path, name: str, target: Path) -> float:
    """Write the averaged ``weights`` (a folder of ``deepcam.training.train.compact``) of the size
    ``name`` as ONNX (opset 17, static shape).

    Returns the largest absolute difference between torch and ONNX Runtime over 8 random inputs.
    Raises ``DeepcamError`` for unreadable weights or a larger difference than rounding makes.
    """
    try:
        net = Generator(SIZES[name])
        net.load_state_dict(gather(weights, name))
    except Exception as error:  # torch raises pickle, key, runtime and zip errors
        raise DeepcamError(
            f"{weights} holds no weights of a {name} generator.",
            "Give the folder of weights that deepcam-train train wrote.",
        ) from error
    return write(net.eval(), SIZES[name], target)


def write(net: Generator, size: Size, target: Path) -> float:
    """``net`` as ONNX in ``target``; see ``export``."""
    import onnxruntime as ort

    example = torch.rand(1, CHANNELS, size.resolution, size.resolution)
    part = target.with_suffix(".part.onnx")
    torch.onnx.export(
        net,
        (example,),
        str(part),
        input_names=["planes"],
        output_names=["fields"],
        opset_version=17,
        dynamo=False,
    )
    _store_half(part)
    session = ort.InferenceSession(str(part), providers=["CPUExecutionProvider"])
    worst = 0.0
    generator = torch.Generator().manual_seed(0)
    for _ in range(8):
        x = torch.rand(example.shape, generator=generator)
        with torch.no_grad():
            expected = net(x).numpy()
        got = session.run(None, {"planes": x.numpy()})[0]
        worst = max(worst, float(np.abs(got - expected).max()))
    if worst > TOLERANCE:
        part.unlink()
        raise DeepcamError(
            f"The exported network differs from torch by {worst:.4f}.",
            "Train it again: its weights are too large for half precision.",
        )
    os.replace(part, target)
    return worst


def write_small(
    net: nn.Module,
    example: Tensor,
    path: Path,
    input_name: str,
    output_name: str,
    any_count: bool = False,
) -> float:
    """A small ``net`` as it is in ``path``; the largest difference between torch and ONNX Runtime
    for ``example``. ``any_count``: batches of any size, else as many as in ``example``."""
    import onnxruntime as ort

    net.eval()
    part = path.with_suffix(".part")
    torch.onnx.export(
        net, (example,), str(part), input_names=[input_name], output_names=[output_name],
        dynamic_axes={input_name: {0: "n"}, output_name: {0: "n"}} if any_count else None,
        opset_version=17, dynamo=False,
    )  # fmt: skip
    part.replace(path)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        wanted = net(example).numpy()
    found = session.run(None, {input_name: example.numpy()})[0]
    return float(np.abs(wanted - found).max())


def quantize(source: Path, planes: NDArray[np.float32], target: Path) -> float:
    """Write the exported network ``source`` with weights and activations in eight bits: CPUs with
    byte instructions (AVX2 at least) run it about 1.7 times as fast. The last layer, whose rounding
    would be seen, stays as it is; weights use seven bits, so that AVX2's 16-bit sums cannot
    overflow.

    ``planes``: (n, CHANNELS, s, s) inputs as training makes them; the first three quarters find the
    activations' ranges. Returns the mean absolute difference of the outputs inside the mask over
    the others.
    """
    import onnx
    import onnxruntime as ort
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    count = max(1, len(planes) * 3 // 4)

    class Planes(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._rows = iter(planes[:count])

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            row = next(self._rows, None)
            return None if row is None else {"planes": row[None]}

    part, flat = target.with_suffix(".part.onnx"), target.with_suffix(".flat.onnx")
    try:
        # Widens the stored halves: quantization wants plain weights.
        options = ort.SessionOptions()
        options.optimized_model_filepath = str(flat)
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = 3
        exact = ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
        convolutions = [n.name for n in onnx.load(str(flat)).graph.node if n.op_type == "Conv"]
        quantize_static(
            str(flat),
            str(part),
            Planes(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "LeakyRelu", "Concat", "Resize", "AveragePool", "Add"],
            nodes_to_exclude=convolutions[-1:],
        )
        rounded = ort.InferenceSession(str(part), providers=["CPUExecutionProvider"])
        off = []
        for row in planes[count:] if count < len(planes) else planes:
            a, b = (s.run(None, {"planes": row[None]})[0][0] for s in (exact, rounded))
            off.append(np.abs(a - b)[:, row[3] > 0.5].mean())
        os.replace(part, target)
    finally:
        for left in (part, flat):
            left.unlink(missing_ok=True)
    return float(np.mean(off))


def read(path: Path, name: str) -> dict[str, Tensor]:
    """The parameters in an exported network, by their names in ``Generator``: training goes on from
    them where no weights were kept. Raises ``DeepcamError`` for any other file."""
    import onnx
    from onnx import numpy_helper

    try:
        stored = {}
        for tensor in onnx.load(str(path)).graph.initializer:
            array = numpy_helper.to_array(tensor).astype(np.float32)
            stored[tensor.name.removesuffix(".half")] = torch.from_numpy(array)
        weights = {key: stored[key] for key in Generator(SIZES[name]).state_dict()}
        Generator(SIZES[name]).load_state_dict(weights)
        return weights
    except Exception as error:  # protobuf's, key, shape and value errors
        raise DeepcamError(
            f"{path} holds no {name} generator.", "Give a generator of deepcam-train export."
        ) from error


def _store_half(path: Path) -> None:
    """Keep the weights in half precision, and widen them when the model is loaded: ONNX Runtime
    folds the casts, so that it computes as before from half the file."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    graph: Any = model.graph
    casts, kept = [], []
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.size < 64:
            kept.append(tensor)
            continue
        stored = f"{tensor.name}.half"
        kept.append(numpy_helper.from_array(array.astype(np.float16), stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, str(path))
