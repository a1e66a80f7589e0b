"""Errors in the log: each one once, and nothing of what it says."""

from __future__ import annotations

import logging
import traceback

MOST = 100


class Complaints:
    """``what``: what happens because of them."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log, self._what = log, what
        self._said: set[str] = set()

    def say(self, error: Exception) -> None:
        """The error's class and place, never its text, which might quote a picture."""
        where = traceback.extract_tb(error.__traceback__)
        place = f"{where[-1].filename}:{where[-1].lineno}" if where else "?"
        line = f"{type(error).__name__} at {place}"
        if line not in self._said and len(self._said) < MOST:
            self._said.add(line)
            self._log.warning("%s: %s", self._what, line)
