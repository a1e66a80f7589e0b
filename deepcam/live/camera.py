"""The camera thread of the worker: keeps one source open and holds its newest raw frame.

Newest frame wins: there is one place for a frame, and a newer one replaces it. The thread opens
the source, opens it again when it fails, goes silent, ends (files that loop) or the computer has
slept, and says in a few words why there is no picture.
"""

from __future__ import annotations

import logging
import threading
import time as clock
from collections.abc import Callable
from typing import Protocol

import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Frame
from deepcam.sources.base import SourceEndedError

log = logging.getLogger(__name__)

SILENCE = 1.0
"""Seconds without a frame until the picture counts as lost."""
REOPEN_AFTER = 3.0
"""Seconds without a frame until the source is opened again."""
RETRY_FIRST, RETRY_MOST = 0.5, 5.0
"""Seconds between attempts to open a source."""
READ_TIMEOUT = 0.25
LEAST_SIDE, MOST_SIDE = 16, 16384
"""Pixels of a usable picture's sides."""


class Source(Protocol):
    """What is used of ``deepcam.sources.Source``."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    def open(self) -> None:
        """Start. Raises ``DeepcamError``."""
        ...

    def read(self, timeout: float) -> Frame | None:
        """The newest frame, or None after ``timeout`` seconds. Raises ``SourceEndedError`` and
        ``DeepcamError``."""
        ...

    def close(self) -> None:
        """Stop. Idempotent."""
        ...


class SuspendWatch:
    """Notices that the computer has slept: one clock went on, the other stood still."""

    def __init__(self, offset: Callable[[], float] | None = None) -> None:
        self._offset = offset or _slept
        self._last = self._offset()

    def woke(self) -> bool:
        """True once after each sleep of more than a second."""
        now = self._offset()
        jumped = now - self._last > 1.0
        self._last = now
        return jumped


def _slept() -> float:
    """Seconds that this computer has slept since it was started."""
    if hasattr(clock, "CLOCK_BOOTTIME"):
        return clock.clock_gettime(clock.CLOCK_BOOTTIME) - clock.monotonic()
    # Elsewhere the wall clock has to do; setting it costs one reopening of the camera.
    return clock.time() - clock.monotonic()


class Camera:
    """Runs the source in a thread. ``start``, then ``take`` again and again, then ``stop``.

    ``loop``: a source that ends is opened again. ``patient``: nothing is read before ``go`` is set
    (a file would play while nobody can watch). ``watch``: notices sleep.
    """

    def __init__(
        self,
        factory: Callable[[], Source],
        *,
        loop: bool = False,
        patient: bool = False,
        watch: SuspendWatch | None = None,
    ) -> None:
        self._factory = factory
        self._patient = patient
        self._loop = loop
        self._watch = watch or SuspendWatch()
        self._fresh = threading.Condition()
        self._newest: Frame | None = None
        self._number = 0
        self._stop = threading.Event()
        self._reopen = threading.Event()
        self.go = threading.Event()
        """Set when frames can be used; a file begins only then."""
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self.problem = "Starting the camera"
        """Why there is no picture; '' while pictures come."""
        self.name = ""
        """Of the open source."""
        self.ended = False
        """The source has come to its end and does not loop."""
        self.last_frame = clock.monotonic()
        """When the last usable frame came."""
        self.alive = clock.monotonic()
        """When the thread last came back from the source: a call into a driver may hang."""
        self.opened = 0
        """Times the source was opened."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 3.0) -> bool:
        """Close the source; False when it hangs and was left behind after ``timeout`` seconds."""
        self._stop.set()
        self.go.set()
        self._thread.join(timeout)
        with self._fresh:
            self._newest = None
        return not self._thread.is_alive()

    def reopen(self) -> None:
        """Close the source and open it again, soon."""
        self._reopen.set()

    def take(self, timeout: float) -> Frame | None:
        """The newest frame that was not taken yet, or None after ``timeout`` seconds."""
        with self._fresh:
            if self._newest is None and not self.ended:
                self._fresh.wait(timeout)
            frame, self._newest = self._newest, None
            return frame

    def _run(self) -> None:
        wait = RETRY_FIRST
        while not self._stop.is_set():
            source: Source | None = None
            begin = clock.monotonic()
            try:
                source = self._factory()
                source.open()
                self.opened += 1
                self.name = source.name
                self._read(source)
            except DeepcamError as error:
                self._lose(error.what)
            except Exception as error:
                # The class only: a text might quote a picture.
                log.warning("the camera failed: %s", type(error).__name__)
                self._lose("Camera not available")
            finally:
                if source is not None:
                    _close(source)
                self.alive = clock.monotonic()
            if self.ended:
                return
            if clock.monotonic() - begin > 10.0:
                wait = RETRY_FIRST
            self._stop.wait(wait if self.problem else 0.0)
            wait = min(wait * 2, RETRY_MOST)

    def _read(self, source: Source) -> None:
        """Read until the source has to be opened again."""
        self._reopen.clear()
        while self._patient and not self.go.wait(0.1) and not self._stop.is_set():
            self.alive = clock.monotonic()
        self.last_frame = clock.monotonic()
        while not self._stop.is_set():
            try:
                frame = source.read(READ_TIMEOUT)
            except SourceEndedError:
                self._end()
                return
            now = self.alive = clock.monotonic()
            if self._watch.woke():
                self._lose("The computer was asleep")
                return
            if self._reopen.is_set():
                self._lose("Starting the camera")
                return
            if frame is None:
                if now - self.last_frame > SILENCE:
                    self._lose("The camera sends no picture")
                if now - self.last_frame > REOPEN_AFTER:
                    return
                continue
            if not _usable(frame):
                if now - self.last_frame > SILENCE:
                    self._lose("Camera picture not usable")
                if now - self.last_frame > REOPEN_AFTER:
                    return
                # A driver that delivers rubbish may do it without taking its time.
                self._stop.wait(0.02)
                continue
            # The clock of a source is believed as far as it can be true.
            when = frame.time if now - 2.0 < frame.time <= now else now
            self._number += 1
            self._put(Frame(frame.image, float(when), self._number))

    def _put(self, frame: Frame) -> None:
        with self._fresh:
            self._newest = frame
            self.problem = ""
            self.last_frame = clock.monotonic()
            self._fresh.notify_all()

    def _end(self) -> None:
        if self._loop and self._number > 0:
            self.problem = ""
            return
        with self._fresh:
            self.ended = True
            self._fresh.notify_all()

    def _lose(self, why: str) -> None:
        with self._fresh:
            self._newest = None
            self.problem = why


def _usable(frame: Frame) -> bool:
    image = frame.image
    return (
        isinstance(image, np.ndarray)
        and image.dtype == np.uint8
        and image.ndim == 3
        and image.shape[2] == 3
        and LEAST_SIDE <= image.shape[0] <= MOST_SIDE
        and LEAST_SIDE <= image.shape[1] <= MOST_SIDE
        and isinstance(frame.time, int | float)
    )


def _close(source: Source) -> None:
    try:
        source.close()
    except Exception as error:
        log.warning("closing the camera failed: %s", type(error).__name__)
