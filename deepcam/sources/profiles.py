"""Colour profiles of pictures (ICC): found, made of what a file says in another way, applied."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageCms

F64 = NDArray[np.float64]
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue."""

_D65 = (0.3127, 0.3290)
ADOBE_RGB: Chromaticities = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
DISPLAY_P3: Chromaticities = (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
SRGB: Chromaticities = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
USUAL_GAMMA = 2.2

_D50 = np.array([0.9642, 1.0, 0.8249])
"""White of the space in which profiles are connected."""
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
"""Bradford's matrix: white is adapted in it."""


def profile_of(picture: Any) -> bytes | None:
    """The colour profile that a file has, or one for what it says in its format's own way."""
    info = picture.info
    if info.get("icc_profile"):
        return bytes(info["icc_profile"])
    if picture.mode not in ("P", "RGB", "RGBA"):
        return None
    try:
        if picture.format in ("JPEG", "MPO") and info.get("exif"):
            # Cameras say AdobeRGB by an interoperability mark alone.
            if str(picture.getexif().get_ifd(0xA005).get(1, "")).startswith("R03"):
                return matrix_profile(ADOBE_RGB, USUAL_GAMMA)
        elif picture.format == "PNG" and "srgb" not in info and "gamma" in info:
            places = tuple(map(float, info.get("chromaticity", SRGB)))
            gamma = 1 / float(info["gamma"])
            if max(abs(a - b) for a, b in zip(places, SRGB, strict=True)) > 0.005 or not (
                2.1 < gamma < 2.3
            ):
                return matrix_profile(places, gamma)  # type: ignore[arg-type]
        elif picture.format == "HEIF" and (info.get("nclx_profile") or {}).get(
            "color_primaries"
        ) in (11, 12):
            return matrix_profile(DISPLAY_P3, USUAL_GAMMA)
    except (ValueError, ZeroDivisionError, TypeError, KeyError, OSError, SyntaxError):
        pass
    return None


def to_srgb(picture: Any, profile: bytes | None) -> Any:
    """``picture`` in sRGB (mode L or RGB), as its colour profile says. A damaged profile, or one
    of another colour model, counts as none."""
    if picture.mode == "LAB":
        profile_from: Any = ImageCms.createProfile("LAB")
        return ImageCms.profileToProfile(picture, profile_from, _srgb(), outputMode="RGB")
    if profile:
        transform = _transform(profile, picture.mode)
        if transform is not None:
            made: Any = ImageCms.applyTransform(picture, transform)
            return made.getchannel("G") if picture.mode == "L" else made
    return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> Any:
    """From ``profile`` to sRGB; None where that changes nothing, or the profile cannot be used."""
    try:
        made: Any = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            _srgb(),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC,
        )
        if mode == "CMYK":
            return made
        # Most profiles are sRGB under one name or another: those pixels stay as they are.
        steps = np.linspace(0, 255, 9).astype(np.uint8)
        if mode == "L":
            probe = steps[None]
            seen = np.asarray(ImageCms.applyTransform(Pil.fromarray(probe), made))[..., 1]
        else:
            probe = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(27, 27, 3)
            seen = np.asarray(ImageCms.applyTransform(Pil.fromarray(probe), made))
        same = np.abs(seen.astype(int) - probe.astype(int)).max() <= 2
    except Exception:  # the library's errors, and those of profiles with strange contents
        return None
    return None if same else made


@lru_cache(maxsize=1)
def _srgb() -> Any:
    return ImageCms.createProfile("sRGB")


@lru_cache(maxsize=8)
def matrix_profile(places: Chromaticities, gamma: float) -> bytes:
    """An ICC profile (version 2.4) of three primaries and one gamma.

    Raises ``ValueError`` when the primaries span no colours.
    """
    matrix = _adapted(_to_xyz(places))
    if not bool(np.isfinite(matrix).all()) or not 0.1 < gamma < 10:
        raise ValueError("no colours")
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", 1) + b"\0" * (1 + 12 + 67)
    tags = {
        b"desc": desc + b"\0" * (-len(desc) % 4),
        b"cprt": b"text\0\0\0\0\0\0\0\0",
        b"wtpt": _xyz(_D50),
    }
    tags |= {key: _xyz(c) for key, c in zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix.T, strict=True)}
    tags |= {key: curve for key in (b"rTRC", b"gTRC", b"bTRC")}
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for key, data in tags.items():
        table += key + struct.pack(">II", at + len(body), len(data))
        body += data
    whole = struct.pack(">I", len(tags)) + table + body
    head = struct.pack(">I4xI", 128 + len(whole), 0x02400000) + b"mntrRGB XYZ " + b"\0" * 12
    head += b"acsp" + b"\0" * 28 + b"".join(_fixed(v) for v in _D50)
    return head.ljust(128, b"\0") + whole


def _to_xyz(places: Chromaticities) -> F64:
    white, red, green, blue = (places[k : k + 2] for k in (0, 2, 4, 6))
    if min(red[1], green[1], blue[1], white[1]) <= 0:
        raise ValueError("no colours")
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in (red, green, blue)]).T
    try:
        amounts = np.linalg.solve(
            columns, [white[0] / white[1], 1, (1 - white[0] - white[1]) / white[1]]
        )
    except np.linalg.LinAlgError:
        raise ValueError("no colours") from None
    matrix: F64 = np.multiply(columns, amounts)
    return matrix


def _adapted(matrix: F64) -> F64:
    have, want = _CONES @ matrix.sum(1), _CONES @ _D50
    gains = np.diag([float(w / h) for w, h in zip(want, have, strict=True)])
    made: F64 = np.linalg.inv(_CONES) @ gains @ _CONES @ matrix
    return made


def _xyz(values: Iterable[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(v) for v in values)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(min(max(value, -32000.0), 32000.0) * 65536))
