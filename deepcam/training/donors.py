"""Donors of the identity bank: who they are, and their textures on one footing.

``donors.csv`` names photographs with apparent age and masculinity, judged by eye from the pictures.
Studio photographs come as they are; synthetic people (who bring old age and more skin tones) have
their tint taken to the studio's tone line and their baked-in light damped.
"""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.fill import pull_push
from deepcam.identity.grain import radius_map
from deepcam.training.data import measure
from deepcam.training.identity_bank import Donors
from deepcam.training.textures import delight, unwrap

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
SIZE = 512


def donor_list() -> list[dict[str, str]]:
    """Rows of donors.csv: file, age, masculinity."""
    text = resources.files("deepcam.training").joinpath("donors.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


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


def _complete(texture: F32, seen: F32, rim: F32) -> F32:
    known = seen * _inside(rim, 0.05)
    other = known[:, ::-1]
    share = known / (known + 0.5 * other * (1 - known) + 1e-6)
    both = texture * share[..., None] + texture[:, ::-1] * (1 - share[..., None])
    weight = np.clip(np.maximum(known, 0.9 * other), 0, 1).astype(np.float32)
    return pull_push(both.astype(np.float32), weight)


def load_donors(folder: Path, landmarks: dict[str, F64]) -> tuple[Donors, F32]:
    """All donors with a mesh, and the studio's mean texture (512, 512, 3)."""
    basis = FaceBasis.load()
    rows = [r for r in donor_list() if r["file"] in landmarks]
    studio_rim, wide_rim = _rim(0.88, 0.82, 0.92), _rim(0.86, 0.80, 0.90)
    is_studio = [r["file"].startswith("london") for r in rows]
    textures, shapes = [], []
    for row, studio in zip(rows, is_studio, strict=True):
        image = cv2.imread(str(folder / "images" / row["file"]))
        points = landmarks[row["file"]]
        texture, seen = unwrap(np.asarray(image, np.uint8), points, SIZE)
        textures.append(_complete(texture, seen, studio_rim if studio else wide_rim))
        _, shape, _, _, _ = measure(points)
        shapes.append(0.5 * (shape + shape[basis.mirror] * np.array([-1, 1, 1])))
    mean = np.mean([t for t, s in zip(textures, is_studio, strict=True) if s], axis=0)
    flat = [delight(t, mean, 0.2 if s else 0.1) for t, s in zip(textures, is_studio, strict=True)]
    flat = _match_tints(flat, is_studio)
    edge = _inside(wide_rim, 0.06)
    done = np.stack([np.clip(pull_push(t, edge), 0, 255) for t in flat]).astype(np.float32)
    return (
        Donors(
            done,
            np.array(shapes, np.float32),
            np.array([float(r["age"]) for r in rows]),
            np.array([float(r["masculinity"]) for r in rows]),
        ),
        mean.astype(np.float32),
    )


def _match_tints(textures: list[F32], is_studio: list[bool]) -> list[F32]:
    logs = [np.log(t + 8) for t in textures]
    studio = np.stack([x for x, s in zip(logs, is_studio, strict=True) if s])
    tones = studio[:, 150:400, 130:380].mean((1, 2))
    centre, mean = tones.mean(0), studio.mean(0)
    line = np.linalg.svd(tones - centre)[2][0]
    line *= np.sign(line.sum())
    out = []
    for log, known in zip(logs, is_studio, strict=True):
        if known:
            out.append(np.exp(log) - 8)
            continue
        tone = log[150:400, 130:380].mean((0, 1))
        # Outdoor pictures are exposed darker than the studio's: brighten by a third of a stop.
        along = float(np.clip((tone - centre) @ line * 1.05 + 0.42, -1.5, 0.45))
        deviation = log - tone - mean + centre
        coarse = cv2.GaussianBlur(deviation, (0, 0), SIZE / 24)
        middle = cv2.GaussianBlur(deviation, (0, 0), SIZE / 90) - coarse
        fine = deviation - coarse - middle
        grey = coarse.mean(2, keepdims=True)
        calm = 0.45 * grey + 0.25 * (coarse - grey) + 0.9 * middle + 0.95 * fine
        out.append(np.clip(np.exp(mean + line * along + calm) - 8, 0, 255))
    return [x.astype(np.float32) for x in out]
