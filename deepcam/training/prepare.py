"""Photographs made ready for training, once: a folder of arrays, row i of each is one face.

Everything a sample needs that does not change from sample to sample is computed here, so that
``deepcam.training.sampler`` draws samples with tensor operations only, on a graphics card as well.
The rasters hold what the renderer knows of each pixel (texture coordinates, normals, what is shown)
but not its colour: any texture can be put on any of them.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Face, Pose
from deepcam.generator.conditioning import cut, window
from deepcam.generator.mesh import SKIN, SKIRT
from deepcam.generator.render import Renderer, window_matrix
from deepcam.generator.tone import visible_skin
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import SIDEWAYS, head_outline, project
from deepcam.identity.model import IdentityModel
from deepcam.identity.types import Identity
from deepcam.tracking.reader import MARGINS, least_outline
from deepcam.training.data import (
    CROP,
    TEXTURE,
    hold_up_a_hand,
    measure,
    prepare_one,
    put_on_scarf,
    put_on_temples,
)
from deepcam.training.photographs import SPAWN, read_index
from deepcam.training.split import held_out

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

OWN, OTHERS = 2, 2
"""Rasters of the photograph's own shape (as it is, and a little off), and of other people's."""
PEOPLE = 480
"""People sampled from the identity bank."""
SIDE = 256
"""Window in which the visible skin is looked for, as the painter does."""
_IRIS = np.array(
    [(148, 122, 96), (92, 124, 112), (60, 92, 112), (38, 62, 92), (24, 40, 62)], np.uint8
)
LAYOUT: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
    "crop": ((2, CROP, CROP, 3), np.uint8),
    "inside": ((CROP, CROP), np.uint8),
    "mask": ((2, CROP, CROP), np.uint8),
    "skin": ((CROP, CROP), np.uint8),
    "texture": ((2, TEXTURE, TEXTURE, 3), np.uint8),
    "uv": ((OWN + OTHERS, CROP, CROP, 2), np.uint16),
    "normal": ((OWN + OTHERS, CROP, CROP, 2), np.int8),
    "kind": ((OWN + OTHERS, CROP, CROP), np.uint8),
    "inner": ((OWN + OTHERS, CROP, CROP, 3), np.uint8),
    "roll": ((), np.float32),
    "turn": ((2,), np.float32),
    "trust": ((2,), np.float32),
}
"""Arrays and their rows. ``crop``: BGR, as photographed and with a hand, an arm, temples or a scarf
beside the mask. ``inside``: 255 where the photograph is. ``mask``: 255 = erased, the smallest
outline that holds the face and the next. ``skin``: visible skin, bit 0 neck or cheek, bit 1
forehead. ``texture``: BGR without its light, and as photographed. ``uv``: 65535 = 1. ``normal``:
x and y, 127 = 1. ``kind``: codes of ``deepcam.generator.mesh``. ``inner``: BGR of eyes and mouth.
``roll``: radians. ``turn``: yaw and pitch, degrees, without sign. ``trust``: how far neck and
forehead are believed."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    row: int
    path: str
    landmarks: F64
    other: F32
    """Somebody else's shape (468, 3)."""
    seed: int
    """A person of the identity bank."""


