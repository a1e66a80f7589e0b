"""Running measurements of the live path."""

from __future__ import annotations

import threading
import time as clock
from collections import deque
from typing import Any

import numpy as np

WINDOW = 5.0
"""Seconds over which rates are taken."""
KEEP = 3000
"""Latest values that percentiles are taken of."""


class Meter:
    """Counts what the sender sends. One thread adds, any thread reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begin = clock.monotonic()
        self._sent: deque[float] = deque(maxlen=KEEP)
        self._fresh: deque[float] = deque(maxlen=KEEP)
        self._latency: deque[float] = deque(maxlen=KEEP)
        self._stages: dict[str, deque[float]] = {}
        self._totals = {"sent": 0, "fresh": 0, "generated": 0, "covered": 0, "card": 0}

    def add(self, now: float, reason: str, fresh: bool, captured: float | None) -> None:
        """One picture was sent at ``now``. ``fresh``: for the first time. ``captured``: when it
        was captured, for fresh camera pictures."""
        with self._lock:
            self._sent.append(now)
            self._totals["sent"] += 1
            self._totals[reason] = self._totals.get(reason, 0) + 1
            if fresh:
                self._fresh.append(now)
                self._totals["fresh"] += 1
                if captured is not None:
                    self._latency.append((now - captured) * 1e3)

    def add_stages(self, timings: dict[str, float]) -> None:
        """Milliseconds by stage of one fresh picture."""
        with self._lock:
            for name, value in timings.items():
                if name not in self._stages and len(self._stages) < 40:
                    self._stages[name] = deque(maxlen=KEEP)
                if name in self._stages:
                    self._stages[name].append(value)

    def summary(self) -> dict[str, Any]:
        """Counts; seconds; ``fps_sent`` and ``fps_fresh`` over the last seconds and ``..._mean``
        over all; latency and stages as {p50, p95} in milliseconds."""
        with self._lock:
            now = clock.monotonic()
            seconds = max(now - self._begin, 1e-6)
            window = min(WINDOW, seconds)

            def rate(times: deque[float]) -> float:
                return sum(1 for t in times if t > now - window) / window

            return {
                **self._totals,
                "seconds": round(seconds, 3),
                "fps_sent": round(rate(self._sent), 2),
                "fps_fresh": round(rate(self._fresh), 2),
                "fps_sent_mean": round(self._totals["sent"] / seconds, 2),
                "fps_fresh_mean": round(self._totals["fresh"] / seconds, 2),
                "latency_ms": _percentiles(self._latency),
                "stages_ms": {name: _percentiles(v) for name, v in self._stages.items()},
            }


def _percentiles(values: deque[float]) -> dict[str, float] | None:
    if not values:
        return None
    p50, p95 = np.percentile(np.array(values), [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}
