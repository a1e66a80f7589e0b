"""When to send: a constant rate whose phase follows the worker."""

from __future__ import annotations


class Pacer:
    """Due times ``fps`` times a second, from ``now`` on; all times are ``time.monotonic()``.

    A clock of its own would let each picture wait half a period on average, and where both beat at
    the same time every second picture would be late. So the phase drifts, at most 2 % of a period
    at a time, until pictures come shortly before they are due.
    """

    AIM = 0.0015
    """Seconds a picture should have waited when it is due."""
    GAIN = 0.1
    DRIFT = 0.02
    GRACE = 0.6
    """Share of a period that a late picture is waited for; the due times stay as they are."""

    def __init__(self, fps: float, now: float) -> None:
        self.period = 1.0 / fps
        self.due = now
        """When the next picture is to be sent."""

    @property
    def latest(self) -> float:
        """Until when a picture that is late may still be waited for."""
        return self.due + self.GRACE * self.period

    def sent(self, published: float | None) -> None:
        """A picture was sent. ``published``: when the worker had finished it; None when it was
        repeated, or a card."""
        shift = 0.0
        if published is not None:
            # Positive: it waited too long. The nearest way round, within half a period.
            error = self.due - published - self.AIM
            error = (error + self.period / 2) % self.period - self.period / 2
            most = self.DRIFT * self.period
            shift = min(max(self.GAIN * error, -most), most)
        self.due += self.period - shift

    def skip(self, late: float) -> int:
        """Leave out what ``late`` seconds would hold; how many pictures that is."""
        missed = int(late / self.period)
        self.due += missed * self.period
        return missed
