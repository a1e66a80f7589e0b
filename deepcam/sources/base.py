"""What a source of raw pictures promises to the worker."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Image


class SourceEndedError(Exception):
    """A file is over. Not an error for people."""


class SourceLostError(DeepcamError):
    """The source stopped giving pictures; closing it and opening it again may help."""


@runtime_checkable
class Source(Protocol):
    """A camera, a file or a test pattern. All calls come from one thread.

    ``Frame.time`` is ``time.monotonic()`` at capture. Nothing in a source writes pictures anywhere.
    """

    @property
    def name(self) -> str:
        """For people: the camera's or file's name."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the pictures; (0, 0) before ``open``."""
        ...

    @property
    def fps(self) -> float:
        """Frames a second, measured where that is possible; 0.0 when unknown."""
        ...

    def open(self) -> None:
        """Get ready. Raises ``DeepcamError``; may be called again after ``close``."""
        ...

    def read(self, timeout: float) -> Frame | None:
        """The newest picture, or None when there is no new one within ``timeout`` seconds.

        Raises ``SourceLostError`` (close, open again) or ``SourceEndedError``.
        """
        ...

    def close(self) -> None:
        """Let go of the device or file. Idempotent, never raises, never blocks for long."""
        ...


def as_bgr(picture: object) -> Image | None:
    """``picture`` as (h, w, 3) uint8 BGR, C-contiguous; None when it is no picture.

    Grey (h, w) and (h, w, 1), and BGRA (h, w, 4; alpha is laid on black) are converted, 16-bit
    values are scaled to 8.
    """
    if not isinstance(picture, np.ndarray) or picture.ndim not in (2, 3) or picture.size == 0:
        return None
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    if picture.dtype != np.uint8:
        return None
    if picture.ndim == 2:
        picture = picture[:, :, None]
    channels = picture.shape[2]
    if channels == 1:
        picture = np.repeat(picture, 3, axis=2)
    elif channels == 4:
        alpha = picture[:, :, 3:].astype(np.uint16)
        picture = (picture[:, :, :3] * alpha // 255).astype(np.uint8)
    elif channels != 3:
        return None
    return np.ascontiguousarray(picture)
