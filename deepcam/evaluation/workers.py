"""dlib's network on every core. It keeps Python's lock as it runs: each core has a process."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepcam.runtime.quiet import seal

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

ENOUGH = 12
"""Pictures from which a second process is worth its start."""
_encoder: Any = None


class Workers:
    """Processes that are started when there is enough for them to do, and end with this one."""

    def __init__(self, model: str, count: int | None = None) -> None:
        self._model = model
        self._count = count or min(os.cpu_count() or 1, 8)
        self._pool: ProcessPoolExecutor | None = None

    def vectors(self, chips: Sequence[U8]) -> list[F64] | None:
        """(128,) of each aligned RGB chip (150, 150, 3); None when it is not worth it here."""
        if self._count < 2 or len(chips) < ENOUGH:
            return None
        if self._pool is None:
            # Not forked: libraries of this process have threads.
            self._pool = ProcessPoolExecutor(
                self._count, multiprocessing.get_context("spawn"), _load, (self._model,)
            )
        return list(self._pool.map(_vector, chips, chunksize=4))

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _load(model: str) -> None:
    global _encoder
    seal()
    import dlib

    _encoder = dlib.face_recognition_model_v1(model)


def _vector(chip: U8) -> F64:
    return np.array(_encoder.compute_face_descriptor(chip), np.float64)
