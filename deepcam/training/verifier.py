"""Training of the face verifier, a small binary classifier of patches about detections.

As R-Net and O-Net of MTCNN (Zhang et al., 2016) refuse what P-Net proposed, it refuses what the
detector took for a face. What it may never do is refuse a face: patches are turned, blurred,
darkened, cut and covered far beyond what a call shows, and the threshold is set by the faces that
were held out.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from deepcam.tracking.verifier import REACH, SIZE
from deepcam.training import verifier_data as data
from deepcam.training.export import Mean, write_small

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

BATCH, STEPS, RATE = 128, 4000, 3e-3
HARD, OFTEN = -3.0, 0.25
"""Log odds of the first network from which a patch without a face is a hard one, and the share of a
batch that those are for the second network (bootstrapping: Sung and Poggio, 1998)."""


class Net(nn.Module):
    """(n, 3, SIZE, SIZE), 0..1 RGB -> (n,) log odds of a face. 5 MMAC."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        w = width
        plan = [(3, w, 2), (w, 2 * w, 2), (2 * w, 2 * w, 1), (2 * w, 4 * w, 2), (4 * w, 4 * w, 1)]
        plan.append((4 * w, 6 * w, 2))
        layers: list[nn.Module] = []
        for before, after, stride in plan:
            layers += [
                nn.Conv2d(before, after, 3, stride, 1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
        self.layers = nn.Sequential(*layers)
        self.last = nn.Linear(6 * w * 9, 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        # Light and contrast of the place say nothing.
        mean = x.mean((1, 2, 3), keepdim=True)
        x = x - mean
        x = x / torch.sqrt((x * x).mean((1, 2, 3), keepdim=True) + 1e-4)
        x = self.layers(x)
        return self.last(x.flatten(1)).squeeze(1)  # type: ignore[no-any-return]


def changed(patches: Tensor, rng: torch.Generator) -> Tensor:
    """Patches (n, 3, data.SIDE, data.SIDE) 0..1 as a bad camera may see them, (n, 3, SIZE, SIZE):
    turned, off the middle, small, dark, noisy, grey, half hidden."""
    n = len(patches)

    def rand(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=rng)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng)

    angle = torch.where(rand(n) < 0.75, 0.35 * normal(n), math.pi * (2 * rand(n) - 1))
    size = torch.exp(0.22 * normal(n)).clamp(0.6, 1.6) * (REACH / data.REACH)
    shift = (0.11 * normal(n, 2)).clamp(-0.35, 0.35) / data.REACH
    c, s = torch.cos(angle) * size, torch.sin(angle) * size
    flip = torch.where(rand(n) < 0.5, -1.0, 1.0)
    theta = torch.stack(
        [torch.stack([c * flip, -s, shift[:, 0]], 1), torch.stack([s * flip, c, shift[:, 1]], 1)], 1
    )
    grid = F.affine_grid(theta, [n, 3, SIZE, SIZE], align_corners=False)
    x = F.grid_sample(
        patches, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )
    x = _hidden(x, rand, normal)
    # Far away: down to faces of about nine pixels.
    out = x.clone()
    far = (12.0 + 50.0 * rand(n) ** 1.3).long().clamp(max=SIZE)
    for pixels in far.unique().tolist():
        rows = far == pixels
        if pixels >= SIZE:
            continue
        small = F.interpolate(x[rows], (pixels, pixels), mode="area")
        out[rows] = F.interpolate(small, (SIZE, SIZE), mode="bilinear", align_corners=False)
    x = out
    # A camera's curve and noise, in dark rooms too, and what eight bits leave of it.
    gamma = torch.exp(0.3 * normal(n, 1, 1, 1))
    gain = torch.exp(0.3 * normal(n, 1, 1, 1)) * torch.exp(0.12 * normal(n, 3, 1, 1))
    dark = torch.where(rand(n, 1, 1, 1) < 0.2, 0.15 + 0.6 * rand(n, 1, 1, 1), torch.ones(1))
    x = x.clamp(0, 1) ** gamma * gain * dark
    noise = torch.where(rand(n, 1, 1, 1) < 0.5, 0.03 * rand(n, 1, 1, 1), torch.zeros(1))
    coarse = F.interpolate(
        normal(n, 3, SIZE // 2, SIZE // 2), (SIZE, SIZE), mode="bilinear", align_corners=False
    )
    x = x + noise * torch.where(rand(n, 1, 1, 1) < 0.5, normal(n, 3, SIZE, SIZE), 1.5 * coarse)
    grey = x.mean(1, keepdim=True).expand_as(x)
    x = torch.where(rand(n, 1, 1, 1) < 0.2, grey, x)
    x = (x.clamp(0, 1) * 255).round() / 255
    return x


def _hidden(x: Tensor, rand, normal) -> Tensor:  # type: ignore[no-untyped-def]
    """Something before a third of them: a hand, a mask, glasses, the picture's edge."""
    n = len(x)
    y, z = torch.meshgrid(torch.linspace(-1, 1, SIZE), torch.linspace(-1, 1, SIZE), indexing="ij")
    angle, where = 2 * math.pi * rand(n, 1, 1), 0.05 + 0.6 * rand(n, 1, 1)
    half = torch.cos(angle) * z + torch.sin(angle) * y > where
    at, reach = 0.5 * normal(n, 2, 1, 1), 0.1 + 0.35 * rand(n, 2, 1, 1)
    blob = ((z - at[:, 0]) / reach[:, 0]) ** 2 + ((y - at[:, 1]) / reach[:, 1]) ** 2 < 1
    kind = rand(n, 1, 1)
    cover = (half & (kind < 0.12)) | (blob & (kind > 0.12) & (kind < 0.3))
    tone = rand(n, 3, 1, 1).expand(-1, -1, SIZE, SIZE)
    other = x.roll(1, 0).flip(2)  # a piece of another patch
    paint = torch.where(rand(n, 1, 1, 1) < 0.6, tone, other)
    return torch.where(cover[:, None], paint, x)


def _tensor(patches: U8) -> Tensor:
    """(n, 3, side, side) RGB 0..1 of BGR bytes."""
    return torch.from_numpy(np.ascontiguousarray(patches[..., ::-1])).permute(0, 3, 1, 2) / 255.0


def fit(
    faces: U8,
    others: U8,
    hard: U8 | None = None,
    steps: int = STEPS,
    seed: int = 0,
    begin: nn.Module | None = None,
) -> nn.Module:
    """The network, weights averaged over the last steps. ``hard``: patches without a face that are
    drawn more often than ``others``; ``begin``: what to go on from."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    draw = np.random.default_rng(seed)
    net = Net()
    if begin is not None:
        net.load_state_dict(begin.state_dict())
    mean = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    many = BATCH // 2
    target = torch.cat([torch.ones(many), torch.zeros(BATCH - many)])
    began = time.monotonic()
    net.train()
    for step in range(steps):
        drawn = [faces[draw.integers(len(faces), size=many)]]
        few = 0 if hard is None else round(OFTEN * BATCH)
        drawn.append(others[draw.integers(len(others), size=BATCH - many - few)])
        if hard is not None:
            drawn.append(hard[draw.integers(len(hard), size=few)])
        raw = _tensor(np.concatenate(drawn))
        found = net(changed(raw, rng))
        loss = F.binary_cross_entropy_with_logits(found, target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        plan.step()
        mean.update_parameters(net)
        if step % 250 == 0:
            print(f"{step} of {steps}: {loss.item():.3f}, {time.monotonic() - began:.0f} s",
                  file=sys.stderr, flush=True)  # fmt: skip
    return mean.module.eval()  # type: ignore[no-any-return]


def scores(net: nn.Module, patches: U8, changed_too: bool, seed: int = 1) -> F32:
    """Log odds (n,): of ``patches`` as they are, or changed."""
    out = []
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for start in range(0, len(patches), 256):
            raw = _tensor(patches[start : start + 256])
            if changed_too:
                x = changed(raw, rng)
            else:
                side = round(SIZE * data.REACH / REACH)
                x = F.interpolate(raw, (side, side), mode="bilinear", align_corners=False)
                edge = (side - SIZE) // 2
                x = x[:, :, edge : edge + SIZE, edge : edge + SIZE]
            out.append(net(x).numpy())
    return np.concatenate(out).astype(np.float32)


def table(faces: F32, others: F32) -> str:
    """What shares of faces are lost and of mistakes refused at several thresholds."""
    lines = ["log odds | faces below | others below"]
    for at in (-6, -5, -4, -3, -2, -1, 0):
        lines.append(f"{at} | {(faces < at).mean():.4f} | {(others < at).mean():.3f}")
    return "\n".join(lines)


def export(net: nn.Module, path: Path) -> float:
    """Write the network (batches of any size); the largest difference between torch and ONNX
    Runtime."""
    return write_small(net, torch.rand(4, 3, SIZE, SIZE), path, "patches", "odds", any_count=True)


def make(folder: Path, target: Path, jobs: int) -> Iterator[str]:
    """From photographs to the shipped network; tells how it does on photographs held out."""

    def gathered(unseen: bool) -> tuple[U8, U8]:
        parts = list(data.collect(folder, jobs, unseen))
        faces = [p for faces, _ in parts for p in faces]
        others = [p for _, others in parts for p in others]
        return np.stack(faces), np.stack(others)

    faces, others = gathered(False)
    yield f"{len(faces)} patches of faces, {len(others)} of what the detector takes for faces"
    net = fit(faces, others)
    more = np.stack([p for part in data.further(jobs) for p in part])
    pool = np.concatenate([others, more])
    hard = pool[scores(net, pool, False) > HARD]
    yield f"{len(more)} further ones; hard for the first network: {len(hard)}"
    first = fit(faces, pool, hard, begin=net)
    second = fit(faces, pool, hard, seed=1)
    net = Mean([first, second])
    off = export(net, target)
    yield f"{target.name}: off torch by {off:.1e}"
    faces, others = gathered(True)
    yield f"held out, as they are: {len(faces)} faces, {len(others)} others"
    yield table(scores(net, faces, False), scores(net, others, False))
    yield "held out, changed as in training:"
    yield table(scores(net, faces, True), scores(net, others, True))
