"""What is shown instead of a face: the opaque cover of a head, and the standby card.

Nothing here takes a raw pixel: covers are drawn from the colours around everything that is hidden
into a picture whose pixels under the cover are already erased, and blended with nothing but what
the generator painted there.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.frames import Image, Mask, Points
from deepcam.geometry.fill import pull_push
from deepcam.outlines import PAD, spans

F32 = NDArray[np.float32]

CELL = 12
"""Pixels of the picture in one cell of the colours around covers."""
TITLE = "DeepPrivacy Cam"
STANDBY = "Standby"

_LIGHT = np.array([196, 186, 178], np.float32)
_SHADE = np.array([150, 137, 126], np.float32)
_CARD_TOP = np.array([58, 46, 38], np.float32)
_CARD_BOTTOM = np.array([34, 26, 22], np.float32)
_FULL = (255,)
_WELL = (72, 58, 48)
_ACCENT = (214, 190, 148)
_INK = (240, 236, 232)
_SOFT_INK = (186, 174, 164)


class Surroundings:
    """The colours around everything that is hidden, continued over it: coarse and calm.

    ``image`` (h, w, 3) and ``mask`` (h, w) as ``erase`` left them: no pixel under the mask is read.
    """

    def __init__(self, image: Image, mask: Mask) -> None:
        height, width = mask.shape
        size = (max(2, width // CELL), max(2, height // CELL))
        kept = np.asarray(cv2.resize(255 - mask, size, interpolation=cv2.INTER_AREA), np.float32)
        # Erased pixels are black, so the sum of a cell is that of its kept pixels.
        cells = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
        weight = np.where(kept >= 8.0, kept / 255.0, 0.0).astype(np.float32)
        colour = np.clip(cells / np.maximum(weight, 1e-3)[..., None], 0, 255).astype(np.float32)
        if not weight.any():
            colour[:], weight[:] = _LIGHT, 1.0
        filled = pull_push(colour, weight)
        self.cells: F32 = np.asarray(cv2.GaussianBlur(filled, (0, 0), 1.2), np.float32)


def draw_cover(
    image: Image,
    outline: Points,
    opacity: float = 1.0,
    spare: Mask | None = None,
    around: Surroundings | None = None,
    strength: float = 1.0,
) -> None:
    """Draw a calm, featureless head over exactly the pixels that ``erase`` clears for ``outline``.

    At its rim it has the colours of ``around``, a neutral grey when None; towards its middle a
    light egg emerges, by ``strength`` 0..1.
    ``image``: (h, w, 3) uint8, changed in place; its pixels there must be erased or painted ones.
    ``opacity`` 0..1 blends with them. ``spare``: (h, w), pixels not 0 are left as they are.
    Raises ``ValueError`` for outlines that are not finite.
    """
    height, width = image.shape[:2]
    first, rows = spans(outline, height, width)
    low, high = outline.min(0), outline.max(0)
    middle = (low + high) / 2
    half = np.maximum((high - low) / 2 + PAD, 1.0)
    keep = np.zeros((1, 1), np.uint8) if spare is None else spare
    share = float(np.clip(opacity, 0.0, 1.0))
    cells = np.full((2, 2, 3), _SHADE, np.float32) if around is None else around.cells
    _shade(
        image, first, rows, middle.astype(np.float32), half.astype(np.float32), share,
        spare is not None, keep, cells, float(np.clip(strength, 0.0, 1.0)), _LIGHT, _SHADE,
    )  # fmt: skip


@njit(cache=True, fastmath=True, nogil=True)
def _shade(
    image: NDArray[np.uint8], first: int, rows: NDArray[np.int32], middle: F32, half: F32,
    opacity: float, sparing: bool, spare: NDArray[np.uint8], cells: F32, strength: float,
    light: F32, shade: F32,
) -> None:  # fmt: skip
    one, zero = np.float32(1.0), np.float32(0.0)
    height, width = image.shape[:2]
    sy, sx = np.float32(cells.shape[0] / height), np.float32(cells.shape[1] / width)
    for k in range(len(rows)):
        y = first + k
        dy = (np.float32(y) - middle[1]) / half[1]
        v = max((np.float32(y) + np.float32(0.5)) * sy - np.float32(0.5), zero)
        v = min(v, np.float32(cells.shape[0] - 1.001))
        v0 = int(v)
        fv = v - np.float32(v0)
        for x in range(rows[k, 0], rows[k, 1] + 1):
            if sparing and spare[y, x] != 0:
                continue
            u = max((np.float32(x) + np.float32(0.5)) * sx - np.float32(0.5), zero)
            u = min(u, np.float32(cells.shape[1] - 1.001))
            u0 = int(u)
            fu = u - np.float32(u0)
            dx = (np.float32(x) - middle[0]) / half[0]
            # Light falls from above; the egg dissolves towards the rim.
            down = np.float32(0.5) + np.float32(0.42) * dy + np.float32(0.06) * dx
            down = min(max(down, zero), one)
            edge = min(max((one - dx * dx - dy * dy) * np.float32(1.5), zero), one)
            egg = edge * edge * (np.float32(3.0) - np.float32(2.0) * edge)
            egg *= np.float32(0.55 * strength)
            for c in range(3):
                top = cells[v0, u0, c] + (cells[v0, u0 + 1, c] - cells[v0, u0, c]) * fu
                low = cells[v0 + 1, u0, c] + (cells[v0 + 1, u0 + 1, c] - cells[v0 + 1, u0, c]) * fu
                ground = top + (low - top) * fv
                body = ground + (light[c] + (shade[c] - light[c]) * down - ground) * egg
                if opacity < 1.0:  # else not even the rounding may depend on what lies under it
                    under = np.float32(image[y, x, c])
                    body = under + (body - under) * np.float32(opacity)
                image[y, x, c] = np.uint8(min(max(body + np.float32(0.5), zero), np.float32(255.0)))


def standby_card(width: int, height: int, text: str = "") -> Image:
    """The card that is shown instead of the camera: a new (height, width, 3) array.

    ``text``: the reason in a few words ("Starting", "Camera not available"); characters that the
    built-in font lacks are replaced. Any size from 1x1; below 160x96 the writing is left out.
    Raises ``ValueError`` for sizes below 1.
    """
    if width < 1 or height < 1:
        raise ValueError("a card needs a size")
    plain = text.encode("ascii", "replace").decode("ascii")
    return _card(int(width), int(height), " ".join(plain.split())[:80]).copy()


@lru_cache(maxsize=16)
def _card(width: int, height: int, text: str) -> Image:
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    colour = _CARD_TOP + (_CARD_BOTTOM - _CARD_TOP) * rows
    card = np.repeat(np.round(colour).astype(np.uint8), width, axis=1)
    unit = min(width / 16, height / 9)
    if min(width, height) >= 16:
        with_text = width >= 160 and height >= 96
        side = int(unit * (3.4 if with_text else 7))
        _icon(card, width / 2, height / 2 - (unit * 1.35 if with_text else 0), max(side, 10))
        if with_text:
            _line(card, TITLE, height / 2 + unit * 1.25, unit * 0.62, _INK)
            _line(card, STANDBY, height / 2 + unit * 2.10, unit * 0.36, _ACCENT)
            if text:
                _line(card, text, height / 2 + unit * 2.80, unit * 0.34, _SOFT_INK)
    card.setflags(write=False)
    return card


def _icon(card: Image, x: float, y: float, side: int) -> None:
    """A shield with a face without features, drawn four times as large and reduced."""
    n = 4 * side
    t = np.linspace(0, 1, 40)
    # Right half of a shield in a unit square: a level shoulder, then a curve down to the tip.
    edge_x = 0.42 * np.where(t < 0.35, 1.0, np.cos((t - 0.35) / 0.65 * np.pi / 2) ** 0.8)
    edge_y = -0.40 + 0.88 * t
    right = np.concatenate([[[0.0, -0.48]], np.stack([edge_x, edge_y], 1)])
    shape = np.concatenate([right, (right * [-1, 1])[::-1]])
    cover = np.zeros((n, n), np.uint8)
    cv2.fillPoly(cover, [_pixels(shape, n)], _FULL)
    inner = np.zeros((n, n), np.uint8)
    cv2.fillPoly(inner, [_pixels(shape * 0.87, n)], _FULL)
    head = np.zeros((n, n), np.uint8)
    face = (int(n * 0.125), int(n * 0.155))
    cv2.ellipse(head, (n // 2, int(n * 0.42)), face, 0, 0, 360, _FULL, -1)
    bust = (n // 2, int(n * 0.83))
    cv2.ellipse(head, bust, (int(n * 0.25), int(n * 0.20)), 0, 180, 360, _FULL, -1)
    head[bust[1] :, bust[0] - int(n * 0.25) : bust[0] + int(n * 0.25) + 1] = 255
    head &= inner
    for mask, tone in ((cover, _ACCENT), (inner, _WELL), (head, _ACCENT)):
        small = np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
        _blend(card, round(x - side / 2), round(y - side / 2), small, tone)


def _pixels(unit: NDArray[np.float64], n: int) -> NDArray[np.int32]:
    points: NDArray[np.int32] = np.round((unit + 0.5) * (n - 1)).astype(np.int32)
    return points


def _line(card: Image, text: str, y: float, high: float, tone: tuple[int, int, int]) -> None:
    """One centred line of text about ``high`` pixels tall, made narrower where it must be."""
    font, big = cv2.FONT_HERSHEY_DUPLEX, 3.0
    (w, h), below = cv2.getTextSize(text, font, big, 3)
    ink = np.zeros((h + below + 8, w + 8), np.uint8)
    cv2.putText(ink, text, (4, h + 4), font, big, _FULL, 3, cv2.LINE_AA)
    scale = min(high / h, 0.92 * card.shape[1] / ink.shape[1])
    if scale * h < 4:
        return
    small = np.asarray(
        cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )
    top = round(y - scale * h / 2)
    _blend(card, round((card.shape[1] - small.shape[1]) / 2), top, small, tone)


def _blend(card: Image, x: int, y: int, share: Mask, tone: tuple[int, int, int]) -> None:
    """Lay ``tone`` over ``card`` at (x, y) by ``share`` 0..255, clipped to the card."""
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + share.shape[1], card.shape[1]), min(y + share.shape[0], card.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    a = share[y0 - y : y1 - y, x0 - x : x1 - x, None].astype(np.float32) / 255
    part = card[y0:y1, x0:x1]
    part[:] = np.round(part + (np.array(tone, np.float32) - part) * a).astype(np.uint8)
