"""What training knows of one photograph: crop, texture, pose, expression; and things drawn beside
the face, which it must not be taken in by."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Pose
from deepcam.generator.mesh import AHEAD, CLOSED
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import fit_pose, project, to_head
from deepcam.geometry.topology import IRIS_LEFT, IRIS_RIGHT, OVAL
from deepcam.identity.grain import add_grain
from deepcam.training.face_basis import fit_joint
from deepcam.training.textures import complete, delight, past_the_edge, unwrap

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

CROP = 352
"""Pixels of a prepared photograph's side."""
CROP_SPAN = 5.0
"""IOD of its side: room for shifts and turns."""
TEXTURE = 256
"""Pixels of a texture's side."""
_EYES = ((33, 133, 159, 145, IRIS_RIGHT), (263, 362, 386, 374, IRIS_LEFT))


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
    """Everything a sample needs from one photograph: crop and where it is known, texture without
    its light and as photographed (``lit``), shape, movement and pose in the crop's pixels.

    ``mean_texture``: (TEXTURE, TEXTURE, 3), an evenly lit face."""
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
    seen_light = complete(texture, seen)
    texture = past_the_edge(delight(seen_light, mean_texture))
    texture = add_grain(texture, np.random.default_rng(int(texture.sum()) % 2**31))
    return {
        "crops": crop,
        "inside": (inside > 250).astype(np.uint8) * 255,
        "textures": texture.astype(np.uint8),
        "lit": np.clip(past_the_edge(seen_light), 0, 255).astype(np.uint8),
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
