"""Whether a video file is as long as it says: its outermost parts name their sizes."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

_SEGMENT = b"\x18\x53\x80\x67"
_EBML = b"\x1a\x45\xdf\xa3"
_MOST_PARTS = 100_000


def is_broken_off(path: Path) -> bool | None:
    """Whether a Matroska, WebM, MP4, MOV or AVI file ends before its parts do; None for other
    kinds, for recordings that never knew their length, and for what cannot be read."""
    try:
        with path.open("rb") as stream:
            length = os.fstat(stream.fileno()).st_size
            head = stream.read(12)
            stream.seek(0)
            if head[:4] == _EBML:
                return _matroska(stream, length)
            if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
                return _mp4(stream, length)
            if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
                return _riff(stream, length)
    except (OSError, struct.error):
        pass
    return None


def _mp4(stream: BinaryIO, length: int) -> bool | None:
    at = 0
    for _ in range(_MOST_PARTS):
        if at + 8 > length:
            return at != length
        stream.seek(at)
        size, _kind = struct.unpack(">I4s", stream.read(8))
        if size == 1:
            (size,) = struct.unpack(">Q", stream.read(8))
        if size == 0:  # to the end, however far that is
            return None
        if size < 8:
            return None
        at += size
        if at > length:
            return True
    return None


def _riff(stream: BinaryIO, length: int) -> bool | None:
    at = 0
    while at + 12 <= length:
        stream.seek(at)
        kind, size = struct.unpack("<4sI", stream.read(8))
        if kind != b"RIFF":
            return False  # something behind the film
        if size == 0:  # written without an end
            return None
        at += 8 + size
        if at > length:
            return True
        at += size % 2
    return False


def _matroska(stream: BinaryIO, length: int) -> bool | None:
    for _ in range(_MOST_PARTS):
        kind = stream.read(4)
        if len(kind) < 4:
            return None
        size = _size(stream)
        if size is None:
            return None
        end = stream.tell() + size
        if kind == _SEGMENT:
            return end > length
        stream.seek(end)
    return None


def _size(stream: BinaryIO) -> int | None:
    """EBML's number of one to eight bytes; None when it is unknown."""
    first = stream.read(1)
    if not first or first[0] == 0:
        return None
    more = 8 - first[0].bit_length()
    value = first[0] & ((1 << (7 - more)) - 1)
    rest = stream.read(more)
    if len(rest) < more:
        return None
    value = value << 8 * more | int.from_bytes(rest, "big")
    return None if value == (1 << (7 * (more + 1))) - 1 else value
