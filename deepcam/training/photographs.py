"""Folders of training photographs: with an index.csv, or in the layout of FDF.

FDF (Flickr Diverse Faces; Hukkelås, Mester, Lindseth, ISVC 2019) has faces in crops of 128 or 256
pixels, numbered from 0: ``images/128/0.png`` or ``images/0.png``, and ``landmarks.npy`` with seven
keypoints of each (nose, right eye, left eye, right ear, left ear, right shoulder, left shoulder;
x, y from 0 to 1). Most of its pictures may not be used commercially: weights trained on all of it
are not this project's to ship.
"""

from __future__ import annotations

import csv
import multiprocessing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError

F64 = NDArray[np.float64]

SPAWN = multiprocessing.get_context("spawn")
"""Processes for preparation: one that is forked beside MediaPipe's threads may die."""
KEYPOINTS = 7
NEAR = 0.35
"""Distance of a mesh's eyes from the keypoints, in distances of the eyes, at which it is the face
that the crop was cut for and not a neighbour's."""


def read_index(folder: Path, most: int = 0) -> list[dict[str, str]]:
    """A row (file, source, person, expression, ...) for each photograph in ``folder``'s images/,
    at most ``most`` of them, evenly spread; 0: all.

    Raises ``DeepcamError`` when the folder has neither an index.csv nor FDF's layout.
    """
    index = folder / "index.csv"
    if index.is_file():
        with index.open(newline="") as handle:
            rows = list(csv.DictReader(handle))
        if rows and not {"file", "person"} <= rows[0].keys():
            raise DeepcamError(f"{index} has no columns file and person.", "Add them.")
    elif (folder / "landmarks.npy").is_file():
        rows = [_row(name) for name in _crops(folder)]
    else:
        raise DeepcamError(
            f"{folder} holds neither an index.csv nor landmarks.npy.",
            "Give a folder with images/ and index.csv, or one of FDF's with images/ and "
            "landmarks.npy.",
        )
    if most and len(rows) > most:
        rows = [rows[i * len(rows) // most] for i in range(most)]
    return rows


def read_eyes(folder: Path) -> dict[str, F64]:
    """Both eyes' places (2, 2), right first, from 0 to 1, of every crop of an FDF folder; nothing
    for other folders. Raises ``DeepcamError`` when there is another number of crops."""
    if (folder / "index.csv").is_file():
        return {}
    names = _crops(folder)
    try:
        points = np.load(folder / "landmarks.npy", allow_pickle=False)
        points = points.reshape(-1, KEYPOINTS, 2).astype(np.float64)
    except (OSError, ValueError, EOFError) as error:
        raise DeepcamError(
            f"{folder / 'landmarks.npy'} does not hold seven points for each face.",
            "Fetch it again.",
        ) from error
    if len(points) != len(names):
        raise DeepcamError(
            f"{folder} holds {len(names)} crops and keypoints of {len(points)}.",
            "Fetch the images and landmarks.npy of the same part.",
        )
    return dict(zip(names, points[:, 1:3], strict=True))


def is_that_face(landmarks: F64, eyes: F64, width: int, height: int) -> bool:
    """Whether the mesh ``landmarks`` (>= 468, 3), pixels, lies on the face with these ``eyes``."""
    wanted = eyes * (width, height)
    found = np.stack([landmarks[[33, 133], :2].mean(0), landmarks[[263, 362], :2].mean(0)])
    # In a profile both eyes have nearly one place: then neither distance says much.
    apart = max(float(np.linalg.norm(pair[1] - pair[0])) for pair in (wanted, found))
    return float(np.linalg.norm(found - wanted, axis=1).max()) < NEAR * max(apart, 1.0)


def _crops(folder: Path) -> list[str]:
    """Names below images/, by number; the larger crops where there are several sizes."""
    images = folder / "images"
    sizes = sorted((p for p in images.glob("*") if p.name.isdigit() and p.is_dir()),
                   key=lambda p: int(p.name))  # fmt: skip
    place = sizes[-1] if sizes else images
    names = [p for p in place.glob("*.png") if p.stem.isdigit()]
    names.sort(key=lambda p: int(p.stem))
    return [str(p.relative_to(images)) for p in names]


def _row(name: str) -> dict[str, str]:
    # Nobody knows which crops show the same person: each counts as one of their own.
    return {"file": name, "source": "fdf", "person": f"fdf-{Path(name).stem}", "expression": ""}
