"""What the caster learns from: wide crops of photographs with the traits judged by eye, erased and
changed as webcams see on the fly."""

from __future__ import annotations

import csv
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.casting.caster import BELOW, SIZE, SPAN, Caster, view
from deepcam.errors import DeepcamError
from deepcam.frames import LUMA, Frame, MaskedFrame, Pose
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline, project
from deepcam.identity.fit import AGES, MASCULINITIES, MONKS, SETS, Fit
from deepcam.protection.erase import erase
from deepcam.tracking.backend import MeshBackend, choose_backend
from deepcam.tracking.reader import MARGINS, least_outline
from deepcam.training.data import CROP, _pictured, measure, put_on_scarf
from deepcam.training.donors import donor_list
from deepcam.training.photographs import SPAWN, read_index
from deepcam.training.split import held_out
from deepcam.training.textures import complete, unwrap

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

WIDE = 1.3
"""Side of a prepared crop beside that of the caster's window."""
ELSEWHERE = 0.4
"""Share of the photographs whose person is put before another wall."""
TONE_STEP = np.array([-0.245, -0.220, -0.188], np.float32)
"""What one Monk step adds to the logarithm of linear blue, green and red; least squares over the
faces of the 2,580 photographs to learn from, dark ones weighted up to six times."""
SURE = 0.9
"""Where the segmentation has found less of a face, the person stays where they are."""
TARGETS = 38
"""Numbers a photograph teaches: three distributions, brow, beard, light's two directions, hard; and
after them 1 or 0, whether each of the last five is known."""
LAST = 28
BROW_KNOWN = LAST + 5
_BLOCK = 20
"""Neighbours in ``sfhq-t2i`` share a prompt: they stay together in a split."""
_HARD = {"flat": 0.0, "side": 0.3, "hard": 1.0, "backlit": 0.5}


def group_of(name: str, person: str) -> str:
    """Photographs that must be on one side of a split."""
    stem = Path(name).stem
    if person:
        return person
    source, _, number = stem.rpartition("_")
    if source.startswith("sfhq") and number.isdigit():
        return f"{source} block {int(number) // _BLOCK}"
    return stem


def is_held_out(group: str) -> bool:
    """One group in six; the generator's held-out persons are among them."""
    return held_out("", group) or held_out("", "caster " + group)


@dataclass(frozen=True, slots=True, eq=False)
class Photos:
    """Prepared photographs; row i of every array is one."""

    crops: U8
    """(n, CROP, CROP, 3) BGR, ``WIDE * SPAN`` IOD wide."""
    inside: U8
    """(n, CROP, CROP) 255 where the photograph is."""
    person: U8
    """(n, CROP, CROP) 0..255, how surely the segmentation sees somebody there."""
    scale: F32
    rotation: F32
    translation: F32
    level: NDArray[np.int64]
    """Number of the outline's size that holds the face."""
    head: F32
    """(n, 468, 3) the mesh in head coordinates."""
    targets: F32
    """(n, TARGETS)."""
    weight: F32
    """(n,) 1 judged by eye, less where a network judged, 0 unknown."""
    names: NDArray[np.str_]
    held_out: NDArray[np.bool_]

    def pose(self, i: int) -> Pose:
        """Pose in the crop's pixels."""
        return Pose(
            float(self.scale[i]),
            self.rotation[i].astype(np.float64),
            self.translation[i].astype(np.float64),
        )


def soft(value: float, at: F64, spread: float) -> F64:
    """Probabilities at the bins ``at`` for a value judged with this standard deviation."""
    p = np.exp(-0.5 * ((at - np.clip(value, at[0], at[-1])) / spread) ** 2) + 1e-4
    out: F64 = p / p.sum()
    return out


