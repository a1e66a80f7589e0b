"""The tone a face has to have here: that of the neck and ears around the mask.

The network corrects light; this carries an identity of any skin tone most of the way first. Only
pixels outside the mask are looked at.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.generator.conditioning import Context
from deepcam.generator.mesh import SKIN
from deepcam.generator.render import Render

F32 = NDArray[np.float32]

STRENGTH = 0.92
LIMIT = 1.0
"""Largest change of brightness, natural logarithm."""
COLOUR_LIMIT = 0.50
"""Largest change of a channel beside that: a scarf taken for skin must not dye the face."""
SHADE = 0.04
"""The neck lies in the chin's shade: the face is this much lighter (log)."""
ENOUGH = 40
"""Visible skin pixels (at 128 px) below which nothing is changed."""
NECK_TRUST, TRUST = 30.0, 200.0
"""So many pixels (at 128 px) of a neck, or of what may also be hair, are believed by half: a face
in its own colours looks better than one in the colours of hair."""


def visible_skin(surroundings: Context) -> tuple[F32, float]:
    """Weight (n, n) of pixels that look like skin below or beside the mask, and how far their
    tone is to be believed, 0..1.

    The chroma gate of Chai & Ngan (IEEE TCSVT 9(4), 1999), widened for warm lamps; the neck if
    enough of it can be seen, else also ears and cheeks beside the mask: hair has skin's chroma.
    """
    n = surroundings.mask.shape[0]
    known = (1 - surroundings.mask).astype(np.float32)
    y, x = np.mgrid[:n, :n].astype(np.float32) / n - 0.5
    ycc = cv2.cvtColor((surroundings.fill * 255).astype(np.uint8), cv2.COLOR_BGR2YCrCb)
    blue, green, red = (surroundings.fill[..., k] for k in range(3))
    skin = (
        # No skin is as red or as yellow as cloth, under any lamp people sit under.
        (green > 0.45 * red)
        & (green < 0.92 * red)
        & (blue > 0.12 * red)
        & (ycc[..., 1] >= 135)
        & (ycc[..., 1] <= 190)
        & (ycc[..., 2] >= 45)
        & (ycc[..., 2] <= 127)
        & (ycc[..., 0] > 24)
    )
    found = cv2.erode((known * skin).astype(np.float32), np.ones((3, 3), np.uint8))
    neck = found * ((y > 0.08) & (np.abs(x) < 0.2))
    unit = (n / 128) ** 2
    count = float(neck.sum()) / unit
    if count >= ENOUGH:
        return np.asarray(neck, np.float32), count / (count + NECK_TRUST)
    near = found * ((y > -0.08) & (y < 0.42) & (np.abs(x) < 0.33))
    count = float(near.sum()) / unit
    return np.asarray(near, np.float32), count / (count + TRUST) if count >= ENOUGH else 0.0


def wanted_gain(surroundings: Context, render: Render) -> F32 | None:
    """Natural logarithm (3,) of the gain that brings the render's skin to the visible skin's tone;
    None when too little skin can be seen."""
    weight, trust = visible_skin(surroundings)
    mesh = render.kind == SKIN
    if trust == 0.0 or not mesh.any():
        return None
    seen = np.log(surroundings.fill[weight > 0] + 0.02)
    # The brighter half: skin in light, not creases, collar shadows or beard.
    level = seen.mean(1)
    seen = seen[level >= np.median(level)].mean(0)
    own = np.log(render.colour[mesh] * np.float32(1 / 255) + 0.02)
    brightness = own.mean(1)
    own = own[brightness >= np.median(brightness)].mean(0)
    change = trust * (STRENGTH * (seen - own) + SHADE)
    light = change.mean()
    colour = np.clip(change - light, -COLOUR_LIMIT, COLOUR_LIMIT)
    gain: F32 = (np.clip(light, -LIMIT, LIMIT) + colour).astype(np.float32)
    return gain
