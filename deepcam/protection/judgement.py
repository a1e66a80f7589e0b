"""Whether anything can be told of a picture, and a copy that can be looked at of one that is nearly
dark or in coloured light.

Only the tracker and the person segmentation look at that copy; what is shown is made
from the picture itself. When nobody is found in a picture of which nothing can be told, the card
is shown: somebody may be there, and averaging frames would bring the face back.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Image
from deepcam.frames.light import tint_of

DIM, DARK = 70.0, 24.0
"""Luma (95 % of the coarse picture is darker) below which a brightened copy is looked at, and below
which a picture without anybody is not believed."""
AIM, MOST = 190.0, 25.0
"""Luma that the brightened copy's light parts get, and the highest gain."""
FLAT = 5.0
"""Levels between dark and light parts (2 % and 98 %) below which nothing can be told apart."""
SKIN = 0.55
"""Share of skin tones from which a face larger than the picture may fill it. Measured: faces 4.5
and 7 times as large as the picture .6 and more."""
BENT = 0.022
"""Of cells of skin, the median departure of their luma from a plane over the 97th percentile of
its gradients (Sobel), from which they may be a face: skin is bent everywhere and has few edges,
walls of that colour are flat and end at the edges of what stands before them. Measured: 3,124 of
3,126 parts of photographs enlarged until a face is 2.2 to 8 times as large as the picture have
more; 424 of 437 made rooms with that much of these colours have less."""
TOO_DARK = "Too dark to see who is there"
ONE_COLOUR = "Picture of one colour"
TOO_NEAR = "Too near to see who is there"
_GRID = (64, 36)


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What can be told of one picture."""

    copy: Image | None
    """The picture without its dark or its coloured light; None when there is neither."""
    unjudged: str
    """Why nothing can be told at all: too dark, or of one colour; '' when something can."""
    coarse: NDArray[np.uint8]
    """The picture averaged into few cells, BGR."""

    @property
    def blind(self) -> str:
        """Why the picture must not be shown when nobody is found in it, in a few words; '' when it
        may. Asked only then: a millisecond where most of it has skin's colours."""
        return self.unjudged or (TOO_NEAR if _filled_with_skin(self.coarse) else "")


def judge(image: Image) -> Sight:
    """Of a BGR picture (h, w, 3) uint8; some tenths of a millisecond, more when it is dark."""
    step = max(1, min(image.shape[0] // (4 * _GRID[1]), image.shape[1] // (4 * _GRID[0])))
    few = np.ascontiguousarray(image[::step, ::step])
    coarse = np.asarray(cv2.resize(few, _GRID, interpolation=cv2.INTER_AREA), np.uint8)
    luma = cv2.cvtColor(coarse, cv2.COLOR_BGR2GRAY)
    low, light, high = np.percentile(luma, [2, 95, 98])
    copy = _neutral(image, coarse, float(light))
    if light < DARK:
        return Sight(copy, TOO_DARK, coarse)
    return Sight(copy, ONE_COLOUR if high - low < FLAT else "", coarse)


def _neutral(image: Image, coarse: NDArray[np.uint8], light: float) -> Image | None:
    """``image`` brightened and with less colour as far as it needs it; ``light``: luma of its
    light parts.

    Under a blue or green lamp the detector misses faces that it finds in grey: with 12 % of white
    left 6 of 14 photographs, with none all 14, with 30 % one of 12; in grey none of them.
    """
    channels = np.percentile(coarse.reshape(-1, 3), 95, axis=0)
    strongest = max(float(channels.max()), 1.0)
    tint = tint_of(channels)
    light += tint * (strongest - light)
    if tint == 0 and light >= DIM:
        return None
    gain = float(min(AIM / max(light, 1.0), MOST)) if light < DIM else 1.0
    if light < DIM:
        # Noise is amplified as well: averaged over a few pixels first, more in the dark.
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0 if light > DARK else 2.0), np.uint8)
    if tint == 0:
        return np.asarray(cv2.convertScaleAbs(image, alpha=gain), np.uint8)
    # The channels' sum: a weak channel, which is mostly noise, has little of it.
    grey = tint * gain * strongest / max(float(channels.sum()), 1.0)
    mix = np.full((3, 3), grey) + (1 - tint) * gain * np.eye(3)
    return np.asarray(cv2.transform(image, mix), np.uint8)


def _filled_with_skin(coarse: NDArray[np.uint8]) -> bool:
    """Whether a face larger than the picture may fill the coarse BGR picture."""
    converted = cv2.cvtColor(coarse, cv2.COLOR_BGR2YCrCb)
    # The colours of skin of all tones (Chai and Ngan, 1999).
    skin = ((converted >= (20, 135, 80)) & (converted <= (255, 175, 125))).all(2)
    if not skin.mean() > SKIN:
        return False
    luma = converted[..., 0].astype(np.float32)
    y, x = np.nonzero(skin)
    plane = np.stack([x, y, np.ones(len(x))], 1).astype(np.float32)
    values = luma[skin]
    fitted = plane @ np.linalg.lstsq(plane, values, rcond=None)[0]
    edges = np.hypot(cv2.Sobel(luma, -1, 1, 0), cv2.Sobel(luma, -1, 0, 1))[skin]
    bent = float(np.median(np.abs(values - fitted)))
    return bent >= BENT * float(np.percentile(edges, 97))
