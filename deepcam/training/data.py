"""Training samples: photographs prepared once, then erased, rendered and augmented on the fly."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Face, Pose
from deepcam.generator.conditioning import cut, planes, window
from deepcam.generator.mesh import AHEAD, CLOSED
from deepcam.generator.render import Renderer, recolour, window_matrix
from deepcam.generator.tone import wanted_gain
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import SIDEWAYS, fit_pose, head_outline, project, to_head
from deepcam.geometry.topology import IRIS_LEFT, IRIS_RIGHT, OVAL
from deepcam.identity.grain import add_grain
from deepcam.identity.types import Identity
from deepcam.tracking.reader import MARGINS, least_outline
from deepcam.training.face_basis import fit_joint
from deepcam.training.photographs import SPAWN, read_index
from deepcam.training.split import held_out
from deepcam.training.textures import complete, delight, past_the_edge, unwrap

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

CROP = 224
"""Pixels of a prepared photograph's side."""
CROP_SPAN = 5.0
"""IOD of its side: room for shifts and turns."""
TEXTURE = 192
_EYES = ((33, 133, 159, 145, IRIS_RIGHT), (263, 362, 386, 374, IRIS_LEFT))


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """All photographs in memory; row i of every array is one face."""

    crops: U8
    """(n, CROP, CROP, 3) BGR; grey outside the photograph."""
    inside: U8
    """(n, CROP, CROP) 255 where the photograph is."""
    textures: U8
    """(n, TEXTURE, TEXTURE, 3) de-lit."""
    shapes: F32
    """(n, 468, 3) without the expression."""
    expression: F32
    lids: F32
    gaze: F32
    scale: F32
    rotation: F32
    translation: F32
    names: NDArray[np.str_]
    held_out: NDArray[np.bool_]

    def face(self, i: int, pose: Pose) -> Face:
        """The conditioning of photograph ``i`` at another ``pose``."""
        outline = np.zeros((0, 2), np.float32)
        return Face(0, 1.0, outline, pose, self.expression[i], self.lids[i], self.gaze[i])

    def pose(self, i: int) -> Pose:
        """Pose in the prepared crop's pixels."""
        return Pose(
            float(self.scale[i]),
            self.rotation[i].astype(np.float64),
            self.translation[i].astype(np.float64),
        )


def measure(landmarks: F64) -> tuple[Pose, F32, F32, F32, F32]:
    """Pose, shape without expression, expression, lids and gaze of one mesh (478, 3), exactly:
    the shape keeps what the bases cannot say, so a render falls on the photograph."""
    basis = FaceBasis.load()
    pose = fit_pose(landmarks, basis)
    head = to_head(landmarks, pose)
    head[:, 2] += basis.mean[:, 2].mean() - head[:468, 2].mean()
    _, e = fit_joint(head[:468], basis.mean.astype(np.float64), basis.shape, basis.expression)
    e = np.clip(e, -3, 3)
    shape = head[:468] - np.tensordot(e, basis.expression, 1)
    lids, gaze = [], []
    for outer, inner, top, bottom, iris in _EYES:
        width = np.linalg.norm(shape[inner, :2] - shape[outer, :2])
        rest = max(float(shape[bottom, 1] - shape[top, 1]), 0.13 * float(width))
        gap = float(head[bottom, 1] - head[top, 1])
        lids.append(np.clip(CLOSED + (1 - CLOSED) * gap / rest, 0, 1.4))
        # The neutral gap stays in the shape, so the lids open to what was seen.
        middle = 0.5 * (head[outer, :2] + head[inner, :2])
        ahead = AHEAD * (np.sign(head[outer, 0] - head[inner, 0]), 1.0)
        gaze.append((head[iris, :2] - middle) / width - ahead)
    return (
        pose,
        shape.astype(np.float32),
        e.astype(np.float32),
        np.array(lids, np.float32),
        np.clip(np.concatenate(gaze), -0.35, 0.35).astype(np.float32),
    )


