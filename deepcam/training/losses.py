"""What the generator is trained for: to repaint photographs, to keep who is rendered, to be smooth
and steady, and to be taken for a photograph."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from deepcam.training.network import compose
from deepcam.training.sampler import blur

OPAQUE = 0.99
"""Alpha that the middle of a face should have at least."""


def halve(x: Tensor) -> Tensor:
    """Mean of 2 x 2; several times faster than ``avg_pool2d`` on the CPU."""
    b, c, h, w = x.shape
    return x.reshape(b, c, h // 2, 2, w // 2, 2).mean((3, 5))


def _features(x: Tensor) -> Tensor:
    """(b, 1, n, n) 1 where eyes or mouth are drawn."""
    return torch.maximum(x[:, 8:9], x[:, 9:10])


def reconstruction(out: Tensor, target: Tensor, x: Tensor, valid: Tensor) -> Tensor:
    """L1 over six scales and the gradients of two, under the mask and some pixels around it; eyes
    and mouth count two and a half times. All (b, c, n, n) with n a multiple of 32."""
    near = F.max_pool2d(torch.cat([x[:, 3:4], _features(x)], 1), 9, 1, 4)
    weight = valid * (near[:, :1] + 1.5 * near[:, 1:])
    difference = out - target
    loss = out.new_zeros(())
    # The error's weighted mean per cell is the difference of both pictures' weighted means.
    error, w = difference * weight, weight
    for k, share in ((1, 1.0), (2, 0.8), (4, 0.8), (8, 0.8), (16, 1.0), (32, 1.0)):
        if k > 1:
            error, w = halve(error), halve(w)
        total = (error.abs() * (w / (w + 1e-4))).sum()
        loss = loss + share * total / (w.sum() + 1e-3) / 3
    for k in (1, 2):
        if k > 1:
            difference, weight = halve(difference), halve(weight)
        for axis in (2, 3):
            ww = weight.narrow(axis, 1, weight.shape[axis] - 1)
            total = (difference.diff(dim=axis).abs() * ww).sum()
            loss = loss + 0.6 * total / (ww.sum() + 1e-3) / 3
    return loss


def perceptual(out: list[Tensor], target: list[Tensor], weight: Tensor) -> Tensor:
    """Mean distance of unit features where ``weight`` (b, 1, n, n) is; it punishes softness and
    forgives tone."""
    loss = weight.new_zeros(())
    for a, b in zip(out, target, strict=True):
        w = F.interpolate(weight, a.shape[-2:], mode="area")
        loss = loss + ((a - b).square().sum(1, True) * w).sum() / (w.sum() + 1e-3)
    return loss / len(out)


def keep_detail(out: Tensor, x: Tensor) -> Tensor:
    """How far the detail inside the mesh is not the render's: a person stays who they are."""
    render = x[:, 4:7]
    core = (F.avg_pool2d(x[:, 7:8], 21, 1, 10) > 0.93).float()
    weight = core * (1 + 2 * F.max_pool2d(_features(x), 9, 1, 4))

    def fine(z: Tensor) -> Tensor:
        log = torch.log(z.clamp(0, 1) + 0.04)
        return log - blur(log, 5.0)

    apart = (fine(out) - fine(render)).abs().mean(1, True)
    return (apart * weight).sum() / (weight.sum() + 1)


