"""Pictures as the networks want them: cut, scaled, upright; and points the way back."""

from __future__ import annotations

import math

import cv2
import numpy as np

from deepcam.frames import Image
from deepcam.tracking.backend import F64, Detection, Roi, Window


def _scale(image: Image, width: int, height: int, method: int) -> Image:
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def rgb(bgr: Image) -> Image:
    """Channels the other way round."""
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _halve(image: Image, times: int) -> Image:
    """Average 2 x 2 blocks, ``times`` times; an odd last row or column is dropped. OpenCV is
    several times faster at halves than at other box averages."""
    for _ in range(times):
        h, w = image.shape[0] // 2, image.shape[1] // 2
        image = _scale(image[: 2 * h, : 2 * w], w, h, cv2.INTER_AREA)
    return image


def resize(image: Image, width: int, height: int) -> Image:
    """Scale with little aliasing: halves first, then bilinear."""
    factor = min(image.shape[1] / width, image.shape[0] / height)
    image = _halve(image, max(0, int(math.log2(factor))))
    return _scale(image, width, height, cv2.INTER_LINEAR)


def shrink(image: Image, side: int, turn: int = 0) -> tuple[Image, float]:
    """A detector's square RGB input, picture in the upper left corner, and its scale. ``turn``:
    quarter turns against the clock."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    square = np.zeros((side, side, 3), np.uint8)
    small = np.rot90(rgb(resize(image, w, h)), turn)
    square[: small.shape[0], : small.shape[1]] = small
    return square, scale


def turn_back(points: F64, width: int, height: int, turn: int) -> F64:
    """Pixels (n, 2) of a picture that was turned by ``turn`` quarters against the clock as pixels
    of the upright one, ``width`` x ``height``."""
    u, v = points[:, 0], points[:, 1]
    if turn % 4 == 1:
        return np.stack([width - 1 - v, u], 1)
    if turn % 4 == 2:
        return np.stack([width - 1 - u, height - 1 - v], 1)
    if turn % 4 == 3:
        return np.stack([v, height - 1 - u], 1)
    return points


def upright_box(corners: F64) -> F64:
    """(4,) x0, y0, x1, y1 from two opposite corners (2, 2)."""
    return np.concatenate([corners.min(0), corners.max(0)])


def turned_back(face: Detection, window: Window, turn: int) -> Detection:
    """A face in a ``window`` that was turned by ``turn`` quarters against the clock, pixels of
    that, in pixels of the picture."""
    width, height = window[2] - window[0], window[3] - window[1]
    xy = np.concatenate([face.box.reshape(2, 2), face.keypoints])
    xy = turn_back(xy, width, height, turn) + window[:2]
    return Detection(upright_box(xy[:2]), xy[2:], face.score)


def _matrix(roi: Roi, side: int) -> F64:
    """(2, 3) map from the picture to the mesh network's input, pixels to pixels."""
    k = side / roi.size
    c, s = k * math.cos(roi.angle), k * math.sin(roi.angle)
    half = (side - 1) / 2
    return np.array(
        [[c, s, half - c * roi.x - s * roi.y], [-s, c, half + s * roi.x - c * roi.y]], np.float64
    )


def crop(image: Image, roi: Roi, side: int) -> Image:
    """The upright RGB crop of a ROI, (side, side, 3), black outside the picture."""
    matrix = _matrix(roi, side)
    times = max(0, int(math.log2(roi.size / side)))
    if times:
        # Average blocks of the part that is needed, so that bilinear sampling is enough.
        factor = 2**times
        reach = roi.size * (abs(math.cos(roi.angle)) + abs(math.sin(roi.angle))) / 2 + factor
        x0 = int(np.clip(roi.x - reach, 0, image.shape[1]))
        y0 = int(np.clip(roi.y - reach, 0, image.shape[0]))
        x1 = int(np.clip(roi.x + reach, 0, image.shape[1]))
        y1 = int(np.clip(roi.y + reach, 0, image.shape[0]))
        if x1 - x0 >= factor and y1 - y0 >= factor:
            image = _halve(image[y0:y1, x0:x1], times)
            corner = np.array([x0, y0]) + (factor - 1) / 2
            matrix[:, 2] += matrix[:, :2] @ corner
            matrix[:, :2] *= factor
    cut = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR)
    return rgb(np.asarray(cut, np.uint8))


def to_image(local: F64, roi: Roi) -> F64:
    """Crop-relative landmarks (n, 3) to pixels of the picture; z in the same pixels."""
    x, y = (local[:, 0] - 0.5) * roi.size, (local[:, 1] - 0.5) * roi.size
    c, s = math.cos(roi.angle), math.sin(roi.angle)
    return np.stack([roi.x + c * x - s * y, roi.y + s * x + c * y, local[:, 2] * roi.size], 1)
