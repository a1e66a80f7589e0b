"""From donors' textures to a bank of mixtures: what ships is never one person's own texture.

Every mixture has three to six donors who are near to each other in age, masculinity, tone, beard
and looks, and synthetic: a volunteer who wears somebody alike must not wear themselves. Nobody has
more than 60 % of it; the volunteers are what the critic learns from. The sampler at the user's
mixes alike mixtures, which cannot raise anybody's share.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.identity import quality
from deepcam.identity.blend import small_log
from deepcam.identity.regions import REGIONS, region_maps
from deepcam.training.caster_data import measured
from deepcam.training.cleaning import clean
from deepcam.training.donors import Donors

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

MAX_SHARE, MIN_DONORS, MAX_DONORS = 0.60, 3, 6
"""Of one donor in any region of a mixture; donors in a mixture."""
MIXTURES = 430
LEAD = (0.44, 0.58)
"""Share of the synthetic person a mixture is made around."""
NEAR = (9.0, 0.3, 0.16)
"""Years, masculinity and tone within which donors are mixed; wider where there are too few."""
FINE = 3.0
"""Standard deviation (texels of 512) below which details are independent of each other's: their
contrast, which averaging takes away, is given back."""
FINE_GAIN, SHAPE_GAIN = 1.5, 1.15
QUALITY_WEBP = 88


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """One entry of the bank."""

    texture: U8
    shape: F32
    pick: NDArray[np.intp]
    shares: F64
    """(REGIONS, k)."""
    off: float
    """From good photographs, in the critic's limits."""


def shares(rng: np.random.Generator, k: int) -> F64:
    """Shares (k,) that sum to 1 of donors of whom the first is the lead, each at most
    MAX_SHARE."""
    lead = rng.uniform(*LEAD)
    out: F64 = np.concatenate([[lead], (1 - lead) * rng.dirichlet(np.full(k - 1, 4.0))])
    return out


def codes(textures: U8, shapes: F32) -> F64:
    """Coordinates (n, k) in which people who look alike are near; typical distances are 1."""
    small = np.stack(
        [cv2.GaussianBlur(small_log(t), (0, 0), 2.5)[16:112:4, 16:112:4] for t in textures]
    ).reshape(len(textures), -1, 3)
    small = small - small.mean(1, keepdims=True)
    forms = shapes.reshape(len(shapes), -1)
    parts = []
    for table, count, weight in (
        (small.reshape(len(small), -1), 10, 1.0),
        (forms, 6, 0.6),
    ):
        table = (table - table.mean(0)).astype(np.float64)
        u, s, _ = np.linalg.svd(table, full_matrices=False)
        parts.append(u[:, :count] * s[:count] / s[:count].max() * np.sqrt(len(table)) * weight)
    code = np.concatenate(parts, 1)
    gaps = np.linalg.norm(code[:, None] - code[None], axis=2)
    out: F64 = code / np.median(gaps[np.triu_indices(len(code), 1)])
    return out


