"""Donors of the identity bank: who they are, and their textures on one footing.

``donors.csv`` names photographs with apparent age, masculinity, Monk tone and beard, judged by eye
from the pictures: synthetic people (who do not exist) and volunteers. Everybody's light is taken
off, hair at the rim goes, and the cheeks are brought to the colour that their tone has in the mean
of all donors, so that a photograph's exposure does not count as skin.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.fill import pull_push
from deepcam.identity.fit import MONKS, tone_of_monk
from deepcam.identity.grain import radius_map
from deepcam.training.cleaning import cheeks, places
from deepcam.training.data import measure
from deepcam.training.photographs import SPAWN
from deepcam.training.textures import sh_basis, unwrap, uv_maps

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
SIZE = 512
VOLUNTEERS = ("london", "canada")
"""Sources of real people who agreed."""
CHEEKS = (slice(270, 345), slice(110, 402))
"""Where the tone is read off, texels of SIZE."""
LIGHT = 64
"""Texels in which light is fitted."""
_GLOSS = 0.16
"""Most that anything coarse is brighter than the face around it (log)."""


@dataclass(frozen=True, slots=True, eq=False)
class Donors:
    """De-lit textures of consenting or synthetic people with what the sampler needs."""

    files: list[str]
    textures: U8
    """(n, s, s, 3) BGR."""
    shapes: F32
    """(n, 468, 3) neutral, symmetrical, head frame."""
    age: F64
    """(n,) apparent age, years, judged by eye."""
    masculinity: F64
    """(n,) 0 feminine .. 1 masculine, judged by eye."""
    tone: F64
    """(n,) 0 darkest .. 1 lightest."""
    beard: F64
    """(n,) 0 or 1."""
    real: NDArray[np.bool_]
    """(n,) volunteers."""
    tones: F32
    """(11, 3) log colour of cheeks from the darkest to the lightest tone."""
    mean: F32
    """(s, s, 3) mean texture of the volunteers, for taking light off."""


def donor_list() -> list[dict[str, str]]:
    """Rows of donors.csv: file, age, masculinity, tone (Monk step), beard, light, grade."""
    text = resources.files("deepcam.training").joinpath("donors.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


def is_volunteer(file: str) -> bool:
    """Whether a donor is a real person; the others do not exist."""
    return file.startswith(VOLUNTEERS)


SHARES = Path(__file__).with_name("bank_shares.csv")
REGION_NAMES = ("eyes", "nose", "mouth", "forehead", "cheeks")
"""Its columns, in the order of ``deepcam.identity.regions``."""


def write_shares(table: F64, files: list[str], path: Path = SHARES) -> None:
    """Keep the bank's shares (mixtures, donors, REGIONS), for the evaluation."""
    lines = [",".join(("mixture", "file", *REGION_NAMES))]
    for mixture, donor in np.argwhere(table.any(2)):
        row = ",".join(f"{v:.4f}" for v in table[mixture, donor])
        lines.append(f"{mixture},{files[donor]},{row}")
    part = path.with_suffix(".part")
    part.write_text("\n".join(lines) + "\n")
    part.replace(path)


def _rim(top: float, side: float, jaw: float) -> F32:
    """Radius up to which a photograph is believed: hair lies above, ears and hair beside."""
    v = (np.mgrid[:SIZE, :SIZE][0] / SIZE).astype(np.float32)
    rim = np.where(v < 0.22, top, np.where(v < 0.62, side, jaw)).astype(np.float32)
    blurred: F32 = cv2.GaussianBlur(rim, (0, 0), 20)
    return blurred


def _inside(rim: F32, soft: float) -> F32:
    weight: F32 = np.clip((rim - radius_map(SIZE)) / soft, 0, 1).astype(np.float32)
    return weight