class _Worker:
    """What every job of one process needs."""

    def __init__(self, out: str, mean: F32) -> None:
        cv2.setNumThreads(1)
        self.arrays = {k: np.load(f"{out}/{k}.npy", mmap_mode="r+") for k in LAYOUT}
        self.mean, self.basis, self.model = mean, FaceBasis.load(), IdentityModel.load()

    def run(self, job: _Job) -> bool:
        """Fill one row; False when the photograph cannot be read."""
        image = cv2.imread(job.path)
        if image is None:
            return False
        rng = np.random.default_rng(job.row)
        one = prepare_one(image, job.landmarks, self.mean)
        a, i = self.arrays, job.row
        crop, inside = np.asarray(one["crops"], np.uint8), np.asarray(one["inside"], np.uint8)
        a["inside"][i] = inside
        a["texture"][i] = one["textures"], one["lit"]
        pose = Pose(
            float(one["scale"]),
            one["rotation"].astype(np.float64),
            one["translation"].astype(np.float64),
        )
        face = Face(
            0, 1.0, np.zeros((0, 2), np.float32), pose,
            one["expression"].astype(np.float32), one["lids"].astype(np.float32),
            one["gaze"].astype(np.float32),
        )  # fmt: skip
        shape = np.asarray(one["shapes"], np.float32)
        head = shape + np.tensordot(face.expression, self.basis.expression, 1).astype(np.float32)
        points = project(head, pose)[:, :2].astype(np.float64)
        need, _, _ = least_outline(pose, self.basis, points)
        for k, level in enumerate((need, min(need + 1, len(MARGINS) - 1))):
            a["mask"][i, k] = _erased(inside, head_outline(pose, self.basis, MARGINS[level]))
        a["crop"][i] = crop, _disturbed(crop, a["mask"][i, 0], head, pose, rng)
        a["skin"][i], a["trust"][i] = _visible(crop, a["mask"][i, 0], a["mask"][i, 1], pose)
        texture = np.asarray(one["textures"], np.uint8)
        for k in range(OWN):
            off = rng.normal(0, 0.15, len(self.basis.shape)) * (k > 0)
            moved = shape + np.tensordot(off, self.basis.shape, 1).astype(np.float32)
            wide = np.full(36, 1 + np.clip(rng.normal(0, 0.03), -0.07, 0.07), np.float32)
            renderer = Renderer(_somebody(texture, moved, rng), exact=True)
            self._raster(i, k, renderer, face, wide if k else None)
        margin = np.float32(1 + SIDEWAYS * (MARGINS[need] - 1))
        others = (
            self.model.sample(job.seed),
            _somebody(np.full_like(texture, 128), job.other, rng),
        )
        for k, identity in enumerate(others):
            renderer = Renderer(identity)
            self._raster(i, OWN + k, renderer, face, renderer.contour * margin)
        a["roll"][i] = np.arctan2(pose.rotation[1, 0], pose.rotation[0, 0])
        a["turn"][i] = abs(pose.yaw), abs(pose.pitch)
        return True

    def _raster(self, i: int, k: int, renderer: Renderer, face: Face, contour: F32 | None) -> None:
        drawn = renderer.draw(
            face, window_matrix(face, np.eye(2, 3, dtype=np.float32)), (CROP, CROP), contour
        )
        a, kind = self.arrays, drawn.kind
        skin = (kind == SKIN) | (kind == SKIRT)
        uv = np.clip(drawn.attributes[..., :2], 0, 1) * 65535
        a["uv"][i, k] = np.where(skin[..., None], uv, 0).astype(np.uint16)
        normal = np.clip(drawn.attributes[..., 3:5], -1, 1) * 127
        a["normal"][i, k] = np.where((kind > 0)[..., None], normal, 0).astype(np.int8)
        a["kind"][i, k] = kind
        inner = np.clip(drawn.colour, 0, 255)
        a["inner"][i, k] = np.where((kind > SKIRT)[..., None], inner, 0).astype(np.uint8)


def _somebody(texture: U8, shape: F32, rng: np.random.Generator) -> Identity:
    """A person with chance eyes and teeth."""
    iris = _IRIS[int(rng.integers(len(_IRIS)))]
    return Identity("", 0, texture, np.asarray(shape, np.float32), iris, int(rng.integers(3)), {})


def _erased(inside: U8, outline: NDArray[Any]) -> U8:
    """(CROP, CROP) 255 under ``outline``, rounded outwards, and where there is no photograph."""
    mask = np.where(inside > 0, 0, 255).astype(np.uint8)
    cv2.fillConvexPoly(mask, np.round(outline).astype(np.int32), 255)
    return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), np.uint8)


