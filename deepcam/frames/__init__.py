"""What everybody may know of: pictures, raw and safe, the people in them, and polygons."""

from deepcam.frames.types import (
    LUMA,
    N_EXPRESSION,
    Face,
    Frame,
    Image,
    Mask,
    MaskedFrame,
    Persons,
    Points,
    Pose,
    Reason,
    SafeFrame,
)

__all__ = [
    "LUMA",
    "N_EXPRESSION",
    "Face",
    "Frame",
    "Image",
    "Mask",
    "MaskedFrame",
    "Persons",
    "Points",
    "Pose",
    "Reason",
    "SafeFrame",
]
