"""The population's face from the training photographs: mean, UV layout, shape and expression.

Everything is computed here from landmarks of licensed photographs and clips; no canonical model
is copied. Run through ``deepcam-train basis``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix, eye
from scipy.sparse.linalg import spsolve

from deepcam.geometry.pose import umeyama
from deepcam.geometry.topology import (
    IRIS_LEFT,
    IRIS_RIGHT,
    N_POINTS,
    OVAL,
    PROCRUSTES_INDEX,
    PROCRUSTES_WEIGHT,
)
from deepcam.training.textures import signed_areas

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

# (subject's right, left) pairs that everybody agrees on; the rest of the mirror map follows.
_PAIRS = (
    "33 263 133 362 159 386 145 374 70 300 105 334 107 336 61 291 78 308 37 267 84 314 40 270 "
    "91 321 129 358 98 327 64 294 205 425 234 454 127 356 172 397 136 365 150 379 54 284 67 297 "
    "109 338 21 251 93 323 121 350"
)


def triangles_of(edges: Sequence[tuple[int, int]]) -> I32:
    """Triangles (n, 3) from MediaPipe's tessellation: each three consecutive edges close one."""
    if len(edges) % 3:
        raise ValueError("the number of edges is no multiple of three")
    out = []
    for k in range(0, len(edges), 3):
        (a, b), (b2, c), (c2, a2) = edges[k : k + 3]
        if b != b2 or c != c2 or a != a2:
            raise ValueError(f"edges {k}..{k + 2} do not close")
        out.append((a, b, c))
    return np.array(out, np.int32)


def mean_shape(meshes: F64, rounds: int = 4) -> F64:
    """Procrustes median of meshes (n, 478, 3); unit = iris distance, eyes' middle = 0."""
    mean = meshes[0] - meshes[0].mean(0)
    for _ in range(rounds):
        aligned = np.stack([align(m, mean) for m in meshes])
        mean = np.median(aligned, axis=0)
        mean = _normalise(mean)
    return mean


def _normalise(mean: F64) -> F64:
    """Scale and turn so that the irises lie at (+-0.5, 0, z) and the face looks straight ahead."""
    right, left = mean[IRIS_RIGHT], mean[IRIS_LEFT]
    x = (left - right) / np.linalg.norm(left - right)
    down = mean[152] - mean[10]
    y = down - x * (down @ x)
    y /= np.linalg.norm(y)
    rotation = np.stack([x, y, np.cross(x, y)])
    out = (mean - 0.5 * (right + left)) @ rotation.T
    scaled: F64 = out / np.linalg.norm(left - right)
    return scaled


def align(mesh: F64, mean: F64) -> F64:
    """A mesh (n >= 468, 3) carried onto the mean by its rigid points."""
    scale, rotation, translation = umeyama(
        mesh[PROCRUSTES_INDEX], mean[PROCRUSTES_INDEX], PROCRUSTES_WEIGHT
    )
    moved: F64 = scale * mesh @ rotation.T + translation
    return moved


def mirror_map(mean: F64) -> I32:
    """Each point's mirror image: reflect, align by known pairs, assign (Hungarian)."""
    pairs = np.array([int(i) for i in _PAIRS.split()]).reshape(-1, 2)
    there = np.concatenate([pairs[:, 0], pairs[:, 1]])
    back = np.concatenate([pairs[:, 1], pairs[:, 0]])
    points = mean[:N_POINTS]
    flipped = points * np.array([-1.0, 1.0, 1.0])
    scale, rotation, translation = umeyama(flipped[there], points[back])
    flipped = scale * flipped @ rotation.T + translation
    distance = np.linalg.norm(flipped[:, None] - points[None], axis=2)
    _, mirror = linear_sum_assignment(distance + distance.T)
    if not np.array_equal(mirror[mirror], np.arange(N_POINTS)):
        raise ValueError("the mirror map is no involution")
    return mirror.astype(np.int32)


