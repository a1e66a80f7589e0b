"""Times of the stages of one piece of work."""

from __future__ import annotations

import time as clock


class Watch:
    """Writes milliseconds by stage into a dict."""

    def __init__(self, timings: dict[str, float]) -> None:
        self._timings = timings
        self._time = clock.perf_counter()

    def lap(self, name: str) -> None:
        """The stage ``name`` ends here, the next one begins."""
        now = clock.perf_counter()
        self._timings[name] = (now - self._time) * 1e3
        self._time = now
