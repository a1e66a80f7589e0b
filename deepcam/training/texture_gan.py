"""Experiment: faces of people who do not exist, from a GAN on the face mesh's UV square.

``python -m deepcam.training.texture_gan --data work/data.npz --out FOLDER --minutes 8`` learns
from the textures of photographs seen from the front; ``sample_textures`` draws new ones.

Made to be good after minutes, not days, with some two thousand aligned pictures:
- The generator adds to the mean texture, so that it is a face from the first step on. Its layers
  are StyleGAN2's with skips to the picture (Karras et al. 2020, arXiv:1912.04958).
- Loss of R3GAN (Huang et al. 2024, arXiv:2501.05441): relativistic pairs with zero-centred
  penalties on photographs and samples (R1, R2), which converges without further tricks.
- Differentiable augmentation (Zhao et al. 2020, arXiv:2006.10738), as the critic would know so few
  pictures by heart. Small strided stem in the critic as in FastGAN (Liu et al. 2021,
  arXiv:2101.04775), learning rate and moving average as in StyleGAN2-ADA (Karras et al. 2020,
  arXiv:2006.06676).
"""

from __future__ import annotations

import argparse
import copy
import itertools
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

LATENT = 256
WIDTHS = (256, 256, 192, 96, 64, 32)
"""Generator's channels at size / 32, ..., size."""
CRITIC_WIDTHS = (64, 96, 192, 256, 256)
"""Critic's channels at size / 2, ..., size / 32."""
MOST_TURN = 15.0
"""Degrees of yaw and pitch; beyond, one half of a texture is guessed by its preparation."""
LAZY = 4
"""Steps from one penalty to the next."""
SEED_DOMAIN = 7119
"""First word of every sample's seed, so that no other sampler's numbers repeat here."""


class _Linear(nn.Module):
    """Fully connected with an equalised learning rate: (b, n_in) -> (b, n_out)."""

    def __init__(self, n_in: int, n_out: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in) / rate)
        self.bias = nn.Parameter(torch.full((n_out,), bias / rate))
        self.gain, self.rate = rate / math.sqrt(n_in), rate

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.gain, self.bias * self.rate)


class _Conv(nn.Module):
    """Convolution with an equalised learning rate; He's gain if a leaky ReLU follows."""

    def __init__(self, a: int, b: int, k: int = 3, stride: int = 1, gain: float = 2**0.5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a, k, k))
        self.bias = nn.Parameter(torch.zeros(b))
        self.gain, self.stride, self.pad = gain / math.sqrt(a * k * k), stride, (k - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.gain, self.bias, self.stride, self.pad)


class _Styled(nn.Module):
    """StyleGAN2's modulated convolution, with the style on the activations instead of on the
    weights: the same result, and one ordinary convolution for the whole batch."""

    def __init__(self, a: int, b: int, k: int = 3, to_rgb: bool = False) -> None:
        super().__init__()
        # A picture's layer begins small, as the mean texture is there already.
        self.weight = nn.Parameter(torch.randn(b, a, k, k) * (0.1 if to_rgb else 1.0))
        self.bias = nn.Parameter(torch.zeros(b))
        self.style = _Linear(LATENT, a, bias=1.0)
        self.to_rgb, self.gain, self.pad = to_rgb, 1 / math.sqrt(a * k * k), k // 2

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None = None) -> Tensor:
        style = self.style(w)
        weight = self.weight * self.gain
        x = F.conv2d(x * style[:, :, None, None].to(x.dtype), weight, None, 1, self.pad)
        bias = self.bias[:, None, None]
        if self.to_rgb:
            return x.float() + bias
        scale = torch.rsqrt(F.linear(style.square(), weight.square().sum((2, 3))) + 1e-8)
        x = x * (scale * 2**0.5)[:, :, None, None].to(x.dtype) + bias.to(x.dtype)
        return F.leaky_relu(x if noise is None else x + noise.to(x.dtype), 0.2)