def symmetrise(mean: F64, mirror: I32) -> F64:
    """Mean of a shape (468, 3) and its mirror image."""
    half: F64 = 0.5 * (mean + mean[mirror] * np.array([-1.0, 1.0, 1.0]))
    return half


def uv_layout(mean: F64, triangles: I32, radius: float = 0.485) -> F64:
    """Injective UV (468, 2): mean-value embedding (Floater 2003), the oval on a superellipse.

    Holes are closed by a virtual centre each, so every inner point is an average of neighbours.
    Raises ``ValueError`` if a triangle is turned over.
    """
    points = mean[:N_POINTS]
    faces = [tuple(t) for t in triangles.tolist()]
    for loop in _boundary_loops(triangles):
        if set(loop) == set(OVAL.tolist()):
            continue
        centre = len(points)
        points = np.concatenate([points, points[loop].mean(0, keepdims=True)])
        faces += [(b, a, centre) for a, b in zip(loop, np.roll(loop, -1), strict=True)]
    n = len(points)
    rows, cols, vals = [], [], []
    for t in faces:
        for k in range(3):
            i, j, m = t[k], t[(k + 1) % 3], t[(k + 2) % 3]
            a, b = points[j] - points[i], points[m] - points[i]
            cos = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
            half = np.tan(0.5 * np.arccos(np.clip(cos, -1, 1)))
            for q, edge in ((j, a), (m, b)):
                rows.append(i)
                cols.append(q)
                vals.append(half / np.linalg.norm(edge))
    w = csr_matrix((vals, (rows, cols)), shape=(n, n))
    w = csr_matrix(w.multiply(1.0 / w.sum(1)))
    oval = points[OVAL]
    angle = np.arctan2(oval[:, 1] - 0.5 * (oval[:, 1].min() + oval[:, 1].max()), oval[:, 0])
    c, s = np.cos(angle), np.sin(angle)
    r = radius / (np.abs(c) ** 2.6 + np.abs(s) ** 2.6) ** (1 / 2.6)
    fixed = np.stack([r * c, r * s], 1)
    inner = np.setdiff1d(np.arange(n), OVAL)
    system = (eye(n, format="csr") - w)[inner]
    uv = np.zeros((n, 2))
    uv[OVAL] = fixed
    uv[inner] = spsolve(system[:, inner].tocsc(), -system[:, OVAL] @ fixed)
    area = signed_areas(uv, triangles)
    if not ((area > 0).all() or (area < 0).all()):
        raise ValueError(f"{min((area > 0).sum(), (area < 0).sum())} triangles turned over")
    placed: F64 = uv[:N_POINTS] + 0.5
    return placed


def _boundary_loops(triangles: I32) -> list[list[int]]:
    directed = {(int(t[k]), int(t[(k + 1) % 3])) for t in triangles for k in range(3)}
    follow = {a: b for a, b in directed if (b, a) not in directed}
    loops = []
    while follow:
        start, nxt = follow.popitem()
        loop = [start]
        while nxt != start:
            loop.append(nxt)
            nxt = follow.pop(nxt)
        loops.append(loop)
    return loops


def principal(deviations: F64, count: int) -> tuple[F32, F64]:
    """Principal components (count, 468, 3), one standard deviation long, and their variances."""
    flat = deviations.reshape(len(deviations), -1)
    _, s, vt = np.linalg.svd(flat, full_matrices=False)
    std = s[:count] / np.sqrt(len(flat))
    basis = (vt[:count] * std[:, None]).reshape(count, N_POINTS, 3)
    return basis.astype(np.float32), std**2


def fit_joint(
    shape: F64, mean: F64, identity: F32, expression: F32, sigma: float = 0.02, relax: float = 0.6
) -> tuple[F64, F64]:
    """Ridge fit ``shape - mean = identity a + expression e``; a in sd (24,), e in sd (32,)."""
    k = len(identity)
    design = np.concatenate([identity.reshape(k, -1), expression.reshape(len(expression), -1)]).T
    design = design.astype(np.float64)
    prior = np.concatenate([np.ones(k), np.full(len(expression), relax)])
    gram = design.T @ design / sigma**2 + np.diag(prior)
    solution = np.linalg.solve(gram, design.T @ (shape - mean).ravel() / sigma**2)
    return solution[:k], solution[k:]


