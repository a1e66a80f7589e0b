"""The colours of video: matrix, range and transfer as the file says, and HDR shown as SDR.

Everything after the sources works in 8-bit BGR as screens show it. High dynamic range (PQ, HLG)
and BT.2020 are brought to BT.709 here; what is BT.709 or BT.601 keeps its numbers and its marks.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numba
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from deepcam.frames import Image

F32 = NDArray[np.float32]
REC709, REC601 = 1, 5
"""Values of ffmpeg's ``AVColorSpace``."""
_UNSPECIFIED = (0, 2, 3)
_BT2020, _BT2020_CONSTANT = 9, 10
_PQ, _HLG = 16, 18
_FULL, _LIMITED = 2, 1
_HD = 720
"""Lines from which on a file that says nothing is BT.709."""

EXACT = int(
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
"""swscale's exact arithmetic. Its quick one darkens every picture, by 4 levels at each pass."""

WHITE = 203.0
"""Nits of a white sheet of paper in HDR (ITU-R BT.2408); the white of SDR here."""
USUAL_PEAK = 1000.0
"""Nits of the brightest spot where a file does not say."""
_STEPS = 4096
_GAMMA = 2.4
"""Of screens for video (ITU-R BT.1886)."""
_TO_709: F32 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
"""Linear BT.2020 to linear BT.709 (ITU-R BT.2087)."""


@dataclass(frozen=True, slots=True)
class Colours:
    """How numbers in a video file are to be understood: values of ffmpeg's ``AVColorSpace``,
    ``AVColorPrimaries`` and ``AVColorTransferCharacteristic``."""

    space: int = REC709
    primaries: int = REC709
    transfer: int = REC709
    full: bool = False
    """Black is 0 and white 255, not 16 and 235."""

    @classmethod
    def usual(cls, height: int) -> Colours:
        """Of a file that says nothing."""
        return cls() if height >= _HD else cls(6, 6, 6)


def colours_of(frame: Any) -> Colours:
    """Of an ``av.VideoFrame``; what it does not say is guessed from its height. HDR and BT.2020
    become BT.709, as ``to_bgr`` makes them."""
    usual = Colours.usual(frame.height)
    if frame.format.is_rgb:
        return usual
    full = _is_full(frame)
    if needs_mapping(frame):
        return Colours(full=full)

    def known(value: int, other: int) -> int:
        return other if value in _UNSPECIFIED else value

    space = known(int(frame.colorspace), usual.space)
    if space not in (1, 4, 5, 6, 7):  # matrices that the encoder does not write
        space = usual.space
    primaries = known(int(frame.color_primaries), space if space in (1, 5, 6, 7) else usual.space)
    transfer = known(int(frame.color_trc), 1 if space == REC709 else 6)
    return Colours(space, primaries, transfer, full)


def is_hdr(frame: Any) -> bool:
    """Whether an ``av.VideoFrame`` is brighter than SDR can be (PQ or HLG)."""
    return int(frame.color_trc) in (_PQ, _HLG)


def needs_mapping(frame: Any) -> bool:
    """Whether its colours are none of BT.709 or BT.601: HDR, or BT.2020."""
    wide = int(frame.colorspace) in (_BT2020, _BT2020_CONSTANT)
    return is_hdr(frame) or (wide and not frame.format.is_rgb)


def to_bgr(frame: Any, quick: bool = False) -> Image:
    """Pixels (h, w, 3) of an ``av.VideoFrame``, by one thread.

    ``quick``: without exact rounding, for a picture that is shown once and not kept.
    """
    if needs_mapping(frame):
        return _mapped(frame)
    space = _space(frame)
    options: dict[str, Any] = {} if quick else {"interpolation": EXACT}
    picture: Image = frame.to_ndarray(format="bgr24", src_colorspace=space, threads=1, **options)
    return picture


def _is_full(frame: Any) -> bool:
    return int(frame.color_range) == _FULL or frame.format.name.startswith("yuvj")


def _space(frame: Any) -> int:
    space = int(frame.colorspace)
    if space in _UNSPECIFIED and not frame.format.is_rgb:
        return REC709 if frame.height >= _HD else REC601
    return space


def _mapped(frame: Any) -> Image:
    wide = int(frame.colorspace) in (_BT2020, _BT2020_CONSTANT) or int(frame.color_primaries) == 9
    deep = frame.to_ndarray(
        format="rgb48le",
        src_colorspace=_BT2020 if int(frame.colorspace) != REC709 else REC709,
        interpolation=EXACT,
        threads=1,
    )
    transfer = int(frame.color_trc)
    peak = _peak(frame) if transfer == _PQ else USUAL_PEAK
    light, tone = _tables(transfer if transfer in (_PQ, _HLG) else 0, peak)
    matrix = _TO_709 if wide else np.eye(3, dtype=np.float32)
    out = np.empty(deep.shape, np.uint8)
    _map(np.ascontiguousarray(deep), light, tone, transfer == _HLG, matrix, _display(), out)
    return out


def _peak(frame: Any) -> float:
    """Nits of the brightest pixel, as the file says."""
    for kind, at, layout in (
        ("CONTENT_LIGHT_LEVEL", 0, "I"),
        ("MASTERING_DISPLAY_METADATA", 72, "ii"),
    ):
        try:
            data = bytes(frame.side_data[kind])
            values = struct.unpack_from(f"={layout}", data, at)
            nits = values[0] if layout == "I" else values[0] / values[1]
        except (KeyError, struct.error, ZeroDivisionError, TypeError, ValueError):
            continue
        if WHITE <= nits <= 10000:
            return float(nits)
    return USUAL_PEAK


@lru_cache(maxsize=8)
def _tables(transfer: int, peak: float) -> tuple[F32, F32]:
    """(light, tone): linear light over white for ``_STEPS`` values of the signal, and by how much
    the light of the brightest channel is multiplied, by the fourth root of that light
    over its most."""
    signal = np.linspace(0, 1, _STEPS)
    if transfer == _PQ:
        light = _pq_to_nits(signal) / WHITE
    elif transfer == _HLG:
        # Scene light; the system's gamma of 1.2 needs all three channels and comes later.
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    else:
        return (signal**_GAMMA).astype(np.float32), np.ones(_STEPS, np.float32)
    most = peak / WHITE
    level = np.linspace(0, 1, _STEPS) ** 4 * most
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(level > 0, _knee(level, most) / level, 1.0)
    return light.astype(np.float32), np.append(factor, most).astype(np.float32)


def _knee(level: NDArray[np.float64], most: float) -> NDArray[np.float64]:
    """Light over white, compressed to at most 1 (ITU-R BT.2390, 5.4.1): what is darker than a
    knee stays, what is brighter is bent in the scale in which eyes see equal steps."""
    top = _nits_to_pq(np.array(most * WHITE))
    x = _nits_to_pq(level * WHITE) / top
    limit = float(_nits_to_pq(np.array(WHITE)) / top)
    start = 1.5 * limit - 0.5
    t = (x - start) / max(1 - start, 1e-6)
    bent = (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * (1 - start)
        + (-2 * t**3 + 3 * t**2) * limit
    )
    return _pq_to_nits(np.where(x < start, x, bent) * top) / WHITE


def _pq_to_nits(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084."""
    root = np.asarray(signal) ** (1 / 78.84375)
    base = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    nits: NDArray[np.float64] = 10000 * base ** (1 / 0.1593017578125)
    return nits


def _nits_to_pq(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    power = (np.asarray(nits) / 10000) ** 0.1593017578125
    signal: NDArray[np.float64] = (
        (0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)
    ) ** 78.84375
    return signal


@lru_cache(maxsize=1)
def _display() -> NDArray[np.uint8]:
    """8-bit signal by the square root of linear light 0..1, in ``_STEPS`` steps."""
    light = np.linspace(0, 1, _STEPS) ** 2
    table: NDArray[np.uint8] = np.rint(255 * light ** (1 / _GAMMA)).astype(np.uint8)
    return table


@numba.njit(cache=True, fastmath=True, nogil=True)  # type: ignore[misc]
def _map(deep, light, tone, hlg, matrix, display, out):  # type: ignore[no-untyped-def]
    """``deep`` (h, w, 3) uint16 RGB to ``out`` (h, w, 3) uint8 BGR."""
    steps = light.size - 1
    entries = display.size - 1
    bright = tone.size > display.size
    most = tone[-1] if bright else np.float32(1)
    for y in range(deep.shape[0]):
        for x in range(deep.shape[1]):
            r = light[(np.int64(deep[y, x, 0]) * steps + 32767) // 65535]
            g = light[(np.int64(deep[y, x, 1]) * steps + 32767) // 65535]
            b = light[(np.int64(deep[y, x, 2]) * steps + 32767) // 65535]
            if hlg:
                scene = np.float32(0.2627) * r + np.float32(0.678) * g + np.float32(0.0593) * b
                # most: the light of a screen of 1000 nits over white.
                gain = most * scene ** np.float32(0.2)
                r, g, b = r * gain, g * gain, b * gain
            if bright:
                top = max(r, g, b)
                place = int(math.sqrt(math.sqrt(min(top / most, np.float32(1)))) * entries)
                factor = tone[place]
                r, g, b = r * factor, g * factor, b * factor
            red = matrix[0, 0] * r + matrix[0, 1] * g + matrix[0, 2] * b
            green = matrix[1, 0] * r + matrix[1, 1] * g + matrix[1, 2] * b
            blue = matrix[2, 0] * r + matrix[2, 1] * g + matrix[2, 2] * b
            # Colours outside BT.709 lose saturation and not their lightness.
            grey = np.float32(0.2126) * red + np.float32(0.7152) * green + np.float32(0.0722) * blue
            grey = min(max(grey, np.float32(0)), np.float32(1))
            low, high = min(red, green, blue), max(red, green, blue)
            keep = np.float32(1)
            if low < 0:
                keep = grey / (grey - low)
            if high > 1:
                keep = min(keep, (1 - grey) / (high - grey)) if high > grey else keep
            red = grey + keep * (red - grey)
            green = grey + keep * (green - grey)
            blue = grey + keep * (blue - grey)
            out[y, x, 0] = display[int(math.sqrt(min(max(blue, 0), 1)) * entries + 0.5)]
            out[y, x, 1] = display[int(math.sqrt(min(max(green, 0), 1)) * entries + 0.5)]
            out[y, x, 2] = display[int(math.sqrt(min(max(red, 0), 1)) * entries + 0.5)]