def _hair(texture: F32) -> F32:
    """(s, s) 1 where hair hangs into the forehead or the temples: much darker, or of another
    colour, than the skin between brows and hairline and on the cheeks."""
    log = np.log(np.clip(texture, 0, None) + 8)
    smooth = cv2.GaussianBlur(log, (0, 0), 2.5)
    v, side = places(SIZE)
    skin = ((v > 0.17) & (v < 0.24) & (side < 0.14)) | cheeks(v, side)
    grey = smooth.mean(2)
    tint = smooth - grey[..., None]
    usual, colour = float(np.median(grey[skin])), np.median(tint[skin], axis=0)
    spread = 1.5 * float(np.median(np.abs(grey[skin] - usual))) + 0.02
    limit = max(0.20, min(3.0 * spread, 0.34))
    odd = (grey < usual - limit) | (np.abs(tint - colour).max(2) > 0.22)
    # Above the brows, and beside their ends.
    upper = v < 0.20 + 0.11 * np.clip((side - 0.22) / 0.12, 0, 1)
    beside = (side > 0.345) & (v < 0.62)
    found = (odd & (upper | beside)).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    wide = cv2.dilate(found, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (21, 21)))
    out: F32 = cv2.GaussianBlur(wide.astype(np.float32), (0, 0), 3)
    return out


def _complete(texture: F32, seen: F32, rim: F32) -> F32:
    known = seen * _inside(rim, 0.05) * (1 - _hair(texture))
    other = known[:, ::-1]
    share = known / (known + 0.5 * other * (1 - known) + 1e-6)
    both = texture * share[..., None] + texture[:, ::-1] * (1 - share[..., None])
    weight = np.clip(np.maximum(known, 0.9 * other), 0, 1).astype(np.float32)
    return pull_push(both.astype(np.float32), weight)


def _one(job: tuple[str, F64, bool]) -> tuple[U8, F32]:
    path, points, studio = job
    image = cv2.imread(path)
    texture, seen = unwrap(np.asarray(image, np.uint8), points, SIZE)
    rim = _rim(0.88, 0.82, 0.92) if studio else _rim(0.86, 0.80, 0.90)
    basis = FaceBasis.load()
    _, shape, _, _, _ = measure(points)
    shape = 0.5 * (shape + shape[basis.mirror] * np.array([-1, 1, 1]))
    whole = np.clip(_complete(texture, seen, rim), 0, 255)
    return whole.astype(np.uint8), shape.astype(np.float32)


@lru_cache(maxsize=1)
def _harmonics() -> tuple[F64, F64]:
    """Spherical harmonics of the mean face's normals (LIGHT ** 2, 9), and where they count."""
    _, normal, inside = uv_maps(LIGHT)
    weight = inside * (radius_map(LIGHT) < 0.85)
    return sh_basis(normal).reshape(-1, 9).astype(np.float64), weight.ravel().astype(np.float64)


