"""What can be read off an original picture to sort it by: turn, glasses, beard, tone, light.

Glasses and beard are guesses. On 200 pictures sorted by eye, 92 % of those with glasses were found
and 79 % of those found had them; for beards and moustaches 69 % and 58 %. The cut-offs were fitted
on these same pictures: expect less of others. An index that says so (columns ``glasses`` and
``beard``, yes or no) is believed instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.judge import Reading
from deepcam.frames import Image

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

SIDE = 128
_UPRIGHT = np.array([[40.0, 48.0], [88.0, 48.0]])
"""Where the irises go in the square that traits are read from."""
_CHEEKS = (205, 425, 50, 280)
_LIP = (164, 167, 393, 165, 391)
GLASSES, BEARD = -1.18, 0.5
"""Scores from which something counts as worn."""


@dataclass(frozen=True, slots=True)
class Traits:
    """Of one original picture."""

    yaw: float
    """Degrees, without sign."""
    tone: float
    """Individual typology angle of the cheeks as pictured, degrees: high is light."""
    light: float
    """Median luma of the face, 0..255."""
    side: float
    """Darker cheek over the lighter one, 0..1: low is light from one side."""
    glasses: bool
    beard: bool


def traits(image: Image, reading: Reading, glasses: bool | None, beard: bool | None) -> Traits:
    """Read off one face; ``glasses`` and ``beard`` are what an index says, None if nothing."""
    face, points = square(image, reading)
    lab = cv2.cvtColor((face / np.float32(255)).astype(np.float32), cv2.COLOR_BGR2LAB)
    luma = cv2.cvtColor(face, cv2.COLOR_BGR2GRAY).astype(np.float32)
    light, _, yellow = _median(lab, points, (205, 425), 6)
    left, right = (float(np.median(_patch(luma, points[k], 7))) for k in (205, 425))
    return Traits(
        abs(reading.pose.yaw),
        float(np.degrees(np.arctan2(light - 50, max(abs(yellow), 1e-3)))),
        float(np.median([np.median(_patch(luma, points[k], 6)) for k in (205, 425, 151, 4)])),
        min(left, right) / max(left, right, 1.0),
        glasses_score(luma) > GLASSES if glasses is None else glasses,
        beard_score(luma, lab, points) > BEARD if beard is None else beard,
    )


def glasses_score(luma: F32) -> float:
    """Of an upright face: lines across the nose's bridge, rims below and beside the eyes, and
    temples outside of them, each as strong as on its weaker side."""
    logs = np.log(cv2.GaussianBlur(luma, (0, 0), 1.0) + 10)
    down = np.abs(cv2.Sobel(logs, cv2.CV_32F, 0, 1)) / 8
    across = np.abs(cv2.Sobel(logs, cv2.CV_32F, 1, 0)) / 8
    bridge = _bend(np.median(logs[36:64, 60:69], axis=1)).max()
    rims = [np.median(_bend(logs[56:76, a:b]).max(0)) for a, b in ((26, 54), (74, 102))]
    inner = [np.median(across[48:62, a:b].max(1)) for a, b in ((54, 62), (67, 75))]
    arms = [np.median(down[40:58, a:b].max(0)) for a, b in ((10, 24), (104, 118))]
    found = np.array([bridge, min(rims), min(inner), min(arms), logs[40:100, 30:98].std()])
    return float(np.log(found + 1e-3) @ np.array([0.2, 0.2, 0.15, 0.3, -0.6]))


def beard_score(luma: F32, lab: F32, points: F64) -> float:
    """How much darker and less coloured the upper lip is than the cheeks."""
    logs = np.log(luma + 10)
    darker = _median(logs, points, _CHEEKS, 6) - _median(logs, points, _LIP, 3)
    colour = [
        float(np.hypot(*_median(lab, points, where, radius)[1:]))
        for where, radius in ((_CHEEKS, 6), (_LIP, 3))
    ]
    return float(darker) + (colour[0] - colour[1]) / (colour[0] + 5)


def square(image: Image, reading: Reading) -> tuple[Image, F64]:
    """(SIDE, SIDE, 3) upright face, and the mesh's points (478, 2) in it."""
    marks = reading.landmarks[:, :2]
    eyes = marks[[468, 473]]
    across, goal = eyes[1] - eyes[0], _UPRIGHT[1] - _UPRIGHT[0]
    factor = complex(*goal) / (complex(*across) or 1.0)
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    shift = _UPRIGHT[0] - linear @ eyes[0]
    scale = abs(factor)
    source = image if scale > 0.5 else cv2.GaussianBlur(image, (0, 0), 0.35 / scale)
    matrix = np.concatenate([linear, shift[:, None]], 1)
    face = cv2.warpAffine(source, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(face, np.uint8), marks @ linear.T + shift


def _bend(rows: F32) -> F32:
    """Second difference over two rows each way: lines, but not slopes."""
    out: F32 = np.abs(rows[:-4] - 2 * rows[2:-2] + rows[4:])
    return out


def _median(plane: F32, points: F64, where: tuple[int, ...], radius: int) -> F64:
    """Median over places of the median of each patch; scalar or (channels,)."""
    out: F64 = np.median(
        [np.median(_patch(plane, points[k], radius), axis=0) for k in where], axis=0
    )
    return out


def _patch(plane: F32, at: F64, radius: int) -> F32:
    """Values in a square around ``at``, (n,) or (n, channels); inside the picture."""
    x, y = (int(np.clip(round(float(v)), radius, SIDE - radius - 1)) for v in at)
    part = plane[y - radius : y + radius + 1, x - radius : x + radius + 1]
    out: F32 = part.reshape(-1, *plane.shape[2:])
    return out
