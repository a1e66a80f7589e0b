"""Colour differences and profiles, computed apart from the program that they judge."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np

SECRET = "SECRET-59.9139"
"""In everything that an output may not have."""


def delta_e(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """CIEDE2000 between sRGB colours (n, 3) in BGR."""
    la, lb = _lab(a), _lab(b)
    l1, a1, b1 = la.T
    l2, a2, b2 = lb.T
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    dh = (h2 - h1 + 180) % 360 - 180
    dh = np.where(c1 * c2 == 0, 0, dh)
    big_h = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh) / 2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = np.where(c1 * c2 == 0, h1 + h2, (h1 + dh / 2) % 360)
    t = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.2 * np.cos(np.radians(4 * mean_h - 63))
    )
    sl = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    sc, sh = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    turn = 30 * np.exp(-(((mean_h - 275) / 25) ** 2))
    rt = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)) * np.sin(np.radians(2 * turn))
    x, y, z = (l2 - l1) / sl, (c2 - c1) / sc, big_h / sh
    return np.sqrt(np.maximum(x * x + y * y + z * z + rt * y * z, 0))


def _lab(bgr: np.ndarray) -> np.ndarray:
    v = np.asarray(bgr, float)[:, ::-1] / 255
    light = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    xyz = light @ _XYZ_OF_SRGB.T / _XYZ_OF_SRGB.sum(1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


_XYZ_OF_SRGB = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)

PROFILES = {
    # Primaries (x, y) of red, green and blue, white, gamma.
    "adobe": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), (0.3127, 0.3290), 563 / 256),
    "prophoto": ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585), 1.8),
    "p3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), (0.3127, 0.3290), 2.2),
}


def _to_xyz(name: str) -> np.ndarray:
    """Linear colours of a profile to XYZ, by the ratios to its own white."""
    red, green, blue, white, _ = PROFILES[name]
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in (red, green, blue)]).T
    w = np.array([white[0] / white[1], 1, (1 - white[0] - white[1]) / white[1]])
    return columns * np.linalg.solve(columns, w)


_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D50 = np.array([0.9642, 1.0, 0.8249])


def _adapted(matrix: np.ndarray) -> np.ndarray:
    """To the white of profiles (D50)."""
    have, want = _BRADFORD @ matrix.sum(1), _BRADFORD @ _D50
    return np.linalg.inv(_BRADFORD) @ np.diag(want / have) @ _BRADFORD @ matrix


def in_profile(image: np.ndarray, name: str) -> np.ndarray:
    """sRGB colours (BGR) as numbers (RGB) in another profile."""
    v = image[:, :, ::-1] / 255
    light = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    there = light @ (np.linalg.inv(_adapted(_to_xyz(name))) @ _adapted(_XYZ_OF_SRGB)).T
    return np.rint(255 * there.clip(0, 1) ** (1 / PROFILES[name][4])).astype(np.uint8)


def icc(name: str) -> bytes:
    """A matrix profile, version 2."""
    matrix = _adapted(_to_xyz(name))

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(values: Iterable[float]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(fixed(v) for v in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(PROFILES[name][4] * 256)) + b"\0\0"
    text = f"{name} {SECRET}".encode() + b"\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * (12 + 67)
    desc += b"\0" * (-len(desc) % 4)
    tags = {b"desc": desc, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": xyz(_D50)}
    tags |= {
        key: xyz(column) for key, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix.T, strict=True)
    }
    tags |= {key: curve for key in (b"rTRC", b"gTRC", b"bTRC")}
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for key, data in tags.items():
        table += key + struct.pack(">II", at + len(body), len(data))
        body += data
    whole = struct.pack(">I", len(tags)) + table + body
    head = struct.pack(
        ">I4sI4s4s4s", 128 + len(whole), b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + b"".join(fixed(v) for v in _D50)
    return head.ljust(128, b"\0") + whole
