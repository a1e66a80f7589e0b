"""Slow work in one thread; results come back to the thread of the windows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Signal

from deepcam.errors import DeepcamError


class Background(QObject):
    """Jobs run one after another. After ``close`` nothing comes back any more."""

    _ended = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(1, "app-background")
        self._closed = False
        self.waiting = 0
        """Jobs that have not come back."""
        # A method of this object, so that Qt calls it in this object's thread.
        self._ended.connect(self._call)

    def run(
        self,
        job: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[DeepcamError], None],
    ) -> None:
        """``job`` in the thread, then ``done`` with its result or ``failed`` in this one."""
        if self._closed:
            return
        self.waiting += 1

        def work() -> None:
            if self._closed:
                return
            try:
                result = job()
            except DeepcamError as error:
                self._ended.emit(lambda error=error: failed(error))
            except Exception as error:
                told = DeepcamError(f"That failed ({type(error).__name__}).", "Try again.")
                self._ended.emit(lambda: failed(told))
            else:
                self._ended.emit(lambda: done(result))

        self._pool.submit(work)

    def close(self, wait: bool = True) -> None:
        """Drop what waits; a job that runs is waited for unless ``wait`` is False: then this object
        must be kept until it has been closed again."""
        self._closed = True
        self._pool.shutdown(wait=wait, cancel_futures=True)

    def _call(self, told: Callable[[], None]) -> None:
        self.waiting -= 1
        if not self._closed:
            told()