def _disturbed(crop: U8, mask: U8, head: F32, pose: Pose, rng: np.random.Generator) -> U8:
    """``crop`` with a hand or an arm, temples of spectacles, or cloth up to the jaw."""
    out = crop.copy()
    which = rng.random()
    if which < 0.4:
        scarf = out.astype(np.float32) / 255
        put_on_scarf(scarf, head, pose, rng)
        return np.asarray(np.clip(scarf * 255, 0, 255), np.uint8)
    (hold_up_a_hand if which < 0.75 else put_on_temples)(out, mask, pose, rng)
    return out


def _visible(crop: U8, mask: U8, larger: U8, pose: Pose) -> tuple[U8, F32]:
    """Visible skin outside both masks (bits) and how far each patch is believed (2,)."""
    affine = window(pose, SIDE)
    erased = crop.copy()
    erased[mask > 0] = 0
    bits, trust = np.zeros((CROP, CROP), np.uint8), np.zeros(2, np.float32)
    for weight, believed in visible_skin(cut(erased, mask, affine, SIDE)):
        forehead = int(np.where(weight > 0)[0].mean() / SIDE < 0.35)
        back = cv2.warpAffine(
            (weight > 0).astype(np.uint8), affine, (CROP, CROP),
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        )  # fmt: skip
        bits |= (back << forehead).astype(np.uint8)
        trust[forehead] = believed
    return bits * (larger == 0), trust


_worker: _Worker | None = None


def _start(out: str, mean: F32) -> None:
    global _worker
    _worker = _Worker(out, mean)


def _work(job: _Job) -> bool:
    assert _worker is not None
    return _worker.run(job)


def _portrait(seed: int) -> tuple[U8, tuple[float, float]]:
    """Texture, age and masculinity of a person of the bank."""
    identity = IdentityModel.load().sample(seed)
    texture = cv2.resize(identity.texture, (TEXTURE, TEXTURE), interpolation=cv2.INTER_AREA)
    traits = float(identity.meta["age"]), float(identity.meta["masculinity"])
    return np.asarray(texture, np.uint8), traits


def prepare(
    folders: list[Path], landmarks: dict[str, F64], mean: F32, out: Path, jobs: int = 2
) -> int:
    """Prepare every photograph of ``folders`` that has ``landmarks`` (478, 3) into ``out``.

    ``mean``: (TEXTURE, TEXTURE, 3), an evenly lit face. Returns how many there are: 7 MB each.
    """
    rows = [(f, r) for f in folders for r in read_index(f) if r["file"] in landmarks]
    rng = np.random.default_rng(7)
    people = min(PEOPLE, 4 * len(rows))
    some = rows[:: max(1, len(rows) // 300)]
    shapes = [measure(landmarks[r["file"]])[1] for _, r in some]
    tasks = [
        _Job(
            i, str(folder / "images" / r["file"]), landmarks[r["file"]],
            shapes[int(rng.integers(len(shapes)))], int(rng.integers(people)),
        )
        for i, (folder, r) in enumerate(rows)
    ]  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    for name, (shape, kind) in LAYOUT.items():
        np.lib.format.open_memmap(out / f"{name}.npy", "w+", kind, (len(rows), *shape))
    _start(str(out), mean)
    fine = [_work(tasks[0])]  # compiles what the processes then find on the disk
    with ProcessPoolExecutor(jobs, SPAWN, _start, (str(out), mean)) as pool:
        fine += pool.map(_work, tasks[1:], chunksize=8)
        bank = list(pool.map(_portrait, range(people), chunksize=8))
    np.save(out / "bank.npy", np.stack([texture for texture, _ in bank]))
    np.save(out / "bank_traits.npy", np.array([traits for _, traits in bank], np.float32))
    np.savez(
        out / "names.npz",
        names=np.array([r["file"] for _, r in rows]),
        held_out=np.array([held_out(r["file"], r["person"]) for _, r in rows]),
        usable=np.array(fine),
    )
    return int(np.sum(fine))
