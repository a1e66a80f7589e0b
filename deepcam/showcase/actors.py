"""People who do not exist, on film: pictures for the demonstration and the benchmark.

The face is an identity drawn by our own renderer; head, hair, neck and clothes are painted simply,
enough for a detector and a person segmentation to see somebody before a wall.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import N_EXPRESSION, Face, Image, Pose
from deepcam.generator.mesh import SKIRT
from deepcam.generator.render import Renderer, window_matrix
from deepcam.geometry.topology import OVAL
from deepcam.identity.types import Identity

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

LIGHT = np.array([-0.42, -0.50, -0.76])
"""Direction to the light, camera frame, unit length."""
SKULL, SKULL_RADII = np.array([0.0, -0.02, 1.0]), np.array([1.16, 1.50, 1.45])
"""Centre and radii of the back of the head, IOD, head frame."""
_HAIR = np.array([[38, 50, 72], [24, 28, 34], [70, 108, 150], [34, 40, 56], [96, 96, 98]])
_CLOTHES = np.array([[122, 84, 58], [84, 92, 60], [70, 66, 128], [92, 92, 96], [60, 88, 132]])


@dataclass(frozen=True, slots=True)
class Motion:
    """What a person does at one moment."""

    yaw: float
    pitch: float
    roll: float
    """Degrees."""
    shift: tuple[float, float]
    """IOD, from the place of rest."""
    expression: F32
    lids: F32
    gaze: F32


def motion(time: float, phase: float = 0.0) -> Motion:
    """Moving, speaking, blinking and looking about; ``time`` in seconds."""
    t = time + 1.7 * phase
    speaking = 0.5 + 0.5 * np.sin(0.9 * t + phase)
    expression = np.zeros(N_EXPRESSION, np.float32)
    # Coefficient 0 draws the corners of the mouth apart, 1 lowers the jaw.
    expression[0] = 0.5 * np.sin(1.3 * t + phase) + 0.3
    expression[1] = speaking * (1.2 + 1.3 * np.sin(9.5 * t) + 0.5 * np.sin(14.3 * t + 1.0)) - 0.3
    blink = (t + 0.6) % 2.7
    opening = 1.0 - np.exp(-(((blink - 0.12) / 0.07) ** 2))
    look = 0.07 * np.tanh(4.0 * np.sin(1.1 * t + phase))
    return Motion(
        yaw=16.0 * np.sin(0.95 * t + phase),
        pitch=5.0 * np.sin(1.45 * t + 0.5) + 1.0,
        roll=4.0 * np.sin(0.7 * t + 2.0 * phase),
        shift=(0.35 * np.sin(0.8 * t), 0.08 * np.sin(1.7 * t + 1.0)),
        expression=np.clip(expression, -3, 3).astype(np.float32),
        lids=np.array([opening, opening], np.float32),
        gaze=np.array([look, 0.0, look, 0.0], np.float32),
    )


def rotation(yaw: float, pitch: float, roll: float) -> F64:
    """(3, 3) head to camera from angles in degrees, as ``Pose`` counts them."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    out: F64 = about_z @ about_x @ about_y
    return out


