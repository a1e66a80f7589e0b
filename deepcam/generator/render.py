"""The renderer: an identity, posed, as pixels; face, lids, eyes and inner mouth, unlit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from deepcam.frames import Face
from deepcam.generator.level import levelled
from deepcam.generator.mesh import (
    EYE_L,
    EYE_R,
    MOUTH,
    SKIN,
    SKIRT,
    Posed,
    full_contour,
    pose_mesh,
    relax_lids,
    triangles,
)
from deepcam.generator.teeth import DEPTH, HALF_SPAN, sprites
from deepcam.geometry.raster import rasterise, sample_texture
from deepcam.identity.blend import LOG
from deepcam.identity.types import Identity
from deepcam.runtime.cores import Pair

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

IRIS_RADIUS = 0.094
"""IOD; population mean of 11.7 mm over 62 mm."""
LEAST_BLUR = 0.3
"""Texels of blur below which there is none to be seen."""
LIP_SHADOW, SHADOW_REACH = 0.45, 0.055
"""Light that the upper lip takes from the teeth at its edge, and how far down it does (IOD)."""


_PLAIN = np.ones(3, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Render:
    """What the identity looks like in a window of the picture."""

    colour: F32
    """(h, w, 3) BGR 0..255; 0 where nothing is drawn."""
    kind: I32
    """(h, w) codes of ``deepcam.generator.mesh``."""
    attributes: F32
    """(h, w, 6): u, v of the skin (see ``Posed``) and the head-frame normal, unnormalised; without
    normals (h, w, 3). Meaningless where nothing is drawn."""


class Scratch:
    """Memory that is used again from frame to frame: fresh pages cost more than drawing does.

    What was drawn with it is overwritten by the next drawing with it.
    """

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[np.generic]] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: type[np.generic]) -> Any:
        """An array with anything in it."""
        count = int(np.prod(shape))
        kept = self._kept.get(name)
        if kept is None or kept.size < count:
            kept = self._kept[name] = np.zeros(count * 5 // 4, dtype)
        return kept[:count].reshape(shape)


class Renderer:
    """Draws one identity. Keeps its texture at several sizes so that small faces do not alias."""

    def __init__(self, identity: Identity, exact: bool = False) -> None:
        """``exact``: draw the shape as it is, for a photograph's own; else ``levelled``, and with
        ``relax_lids``."""
        self.identity = identity
        shape = identity.shape if exact else levelled(identity.shape, identity.texture)
        self.shape = shape if exact else relax_lids(shape)
        self.contour = full_contour(shape)
        """Factor (36,) for ``draw`` with which the face nearly fills the mask."""
        self._last: tuple[Face, F32 | None, Posed] | None = None
        self.levels: list[U8] = [np.ascontiguousarray(identity.texture)]
        while self.levels[-1].shape[0] > 64:
            size = self.levels[-1].shape[0] // 2
            self.levels.append(
                np.ascontiguousarray(
                    cv2.resize(self.levels[-1], (size, size), interpolation=cv2.INTER_AREA)
                )
            )
        self._changed: dict[tuple[int, int | None, int], U8] = {}
        self._middle = LOG[identity.texture[150:400, 130:380]].mean((0, 1))
        self.teeth = sprites(identity.teeth)
        tone = identity.texture[160:320, 160:352].reshape(-1, 3).mean(0)
        self._lip = np.ascontiguousarray(tone * np.array([0.30, 0.26, 0.42]), np.float32)
        self._white = (np.array([214, 218, 222]) * (0.72 + 0.28 * tone.mean() / 190.0)).astype(
            np.float32
        )

    def draw(
        self,
        face: Face,
        matrix: F32,
        size: tuple[int, int],
        contour: F32 | None = None,
        gain: F32 = _PLAIN,
        normals: bool = True,
        blur: float = 0.0,
        flatten: float = 0.0,
        scratch: Scratch | None = None,
        pair: Pair | None = None,
    ) -> Render:
        """Render into a window of ``size`` (width, height).

        ``contour``: factor (36,) on the outline's width.
        ``matrix``: (2, 4) affine from head-frame x, y, z (before rotation by the pose: see
        ``window_matrix``) to window pixels. ``gain``: (3,) factor on the skin. ``normals``: whether
        the attributes hold them; without, the picture is for eyes and not for the network, and the
        steps of lids and lips are smoothed. ``blur``: deviation of the skin's blur, window pixels.
        ``flatten``: share of the skin's contrast that is taken away, 0..1. ``scratch``: where to
        draw; else into arrays of its own. ``pair``: who shares the work.
        Raises ``ValueError`` without a pose.
        """
        if face.pose is None:
            raise ValueError("a face without a pose cannot be rendered")
        posed = self._posed(face, contour)
        width, height = size
        p = posed.points
        screen = np.empty((len(p), 3), np.float32)
        screen[:, :2] = p @ matrix[:, :3].T + matrix[:, 3]
        screen[:, 2] = p @ face.pose.rotation[2].astype(np.float32) + posed.depth_bias
        tri, kinds = triangles()
        vertex = posed.attributes if normals else np.ascontiguousarray(posed.attributes[:, :3])
        take = (scratch or Scratch()).take
        attributes = take(
            f"attributes{vertex.shape[1]}", (height, width, vertex.shape[1]), np.float32
        )
        depth = take("depth", (height, width), np.float32)
        kind = take("kind", (height, width), np.int32)
        colour = take("colour", (height, width, 3), np.float32)
        # One texel of level L per pixel: the UV square spans about 2.1 IOD.
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2])) + 1e-6))
        texels = self.levels[0].shape[0] / max(2.1 * scale, 1.0)
        level = int(np.clip(np.floor(np.log2(max(texels, 1.0)) + 0.35), 0, len(self.levels) - 1))
        texture = self._texture(level, blur * texels / 2**level, flatten)

        def surface(first: int, last: int) -> None:
            rows = slice(first, last)
            depth[rows], kind[rows], colour[rows] = np.inf, 0, 0
            rasterise(screen, vertex, tri, kinds, attributes, depth, kind, first, last)
            sample_texture(texture, gain, attributes[rows], kind[rows], SKIRT, colour[rows])

        if pair is None:
            surface(0, height)
        else:
            pair.rows(surface, height)
        pixel = (1.0 + blur) / max(scale, 1.0)
        _shade_eyes(
            attributes, kind, self.identity.iris.astype(np.float32), self._white, pixel, colour
        )
        _shade_mouth(attributes, kind, self.teeth, self._lip, pixel, colour)
        # Half of it is light, which falls on eyes and teeth as well.
        _tint(kind, np.sqrt(gain), colour)
        if not normals:
            _smooth_edges(kind, colour)
        return Render(colour, kind, attributes)

    def _texture(self, level: int, sigma: float, flatten: float) -> U8:
        """The texture's ``level``, blurred by ``sigma`` of its texels, ``flatten`` of its
        contrast gone."""
        # Steps of a fifth and of a twentieth, so that the same few are used again and again.
        blur = round(4 * math.log2(sigma)) if sigma >= LEAST_BLUR else None
        less = round(20 * flatten)
        if blur is None and less == 0:
            return self.levels[level]
        found = self._changed.get((level, blur, less))
        if found is None:
            if len(self._changed) >= 12:
                self._changed.clear()
            found = self.levels[level]
            if less:
                grey = LOG[:, None]
                table = np.exp(self._middle + (grey - self._middle) * (1 - less / 20)) - 8
                rows = np.clip(np.round(table), 0, 255).astype(np.uint8)
                found = np.asarray(cv2.LUT(found, rows[None]), np.uint8)
            if blur is not None:
                found = np.asarray(cv2.GaussianBlur(found, (0, 0), 2 ** (blur / 4)), np.uint8)
            found = self._changed[(level, blur, less)] = np.ascontiguousarray(found)
        return found

    def _posed(self, face: Face, contour: F32 | None) -> Posed:
        """The mesh; the same face is drawn twice in a frame, small and large."""
        last = self._last
        if last is None or last[0] is not face or last[1] is not contour:
            last = self._last = (face, contour, pose_mesh(self.shape, face, contour))
        return last[2]


def window_matrix(face: Face, affine: F32) -> F32:
    """(2, 4) head frame to window pixels, from the face's pose and ``affine`` (2, 3) picture to
    window."""
    assert face.pose is not None
    to_picture = np.concatenate(
        [face.pose.scale * face.pose.rotation[:2], face.pose.translation[:, None]], 1
    )
    out = affine[:, :2] @ to_picture
    out[:, 3] += affine[:, 2]
    return np.ascontiguousarray(out, np.float32)


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _tint(kind: I32, gain: F32, colour: F32) -> None:
    """Multiply eyes and mouth by ``gain`` (3,)."""
    height, width = kind.shape
    for y in range(height):
        for x in range(width):
            if kind[y, x] == EYE_R or kind[y, x] == EYE_L or kind[y, x] == MOUTH:
                for k in range(3):
                    colour[y, x, k] *= gain[k]


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _smooth_edges(kind: I32, colour: F32) -> None:
    """Mix pixels on either side of the edges of eyes and mouth, in place: else there are stairs.

    The edge of the skirt is the network's to blend.
    """
    height, width = kind.shape
    places = np.empty((8 * (height + width), 2), np.int64)
    found = 0
    for y in range(1, height - 2):
        for x in range(1, width - 2):
            here = kind[y, x] > SKIRT
            right, below = kind[y, x + 1] > SKIRT, kind[y + 1, x] > SKIRT
            if here == right and here == below:
                continue
            if found + 3 > len(places):
                break
            for v, u in ((y, x), (y, x + 1), (y + 1, x)):
                if (u == x and v == y) or (here != right if v == y else here != below):
                    places[found, 0], places[found, 1] = v, u
                    found += 1
    mixed = np.empty((found, 3), np.float32)
    for i in range(found):
        y, x = places[i, 0], places[i, 1]
        weight = np.float32(2)
        for k in range(3):
            mixed[i, k] = weight * colour[y, x, k]
        for v, u in ((y, x - 1), (y, x + 1), (y - 1, x), (y + 1, x)):
            if kind[v, u] > 0:
                weight += np.float32(0.5)
                for k in range(3):
                    mixed[i, k] += np.float32(0.5) * colour[v, u, k]
        for k in range(3):
            mixed[i, k] /= weight
    for i in range(found):
        for k in range(3):
            colour[places[i, 0], places[i, 1], k] = mixed[i, k]


def recolour(render: Render, gain: F32) -> None:
    """What ``Renderer.draw`` would have drawn with this ``gain`` instead of none, in place."""
    _scale_skin(render.kind, np.asarray(gain, np.float32), render.colour)
    _tint(render.kind, np.sqrt(gain), render.colour)


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _scale_skin(kind: I32, gain: F32, colour: F32) -> None:
    """Multiply skin and skirt by ``gain`` (3,), up to white."""
    height, width = kind.shape
    for y in range(height):
        for x in range(width):
            if kind[y, x] == SKIN or kind[y, x] == SKIRT:
                for k in range(3):
                    colour[y, x, k] = min(colour[y, x, k] * gain[k], np.float32(255))


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _step(edge: float, soft: float, x: float) -> float:
    t = min(max((x - edge) / soft + 0.5, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _shade_eyes(
    attributes: F32, kind: I32, iris: F32, white: F32, pixel: float, colour: F32
) -> None:
    height, width = kind.shape
    radius = IRIS_RADIUS
    for y in range(height):
        for x in range(width):
            which = kind[y, x]
            if which != EYE_R and which != EYE_L:
                continue
            dx, dy, t = attributes[y, x, 0], attributes[y, x, 1], attributes[y, x, 2]
            d = np.sqrt(dx * dx + dy * dy)
            soft = max(pixel * 1.4, 0.012)
            inside = 1.0 - _step(radius, soft, d)
            pupil = 1.0 - _step(radius * 0.40, soft, d)
            ring = np.exp(-(((d - radius * 0.94) / (radius * 0.14)) ** 2))
            angle = np.arctan2(dy, dx)
            streak = 1.0 + 0.10 * np.sin(angle * 23.0 + 1.3) * np.sin(angle * 9.0) * min(
                d / radius, 1.0
            )
            # Light comes from above: the lower iris is brighter, the lid shades the top.
            body = (0.80 + 0.42 * dy / radius) * streak * (1.0 - 0.55 * ring)
            lid = 1.0 - 0.42 * _step(0.80, 0.62, t) - 0.10 * _step(0.98, 0.2, 1.0 - t)
            corner = 1.0 - 0.22 * min(max((abs(dx) - 0.10) / 0.14, 0.0), 1.0)
            glint_x, glint_y = dx - radius * 0.30, dy + radius * 0.34
            glint = np.exp(-(glint_x * glint_x + glint_y * glint_y) / (radius * 0.15) ** 2)
            inner = dx if which == EYE_R else -dx
            pink = min(max((inner - 0.15) / 0.09, 0.0), 1.0)
            for k in range(3):
                sclera = white[k] * corner * (1.0 - pink * (0.42 if k < 2 else 0.16))
                c = iris[k] * body * (1.0 - pupil) + 9.0 * pupil
                c = sclera * (1.0 - inside) + c * inside
                c = c * lid
                colour[y, x, k] = min(c + 190.0 * glint * inside, 255.0)


@njit(cache=True, fastmath=True, nogil=True)  # type: ignore[untyped-decorator]
def _shade_mouth(
    attributes: F32, kind: I32, teeth: F32, flesh: F32, pixel: float, colour: F32
) -> None:
    height, width = kind.shape
    rows, cols = teeth.shape[1], teeth.shape[2]
    lip = np.zeros(width, np.int32)
    for y in range(height):
        for x in range(width):
            if kind[y, x] != MOUTH:
                continue
            if y == 0 or kind[y - 1, x] != MOUTH:
                lip[x] = y
            # Little light gets in below the upper lip.
            below = (float(y - lip[x]) + 0.5) * pixel
            shadow = 1.0 - LIP_SHADOW * (1.0 - _step(0.5 * SHADOW_REACH, SHADOW_REACH, below))
            mx, up, low = attributes[y, x, 0], attributes[y, x, 1], attributes[y, x, 2]
            side = min(abs(mx) / HALF_SPAN, 1.0)
            dark = 0.55 - 0.35 * side
            for k in range(3):
                colour[y, x, k] = flesh[k] * dark
            # The tongue rises behind the lower teeth when the mouth is wide open.
            tongue = np.exp(-((mx / 0.22) ** 2)) * _step(-0.20, 0.14, low) * _step(0.10, 0.12, up)
            for k in range(3):
                tone = flesh[k] * (1.55 if k == 2 else 1.25)
                colour[y, x, k] += tongue * (tone - colour[y, x, k])
            col = (mx / HALF_SPAN * 0.5 + 0.5) * (cols - 1)
            if col < 0.0 or col > cols - 1.001:
                continue
            c0 = int(col)
            fx = col - c0
            for row in range(2):
                v = up / DEPTH + 0.62 if row == 0 else low / DEPTH + 0.36
                # The arch curves up towards the sides in the picture.
                v += 0.28 * side * side if row == 0 else -0.22 * side * side
                r = v * (rows - 1)
                # Behind a lifted lip the gum goes on.
                r = max(r, 0.0) if row == 0 else min(r, rows - 1.001)
                if r < 0.0 or r > rows - 1.001:
                    continue
                r0 = int(r)
                fy = r - r0
                shade = shadow * (1.0 - 0.55 * side * side) * (1.0 if row == 0 else 0.70)
                a = 0.0
                for k in range(4):
                    kk = 3 - k
                    top = teeth[row, r0, c0, kk] * (1 - fx) + teeth[row, r0, c0 + 1, kk] * fx
                    bot = (
                        teeth[row, r0 + 1, c0, kk] * (1 - fx) + teeth[row, r0 + 1, c0 + 1, kk] * fx
                    )
                    value = top * (1 - fy) + bot * fy
                    if kk == 3:
                        a = value
                    else:
                        colour[y, x, kk] += a * (value * shade - colour[y, x, kk])
