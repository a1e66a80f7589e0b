"""Train the generator. Reads from top to bottom; resumes from its checkpoint after any stop."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from deepcam.identity.model import IdentityModel
from deepcam.training.data import Prepared, Sample, Sampler, load
from deepcam.training.feed import Plan, batches, place, stack
from deepcam.training.network import SIZES, Critic, Generator, compose

F32 = NDArray[np.float32]


@dataclass(slots=True)
class Config:
    """One training run."""

    size: str = "small"
    resolution: int = 0
    """Side of the training windows; 0 = the network's own. Smaller ones make the first hours of a
    CPU run faster: the network is convolutional."""
    batch: int = 12
    lr: float = 2e-3
    images: int = 1_000_000
    """Images of the whole run; the learning rate falls along a cosine to a twentieth."""
    adversarial_from: int = 400_000
    """Images after which the critic takes part."""
    adversarial_weight: float = 0.05
    r1: float = 0.5
    seed: int = 1
    ema: float = 0.998
    device: str = "cpu"
    save_minutes: float = 4.0
    workers: int = 0
    """Processes that draw batches; 0 = a thread, enough for a CPU."""
    compile: bool = False
    """Whether layers are compiled on CUDA: worth its minutes only where samples do not run out."""


def _halve(x: Tensor) -> Tensor:
    """Mean of 2 x 2; several times faster than ``avg_pool2d`` on the CPU."""
    b, c, h, w = x.shape
    return x.reshape(b, c, h // 2, 2, w // 2, 2).mean((3, 5))


def reconstruction(out: Tensor, target: Tensor, x: Tensor, valid: Tensor) -> Tensor:
    """L1 over six scales and the gradients of two, under the mask, eyes and mouth twice.

    All (b, c, n, n) with n a multiple of 32.
    """
    mask, eyes, mouth = x[:, 3:4], x[:, 8:9], x[:, 9:10]
    # A few pixels around the mask count too: there the fill must meet the picture.
    near = F.max_pool2d(torch.cat([mask, torch.maximum(eyes, mouth)], 1), 5, 1, 2).sum(1, True)
    weight = valid * near
    difference = out - target
    loss = out.new_zeros(())
    # The error's weighted mean per cell is the difference of both pictures' weighted means.
    error, w = difference * weight, weight
    for k, share in ((1, 1.0), (2, 0.8), (4, 0.8), (8, 0.8), (16, 1.0), (32, 1.0)):
        if k > 1:
            error, w = _halve(error), _halve(w)
        total = (error.abs() * (w / (w + 1e-4))).sum()
        loss = loss + share * total / (w.sum() + 1e-3) / 3
    for k in (1, 2):
        if k > 1:
            difference, weight = _halve(difference), _halve(weight)
        for axis in (2, 3):
            ww = weight.narrow(axis, 1, weight.shape[axis] - 1)
            total = (difference.diff(dim=axis).abs() * ww).sum()
            loss = loss + 0.5 * total / (ww.sum() + 1e-3) / 3
    return loss


def smoothness(maps: Tensor, x: Tensor) -> Tensor:
    """Keep the fields smooth and the bias small: light is smooth, bias washes out contrast, and an
    edge between face and fill that comes and goes from pixel to pixel looks like beads."""
    inside = (x[:, 7:8] > 0.75).to(maps.dtype)
    gain = torch.log(maps[:, 0:3].clamp(min=1e-3))
    tv = maps.new_zeros(())
    for axis in (2, 3):
        w = inside.narrow(axis, 1, inside.shape[axis] - 1)
        tv = tv + (gain.diff(dim=axis).abs() * w).mean()
    edge = maps.new_zeros(())
    for axis in (2, 3):
        edge = edge + maps[:, 6:7].diff(dim=axis).diff(dim=axis).abs().mean()
    out = 0.02 * tv + 0.03 * maps[:, 3:6].abs().mean() + 0.5 * edge
    # The tone was matched before: coloured gains are for coloured lamps, not for greying a face.
    colour = gain - gain.mean(1, keepdim=True)
    return out + 0.10 * (colour.abs() * inside).sum() / (3 * inside.sum() + 1)


def perturb(x: Tensor, generator: torch.Generator) -> Tensor:
    """The same inputs as the next video frame would bring: sensor noise and a sub-pixel shift of
    the render against the picture."""
    out = x.clone()
    noise = torch.randn(x[:, 0:3].shape, generator=generator).to(x.device)
    out[:, 0:3] += 0.012 * noise
    dx, dy = (torch.rand(2, generator=generator) - 0.5).tolist()
    for axis, d in ((2, dy), (3, dx)):
        rolled = torch.roll(out[:, 4:14], 1 if d > 0 else -1, dims=axis)
        out[:, 4:14] = (1 - abs(d)) * out[:, 4:14] + abs(d) * rolled
    return out


def shifted(x: Tensor, generator: torch.Generator) -> tuple[Tensor, tuple[int, int]]:
    """The same inputs with everything some pixels further, borders going round, and how far."""
    across, down = (int(torch.randint(-6, 7, (1,), generator=generator)) for _ in range(2))
    return torch.roll(x, (down, across), (2, 3)), (down, across)


def wavering(
    run: Callable[[Tensor], Tensor], x: Tensor, maps: Tensor, generator: torch.Generator, step: int
) -> Tensor:
    """What makes video flicker: how much the fields ``maps`` of ``x`` change with a tracker's and a
    sensor's noise or, in turn, are not equivariant: do not move along with everything."""
    core = (x[:, 7:8] > 0.25).to(maps.dtype)
    if step % 2:
        moved, by = shifted(x, generator)
        other = torch.roll(run(moved), (-by[0], -by[1]), (2, 3))
        # What went round the border has neighbours of its own.
        core = core * _away_from_border(maps.shape[2], 24, maps)
    else:
        other = run(perturb(x, generator))
    return 2.0 * ((other - maps).abs() * core).mean()


