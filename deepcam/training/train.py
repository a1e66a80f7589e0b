"""Train the generators. Reads from top to bottom; resumes from its checkpoint after any stop.

With two sizes, the large one is the teacher: where there is no photograph of the person who is
rendered, the small one learns to paint what the large one does. Each size sees the samples at its
own resolution; what it paints is composed at the resolution of the larger one, as the camera
composes at the picture's own.
"""

from __future__ import annotations

import copy
import csv
import math
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from deepcam.training.critics import Critics
from deepcam.training.features import Features, unit
from deepcam.training.losses import (
    keep_detail,
    opaque,
    perceptual,
    reconstruction,
    smoothness,
    surroundings,
    wavering,
)
from deepcam.training.network import SIZES, Generator, compose
from deepcam.training.sampler import Batch, Sampler

U8 = NDArray[np.uint8]


@dataclass(slots=True)
class Config:
    """One training run."""

    sizes: tuple[str, ...] = ("large", "small")
    batch: int = 32
    """Samples of the photograph's own texture in a step, and as many of somebody else's."""
    lr: float = 4e-4
    critic_lr: float = 4e-4
    critic_from: float = 0.05
    """Share of the run after which the critics take part; by then they are known by .10."""
    critic_weight: float = 0.12
    perceptual_weight: float = 0.6
    keep_weight: float = 0.35
    surroundings_weight: float = 1.0
    opaque_weight: float = 2.0
    """Of the paint that shines through the middle of a face: where a photograph is not matched by
    its own render it pays to mix in the fill, which a plain face shows as a stain."""
    student_weight: float = 0.3
    """Of the small network's distance from the large one on swapped samples; of one that is trained
    at the same time it learns from a quarter of the run on, when that one knows something."""
    steady_every: int = 4
    ema: float = 0.998
    seed: int = 1
    device: str = "cpu"
    report_seconds: float = 60.0
    save_seconds: float = 120.0
    steps: int = 10**9
    """Stop after so many, for trials."""


@dataclass(frozen=True, slots=True, eq=False)
class Teacher:
    """A trained network that shows what to paint where there is no photograph."""

    net: Generator
    resolution: int


class Trainee:
    """One network: what is trained, its average, and its optimiser."""

    def __init__(self, name: str, config: Config, begin: dict[str, Tensor] | None) -> None:
        self.size = SIZES[name]
        self.net = Generator(self.size)
        if begin is not None:
            self.net.load_state_dict(begin)
        self.net.to(config.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.net).eval().requires_grad_(False)
        self.optim = torch.optim.Adam(
            self.net.parameters(), config.lr, betas=(0.5, 0.99), fused=True
        )

    def state(self) -> dict[str, object]:
        """For a checkpoint."""
        return {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optim": self.optim.state_dict(),
        }

    def restore(self, state: dict[str, object]) -> None:
        """What ``state`` gave."""
        self.net.load_state_dict(state["net"])  # type: ignore[arg-type]
        self.average.load_state_dict(state["average"])  # type: ignore[arg-type]
        self.optim.load_state_dict(state["optim"])  # type: ignore[arg-type]

    def follow(self, decay: float) -> None:
        """Bring the average up to date."""
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.average.parameters()), list(self.net.parameters()), 1 - decay
            )


class Steps:
    """Takes optimiser steps, or leaves them out where the loss jumps: one bad step of a critic or
    of a bound can undo minutes. Decided on the device, which need not be waited for."""

    def __init__(self, device: str) -> None:
        self.mean = torch.zeros((), device=device)
        self.taken = torch.zeros((), device=device)
        self.skipped = torch.zeros((), device=device)

    def step(
        self, loss: Tensor, optims: list[torch.optim.Optimizer], nets: list[nn.Module]
    ) -> None:
        """Backward pass, gradient norm at most 1 for each of ``nets``, and their steps."""
        for optim in optims:
            optim.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        value = loss.detach()
        known = self.taken > 20
        bad = ~torch.isfinite(value) | (known & (value > 3 * self.mean))
        for net in nets:
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            bad = bad | ~torch.isfinite(norm)
        for optim in optims:
            optim.found_inf = bad.float()  # type: ignore[attr-defined]
            optim.grad_scale = None  # type: ignore[attr-defined]
            optim.step()
        share = torch.where(known, 0.02, 1 / (self.taken + 1))
        self.mean = torch.where(bad, self.mean, self.mean + share * (value - self.mean))
        self.taken += (~bad).float()
        self.skipped += bad.float()


