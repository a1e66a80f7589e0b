"""The new file under a hidden name, and whether it may be written."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from deepcam.errors import DeepcamError
from deepcam.sinks.place import exists

if TYPE_CHECKING:
    from deepcam.sinks.recording import Reserve


FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""File name endings that can be written, and their containers."""
BUFFER = 1 << 20


class TargetFile:
    """The file object that the muxer writes to; keeps the first error, so that none gets lost."""

    def __init__(self, path: Path) -> None:
        self._handle: BinaryIO | None = path.open("xb+", buffering=0)
        self.name = str(path)
        self.error: OSError | None = None
        self.discard = False
        self.reserve: Reserve | None = None
        """Room that is freed when the disk is full."""

    def write(self, data: bytes) -> int:
        if self.discard or self._handle is None:
            return len(data)
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[self._handle.write(view) or 0 :]
                except OSError as error:
                    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
                    if not full or self.reserve is None or not self.reserve.give():
                        raise
        except OSError as error:
            self.error = self.error or error
            raise
        return len(data)

    def read(self, size: int) -> bytes:
        return b"" if self._handle is None else self._handle.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0 if self._handle is None else self._handle.seek(offset, whence)

    def tell(self) -> int:
        return 0 if self._handle is None else self._handle.tell()

    def finish(self) -> None:
        """To the disk, whole, or ``OSError``."""
        if self._handle is not None:
            try:
                os.fsync(self._handle.fileno())
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                    raise
            self.close()

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                handle.close()


def check_target(path: Path, overwrite: bool) -> str:
    """The container for ``path``. Raises ``DeepcamError`` when it may not be written."""
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise DeepcamError(
            f"A video cannot be written as {path.name!r}.",
            f"Use a name that ends in {', '.join(FORMATS)}.",
        )
    if path.is_dir():
        raise DeepcamError(f"{path} is a directory.", "Name a file.")
    if path.exists() and not overwrite:
        raise exists(path)
    if not path.absolute().parent.is_dir():
        raise DeepcamError(f"The directory {path.absolute().parent} does not exist.", "Make it.")
    return kind