class Actor:
    """One person at a place of the picture.

    ``place``: (x, y) between the eyes at rest, and ``scale``, pixels per IOD, in pixels of the
    picture. ``phase``: any number; lets several people move differently.
    """

    def __init__(
        self, identity: Identity, place: tuple[float, float], scale: float, phase: float = 0.0
    ) -> None:
        self.identity = identity
        self.place, self.scale, self.phase = place, scale, phase
        self._renderer = Renderer(identity)
        skin = identity.texture[170:300, 170:340].reshape(-1, 3).astype(np.float64)
        self._skin = np.median(skin, 0)
        self._hair = _HAIR[identity.seed % len(_HAIR)].astype(np.float64)
        self._clothes = _CLOTHES[(identity.seed // 7) % len(_CLOTHES)].astype(np.float64)
        rng = np.random.default_rng(identity.seed)
        around = rng.uniform(-np.pi, np.pi, 420)
        self._strands = np.stack([around, rng.uniform(0.25, 1.0, 420), rng.normal(0, 1, 420)], 1)

    def face(self, time: float) -> Face:
        """How the person holds and moves at ``time`` seconds."""
        now = motion(time, self.phase)
        centre = np.array(self.place) + self.scale * np.array(now.shift)
        pose = Pose(self.scale, rotation(now.yaw, now.pitch, now.roll), centre)
        return Face(0, 1.0, np.zeros((0, 2), np.float32), pose, now.expression, now.lids, now.gaze)

    def draw(self, canvas: Image, time: float) -> None:
        """Paint the person into ``canvas`` (h, w, 3), in place."""
        face = self.face(time)
        assert face.pose is not None
        self._body(canvas, face.pose)
        self._back_hair(canvas, face.pose)
        self._skull(canvas, face.pose)
        self._face(canvas, face)
        self._front_hair(canvas, face.pose)

    def _body(self, canvas: Image, pose: Pose) -> None:
        # The trunk follows the head only half: people turn their necks.
        rest = np.array(self.place)
        x, y = rest + 0.4 * (pose.translation - rest)
        s = self.scale
        layer = canvas.copy()
        half = np.array([1.0, 1.75, 2.6, 3.15, 3.35, 3.4])
        down = np.array([2.35, 2.62, 2.95, 3.6, 5.0, 9.0])
        side = _smooth(np.stack([half, down], 1) * s)
        trunk = np.concatenate([side, (side * [-1, 1])[::-1]]) + np.array([x, y])
        _polygon(layer, trunk, self._clothes * 0.92)
        _blend(canvas, layer, 0.012 * s)
        chin = self._point(pose, np.array([[0.0, 1.1, 0.9]]))[0]
        neck = np.array(
            [[-0.66, -0.5], [0.66, -0.5], [0.72, 1.1], [1.02, 1.55], [0.0, 2.2], [-1.02, 1.55],
             [-0.72, 1.1]]
        )  # fmt: skip
        top = np.array([chin[0], chin[1]])
        base = np.array([x, y + 1.25 * s])
        share = np.clip((neck[:, 1:] + 0.5) / 1.6, 0, 1)
        points = (1 - share) * (top + neck * s) + share * (base + neck * s)
        layer = canvas.copy()
        _polygon(layer, points, self._skin * 0.78)
        shade = points.copy()
        shade[2:, 1] -= 0.55 * s
        _polygon(layer, shade[[0, 1, 2, 6]], self._skin * 0.66)
        _blend(canvas, layer, 0.05 * s)

    def _skull(self, canvas: Image, pose: Pose) -> None:
        layer = canvas.copy()
        _polygon(layer, self._rim(pose, 1.0), self._skin * 0.84)
        jaw = self._point(pose, 1.01 * self.identity.shape[OVAL].astype(np.float64))
        hull = cv2.convexHull(jaw.astype(np.float32))[:, 0].astype(np.float64)
        _polygon(layer, hull, self._skin * 0.80)
        for side in (-1.0, 1.0):
            ear = self._point(pose, np.array([[1.22 * side, 0.38, 1.12]]))[0]
            turned = side * pose.rotation[0, 2] * -1.0
            if turned > -0.45:
                axes = (0.17 * self.scale * (1 + 0.5 * turned), 0.36 * self.scale)
                for shrink, tone in ((1.0, 0.82), (0.6, 0.66)):
                    size = (round(axes[0] * shrink * 16), round(axes[1] * shrink * 16))
                    middle = (round(ear[0] * 16), round(ear[1] * 16))
                    colour = _colour(self._skin * tone)
                    cv2.ellipse(layer, middle, size, pose.roll, 0, 360, colour, -1, cv2.LINE_AA, 4)
        _blend(canvas, layer, 0.02 * self.scale)

    def _face(self, canvas: Image, face: Face) -> None:
        assert face.pose is not None
        s, (cx, cy) = self.scale, face.pose.translation
        x0, y0 = round(cx - 2.2 * s), round(cy - 2.0 * s)
        wide, high = round(4.4 * s), round(4.8 * s)
        zoom = 2  # drawn twice as large: the renderer's edges are hard
        to_window = np.array([[zoom, 0, -x0 * zoom + 0.5], [0, zoom, -y0 * zoom + 0.5]], np.float32)
        size = (wide * zoom, high * zoom)
        render = self._renderer.draw(face, window_matrix(face, to_window), size)
        normal = render.attributes[..., 3:6] @ face.pose.rotation.T.astype(np.float32)
        length = np.linalg.norm(normal, axis=2, keepdims=True) + 1e-6
        lambert = np.clip((normal / length) @ LIGHT.astype(np.float32), 0.0, 1.0)
        shading = (0.44 + 0.62 * lambert)[..., None]
        inner = render.kind >= 3  # eyes and mouth bring their own shading
        shading[inner] = 0.84
        lit = np.clip(render.colour * shading, 0, 255)
        # Without the skirt: it lies outside the face, where the head is painted.
        drawn = ((render.kind > 0) & (render.kind != SKIRT)).astype(np.float32)
        alpha = cv2.GaussianBlur(drawn, (0, 0), 0.07 * s * zoom)
        alpha = np.clip(2 * alpha - 1, 0, 1)
        lit = cv2.resize(lit * alpha[..., None], (wide, high), interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(alpha, (wide, high), interpolation=cv2.INTER_AREA)
        _paste(canvas, lit, alpha, x0, y0)

    def _back_hair(self, canvas: Image, pose: Pose) -> None:
        layer = canvas.copy()
        rim = self._rim(pose, 1.12, lift=-0.10)
        _polygon(layer, rim, self._hair * 0.8)
        _blend(canvas, layer, 0.03 * self.scale)

    def _front_hair(self, canvas: Image, pose: Pose) -> None:
        s = self.scale
        # The hairline in the head frame: from temple to temple over the forehead.
        u = np.linspace(-1, 1, 33)
        line = np.stack(
            [1.20 * np.sin(u * 1.45) / np.sin(1.45), -0.98 + 1.05 * np.abs(u) ** 3.2,
             0.02 + 1.05 * np.abs(u) ** 2.2],
            1,
        )  # fmt: skip
        front = self._point(pose, line)
        rim = self._rim(pose, 1.12, lift=-0.10)
        middle = rim.mean(0)
        # The part of the outline above both temples, from the right of the picture to the left.
        axis = front[-1] - front[0]
        normal = np.array([axis[1], -axis[0]])
        normal /= np.linalg.norm(normal) + 1e-9
        above = rim[((rim - 0.5 * (front[0] + front[-1])) @ normal) > 0]
        order = np.argsort(-(above - middle) @ (axis / (np.linalg.norm(axis) + 1e-9)))
        cap = np.concatenate([front, above[order]])
        layer = canvas.copy()
        _polygon(layer, cap, self._hair)
        top = self._point(pose, np.array([[0.25, -1.35, 0.55]]))[0]
        mask = np.zeros(canvas.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(cap * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        strands = layer.copy()
        for around, reach, tone in self._strands:
            end = top + 2.0 * s * reach * np.array([np.sin(around), -np.cos(around) * 0.9])
            bend = 0.5 * (top + end) + 0.22 * s * np.array([np.cos(around), np.sin(around)])
            k = np.linspace(0, 1, 9)[:, None]
            path = (1 - k) ** 2 * top + 2 * k * (1 - k) * bend + k**2 * end
            shade = self._hair * (1.0 + 0.22 * tone) + (10 if tone > 1 else 0)
            cv2.polylines(
                strands, [np.round(path * 16).astype(np.int32)], False, _colour(shade),
                max(1, round(0.02 * s)), cv2.LINE_AA, 4,
            )  # fmt: skip
        cv2.copyTo(strands, mask, layer)
        _blend(canvas, layer, 0.035 * s)

    def _rim(self, pose: Pose, grow: float, lift: float = 0.0) -> F64:
        """The outline of the head's ellipsoid in the picture, (n, 2)."""
        centre = self._point(pose, (SKULL + np.array([0, lift, 0]))[None])[0]
        # The shadow of an ellipsoid is an ellipse whose matrix is the projected one.
        spread = pose.rotation[:2] * (SKULL_RADII * grow * pose.scale)
        values, vectors = np.linalg.eigh(spread @ spread.T)
        angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
        circle = np.stack([np.cos(angle), np.sin(angle)])
        out: F64 = (vectors @ (np.sqrt(values)[:, None] * circle)).T + centre
        return out

    def _point(self, pose: Pose, points: F64) -> F64:
        out: F64 = pose.scale * points @ pose.rotation[:2].T + pose.translation
        return out


def film(
    actors: Sequence[Actor], size: tuple[int, int], fps: float, frames: int
) -> Iterator[Image]:
    """``frames`` pictures of ``size`` (width, height); smaller (farther) people are behind."""
    ordered = sorted(actors, key=lambda a: a.scale)
    # Grain as a camera has it; the same pictures at every call.
    rng = np.random.default_rng(7)
    grain = [rng.normal(0, 1.6, (size[1], size[0], 1)).astype(np.float32) for _ in range(3)]
    for number in range(frames):
        canvas = backdrop(*size).copy()
        for actor in ordered:
            actor.draw(canvas, number / fps)
        noisy = canvas.astype(np.float32) + grain[number % 3]
        yield np.clip(noisy + 0.5, 0, 255).astype(np.uint8)


@lru_cache(maxsize=2)
def backdrop(width: int, height: int) -> Image:
    """A wall in soft light, (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    glow = np.exp(-((x - 0.32) ** 2 / 0.22 + (y - 0.30) ** 2 / 0.35))
    tone = 0.62 + 0.34 * glow - 0.10 * y
    wall = np.array([176, 178, 172], np.float32) * tone[..., None]
    out: Image = np.clip(wall, 0, 255).astype(np.uint8)
    out.setflags(write=False)
    return out


def _colour(bgr: F64) -> tuple[float, float, float]:
    b, g, r = np.clip(bgr, 0, 255)
    return float(b), float(g), float(r)


def _polygon(image: Image, points: F64, bgr: F64) -> None:
    fixed = np.round(points * 16).astype(np.int32)
    cv2.fillPoly(image, [fixed], _colour(bgr), cv2.LINE_AA, 4)


def _smooth(points: F64) -> F64:
    """An open line through ``points``, rounded (Chaikin, three times)."""
    for _ in range(3):
        a, b = points[:-1], points[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], 1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut, points[-1:]])
    return points


def _blend(canvas: Image, layer: Image, softness: float) -> None:
    """Lay ``layer`` on ``canvas`` with the edges of what differs softened, pixels."""
    changed = (cv2.absdiff(canvas, layer).max(2) > 0).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(changed)
    if w == 0 or h == 0:
        return
    part = np.s_[y : y + h, x : x + w]
    alpha = cv2.GaussianBlur(changed[part].astype(np.float32), (0, 0), max(0.6, softness))
    alpha = np.clip(2 * alpha - 1, 0, 1)[..., None]
    mixed = canvas[part] + alpha * (layer[part].astype(np.float32) - canvas[part])
    canvas[part] = (mixed + 0.5).astype(np.uint8)


def _paste(canvas: Image, lit: F32, alpha: F32, x0: int, y0: int) -> None:
    height, width = canvas.shape[:2]
    a, b = max(0, -x0), max(0, -y0)
    c, d = min(lit.shape[1], width - x0), min(lit.shape[0], height - y0)
    if c <= a or d <= b:
        return
    part = canvas[y0 + b : y0 + d, x0 + a : x0 + c]
    share = alpha[b:d, a:c, None]
    part[:] = np.clip(lit[b:d, a:c] + (1 - share) * part + 0.5, 0, 255).astype(np.uint8)