def prepare_one(image: U8, landmarks: F64, mean_texture: F32) -> dict[str, NDArray[np.generic]]:
    """Everything a sample needs from one photograph."""
    pose, shape, e, lids, gaze = measure(landmarks)
    k = CROP / (CROP_SPAN * pose.scale)
    centre = pose.scale * pose.rotation[:2] @ np.array([0, 0.45, 0.25]) + pose.translation
    shift = (CROP - 1) / 2 - k * centre
    affine = np.array([[k, 0, shift[0]], [0, k, shift[1]]])
    source, used = image, affine.copy()
    if k < 0.7:
        source = cv2.resize(image, None, fx=k, fy=k, interpolation=cv2.INTER_AREA)
        fx, fy = source.shape[1] / image.shape[1], source.shape[0] / image.shape[0]
        used[:, 2] += used[:, 0] * (0.5 / fx - 0.5) + used[:, 1] * (0.5 / fy - 0.5)
        used[:, 0] /= fx
        used[:, 1] /= fy
    crop = cv2.warpAffine(source, used, (CROP, CROP), flags=cv2.INTER_LINEAR)
    whole = _pictured(source)
    inside = cv2.warpAffine(whole, used, (CROP, CROP), flags=cv2.INTER_LINEAR)
    texture, seen = unwrap(image, landmarks, TEXTURE)
    texture = past_the_edge(delight(complete(texture, seen), mean_texture))
    texture = add_grain(texture, np.random.default_rng(int(texture.sum()) % 2**31))
    return {
        "crops": crop,
        "inside": (inside > 250).astype(np.uint8) * 255,
        "textures": texture.astype(np.uint8),
        "shapes": shape,
        "expression": e,
        "lids": lids,
        "gaze": gaze,
        "scale": np.float32(k * pose.scale),
        "rotation": pose.rotation.astype(np.float32),
        "translation": (k * pose.translation + shift).astype(np.float32),
    }


def _pictured(image: U8) -> U8:
    """(h, w) 255 where there is a photograph: crops that reach over its edge are filled with black
    rows or columns there."""
    seen = image.any(2)
    rows, columns = np.nonzero(seen.any(1))[0], np.nonzero(seen.any(0))[0]
    whole = np.zeros(seen.shape, np.uint8)
    if len(rows):
        whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = 255
    return whole


def put_on_scarf(x: F32, head: F32, pose: Pose, rng: np.random.Generator) -> None:
    """Draw cloth from the jaw downwards into ``x`` (CROP, CROP, 3), 0..1, which shows ``head``
    (468, 3) at ``pose``: the tone must be told without a neck."""
    jaw = head[list(OVAL)]
    jaw = jaw[jaw[:, 1] > head[[61, 291], 1].mean() - rng.uniform(0.0, 0.3)]
    jaw = jaw[np.argsort(jaw[:, 0])] * np.array([rng.uniform(1.0, 1.15), 1, 1])
    jaw[:, 1] += rng.uniform(0.0, 0.12)
    edge = project(jaw, pose)[:, :2]
    far = 3.0 * pose.scale * pose.rotation[:2] @ np.array([[-1.0, 1, 0], [1, 1, 0]]).T
    corners = pose.translation + far.T
    around = np.concatenate([edge, corners[1:], corners[:1]])
    where = np.zeros((CROP, CROP), np.float32)
    cv2.fillPoly(where, [np.round(around).astype(np.int32)], 1.0)
    where = cv2.GaussianBlur(where, (0, 0), 0.8)[..., None]
    folds = cv2.resize(rng.random((7, 9), np.float32), (CROP, CROP), interpolation=cv2.INTER_CUBIC)
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(0.2, 1.2)
    yy, xx = np.mgrid[:CROP, :CROP].astype(np.float32)
    weave = np.sin((xx * np.cos(angle) + yy * np.sin(angle)) * pitch)
    light = np.exp(rng.uniform(-2.2, -0.2) + 0.8 * (folds - 0.5) + rng.choice([0, 0.15]) * weave)
    cloth = light[..., None] * np.exp(rng.normal(0, 0.25, 3))
    x += where * (np.clip(cloth, 0, 1).astype(np.float32) - x)


