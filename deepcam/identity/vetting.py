"""Parts of an archive from elsewhere, looked at before a decoder or a terminal gets them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NPY = b"\x93NUMPY\x01\x00"
_LONGEST_TEXT = 60


def plain_png(data: bytes, size: tuple[int, int]) -> bytes | None:
    """``data`` as a still PNG of ``size`` (width, height) and nothing else: header, pixels, end.
    None when it is not one of 8-bit RGB with right checksums and exactly the pixels it promises.

    Animation, colour profiles and texts are left out, so that what reads them is never reached.
    """
    if not data.startswith(SIGNATURE):
        return None
    at, parts, ended = len(SIGNATURE), {b"IHDR": b"", b"IDAT": b""}, False
    while at + 12 <= len(data) and not ended:
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        end = data[at + 8 + length : at + 12 + length]
        if len(end) != 4 or struct.unpack(">I", end)[0] != zlib.crc32(kind + body):
            return None
        if kind in parts:
            if kind == b"IHDR" and parts[kind]:
                return None
            parts[kind] += body
        elif kind == b"PLTE":
            return None
        ended = kind == b"IEND"
        at += 12 + length
    width, height = size
    if not ended or parts[b"IHDR"] != struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0):
        return None
    whole = height * (1 + 3 * width)
    inflater = zlib.decompressobj()
    try:
        # One byte more than there may be shows whether there is more.
        pixels = inflater.decompress(parts[b"IDAT"], whole + 1)
    except zlib.error:
        return None
    if len(pixels) != whole or not inflater.eof or max(pixels[:: 1 + 3 * width]) > 4:
        return None
    chunks = ((b"IHDR", parts[b"IHDR"]), (b"IDAT", parts[b"IDAT"]), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def floats(data: bytes, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    """The array in an .npy file of exactly this shape and float32; None for everything else.

    ``numpy.load`` would take zip archives and pickles as well, and believe a header of any size.
    """
    if not data.startswith(_NPY):
        return None
    stream = io.BytesIO(data)
    stream.seek(len(_NPY))
    try:
        header: Any = np.lib.format
        found, fortran, kind = header.read_array_header_1_0(stream)
    except ValueError:
        return None
    body = data[stream.tell() :]
    if found != shape or kind != np.float32 or len(body) != 4 * int(np.prod(shape)):
        return None
    order = "F" if fortran else "C"
    return np.frombuffer(body, np.float32).reshape(shape, order=order).copy()  # type: ignore[call-overload,no-any-return]


def texts_fit(parameters: dict[object, object]) -> bool:
    """Whether names and values can be shown: a terminal obeys some characters."""
    texts = [t for pair in parameters.items() for t in pair if isinstance(t, str)]
    return all(len(text) <= _LONGEST_TEXT and text.isprintable() for text in texts)