def surroundings(out: Tensor, x: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """What somebody else's face must share with the photograph: where the light falls (means over
    16 and 32 pixels, of somebody of about the same tone), and the pixels just inside the mask,
    which belong to the surroundings."""
    mask = x[:, 3:4]
    deep = -F.max_pool2d(-mask, 11, 1, 5)
    rim = (mask - deep) * valid * (x[:, 7:8] < 0.75).to(out.dtype)
    difference = out - target
    loss = (difference.abs() * rim).sum() / (3 * rim.sum() + 1)
    error, weight = difference * mask * valid, mask * valid
    for k in range(1, 6):
        error, weight = halve(error), halve(weight)
        if k >= 4:
            loss = loss + (error.abs() * (weight / (weight + 1e-4))).sum() / (
                3 * weight.sum() + 1e-3
            )
    return loss


def smoothness(maps: Tensor, x: Tensor) -> Tensor:
    """Light is smooth, bias washes out contrast, and an edge between face and fill that comes and
    goes from pixel to pixel looks like beads. ``maps`` and ``x`` of one size."""
    inside = (x[:, 7:8] > 0.75).to(maps.dtype)
    gain = torch.log(maps[:, 0:3])
    loss = 0.02 * maps[:, 3:6].abs().mean()
    for axis in (2, 3):
        w = inside.narrow(axis, 1, inside.shape[axis] - 1)
        loss = loss + 0.02 * (gain.diff(dim=axis).abs() * w).mean()
        loss = loss + 0.3 * maps[:, 6:7].diff(dim=axis).diff(dim=axis).abs().mean()
    return loss


def opaque(maps: Tensor, x: Tensor) -> Tensor:
    """How far the paint, which is made from the fill, shines through the middle of the face: what
    alpha lacks of ``OPAQUE`` where the mesh covers 15 x 15 pixels about (at 192 px)."""
    middle = (-F.max_pool2d(-x[:, 7:8], 15, 1, 7) > 0.95).to(maps.dtype)
    lack = F.relu(OPAQUE - maps[:, 6:7])
    return (lack * middle).sum() / (middle.sum() + 1)


def perturb(x: Tensor) -> Tensor:
    """The same inputs as the next video frame would bring: sensor noise and a sub-pixel shift of
    the render against the picture."""
    out = x.clone()
    out[:, 0:3] += 0.012 * torch.randn_like(out[:, 0:3])
    dx, dy = (torch.rand(2) - 0.5).tolist()
    for axis, d in ((2, dy), (3, dx)):
        rolled = torch.roll(out[:, 4:14], 1 if d > 0 else -1, dims=axis)
        out[:, 4:14] = (1 - abs(d)) * out[:, 4:14] + abs(d) * rolled
    return out


def shifted(x: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """The same inputs with everything some pixels further, borders going round, and how far."""
    across, down = torch.randint(-6, 7, (2,)).tolist()
    return torch.roll(x, (down, across), (2, 3)), (down, across)


def wavering(net: torch.nn.Module, x: Tensor, maps: Tensor, step: int) -> Tensor:
    """What makes video flicker: how much the picture that the fields ``maps`` of ``x`` make changes
    with a tracker's and a sensor's noise or, in turn, does not move along with everything."""
    render = x[:, 4:7]
    weight = x[:, 3:4]
    if step % 2:
        moved, by = shifted(x)
        other = torch.roll(net(moved), (-by[0], -by[1]), (2, 3))
        # What went round the border has neighbours of its own.
        weight = weight * _away_from_border(x.shape[-1], 24, x)
    else:
        other = net(perturb(x))
    apart = (compose(other, render) - compose(maps, render)).abs()
    apart = apart.mean(1, True) + 0.3 * (other - maps)[:, 6:7].abs()
    return (apart * weight).sum() / (weight.sum() + 1e-3)


def _away_from_border(side: int, by: int, like: Tensor) -> Tensor:
    inside = like.new_zeros((1, 1, side, side))
    by = min(by, side // 4)
    inside[..., by:-by, by:-by] = 1
    return inside


def for_generator(fake: Tensor, real: Tensor) -> Tensor:
    """Relativistic pairing loss (Huang et al., The GAN is dead; long live the GAN!, NeurIPS 2024):
    ``fake`` shall score higher than ``real``."""
    return F.softplus(real.detach() - fake).mean()


def for_critic(fake: Tensor, real: Tensor) -> Tensor:
    """The same, the other way round."""
    return F.softplus(fake - real).mean()


def augment(pictures: list[Tensor], others: Tensor) -> tuple[list[Tensor], Tensor]:
    """Pictures for a critic changed in the same way: brightness, colour, contrast, mirrored.
    Gradients pass (Zhao et al., Differentiable Augmentation, NeurIPS 2020). ``others`` (b, c, n, n)
    only moves along."""
    b, device = len(others), others.device
    factor = torch.exp(0.15 * torch.randn(b, 3, 1, 1, device=device))
    factor = factor * torch.exp(0.2 * torch.randn(b, 1, 1, 1, device=device))
    turned = (torch.rand(b, 1, 1, 1, device=device) < 0.5).float()

    def mirror(x: Tensor) -> Tensor:
        return x + turned * (x.flip(3) - x)

    return [mirror(p * factor) for p in pictures], mirror(others)
