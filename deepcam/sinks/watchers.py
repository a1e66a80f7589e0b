"""Whether somebody watches a video device (Linux)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from deepcam.sources.v4l2 import holders

SCAN_EVERY = 5.0
"""Seconds between looks at the open files of all programs when nothing happened to the device."""

_OPEN, _CLOSE_WRITE, _CLOSE_NOWRITE = 0x20, 0x08, 0x10  # inotify(7)
_NONBLOCK, _CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC


class DeviceWatch:
    """Knows about readers of ``path`` from two sides, either of which counts.

    Who holds the device open is read from /proc; programs that hide their open files (a browser's
    sandbox) are missed there, so openings and closings are counted as well (inotify), which alone
    miscounts programs that open a device several times. The driver's own usage event (v4l2loopback
    0.13 on) is not used: it does not see programs that read without streaming.
    """

    def __init__(
        self,
        path: str,
        proc: Path = Path("/proc"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._proc, self._clock = path, proc, clock
        self._handle = _inotify(path)
        self._open = 0
        self._held = False
        self._scanned = -SCAN_EVERY

    def watched(self) -> bool:
        """Whether another program has the device open now, as far as can be told."""
        happened = self._drain()
        now = self._clock()
        if happened or now - self._scanned >= SCAN_EVERY:
            self._scanned = now
            self._held = bool(holders(self._path, self._proc))
        return self._held or self._open > 0

    def close(self) -> None:
        """Stop watching. Idempotent."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _drain(self) -> bool:
        """Take in what happened; whether anything did."""
        if self._handle is None:
            return False
        happened = False
        with contextlib.suppress(BlockingIOError, OSError):
            while True:
                data = os.read(self._handle, 4096)
                at = 0
                while at + 16 <= len(data):
                    _, mask, _, length = struct.unpack_from("=iIII", data, at)
                    at += 16 + length
                    happened = True
                    if mask & _OPEN:
                        self._open += 1
                    elif mask & (_CLOSE_WRITE | _CLOSE_NOWRITE):
                        self._open = max(0, self._open - 1)
        return happened


def _inotify(path: str) -> int | None:
    """A handle that tells of openings and closings; None where there is no inotify."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        handle = int(libc.inotify_init1(_NONBLOCK | _CLOEXEC))
    except (OSError, AttributeError):
        return None
    if handle < 0:
        return None
    if libc.inotify_add_watch(handle, os.fsencode(path), _OPEN | _CLOSE_WRITE | _CLOSE_NOWRITE) < 0:
        os.close(handle)
        return None
    return handle