class TextureGenerator(nn.Module):
    """z (b, LATENT) and noise -> textures (b, 3, size, size), BGR, about -1..1, not clipped."""

    mean: Tensor
    w_mean: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        if size % 32:
            raise ValueError(f"The size must be a multiple of 32, not {size}.")
        self.size = size
        self.sides = [size // 4, size // 2, size]
        self.register_buffer("mean", torch.zeros(1, 3, size, size))
        self.register_buffer("w_mean", torch.zeros(1, LATENT))
        # A hundredth of the rate, as StyleGAN's: a mapping that runs ahead makes all unstable.
        self.mapping = nn.ModuleList([_Linear(LATENT, LATENT, rate=0.01) for _ in range(2)])
        self.start = nn.Parameter(torch.randn(1, WIDTHS[0], size // 32, size // 32))
        self.low = nn.ModuleList([_Styled(a, b) for a, b in itertools.pairwise(WIDTHS)])
        self.high = nn.ModuleList([_Styled(a, a) for a in WIDTHS])
        self.rgb = nn.ModuleList([_Styled(a, 3, 1, to_rgb=True) for a in WIDTHS])
        self.strength = nn.Parameter(torch.zeros(len(self.sides)))

    def map(self, z: Tensor) -> Tensor:
        """(b, LATENT) standard normal -> style (b, LATENT)."""
        w = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
        for layer in self.mapping:
            w = F.leaky_relu(layer(w), 0.2) * 2**0.5
        return w

    def forward(self, z: Tensor, noise: list[Tensor], psi: float = 1.0) -> Tensor:
        """``noise``: standard normal, (b, 1, side, side) for each of ``sides``, the skin's grain;
        coarser noise would take over what tells people apart, which is the styles' part.
        ``psi`` 0..1 pulls the styles to their mean: 1 the full variety, 0 the mean face."""
        w = self.map(z)
        if psi != 1.0:
            w = self.w_mean + psi * (w - self.w_mean)
        grain = dict(zip(self.sides, noise, strict=True))
        strength = dict(zip(self.sides, self.strength, strict=True))
        x = self.start.expand(len(z), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        x = self.high[0](x, w)
        picture = self.rgb[0](x, w)
        for k, low in enumerate(self.low, 1):
            # Narrowed before it is enlarged: a quarter of the work.
            x = F.interpolate(low(x, w), scale_factor=2.0, mode="nearest")
            side = x.shape[-1]
            x = self.high[k](x, w, grain[side] * strength[side] if side in grain else None)
            picture = F.interpolate(picture, scale_factor=2.0, mode="bilinear")
            picture = picture + self.rgb[k](x, w)
        return picture + self.mean


class _Down(nn.Module):
    """Residual, (b, a, n, n) -> (b, b, n / 2, n / 2)."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__()
        self.first, self.second, self.skip = _Conv(a, a), _Conv(a, b), _Conv(a, b, 1, gain=1.0)

    def forward(self, x: Tensor) -> Tensor:
        y = F.avg_pool2d(F.leaky_relu(self.first(x), 0.2), 2)
        y = F.leaky_relu(self.second(y), 0.2)
        return (y + self.skip(F.avg_pool2d(x, 2))) * 0.5**0.5


class Critic(nn.Module):
    """(b, 3, size, size) -> (b,), float32, higher for what looks like a photograph."""

    def __init__(self, size: int) -> None:
        super().__init__()
        c = CRITIC_WIDTHS
        self.stem = _Conv(3, c[0], 4, stride=2)
        self.down = nn.Sequential(*[_Down(a, b) for a, b in itertools.pairwise(c)])
        self.last = _Conv(c[-1], c[-1])
        self.dense = _Linear(c[-1] * (size // 32) ** 2, 256)
        self.score = _Linear(256, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.down(F.leaky_relu(self.stem(x), 0.2))
        x = F.leaky_relu(self.last(x), 0.2).flatten(1)
        x = F.leaky_relu(self.dense(x), 0.2) * 2**0.5
        # The scores in single precision: pairs are subtracted, bfloat16 has three digits.
        with torch.autocast(x.device.type, enabled=False):
            return self.score(x.float())[:, 0]


def augment(x: Tensor, generator: torch.Generator) -> Tensor:
    """Mirrored, moved by up to 1/16, at chance other light and colour and a square cut out.

    (b, 3, n, n) float32 -> the same. At chance, so that samples do not take it over (ADA).
    """
    b, n = len(x), x.shape[-1]

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(b, *shape, generator=generator, device=x.device)

    on = (uniform(0, 1, 2, 1, 1, 1) < 0.5).to(x.dtype)
    colour, cut = on[:, 0], on[:, 1]
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + colour * uniform(-0.5, 0.5, 1, 1, 1))
    level = x.mean((1, 2, 3), keepdim=True)
    x = level + (x - level) * (1 + colour * uniform(-0.3, 0.3, 1, 1, 1))
    x = x + colour * uniform(-0.2, 0.2, 1, 1, 1)

    affine = torch.zeros(b, 2, 3, device=x.device)
    affine[:, 0, 0] = (uniform(0, 1) < 0.5) * 2.0 - 1.0
    affine[:, 1, 1] = 1
    affine[:, :, 2] = torch.round(uniform(-n / 16, n / 16, 2)) * (2 / n)  # whole pixels: no blur
    grid = F.affine_grid(affine, [b, 3, n, n], align_corners=False)
    x = F.grid_sample(x, grid, "bilinear", "border", align_corners=False)

    places = (torch.arange(n, device=x.device) + 0.5) / n
    hole = (uniform(0, 1, 2, 1) - places).abs() < 0.2
    return x * (1 - cut * (hole[:, 0, :, None] & hole[:, 1, None, :])[:, None])


def load_textures(path: Path, size: int) -> NDArray[np.uint8]:
    """The training textures (n, size, size, 3) BGR that are seen from the front, none held out."""
    with np.load(path) as data:
        turn = np.asarray(data["rotation"], np.float64)
        yaw = np.degrees(np.arctan2(turn[:, 0, 2], turn[:, 2, 2]))  # as frames.Pose has them
        pitch = np.degrees(np.arcsin(np.clip(-turn[:, 1, 2], -1.0, 1.0)))
        front = (np.abs(yaw) < MOST_TURN) & (np.abs(pitch) < MOST_TURN)
        textures = data["textures"][front & ~data["held_out"]]
    if not len(textures):
        raise SystemExit(f"No texture in {path} is seen from the front and free to train on.")
    if textures.shape[1] != size:
        textures = np.stack([cv2.resize(t, (size, size), None, 0, 0, 3) for t in textures])
    return np.ascontiguousarray(textures)


def _latents(seeds: Sequence[int], net: TextureGenerator) -> tuple[Tensor, list[Tensor]]:
    draws = [np.random.default_rng([SEED_DOMAIN, seed]) for seed in seeds]
    z = np.stack([rng.standard_normal(LATENT, np.float32) for rng in draws])
    noise = [np.stack([r.standard_normal((1, n, n), np.float32) for r in draws]) for n in net.sides]
    device = net.mean.device
    return torch.from_numpy(z).to(device), [torch.from_numpy(n).to(device) for n in noise]


def _pixels(x: Tensor) -> NDArray[np.uint8]:
    x = ((x.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(x.permute(0, 2, 3, 1).cpu().numpy())


@torch.no_grad()
def sample_textures(
    state: dict[str, Any], seeds: Sequence[int], device: str = "cpu", psi: float = 0.8
) -> NDArray[np.uint8]:
    """Textures (n, size, size, 3) uint8 BGR, one per seed, whatever the other seeds are.

    ``state`` is what ``torch.load`` reads from ``texture_gan.pt``; seeds are not negative.
    ``psi`` 0..1: less is more like the mean face and has fewer faults.
    """
    net = TextureGenerator(int(state["config"]["size"]))
    net.load_state_dict({name: t.float() for name, t in state["generator"].items()})
    net.to(device).eval()
    out = np.empty((len(seeds), net.size, net.size, 3), np.uint8)
    for k, seed in enumerate(seeds):  # one by one: a batch's size may change the last bits
        out[k] = _pixels(net(*_latents([seed], net), psi))[0]
    return out


def _replace(path: Path, write: Callable[[Path], Any]) -> None:
    part = path.with_name(path.name + ".part")
    write(part)
    os.replace(part, path)


@torch.no_grad()
def _save(out: Path, net: TextureGenerator, config: dict[str, Any]) -> None:
    """Checkpoint in float16 and 6 x 8 samples of the full variety; stops if they are not finite."""
    chance = torch.Generator().manual_seed(0)
    z = torch.randn(4096, LATENT, generator=chance).to(net.mean.device)
    net.w_mean.copy_(net.map(z).mean(0, keepdim=True))
    sheet = torch.cat([net(*_latents(range(k, k + 8), net)) for k in range(0, 48, 8)])
    if not bool(torch.isfinite(sheet).all()):
        raise SystemExit("The moving average is not finite; the last checkpoint is left as it was.")
    rows = _pixels(sheet).reshape(6, 8, net.size, net.size, 3).swapaxes(1, 2)
    png = cv2.imencode(".png", rows.reshape(6 * net.size, 8 * net.size, 3))[1].tobytes()
    weights = {name: t.half().cpu().contiguous() for name, t in net.state_dict().items()}
    state = {"generator": weights, "config": config}
    _replace(out / "texture_gan.pt", lambda part: torch.save(state, part))
    _replace(out / "texture_sheet.png", lambda part: part.write_bytes(png))


def _place(net: Any, device: torch.device) -> None:
    net.to(device, memory_format=torch.channels_last)  # Any: torch's stubs forget this argument


def train(args: argparse.Namespace) -> None:
    """The whole run; see ``main`` for the arguments."""
    began = time.monotonic()
    device, size, batch = torch.device(args.device), int(args.size), int(args.batch)
    cuda = device.type == "cuda"
    torch.manual_seed(args.seed)
    chance = torch.Generator(device).manual_seed(args.seed)
    torch.set_float32_matmul_precision("high")  # TF32; cuDNN's convolutions have it anyway
    torch.backends.cudnn.benchmark = True
    args.out.mkdir(parents=True, exist_ok=True)
    data = torch.from_numpy(load_textures(args.data, size)).permute(0, 3, 1, 2).to(device)

    plain, critic = TextureGenerator(size), Critic(size)
    average = torch.stack([part.float().sum(0) for part in data.split(256)]).sum(0) / len(data)
    plain.mean.copy_(((average + average.flip(-1)) / 255 - 1)[None])
    _place(plain, device)
    _place(critic, device)
    ema = copy.deepcopy(plain).requires_grad_(False)
    net = torch.compile(plain) if args.compile else plain
    # The critic the faster: at one rate for both it lags, and the samples stay blotched.
    opt_g = torch.optim.Adam(plain.parameters(), args.lr, (0.0, 0.99))
    opt_d = torch.optim.Adam(critic.parameters(), args.lr_critic, (0.0, 0.99))
    names = ("size", "batch", "lr", "lr_critic", "gamma", "seed")
    config = {name: getattr(args, name) for name in names}

    def normal(*shape: int) -> Tensor:
        return torch.randn(batch, *shape, generator=chance, device=device)

    def generate() -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=cuda):
            picture: Tensor = net(normal(LATENT), [normal(1, n, n) for n in plain.sides])
        return augment(picture, chance)

    def photographs() -> Tensor:
        chosen = torch.randint(len(data), (batch,), generator=chance, device=device)
        return augment(data[chosen].float() / 127.5 - 1, chance)

    def judge(x: Tensor, precise: bool = False) -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=cuda and not precise):
            score: Tensor = critic(x.contiguous(memory_format=torch.channels_last))
        return score

    metrics = args.out / "texture_metrics.csv"
    metrics.write_text("images,seconds,loss_g,loss_d,r1,real_minus_fake\n")
    _save(args.out, ema, config)  # now, so that a full disk shows before the minutes are spent
    sizes = [sum(p.numel() for p in m.parameters()) for m in (plain, critic)]
    print(f"{len(data)} textures; parameters of generator and critic: {sizes}", flush=True)
    sums, counted, saved, step, done = torch.zeros(4, device=device), 0, time.monotonic(), 0, False
    while not done:
        spent = time.monotonic() - began
        part = min(1.0, spent / (60 * args.minutes))
        for opt, rate in ((opt_g, args.lr), (opt_d, args.lr_critic)):
            opt.param_groups[0]["lr"] = rate * min(1.0, max(0.02, (1 - part) / 0.3))
        # Much smoothness first, sharper later, as R3GAN; not its tenth, the pictures are too few.
        gamma = args.gamma * (size / 192) ** 2 * 4 ** -min(1.0, 2 * part)

        precise = step % LAZY == 0  # the penalty's second derivatives in single precision
        critic.requires_grad_(True)
        with torch.no_grad():
            both = torch.cat([photographs(), generate()])
        both.requires_grad_(precise)
        score = judge(both, precise)
        loss_d = F.softplus(score[batch:] - score[:batch]).mean()
        total, r1 = loss_d, sums.new_zeros(())
        if precise:
            slope = torch.autograd.grad(score.sum(), both, create_graph=True)[0]
            r1, r2 = slope.square().sum((1, 2, 3)).view(2, batch).mean(1)
            total = loss_d + 0.5 * gamma * LAZY * (r1 + r2)
        opt_d.zero_grad(set_to_none=True)
        total.backward()
        opt_d.step()

        critic.requires_grad_(False)
        with torch.no_grad():
            real_score = judge(photographs())
        margin = real_score - judge(generate())
        loss_g = F.softplus(margin).mean()
        opt_g.zero_grad(set_to_none=True)
        loss_g.backward()
        opt_g.step()

        step, counted = step + 1, counted + 1
        with torch.no_grad():
            # Half-life: a twentieth of what was seen, at most 10 000 images.
            decay = 0.5 ** (batch / min(10_000, 0.05 * step * batch))
            torch._foreach_lerp_(list(ema.parameters()), list(plain.parameters()), 1 - decay)
            sums += torch.stack([loss_g, loss_d, r1 * LAZY, margin.mean()])

        done = part >= 1
        if not (done or step % 20 == 0):
            continue  # reading the sums waits for the device
        means = (sums / counted).tolist()
        if not all(map(math.isfinite, means)):
            raise SystemExit(
                f"Step {step}: a loss is not finite ({means}). The checkpoint in {args.out} is from"
                " before; run again with smaller rates or a larger --gamma."
            )
        if done or time.monotonic() - saved > 60:
            saved = time.monotonic()
            line = ",".join([f"{step * batch},{spent:.1f}", *(f"{value:.4f}" for value in means)])
            with metrics.open("a") as file:
                file.write(line + "\n")
            print(line, flush=True)
            _save(args.out, ema, config)
            sums, counted = torch.zeros_like(sums), 0


def main(argv: list[str] | None = None) -> None:
    """``python -m deepcam.training.texture_gan``."""
    parser = argparse.ArgumentParser("texture_gan", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--data", type=Path, required=True, help="data.npz of deepcam-train prepare"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--minutes", type=float, default=8, help="from start to last checkpoint")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=192, help="side in pixels, a multiple of 32")
    parser.add_argument("--lr", type=float, default=0.001, help="of the generator")
    parser.add_argument("--lr-critic", type=float, default=0.002)
    parser.add_argument("--gamma", type=float, default=2.0, help="R1 and R2 at 192 px, at first")
    parser.add_argument("--compile", action="store_true", help="torch.compile the generator")
    train(parser.parse_args(argv))


if __name__ == "__main__":
    main()
