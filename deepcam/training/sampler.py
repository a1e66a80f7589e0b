"""Training samples as tensor operations, on the device where the prepared photographs lie.

A sample is what ``deepcam.generator`` shows the network in a call: the filled surroundings and the
render of somebody in the tone of the visible skin. Its target is the photograph. "Own" samples
render the photograph's own texture under *wrong* light, tone, sharpness and mesh, so that the
network learns to put right what is wrong with a render; "swapped" samples render somebody of about
the same age, sex and tone, and have no target under the mask.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from deepcam.frames import LUMA
from deepcam.generator.conditioning import SPAN
from deepcam.generator.mesh import EYE_L, EYE_R, MOUTH, SKIRT
from deepcam.generator.tone import COLOUR_LIMIT, LIMIT, SHADE, STRENGTH
from deepcam.training.data import CROP, CROP_SPAN
from deepcam.training.prepare import LAYOUT, OTHERS, OWN

F32 = NDArray[np.float32]

NEAR = 16
"""People who are alike, of whom a swapped one is drawn."""
_FLAT = 18.0
"""Degrees up to which a texture is complete enough to be lent to others."""
_TRAITS = {"age": 10.0, "masculine": 0.25, "tone": 1.5}
"""Traits and differences that count as much as a texture's mean distance. People of the bank are
compared by the first two."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Samples of one kind; all (b, c, n, n) float32."""

    inputs: Tensor
    """The network's planes, ``deepcam.generator.conditioning.CHANNELS``."""
    target: Tensor
    """Photograph, BGR 0..1."""
    valid: Tensor
    """1 where the photograph is known."""
    mask: Tensor
    """1 = erased."""

    def pasted(self, painted: Tensor) -> Tensor:
        """The photograph with ``painted`` (b, 3, n, n) under the mask."""
        return self.target + self.mask * (painted - self.target)

    def __getitem__(self, some: slice) -> Batch:
        return Batch(self.inputs[some], self.target[some], self.valid[some], self.mask[some])

    def times(self, count: int) -> Batch:
        """All samples ``count`` times, one round after the other."""
        parts = (self.inputs, self.target, self.valid, self.mask)
        return Batch(*(part.repeat(count, 1, 1, 1) for part in parts))


