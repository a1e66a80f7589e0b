"""Batches for training, drawn beside it: by a thread, or by processes that keep a GPU busy."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from deepcam.identity.types import Identity
from deepcam.training.data import Prepared, Sample, Sampler, load

Batch = tuple[Tensor, Tensor, Tensor, int]
"""Inputs (b, CHANNELS, n, n), photographs (b, 3, n, n), where they are known (b, 1, n, n), and how
many samples at the front show somebody who does not exist."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn when; ``seen`` counts images since the run's very start."""

    batch: int
    side: int
    adversarial_from: int
    seed: int
    seen: int
    """Images before the first batch."""

    def swaps(self, index: int) -> int:
        """How many samples of the batch ``index`` are the critic's alone."""
        adversarial = self.seen + index * self.batch >= self.adversarial_from
        return self.batch // 3 if adversarial else 0


def stack(samples: list[Sample], half: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """Samples as tensors; ``half`` in 16 bits, finer than the photographs' 8."""
    kind = np.float16 if half else np.float32
    inputs, target, valid = (
        torch.from_numpy(np.stack([getattr(s, name) for s in samples]).astype(kind, copy=False))
        for name in ("inputs", "target", "valid")
    )
    return inputs, target, valid


def place(batch: tuple[Tensor, Tensor, Tensor], device: str) -> tuple[Tensor, Tensor, Tensor]:
    """The tensors on ``device``, in single precision and channels last."""
    x, y, valid = (
        t.to(device, non_blocking=True).float().contiguous(memory_format=torch.channels_last)
        for t in batch
    )
    return x, y, valid


def batches(
    data: Prepared | Path, people: list[Identity], plan: Plan, workers: int = 0
) -> Generator[Batch, None, None]:
    """Endless batches of ``data``; the next ones are drawn while the caller works on one, until it
    closes the generator.

    Without ``workers`` a thread draws them. Worker processes read ``data``, a path then, each for
    itself (1 GB of memory), and send 16 bits a value.
    """
    if workers == 0:
        data = load(data) if isinstance(data, Path) else data
        return _by_thread(Sampler(data, plan.side, plan.seed + plan.seen, people), plan)
    if not isinstance(data, Path):
        raise ValueError("worker processes need the path of the prepared photographs")
    loader = DataLoader(
        _Drawn(data, people, plan),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=3,
        multiprocessing_context="spawn",
        pin_memory=torch.cuda.is_available(),
    )
    return _by_processes(loader)


def _by_processes(loader: DataLoader[Batch]) -> Generator[Batch, None, None]:
    yield from loader


def _by_thread(sampler: Sampler, plan: Plan) -> Generator[Batch, None, None]:
    with ThreadPoolExecutor(1) as pool:
        index = 0
        coming = pool.submit(_draw, sampler, plan, index, False)
        while True:
            ready = coming.result()
            index += 1
            coming = pool.submit(_draw, sampler, plan, index, False)
            yield ready


def _draw(sampler: Sampler, plan: Plan, index: int, half: bool) -> Batch:
    """The batch ``index``, swapped samples first."""
    rows = sampler.draw(plan.batch)
    swaps = plan.swaps(index)
    samples = [sampler.swap_sample(int(i)) for i in rows[:swaps]]
    samples += [sampler.self_sample(int(i)) for i in rows[swaps:]]
    return *stack(samples, half), swaps


class _Drawn(IterableDataset[Batch]):
    """Each worker draws every ``workers``-th batch; the loader asks them in turn."""

    def __init__(self, path: Path, people: list[Identity], plan: Plan) -> None:
        self.path, self.people, self.plan = path, people, plan

    def __iter__(self) -> Iterator[Batch]:
        info = get_worker_info()
        k, count = (info.id, info.num_workers) if info else (0, 1)
        cv2.setNumThreads(1)
        seed = self.plan.seed + self.plan.seen + 1_000_003 * k
        sampler = Sampler(load(self.path), self.plan.side, seed, self.people)
        for index in range(k, 2**62, count):
            yield _draw(sampler, self.plan, index, True)
