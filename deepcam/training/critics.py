"""The critics together: what they look at, and one step of theirs.

Frozen features of the whole picture (``FeatureCritic``), and patches at full resolution of the
places that viewers look at: the mouth, the pair of eyes, the rim of the mask, and somewhere in the
face. Patches are a tenth of the picture, and so is their cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deepcam.generator.conditioning import SPAN
from deepcam.geometry.basis import FaceBasis
from deepcam.training.features import CHANNELS, Features, unit
from deepcam.training.losses import augment, for_critic, for_generator
from deepcam.training.network import FeatureCritic, PatchCritic
from deepcam.training.sampler import Batch

R1 = 10.0
"""Weight of both gradient penalties (R1 + R2), on pictures -1..1."""
R1_FEATURES = 0.3
"""The same, on features of length 1."""
PENALISED = 8
"""One sample in so many bears the gradient penalties, at every step. A penalty at some steps only,
with a larger weight, fills the second moments of Adam and leaves the critics no step between."""
_MOUTH, _EYES = (13, 14, 61, 291), (33, 133, 263, 362)


@dataclass(frozen=True, slots=True)
class _Place:
    """One kind of patch."""

    size: tuple[int, int]
    """Width and height, pixels."""
    width: float
    """IOD; 0 = at the samples' own resolution."""
    weight: float


PLACES = {
    "mouth": _Place((80, 64), 1.2, 1.0),
    "eyes": _Place((112, 48), 1.7, 1.0),
    "rim": _Place((64, 64), 0.0, 1.2),
    "face": _Place((96, 96), 0.0, 1.2),
}