def build_basis(
    photos: dict[str, F64], rows: list[dict[str, str]], clips: dict[str, F64], triangles: I32
) -> dict[str, NDArray[Any]]:
    """Arrays of ``face_basis.npz``.

    ``photos``: landmarks by file; ``rows``: the index; ``clips``: landmarks of talking people.
    The mean is the studio photographs'; movements come from clips, neutral-smile pairs and, with
    the identity regressed out, photographs of strong expressions.
    """
    kept = [r for r in rows if r["file"] in photos]
    mesh = np.stack([photos[r["file"]] for r in kept])
    source = np.array([r["source"] for r in kept])
    mood = np.array([r["expression"] for r in kept])
    person = np.array([r["person"] for r in kept])
    studio = ((source == "london") & (mood == "neutral")) | (source == "canada")
    raw = mean_shape(mesh[studio])
    mirror = mirror_map(raw)
    mean = symmetrise(raw, mirror)
    full = np.concatenate([mean, raw[N_POINTS:]])
    aligned = np.stack([align(m, full) for m in mesh])[:, :N_POINTS]
    residual = np.linalg.norm(aligned - mean, axis=2).mean(1)
    good = residual < np.percentile(residual, 98)

    def both(x: F64) -> F64:
        return np.concatenate([x, x[:, mirror] * np.array([-1.0, 1.0, 1.0])])

    neutral = both(aligned[studio & good] - mean)
    shape, _ = principal(neutral, 24)
    moves = []
    for who in np.unique(person[source == "london"]):
        calm_at = np.where((person == who) & (mood == "neutral"))[0]
        smile = np.where((person == who) & (mood == "smile"))[0]
        if len(calm_at) and len(smile):
            moves.append(aligned[smile[:1]] - aligned[calm_at[:1]])
    for frames in clips.values():
        head = np.stack([align(f, full) for f in frames])[:, :N_POINTS]
        moves.append((head - np.median(head, axis=0))[::2])
    moving = both(np.concatenate(moves)) * 1.6
    expression, _ = principal(moving, 32)
    vivid = np.where(good & np.isin(source, ["sfhq-t2i", "congress"]))[0]
    various = np.where(good & (source != "congress"))[0]
    for _ in range(2):
        rest_of = []
        for i in vivid:
            a, _e = fit_joint(aligned[i], mean, shape, expression)
            rest_of.append(aligned[i] - mean - np.tensordot(np.clip(a, -2.5, 2.5), shape, 1))
        rest = np.array(rest_of)
        rest -= np.median(rest, axis=0)
        size = np.abs(rest).mean((1, 2))
        rest = both(rest[size < np.percentile(size, 97)])
        rest *= np.sqrt(0.35 * len(moving) / len(rest))
        expression, _ = principal(np.concatenate([moving, rest]), 32)
        calm_of = []
        for i in various:
            _a, e = fit_joint(aligned[i], mean, shape, expression, sigma=0.03)
            move = np.tensordot(np.clip(e, -3, 3), expression, 1)
            calm_of.append(aligned[i] - mean - (0.0 if studio[i] else move))
        calm = np.array(calm_of)
        calm -= np.median(calm, axis=0)
        size = np.abs(calm).mean((1, 2))
        calm = both(calm[size < np.percentile(size, 97)]) * 0.5
        weight = np.sqrt((0.25 * len(calm) + 2.25 * len(neutral)) / (len(calm) + len(neutral)))
        shape, _ = principal(np.concatenate([calm, neutral * 1.5]) / weight, 24)
    arrays: dict[str, NDArray[Any]] = {
        "mean": mean.astype(np.float32),
        "triangles": triangles.astype(np.int16),
        "uv": uv_layout(mean, triangles).astype(np.float32),
        "mirror": mirror.astype(np.int16),
        "shape": shape.astype(np.float16),
        "expression": (1.5 * expression).astype(np.float16),
    }
    return arrays
