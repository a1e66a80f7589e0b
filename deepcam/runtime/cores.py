"""Which core the helper threads of a library run on.

A frame is one thread's work; for some milliseconds at a time a helper thread of a vision library or
of the network's runtime joins it. Linux often wakes such a helper on the core of the thread that
wakes it, and the two take turns until the load balancer looks, milliseconds later: in a virtual
machine an idle core that sleeps counts as taken (``vcpu_is_preempted`` in the scheduler's
``available_idle_cpu``). Measured on two cores with 5 ms of sleep between two pieces of 2 ms on two
threads: 3.8 ms instead of 2.1 ms for both.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

BANDS = 6
"""Pieces of a picture: the last one to end is what the other core waits for."""
MIN_ROWS = 16
"""Of one piece."""
_TASKS = "/proc/self/task"


def _current_core() -> Callable[[], int] | None:
    """What tells the calling thread's core; None where threads cannot be placed."""
    if not hasattr(os, "sched_setaffinity") or not os.path.isdir(_TASKS):
        return None
    try:
        return ctypes.CDLL(None).sched_getcpu
    except (OSError, AttributeError):
        return None


def _threads() -> set[int]:
    with contextlib.suppress(OSError):
        return {int(name) for name in os.listdir(_TASKS)}
    return set()


class Helpers:
    """The threads that somebody started, and where they may run.

    One thread at a time calls its methods. Does nothing where the system has no such notion, and
    nothing with one core.
    """

    def __init__(self) -> None:
        self._core = _current_core()
        self._threads: set[int] = set()
        self._away: int | None = None

    @contextlib.contextmanager
    def recruit(self) -> Iterator[None]:
        """Threads that come into being inside the block are helpers."""
        before = _threads() if self._core is not None else set()
        try:
            yield
        finally:
            if self._core is not None:
                self._threads |= _threads() - before
                self._away = None

    def make_way(self) -> None:
        """From now on they run on any core but the one that the caller is on. Takes a microsecond
        while the caller stays there."""
        if self._core is None or not self._threads:
            return
        here = self._core()
        if here == self._away:
            return
        self._away = here
        # The main thread's, not the caller's: that one may have been placed itself.
        others = os.sched_getaffinity(os.getpid()) - {here}
        if not others:
            return
        for thread in list(self._threads):
            try:
                os.sched_setaffinity(thread, others)
            except OSError:  # it has ended
                self._threads.discard(thread)


class Pair:
    """The calling thread and one helper on another core, for pieces of some tenths of a
    millisecond that hold no lock of the interpreter.

    Nobody waits for a helper that has not begun: the caller then does the work itself. One thread
    at a time calls its methods.
    """

    def __init__(self, name: str) -> None:
        self._helpers = Helpers()
        self._pool = ThreadPoolExecutor(1, name)
        with self._helpers.recruit():
            self._pool.submit(int).result()

    def beside(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin ``work`` on the other core; the result, or what it raised, is had by a call."""
        self._helpers.make_way()
        begun = self._pool.submit(work)
        return lambda: work() if begun.cancel() else begun.result()

    def rows(self, work: Callable[[int, int], object], height: int) -> None:
        """``work(first, last)`` for bands that together are the rows 0 to ``height``, in any order
        on both cores. What a row becomes must not depend on the bands."""
        step = max(MIN_ROWS, -(-height // BANDS))
        bands = deque((first, min(first + step, height)) for first in range(0, height, step))

        def take() -> None:
            while True:
                try:
                    first, last = bands.popleft()
                except IndexError:
                    return
                work(first, last)

        other = self.beside(take)
        try:
            take()
        finally:
            other()
