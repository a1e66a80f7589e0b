"""How a run ends early: by Ctrl-C, ``kill`` or a closed terminal; once, and in good order."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

CLEARING_UP = 3.0
"""Seconds after an interruption in which further ones are taken for impatience."""


def ending_signals() -> list[signal.Signals]:
    """Those that ask a program to end, without the ones that whoever started it wants ignored
    (``nohup``, jobs in the background)."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]


@dataclass(slots=True)
class _Work:
    """What the main thread does that is not to be broken off anywhere."""

    depth: int = 0
    asked: bool = False
    """An interruption waits."""


_work = _Work()


@contextlib.contextmanager
def in_order() -> Iterator[None]:
    """In the main thread, let an interruption wait for ``stop_here`` or for the end of this.

    Python raises ``KeyboardInterrupt`` between any two of its instructions, also within callbacks
    of C libraries. A compiler or a codec that gets an exception there ends the process (numba does
    with SIGSEGV), and half a file stays. Whoever asks again after ``CLEARING_UP`` is not let wait.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _work.depth += 1
    try:
        yield
    finally:
        _work.depth -= 1
    stop_here()


def stop_here() -> None:
    """Raise ``KeyboardInterrupt`` in the main thread if somebody asked for it."""
    if _work.asked and threading.current_thread() is threading.main_thread():
        _work.asked = False
        raise KeyboardInterrupt


def interrupt_once(clock: Callable[[], float] = time.monotonic) -> None:
    """Each of them raises ``KeyboardInterrupt`` in the main thread, but not again while what
    follows from it is cleared up: a second Ctrl-C would leave half of a file; and ``in_order``
    only where it is safe. For the main thread."""
    last = [float("-inf")]

    def handle(*_: object) -> None:
        if clock() - last[0] > CLEARING_UP:
            last[0] = clock()
            if _work.depth and not _work.asked:
                _work.asked = True
                return
            _work.asked = False
            raise KeyboardInterrupt

    for number in ending_signals():
        with contextlib.suppress(ValueError, OSError):
            signal.signal(number, handle)
