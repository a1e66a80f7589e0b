"""Heads held level: an identity turned so that a face tracker reads it as looking straight ahead.

Shapes are aligned point by point, but what a tracker reads of a picture also hangs on what a face
looks like: untouched, a person with a heavy brow or a receding chin seems to look up or down all
the time (measured on 260 sampled people: 1.6 degrees on average, standard deviation 1.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deepcam.modelstore import path_of

F32 = NDArray[np.float32]

MOST = 6.0
"""Degrees; shapes unlike those it was fitted on are not turned further."""

IN_PICTURE = 1.2
"""Degrees that a face seems to look up more under a wearer's hair, in the mask, than as a portrait;
mean of 12 clips and three people (.9 to 1.7)."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A linear estimate of the pitch that is read, from the shape alone."""

    mean: F32
    """(468, 3) of the shapes that it was fitted on."""
    weights: F32
    """(468, 3) degrees for each IOD."""
    offset: float
    """Degrees, of the mean shape."""

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> Level:
        """The shipped one. Raises ``DeepcamError`` when it is missing or altered."""
        with np.load(path_of("head_level.npz"), allow_pickle=False) as z:
            return Level(
                z["mean"].astype(np.float32), z["weights"].astype(np.float32), float(z["offset"])
            )

    def pitch(self, shape: F32) -> float:
        """Degrees, down is positive as in ``Pose.pitch``, that are read of ``shape`` (468, 3)."""
        found = self.offset + float(((shape - self.mean) * self.weights).sum())
        return min(max(found, -MOST), MOST)


def tilt(shape: F32) -> float:
    """Degrees by which ``levelled`` turns ``shape`` (468, 3) upwards."""
    return Level.load().pitch(shape) - IN_PICTURE


def levelled(shape: F32) -> F32:
    """``shape`` (468, 3) turned back by what is read of it in a wearer's picture."""
    angle = np.radians(tilt(shape))
    c, s = np.cos(angle), np.sin(angle)
    back = np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    turned: F32 = (shape @ back.T).astype(np.float32)
    return turned
