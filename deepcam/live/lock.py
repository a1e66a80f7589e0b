"""The one running program of a user: a lock that the system takes back when its owner ends.

It is held for life, so that an owner which does not answer (stopped, overloaded, stuck) is still
known to be there. Its number stands in the file.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from pathlib import Path
from typing import Any

_PLACE = 4096
"""Byte that Windows locks: the ones before it stay readable. Not run there."""


class InstanceLock:
    """Made by ``take``; ``release`` gives it up. The file stays, for who looks at the same moment
    must look at the same file."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    @classmethod
    def take(cls, path: Path) -> InstanceLock | None:
        """The lock, or None while somebody holds it. Raises ``OSError``."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            if not _lock(handle):
                os.close(handle)
                return None
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
        except OSError:
            os.close(handle)
            raise
        return cls(handle)

    def release(self) -> None:
        """Let the next one in. Idempotent."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


def holder(path: Path) -> int | None:
    """Process number of whoever holds the lock (0 where it cannot be read); None when nobody."""
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    try:
        if _lock(handle):
            return None
        text = os.read(handle, 20)
        return int(text) if text.isdigit() else 0
    except OSError:
        return 0
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    """Whether the lock could be had at once; closing the handle gives it back."""
    if sys.platform == "win32":
        msvcrt: Any = importlib.import_module("msvcrt")
        os.lseek(handle, _PLACE, os.SEEK_SET)
        with contextlib.suppress(OSError):
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
            return True
        os.lseek(handle, 0, os.SEEK_SET)
        return False
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
