"""A moving pattern without a person, for tests and measurements."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from deepcam.frames import Frame


class SyntheticSource:
    """A gradient that drifts, and a bright block that wanders, ``fps`` times a second."""

    def __init__(
        self,
        size: tuple[int, int] = (1280, 720),
        fps: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._size = size
        self._fps = fps
        self._clock = clock
        self._sleep = sleep
        self._number = 0
        self._due: float | None = None
        across = np.linspace(0, 255, size[0], dtype=np.float32)
        down = np.linspace(0, 255, size[1], dtype=np.float32)
        grid = (across[None, :] + down[:, None]) / 2
        self._base = np.stack([grid, np.roll(grid, size[0] // 3, 1), grid[:, ::-1]], 2).astype(
            np.uint8
        )

    @property
    def name(self) -> str:
        """For people."""
        return "Test pattern"

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self._size

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self._fps

    def open(self) -> None:
        """Begin now."""
        self._due = None

    def read(self, timeout: float) -> Frame | None:
        """The next picture when its time has come."""
        now = self._clock()
        if self._due is None:
            self._due = now
        if self._due - now > timeout:
            self._sleep(timeout)
            return None
        self._sleep(max(0.0, self._due - now))
        now = self._clock()
        self._due = max(self._due + 1 / self._fps, now - 1 / self._fps)
        n = self._number
        self._number += 1
        image = np.ascontiguousarray(np.roll(self._base, 4 * n, axis=1))
        width, height = self._size
        side = max(2, min(width, height) // 8)
        x = (7 * n) % max(1, width - side)
        y = (5 * n) % max(1, height - side)
        image[y : y + side, x : x + side] = (40, 220, 250)
        return Frame(image, now, self._number)

    def close(self) -> None:
        """Nothing to let go of."""
