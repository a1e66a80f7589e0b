"""The generator network and its critic.

The generator corrects a render instead of painting a face: it returns smooth fields that are
applied to the render at the picture's own resolution, so a small network gives a sharp face.

    output = alpha * (render * gain + bias) + (1 - alpha) * fill

Inside the mesh the gain is a quotient of low passes (as in quotient images, Shashua &
Riklin-Raviv 2001), so that it can move light and tone but not wash out the skin's detail.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deepcam.generator.conditioning import CHANNELS
from deepcam.generator.fields import MAPS

COLOUR = 0.4
"""Share of a coloured gain that is let through."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a generator is."""

    resolution: int
    widths: tuple[int, int, int, int]


SIZES = {
    "small": Size(128, (32, 48, 96, 128)),
    "large": Size(192, (48, 96, 160, 192)),
}


def _conv(a: int, b: int, k: int = 3, stride: int = 1) -> nn.Conv2d:
    conv = nn.Conv2d(a, b, k, stride, (k - 1) // 2)
    nn.init.kaiming_normal_(conv.weight, 0.2, nonlinearity="leaky_relu")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def _act(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


def box(x: Tensor, side: int, pad_counts: bool = True) -> Tensor:
    """Mean over ``side`` x ``side`` pixels, same size; one axis after the other, as both torch's
    and ONNX runtime's square pooling visit every pixel ``side`` squared times."""
    half = side // 2
    x = F.avg_pool2d(x, (side, 1), 1, (half, 0), count_include_pad=pad_counts)
    return F.avg_pool2d(x, (1, side), 1, (0, half), count_include_pad=pad_counts)


class Generator(nn.Module):
    """(b, CHANNELS, n, n) -> (b, MAPS, n, n), n = the size's resolution."""

    lowpass: Tensor

    def __init__(self, size: Size) -> None:
        super().__init__()
        w = size.widths
        # The same as pixels unshuffled and a 3 x 3 convolution, which takes longer on CPUs.
        self.stem = _conv(CHANNELS, w[0], 6, stride=2)
        self.down = nn.ModuleList([_conv(w[k], w[k + 1], stride=2) for k in range(3)])
        self.same = nn.ModuleList([_conv(w[k + 1], w[k + 1]) for k in range(3)])
        self.bottom = _conv(w[3], w[3])
        self.style = nn.Linear(w[3] * 2, 96)
        self.film = nn.Linear(96, w[3] * 2)
        self.light = nn.Linear(96, 12)
        self.narrow = nn.ModuleList([_conv(w[k + 1], w[k], 1) for k in range(3)])
        self.merge = nn.ModuleList([_conv(w[k] * 2, w[k]) for k in range(3)])
        self.head = _conv(w[0], MAPS * 4)
        for layer in (self.head, self.film, self.light):
            nn.init.normal_(layer.weight, 0, 1e-3)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        sigma = 4.0 * size.resolution / 128
        half = int(2 * sigma)
        x = torch.arange(-half, half + 1, dtype=torch.float32)
        kernel = torch.exp(-0.5 * (x / sigma) ** 2)
        self.register_buffer("lowpass", (kernel / kernel.sum())[None, None])
        self.pad = half

    def _blur(self, x: Tensor) -> Tensor:
        c = x.shape[1]
        k = self.lowpass.repeat(c, 1, 1)
        x = F.conv2d(x, k[:, :, None, :], padding=(0, self.pad), groups=c)
        return F.conv2d(x, k[:, :, :, None], padding=(self.pad, 0), groups=c)

    def forward(self, x: Tensor) -> Tensor:
        """Fields for each pixel; colours 0..1."""
        raw, light = self._layers(x)
        # Thresholds of the coverage and quotients of sums need all digits.
        with torch.autocast(x.device.type, enabled=False):
            return self._fields(x, raw, light)

    def _layers(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Ten planes (b, MAPS, n, n) and twelve numbers (b, 12, 1, 1)."""
        h = _act(self.stem(x))
        skips = []
        for down, same in zip(self.down, self.same, strict=True):
            skips.append(h)
            h = _act(same(_act(down(h))))
        pooled = torch.cat([h.mean((2, 3)), h.amax((2, 3))], 1)
        style = _act(self.style(pooled))
        scale, shift = self.film(style)[:, :, None, None].chunk(2, 1)
        h = _act(self.bottom(h) * (1 + scale) + shift)
        for k in (2, 1, 0):
            h = F.interpolate(_act(self.narrow[k](h)), scale_factor=2.0, mode="nearest")
            h = _act(self.merge[k](torch.cat([h, skips[k]], 1)))
        return F.pixel_shuffle(self.head(h), 2), self.light(style)[:, :, None, None]

    def _fields(self, x: Tensor, raw: Tensor, light: Tensor) -> Tensor:
        fill, render, cover = x[:, 0:3], x[:, 4:7], x[:, 7:8]
        mouth, normal = x[:, 9:10], x[:, 12:14]
        if raw.dtype != x.dtype:
            raw, light = raw.to(x.dtype), light.to(x.dtype)
        # First-order light on the mesh's normals, per channel: one lamp and the ambience.
        depth = torch.sqrt(torch.clamp(1 - (normal**2).sum(1, keepdim=True), 0.01, 1))
        gain = (
            light[:, 0:3]
            + light[:, 3:6] * normal[:, 0:1]
            + light[:, 6:9] * normal[:, 1:2]
            + light[:, 9:12] * (depth - 0.7)
        )
        gain = torch.clamp(gain + raw[:, 0:3], -2.2, 1.6)
        inside = (cover > 0.75).to(x.dtype)
        bias = 0.5 * torch.tanh(raw[:, 3:6]) * (1 - mouth)
        quiet = torch.relu(2 * box(inside, 9) - 1)
        bias = bias * (1 - 0.8 * quiet)
        first = render * torch.exp(gain) + bias
        weight = self._blur(inside) + 1e-3
        quotient = (self._blur(first * inside) / weight + 0.02) / (
            self._blur(render * inside) / weight + 0.02
        )
        quotient = torch.clamp(quotient, 0.08, 5.0)
        quiet = quiet * (1 - 0.999 * mouth)
        # Teeth are painted as drawn: only light as smooth as the room's falls on them.
        calm = box(gain, 9, pad_counts=False)
        total = quiet * quotient + (1 - quiet) * torch.exp(gain + mouth * (calm - gain))
        # The render's tone was matched to the visible skin: most of what is left is brightness.
        log = torch.log(total.clamp(min=1e-3))
        grey = log.mean(1, keepdim=True)
        total = torch.exp(grey + COLOUR * (log - grey))
        detail = (1 - quiet) * bias + quiet * 0.12 * bias
        # Hairline and cheek are no edges of a mesh: the render fades out over some pixels.
        prior = 12.0 * box(box(cover, 5), 3) - 6.5
        alpha = torch.sigmoid(raw[:, 6:7] * 2 + prior) * (cover > 0.25).to(x.dtype)
        # Eyes and mouth are drawn sharper than this resolution can paint them.
        drawn = torch.clamp(x[:, 8:9] + mouth, 0, 1)
        # In the middle of the mesh the render is right; any fill that shines through is fog.
        core = torch.relu(2 * box(inside, 15) - 1)
        alpha = alpha + torch.maximum(drawn, core) * (1 - alpha)
        paint = fill + 0.5 * torch.tanh(raw[:, 7:10])
        return torch.cat([total, detail, alpha, paint], 1)


def compose(maps: Tensor, render: Tensor) -> Tensor:
    """The picture the fields make of a render (b, 3, n, n), 0..1, not clipped."""
    alpha = maps[:, 6:7]
    return alpha * (render * maps[:, 0:3] + maps[:, 3:6]) + (1 - alpha) * maps[:, 7:10]


class Critic(nn.Module):
    """Patch critic: picture, mask and coverage (b, 5, n, n) -> scores (b, 1, n/8, n/8).

    A receptive field of 46 px sees seams, lids and skin, not who somebody is.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                _conv(5, width, 4, 2),
                _conv(width, width * 2, 4, 2),
                _conv(width * 2, width * 3, 4, 2),
                _conv(width * 3, width * 3),
            ]
        )
        self.out = _conv(width * 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scores; larger = more like a photograph."""
        for layer in self.layers:
            x = _act(layer(x))
        out: Tensor = self.out(x)
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
