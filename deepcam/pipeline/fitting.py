"""Other people tried on the newest erased picture: what one would look like, before it is worn.

Only pictures that ``erase`` has made are kept, only while somebody chooses a face, and only in the
worker's memory. What comes out went the way of every frame: painted or covered under the mask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from deepcam.frames import Image, Mask, MaskedFrame, Reason, SafeFrame
from deepcam.frames.outlines import fill
from deepcam.identity.types import Identity
from deepcam.pipeline.heads import Heads
from deepcam.protection.covers import Surroundings, draw_cover
from deepcam.protection.erase import again
from deepcam.protection.plans import Kind, Plan
from deepcam.runtime.cores import Pair

AROUND = 1.7
"""Side of the close view, in heights of the face's outline."""
SIDE = 224
"""Pixels of the close view."""

Paint = Callable[[MaskedFrame, Sequence[Plan], Mapping[int, Identity]], Mapping[str, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """An erased picture and what has to be drawn into it."""

    masked: MaskedFrame
    plans: Sequence[Plan]
    """With the outlines that were erased."""
    faces: Sequence[Plan]
    """Those to be generated, with the outlines of the faces alone."""

    def fill(
        self,
        identities: Mapping[int, Identity],
        paint: Paint | None,
        pair: Pair | None,
        lap: Callable[[str], None] = lambda _: None,
    ) -> Mapping[str, float]:
        """Paint the faces and draw the covers into ``masked.image``, in place. ``pair``: hair is
        drawn around the faces. Returns milliseconds by stage of ``paint``."""
        masked, timings = self.masked, dict[str, float]()
        generated = [p for p in self.plans if p.kind is Kind.GENERATE]
        covered = [p for p in self.plans if p.kind is Kind.COVER]
        colours = None
        if covered or any(p.fade > 0 for p in generated):
            colours = Surroundings(masked.image, masked.mask)
        if generated and paint is not None:
            around = Heads(masked, generated, pair) if pair is not None else None
            timings.update(paint(masked, self.faces, identities))
            lap("paint")
            if around is not None:
                around.draw(identities)
                lap("hair")
        # Painted faces are never covered by somebody else's cover: nothing raw is left there.
        spare = _stamp(masked.mask, generated) if covered else None
        for plan in covered:
            draw_cover(masked.image, plan.outline, 1.0, spare, colours, plan.strength)
        for plan in generated:
            if plan.fade > 0:
                draw_cover(masked.image, plan.outline, plan.fade, None, colours)
        lap("cover")
        return timings


class Fitting:
    """The newest scene with a face in it, kept while ``wanted``."""

    def __init__(self) -> None:
        self._kept: tuple[Scene, Mapping[int, Identity]] | None = None
        self._wanted = False

    @property
    def ready(self) -> bool:
        """There is a scene to try somebody on."""
        return self._kept is not None

    def want(self, wanted: bool) -> None:
        """Keep scenes from now on; or forget the one that is kept."""
        self._wanted = wanted
        if not wanted:
            self._kept = None

    def forget(self) -> None:
        """The scene is no longer what the camera sees."""
        self._kept = None

    def keep(self, scene: Scene, identities: Mapping[int, Identity]) -> None:
        """``scene`` before anything is painted into it."""
        if self._wanted and scene.faces:
            self._kept = Scene(again(scene.masked), scene.plans, scene.faces), identities

    def draw(self, identity: Identity, paint: Paint, pair: Pair | None) -> SafeFrame | None:
        """The largest face with ``identity``, seen close, (SIDE, SIDE, 3); None without a scene."""
        if self._kept is None:
            return None
        kept, worn = self._kept
        scene = Scene(again(kept.masked), kept.plans, kept.faces)
        face = max(scene.faces, key=lambda p: float(np.ptp(p.outline[:, 1])))
        scene.fill({**worn, face.track: identity}, paint, pair)
        covered = sum(p.kind is Kind.COVER for p in scene.plans)
        masked = scene.masked
        return SafeFrame(
            _close(masked.image, face),
            Reason.COVERED if covered else Reason.GENERATED,
            "", masked.time, masked.number, len(scene.faces), covered,
        )  # fmt: skip


def _close(image: Image, face: Plan) -> Image:
    """Head and shoulders as a square, moved inside where the picture ends."""
    low, high = face.outline.min(0), face.outline.max(0)
    half = 0.5 * AROUND * float(high[1] - low[1])
    middle = (low + high) / 2
    height, width = image.shape[:2]
    half = min(half, 0.5 * min(height, width))
    x = float(np.clip(middle[0], half, max(half, width - half)))
    y = float(np.clip(middle[1], half, max(half, height - half)))
    x0, y0, side = int(x - half), int(y - half), max(1, int(2 * half))
    part = image[max(0, y0) : y0 + side, max(0, x0) : x0 + side]
    shrink = cv2.INTER_AREA if part.shape[0] > SIDE else cv2.INTER_LINEAR
    out: Image = np.asarray(cv2.resize(part, (SIDE, SIDE), interpolation=shrink), np.uint8)
    return out


def _stamp(like: Mask, plans: Sequence[Plan]) -> Mask | None:
    """(h, w) with 255 where ``plans`` are painted; None when there are none."""
    if not plans:
        return None
    mask = np.zeros_like(like)
    for plan in plans:
        fill(mask, plan.outline, 255)
    return mask
