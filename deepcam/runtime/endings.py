"""How a run ends early: by Ctrl-C, ``kill`` or a closed terminal; once, and in good order."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable

CLEARING_UP = 3.0
"""Seconds after an interruption in which further ones are taken for impatience."""


def ending_signals() -> list[signal.Signals]:
    """Those that ask a program to end, without the ones that whoever started it wants ignored
    (``nohup``, jobs in the background)."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]


def interrupt_once(clock: Callable[[], float] = time.monotonic) -> None:
    """Each of them raises ``KeyboardInterrupt`` in the main thread, but not again while what
    follows from it is cleared up: a second Ctrl-C would leave half of a file. For the main
    thread."""
    last = [float("-inf")]

    def handle(*_: object) -> None:
        if clock() - last[0] > CLEARING_UP:
            last[0] = clock()
            raise KeyboardInterrupt

    for number in ending_signals():
        with contextlib.suppress(ValueError, OSError):
            signal.signal(number, handle)
