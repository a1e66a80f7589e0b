"""The population's face: mean shape, UV layout, and how faces differ and move."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepcam.models.store import path_of

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class FaceBasis:
    """Statistics of our own Procrustes analysis (``deepcam.training.face_basis``), head frame."""

    mean: F32
    """(468, 3) symmetrical mean of neutral faces; iris centres at (-0.5, 0), (0.5, 0)."""
    triangles: I32
    """(852, 3) with open eyes and mouth."""
    uv: F32
    """(468, 2) in 0..1, v downwards, injective."""
    mirror: I32
    """(468,) index of each point's mirror image; its own inverse."""
    shape: F32
    """(24, 468, 3) principal ways in which neutral faces differ, one standard deviation each."""
    expression: F32
    """(32, 468, 3) principal movements, 1.5 standard deviations of everyday talking each, so that
    three units hold the broadest smile."""

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> FaceBasis:
        """The shipped basis. Raises ``DeepcamError`` when the file is missing or altered."""
        return FaceBasis.read(path_of("face_basis.npz"))

    @staticmethod
    def read(path: Path) -> FaceBasis:
        """Read a basis file without checking its hash."""
        with np.load(path, allow_pickle=False) as z:
            return FaceBasis(
                mean=z["mean"].astype(np.float32),
                triangles=z["triangles"].astype(np.int32),
                uv=z["uv"].astype(np.float32),
                mirror=z["mirror"].astype(np.int32),
                shape=z["shape"].astype(np.float32),
                expression=z["expression"].astype(np.float32),
            )
