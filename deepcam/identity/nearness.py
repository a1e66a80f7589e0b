"""Is a sampled person too much like one of the people the bank was mixed from?

Measured without any face recognizer, which stays the evaluation's judge: by the features of the
inner face (brightness, coarse, without its mean) and by the neutral shape, each in the principal
directions of the donors themselves. Two donors are further apart than the limit in 99 of 100 pairs;
so is everybody that ``IdentityModel.sample`` gives from all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.models.store import path_of

F32 = NDArray[np.float32]

SIDE = 32
"""Texels that the features are compared in."""
DIRECTIONS = 24
"""Principal directions of texture and of shape."""
QUANTILE = 0.01
"""Of the distances between two donors: nearer than this is a copy."""


@lru_cache(maxsize=1)
def _inner() -> NDArray[np.bool_]:
    """(SIDE, SIDE) inside the face, where hair and light of the rim are not."""
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE - 0.5
    inside: NDArray[np.bool_] = x * x / 0.17 + y * y / 0.2 < 1
    return inside


def features(texture: NDArray[np.generic]) -> F32:
    """(m,) of a texture (s, s, 3), BGR 0..255."""
    small = cv2.resize(np.asarray(texture, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    light = np.log(np.maximum(small.mean(2), 0) + 8)[_inner()]
    out: F32 = (light - light.mean()).astype(np.float32)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Nearness:
    """The donors, by numbers that are no picture of anybody."""

    texture_mean: F32
    texture_axes: F32
    """(DIRECTIONS, m), divided by the standard deviation along each."""
    shape_mean: F32
    shape_axes: F32
    """(DIRECTIONS, 468 * 3), likewise."""
    codes: F32
    """(donors, 2 * DIRECTIONS)."""
    limit: float
    """Distance below which somebody is too near."""

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> Nearness:
        """The shipped ones. Raises ``DeepcamError`` when they are missing or altered."""
        with np.load(path_of("donor_codes.npz"), allow_pickle=False) as z:
            arrays = {name: z[name].astype(np.float32) for name in z.files}
        limit = float(arrays.pop("limit"))
        return Nearness(**arrays, limit=limit)

    def code(self, texture: NDArray[np.generic], shape: F32) -> F32:
        """(2 * DIRECTIONS,) of a texture and a neutral shape (468, 3)."""
        look = self.texture_axes @ (features(texture) - self.texture_mean)
        form = self.shape_axes @ (shape.reshape(-1) - self.shape_mean)
        out: F32 = (np.concatenate([look, form]) / np.sqrt(2 * DIRECTIONS)).astype(np.float32)
        return out

    def nearest(self, texture: NDArray[np.generic], shape: F32) -> float:
        """Distance to the nearest donor; people differ by about 1.4."""
        gaps = np.linalg.norm(self.codes - self.code(texture, shape), axis=1)
        return float(gaps.min())


def fit(textures: F32, shapes: F32) -> dict[str, NDArray[np.generic]]:
    """Arrays of the shipped file from the donors' textures (n, s, s, 3) and shapes (n, 468, 3)."""
    looks = np.stack([features(texture) for texture in textures]).astype(np.float64)
    forms = shapes.reshape(len(shapes), -1).astype(np.float64)
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, table in (("texture", looks), ("shape", forms)):
        mean = table.mean(0)
        _, s, axes = np.linalg.svd(table - mean, full_matrices=False)
        spread = s[:DIRECTIONS] / np.sqrt(len(table))
        arrays[f"{name}_mean"] = mean.astype(np.float32)
        arrays[f"{name}_axes"] = (axes[:DIRECTIONS] / spread[:, None]).astype(np.float32)
    near = Nearness(**arrays, codes=np.zeros((0, 0), np.float32), limit=0.0)  # type: ignore[arg-type]
    codes = np.stack([near.code(t, s) for t, s in zip(textures, shapes, strict=True)])
    gaps = np.linalg.norm(codes[:, None] - codes[None], axis=2)
    limit = np.quantile(gaps[np.triu_indices(len(codes), 1)], QUANTILE)
    arrays["codes"], arrays["limit"] = codes.astype(np.float32), np.array(limit, np.float32)
    return arrays
