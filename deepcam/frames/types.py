"""The currency between the rooms of the house: what a picture is at each step of its way.

Coordinates. Pixels: x to the right, y downwards, the centre of the first pixel at (0, 0). Head
frame: origin between the eyes, unit = distance between the iris centres (IOD) of the mean face,
x to the right *of the picture*, y downwards, z away from the camera. A head point ``X`` lands on
the pixel ``scale * (rotation @ X)[:2] + translation`` (weak perspective).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""BGR picture, uint8, shape (height, width, 3), C-contiguous."""
Mask = NDArray[np.uint8]
"""uint8, shape (height, width), 255 = erased (nothing of the raw picture is known), 0 = kept."""
Points = NDArray[np.float32]
"""float32, shape (n, 2), pixels."""

N_EXPRESSION = 32
"""Most expression coefficients that may leave the tracker."""


LUMA: NDArray[np.float32] = np.array([0.114, 0.587, 0.299], np.float32)
"""Weights of blue, green and red in a grey picture (ITU-R BT.601)."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A raw picture. It never crosses the worker process's border."""

    image: Image
    time: float
    """``time.monotonic()`` at capture, or the presentation time of a file's frame, seconds."""
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Weak-perspective pose of a head."""

    scale: float
    """Pixels per IOD of the mean face."""
    rotation: NDArray[np.float64]
    """(3, 3), head to camera."""
    translation: NDArray[np.float64]
    """(2,), pixel under the head frame's origin."""

    @property
    def yaw(self) -> float:
        """Turn to the side, degrees; 0 looks into the camera."""
        return float(np.degrees(np.arctan2(self.rotation[0, 2], self.rotation[2, 2])))

    @property
    def pitch(self) -> float:
        """Nod, degrees; 0 is level."""
        return float(np.degrees(np.arcsin(np.clip(-self.rotation[1, 2], -1.0, 1.0))))

    @property
    def roll(self) -> float:
        """Tilt in the picture plane, degrees; clockwise positive."""
        return float(np.degrees(np.arctan2(self.rotation[1, 0], self.rotation[0, 0])))


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """Everything the generator may know about one tracked face, and nothing more.

    No landmark of the wearer is in here: landmarks are a biometric and stay in ``tracking``.
    """

    track: int
    """Number of the person, stable over crossings and one-second gaps."""
    confidence: float
    """0..1, how far the mesh may be trusted; 0 without a mesh."""
    outline: Points
    """(k, 2) convex polygon: the pose-only mask of the whole head's face side. From the population
    mean and the pose when there is a mesh, else from the detector's box."""
    pose: Pose | None = None
    """None when the detector saw a face but no mesh could be laid on it."""
    expression: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros(N_EXPRESSION, np.float32)
    )
    """(N_EXPRESSION,), identity-normalised, in units of the basis, clipped to +-3."""
    lids: NDArray[np.float32] = field(default_factory=lambda: np.ones(2, np.float32))
    """(2,) openness of the subject's (right, left) eye, 0 closed .. 1 relaxed open .. 1.4 wide."""
    gaze: NDArray[np.float32] = field(default_factory=lambda: np.zeros(4, np.float32))
    """(4,) iris centre offset from the eye's centre in eye widths, head frame:
    (right x, right y, left x, left y); 0 = straight ahead."""
    margin: float = 1.0
    """Which of a few sizes the population's outline has here; a wide mask gets a wide face."""
    evidence: float = 1.0
    """0..1, how far all looks so far say that there is a face at all; 0: there is none, forget
    it. See ``deepcam.tracking.evidence``."""


@dataclass(frozen=True, slots=True, eq=False)
class Persons:
    """Where the second opinion (person segmentation) sees people."""

    probability: NDArray[np.float32]
    """(h, w) 0..1 at the segmentation's own small size; covers the whole picture."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskedFrame:
    """A picture from which the faces are gone. Made by ``deepcam.protection.erase`` and
    nowhere else."""

    image: Image
    """A copy of the raw picture with every pixel under ``mask`` set to 0."""
    mask: Mask
    time: float
    number: int


class Reason(Enum):
    """Why a ``SafeFrame`` may be shown."""

    GENERATED = "generated"
    """Every face in it is generated (or a picture where guard and segmentation agree nobody is)."""
    COVERED = "covered"
    """At least one head is under an opaque cover."""
    CARD = "card"
    """The standby card: nothing of the camera's picture is in it."""


@dataclass(frozen=True, slots=True, eq=False)
class SafeFrame:
    """A picture that may leave the worker. Sinks take nothing else."""

    image: Image
    reason: Reason
    detail: str
    """One short phrase for people: why covered, why the card; '' when generated."""
    time: float
    """The capture time of the raw frame it was made from (same clock as ``Frame.time``)."""
    number: int
    generated: int = 0
    """Faces painted by the generator."""
    covered: int = 0
    """Heads under a cover."""
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage: track, erase, rasterise, generate, compose, total."""
    mask: Mask | None = None
    """Where the picture was replaced; None for the card, which is all of it, and where the picture
    came from another process."""