WARM_UP = 0.02
"""Share of the run in which the learning rate is reached."""


def learning_rate(share: float) -> float:
    """Factor on the learning rate after ``share`` of the run: flat for half of it, then along a
    cosine to a thirtieth."""
    fall = 1.0 if share < 0.5 else 0.5 * (1 + math.cos(math.pi * (share - 0.5) / 0.5))
    return min(1.0, 0.02 + share / WARM_UP) * (0.03 + 0.97 * fall)


def train(
    config: Config,
    sampler: Sampler,
    features: Features,
    folder: Path,
    seconds: float,
    begin: dict[str, dict[str, Tensor]] | None = None,
    export: Path | None = None,
    teacher: Teacher | None = None,
) -> None:
    """Train for ``seconds``, keeping checkpoint.pt, metrics.csv and a sheet of each size in
    ``folder``.

    The run's whole length is ``seconds`` too: a resumed run goes on where it was. ``begin``:
    weights of each size that a new run starts from. ``export``: where the averaged networks are put
    in half precision at every save. ``teacher``: a network that is not trained, where there is
    none among ``config.sizes``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cuda = config.device.startswith("cuda")
    torch.manual_seed(config.seed)
    if cuda:
        # Losses and critics: ten bits of mantissa are plenty there.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True
    trainees = {name: Trainee(name, config, (begin or {}).get(name)) for name in config.sizes}
    features = features.to(config.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    critics = Critics(features).to(config.device)
    critic_optim = torch.optim.Adam(
        critics.parameters(), config.critic_lr, betas=(0.0, 0.99), fused=True
    )
    side = max(t.size.resolution for t in trainees.values())
    resolutions = sorted({t.size.resolution for t in trainees.values()})
    if teacher is not None:
        teacher.net.to(config.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        resolutions = sorted({*resolutions, teacher.resolution})
    steps, critic_steps = Steps(config.device), Steps(config.device)
    step, spent = 0, 0.0
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=config.device, weights_only=True)
        for name, trainee in trainees.items():
            trainee.restore(state[name])
        critics.load_state_dict(state["critics"])
        critic_optim.load_state_dict(state["critic_optim"])
        step, spent = int(state["step"]), float(state["spent"])
        torch.manual_seed(config.seed + step)
        print(f"resumed after {step} steps", flush=True)

    def layers() -> AbstractContextManager[object]:
        # bfloat16 has the range of single precision and needs no scaling.
        return torch.autocast("cuda" if cuda else "cpu", torch.bfloat16, enabled=cuda)

    first = start = saved = reported = time.monotonic()
    sums: dict[str, Tensor] = {}
    counted = 0
    while step < config.steps and (now := time.monotonic()) - start + spent < seconds:
        share = (now - start + spent) / seconds
        factor = learning_rate(share)
        for optim in (t.optim for t in trainees.values()):
            for group in optim.param_groups:
                group["lr"] = config.lr * factor
        for group in critic_optim.param_groups:
            group["lr"] = config.critic_lr * factor
        judged = config.critic_weight > 0 and share >= config.critic_from
        weight = config.critic_weight * min(1.0, max(0.0, (share - config.critic_from) / 0.05))

        b = config.batch
        with torch.no_grad():
            samples = sampler.pairs(b, resolutions)
            both = samples[side]
            own, swap = both[:b], both[b:]
            with layers():
                real = critics.features(both.target)
        outs: list[Tensor] = []
        parts: dict[str, Tensor] = {}
        painted: Tensor | None = None
        if teacher is not None:
            with torch.no_grad(), layers():
                shown = samples[teacher.resolution].inputs[b:]
                painted = compose(teacher.net(shown), shown[:, 4:7])
                painted = F.interpolate(painted, (side, side), mode="area")
        for k, (name, trainee) in enumerate(trainees.items()):
            inputs = samples[trainee.size.resolution].inputs
            inputs = inputs.contiguous(memory_format=torch.channels_last)
            with layers():
                maps = trainee.net(inputs)
            out = compose(maps, both.inputs[:, 4:7])
            found = {
                "l1": reconstruction(out[:b], own.target, own.inputs, own.valid),
                "smooth": smoothness(maps, inputs),
                "opaque": config.opaque_weight * opaque(maps, inputs),
                "keep": config.keep_weight * keep_detail(out[b:], swap.inputs),
                "around": config.surroundings_weight
                * surroundings(out[b:], swap.inputs, swap.target, swap.valid),
            }
            if painted is not None:
                student = config.student_weight
                if teacher is None:
                    student *= min(1.0, max(0.0, (share - 0.25) / 0.3))
                found["student"] = student * reconstruction(
                    out[b:], painted, swap.inputs, swap.valid
                )
            elif len(trainees) > 1:
                painted = out[b:].detach()
            if step % config.steady_every == k:
                with layers():
                    found["steady"] = 2.0 * wavering(
                        trainee.net, inputs, maps, step // config.steady_every
                    )
            parts |= {f"{name} {part}": value for part, value in found.items()}
            outs.append(both.pasted(out))
        # All networks' pictures together: a card waits for the number of operations.
        count = len(outs)
        pasted, beside = torch.cat(outs), both.times(count)
        with layers():
            seen = critics.features(pasted)
        near, units, wanted = own.mask * own.valid, unit(seen), [f[:b] for f in unit(real)]
        apart = [
            perceptual([f[2 * b * k :][:b] for f in units], wanted, near) for k in range(count)
        ]
        parts["perceptual"] = config.perceptual_weight * torch.stack(apart).sum()
        if judged and weight > 0:
            reals = [f.repeat(count, 1, 1, 1) for f in real]
            with layers():
                scored = critics.generator_loss(pasted, beside, seen, reals)
            parts["critic"] = weight * count * scored
        loss = torch.stack(list(parts.values())).sum()
        for part, value in parts.items():
            sums[part] = sums.get(part, 0) + value.detach()
        nets: list[nn.Module] = [t.net for t in trainees.values()]
        steps.step(loss, [t.optim for t in trainees.values()], nets)
        if judged:
            # Each network's fakes in turn: half the cost.
            turn = slice(2 * b * (step % count), 2 * b * (step % count + 1))
            pasted, seen = pasted[turn].detach(), [f[turn].detach() for f in seen]
            with layers():
                loss = critics.own_loss(pasted, both, seen, real)
            penalty = critics.penalty(pasted, both, seen, real)
            critic_steps.step(loss + penalty, [critic_optim], [critics])
            for part, value in (("critics", loss), ("critics' penalty", penalty)):
                sums[part] = sums.get(part, 0) + value.detach()
        step += 1
        counted += 1
        for trainee in trainees.values():
            trainee.follow(min(config.ema, (1 + step) / (10 + step)))
        if step in (3, 10, 30, 100):
            if cuda:
                torch.cuda.synchronize()
            print(f"step {step}: {time.monotonic() - first:.1f} s", flush=True)
        if time.monotonic() - reported > config.report_seconds:
            _report(
                folder, trainees, sampler, sums, counted, step, spent, start, steps, critic_steps
            )
            sums, counted, reported = {}, 0, time.monotonic()
        if time.monotonic() - saved > config.save_seconds:
            _save(checkpoint, trainees, critics, critic_optim, step, spent, start, config)
            if export is not None:
                compact(trainees, export)
            saved = time.monotonic()
    _report(folder, trainees, sampler, sums, counted, step, spent, start, steps, critic_steps)
    _save(checkpoint, trainees, critics, critic_optim, step, spent, start, config)
    if export is not None:
        compact(trainees, export)


def compact(trainees: dict[str, Trainee], folder: Path) -> None:
    """The averaged networks in half precision, in files of at most 12 MB: what fits through a
    narrow door. ``gather`` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, trainee in trainees.items():
        part: dict[str, Tensor] = {}
        number = 0
        for key, value in trainee.average.state_dict().items():
            part[key] = value.half().cpu()
            if sum(v.numel() for v in part.values()) > 5_000_000:
                torch.save(part, folder / f"{name}_{number}.pt")
                part, number = {}, number + 1
        torch.save(part, folder / f"{name}_{number}.pt")