class Critics(nn.Module):
    """Scores pictures; see the module."""

    def __init__(self, features: Features) -> None:
        super().__init__()
        self.whole = FeatureCritic(CHANNELS)
        self.patches = nn.ModuleDict({name: PatchCritic(5, (48, 96, 160)) for name in PLACES})
        # Not a part of it: never trained, never saved.
        self._features = [features]
        uv = FaceBasis.load().uv - 0.5
        self._marks = {
            "mouth": uv[list(_MOUTH)].mean(0).tolist(),
            "eyes": uv[list(_EYES)].mean(0).tolist(),
        }

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Frozen features of pictures (b, 3, n, n), 0..1."""
        out: list[Tensor] = self._features[0](pictures)
        return out

    @torch.no_grad()
    def look(self, batch: Batch) -> dict[str, Tensor]:
        """Where each patch of these samples is, for ``grid_sample``."""
        n, device = batch.mask.shape[-1], batch.mask.device
        line = (torch.arange(n, device=device) + 0.5) * (2.0 / n) - 1
        out = {}
        for name, place in PLACES.items():
            if name in self._marks:
                centre = self._centre(batch, self._marks[name], line)
            else:
                centre = self._somewhere(batch, name, line)
            wide, high = place.size
            # In window widths of 2.
            reach = place.width / SPAN if place.width else wide / n
            x = (torch.arange(wide, device=device) + 0.5) * (2.0 / wide) - 1
            y = (torch.arange(high, device=device) + 0.5) * (2.0 / high) - 1
            gx = centre[:, :1, None] + reach * x.view(1, 1, -1).expand(-1, high, -1)
            gy = centre[:, 1:, None] + reach * high / wide * y.view(1, -1, 1).expand(-1, -1, wide)
            out[name] = torch.stack([gx, gy], -1)
        return out

    def _centre(self, batch: Batch, mark: list[float], line: Tensor) -> Tensor:
        """(b, 2) where the texture's place ``mark`` lies in the window."""
        uv, cover = batch.inputs[:, 10:12], batch.inputs[:, 7:8]
        # u is mirrored where the sample is; the marks lie on the middle line.
        apart = uv[:, :1].square() + (uv[:, 1:] - mark[1]).square()
        weight = torch.exp(-apart / (2 * 0.03**2)) * (cover > 0.75) + 1e-9
        total = weight.sum((2, 3))
        x = (weight.sum(2) * line).sum(2) / total
        y = (weight.sum(3) * line).sum(2) / total
        return torch.cat([x, y], 1)

    def _somewhere(self, batch: Batch, name: str, line: Tensor) -> Tensor:
        """(b, 2) a place by chance at the mask's rim or in the face."""
        mask = batch.mask
        if name == "rim":
            mask = F.max_pool2d(mask, 5, 1, 2) - mask
        weight = (mask * batch.valid)[:, :, 2::4, 2::4].flatten(1) + 1e-6
        chosen = torch.multinomial(weight, 1)[:, 0]
        side = mask.shape[-1] // 4
        at = line[2::4]
        return torch.stack([at[chosen % side], at[chosen // side]], 1)

    def _cut(self, pictures: Tensor, batch: Batch, places: dict[str, Tensor]) -> dict[str, Tensor]:
        whole = torch.cat([pictures * 2 - 1, batch.mask, batch.inputs[:, 7:8]], 1)
        return {
            name: F.grid_sample(
                whole, grid, mode="bilinear", padding_mode="border", align_corners=False
            )
            for name, grid in places.items()
        }

    def generator_loss(
        self, pasted: Tensor, batch: Batch, features: list[Tensor], real: list[Tensor]
    ) -> Tensor:
        """How far ``pasted`` pictures are taken for fakes beside the photographs. ``features`` of
        them and of the photographs (``real``), as of ``features``."""
        places = self.look(batch)
        beside = torch.cat([batch.mask, batch.inputs[:, 7:8]], 1)
        fakes = self.whole(unit(features), beside)
        with torch.no_grad():
            reals = self.whole(unit(real), beside)
        loss = sum(
            (for_generator(f, r) for f, r in zip(fakes, reals, strict=True)), pasted.new_zeros(())
        ) / len(fakes)
        fake, photo = self._cut(pasted, batch, places), self._cut(batch.target, batch, places)
        for name, place in PLACES.items():
            critic = self.patches[name]
            with torch.no_grad():
                real_score = critic(photo[name])
            score = critic(fake[name])
            loss = loss + place.weight * for_generator(score.float(), real_score.float())
        return loss

    def own_loss(
        self, pasted: Tensor, batch: Batch, features: list[Tensor], real: list[Tensor]
    ) -> Tensor:
        """The critics' loss, gradient penalties left out; ``pasted`` has no gradient."""
        beside = torch.cat([batch.mask, batch.inputs[:, 7:8]], 1)
        fakes, reals = self.whole(unit(features), beside), self.whole(unit(real), beside)
        loss = sum(
            (for_critic(f.float(), r.float()) for f, r in zip(fakes, reals, strict=True)),
            pasted.new_zeros(()),
        ) / len(fakes)
        places = self.look(batch)
        fake, photo = self._cut(pasted, batch, places), self._cut(batch.target, batch, places)
        for name, place in PLACES.items():
            both, moved = augment([fake[name][:, :3], photo[name][:, :3]], fake[name][:, 3:])
            f, r = (torch.cat([p, moved], 1) for p in both)
            critic = self.patches[name]
            loss = loss + place.weight * for_critic(critic(f).float(), critic(r).float())
        return loss

    def penalty(
        self, pasted: Tensor, batch: Batch, features: list[Tensor], real: list[Tensor]
    ) -> Tensor:
        """R1 + R2 of all critics on every ``PENALISED``-th sample; in single precision."""
        some = slice(None, None, PENALISED)
        mask, cover = batch.mask[some], batch.inputs[some, 7:8]
        loss = pasted.new_zeros(())
        beside = torch.cat([mask, cover], 1)
        for seen in (features, real):
            units = [f.requires_grad_() for f in unit([f[some] for f in seen])]
            scores = self.whole(units, beside)
            total = torch.stack([s.mean((1, 2, 3)).sum() for s in scores]).sum()
            slopes = torch.autograd.grad(total, units, create_graph=True)
            # Means over places, as the scores are.
            for slope in slopes:
                square = slope.square().sum((1, 2, 3)).mean() * slope[0, 0].numel()
                loss = loss + 0.5 * R1_FEATURES * square / len(slopes)
        part = batch[some]
        places = self.look(part)
        for pictures in (pasted[some], part.target):
            for name, cut in self._cut(pictures, part, places).items():
                picture = cut.requires_grad_()
                (slope,) = torch.autograd.grad(
                    self.patches[name](picture).mean((1, 2, 3)).sum(), picture, create_graph=True
                )
                square = slope[:, :3].square().sum((1, 2, 3)).mean()
                loss = loss + 0.5 * R1 * PLACES[name].weight * square
        return loss