def target(traits: dict[str, str] | None, brow: float, light: tuple[float, float]) -> F32:
    """(TARGETS,) from a row of traits.csv and what is measured on the texture."""
    out = np.zeros(TARGETS, np.float32)
    measured = [brow, 0.0, *light, 0.0]
    known = [1.0, 0.0, 1.0, 1.0, 0.0]
    if traits is not None:
        out[:13] = soft(float(traits["age"]), AGES, 4.5)
        out[13:18] = soft(float(traits["masculine"]), MASCULINITIES, 0.12)
        out[18:28] = soft(float(traits["tone"]), MONKS, 0.7)
        measured[1], known[1] = float("beard" in traits["occlusion"]), 1.0
        if traits["light"] in _HARD:
            measured[4], known[4] = _HARD[traits["light"]], 1.0
        if traits["light"] == "bw":
            known[0] = 0.0
        if "glasses" in traits["occlusion"]:
            known[0] = 0.0
    out[LAST : LAST + 5] = measured
    return np.concatenate([out[: LAST + 5], np.array(known[: TARGETS - LAST - 5], np.float32)])


def measured(texture: F32) -> tuple[float, tuple[float, float]]:
    """Darkness of the brows beside the skin around (log), and the light's direction (left minus
    right, above minus below; log) of a complete texture (s, s, 3) with its light."""
    log = np.log(texture.mean(2) + 8)
    n = len(log)
    uv = FaceBasis.load().uv
    darkness = []
    for side in (
        (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
        (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
    ):
        region = np.zeros((n, n), np.uint8)
        cv2.fillPoly(region, [np.round(uv[list(side)] * n - 0.5).astype(np.int32)], 1)
        around = (cv2.dilate(region, np.ones((n // 12, 1), np.uint8)) > 0) & (region == 0)
        around &= np.arange(n)[:, None] < np.nonzero(region.any(1))[0].min() + n // 24
        if region.any() and around.any():
            skin = float(np.median(log[around]))
            darkness.append(skin - float(np.quantile(log[region > 0], 0.3)))
    v = (np.arange(n) + 0.5) / n
    cheeks = (v > 0.42) & (v < 0.60)
    left = float(log[np.ix_(cheeks, (v > 0.22) & (v < 0.36))].mean())
    right = float(log[np.ix_(cheeks, (v > 0.64) & (v < 0.78))].mean())
    above = float(log[np.ix_((v > 0.10) & (v < 0.18), (v > 0.35) & (v < 0.65))].mean())
    return float(np.mean(darkness)), (left - right, above - 0.5 * (left + right))


@lru_cache(maxsize=1)
def _backend() -> MeshBackend:
    return choose_backend()


def person_of(image: U8) -> U8:
    """(h, w) 0..255 where the person segmentation sees somebody in ``image`` (h, w, 3)."""
    h, w = image.shape[:2]
    # The network is for people before a wide picture's background: room on all sides, and 16:9.
    above = h // 4
    aside = max(0, ((h + above) * 16 // 9 - w) // 2)
    wide = cv2.copyMakeBorder(image, above, 0, aside, aside, cv2.BORDER_REPLICATE)
    found = _backend().persons(np.ascontiguousarray(wide))
    if found is None:
        raise DeepcamError(
            "The person segmentation is not here.", "Fetch it with deepcam setup --models."
        )
    whole = cv2.resize(found, wide.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return (np.clip(whole[above:, aside : aside + w], 0, 1) * 255).astype(np.uint8)


def _prepare(job: tuple[str, F64, dict[str, str] | None]) -> dict[str, NDArray[np.generic]] | None:
    path, landmarks, traits = job
    image = cv2.imread(path)
    if image is None:
        return None
    pose, shape, expression, _, _ = measure(landmarks)
    basis = FaceBasis.load()
    k = CROP / (WIDE * SPAN * pose.scale)
    roll = np.arctan2(pose.rotation[1, 0], pose.rotation[0, 0])
    down = np.array([-np.sin(roll), np.cos(roll)])
    centre = pose.translation + BELOW * pose.scale * down
    shift = (CROP - 1) / 2 - k * centre
    source = image
    affine = np.array([[k, 0, shift[0]], [0, k, shift[1]]])
    to_crop = affine.copy()
    if k < 0.7:
        source = cv2.resize(image, None, fx=k, fy=k, interpolation=cv2.INTER_AREA)
        fx, fy = source.shape[1] / image.shape[1], source.shape[0] / image.shape[0]
        affine[:, 2] += affine[:, 0] * (0.5 / fx - 0.5) + affine[:, 1] * (0.5 / fy - 0.5)
        affine[:, 0] /= fx
        affine[:, 1] /= fy
    crop = cv2.warpAffine(source, affine, (CROP, CROP), flags=cv2.INTER_LINEAR)
    whole = _pictured(np.asarray(source, np.uint8))
    inside = cv2.warpAffine(whole, affine, (CROP, CROP), flags=cv2.INTER_LINEAR)
    x0, y0 = np.clip(landmarks[:468, :2].min(0), 0, None).astype(int)
    x1, y1 = landmarks[:468, :2].max(0).astype(int)
    found = person_of(np.asarray(image, np.uint8))
    if found[y0:y1, x0:x1].mean() < SURE * 255:
        found = np.full_like(found, 255)
    person = cv2.warpAffine(found, to_crop, (CROP, CROP), flags=cv2.INTER_AREA)
    texture, seen = unwrap(np.asarray(image, np.uint8), landmarks, 128)
    brow, light = measured(complete(texture, seen))
    here = Pose(k * pose.scale, pose.rotation, k * pose.translation + shift)
    head = shape + np.tensordot(expression, basis.expression, 1)
    level, _, _ = least_outline(here, basis, project(head, here)[:, :2].astype(np.float64))
    return {
        "crops": crop,
        "inside": (inside > 250).astype(np.uint8) * 255,
        "person": person,
        "scale": np.float32(here.scale),
        "rotation": here.rotation.astype(np.float32),
        "translation": here.translation.astype(np.float32),
        "level": np.int64(level),
        "head": head.astype(np.float32),
        "targets": target(traits, brow, light),
        "weight": np.float32(traits is not None),
    }


def read_traits(folder: Path) -> dict[str, dict[str, str]]:
    """Rows of traits.csv by file; none when there is no such file."""
    path = folder / "traits.csv"
    if not path.is_file():
        return {}
    with path.open(newline="") as stream:
        return {row["file"]: row for row in csv.DictReader(stream)}


def donor_traits() -> dict[str, dict[str, str]]:
    """Traits of the donors that no traits.csv has, by file."""
    return {
        row["file"]: {
            "age": row["age"],
            "masculine": row["masculinity"],
            "tone": row["tone"],
            "light": row["light"],
            "occlusion": "beard" if row["beard"] == "1" else "none",
        }
        for row in donor_list()
        if row["file"].startswith("faker")
    }


def prepare(
    folder: Path,
    landmarks: dict[str, F64],
    traits: dict[str, dict[str, str]],
    jobs: int = 2,
) -> dict[str, NDArray[np.generic]]:
    """Arrays of ``Photos`` for every photograph of ``folder`` that has ``landmarks``."""
    rows = [r for r in read_index(folder) if r["file"] in landmarks]
    tasks = [
        (str(folder / "images" / r["file"]), landmarks[r["file"]], traits.get(r["file"]))
        for r in rows
    ]
    with ProcessPoolExecutor(jobs, mp_context=SPAWN) as pool:
        done = list(pool.map(_prepare, tasks, chunksize=16))
    pairs = [(r, d) for r, d in zip(rows, done, strict=True) if d is not None]
    arrays = {k: np.stack([d[k] for _, d in pairs]) for k in pairs[0][1]}
    arrays["names"] = np.array([r["file"] for r, _ in pairs])
    arrays["held_out"] = np.array([is_held_out(group_of(r["file"], r["person"])) for r, _ in pairs])
    return arrays


def load(paths: list[Path]) -> Photos:
    """What ``prepare`` gave, of several folders."""
    parts = []
    for path in paths:
        with np.load(path, allow_pickle=False) as z:
            parts.append({k: z[k] for k in z.files})
    return Photos(**{k: np.concatenate([p[k] for p in parts]) for k in parts[0]})


def elsewhere(crop: U8, person: U8, rng: np.random.Generator) -> U8:
    """The person of a photograph before another wall: one colour, lit from somewhere.

    People of the photographs stand where photographers put them, and a small network learns which
    walls go with whom: before a saturated blue one it took men for women.
    """
    side = len(crop)
    hue, saturation = rng.integers(180), rng.beta(0.8, 1.2) * 255
    wall = np.array([[[hue, saturation, 40 + 215 * rng.beta(1.5, 1.2)]]], np.uint8)
    colour = cv2.cvtColor(wall, cv2.COLOR_HSV2BGR).astype(np.float32)
    coarse = 1 + rng.uniform(0, 0.35) * rng.normal(0, 1, (3, 3, 1)).clip(-2, 2)
    coarse = coarse.repeat(3, 2)
    if rng.random() < 0.4:  # a room out of focus
        coarse = coarse * (1 + 0.25 * rng.normal(0, 1, (3, 3, 3)))
    light = cv2.resize(coarse.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    behind = colour * light
    share = np.clip((person[..., None].astype(np.float32) / 255 - 0.3) / 0.4, 0, 1)
    mixed = share * crop + (1 - share) * behind
    return np.clip(mixed, 0, 255).astype(np.uint8)


def in_another_skin(crop: U8, person: U8, face: NDArray[np.bool_], steps: float) -> U8:
    """The person of a photograph with skin darker by this many Monk steps (lighter below 0).

    Pixels of the person (0..255) count as skin as far as they have the colours of the ``face``.
    Skin reflects a share of the light, so in linear light a tone is a factor for each channel.
    """
    linear = (np.arange(256, dtype=np.float32) / 255) ** 2.2
    log = np.log(linear + 0.002)[crop]
    apart = log - np.median(log[face], 0)
    hue = apart[..., ::2] - apart[..., 1:2]
    spread = np.maximum(hue[face].std(0), 0.1)
    likely = np.exp(-0.5 * ((hue / (1.8 * spread)) ** 2).sum(-1))
    light = apart[..., 1]
    likely *= np.clip((light + 2.2) / 0.6, 0, 1) * np.clip((1.5 - light) / 0.4, 0, 1)
    likely = np.maximum(likely, cv2.GaussianBlur(likely, (0, 0), 1.5)) * (person / np.float32(255))
    share = cv2.GaussianBlur(likely.astype(np.float32), (0, 0), 0.8)
    toned = np.exp(log + share[..., None] * TONE_STEP * np.float32(steps)) - 0.002
    return np.asarray(np.clip(toned, 0, 1) ** (1 / 2.2) * 255, np.uint8)


def _face(photos: Photos, i: int) -> NDArray[np.bool_]:
    """(CROP, CROP) the middle of the face."""
    points = project(photos.head[i], photos.pose(i))[:, :2].astype(np.float32)
    hull = cv2.convexHull(np.ascontiguousarray(points))[:, 0]
    hull = hull.mean(0) + 0.75 * (hull - hull.mean(0))
    out = np.zeros(photos.crops.shape[1:3], np.uint8)
    cv2.fillConvexPoly(out, np.round(hull).astype(np.int32), 1)
    return out > 0


def _toned(photos: Photos, i: int, wanted: F32, rng: np.random.Generator) -> U8:
    """Photograph ``i`` in another skin; writes the new tone into ``wanted`` (TARGETS,)."""
    before = float(wanted[SETS[2]] @ MONKS)
    lowest = 5.0 if rng.random() < 0.7 else 1.0
    tone = float(np.clip(rng.uniform(lowest, 10), before - 5, before + 5))
    wanted[SETS[2]] = soft(tone, MONKS, 0.7)
    wanted[BROW_KNOWN] = 0.0  # measured beside the skin as it was
    return in_another_skin(photos.crops[i], photos.person[i], _face(photos, i), tone - before)


def webcam(crop: U8, rng: np.random.Generator) -> U8:
    """Exposure, white balance, contrast, softness, noise and compression of some webcam."""
    x = crop.astype(np.float32) / 255
    if rng.random() < 0.7:
        x = x * np.exp(rng.normal(0, 0.16) + rng.normal(0, 0.06, 3)).astype(np.float32)
    if rng.random() < 0.4:
        x = np.clip(x, 0, 4) ** np.float32(rng.uniform(0.75, 1.35))
    if rng.random() < 0.2:
        grey = x @ LUMA
        x = grey[..., None] + np.float32(rng.uniform(0.4, 1.3)) * (x - grey[..., None])
    if rng.random() < 0.4:  # far from the camera, or a soft lens
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.5, 2.2))
    if rng.random() < 0.4:
        x = x + rng.normal(0, rng.uniform(0.004, 0.03), x.shape).astype(np.float32)
    out = (np.clip(x, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 92))]
        out = np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", out, quality)[1], cv2.IMREAD_COLOR), np.uint8
        )
    return np.ascontiguousarray(out)


def erased(photo: U8, pose: Pose, level: int, unknown: NDArray[np.bool_]) -> MaskedFrame:
    """A crop without the face at ``pose`` and without what no photograph shows."""
    outlines = [head_outline(pose, FaceBasis.load(), MARGINS[level])]
    masked = erase(Frame(np.ascontiguousarray(photo), 0.0, 0), outlines)
    masked.image[unknown] = 0
    masked.mask[unknown] = 255
    return masked


def looked(photos: Photos, i: int, caster: Caster, moved: bool) -> Fit:
    """What the shipped way to look says of photograph ``i`` as it is, or ``moved`` before another
    wall (always the same one)."""
    photo = photos.crops[i]
    if moved:
        photo = elsewhere(photo, photos.person[i], np.random.default_rng(i))
    masked = erased(photo, photos.pose(i), int(photos.level[i]), photos.inside[i] == 0)
    return caster.look(masked, photos.pose(i))


def sample(
    photos: Photos,
    i: int,
    rng: np.random.Generator | None,
    size: int = SIZE,
    skins: float = 0.0,
) -> tuple[F32, F32]:
    """The caster's view of photograph ``i`` and its targets; as it is without ``rng``. ``skins``:
    how often the person gets another tone of skin."""
    photo, inside, pose = photos.crops[i], photos.inside[i], photos.pose(i)
    wanted = photos.targets[i].copy()
    level = int(photos.level[i])
    seen = pose
    unknown = inside == 0
    if rng is not None:
        if skins and rng.random() < skins:
            photo = _toned(photos, i, wanted, rng)
        if rng.random() < 0.05:
            x = photo.astype(np.float32) / 255
            put_on_scarf(x, photos.head[i], pose, rng)
            photo = (x * 255).astype(np.uint8)
        if rng.random() < ELSEWHERE:
            photo = elsewhere(photo, photos.person[i], rng)
        photo = webcam(photo, rng)
        if rng.random() < 0.3:
            level = int(rng.integers(level, len(MARGINS)))
        turn = np.radians(rng.normal(0, 3))
        c, s = np.cos(turn), np.sin(turn)
        seen = Pose(
            pose.scale * float(np.exp(rng.normal(0, 0.06))),
            np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ pose.rotation,
            pose.translation + rng.normal(0, 0.05, 2) * pose.scale,
        )
        if rng.random() < 0.35:  # the picture ends somewhere
            unknown = unknown.copy()
            edge = int(rng.integers(4))
            far = (2.0, 2.6, 1.5, 1.5)[edge]
            reach = pose.scale * rng.uniform(far, far + 1.2)
            x0, y0 = (round(float(v)) for v in pose.translation)
            step = round(float(reach))
            if edge == 0:
                unknown[: max(0, y0 - step)] = True
            elif edge == 1:
                unknown[y0 + step :] = True
            elif edge == 2:
                unknown[:, : max(0, x0 - step)] = True
            else:
                unknown[:, x0 + step :] = True
    planes = view(erased(photo, pose, level, unknown), seen, size)
    if rng is not None and rng.random() < 0.5:
        planes = np.ascontiguousarray(planes[:, :, ::-1])
        wanted[LAST + 2] *= -1
    return planes, wanted