def gather(folder: Path, name: str) -> dict[str, Tensor]:
    """Weights that ``compact`` wrote, in single precision."""
    out: dict[str, Tensor] = {}
    for path in sorted(folder.glob(f"{name}_*.pt")):
        part = torch.load(path, map_location="cpu", weights_only=True)
        out |= {key: value.float() for key, value in part.items()}
    return out


def _save(
    path: Path,
    trainees: dict[str, Trainee],
    critics: Critics,
    critic_optim: torch.optim.Optimizer,
    step: int,
    spent: float,
    start: float,
    config: Config,
) -> None:
    part = path.with_suffix(".part")
    state: dict[str, object] = {name: t.state() for name, t in trainees.items()}
    state |= {
        "critics": critics.state_dict(),
        "critic_optim": critic_optim.state_dict(),
        "step": step,
        "spent": spent + time.monotonic() - start,
        "config": asdict(config),
    }
    torch.save(state, part)
    os.replace(part, path)


@torch.no_grad()
def _report(
    folder: Path,
    trainees: dict[str, Trainee],
    sampler: Sampler,
    sums: dict[str, Tensor],
    counted: int,
    step: int,
    spent: float,
    start: float,
    steps: Steps,
    critic_steps: Steps,
) -> None:
    """One line of metrics.csv, and a sheet of held-out photographs for each size."""
    row: dict[str, float] = {"step": step, "seconds": spent + time.monotonic() - start}
    for name, trainee in trainees.items():
        row[f"{name} held out"] = held_out_loss(trainee.average, sampler, trainee.size.resolution)
        cv2.imwrite(
            str(folder / f"sheet_{name}.jpg"),
            sheet(trainee.average, sampler, trainee.size.resolution),
        )
    row["skipped"] = float(steps.skipped) + float(critic_steps.skipped)
    row |= {key: float(value) / max(1, counted) for key, value in sorted(sums.items())}
    path = folder / "metrics.csv"
    fresh = not path.exists()
    with path.open("a", newline="") as handle:
        writer = csv.writer(handle)
        if fresh:
            writer.writerow(["step", "what", "value"])
        writer.writerows([[step, key, round(value, 4)] for key, value in row.items()])
    print(" | ".join(f"{key} {value:.4g}" for key, value in row.items()), flush=True)