def hold_up_a_hand(photo: U8, mask: U8, pose: Pose, rng: np.random.Generator) -> None:
    """Draw a hand or an arm of some skin beside ``mask``, in place: in calls they come up to faces
    and stop at the mask, and the face must not take them for its hair or its neck."""
    angle = rng.uniform(0.1, np.pi - 0.1)  # from below
    towards = np.array([np.cos(angle), np.sin(angle)])
    along = np.array([-towards[1], towards[0]])
    tip = pose.translation + pose.scale * (rng.uniform(0.7, 1.3) * towards + (0.0, 0.45))
    wide = rng.uniform(0.10, 0.16) * pose.scale
    shape = np.zeros(mask.shape, np.uint8)
    fingers = int(rng.integers(1, 5))
    for k in range(fingers):
        start = tip + (k - (fingers - 1) / 2) * 1.7 * wide * along
        start = start - rng.uniform(0, 0.35) * pose.scale * towards
        end = tip + 0.8 * pose.scale * towards + 0.6 * (start - tip)
        cv2.line(shape, _pixel(start), _pixel(end), 255, max(1, round(1.5 * wide)), cv2.LINE_AA)
    wrist = tip + 0.75 * pose.scale * towards
    elbow = tip + 3.0 * pose.scale * towards
    thick = max(1, round((fingers * 1.2 + 0.8) * wide))
    cv2.line(shape, _pixel(wrist), _pixel(elbow), 255, thick, cv2.LINE_AA)
    tone = (
        np.array([95, 125, 175]) * np.exp(rng.normal(-0.25, 0.45)) * np.exp(rng.normal(0, 0.1, 3))
    )
    light = 1 + rng.uniform(0, 0.35) * (cv2.GaussianBlur(shape, (0, 0), 2 + wide / 3) / 255.0 - 0.5)
    skin = np.clip(light[..., None] * tone, 0, 255)
    weight = cv2.GaussianBlur(shape, (0, 0), 0.7)[..., None] / 255.0 * (mask == 0)[..., None]
    photo[:] = np.round(photo + weight * (skin - photo)).astype(np.uint8)


def put_on_temples(photo: U8, mask: U8, pose: Pose, rng: np.random.Generator) -> None:
    """Draw temples of spectacles beside ``mask``, in place: the frame lies under it and goes."""
    tone = rng.uniform(10, 90, 3) if rng.random() < 0.7 else rng.uniform(120, 200, 3)
    high, thick = rng.uniform(-0.12, 0.08), max(1, round(rng.uniform(0.03, 0.09) * pose.scale))
    drawn = np.zeros(mask.shape, np.uint8)
    for side in (-1.0, 1.0):
        ends = np.array([[0.95 * side, high, 0.25], [1.38 * side, high + 0.06, 1.0]])
        a, b = project(ends, pose)[:, :2]
        cv2.line(drawn, _pixel(a), _pixel(b), 255, thick, cv2.LINE_AA)
    weight = drawn[..., None] / 255.0 * (mask == 0)[..., None]
    photo[:] = np.round(photo + weight * (tone - photo)).astype(np.uint8)


def _pixel(point: NDArray[np.floating[Any]]) -> tuple[int, int]:
    return int(np.clip(point[0], -9999, 9999)), int(np.clip(point[1], -9999, 9999))


def _work(job: tuple[str, F64, F32]) -> dict[str, NDArray[np.generic]] | None:
    path, landmarks, mean = job
    image = cv2.imread(path)
    if image is None:
        return None
    return prepare_one(image, landmarks, mean)


def prepare(
    folder: Path, landmarks: dict[str, F64], mean_texture: F32, out: Path, jobs: int = 2
) -> int:
    """Prepare every photograph of ``folder`` that has ``landmarks`` once into ``out`` (.npz)."""
    rows = [r for r in read_index(folder) if r["file"] in landmarks]
    tasks = [(str(folder / "images" / r["file"]), landmarks[r["file"]], mean_texture) for r in rows]
    with ProcessPoolExecutor(jobs, mp_context=SPAWN) as pool:
        done = list(pool.map(_work, tasks, chunksize=16))
    pairs = [(r, d) for r, d in zip(rows, done, strict=True) if d is not None]
    arrays = {k: np.stack([d[k] for _, d in pairs]) for k in pairs[0][1]}
    arrays["names"] = np.array([r["file"] for r, _ in pairs])
    arrays["held_out"] = np.array([held_out(r["file"], r["person"]) for r, _ in pairs])
    part = out.with_suffix(".part.npz")
    np.savez(part, **arrays)  # type: ignore[arg-type]
    part.replace(out)
    return len(pairs)


