"""Shared-memory ring between worker and sender: three slots of safe pictures, nothing else.

One process writes, one reads. Each slot carries a sequence number before and after its content
(a seqlock): odd while it is written, so that a half-written or overwritten slot is noticed and
not used. A writer that is killed half-way leaves an odd number, and its successor simply goes on.
Stores are ordered on x86; where they are not, a torn read could at worst mix two safe pictures.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import sys
import time as clock
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.frames import Image, Reason, SafeFrame

SLOTS = 3
MAGIC = 0x44504341
_HEADER, _META, _PAGE = 64, 4096, 4096
# Words of the header.
_W_MAGIC, _W_WIDTH, _W_HEIGHT, _W_COUNT, _W_BEAT, _W_PHASE, _W_PUBLISHED = range(7)
_READ_ATTEMPTS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """A safe picture as it comes out of the ring."""

    frame: SafeFrame
    """``image`` is a copy of its own, (height, width, 3) uint8; ``time`` is the capture time on
    ``time.monotonic()``, which is the same clock in all processes."""
    count: int
    """1, 2, 3 ... over the ring's life, over all writers."""


class Ring:
    """One end of the ring. ``Ring.create`` in the sender, ``Ring.attach`` in the worker."""

    def __init__(self, memory: SharedMemory, size: tuple[int, int], owner: bool) -> None:
        width, height = size
        self.size = size
        """(width, height) of every picture."""
        self.torn = 0
        """Reads given up because the slot changed meanwhile."""
        self._memory = memory
        self._owner = owner
        self._words: NDArray[np.uint64] = np.ndarray((_HEADER // 8,), np.uint64, memory.buf)
        self._heads: list[NDArray[np.uint64]] = []
        self._tails: list[NDArray[np.uint64]] = []
        self._metas: list[NDArray[np.uint8]] = []
        self._pictures: list[Image] = []
        stride = _stride(size)
        for k in range(SLOTS):
            at = _PAGE + k * stride
            self._heads.append(np.ndarray((2,), np.uint64, memory.buf, at))
            self._metas.append(np.ndarray((_META,), np.uint8, memory.buf, at + 64))
            self._pictures.append(
                np.ndarray((height, width, 3), np.uint8, memory.buf, at + 64 + _META)
            )
            self._tails.append(np.ndarray((1,), np.uint64, memory.buf, at + stride - 8))

    @classmethod
    def create(cls, size: tuple[int, int]) -> Ring:
        """A new ring for pictures of ``size`` (width, height); its name says which process made it.
        Its memory is there from now on. Raises ``DeepcamError`` when there is not so much of it."""
        width, height = size
        if not (16 <= width <= 8192 and 16 <= height <= 8192):
            raise ValueError("output size out of range")
        whole = _PAGE + SLOTS * _stride(size)
        try:
            memory = SharedMemory(_new_name(), create=True, size=whole)
        except OSError as error:
            raise _no_room(whole, error) from None
        try:
            _reserve(memory, whole)
        except OSError as error:
            memory.close()
            memory.unlink()
            raise _no_room(whole, error) from None
        ring = cls(memory, size, owner=True)
        ring._words[:] = 0
        ring._words[_W_WIDTH], ring._words[_W_HEIGHT] = width, height
        ring._words[_W_MAGIC] = MAGIC
        return ring

    @classmethod
    def attach(cls, name: str) -> Ring:
        """The other end, in a process started by the ring's owner (it shares the owner's resource
        tracker, which therefore neither complains nor unlinks). Raises ``FileNotFoundError`` when
        the ring is gone and ``ValueError`` when ``name`` is something else."""
        memory = SharedMemory(name=name)
        words: NDArray[np.uint64] = np.ndarray((_HEADER // 8,), np.uint64, memory.buf)
        magic = int(words[_W_MAGIC])
        size = (int(words[_W_WIDTH]), int(words[_W_HEIGHT]))
        del words
        if magic != MAGIC or memory.size < _PAGE + SLOTS * _stride(size):
            memory.close()
            raise ValueError("not a ring of pictures")
        return cls(memory, size, owner=False)

    @property
    def name(self) -> str:
        """To attach by."""
        return self._memory.name

    @property
    def count(self) -> int:
        """Pictures published so far."""
        return int(self._words[_W_COUNT])

    @property
    def published(self) -> float:
        """``time.monotonic()`` when the newest picture was published; 0.0 before the first."""
        return float(self._words[_W_PUBLISHED]) / 1e6

    # Health of the writer

    def beat(self, phase: int) -> None:
        """The writer lives and is in ``phase``."""
        self._words[_W_PHASE] = phase
        self._words[_W_BEAT] = int(clock.monotonic() * 1e6)

    def last_beat(self) -> tuple[int, float]:
        """(phase, ``time.monotonic()`` of the last beat; 0.0 when there was none)."""
        return int(self._words[_W_PHASE]), float(self._words[_W_BEAT]) / 1e6

    def clear_beat(self) -> None:
        """Before a new writer starts."""
        self._words[_W_PHASE] = 0
        self._words[_W_BEAT] = 0

    # Pictures

    def write(self, frame: SafeFrame) -> None:
        """Publish ``frame``. Raises ``TypeError`` for anything but a ``SafeFrame`` and
        ``ValueError`` for a picture that has not exactly the ring's size."""
        if not isinstance(frame, SafeFrame):
            raise TypeError("only safe frames enter the ring")
        width, height = self.size
        if frame.image.shape != (height, width, 3) or frame.image.dtype != np.uint8:
            raise ValueError("picture does not have the ring's size")
        meta = _pack(frame)
        count = self.count + 1
        k = count % SLOTS
        writing = (int(self._heads[k][0]) + 1) | 1
        self._heads[k][0] = writing
        self._heads[k][1] = count
        self._metas[k][: len(meta)] = np.frombuffer(meta, np.uint8)
        self._metas[k][len(meta) :] = 0
        np.copyto(self._pictures[k], frame.image)
        self._tails[k][0] = writing + 1
        self._heads[k][0] = writing + 1
        self._words[_W_PUBLISHED] = int(clock.monotonic() * 1e6)
        self._words[_W_COUNT] = count

    def read(self, after: int = 0) -> Delivery | None:
        """The newest picture, or None when nothing newer than ``after`` can be read whole."""
        for _ in range(_READ_ATTEMPTS):
            count = self.count
            if count <= after:
                return None
            k = count % SLOTS
            before, holds = int(self._heads[k][0]), int(self._heads[k][1])
            if before % 2 or holds != count or int(self._tails[k][0]) != before:
                self.torn += 1
                continue
            meta = self._metas[k].tobytes()
            image = self._pictures[k].copy()
            if int(self._heads[k][0]) != before:
                self.torn += 1
                continue
            frame = _unpack(meta, image)
            if frame is not None:
                return Delivery(frame, count)
            self.torn += 1
        return None

    def close(self) -> None:
        """Let go; the owner also removes the memory. Idempotent."""
        # Views keep the mapping alive, so they go first.
        self._words = np.zeros(_HEADER // 8, np.uint64)
        self._heads, self._tails, self._metas, self._pictures = [], [], [], []
        self._memory.close()
        if self._owner:
            self._owner = False
            self._memory.unlink()


def _reserve(memory: SharedMemory, whole: int) -> None:
    """Systems give shared memory when it is first written, and end a program that writes what
    they have not. Raises ``OSError`` instead."""
    if sys.platform == "linux":
        handle = os.open(f"/dev/shm/{memory.name.lstrip('/')}", os.O_RDWR)
        try:
            os.posix_fallocate(handle, 0, whole)
        finally:
            os.close(handle)


def _new_name() -> str:
    """At most 31 characters with a slash, which is what macOS takes."""
    return f"deepcam_{os.getpid()}_{secrets.token_hex(4)}"


def _no_room(whole: int, error: OSError) -> DeepcamError:
    if error.errno not in (errno.ENOSPC, errno.ENOMEM, errno.EDQUOT):
        return DeepcamError(
            f"Shared memory cannot be used ({error.strerror}).", "Check the directory /dev/shm."
        )
    return DeepcamError(
        f"The shared memory /dev/shm is full: {whole / 1e6:.0f} MB are needed.",
        "End programs that use it, or make it larger: sudo mount -o remount,size=1G /dev/shm",
    )


def _stride(size: tuple[int, int]) -> int:
    whole = 64 + _META + size[0] * size[1] * 3 + 8
    return -(-whole // _PAGE) * _PAGE


def _pack(frame: SafeFrame) -> bytes:
    timings = {str(k)[:24]: round(float(v), 3) for k, v in list(frame.timings.items())[:32]}
    body = {
        "reason": frame.reason.value,
        "detail": frame.detail[:200],
        "time": float(frame.time),
        "number": int(frame.number),
        "generated": int(frame.generated),
        "covered": int(frame.covered),
        "timings": timings,
    }
    return json.dumps(body).encode("ascii")[:_META]


def _unpack(meta: bytes, image: Image) -> SafeFrame | None:
    try:
        body = json.loads(meta.rstrip(b"\0"))
        return SafeFrame(
            image,
            Reason(body["reason"]),
            str(body["detail"]),
            float(body["time"]),
            int(body["number"]),
            int(body["generated"]),
            int(body["covered"]),
            {str(k): float(v) for k, v in body["timings"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
