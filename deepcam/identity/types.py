"""What a person who does not exist is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepcam.geometry.basis import FaceBasis


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """A face that belongs to nobody; sampled by ``deepcam.identity.model.IdentityModel``."""

    name: str
    seed: int
    texture: NDArray[np.uint8]
    """(512, 512, 3) BGR, de-lit, in the UV layout of ``FaceBasis``."""
    shape: NDArray[np.float32]
    """(468, 3) neutral shape in the head frame."""
    iris: NDArray[np.uint8]
    """(3,) BGR."""
    teeth: int
    """Which set of teeth, 0 .. ``deepcam.generator.teeth.VARIANTS`` - 1."""
    meta: dict[str, float | str] = field(default_factory=dict)
    """What the sliders say of this person: age, masculinity, tone."""


def nobody() -> Identity:
    """The mean face in grey, for compiling and loading everything before the first frame."""
    texture = np.full((512, 512, 3), 128, np.uint8)
    return Identity("", 0, texture, FaceBasis.load().mean, texture[0, 0], 0)
