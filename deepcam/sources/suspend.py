"""Notices that the computer slept."""

from __future__ import annotations

import time
from collections.abc import Callable

THRESHOLD = 1.0
"""Seconds asleep that matter to a camera."""


def _boot_clock() -> float:
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(clock) if clock is not None else time.monotonic()


class SuspendWatch:
    """``time.monotonic`` stands still during sleep, the boot clock does not: a jump between them
    is a sleep. (Where there is no boot clock, nothing is ever noticed here; the camera's own
    silence is then what counts.)"""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        boot: Callable[[], float] = _boot_clock,
    ) -> None:
        self._monotonic = monotonic
        self._boot = boot
        self._gap = boot() - monotonic()

    def slept(self) -> bool:
        """Whether the computer slept since the last call."""
        gap = self._boot() - self._monotonic()
        jumped = gap - self._gap > THRESHOLD
        self._gap = gap
        return jumped
