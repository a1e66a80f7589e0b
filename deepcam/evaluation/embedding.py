"""What a recognizer makes of results, and the crops it looks at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.attackers import Attacker, portrait_crop
from deepcam.evaluation.judge import Reading
from deepcam.evaluation.record import Result, Take
from deepcam.frames import Image

F64 = NDArray[np.float64]

CROPS = ("standard", "tight", "context")


class Remembering:
    """An attacker that looks at each picture once: filters make the same picture in every session,
    and several attacks ask for the same ones."""

    def __init__(self, attacker: Attacker) -> None:
        self._attacker = attacker
        self._known: dict[bytes, F64] = {}
        self.name = attacker.name

    def embed(self, image: Image, eyes: Reading, crop: str, hidden: NDArray[np.uint8]) -> F64:
        """See ``Attacker``."""
        key = hashlib.blake2b(crop.encode(), digest_size=16)
        for part in (image, eyes.landmarks, hidden):
            key.update(np.ascontiguousarray(part).data)
        found = self._known.get(key.digest())
        if found is None:
            found = self._known[key.digest()] = self._attacker.embed(image, eyes, crop, hidden)
        return found


def originals(takes: Sequence[Take]) -> list[Result]:
    """The pictures as they were taken."""
    return [Result(t, [s.frame.image for s in t.shots], []) for t in takes]


def embed(attacker: Attacker, result: Result, crop: str, at: int = 0) -> F64:
    """(d,) of picture ``at``, where the original's face is. That frame must have a reading."""
    shot = result.take.shots[at]
    assert shot.reading is not None
    return attacker.embed(result.images[at], shot.reading, crop, shot.hidden())


def embed_all(attacker: Attacker, results: Sequence[Result], crop: str) -> F64:
    """(n, d) of each result's first picture."""
    return np.array([embed(attacker, r, crop) for r in results], np.float64)


def crops(results: Sequence[Result], crop: str = "standard", size: int = 128) -> list[Image]:
    """Each result's first picture as (size, size, 3) upright face."""
    out = []
    for result in results:
        shot = result.take.shots[0]
        assert shot.reading is not None
        out.append(portrait_crop(result.images[0], shot.reading, size, crop, shot.hidden()))
    return out
