"""Live recordings: what was written is kept, also when the disk is full in the middle of it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path
from typing import Any

from deepcam.errors import DeepcamError
from deepcam.sinks.writer import VideoWriter

ROOM = 32 << 20
"""Bytes held free for the end of a recording: pictures the encoder still holds, and the index."""
FULL = (errno.ENOSPC, errno.EDQUOT)


class Reserve:
    """Room on the disk beside ``path`` that nobody else can take. Raises ``OSError``."""

    def __init__(self, path: Path, size: int = ROOM) -> None:
        self.used = False
        """The disk was full and the room was needed."""
        stem = os.fsencode(path.stem)[:60].decode("utf-8", "ignore")
        self._path = path.with_name(f".{stem}.{secrets.token_hex(4)}.room")
        self._gone = False
        try:
            with self._path.open("xb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    for _ in range(size >> 20):
                        file.write(os.urandom(1 << 20))
        except OSError:
            self.release()
            raise

    def give(self) -> bool:
        """Free the room for what has to be written now; False when that was done before."""
        first = not self._gone
        self.used = self.used or first
        self.release()
        return first

    def release(self) -> None:
        """It is not needed any more. Idempotent."""
        self._gone = True
        with contextlib.suppress(OSError):
            self._path.unlink()


class LiveWriter(VideoWriter):
    """A ``VideoWriter`` that can always still be finished: ``full`` says when it has to be.

    Raises ``DeepcamError`` as ``VideoWriter`` does, and when there is no room at the start.
    """

    def __init__(self, path: str | Path, *arguments: Any, **options: Any) -> None:
        self._reserve: Reserve | None = None
        super().__init__(path, *arguments, **options)
        self._most = largest_file(self.path) - ROOM
        try:
            self._reserve = self._file.reserve = Reserve(self.path)
        except OSError as error:
            self.abort()
            if error.errno in FULL:
                raise DeepcamError(
                    f"The disk is full: there is no room for a recording in {self.path.parent}.",
                    "Free some space.",
                ) from None
            raise DeepcamError(
                f"{self.path} could not be written ({error.strerror}).", "Choose another place."
            ) from None

    @property
    def full(self) -> str:
        """Why no more than the end can be written; '' while there is room."""
        if self._reserve is not None and self._reserve.used:
            return "The disk is full"
        return "The file cannot become larger" if self._file.tell() > self._most else ""

    def finish(self) -> None:
        """Write what is left and give the file its name."""
        super().finish()
        self._free()

    def abort(self) -> None:
        """Throw everything away; the final name is untouched. Idempotent."""
        super().abort()
        self._free()

    def _free(self) -> None:
        if self._reserve is not None:
            self._reserve.release()


def largest_file(path: Path) -> int:
    """Bytes that a file of this name may have, as far as the system tells."""
    limit = 1 << 62
    if os.name == "posix":
        import resource

        soft = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        if soft != resource.RLIM_INFINITY:
            limit = soft
    with contextlib.suppress(OSError, StopIteration, ValueError):
        device = os.stat(path.absolute().parent).st_dev
        wanted = f"{os.major(device)}:{os.minor(device)}"
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        line = next(line for line in lines if line.split()[2] == wanted)
        if line.partition(" - ")[2].split()[0] in ("vfat", "msdos"):
            limit = min(limit, (4 << 30) - 1)
    return limit
