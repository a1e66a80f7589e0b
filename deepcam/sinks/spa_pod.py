"""PipeWire's parameters as bytes: plain old data of SPA (spa/pod/pod.h), only what a camera says.

Each pod is a size and a type (uint32 each) and a body, padded to 8 bytes.
"""

from __future__ import annotations

import struct
from fractions import Fraction

_ID, _INT, _RECTANGLE, _FRACTION, _OBJECT, _CHOICE = 3, 4, 10, 11, 15, 19
_RANGE, _FLAGS = 1, 4  # spa_choice_type

OBJECT_FORMAT, OBJECT_BUFFERS = 0x40003, 0x40004
PARAM_ENUM_FORMAT, PARAM_FORMAT, PARAM_BUFFERS = 3, 4, 5
_MEDIA_TYPE, _MEDIA_SUBTYPE = 1, 2
_VIDEO_FORMAT, _VIDEO_SIZE, _VIDEO_FRAMERATE = 0x20001, 0x20003, 0x20004
_VIDEO, _RAW, _YUY2 = 2, 1, 4
_BUFFERS, _BLOCKS, _SIZE, _STRIDE, _DATA_TYPE = 1, 2, 3, 4, 6
_MEM_PTR, _MEM_FD = 1, 2


def _pod(kind: int, body: bytes) -> bytes:
    return struct.pack("=II", len(body), kind) + body + bytes(-len(body) % 8)


def _id(value: int) -> bytes:
    return _pod(_ID, struct.pack("=I", value))


def _int(value: int) -> bytes:
    return _pod(_INT, struct.pack("=i", value))


def _pair(kind: int, a: int, b: int) -> bytes:
    return _pod(kind, struct.pack("=II", a, b))


def _choice(kind: int, *values: int) -> bytes:
    head = struct.pack("=IIII", kind, 0, 4, _INT)
    return _pod(_CHOICE, head + struct.pack(f"={len(values)}i", *values))


def _object(kind: int, identity: int, *properties: tuple[int, bytes]) -> bytes:
    body = struct.pack("=II", kind, identity)
    for key, pod in properties:
        body += struct.pack("=II", key, 0) + pod
    return _pod(_OBJECT, body)


def yuy2_format(size: tuple[int, int], fps: float) -> bytes:
    """The one format on offer: raw YUY2, fixed (width, height) and rate."""
    rate = Fraction(fps).limit_denominator(1001)
    return _object(
        OBJECT_FORMAT, PARAM_ENUM_FORMAT,
        (_MEDIA_TYPE, _id(_VIDEO)),
        (_MEDIA_SUBTYPE, _id(_RAW)),
        (_VIDEO_FORMAT, _id(_YUY2)),
        (_VIDEO_SIZE, _pair(_RECTANGLE, *size)),
        (_VIDEO_FRAMERATE, _pair(_FRACTION, rate.numerator, rate.denominator)),
    )  # fmt: skip


def yuy2_buffers(size: tuple[int, int]) -> bytes:
    """Memory for the pictures: shared or plain, two to eight of them."""
    stride = 2 * size[0]
    return _object(
        OBJECT_BUFFERS, PARAM_BUFFERS,
        (_BUFFERS, _choice(_RANGE, 4, 2, 8)),
        (_BLOCKS, _int(1)),
        (_SIZE, _int(stride * size[1])),
        (_STRIDE, _int(stride)),
        (_DATA_TYPE, _choice(_FLAGS, 1 << _MEM_FD | 1 << _MEM_PTR)),
    )  # fmt: skip
