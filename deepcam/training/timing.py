"""How long one frame's network takes in torch, for cards on which ONNX Runtime is not at hand."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from deepcam.generator.conditioning import CHANNELS
from deepcam.training.network import SIZES, Generator


@torch.inference_mode()
def frame_ms(size: str, device: str, runs: int = 300) -> dict[str, float]:
    """Milliseconds (median, p95) of one pass at batch 1, ``network`` alone and with the planes'
    way to the card and the fields' way back (``with_copies``), both waited for.

    On CUDA as the export has it, layers in half precision, replayed from a graph; elsewhere in
    single precision.
    """
    config = SIZES[size]
    shape = (1, CHANNELS, config.resolution, config.resolution)
    cuda = device.startswith("cuda")
    net = Generator(config).eval().to(device)
    there = torch.rand(shape, device=device)

    def forward() -> Tensor:
        with torch.autocast("cuda", torch.float16, enabled=cuda):
            out: Tensor = net(there)
        return out

    run: Callable[[], object] = forward
    fields = forward()
    if cuda:
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            for _ in range(3):
                forward()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            fields = forward()
        run = graph.replay
    here = torch.rand(shape)
    back = torch.empty(fields.shape)
    if cuda:
        here, back = here.pin_memory(), back.pin_memory()

    def wait() -> None:
        if cuda:
            torch.cuda.synchronize()

    def whole() -> None:
        there.copy_(here, non_blocking=True)
        out = run()
        back.copy_(out if isinstance(out, Tensor) else fields, non_blocking=True)

    found = {}
    for label, work in (("network", run), ("with_copies", whole)):
        times = []
        for turn in range(runs + 20):
            here.uniform_()
            wait()
            start = time.perf_counter()
            work()
            wait()
            if turn >= 20:
                times.append((time.perf_counter() - start) * 1e3)
        found[f"{label}_median"] = float(np.median(times))
        found[f"{label}_p95"] = float(np.percentile(times, 95))
    return found
