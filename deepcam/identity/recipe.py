"""Which mixtures of the bank a person is made of, and how much of each where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.identity.regions import REGIONS

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

WIDTH = 4
"""Mixtures in a person. Of more, or of unlike ones, faces look carved or like nobody."""
NEAR = 28
"""Mixtures nearest to the wishes, among which the first is drawn."""
ALIKE = 14
"""Of these, the ones most like the first, among which the others are drawn."""
FIRST = (0.42, 0.62)
"""Share of the first."""
LEAD = 0.75
"""Share of the mixture that a region's features follow."""
SHAPE = 0.45
"""How far a shape is from the mean of its mixtures, in differences between these."""
_SCALES = (6.5, 0.25, 0.18, 0.35, 0.4)
"""Years, masculinity, tone, darkness of brows and beard that count as equally far."""
YEARS_OFF = 7.0
"""A mixture whose age is further from a wished one is drawn again, .."""
TRIES = 8
""".. this often; then the nearest of these is taken."""
_LOOSE = 0.7
"""Of these: mixtures that are so much further from the wishes than the nearest are drawn less."""


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """Of every mixture of the bank."""

    age: F32
    masculinity: F32
    tone: F32
    """0 darkest .. 1 lightest."""
    brow: F32
    """How much darker brows are than the skin around them (log)."""
    beard: F32
    looks: F32
    """(n, k) coordinates in which mixtures that look alike are near; a typical distance is 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What ``IdentityModel.sample`` mixes for one seed. Every row of coefficients sums to 1."""

    age: float
    """Wished years, 0..1 masculinity, 0..1 tone."""
    masculinity: float
    tone: float
    pick: NDArray[np.intp]
    """(m,) numbers of mixtures in the bank."""
    coarse: F64
    """(m,) in colour and coarse light."""
    shape: F64
    """(m,) in the shape; those below 0 lead away from a mixture."""
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
    bank: Traits,
    age: float | None,
    masculinity: float | None,
    tone: float | None,
    brow: float | None,
    beard: float | None,
) -> Recipe:
    """Draw a recipe; None leaves a wish to ``rng``."""
    drawn = 18 + 62 * rng.beta(1.4, 1.8), rng.beta(0.6, 0.6), rng.uniform(0, 1)
    years, gender, skin = (
        float(d if w is None else w) for d, w in zip(drawn, (age, masculinity, tone), strict=True)
    )
    parts = [
        (bank.age - years) / _SCALES[0],
        (bank.masculinity - gender) / _SCALES[1],
        (bank.tone - skin) / _SCALES[2],
    ]
    if brow is not None:
        parts.append((bank.brow - brow) / _SCALES[3])
    if beard is not None:
        parts.append((bank.beard - beard) / _SCALES[4])
    distance = np.sqrt((np.stack(parts).astype(np.float64) ** 2).sum(0))
    near = np.argsort(distance, kind="stable")[:NEAR]
    odds = np.exp(-0.5 * ((distance[near] - distance[near[0]]) / _LOOSE) ** 2)
    tried: list[tuple[float, int, NDArray[np.intp], F64]] = []
    for _ in range(TRIES):
        pick, weight = _mixture(rng, bank, near, odds)
        off = 0.0 if age is None else abs(float(weight @ bank.age[pick]) - years)
        tried.append((off, len(tried), pick, weight))
        if off <= YEARS_OFF:
            break
    _, _, pick, weight = min(tried)
    middle, fine = np.empty((REGIONS, WIDTH)), np.zeros((REGIONS, WIDTH))
    for region in range(REGIONS):
        lead = int(rng.choice(WIDTH, p=weight))
        middle[region] = (1 - LEAD) * weight
        middle[region, lead] += LEAD
        fine[region, lead] = 1
    shape = weight + SHAPE * _direction(rng)
    return Recipe(years, gender, skin, pick, weight, shape, middle, fine)


def _mixture(
    rng: np.random.Generator, bank: Traits, near: NDArray[np.intp], odds: F64
) -> tuple[NDArray[np.intp], F64]:
    """(WIDTH,) mixtures that look alike, drawn from ``near`` with ``odds``, and their shares."""
    first = int(near[rng.choice(len(near), p=odds / odds.sum())])
    others = near[near != first]
    unlike = np.linalg.norm(bank.looks[others] - bank.looks[first], axis=1)
    unlike = unlike + 4.0 * np.abs(bank.beard[others] - bank.beard[first])
    unlike = unlike + np.abs(bank.masculinity[others] - bank.masculinity[first]) / _SCALES[1]
    unlike = unlike + np.abs(bank.age[others] - bank.age[first]) / _SCALES[0]
    order = np.argsort(unlike, kind="stable")[:ALIKE]
    chances = np.exp(-0.5 * (unlike[order] / max(float(np.median(unlike[order])), 1e-3)) ** 2)
    chances *= odds[near != first][order] + 0.02
    more = rng.choice(order, WIDTH - 1, replace=False, p=chances / chances.sum())
    pick = np.concatenate([[first], others[more]]).astype(np.intp)
    share = rng.uniform(*FIRST)
    return pick, np.concatenate([[share], (1 - share) * rng.dirichlet(np.full(WIDTH - 1, 3.0))])


def _direction(rng: np.random.Generator) -> F64:
    """(WIDTH,) of length 1 that sums to 0: somewhere among the mixtures, nearest to none."""
    d = rng.normal(0, 1, WIDTH)
    d -= d.mean()
    out: F64 = d / np.sqrt((d**2).sum())
    return out
