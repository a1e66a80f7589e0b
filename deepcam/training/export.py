"""Checkpoint to a static ONNX file, checked against torch."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch

from deepcam.errors import DeepcamError
from deepcam.generator.conditioning import CHANNELS
from deepcam.training.network import SIZES, Generator


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


def _to_half(path: Path) -> None:
    import onnx
    from onnxconverter_common import float16

    model = onnx.load(str(path))
    onnx.save(float16.convert_float_to_float16(model, keep_io_types=True), str(path))
