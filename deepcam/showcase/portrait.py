"""A portrait of an identity: the bare face, neutral or smiling, before a plain ground."""

from __future__ import annotations

import cv2
import numpy as np

from deepcam.frames import N_EXPRESSION, Face, Image, Pose
from deepcam.generator.mesh import SKIRT
from deepcam.generator.render import Renderer, window_matrix
from deepcam.identity.types import Identity

GROUND = np.array([58, 54, 50], np.float32)
LIGHT = np.array([-0.32, -0.42, -0.85], np.float32)


def portrait(identity: Identity, size: int = 512, yaw: float = 0.0, smile: float = 0.0) -> Image:
    """(size, size, 3) BGR; ``yaw`` degrees, ``smile`` 0 neutral .. 1 broad."""
    fine = 2 * size
    angle = np.radians(yaw)
    c, s = float(np.cos(angle)), float(np.sin(angle))
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    scale = fine / 3.4
    pose = Pose(scale, turn, np.array([fine / 2, fine / 2 - 0.48 * scale]))
    expression = np.zeros(N_EXPRESSION, np.float32)
    # The first movement draws the corners of the mouth up and apart, and parts the lips.
    expression[0] = 3.0 * smile
    lids = np.full(2, 1.0 - 0.12 * smile, np.float32)
    face = Face(0, 1.0, np.zeros((0, 2), np.float32), pose, expression, lids)
    straight = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    render = Renderer(identity).draw(face, window_matrix(face, straight), (fine, fine))
    normal = render.attributes[..., 3:6] @ turn.T.astype(np.float32)
    normal /= np.linalg.norm(normal, axis=2, keepdims=True) + 1e-6
    shading = 0.55 + 0.5 * np.clip(normal @ LIGHT, 0, 1)
    shading[render.kind >= 3] = 0.92
    shown = ((render.kind > 0) & (render.kind != SKIRT)).astype(np.float32)
    alpha = cv2.GaussianBlur(shown, (0, 0), fine / 200)
    alpha = np.clip(2 * alpha - 1, 0, 1)[..., None]
    picture = render.colour * shading[..., None] * alpha + GROUND * (1 - alpha)
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    out: Image = np.clip(small + 0.5, 0, 255).astype(np.uint8)
    return out
