"""Whether this computer keeps up with its camera, and how large a picture it can make.

A smaller picture is the first thing to give up: it costs sharpness, while a low rate costs the
movement of lips and eyes. Nothing here sees a picture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

STEPS = (720, 540, 360)
"""Shorter sides of the pictures that are made instead of larger ones: 1280x720, 960x540, 640x360
of a wide picture."""
FEWEST = 20.0
"""Pictures a second below which a computer counts as slow, or two thirds of those that are wanted
where that is less."""
LONG = 10.0
"""Seconds for which it has to be so."""
PARTS = 4
"""Of those seconds; it has to be so in each."""
SETTLE = 3.0
"""Seconds that are not counted at the beginning and after a pause: caches fill, faces are found."""
PAUSE = 2.0
"""Seconds without a picture after which everything before counts no more: the camera was away, or
the computer slept."""
BUSY = 0.8
"""Share of the time for which a worker that cannot keep up is at work."""
MISSED = 1.05
"""How many times as many pictures the camera gives as are made of them, at least; else a slow
camera is the reason."""


class Slowness:
    """``made`` after each picture; ``begin_again`` after whatever is not the frames' own fault.

    ``fps``: pictures a second that are wanted. One thread uses it.
    """

    def __init__(self, fps: float) -> None:
        self._fewest = min(FEWEST, fps * 2 / 3)
        self._begun: float | None = None
        self._last = 0.0
        self._made: deque[tuple[float, int, float]] = deque()

    def begin_again(self) -> None:
        """What was measured so far counts no more."""
        self._begun = None
        self._made.clear()

    def made(self, now: float, number: int, work: float, side: int) -> int | None:
        """One picture was made. The shorter side to which pictures should shrink from now on, or
        None to leave them as they are.

        ``now``: seconds, when it was done; ``number``: which picture of the camera it was, of all
        it gave; ``work``: seconds it took; ``side``: its shorter side, pixels.
        """
        if self._begun is None or now - work - self._last > PAUSE:
            self.begin_again()
            self._begun = now
        self._last = now
        if now - self._begun < SETTLE:
            return None
        self._made.append((now, number, work))
        if now - self._made[0][0] < LONG:
            return None
        slow = self._slow()
        while now - self._made[0][0] >= LONG:
            self._made.popleft()
        if not slow:
            return None
        self.begin_again()
        return next((step for step in STEPS if step < side), None)

    def _slow(self) -> bool:
        """In every part of the time: a spell in its midst, of another program for example, is no
        lasting state."""
        made = list(self._made)
        if (len(made) - 1) / (made[-1][0] - made[0][0]) >= self._fewest:
            return False  # nearly always, and quickly
        first = 0
        for part in range(1, PARTS + 1):
            end = made[0][0] + LONG * part / PARTS
            last = first
            while last < len(made) and made[last][0] <= end:
                last += 1
            # With the one before it, from which its time is reckoned.
            if not self._behind(made[max(0, first - 1) : last]):
                return False
            first = last
        return True

    def _behind(self, made: Sequence[tuple[float, int, float]]) -> bool:
        """Of these pictures: too few, though the camera gave more and the worker did not wait."""
        if len(made) < 2:
            return True  # one that took all the time
        lasted = made[-1][0] - made[0][0]
        rate = (len(made) - 1) / lasted
        offered = (made[-1][1] - made[0][1]) / lasted
        busy = sum(work for _, _, work in made[1:]) / lasted
        return rate < self._fewest and offered >= MISSED * rate and busy >= BUSY


def sentence(wanted: tuple[int, int], now: tuple[int, int]) -> str:
    """What to tell people: (width, height) of the camera's pictures and of those that are made."""
    large, small = "{}x{}".format(*wanted), "{}x{}".format(*now)
    return f"This computer is too slow for {large}: the picture is made at {small} now."


REMEDY = "For the full size all the same, run: deepcam full-size"