def companions(donors: Donors, code: F64, lead: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Who is mixed with ``lead``: 2 to 5 of those near in every trait, the likeliest the most
    alike."""
    count = int(rng.integers(MIN_DONORS - 1, MAX_DONORS - 1))
    for wider in (1.0, 1.35, 1.8, 2.4, 4.0):
        # Nobody who exists: who wears somebody alike must not wear themselves.
        inside = (donors.beard == donors.beard[lead]) & ~donors.real
        for values, limit in (
            (donors.age, NEAR[0] * (1.3 if donors.age[lead] > 60 else 1.0)),
            (donors.masculinity, NEAR[1]),
            (donors.tone, NEAR[2]),
        ):
            inside = inside & (np.abs(values - values[lead]) <= limit * wider)
        inside[lead] = False
        found = np.nonzero(inside)[0]
        if len(found) >= count + 2:
            break
    unlike = np.linalg.norm(code[found] - code[lead], axis=1)
    order = np.argsort(unlike)[: max(8, count + 2)]
    odds = np.exp(-unlike[order] / 0.4)
    more = rng.choice(order, min(count, len(order)), replace=False, p=odds / odds.sum())
    return np.concatenate([[lead], found[more]]).astype(np.intp)


def mix(
    donors: Donors, pick: NDArray[np.intp], rng: np.random.Generator, critic: quality.Critic
) -> Mixture:
    """A mixture of the donors ``pick``: log textures are averaged with each region's shares, pores
    and hairs keep their contrast."""
    base = shares(rng, len(pick))
    rows = [0.6 * base + 0.4 * shares(rng, len(pick)) for _ in range(REGIONS - 1)]
    table = np.stack([*rows, base])
    size = donors.textures.shape[1]
    weight = np.tensordot(table.T, region_maps(size), 1).astype(np.float32)  # (k, s, s)
    logs = np.log(donors.textures[pick].astype(np.float32) + 8)
    log = (weight[..., None] * logs).sum(0)
    gain = np.minimum(1 / np.sqrt((weight**2).sum(0)), FINE_GAIN)[..., None]
    fine = log - cv2.GaussianBlur(log, (0, 0), FINE)
    texture = np.clip(np.exp(log + (gain - 1) * fine) - 8, 0, 255).astype(np.float32)
    beard, age = (float(base @ trait[pick]) for trait in (donors.beard, donors.age))
    final = np.clip(clean(texture, beard, age), 0, 255).astype(np.uint8)
    mean = np.average(donors.shapes[pick], axis=0, weights=base)
    centre = donors.shapes.mean(0)
    shape = centre + SHAPE_GAIN * (mean - centre)
    off = critic.off(small_log(final)) / critic.limit
    return Mixture(final, shape.astype(np.float32), pick, table, off)


def build(
    donors: Donors, grades: F64, count: int, seed: int = 2026, tries: int = 4
) -> tuple[dict[str, NDArray[np.generic]], F64]:
    """A bank of about ``count`` mixtures with their traits: arrays of the shipped file, and
    everybody's shares (mixtures, donors, REGIONS).

    ``grades``: how fit each donor is (1..5); the critic learns from those from 4 on. Every donor
    leads once before anybody does twice; who fails with the critic is mixed anew, and left out when
    that does not help.
    """
    rng = np.random.default_rng(seed)
    code = codes(donors.textures, donors.shapes)
    good = np.nonzero(grades >= 4)[0]
    critic = quality.fit([small_log(donors.textures[k]) for k in good])
    own = np.array([critic.off(small_log(t)) for t in donors.textures]) / critic.limit
    found: list[Mixture] = []
    leads = np.nonzero((own < 1.15) & ~donors.real)[0]
    # Rare looks first, and twice: the old and the dark are few.
    rare = ((donors.age > 58) | (donors.tone < 0.35)) & (own < 1.15) & ~donors.real
    queue = [*np.nonzero(rare)[0], *rng.permutation(leads)]
    for lead in queue:
        if len(found) >= count:
            break
        best: Mixture | None = None
        for _ in range(tries):
            pick = companions(donors, code, int(lead), rng)
            if len(pick) < MIN_DONORS:
                continue
            made = mix(donors, pick, rng, critic)
            if best is None or made.off < best.off:
                best = made
            if best.off <= 0.85:
                break
        if best is not None and best.off <= 1:
            found.append(best)
    table = np.zeros((len(found), len(donors.files), REGIONS))
    for k, mixture in enumerate(found):
        table[k, mixture.pick] = mixture.shares.T
    if table[:, donors.real].any() or table.max() > MAX_SHARE + 1e-6:
        raise ValueError("a donor has too large a share, or exists")
    last = table[..., -1]
    textures = np.stack([m.texture for m in found])
    shapes = np.stack([m.shape for m in found])
    blobs = [
        cv2.imencode(".webp", t, [cv2.IMWRITE_WEBP_QUALITY, QUALITY_WEBP])[1] for t in textures
    ]
    brow = [measured(cv2.resize(t, (128, 128), interpolation=cv2.INTER_AREA).astype(np.float32))[0]
            for t in textures]  # fmt: skip
    arrays: dict[str, NDArray[np.generic]] = {
        "webp": np.concatenate([b.ravel() for b in blobs]).astype(np.uint8),
        "offsets": np.cumsum([0] + [len(b) for b in blobs]).astype(np.int64),
        "shapes": shapes.astype(np.float16),
        "age": (last @ donors.age).astype(np.float32),
        "masculinity": (last @ donors.masculinity).astype(np.float32),
        "tone": (last @ donors.tone).astype(np.float32),
        "brow": np.array(brow, np.float32),
        "beard": (last @ donors.beard).astype(np.float32),
        "looks": codes(textures, shapes).astype(np.float32),
        "tones": donors.tones,
        "quality_mean": critic.mean,
        "quality_root": critic.root,
        "quality_limit": np.array(critic.limit),
    }
    return arrays, table
