"""The generator network and the critics it is trained against.

The generator paints with ten free planes at full resolution, applied to the render of a person and
to the filled surroundings (which the camera does at the picture's own resolution):

    output = alpha * (render * gain + bias) + (1 - alpha) * paint

Gain and bias are bounded, so that training is stable; alpha begins with a prior: the render covers
the middle of the mesh and fades out towards its edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deepcam.generator.conditioning import CHANNELS
from deepcam.generator.fields import MAPS


@dataclass(frozen=True, slots=True)
class Size:
    """How large a generator is. ``widths``: channels at 1/2, 1/4 ... of the resolution; ``before``
    and ``after``: residual blocks there on the way down and up."""

    resolution: int
    widths: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]


SIZES = {
    "small": Size(192, (24, 40, 72, 112, 128), (0, 0, 1, 1, 2), (0, 0, 0, 1)),
    "large": Size(256, (64, 96, 144, 208, 256), (0, 1, 1, 2, 2), (0, 1, 1, 1)),
}
GAIN, BIAS = 2.0, 0.6
"""Bounds of the gain's logarithm and of the bias."""


def conv(a: int, b: int, k: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution with He's initialisation for leaky rectifiers."""
    layer = nn.Conv2d(a, b, k, stride, (k - 1) // 2)
    nn.init.kaiming_normal_(layer.weight, 0.2, nonlinearity="leaky_relu")
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


def _act(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


class Residual(nn.Module):
    """x + g * conv(act(conv(act(x)))), g learned per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a, self.b = conv(channels, channels), conv(channels, channels)
        self.gain = nn.Parameter(torch.full((1, channels, 1, 1), 0.2))

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        out: Tensor = x + self.gain * self.b(_act(self.a(_act(x))))
        return out


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*[Residual(channels) for _ in range(count)])


class Generator(nn.Module):
    """(b, CHANNELS, n, n) -> (b, MAPS, n, n), n a multiple of 2 to the number of widths."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        w = size.widths
        steps = range(len(w) - 1)
        self.stem = conv(CHANNELS, w[0], 6, stride=2)
        self.down = nn.ModuleList([conv(w[k], w[k + 1], 4, stride=2) for k in steps])
        self.before = nn.ModuleList([_blocks(c, n) for c, n in zip(w, size.before, strict=True)])
        # The light of the whole scene, as scale and shift of the deepest features.
        self.film = nn.Sequential(nn.Linear(2 * w[-1], 128), nn.LeakyReLU(0.2))
        self.modulate = nn.Linear(128, 2 * w[-1])
        self.narrow = nn.ModuleList([conv(w[k + 1], w[k], 1) for k in steps])
        self.merge = nn.ModuleList([conv(2 * w[k], w[k]) for k in steps])
        self.after = nn.ModuleList([_blocks(c, n) for c, n in zip(w[:-1], size.after, strict=True)])
        self.head = conv(w[0], 4 * MAPS)
        for layer in (self.head, self.modulate):
            nn.init.normal_(layer.weight, 0, 1e-3)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Fields for each pixel; colours 0..1."""
        raw = self.layers(x)
        # Bounds and the coverage's thresholds need all digits.
        with torch.autocast(x.device.type, enabled=False):
            return fields(x.float(), raw.float())

    def layers(self, x: Tensor) -> Tensor:
        """(b, MAPS, n, n), not yet bounded."""
        h = self.before[0](_act(self.stem(x)))
        skips = []
        for down, before in zip(self.down, list(self.before)[1:], strict=True):
            skips.append(h)
            h = before(_act(down(h)))
        pooled = torch.cat([h.mean((2, 3)), h.amax((2, 3))], 1)
        scale, shift = self.modulate(self.film(pooled))[:, :, None, None].chunk(2, 1)
        h = h * (1 + scale) + shift
        for k in reversed(range(len(self.down))):
            h = _act(self.narrow[k](h))
            h = F.interpolate(h, scale_factor=2.0, mode="bilinear", align_corners=False)
            h = self.after[k](_act(self.merge[k](torch.cat([h, skips[k]], 1))))
        return F.pixel_shuffle(self.head(h), 2)


def _box(x: Tensor, side: int) -> Tensor:
    """Mean over ``side`` x ``side`` pixels, zeros beyond the edge; one axis after the other, as
    square pooling visits every pixel ``side`` squared times."""
    half = side // 2
    x = F.avg_pool2d(x, (side, 1), 1, (half, 0))
    return F.avg_pool2d(x, (1, side), 1, (0, half))


def fields(x: Tensor, raw: Tensor) -> Tensor:
    """``raw`` (b, MAPS, n, n) bounded, in terms of the planes ``x``: gain, bias, alpha, paint."""
    fill, cover = x[:, 0:3], x[:, 7:8]
    gain = torch.exp(GAIN * torch.tanh(raw[:, 0:3] / GAIN))
    bias = BIAS * torch.tanh(raw[:, 3:6])
    prior = 12.0 * _box(_box(cover, 9), 5) - 6.5
    alpha = torch.sigmoid(2.0 * raw[:, 6:7] + prior) * (cover > 0.25).to(raw.dtype)
    return torch.cat([gain, bias, alpha, fill + torch.tanh(raw[:, 7:10])], 1)


def compose(maps: Tensor, render: Tensor) -> Tensor:
    """The picture the fields make of a render (b, 3, n, n), 0..1, not clipped. Fields of another
    size are enlarged, as the camera does."""
    if maps.shape[-1] != render.shape[-1]:
        maps = F.interpolate(maps, render.shape[-2:], mode="bilinear", align_corners=False)
    alpha = maps[:, 6:7]
    return alpha * (render * maps[:, 0:3] + maps[:, 3:6]) + (1 - alpha) * maps[:, 7:10]


class PatchCritic(nn.Module):
    """(b, channels, h, w) -> scores (b, 1, h/8, w/8) with a receptive field of 62 pixels."""

    def __init__(self, channels: int, widths: tuple[int, int, int]) -> None:
        super().__init__()
        c = (channels, *widths)
        self.down = nn.ModuleList([conv(c[k], c[k + 1], 4, 2) for k in range(3)])
        self.rest = Residual(c[3])
        self.out = conv(c[3], 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scores; larger = more like a photograph."""
        for layer in self.down:
            x = _act(layer(x))
        out: Tensor = self.out(_act(self.rest(x)))
        return out


class FeatureCritic(nn.Module):
    """Scores of features that are not trained (Sauer et al., Projected GANs Converge Faster,
    NeurIPS 2021): one small head for each of their scales."""

    def __init__(self, channels: tuple[int, ...], width: int = 96) -> None:
        super().__init__()
        # Channels of the features, and mask and coverage.
        self.heads = nn.ModuleList(
            [
                nn.Sequential(
                    conv(c + 2, width, 1), nn.LeakyReLU(0.2), conv(width, width, 4, 2),
                    nn.LeakyReLU(0.2), conv(width, 1, 1),
                )
                for c in channels
            ]
        )  # fmt: skip

    def forward(self, features: list[Tensor], beside: Tensor) -> list[Tensor]:
        """``features``: each (b, c, h, w); ``beside``: mask and coverage (b, 2, n, n)."""
        out = []
        for head, f in zip(self.heads, features, strict=True):
            small = F.interpolate(beside, f.shape[-2:], mode="area")
            out.append(head(torch.cat([f, small], 1)))
        return out


def count_macs(size: Size) -> int:
    """Multiply-accumulates of one forward pass, counted layer by layer."""
    net = Generator(size)
    total = 0

    def hook(module: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            total += output.numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            total += module.weight.numel()

    handles = [m.register_forward_hook(hook) for m in net.modules()]
    with torch.no_grad():
        net(torch.zeros(1, CHANNELS, size.resolution, size.resolution))
    for handle in handles:
        handle.remove()
    return total
