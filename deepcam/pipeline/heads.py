"""``cover="head"``: plans with whole-head outlines, and the hair drawn around painted faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from deepcam.frames import Face, MaskedFrame, Pose
from deepcam.frames.outlines import fill, grow, hull, size
from deepcam.generator.hair import Surroundings, draw_hair, whole_outline
from deepcam.identity.types import Identity, nobody
from deepcam.protection.plans import Kind, Plan
from deepcam.runtime.cores import Pair

COVERS_GROW = 1.3
"""A covered place holds ears and hair as well."""


def whole(plan: Plan) -> Plan:
    """``plan`` with the outline of a population head with hair; holds all of the old outline."""
    if plan.kind is not Kind.GENERATE or plan.face is None or plan.face.pose is None:
        return replace(plan, outline=grow(plan.outline, COVERS_GROW))
    pose = plan.face.pose
    # A place that grew because less is known of it grows here as well.
    factor = float(np.clip(size(plan.outline) / (2.6 * pose.scale), 1.0, 1.8))
    return replace(plan, outline=hull([grow(whole_outline(pose), factor), plan.outline]))


class Heads:
    """Reads the surroundings before faces are painted; draws the hair afterwards."""

    def __init__(self, masked: MaskedFrame, plans: Sequence[Plan], pair: Pair) -> None:
        self._masked, self._pair = masked, pair
        self._todo = [
            (p, p.face, Surroundings(masked.image, masked.mask, p.face))
            for p in plans
            if p.face is not None and p.face.pose is not None
        ]
        # Nearer heads last, as their faces.
        self._todo.sort(key=lambda t: t[1].pose.scale if t[1].pose else 0.0)

    def draw(self, identities: Mapping[int, Identity]) -> None:
        """Under the mask and inside each plan's outline only."""
        for plan, face, around in self._todo:
            region = np.zeros(self._masked.mask.shape, np.uint8)
            fill(region, plan.outline, 255)
            region &= self._masked.mask
            draw_hair(self._masked.image, region, face, identities[plan.track], around, self._pair)


def warm_up_hair() -> None:
    """Compile what draws hair, so that the first frame does not wait."""
    pose = Pose(20.0, np.eye(3), np.array([60.0, 60.0]))
    face = Face(-1, 1.0, whole_outline(pose), pose)
    image, region = np.zeros((120, 120, 3), np.uint8), np.full((120, 120), 255, np.uint8)
    draw_hair(image, region, face, nobody(), Surroundings(image, region, face))
