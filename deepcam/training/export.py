"""Checkpoint to a static ONNX file, checked against torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepcam.errors import DeepcamError
from deepcam.generator.conditioning import CHANNELS
from deepcam.training.network import SIZES, Generator
from deepcam.training.widen import widened


def export(checkpoint: Path, target: Path, half: bool = False) -> float:
    """Write the averaged weights of ``checkpoint`` as ONNX (opset 17, static shape).

    Returns the largest absolute difference between torch and ONNX Runtime over 8 random inputs.
    Raises ``DeepcamError`` for an unreadable checkpoint or a difference above 1e-3 (fp16: 2e-2).
    """
    import onnxruntime as ort

    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        size = SIZES[state["config"]["size"]]
        net = Generator(size)
        net.load_state_dict(state["ema"])
    except Exception as error:  # torch raises pickle, key, runtime and zip errors
        raise DeepcamError(
            f"The checkpoint {checkpoint} cannot be read.", "Give a checkpoint.pt of deepcam-train."
        ) from error
    net.eval()
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
    if half:
        _to_half(part)
    session = ort.InferenceSession(str(part), providers=["CPUExecutionProvider"])
    worst = 0.0
    generator = torch.Generator().manual_seed(0)
    for _ in range(8):
        x = torch.rand(example.shape, generator=generator)
        with torch.no_grad():
            expected = net(x).numpy()
        got = session.run(None, {"planes": x.numpy()})[0]
        worst = max(worst, float(np.abs(got - expected).max()))
    if worst > (2e-2 if half else 1e-3):
        part.unlink()
        raise DeepcamError(
            f"The exported network differs from torch by {worst:.4f}.", "Export in fp32."
        )
    os.replace(part, target)
    return worst


def shipped_weights(path: Path, size: str = "small") -> dict[str, torch.Tensor]:
    """The parameters in an exported network, by their names in ``Generator``: training goes on from
    them where no checkpoint was kept. A small one can begin a large one.

    Raises ``DeepcamError`` for any other file.
    """
    import onnx
    from onnx import numpy_helper

    try:
        stored = {
            t.name: torch.from_numpy(numpy_helper.to_array(t).astype(np.float32))
            for t in onnx.load(str(path)).graph.initializer
        }
        names = Generator(SIZES[size]).state_dict()
        weights = {name: stored[name] for name in names}
        found = next(s for s in SIZES.values() if s.widths[0] == len(weights["stem.weight"]))
        # The low pass is no parameter: it belongs to the resolution.
        weights["lowpass"] = Generator(found).lowpass
        Generator(found).load_state_dict(weights)
        return widened(weights, found, SIZES[size])
    except Exception as error:  # protobuf's, key, shape and value errors
        raise DeepcamError(
            f"{path} holds no generator that a {size} one can begin with.",
            "Give a generator of deepcam-train export that is not larger than --size.",
        ) from error


def _to_half(path: Path) -> None:
    """The layers up to the head in half precision: nearly all of the work. What is made of them,
    thresholds and quotients of sums, needs all digits."""
    import onnx
    from onnxconverter_common import float16

    model = onnx.load(str(path))
    makers = {name: node for node in model.graph.node for name in node.output}
    heads = [n.output[0] for n in model.graph.node if n.op_type == "Conv" and "head" in n.name]
    layers: set[str] = set()
    while heads:
        node = makers.get(heads.pop())
        if node is not None and node.name not in layers:
            layers.add(node.name)
            heads += node.input
    rest = [n.name for n in model.graph.node if n.name not in layers]
    half = float16.convert_float_to_float16(model, keep_io_types=True, node_block_list=rest)
    _straighten(half.graph)
    onnx.save(half, str(path))


def _straighten(graph: Any) -> None:
    """The converter halves and widens again whatever goes from one full node to another, too:
    let them have it as it was."""
    import onnx

    casts = [n for n in graph.node if n.op_type == "Cast"]
    to = {n.output[0]: next(a.i for a in n.attribute if a.name == "to") for n in casts}
    half, full = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    halves = {n.output[0]: n.input[0] for n in casts if to[n.output[0]] == half}
    wide = {
        n.output[0]: halves[n.input[0]]
        for n in casts
        if to[n.output[0]] == full and n.input[0] in halves
    }
    outputs = {o.name for o in graph.output}
    for output in graph.output:
        output.type.tensor_type.elem_type = full
    for node in casts:
        if node.output[0] in outputs:
            next(a for a in node.attribute if a.name == "to").i = full
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name in wide:
                node.input[place] = wide[name]
    used = {name for node in graph.node for name in node.input} | outputs
    for node in list(graph.node):
        if node.op_type == "Cast" and node.output[0] in wide and node.output[0] not in used:
            graph.node.remove(node)