def blur(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (b, c, h, w), edges continued."""
    reach = max(1, int(2.5 * sigma))
    t = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-0.5 * (t / sigma) ** 2)
    kernel = kernel / kernel.sum()
    c = x.shape[1]
    x = F.pad(x, (reach, reach, 0, 0), mode="replicate")
    x = F.conv2d(x, kernel.view(1, 1, 1, -1).expand(c, 1, 1, -1), groups=c)
    x = F.pad(x, (0, 0, reach, reach), mode="replicate")
    return F.conv2d(x, kernel.view(1, 1, -1, 1).expand(c, 1, -1, 1), groups=c)


def pull_push(colour: Tensor, weight: Tensor) -> Tensor:
    """``deepcam.geometry.fill.pull_push`` for (b, c, h, w) and (b, 1, h, w)."""
    c = colour.shape[1]
    tap = torch.tensor([1.0, 4, 6, 4, 1], device=colour.device) / 16
    kernel = (tap[:, None] * tap[None])[None, None].expand(c + 1, 1, 5, 5)
    levels = [torch.cat([colour * weight, weight], 1)]
    while levels[-1].shape[-1] > 2:
        fine = levels[-1]
        padded = F.pad(fine, (2, 2, 2, 2), mode="reflect" if fine.shape[-1] > 2 else "replicate")
        coarse = F.conv2d(padded, kernel, stride=2, groups=c + 1)
        known = coarse[:, c:]
        levels.append(coarse * (2 * known).clamp(max=1) / known.clamp(min=1e-6))
    last = levels[-1]
    mean = last[:, :c].sum((2, 3)) / last[:, c:].sum((2, 3)).clamp(min=1e-6)
    filled = last[:, :c] + (1 - last[:, c:]) * mean[:, :, None, None]
    for level in reversed(levels[:-1]):
        larger = F.interpolate(filled, level.shape[-2:], mode="bilinear", align_corners=False)
        filled = level[:, :c] + (1 - level[:, c:]) * larger
    return filled


class Sampler:
    """Samples of the photographs in ``folder`` (see ``deepcam.training.prepare``)."""

    def __init__(self, folder: Path, size: int, device: str, traits: Path | None = None) -> None:
        """``size``: side n of the samples. ``traits``: a CSV with file, age, masculine and tone as
        they appear; people are chosen as likely by them and by their textures."""
        self.size, self.device = size, torch.device(device)
        with np.load(folder / "names.npz") as z:
            self.names = [str(name) for name in z["names"]]
            held, usable = z["held_out"], z["usable"]
        self.data = {name: self._place(folder / f"{name}.npy") for name in LAYOUT}
        self.bank = self._place(folder / "bank.npy")
        self._bank_traits = np.load(folder / "bank_traits.npy")
        seen = torch.stack([(k > 0).float().mean() for k in self.data["kind"][:, 0]]).cpu().numpy()
        usable = usable & (seen > 0.05)
        turned = self.data["turn"].cpu().numpy()
        self.rows = np.nonzero(usable & ~held)[0]
        self.held_out = np.nonzero(usable & held)[0]
        # Few people look aside in photographs; in calls they often do.
        aside = (turned[:, 0] > 20) | (turned[:, 1] > 15)
        share = torch.from_numpy(1.0 + aside[self.rows].astype(np.float32))
        self._share = share.to(self.device)
        self._rows = torch.from_numpy(self.rows).to(self.device)
        self._alike(usable & ~held, turned, traits)

    def _place(self, path: Path) -> Tensor:
        array = np.load(path, mmap_mode="r")
        if array.dtype == np.uint16:  # torch indexes no unsigned 16 bits
            array = array.view(np.int16)
        return torch.from_numpy(np.array(array)).to(self.device)

    def _alike(self, lenders: np.ndarray, turned: np.ndarray, traits: Path | None) -> None:  # type: ignore[type-arg]
        """For each photograph the ``NEAR`` most alike textures of other photographs and of bank
        people."""
        own, bank = self._look(self.data["texture"][:, 0]), self._look(self.bank)
        to_bank, distance = torch.cdist(own, bank), torch.cdist(own, own)
        to_bank, distance = to_bank / to_bank.median(), distance / distance.median()
        if traits is not None:
            known = self._traits(traits)
            lent = self._bank_traits / np.array(list(_TRAITS.values()), np.float32)[:2]
            to_bank = to_bank + self._unlike(known[:, :2], lent)
            distance = distance + self._unlike(known, known)
        self._near_bank = to_bank.topk(min(NEAR, len(bank)), largest=False).indices
        distance.fill_diagonal_(1e9)
        flat = lenders & (turned < _FLAT).all(1)
        middle = torch.stack(
            [t[64:160, 70:186].float().mean((0, 1)) for t in self.data["texture"][:, 0]]
        ).cpu()
        skin = (middle[:, 2] > 1.05 * middle[:, 0]) & (middle.mean(1) > 35)
        fine = torch.from_numpy(flat) & skin
        distance[:, ~fine.to(self.device)] = 1e9
        near = max(1, min(NEAR, int(fine.sum())))
        self._near_own = distance.topk(near, largest=False).indices

    def _look(self, textures: Tensor) -> Tensor:
        """(k, d) features of textures (k, t, t, 3): log grey of 32 x 32, and its mean."""
        grey = torch.tensor(LUMA, device=self.device).view(1, 3, 1, 1)
        small = torch.cat(
            [
                F.interpolate(
                    (part.permute(0, 3, 1, 2).float() / 255 * grey).sum(1, True), (32, 32),
                    mode="area",
                )
                for part in textures.split(256)
            ]
        )  # fmt: skip
        log = torch.log(small + 0.03)[:, 0, 5:27, 5:27].flatten(1)
        mean = log.mean(1, True)
        return torch.cat([log - mean, 8 * mean], 1)

    def _traits(self, traits: Path) -> F32:
        """(n, 3) apparent traits of the photographs in the units of ``_TRAITS``; NaN where they are
        not known."""
        with traits.open(newline="") as handle:
            known = {row["file"]: row for row in csv.DictReader(handle)}
        values = np.full((len(self.names), len(_TRAITS)), np.nan, np.float32)
        for i, name in enumerate(self.names):
            if name in known:
                values[i] = [float(known[name][k]) / unit for k, unit in _TRAITS.items()]
        return values

    def _unlike(self, a: F32, b: F32) -> Tensor:
        """(n, m) how unlike the traits ``a`` (n, k) and ``b`` (m, k) are; 1 for each unknown."""
        apart = torch.zeros(len(a), len(b), device=self.device)
        for left, right in zip(a.T, b.T, strict=True):
            left, right = (torch.from_numpy(v.copy()).to(self.device) for v in (left, right))
            apart += torch.nan_to_num((left[:, None] - right[None]).abs(), nan=1.0)
        return apart

    def pairs(self, count: int, sizes: Sequence[int]) -> dict[int, Batch]:
        """``count`` own samples and as many swapped ones after them, the same in several sizes;
        only the sensor's noise differs."""
        rows = self.draw(2 * count)
        raster, texture = (
            torch.cat(part)
            for part in zip(
                self._own(rows[:count], True), self._other(rows[count:], True, None), strict=True
            )
        )
        cuda = self.device.type == "cuda"
        state = torch.cuda.get_rng_state(self.device) if cuda else torch.get_rng_state()
        out = {}
        for size in sizes:
            if cuda:
                torch.cuda.set_rng_state(state, self.device)
            else:
                torch.set_rng_state(state)
            out[size] = self._sample(rows, raster, texture, True, size)
        return out

    def draw(self, count: int) -> Tensor:
        """(count,) photographs, turned heads twice as often as they occur."""
        return self._rows[torch.multinomial(self._share, count, True)]

    def own(self, rows: Tensor, train: bool = True, size: int = 0) -> Batch:
        """Photographs ``rows`` from their own textures."""
        return self._sample(rows, *self._own(rows, train), train, size)

    def swapped(
        self, rows: Tensor, train: bool = True, kind: int | None = None, size: int = 0
    ) -> Batch:
        """Photographs ``rows`` with somebody alike: of the bank, another photograph's texture, or a
        mixture of three such; ``kind``: one of them, 0, 1, 2, else by chance."""
        return self._sample(rows, *self._other(rows, train, kind), train, size)

    def _own(self, rows: Tensor, train: bool) -> tuple[Tensor, Tensor]:
        """Rasters (b,) and textures (b, 3, t, t) of ``own``."""
        b = len(rows)
        raster = torch.randint(0, OWN, (b,), device=self.device)
        lit = (torch.rand(b, device=self.device) < 0.25).long()
        if not train:
            raster, lit = raster * 0, lit * 0
        texture = self._texture(self.data["texture"][rows, lit])
        return raster, self._spoilt(texture) if train else texture

    def _other(self, rows: Tensor, train: bool, kind: int | None) -> tuple[Tensor, Tensor]:
        """Rasters (b,) and textures (b, 3, t, t) of ``swapped``."""
        b, device = len(rows), self.device
        raster = OWN + torch.randint(0, OTHERS, (b,), device=device)
        which = torch.rand(b, device=device)
        which = (which > 0.5).long() + (which > 0.7).long()
        if kind is not None:
            which = torch.full((b,), kind, device=device)
            raster = raster * 0 + OWN + min(kind, OTHERS - 1)
        bank = self.bank[self._some(self._near_bank, rows)]
        chance = torch.randint(0, len(self.bank), (b,), device=device)
        anybody = torch.rand(b, device=device) < (0.1 if train else 0.0)
        bank = torch.where(anybody.view(b, 1, 1, 1), self.bank[chance], bank)
        three = [
            self._texture(self.data["texture"][self._some(self._near_own, rows), 0])
            for _ in range(3)
        ]
        share = torch.rand(b, 3, device=device) + 0.2
        share = torch.where((which == 1)[:, None], share.new_tensor([[1.0, 0, 0]]), share)
        share = (share / share.sum(1, True)).view(b, 3, 1, 1, 1)
        mixed = (torch.stack(three, 1) * share).sum(1)
        texture = torch.where((which == 0).view(b, 1, 1, 1), self._texture(bank), mixed)
        if train:
            tone = 0.1 * self._normal(b, 1) + 0.04 * self._normal(b, 3)
            texture = (texture * torch.exp(tone)).clamp(0, 1)
        return raster, texture

    def _some(self, near: Tensor, rows: Tensor) -> Tensor:
        pick = torch.randint(0, near.shape[1], (len(rows),), device=self.device)
        return near[rows, pick]

    @staticmethod
    def _texture(texture: Tensor) -> Tensor:
        return texture.permute(0, 3, 1, 2).float() / 255

    def _normal(self, b: int, c: int) -> Tensor:
        return torch.randn(b, c, 1, 1, device=self.device)

    def _uniform(self, b: int, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(b, 1, 1, 1, device=self.device)

    def _chance(self, b: int, p: float) -> Tensor:
        return (torch.rand(b, 1, 1, 1, device=self.device) < p).float()

    def _spoilt(self, t: Tensor) -> Tensor:
        """Textures (b, 3, t, t) as a worse person would have them: other tone, light from a side,
        soft, of few pixels, of too much contrast, mirrored."""
        b = len(t)
        t = t * torch.exp(0.24 * self._normal(b, 1) + 0.09 * self._normal(b, 3))
        # Light that does not belong here: smooth over the texture.
        lamp = torch.randn(b, 1, 4, 4, device=self.device) * self._uniform(b, 0.05, 0.4)
        lamp = lamp + 0.05 * torch.randn(b, 3, 4, 4, device=self.device)
        lamp = F.interpolate(lamp, t.shape[-2:], mode="bicubic", align_corners=False)
        t = t * torch.exp(self._chance(b, 0.6) * lamp)
        few = F.interpolate(t, scale_factor=0.25, mode="area")
        few = F.interpolate(few, scale_factor=4.0, mode="bilinear", align_corners=False)
        soft = blur(t, 1.2)
        which = torch.rand(b, 1, 1, 1, device=self.device)
        carved = t + self._uniform(b, 0.2, 0.8) * (t - soft)
        t = torch.where(which < 0.15, few, torch.where(which < 0.4, soft, t))
        t = torch.where(which > 0.85, carved, t)
        return torch.where(self._chance(b, 0.25) > 0, t.flip(3), t).clamp(0, 1)

    def _webcam(self, x: Tensor) -> Tensor:
        """Photographs (b, 3, n, n) under the lamps and through the processing of some webcam."""
        b, n = len(x), x.shape[-1]
        cast = torch.where(self._chance(b, 0.25) > 0, 0.25, 0.10)
        x = x * torch.exp(
            self._chance(b, 0.85) * (0.20 * self._normal(b, 1) + cast * self._normal(b, 3))
        )
        angle = self._uniform(b, 0, 2 * math.pi)
        line = (torch.arange(n, device=self.device) - (n - 1) / 2) / n
        ramp = torch.cos(angle) * line.view(1, 1, 1, n) + 0.6 * torch.sin(angle) * line.view(
            1, 1, n, 1
        )
        ramp = ramp * self._chance(b, 0.35) * self._uniform(b, 0.3, 1.5)
        x = x * torch.exp(ramp * (1 + 0.15 * self._normal(b, 3)))
        gamma = torch.where(self._chance(b, 0.4) > 0, self._uniform(b, 0.7, 1.45), 1.0)
        x = x.clamp(1e-4, 4) ** gamma
        kept = torch.rand(b, 1, 1, 1, device=self.device)
        some = self._uniform(b, 0.4, 1.4)
        kept = torch.where(kept < 0.04, 0.0, torch.where(kept < 0.2, some, 1.0))
        grey = (x * torch.tensor(LUMA, device=self.device).view(1, 3, 1, 1)).sum(1, True)
        x = grey + kept * (x - grey)
        half = F.interpolate(x, scale_factor=0.5, mode="area")
        half = F.interpolate(half, x.shape[-2:], mode="bilinear", align_corners=False)
        soft = torch.rand(b, 1, 1, 1, device=self.device)
        x = torch.where(soft < 0.18, blur(x, 0.8), torch.where(soft > 0.88, half, x))
        return x.clamp(0, 1)

    def _grid(self, angle: Tensor, scale: Tensor, shift: Tensor, flip: Tensor, n: int) -> Tensor:
        """Where each window pixel lies in the crop, for ``grid_sample``; arguments (b,) and
        (b, 2)."""
        c, s = (torch.cos(angle) * scale)[:, None, None], (torch.sin(angle) * scale)[:, None, None]
        line = (torch.arange(n, device=self.device) - (n - 1) / 2) * (
            (SPAN / n) * (CROP / CROP_SPAN)
        )
        x, y = line.view(1, 1, n) * flip[:, None, None], line.view(1, n, 1)
        u = c * x - s * y + shift[:, 0, None, None]
        v = s * x + c * y + shift[:, 1, None, None]
        return torch.stack([u, v], -1) * (2.0 / CROP)

    def _sample(
        self, rows: Tensor, raster: Tensor, texture: Tensor, train: bool, size: int = 0
    ) -> Batch:
        n, b, d = size or self.size, len(rows), self.data
        iod = CROP / CROP_SPAN
        j = 1.0 if train else 0.0
        roll = d["roll"][rows] + j * 0.05 * torch.randn(b, device=self.device)
        scale = torch.exp(j * 0.035 * torch.randn(b, device=self.device))
        shift = j * 0.035 * iod * torch.randn(b, 2, device=self.device)
        flip = 1.0 - 2.0 * (self._chance(b, 0.5)[:, 0, 0, 0] if train else roll * 0)
        grid = self._grid(roll, scale, shift, flip, n)
        disturbed = (self._chance(b, 0.2)[:, 0, 0, 0] * j).long()
        photo = d["crop"][rows, disturbed].permute(0, 3, 1, 2).float() / 255
        photo = _look_up(photo, grid, "border")
        wide = (self._chance(b, 0.35)[:, 0, 0, 0] * j).long()
        skin = d["skin"][rows]
        flat = torch.stack(
            [
                d["inside"][rows].float() / 255,
                d["mask"][rows, wide].float() / 255,
                (skin & 1).float(),
                (skin >> 1 & 1).float(),
            ],
            1,
        )
        flat = _look_up(flat, grid)
        valid = (flat[:, :1] > 0.98).float()
        mask = torch.maximum((flat[:, 1:2] > 0.004).float(), 1 - valid)
        if train:
            photo = self._webcam(photo)
        # The tracker is never exact: the render lies a little beside the photograph.
        near = self._grid(
            roll,
            scale * torch.exp(j * 0.006 * torch.randn(b, device=self.device)),
            shift + j * 0.008 * iod * torch.randn(b, 2, device=self.device),
            flip,
            n,
        )
        render, planes = self._render(rows, raster, texture, near, flip)
        gain = self._tone(rows, photo, flat[:, 2:4] * (1 - mask), render, planes)
        target = photo
        if train:
            gain = gain * self._chance(b, 0.95)[:, :, 0, 0]
            # Last, so that all other random numbers are the same for samples of another size.
            grain = self._chance(b, 0.4) * self._uniform(b, 0.003, 0.025)
            target = (photo + grain * torch.randn_like(photo)).clamp(0, 1)
        factor = torch.exp(gain).view(b, 3, 1, 1)
        features = torch.maximum(planes[:, 1:2], planes[:, 2:3])
        render = (render * torch.where(features > 0, factor.sqrt(), factor)).clamp(0, 1)
        fill = pull_push(target, 1 - mask)
        inputs = torch.cat([fill, mask, render, planes], 1)
        return Batch(inputs, target, valid, mask)

    def _render(
        self, rows: Tensor, raster: Tensor, texture: Tensor, grid: Tensor, flip: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Colour (b, 3, n, n) and the other planes (b, 7, n, n) of a raster with a texture."""
        d, b = self.data, len(rows)
        kind = d["kind"][rows, raster]
        uv = (d["uv"][rows, raster].int() & 0xFFFF).float() / 65535
        skin = ((kind > 0) & (kind <= SKIRT)).float()[:, None]
        inner = (kind > SKIRT).float()[:, None]
        colour = _look_up(texture, uv * 2 - 1, "border") * skin
        colour = colour + d["inner"][rows, raster].permute(0, 3, 1, 2).float() / 255 * inner
        cover = torch.where(kind == SKIRT, 0.5, torch.where(kind > 0, 1.0, 0.0))[:, None]
        packed = torch.cat(
            [
                colour,
                (kind > 0).float()[:, None],
                cover,
                ((kind == EYE_R) | (kind == EYE_L)).float()[:, None],
                (kind == MOUTH).float()[:, None],
                (uv.permute(0, 3, 1, 2) - 0.5) * skin,
                d["normal"][rows, raster].permute(0, 3, 1, 2).float() / 127,
            ],
            1,
        )
        seen = _look_up(packed, grid)
        drawn = seen[:, 3:4].clamp(min=1e-4)
        on = (seen[:, 3:4] > 0.5).float()
        cover = on * torch.where(seen[:, 4:5] / drawn > 0.75, 1.0, 0.5)
        eyes, mouth = (seen[:, 5:6] > 0.5).float(), (seen[:, 6:7] > 0.5).float()
        place = seen[:, 7:11] / drawn * on
        side = flip.view(b, 1, 1, 1)
        place = torch.cat(
            [place[:, :1] * side, place[:, 1:2], place[:, 2:3] * side, place[:, 3:]], 1
        )
        return seen[:, :3] / drawn * on, torch.cat([cover, eyes, mouth, place], 1)

    def _tone(
        self, rows: Tensor, photo: Tensor, patches: Tensor, render: Tensor, planes: Tensor
    ) -> Tensor:
        """Log gain (b, 3) as of ``deepcam.generator.tone.wanted_gain``."""
        trust = self.data["trust"][rows]
        skin = (planes[:, :1] > 0.75).float() * (1 - planes[:, 1:2]) * (1 - planes[:, 2:3])
        own = _bright(render, skin)
        change, total, doubt = own * 0, own[:, :1] * 0, own[:, :1] * 0 + 1
        for k in range(2):
            patch = (patches[:, k : k + 1] > 0.5).float()
            believed = trust[:, k : k + 1] * (patch.sum((2, 3)) > 30).float()
            change = change + believed * (_bright(photo, patch) - own)
            total, doubt = total + believed, doubt * (1 - believed)
        gain = (1 - doubt) * (STRENGTH * change / total.clamp(min=1e-3) + SHADE) * (total > 0)
        light = gain.mean(1, True)
        return light.clamp(-LIMIT, LIMIT) + (gain - light).clamp(-COLOUR_LIMIT, COLOUR_LIMIT)


def _look_up(x: Tensor, grid: Tensor, beyond: str = "zeros") -> Tensor:
    return F.grid_sample(x, grid, mode="bilinear", padding_mode=beyond, align_corners=False)


def _bright(colour: Tensor, weight: Tensor) -> Tensor:
    """Mean logarithm (b, 3) of the brighter half of ``colour`` where ``weight`` is 1."""
    log = torch.log(colour + 0.02)
    level = log.mean(1, True)
    total = weight.sum((2, 3), keepdim=True).clamp(min=1e-3)
    middle = (level * weight).sum((2, 3), keepdim=True) / total
    half = weight * (level >= middle)
    return (log * half).sum((2, 3)) / half.sum((2, 3)).clamp(min=1e-3)