def load(path: Path) -> Prepared:
    """Read what ``prepare`` wrote."""
    with np.load(path, allow_pickle=False) as z:
        return Prepared(**{k: z[k] for k in z.files})


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One training pair."""

    inputs: F32
    """(CHANNELS, n, n)."""
    target: F32
    """(3, n, n) BGR 0..1; the photograph."""
    valid: F32
    """(1, n, n) 1 where the photograph is known."""


class Sampler:
    """Endless augmented samples from ``data``; same seed, same samples."""

    def __init__(
        self, data: Prepared, size: int, seed: int, identities: list[Identity], train: bool = True
    ) -> None:
        self.data, self.size, self.train = data, size, train
        self.rng = np.random.default_rng(seed)
        self.rows = np.where(data.held_out != train)[0]
        # Few people look aside in photographs; in calls they often do.
        poses = [data.pose(int(i)) for i in self.rows]
        aside = np.array([abs(p.yaw) > 20 or abs(p.pitch) > 15 for p in poses])
        self.shares = (1.0 + aside) / (1.0 + aside).sum()
        self.swap = [Renderer(i) for i in identities]
        self.basis = FaceBasis.load()

    def __iter__(self) -> Iterator[Sample]:
        while True:
            yield self.self_sample(int(self.draw(1)[0]))

    def draw(self, count: int) -> NDArray[np.int64]:
        """(count,) photographs, turned heads twice as often as they occur."""
        return self.rng.choice(self.rows, count, p=self.shares)

    def self_sample(self, i: int) -> Sample:
        """A photograph from its own de-lit texture."""
        photo, inside, pose = self._photo(i)
        rng = self.rng
        texture = self.data.textures[i].astype(np.float32)
        if self.train:
            tone = np.exp(rng.normal(0, 0.24) + rng.normal(0, 0.09, 3))
            texture = texture * tone
            if rng.random() < 0.25:
                texture = cv2.GaussianBlur(texture, (0, 0), rng.uniform(0.5, 1.6))
            if rng.random() < 0.25:
                texture = texture[:, ::-1]
        shape = self.data.shapes[i]
        contour = None
        if self.train:
            if rng.random() < 0.3:
                # Seldom: where the cheek's edge cannot be foretold, it becomes a blur.
                wide = rng.normal(0, 0.03) + 0.02 * np.sin(np.arange(36) / 36 * 2 * np.pi * 2)
                contour = np.full(36, 1.0 + np.clip(wide, -0.07, 0.07), np.float32)
            shape = shape + np.tensordot(
                rng.normal(0, 0.12, len(self.basis.shape)), self.basis.shape, 1
            )
        iris = self._iris(i)
        identity = Identity(
            "",
            0,
            np.clip(texture, 0, 255).astype(np.uint8),
            shape.astype(np.float32),
            iris,
            int(rng.integers(3)),
            {},
        )
        return self._finish(Renderer(identity, exact=True), i, photo, inside, pose, contour)

    def swap_sample(self, i: int) -> Sample:
        """Somebody who does not exist on photograph ``i``; the target is only the surroundings."""
        photo, inside, pose = self._photo(i)
        renderer = self.swap[int(self.rng.integers(len(self.swap)))]
        return self._finish(renderer, i, photo, inside, pose, renderer.contour, follow=True)

    def _iris(self, i: int) -> U8:
        palette = [(148, 122, 96), (92, 124, 112), (60, 92, 112), (38, 62, 92), (24, 40, 62)]
        dark = float(self.data.textures[i].mean()) < 110
        return np.array(palette[int(self.rng.integers(3 if dark else 0, 5))], np.uint8)

    def _photo(self, i: int) -> tuple[U8, U8, Pose]:
        """Photograph with the light, colour, noise and compression of some webcam."""
        crop, inside, pose = self.data.crops[i], self.data.inside[i], self.data.pose(i)
        if not self.train:
            return crop, inside, pose
        rng = self.rng
        x = crop.astype(np.float32) / 255
        if rng.random() < 0.1:
            put_on_scarf(x, self._head(i), pose, rng)
        if rng.random() < 0.7:
            # Now and then a lamp of strong colour, or a camera that takes the wall for white.
            cast = 0.28 if rng.random() < 0.25 else 0.10
            x = x * np.exp(rng.normal(0, 0.20) + rng.normal(0, cast, 3))
        if rng.random() < 0.35:  # a lamp from somewhere
            y0, x0 = np.mgrid[:CROP, :CROP].astype(np.float32) / CROP - 0.5
            angle = rng.uniform(0, 2 * np.pi)
            ramp = np.cos(angle) * x0 + 0.6 * np.sin(angle) * y0
            x = x * np.exp(rng.uniform(0.3, 1.6) * ramp[..., None] * (1 + rng.normal(0, 0.15, 3)))
        if rng.random() < 0.4:
            x = np.clip(x, 0, 4) ** rng.uniform(0.7, 1.45)
        r = rng.random()
        if r < 0.25:
            keep = 0.0 if r < 0.07 else rng.uniform(0.4, 1.4)
            grey = x @ np.array([0.114, 0.587, 0.299], np.float32)
            x = grey[..., None] + keep * (x - grey[..., None])
        if rng.random() < 0.2:
            x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.1))
        if rng.random() < 0.35:
            x = x + rng.normal(0, rng.uniform(0.004, 0.03), x.shape)
        out = (np.clip(x, 0, 1) * 255).astype(np.uint8)
        if rng.random() < 0.3:
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))]
            out = cv2.imdecode(cv2.imencode(".jpg", out, quality)[1], cv2.IMREAD_COLOR)
        return np.ascontiguousarray(out), inside, pose

    def _head(self, i: int) -> F32:
        """Photograph ``i``'s mesh (468, 3) in head coordinates, with the expression."""
        moved = np.tensordot(self.data.expression[i], self.basis.expression, 1)
        head: F32 = (self.data.shapes[i] + moved).astype(np.float32)
        return head

    def _margin(self, i: int, pose: Pose) -> float:
        """The mask's size for this head as the tracker would choose it, now and then larger."""
        points = project(self._head(i), pose)[:, :2].astype(np.float64)
        need, _, _ = least_outline(pose, self.basis, points)
        if self.train and self.rng.random() < 0.3:
            need = int(self.rng.integers(need, len(MARGINS)))
        return MARGINS[need]

    def _finish(
        self,
        renderer: Renderer,
        i: int,
        photo: U8,
        inside: U8,
        pose: Pose,
        contour: F32 | None,
        follow: bool = False,
    ) -> Sample:
        rng, n = self.rng, self.size
        flip = self.train and rng.random() < 0.5
        seen = pose
        if self.train:  # the tracker is never exact
            jitter = pose.scale * 0.008
            seen = Pose(
                pose.scale * float(np.exp(rng.normal(0, 0.006))),
                pose.rotation,
                pose.translation + rng.normal(0, jitter, 2),
            )
        margin = self._margin(i, pose)
        outline = head_outline(seen, self.basis, margin)
        if follow and contour is not None:  # as the painter does
            contour = contour * np.float32(1.0 + SIDEWAYS * (margin - 1.0))
        mask = np.where(inside > 0, 0, 255).astype(np.uint8)
        cv2.fillConvexPoly(mask, np.round(outline).astype(np.int32), 255)
        mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
        if self.train and rng.random() < 0.12:
            photo = photo.copy()
            draw = hold_up_a_hand if rng.random() < 0.6 else put_on_temples
            draw(photo, mask, seen, rng)
        framed = seen
        if self.train:
            framed = Pose(
                seen.scale * float(np.exp(rng.normal(0, 0.03))),
                seen.rotation,
                seen.translation + rng.normal(0, 0.03, 2) * seen.scale,
            )
        affine = window(framed, n)
        erased = photo.copy()
        erased[mask > 0] = 0
        surroundings = cut(erased, mask, affine, n)
        face = self.data.face(i, seen)
        render = renderer.draw(face, window_matrix(face, affine), (n, n), contour)
        gain = wanted_gain(surroundings, render)
        if gain is not None and (not self.train or rng.random() < 0.97):
            recolour(render, np.exp(gain))  # as the painter does
        inputs = planes(surroundings, render)
        target = cv2.warpAffine(photo, affine, (n, n), flags=cv2.INTER_LINEAR)
        valid = cv2.warpAffine(inside, affine, (n, n), flags=cv2.INTER_LINEAR)
        sample = Sample(
            inputs,
            target.transpose(2, 0, 1).astype(np.float32) / 255,
            (valid > 250).astype(np.float32)[None],
        )
        if not flip:
            return sample
        mirrored = np.ascontiguousarray(sample.inputs[:, :, ::-1])
        mirrored[10] *= -1  # u and the normal's x change sides
        mirrored[12] *= -1
        return Sample(
            mirrored,
            np.ascontiguousarray(sample.target[:, :, ::-1]),
            np.ascontiguousarray(sample.valid[:, :, ::-1]),
        )