@torch.no_grad()
def held_out_loss(net: Generator, sampler: Sampler, size: int, count: int = 48) -> float:
    """Mean ``reconstruction`` of ``count`` photographs that are never trained on."""
    total = 0.0
    chosen = sampler.held_out[:: max(1, len(sampler.held_out) // count)][:count]
    with _fixed_chance(sampler):
        for k in range(0, len(chosen), 12):
            rows = torch.from_numpy(chosen[k : k + 12]).to(sampler.device)
            batch = sampler.own(rows, train=False, size=size)
            out = compose(net(batch.inputs), batch.inputs[:, 4:7])
            total += float(reconstruction(out, batch.target, batch.inputs, batch.valid)) * len(rows)
    return total / max(1, len(chosen))


@torch.no_grad()
def sheet(net: Generator, sampler: Sampler, size: int, count: int = 12) -> U8:
    """Held-out photographs in columns: photograph, surroundings, own texture repainted, then render
    and result of somebody of the bank, of another texture, and of a mixture."""
    chosen = sampler.held_out[:: max(1, len(sampler.held_out) // count)][:count]
    rows = torch.from_numpy(chosen).to(sampler.device)
    with _fixed_chance(sampler):
        batch = sampler.own(rows, train=False, size=size)
        shown = [batch.target, batch.inputs[:, :3], _result(net, batch)]
        for kind in range(3):
            batch = sampler.swapped(rows, train=False, kind=kind, size=size)
            shown += [batch.inputs[:, 4:7], _result(net, batch)]
    strips = [torch.cat(list(part.clamp(0, 1)), 2) for part in shown]
    picture = torch.cat(strips, 1).permute(1, 2, 0).float().cpu().numpy()
    return np.asarray(picture * 255, np.uint8)


def _result(net: Generator, batch: Batch) -> Tensor:
    return batch.pasted(compose(net(batch.inputs), batch.inputs[:, 4:7]))


@contextmanager
def _fixed_chance(sampler: Sampler) -> Iterator[None]:
    """The same people in every report; training's own random numbers are not touched."""
    with torch.random.fork_rng([sampler.device] if sampler.device.type == "cuda" else []):
        torch.manual_seed(5)
        yield
