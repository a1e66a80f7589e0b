"""One core or two for the network: two are faster only while nobody else wants the second."""

from __future__ import annotations

HOLD, HOLD_MOST = 60, 960
"""Runs on one core before two are tried again; doubled each time they do not pay."""
TRIAL = 6
"""Runs of such a try."""
WORSE = 1.1
"""Two cores must not take longer than this many times one."""
FOLLOWS = 0.2
"""Share of a new time in the running mean."""


class Gear:
    """Decides from the times of past runs. ``narrow``: milliseconds on one core, at the start.

    A layer is split among all threads and ends with the slowest. When a call program takes the
    second core, the first one waits for it in every layer: measured 9 ms on two idle cores, 26 ms
    with the second one 60 % busy, 14 ms on one core in both cases.
    """

    def __init__(self, narrow: float) -> None:
        self._narrow = narrow
        self._wide: float | None = None
        self._hold = HOLD
        self._left = 0
        """Runs on one core that are left."""
        self._tries = 0
        """Runs of the present try."""

    @property
    def wide(self) -> bool:
        """Whether the next run is to use all threads."""
        return self._left == 0

    def took(self, ms: float) -> None:
        """The run that ``wide`` was asked for took ``ms`` milliseconds."""
        if self._left:
            self._narrow += FOLLOWS * (ms - self._narrow)
            self._left -= 1
            if self._left == 0:
                self._wide, self._tries = None, 0
            return
        self._wide = ms if self._wide is None else self._wide + FOLLOWS * (ms - self._wide)
        self._tries += 1
        if self._wide > WORSE * self._narrow and self._tries >= TRIAL:
            self._left = self._hold
            self._hold = min(2 * self._hold, HOLD_MOST)
        elif self._tries >= 4 * HOLD:
            self._hold = HOLD
