"""What a recognizer makes of results, and the crops it looks at."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.evaluation.attackers import Attacker, Job, embed_jobs, portrait_crop
from deepcam.evaluation.judge import Reading
from deepcam.evaluation.record import Result, Take
from deepcam.frames import Image

F64 = NDArray[np.float64]

CROPS = ("standard", "tight", "context")


class Remembering:
    """An attacker that looks at each picture once: filters make the same picture in every session,
    several attacks ask for the same ones, and a run that was broken off goes on with what it knew.

    ``store``: a file that keeps what was found, also for later runs. These vectors are templates by
    which the people in the photographs can be recognized. Raises ``DeepcamError`` when the file
    cannot be used.
    """

    def __init__(self, attacker: Attacker, store: Path | None = None) -> None:
        self._attacker = attacker
        self._known: dict[bytes, F64] = {}
        self.name = attacker.name
        self._salt = f"{attacker.name} {getattr(attacker, 'settings', '')}".encode()
        self._store = None if store is None else _open(store)
        if self._store is not None:
            for key, code in self._store.execute("SELECT key, code FROM marks"):
                self._known[key] = np.frombuffer(code, np.float64)

    def embed(self, image: Image, eyes: Reading, crop: str, hidden: NDArray[np.uint8]) -> F64:
        """See ``Attacker``."""
        key = self._key(image, eyes, crop, hidden)
        found = self._known.get(key)
        if found is None:
            found = self._attacker.embed(image, eyes, crop, hidden)
            self._keep({key: found})
        return found

    def embed_many(self, jobs: Sequence[Job]) -> list[F64]:
        """The same of many pictures; by several processes where the attacker can."""
        keys = [self._key(*job) for job in jobs]
        todo = {k: job for k, job in zip(keys, jobs, strict=True) if k not in self._known}
        if todo:
            self._keep(
                dict(zip(todo, embed_jobs(self._attacker, list(todo.values())), strict=True))
            )
        return [self._known[k] for k in keys]

    def close(self) -> None:
        """Close the store, end helping processes."""
        if self._store is not None:
            self._store.close()
            self._store = None
        end = getattr(self._attacker, "close", None)
        if end is not None:
            end()

    def _key(self, image: Image, eyes: Reading, crop: str, hidden: NDArray[np.uint8]) -> bytes:
        key = hashlib.blake2b(crop.encode() + b" " + self._salt, digest_size=16)
        for part in (image, eyes.landmarks, hidden):
            key.update(np.ascontiguousarray(part).data)
        return key.digest()

    def _keep(self, found: dict[bytes, F64]) -> None:
        self._known |= found
        if self._store is not None and found:
            rows = [(k, np.asarray(v, np.float64).tobytes()) for k, v in found.items()]
            with self._store:
                self._store.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?)", rows)


def _open(store: Path) -> sqlite3.Connection:
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        found = sqlite3.connect(store)
        found.execute("CREATE TABLE IF NOT EXISTS marks (key BLOB PRIMARY KEY, code BLOB)")
    except (OSError, sqlite3.Error):
        raise DeepcamError(
            f"{store} cannot be used to keep what the recognizer found.",
            "Name another file, or remove it.",
        ) from None
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
    return embed_at(attacker, [(r, 0) for r in results], crop)


def embed_at(attacker: Attacker, pictures: Sequence[tuple[Result, int]], crop: str) -> F64:
    """(n, d) of pictures of results, see ``embed``."""
    jobs: list[Job] = []
    for result, at in pictures:
        shot = result.take.shots[at]
        assert shot.reading is not None
        jobs.append((result.images[at], shot.reading, crop, shot.hidden()))
    return np.array(embed_jobs(attacker, jobs), np.float64)


def crops(results: Sequence[Result], crop: str = "standard", size: int = 128) -> list[Image]:
    """Each result's first picture as (size, size, 3) upright face."""
    out = []
    for result in results:
        shot = result.take.shots[0]
        assert shot.reading is not None
        out.append(portrait_crop(result.images[0], shot.reading, size, crop, shot.hidden()))
    return out
