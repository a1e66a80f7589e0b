"""What ageing changes and which colours skin has, fitted over the mixtures of the bank.

The oldest mixtures are about 66. A person of 80 is one of these, taken further along the way on
which the mixtures from middle age on differ by age; nobody's picture is in that but as one of all.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.topology import LIPS_OUTER
from deepcam.identity.blend import CHEEKS, small_log

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

MIDDLE_AGE = 38.0
"""Mixtures older than this are synthetic people's; below, studio photographs prevail, and a fit
over both would take one kind of picture for youth."""
TONES = 11
HUE, BRIGHTER, LIPS = 0.5, 0.11, 0.35
"""Shares of hue and of lips that are kept; most that anything brightens in ten years (log)."""


def fit(bank: dict[str, NDArray[np.generic]]) -> dict[str, F32]:
    """Arrays of ``deepcam.identity.blend.Directions`` from those of the shipped bank."""
    blobs = np.split(np.asarray(bank["webp"], np.uint8), np.asarray(bank["offsets"])[1:-1])
    small = np.stack(
        [small_log(np.asarray(cv2.imdecode(b, cv2.IMREAD_COLOR), np.uint8)) for b in blobs]
    )
    age, masculinity, lightness = (
        np.asarray(bank[key], np.float64) for key in ("age", "masculinity", "tone")
    )
    order = np.argsort(lightness, kind="stable")
    rank = np.argsort(order, kind="stable") / (len(lightness) - 1)
    shapes = np.asarray(bank["shapes"], np.float64)
    younger, younger_shape = _slope(age > 0, age, masculinity, rank, small, shapes)
    older, older_shape = _slope(age > MIDDLE_AGE, age, masculinity, rank, small, shapes)
    cheeks = small[:, CHEEKS[0], CHEEKS[1]].mean((1, 2))
    powers = np.arange(4)
    curve = np.linalg.lstsq(rank[:, None] ** powers, cheeks, rcond=None)[0]
    tones = np.linspace(0, 1, TONES)[:, None] ** powers @ curve
    return {
        "younger": younger.astype(np.float16),
        "older": older.astype(np.float16),
        "younger_shape": younger_shape.astype(np.float32),
        "older_shape": older_shape.astype(np.float32),
        "tones": tones.astype(np.float32),
    }


def _slope(
    chosen: NDArray[np.bool_], age: F64, masculinity: F64, rank: F64, small: F32, shapes: F64
) -> tuple[F64, F64]:
    """Change for ten years, other things being equal; cheeks' mean colour left alone."""
    tone = rank[chosen] - 0.5
    table = np.stack(
        [np.ones(len(tone)), (age[chosen] - 45) / 10, masculinity[chosen] - 0.5, tone, tone**2], 1
    )
    ridge = np.diag([0.0, 3.0, 1.0, 1.0, 1.0])
    row = np.linalg.solve(table.T @ table + ridge, table.T)[1]
    texture = np.tensordot(row, small[chosen].astype(np.float64), 1)
    texture = 0.5 * (texture + texture[:, ::-1])
    return _calm(texture - texture[CHEEKS].mean((0, 1))), np.tensordot(row, shapes[chosen], 1)


def _calm(texture: F64) -> F64:
    """Without what looks wrong when it is followed far: brows brighter than the skin, pale lips,
    and most of the change of hue, which belongs to the skin of those it was fitted on."""
    grey = texture.mean(2, keepdims=True)
    texture = grey + HUE * (texture - grey)
    texture = np.where(texture > 0, BRIGHTER * np.tanh(texture / BRIGHTER), texture)
    lips = np.zeros(texture.shape[:2], np.uint8)
    outline = np.round(FaceBasis.load().uv[LIPS_OUTER] * len(lips) - 0.5).astype(np.int32)
    cv2.fillPoly(lips, [outline], 1)
    share = cv2.GaussianBlur(lips.astype(np.float64), (0, 0), 1.5)[..., None]
    return texture * (1 - (1 - LIPS) * share)
