"""How much memory processes take."""

from __future__ import annotations

import contextlib

import psutil


def memory_of(pids: list[int | None]) -> float:
    """Resident memory of the processes together, MB (pages that they share count twice)."""
    total = 0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            if pid is not None:
                total += psutil.Process(pid).memory_info().rss
    return round(total / 1e6, 1)
