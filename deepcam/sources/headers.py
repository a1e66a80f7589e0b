"""What a picture file says about itself before it is decoded: how large it is, which way is up.

OpenCV heeds the orientation of JPEG and TIFF, but of PNG and WebP only when it may drop their
alpha. A face that lies on its side is hard to find, so nothing may stay turned.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError

MAX_PIXELS = 1 << 28
"""Larger pictures are refused: a small file can claim to be one that fills the memory. The
largest phone cameras make 200 million pixels."""
_WIDTH, _HEIGHT, _ORIENTATION = 0x0100, 0x0101, 0x0112
_SHORT, _LONG = 3, 4
_SIZED_SEGMENTS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_SEGMENTS = frozenset({0x01, 0xFF, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class Header:
    """``width`` and ``height`` in pixels as stored, 0 when unknown."""

    width: int = 0
    height: int = 0
    orientation: int = 1
    """EXIF 1..8 that still has to be applied after decoding with alpha; 1 = upright, and always 1
    for formats that OpenCV turns by itself."""

    @property
    def too_large(self) -> bool:
        """Whether the picture must not be decoded."""
        return self.width * self.height > MAX_PIXELS


def read_file(path: Path) -> tuple[NDArray[np.uint8], Header]:
    """The bytes (n,) of a picture file that may be decoded, and its header.

    Raises ``DeepcamError`` for what is no file, may not be read, or would fill the memory.
    """
    if not path.is_file():
        kind = "is a directory" if path.is_dir() else "is not a file"
        what = kind if path.exists() else "does not exist"
        raise DeepcamError(f"The picture {path} {what}.", "Check the name.")
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DeepcamError(
            f"The picture {path} cannot be read: {error.strerror}.", "Check its permissions."
        ) from None
    header = read_header(data.tobytes())
    if header.too_large:
        raise DeepcamError(
            f"The picture {path} is too large ({header.width}x{header.height}).",
            "Make it smaller first.",
        )
    return data, header


def read_header(data: bytes) -> Header:
    """Of a PNG, JPEG, WebP, TIFF or BMP file; ``Header()`` for others. Never raises."""
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return _png(data)
        if data[:2] == b"\xff\xd8":
            return _jpeg(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data[:4] in (b"II*\0", b"MM\0*"):
            tags = _tags(data)
            return Header(tags.get(_WIDTH, 0), tags.get(_HEIGHT, 0))
        if data[:2] == b"BM":
            width, height = struct.unpack_from("<ii", data, 18)
            return Header(abs(width), abs(height))
    except (struct.error, IndexError):
        pass
    return Header()


def upright(image: NDArray[Any], orientation: int) -> NDArray[Any]:
    """``image`` (h, w) or (h, w, c) turned and mirrored as EXIF's ``orientation`` (1..8) says."""
    if orientation in (5, 6, 7, 8):
        image = np.swapaxes(image, 0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def _png(data: bytes) -> Header:
    width, height = struct.unpack_from(">II", data, 16)
    turned = 1
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"eXIf":
            turned = _orientation(data[at + 8 : at + 8 + length])
        if kind == b"IEND":
            break
        at += 12 + length
    return Header(width, height, turned)


def _jpeg(data: bytes) -> Header:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        kind = data[at + 1]
        if kind in _BARE_SEGMENTS:
            at += 1 if kind == 0xFF else 2
            continue
        if kind in _SIZED_SEGMENTS:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Header(width, height)
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return Header()


def _webp(data: bytes) -> Header:
    width = height = 0
    turned = 1
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        body = at + 8
        if kind == b"VP8X":
            width = 1 + int.from_bytes(data[body + 4 : body + 7], "little")
            height = 1 + int.from_bytes(data[body + 7 : body + 10], "little")
        elif kind == b"VP8L" and not width:
            bits = int.from_bytes(data[body + 1 : body + 5], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"VP8 " and not width:
            sides = struct.unpack_from("<HH", data, body + 6)
            width, height = sides[0] & 0x3FFF, sides[1] & 0x3FFF
        elif kind == b"EXIF":
            turned = _orientation(data[body : body + length])
        at = body + length + length % 2
    return Header(width, height, turned)


def _orientation(exif: bytes) -> int:
    """1 when the tag is missing or damaged."""
    value = _tags(exif.removeprefix(b"Exif\0\0")).get(_ORIENTATION, 1)
    return value if 1 <= value <= 8 else 1


def _tags(tiff: bytes) -> dict[int, int]:
    """Whole numbers in the first directory of a TIFF file (EXIF is one) by their tag."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    found: dict[int, int] = {}
    if order is None:
        return found
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for k in range(count):
            at = start + 2 + 12 * k
            tag, kind, _ = struct.unpack_from(f"{order}HHI", tiff, at)
            if kind in (_SHORT, _LONG):
                size = "H" if kind == _SHORT else "I"
                (found[tag],) = struct.unpack_from(f"{order}{size}", tiff, at + 8)
    except struct.error:
        pass
    return found
