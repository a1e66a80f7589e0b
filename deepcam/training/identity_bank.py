"""From donors' textures to a bank of mixtures: what ships is never one person's own texture.

Every mixture has at least five donors in every region, none above 30 %. The sampler at the user's
mixes mixtures, which cannot raise anybody's share.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.identity.grain import radius_map
from deepcam.identity.regions import REGIONS, region_maps

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

MAX_SHARE, MIN_DONORS = 0.30, 5


@dataclass(frozen=True, slots=True, eq=False)
class Donors:
    """De-lit textures of consenting or synthetic people with what the sliders need."""

    textures: F32
    """(n, s, s, 3) BGR 0..255."""
    shapes: F32
    """(n, 468, 3) neutral, symmetrical, head frame."""
    age: F64
    """(n,) apparent age, years, judged by eye."""
    masculinity: F64
    """(n,) 0 feminine .. 1 masculine, judged by eye."""


def shares(rng: np.random.Generator, k: int) -> F64:
    """k shares that sum to 1, none above MAX_SHARE."""
    w = rng.dirichlet(np.full(k, 4.0))
    for _ in range(50):
        over = w > MAX_SHARE
        if not over.any():
            break
        spare = float((w[over] - MAX_SHARE).sum())
        w[over] = MAX_SHARE
        w[~over] += spare * w[~over] / w[~over].sum()
    return np.minimum(w, MAX_SHARE) / np.minimum(w, MAX_SHARE).sum()


def codes(donors: Donors) -> F64:
    """Coordinates in which near donors look alike: tone, coarse texture, shape, age, gender."""
    small = np.stack(
        [cv2.resize(t, (16, 16), interpolation=cv2.INTER_AREA) for t in donors.textures]
    )
    log = np.log(small + 8).reshape(len(small), -1)
    tone = log.reshape(len(small), -1, 3).mean(1)
    log = log - log.mean(0)
    _, s, vt = np.linalg.svd(log, full_matrices=False)
    coarse = (log @ vt[:6].T) / s[0] * np.sqrt(len(log))
    tone = (tone - tone.mean(0)) / tone.std()
    extra = np.stack([(donors.age - 35) / 14 * 1.3, (donors.masculinity - 0.5) * 4.5], 1)
    return np.concatenate([tone * 1.1, coarse * 0.5, extra], 1)


def mix(
    donors: Donors, logs: F32, mean: F32, pick: NDArray[np.intp], rng: np.random.Generator
) -> tuple[F32, F32, F64, float]:
    """One mixture of the donors ``pick``: texture (s, s, 3), shape, shares (REGIONS, k), the last
    row also the shape's, and the largest share of any texel.

    Laplacian bands of the log deviations from the mean are mixed with each region's shares; the
    deviation is amplified by what averaging took away.
    """
    size = logs.shape[1]
    maps = region_maps(size)
    base = shares(rng, len(pick))
    table = np.stack([base] + [_shuffle_a_little(base, rng) for _ in range(REGIONS - 1)])
    table = np.concatenate([table[1:], table[:1]])
    weight = np.tensordot(table.T, maps, 1).astype(np.float32)  # (k, s, s)
    gain = np.minimum(0.95 / np.sqrt((weight**2).sum(0)), 1.75)
    deviation = (weight[..., None] * (logs[pick] - mean)).sum(0)
    low = cv2.GaussianBlur(deviation, (0, 0), size / 24)
    # Coarse deviations keep a smaller gain: the tone of the pool is real, not lost variance.
    texture = (
        np.exp(mean + low * np.minimum(gain, 1.18)[..., None] + (deviation - low) * gain[..., None])
        - 8
    )
    flat = float(0.95 / np.sqrt((base**2).sum()))
    centre = donors.shapes.mean(0)
    shape = centre + np.tensordot(base, donors.shapes[pick] - centre, 1) * min(flat, 1.6)
    return (
        np.clip(texture, 0, 255).astype(np.float32),
        shape.astype(np.float32),
        table,
        float(weight.max()),
    )


def _shuffle_a_little(base: F64, rng: np.random.Generator) -> F64:
    other = shares(rng, len(base))
    return 0.5 * base + 0.5 * other


def clean_rim(texture: F32) -> F32:
    """Fade the rim to its own blur: no strand of anybody's hair at the mesh's edge."""
    size = texture.shape[0]
    blur = cv2.GaussianBlur(texture, (0, 0), size / 40)
    t = np.clip((radius_map(size) - 0.90) / 0.06, 0, 1)[..., None]
    out: F32 = texture * (1 - t) + blur * t
    return out


def build(
    donors: Donors, count: int, seed: int = 2019
) -> tuple[dict[str, NDArray[np.generic]], F64]:
    """A bank of ``count`` mixtures with their sliders' values: arrays of the shipped file, and
    everybody's shares (count, donors, REGIONS)."""
    rng = np.random.default_rng(seed)
    logs = np.log(donors.textures + 8).astype(np.float32)
    mean = logs.mean(0)
    code = codes(donors)
    textures, shapes, age, masculinity, largest = [], [], [], [], []
    table = np.zeros((count, len(code), REGIONS))
    for k in range(count):
        # Anchors walk through all donors, so that rare looks are as frequent as common ones.
        anchor = int(rng.permutation(len(code))[0]) if k >= len(code) else k
        distance = np.linalg.norm(code - code[anchor], axis=1)
        pool = np.argsort(distance)[:11]
        pick = np.concatenate([[anchor], rng.permutation(pool[1:])[: MIN_DONORS + 1 - 1]])
        texture, shape, regions, top = mix(donors, logs, mean, pick, rng)
        table[k, pick] = regions.T
        share = regions[-1]
        textures.append(np.clip(clean_rim(texture), 0, 255).astype(np.uint8))
        shapes.append(shape)
        age.append(float(share @ donors.age[pick]))
        masculinity.append(float(share @ donors.masculinity[pick]))
        largest.append(top)
    if max(largest) > MAX_SHARE + 1e-4:
        raise ValueError(f"a donor has a share of {max(largest):.2f}")
    blobs = [cv2.imencode(".webp", t, [cv2.IMWRITE_WEBP_QUALITY, 90])[1] for t in textures]
    offsets = np.cumsum([0] + [len(b) for b in blobs])
    # Tone as lightness (CIELAB L of the cheeks), what the slider moves along.
    tone = [
        float(
            cv2.cvtColor(
                t[280:340, 120:400].mean((0, 1), keepdims=True).astype(np.uint8), cv2.COLOR_BGR2LAB
            )[0, 0, 0]
        )
        for t in textures
    ]
    arrays: dict[str, NDArray[np.generic]] = {
        "webp": np.concatenate([b.ravel() for b in blobs]).astype(np.uint8),
        "offsets": offsets.astype(np.int64),
        "shapes": np.stack(shapes).astype(np.float16),
        "age": np.array(age, np.float32),
        "masculinity": np.array(masculinity, np.float32),
        "tone": np.array(tone, np.float32),
    }
    return arrays, table
