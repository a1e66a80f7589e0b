"""Which mixtures of the bank a person is made of, and how much of each where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.identity.regions import REGIONS

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

WIDTH = 24
"""Mixtures in a person: about forty donors. With four, faces came near single donors."""
LEADS = 2
"""Mixtures in the middle bands of each region."""
OLDEST = 66.0
"""Years that the bank's mixtures reach; what is older comes from the direction of ageing."""
COARSE, MIDDLE, SHAPE = 1.3, 1.3, 1.0
"""How far a person is from the mean of their mixtures, in standard deviations of these."""
_SCALES = (11.0, 0.28, 0.22)
"""Years, masculinity and tone that count as equally far."""


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What ``IdentityModel.sample`` mixes for one seed. Every row of coefficients sums to 1; those
    below 0 lead away from a mixture."""

    age: float
    """Wished years, 0..1 masculinity, 0..1 tone."""
    masculinity: float
    tone: float
    pick: NDArray[np.intp]
    """(m,) numbers of mixtures in the bank."""
    coarse: F64
    """(m,) in colour and coarse light."""
    shape: F64
    """(m,) in the shape."""
    middle: F64
    """(REGIONS, m) in the features of each region."""
    fine: F64
    """(REGIONS, m) in pores and hairs."""

    def shares(self, table: F64) -> F64:
        """(4, REGIONS, donors): everybody's share in coarse light, shape, features and fine detail.

        ``table`` (mixtures, donors, REGIONS): shares within the bank's mixtures. Coefficients below
        0 count like those above: nobody's weight is smaller than it looks.
        """
        donors = table[self.pick]
        rows = np.stack(
            [np.tile(c, (REGIONS, 1)) for c in (self.coarse, self.shape)] + [self.middle, self.fine]
        )
        rows = np.abs(rows) / np.abs(rows).sum(2, keepdims=True)
        out: F64 = np.einsum("brm,mdr->brd", rows, donors)
        # Shapes are mixed once for the whole face, with the shares of the last region.
        out[1] = rows[1, :1] @ donors[:, :, -1]
        return out


def choose(
    rng: np.random.Generator,
    bank: tuple[F32, F32, F64],
    age: float | None,
    masculinity: float | None,
    tone: float | None,
) -> Recipe:
    """Draw a recipe. ``bank``: every mixture's age, masculinity and rank of tone (0..1); None
    leaves a wish to ``rng``."""
    wish = np.array(
        [
            18 + 62 * rng.beta(1.4, 1.8) if age is None else age,
            rng.uniform(0, 1) if masculinity is None else masculinity,
            rng.uniform(0, 1) if tone is None else tone,
        ]
    )
    near = np.array([min(wish[0], OLDEST), *wish[1:]])
    gaps = (np.stack(bank, 1) - near) / np.array(_SCALES)
    distance = np.sqrt((gaps**2).sum(1))
    pick = rng.permutation(np.argsort(distance, kind="stable")[:WIDTH])
    far = distance[pick] - distance[pick].min()
    weight = np.exp(-0.5 * far**2) * rng.dirichlet(np.full(WIDTH, 3.0))
    weight = np.maximum(weight / weight.sum(), 0.2 / WIDTH)
    weight /= weight.sum()
    coarse = weight + COARSE * _direction(rng)
    shape = weight + SHAPE * _direction(rng)
    leads = rng.choice(WIDTH, (REGIONS, LEADS), replace=False, p=weight)
    middle, fine = np.empty((REGIONS, WIDTH)), np.zeros((REGIONS, WIDTH))
    for region, lead in enumerate(leads):
        part = np.sort(rng.dirichlet(np.full(LEADS, 4.0)))[::-1]
        # Averaging takes contrast away; this gives it back.
        gain = MIDDLE * min(1 / float(np.sqrt((part**2).sum())), 1.8)
        middle[region] = weight * (1 - gain)
        middle[region, lead] += part * gain
        fine[region, lead[0]] = 1
    years, gender, skin = (float(v) for v in wish)
    return Recipe(years, gender, skin, pick, coarse, shape, middle, fine)


def _direction(rng: np.random.Generator) -> F64:
    """(WIDTH,) of length 1 that sums to 0: somewhere among the mixtures, nearest to none."""
    d = rng.normal(0, 1, WIDTH)
    d -= d.mean()
    out: F64 = d / np.sqrt((d**2).sum())
    return out
