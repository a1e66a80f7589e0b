"""Photographs to UV textures: unwrap, fill, and take the light off."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.fill import pull_push
from deepcam.geometry.raster import rasterise
from deepcam.identity.grain import radius_map

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]


@lru_cache(maxsize=4)
def uv_maps(size: int) -> tuple[F32, F32, F32]:
    """Per texel: mean-face position (s, s, 3), normal (s, s, 3), inside the mesh (s, s) 0/1."""
    basis = FaceBasis.load()
    p, t = basis.mean, basis.triangles
    n = np.zeros_like(p)
    face = np.cross(p[t[:, 1]] - p[t[:, 0]], p[t[:, 2]] - p[t[:, 0]])
    face *= np.where(face[:, 2:] > 0, -1, 1)
    for k in range(3):
        np.add.at(n, t[:, k], face)
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    maps, inside = in_uv(np.concatenate([p, n], 1), size)
    return maps[..., :3], maps[..., 3:], inside


def in_uv(attributes: F32, size: int) -> tuple[F32, F32]:
    """Vertex attributes (468, c) drawn over the UV square: (s, s, c) and inside (s, s) 0/1."""
    basis = FaceBasis.load()
    flat = np.concatenate([basis.uv * size - 0.5, np.zeros((468, 1), np.float32)], 1)
    out = np.zeros((size, size, attributes.shape[1]), np.float32)
    depth = np.full((size, size), np.inf, np.float32)
    kind = np.zeros((size, size), np.int32)
    ones = np.ones(len(basis.triangles), np.int32)
    rasterise(
        np.ascontiguousarray(flat, np.float32),
        np.ascontiguousarray(attributes, np.float32),
        basis.triangles,
        ones,
        out,
        depth,
        kind,
    )
    return out, (kind > 0).astype(np.float32)


def signed_areas(points: NDArray[Any], triangles: NDArray[Any]) -> NDArray[Any]:
    """Twice the areas (t,) of ``triangles`` (t, 3) of ``points`` (n, 2), negative when turned over:
    numpy 2.5 has no vector product of plane vectors."""
    a, b = (points[triangles[:, k]] - points[triangles[:, 0]] for k in (1, 2))
    areas: NDArray[Any] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return areas


def unwrap(image: U8, landmarks: F64, size: int) -> tuple[F32, F32]:
    """Texture (s, s, 3) float32 BGR and how well each texel was seen (s, s) 0..1.

    ``landmarks``: (>= 468, 3) pixels.
    """
    basis = FaceBasis.load()
    p, t = landmarks[:468].astype(np.float32), basis.triangles
    n = np.zeros_like(p)
    face = np.cross(p[t[:, 1]] - p[t[:, 0]], p[t[:, 2]] - p[t[:, 0]])
    uv_area = signed_areas(basis.uv, t)
    face *= (
        -np.sign(uv_area)[:, None]
        if np.median(face[:, 2] * np.sign(uv_area)) > 0
        else np.sign(uv_area)[:, None]
    )
    for k in range(3):
        np.add.at(n, t[:, k], face)
    n /= np.linalg.norm(n, axis=1, keepdims=True) + 1e-9
    maps, inside = in_uv(np.concatenate([p[:, :2], n[:, 2:]], 1), size)
    scale = np.linalg.norm(p[263, :2] - p[33, :2]) * 1.35 / (0.5 * size)
    source = image
    if scale > 1.6:  # shrink first: remap does not average
        factor = 1.0 / scale
        source = cv2.resize(
            image, None, fx=float(factor), fy=float(factor), interpolation=cv2.INTER_AREA
        )
        maps[..., :2] = (maps[..., :2] + 0.5) * factor - 0.5
    texture = cv2.remap(
        source, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    seen = inside * np.clip((-maps[..., 2] - 0.15) / 0.35, 0, 1)
    h, w = source.shape[:2]
    seen *= (
        (maps[..., 0] > 0) & (maps[..., 0] < w - 1) & (maps[..., 1] > 0) & (maps[..., 1] < h - 1)
    )
    return texture.astype(np.float32), seen.astype(np.float32)


def complete(texture: F32, seen: F32, rim: float = 0.88) -> F32:
    """Fill what was not seen from the other half, then smoothly; the rim from inside (no hair)."""
    size = texture.shape[0]
    known = seen * np.clip((rim - radius_map(size)) / 0.05, 0, 1)
    flipped, known_flipped = texture[:, ::-1], known[:, ::-1]
    share = known / (known + 0.5 * known_flipped * (1 - known) + 1e-6)
    both = texture * share[..., None] + flipped * (1 - share[..., None])
    weight = np.clip(np.maximum(known, 0.9 * known_flipped), 0, 1)
    return pull_push(both.astype(np.float32), weight.astype(np.float32))


def past_the_edge(texture: F32) -> F32:
    """A de-lit texture whose outside goes on from its rim, so that bilinear look-ups at the oval
    and the skirt find skin, not what de-lighting never touched."""
    weight = np.clip((0.985 - radius_map(texture.shape[0])) / 0.02, 0, 1).astype(np.float32)
    return pull_push(texture, weight)


def delight(texture: F32, mean: F32, keep_symmetric: float = 0.2, size: int = 64) -> F32:
    """Take smooth light off a complete texture (s, s, 3) by comparison with the ``mean`` texture.

    The log ratio is fitted with second-order spherical harmonics of the mean face's normals
    (Ramamoorthi & Hanrahan 2001), robustly; all of its left-right asymmetry and most of the
    symmetric variation go, the overall tone stays.
    """
    small = cv2.resize(texture, (size, size), interpolation=cv2.INTER_AREA)
    reference = cv2.resize(mean, (size, size), interpolation=cv2.INTER_AREA)
    ratio = np.log((small + 8) / (reference + 8))
    _, normal, inside = uv_maps(size)
    basis = sh_basis(normal)
    weight0 = inside * (radius_map(size) < 0.85)
    tone = np.array([np.average(ratio[..., k], weights=weight0) for k in range(3)])
    full_basis = sh_basis(uv_maps(texture.shape[0])[1])
    light = np.zeros_like(texture)
    for k in range(3):
        weight = weight0.ravel().copy()
        a = basis.reshape(-1, 9)
        b = ratio[..., k].ravel()
        for _ in range(4):
            root = np.sqrt(weight)[:, None]
            coef = np.linalg.lstsq(
                np.concatenate([a * root, 0.3 * np.eye(9)]),
                np.concatenate([b * root[:, 0], np.zeros(9)]),
                rcond=None,
            )[0]
            rest = np.abs(a @ coef - b)
            weight = weight0.ravel() / (1 + (rest / 0.12) ** 2)
        fitted = full_basis @ coef
        symmetric = 0.5 * (fitted + fitted[:, ::-1])
        light[..., k] = (fitted - symmetric) + (1 - keep_symmetric) * (symmetric - tone[k])
    out = (texture + 8) * np.exp(-light) - 8
    # What is left of side light: low frequencies of the left-right difference.
    log = np.log(np.clip(out, 1, None) + 8)
    difference = log - log[:, ::-1]
    sigma = texture.shape[0] / 14
    smooth = cv2.GaussianBlur(difference, (0, 0), sigma)
    out = np.exp(log - 0.4 * smooth) - 8
    clipped: F32 = np.clip(out, 0, 255).astype(np.float32)
    return clipped


def sh_basis(normal: F32) -> F32:
    """Nine spherical harmonics of unit normals (..., 3), unnormalised: (..., 9)."""
    x, y, z = normal[..., 0], normal[..., 1], -normal[..., 2]
    one = np.ones_like(x)
    return np.stack([one, x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1], -1).astype(
        np.float32
    )
