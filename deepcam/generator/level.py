"""Heads held level: an identity turned so that a face tracker reads it as looking straight ahead.

Shapes are aligned point by point, but what a tracker reads of a picture also hangs on what a face
looks like: untouched, a person with a heavy brow or a receding chin seems to look up or down all
the time (measured on 260 sampled people: 1.6 degrees on average, standard deviation 1.8).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.identity.blend import LOG
from deepcam.models.store import path_of

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

LOOK = 32
"""Pixels of the side of the small texture by which brows, lids and lips are told."""

MOST = 6.0
"""Degrees; shapes unlike those it was fitted on are not turned further."""

IN_PICTURE = 2.1
"""Degrees that a face seems to look up more under a wearer's hair, in the mask, than as a portrait;
mean of five clips and sixteen people (standard deviation of people 1.2)."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A linear estimate of the pitch that is read, from shape and texture."""

    mean: F32
    """(468, 3) of the shapes that it was fitted on."""
    weights: F32
    """(468, 3) degrees for each IOD."""
    look_mean: F32
    """(LOOK, LOOK, 3) of their ``look``."""
    look_weights: F32
    """(LOOK, LOOK, 3) degrees for a texel of e times the brightness."""
    offset: float
    """Degrees, of the mean shape and look."""

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> Level:
        """The shipped one. Raises ``DeepcamError`` when it is missing or altered."""
        with np.load(path_of("head_level.npz"), allow_pickle=False) as z:
            mean, weights, look_mean, look_weights = (
                z[name].astype(np.float32)
                for name in ("mean", "weights", "look_mean", "look_weights")
            )
            return Level(mean, weights, look_mean, look_weights, float(z["offset"]))

    def pitch(self, shape: F32, texture: U8) -> float:
        """Degrees, down is positive as in ``Pose.pitch``, that are read of ``shape`` (468, 3) with
        ``texture`` (n, n, 3)."""
        return self.told(shape, look(texture))

    def told(self, shape: F32, seen: F32) -> float:
        """``pitch`` of somebody whose ``look`` (LOOK, LOOK, 3) is ``seen``."""
        found = self.offset + float(((shape - self.mean) * self.weights).sum())
        found += float(((seen - self.look_mean) * self.look_weights).sum())
        return min(max(found, -MOST), MOST)


def look(texture: U8) -> F32:
    """(LOOK, LOOK, 3) logarithm of ``texture`` (n, n, 3), made small."""
    small = cv2.resize(texture, (LOOK, LOOK), interpolation=cv2.INTER_AREA)
    logs: F32 = LOG[small]
    return logs


def tilt(shape: F32, texture: U8) -> float:
    """Degrees by which ``levelled`` turns ``shape`` (468, 3) upwards."""
    return Level.load().pitch(shape, texture) - IN_PICTURE


def levelled(shape: F32, texture: U8) -> F32:
    """``shape`` (468, 3) turned back by what is read of it, with ``texture`` (n, n, 3), in a
    wearer's picture."""
    angle = np.radians(tilt(shape, texture))
    c, s = np.cos(angle), np.sin(angle)
    back = np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    turned: F32 = (shape @ back.T).astype(np.float32)
    return turned