def take_light_off(log: F32, mean: F32, keep: float) -> F32:
    """A log texture (s, s, 3) without its light, by comparison with the ``mean`` one.

    The ratio of brightness is fitted with second-order spherical harmonics of the mean face's
    normals (Ramamoorthi & Hanrahan 2001), robustly, so that features do not count as light; of the
    lamp's colour only its direction: more would dye cheeks and chins. What differs between the
    halves goes, of the rest a share ``keep`` stays.
    """
    small = cv2.resize(log - mean, (LIGHT, LIGHT), interpolation=cv2.INTER_AREA)
    basis, inside = _harmonics()
    grey = small.mean(2)
    light = np.empty((LIGHT, LIGHT, 3))
    light[:] = _fitted(basis, grey.ravel(), inside, 0.3).reshape(LIGHT, LIGHT, 1)
    for k in range(3):
        tint = (small[..., k] - grey).ravel()
        light[..., k] += _fitted(basis[:, :4], tint, inside, 3.0).reshape(LIGHT, LIGHT)
    level = light.reshape(-1, 3)[inside > 0].mean(0)
    even = 0.5 * (light + light[:, ::-1])
    gone = ((light - even) + (1 - keep) * (even - level)).astype(np.float32)
    out: F32 = log - cv2.resize(gone, log.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return out


def _fitted(basis: F64, values: F64, inside: F64, ridge: float) -> F64:
    weight = inside
    for _ in range(4):
        part = basis * weight[:, None]
        normal = part.T @ basis + ridge**2 * np.eye(basis.shape[1])
        found = np.linalg.solve(normal, part.T @ values)
        weight = inside / (1 + (np.abs(basis @ found - values) / 0.12) ** 2)
    out: F64 = basis @ found
    return out


def calm(log: F32, studio: bool) -> F32:
    """A log texture (s, s, 3) without what is left of its light: the coarse difference of its
    halves, and gloss. Lines and folds keep their strength."""
    # Compared with the other half, coarse differences are light; asymmetries of features are finer.
    difference = 0.5 * (log - log[:, ::-1])
    log = log - (0.5 if studio else 0.85) * _smooth(difference, 18)
    coarse = _smooth(log, 60)
    above = np.maximum((coarse - _smooth(log, 7)).mean(2, keepdims=True), 0)
    limited = _GLOSS * np.tanh(above / _GLOSS)
    out: F32 = (log - (above - limited)).astype(np.float32)
    return out


def _smooth(x: F32, part: float) -> F32:
    """Low pass with a standard deviation of the side's ``part``, at a quarter of the size."""
    small = cv2.resize(x, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    low = cv2.GaussianBlur(small, (0, 0), x.shape[0] / part / 4)
    out: F32 = cv2.resize(low, x.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return out.reshape(x.shape)


def tidy(texture: F32, edge: F32) -> U8:
    """A de-lit texture whose rim and hair are filled: first from the other half, then smoothly."""
    known = edge * (1 - _hair(texture))
    other = known[:, ::-1]
    share = known / (known + 0.5 * other * (1 - known) + 1e-6)
    both = texture * share[..., None] + texture[:, ::-1] * (1 - share[..., None])
    weight = np.clip(np.maximum(known, 0.9 * other), 0, 1).astype(np.float32)
    return np.clip(pull_push(both.astype(np.float32), weight), 0, 255).astype(np.uint8)


def cheek_colour(log: F32) -> F64:
    """(3,) of a log texture (s, s, 3): the median, beards and spots do not count."""
    out: F64 = np.median(log[CHEEKS].reshape(-1, 3), axis=0).astype(np.float64)
    return out


def load_donors(folders: Sequence[Path], landmarks: dict[str, F64], jobs: int = 2) -> Donors:
    """All donors with a mesh, from the ``folders`` they lie in.

    Raises ``DeepcamError`` when fewer than half of them are found.
    """
    everybody = donor_list()
    where = {
        r["file"]: folder / "images" / r["file"]
        for folder in folders
        for r in everybody
        if (folder / "images" / r["file"]).is_file()
    }
    rows = [r for r in everybody if r["file"] in landmarks and r["file"] in where]
    if len(rows) < len(everybody) / 2:
        raise DeepcamError(
            f"Only {len(rows)} of {len(everybody)} donors were found.",
            "Give both folders of photographs with --faces and --more, after landmarks.",
        )
    real = [is_volunteer(r["file"]) for r in rows]
    tasks = [
        (str(where[r["file"]]), landmarks[r["file"]], r["file"].startswith("london")) for r in rows
    ]
    with ProcessPoolExecutor(jobs, mp_context=SPAWN) as pool:
        done = list(pool.map(_one, tasks, chunksize=8))
    textures, shapes = (np.stack(part) for part in zip(*done, strict=True))
    raw = [np.log(t.astype(np.float32) + 8) for t in textures]
    mean = np.mean([x for x, r in zip(raw, real, strict=True) if r], axis=0).astype(np.float32)
    mean = 0.5 * (mean + mean[:, ::-1])
    logs = [
        calm(take_light_off(x, mean, 0.25 if r else 0.15), r)
        for x, r in zip(raw, real, strict=True)
    ]
    monk = np.array([float(r["tone"]) for r in rows])
    tones, logs = _on_one_footing(logs, monk)
    edge = _inside(_rim(0.86, 0.80, 0.90), 0.06)
    clean = np.stack([tidy((np.exp(x) - 8).astype(np.float32), edge) for x in logs])
    return Donors(
        [r["file"] for r in rows],
        clean,
        shapes,
        np.array([float(r["age"]) for r in rows]),
        np.array([float(r["masculinity"]) for r in rows]),
        np.array([tone_of_monk(m) for m in monk]),
        np.array([float(r["beard"]) for r in rows]),
        np.array(real),
        tones,
        np.clip(np.exp(mean) - 8, 0, 255).astype(np.float32),
    )


def mean_texture(folder: Path, landmarks: dict[str, F64]) -> F32:
    """Mean (s, s, 3) of the studio's volunteers as they are photographed, for taking light off.

    Raises ``DeepcamError`` when none of them lies in ``folder``.
    """
    names = [r["file"] for r in donor_list() if r["file"].startswith("london")]
    known = [n for n in names if n in landmarks and (folder / "images" / n).is_file()]
    if not known:
        raise DeepcamError(
            f"None of the studio's photographs lies in {folder}.", "Give that folder with --faces."
        )
    total = np.zeros((SIZE, SIZE, 3), np.float64)
    for name in known:
        total += _one((str(folder / "images" / name), landmarks[name], True))[0]
    mean: F32 = (total / len(known)).astype(np.float32)
    return mean


KEEP_OFF, KEEP_TINT, KEEP_COLOURS, KEEP_SHADES = 0.3, 0.35, 0.3, 0.5
"""Shares of a donor's own that stay: brightness beside that of the tone, tint, coarse differences
of colour over the face, and of brightness, beside the mean of all donors."""


def _on_one_footing(logs: list[F32], monk: F64) -> tuple[F32, list[F32]]:
    """Colours of cheeks by tone, darkest first (11, 3), and the textures brought near to them."""
    cheeks = np.stack([cheek_colour(x) for x in logs])
    powers = np.arange(3)
    x = (monk - 5) / 5
    curve = np.linalg.lstsq(x[:, None] ** powers, cheeks, rcond=None)[0]
    # Once more without those whose exposure is far off.
    off = np.abs(cheeks - x[:, None] ** powers @ curve).mean(1)
    good = off < np.quantile(off, 0.8)
    curve = np.linalg.lstsq(x[good, None] ** powers, cheeks[good], rcond=None)[0]
    low = [_smooth(log - c.astype(np.float32), 12) for log, c in zip(logs, cheeks, strict=True)]
    # The pattern of colours and shades changes with the tone: its mean is a straight line of it.
    table = np.stack([np.ones(len(x)), x], 1)
    row = np.linalg.solve(table.T @ table, table.T)
    level, slope = (
        sum(np.float32(w) * part for w, part in zip(line, low, strict=True)) for line in row
    )
    out = []
    for log, part, at, colour in zip(logs, low, x, cheeks, strict=True):
        usual = at**powers @ curve
        gap = colour - usual
        light = gap.mean()
        keep = KEEP_OFF * np.clip(light, -0.4, 0.4) + KEEP_TINT * np.clip(gap - light, -0.12, 0.12)
        pattern = part - (level + np.float32(at) * slope)
        grey = pattern.mean(2, keepdims=True)
        less = (1 - KEEP_COLOURS) * (pattern - grey) + (1 - KEEP_SHADES) * grey
        out.append((log - less + (usual + keep - colour)).astype(np.float32))
    steps = (np.linspace(MONKS[-1], MONKS[0], 11) - 5) / 5
    return (steps[:, None] ** powers @ curve).astype(np.float32), out