def _away_from_border(side: int, by: int, like: Tensor) -> Tensor:
    inside = like.new_zeros((1, 1, side, side))
    by = min(by, side // 4)
    inside[..., by:-by, by:-by] = 1
    return inside


def augment(pictures: list[Tensor], others: Tensor, generator: torch.Generator) -> list[Tensor]:
    """Pictures for the critic, changed in the same way: brightness, saturation and contrast, a
    shift by up to an eighth, a square cut out. Gradients pass (Zhao et al., Differentiable
    Augmentation for Data-Efficient GAN Training, NeurIPS 2020).

    ``pictures``: each (b, 3, n, n), 0..1; ``others`` (b, c, n, n) only moves along. Returns
    ``pictures`` and ``others``.
    """
    b, _, n, _ = others.shape
    device = others.device

    def chance(low: float, high: float) -> Tensor:
        return (torch.rand((b, 1, 1, 1), generator=generator) * (high - low) + low).to(device)

    light, colour, contrast = chance(-0.2, 0.2), chance(0.4, 1.6), chance(0.7, 1.3)
    dx, dy = (torch.randint(-n // 8, n // 8 + 1, (b,), generator=generator) for _ in range(2))
    cut = torch.ones((b, 1, n, n))
    for k in range(b):
        y, x = torch.randint(0, n, (2,), generator=generator).tolist()
        cut[k, :, max(0, y - n // 8) : y + n // 8, max(0, x - n // 8) : x + n // 8] = 0

    def move(t: Tensor) -> Tensor:
        pad = n // 8
        wide = F.pad(t, (pad, pad, pad, pad))
        rows = zip(wide, dy.tolist(), dx.tolist(), strict=True)
        moved = [w[:, pad + v : pad + v + n, pad + u : pad + u + n] for w, v, u in rows]
        return torch.stack(moved) * cut.to(device)

    out = []
    for t in pictures:
        t = t + light
        t = (t - t.mean(1, keepdim=True)) * colour + t.mean(1, keepdim=True)
        t = (t - t.mean((1, 2, 3), keepdim=True)) * contrast + t.mean((1, 2, 3), keepdim=True)
        out.append(move(t))
    return [*out, move(others)]


def learning_rate(config: Config, seen: int) -> float:
    """Warm-up over 2,000 images, cosine to a twentieth at the end."""
    warm = min(1.0, seen / 2000)
    t = min(1.0, seen / config.images)
    return config.lr * warm * (0.05 + 0.95 * 0.5 * (1 + float(np.cos(np.pi * t))))


def train(
    config: Config,
    data: Prepared | Path,
    folder: Path,
    minutes: float,
    identities: int = 48,
    begin: dict[str, Tensor] | None = None,
) -> None:
    """Train for ``minutes`` or until ``config.images``; state and sheets go to ``folder``.

    A new run starts from the weights ``begin``, from chance when None. ``data`` must be a path for
    ``config.workers``. The state in which the critic joins is kept in ``supervised.pt``: which of
    both looks better is for eyes to say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = SIZES[config.size]
    device = config.device
    torch.manual_seed(config.seed)
    net = Generator(size).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    ema = Generator(size).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if begin is not None:
        net.load_state_dict(begin)
    ema.load_state_dict(net.state_dict())
    critic = Critic().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optim = torch.optim.Adam(net.parameters(), config.lr, betas=(0.9, 0.99))
    optim_d = torch.optim.Adam(critic.parameters(), 1e-3, betas=(0.0, 0.99))
    seen, spent = 0, 0.0
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        net.load_state_dict(state["net"])
        ema.load_state_dict(state["ema"])
        critic.load_state_dict(state["critic"])
        optim.load_state_dict(state["optim"])
        optim_d.load_state_dict(state["optim_d"])
        seen, spent = int(state["seen"]), float(state["spent"])
        print(f"resumed at {seen} images", flush=True)
    model = IdentityModel.load()
    people = [model.sample(s) for s in range(10_000, 10_000 + identities)]
    prepared = load(data) if isinstance(data, Path) else data
    judge = Sampler(prepared, size.resolution, 0, people, train=False)
    held = [judge.self_sample(int(i)) for i in judge.rows[:: max(1, len(judge.rows) // 96)][:96]]
    side = config.resolution or size.resolution
    plan = Plan(config.batch, side, config.adversarial_from, config.seed, seen)
    feed = batches(data if config.workers else prepared, people, plan, config.workers)
    noise = torch.Generator().manual_seed(config.seed + seen)
    run = _runner(net, config)
    start = saved = time.monotonic()
    history: list[float] = []
    step = 0
    alone = seen < config.adversarial_from
    while seen < config.images and time.monotonic() - start < minutes * 60:
        for group in optim.param_groups:
            group["lr"] = learning_rate(config, seen)
        adversarial = seen >= config.adversarial_from
        if adversarial and alone:
            alone = False
            _save(folder / "supervised.pt", net, ema, critic, optim, optim_d, seen, spent, config)
        *drawn, n_swap = next(feed)
        x, y, valid = place((drawn[0], drawn[1], drawn[2]), device)
        maps = run(x)
        out = compose(maps, x[:, 4:7])
        loss = reconstruction(out[n_swap:], y[n_swap:], x[n_swap:], valid[n_swap:])
        loss = loss + smoothness(maps, x)
        history.append(float(loss.detach()))
        if step % 4 == 0:  # stability in video
            loss = loss + wavering(run, x, maps, noise, step // 4)
        if adversarial:
            mask = x[:, 3:4] * valid
            whole = y * (1 - mask) + out * mask
            extra = torch.cat([x[:, 3:4], x[:, 7:8], mask], 1)
            shown, photo, extra = augment([whole, y], extra, noise)
            area = _halve(_halve(_halve(extra[:, 2:])))
            area = area / (area.sum() + 1e-3)
            extra = extra[:, :2]
            scores = critic(torch.cat([shown, extra], 1))
            ramp = min(1.0, (seen - config.adversarial_from) / 20_000)
            loss = loss + config.adversarial_weight * ramp * (F.softplus(-scores) * area).sum()
        if not torch.isfinite(loss):
            raise RuntimeError(f"the loss is {float(loss)} after {seen} images")
        optim.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optim.step()
        if adversarial:
            real = torch.cat([photo, extra], 1).requires_grad_(step % 8 == 0)
            fake = torch.cat([shown.detach(), extra], 1)
            s_real, s_fake = critic(real), critic(fake)
            loss_d = ((F.softplus(-s_real) + F.softplus(s_fake)) * area).sum()
            if step % 8 == 0:  # R1 (Mescheder, Geiger, Nowozin 2018), lazily
                (grad,) = torch.autograd.grad(s_real.sum(), real, create_graph=True)
                loss_d = loss_d + 4.0 * config.r1 * grad[:, :3].square().sum((1, 2, 3)).mean() / 100
            optim_d.zero_grad(set_to_none=True)
            loss_d.backward()
            optim_d.step()
        seen += config.batch
        step += 1
        decay = min(config.ema, 1 - 1 / (1 + seen / config.batch))
        with torch.no_grad():
            torch._foreach_lerp_(list(ema.parameters()), list(net.parameters()), 1 - decay)
        if time.monotonic() - saved > config.save_minutes * 60 or seen >= config.images:
            now = time.monotonic()
            spent += now - saved
            _report(folder, ema, held, device, seen, spent, history)
            history.clear()
            _save(checkpoint, net, ema, critic, optim, optim_d, seen, spent, config)
            saved = time.monotonic()
    feed.close()
    spent += time.monotonic() - saved
    _report(folder, ema, held, device, seen, spent, history)
    _save(checkpoint, net, ema, critic, optim, optim_d, seen, spent, config)


def _runner(net: Generator, config: Config) -> Callable[[Tensor], Tensor]:
    """How the generator is run in training: on CUDA with its layers in bfloat16, which has the
    range of single precision and needs no scaling; elsewhere as it is."""
    if not config.device.startswith("cuda"):
        return net
    # Losses and the critic: ten bits of mantissa are plenty there.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    layers: Callable[[Tensor], Tensor] = torch.compile(net) if config.compile else net

    def run(x: Tensor) -> Tensor:
        with torch.autocast("cuda", torch.bfloat16):
            return layers(x)

    return run


def _save(
    path: Path,
    net: Generator,
    ema: Generator,
    critic: Critic,
    optim: torch.optim.Optimizer,
    optim_d: torch.optim.Optimizer,
    seen: int,
    spent: float,
    config: Config,
) -> None:
    part = path.with_suffix(".part")
    torch.save(
        {
            "net": net.state_dict(),
            "ema": ema.state_dict(),
            "critic": critic.state_dict(),
            "optim": optim.state_dict(),
            "optim_d": optim_d.state_dict(),
            "seen": seen,
            "spent": spent,
            "config": asdict(config),
        },
        part,
    )
    os.replace(part, path)


@torch.no_grad()
def _report(
    folder: Path,
    net: Generator,
    held: list[Sample],
    device: str,
    seen: int,
    spent: float,
    history: list[float],
) -> None:
    """One line of metrics.csv and a sheet: erased, render, result, photograph."""
    total, rows = 0.0, []
    for start in range(0, len(held), 12):
        x, y, valid = place(stack(held[start : start + 12]), device)
        out = compose(net(x), x[:, 4:7])
        total += float(reconstruction(out, y, x, valid)) * len(x)
        mask = x[:, 3:4]
        whole = y * (1 - mask) + out.clamp(0, 1) * mask
        tiles = torch.cat([x[:, 0:3], x[:, 4:7].clamp(0, 1), whole, y], 2)[
            :: 4 if len(held) > 24 else 1
        ]
        rows += [(t.permute(1, 2, 0).cpu().numpy() * 255).astype(np.uint8) for t in tiles]
    score = total / len(held)
    path = folder / "metrics.csv"
    fresh = not path.exists()
    with path.open("a", newline="") as handle:
        writer = csv.writer(handle)
        if fresh:
            writer.writerow(["images", "seconds", "train", "held_out"])
        mean = float(np.mean(history)) if history else float("nan")
        writer.writerow([seen, round(spent), round(mean, 4), round(score, 4)])
    print(
        f"{seen} images, {spent / 60:.1f} min, train {mean:.4f}, held out {score:.4f}", flush=True
    )
    cv2.imwrite(str(folder / "sheet.png"), np.hstack(rows[:24]))
