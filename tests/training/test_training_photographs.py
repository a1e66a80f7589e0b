"""Folders of photographs: an index, or crops and keypoints as FDF has them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.frames import Pose
from deepcam.identity.model import IdentityModel
from deepcam.runtime.vision import LEGACY, installed
from deepcam.showcase.portrait import portrait
from deepcam.training.data import CROP, TEXTURE, prepare_one
from deepcam.training.photographs import is_that_face, read_eyes, read_index


def fdf(folder: Path, size: int = 128, count: int = 12) -> Path:
    """Crops of people who do not exist, with black where the crop reaches over the photograph."""
    images = folder / "images" / str(size)
    images.mkdir(parents=True)
    points = np.zeros((count, 7, 2))
    model = IdentityModel.load()
    for k in range(count):
        face = portrait(model.sample(k % 3))
        face = cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA)
        face[:, : size // 10] = 0
        cv2.imwrite(str(images / f"{k}.png"), face)
        points[k] = 0.5
    np.save(folder / "landmarks.npy", points.astype(np.float32))
    return folder


def test_an_index_is_read_and_thinned(tmp_path: Path) -> None:
    lines = ["file,source,person,expression", *(f"{k}.webp,here,p{k},neutral" for k in range(10))]
    (tmp_path / "index.csv").write_text("\n".join(lines) + "\n")
    assert len(read_index(tmp_path)) == 10
    assert [r["person"] for r in read_index(tmp_path, 3)] == ["p0", "p3", "p6"]
    assert read_eyes(tmp_path) == {}


def test_crops_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    rows = read_index(fdf(tmp_path))
    assert [r["file"] for r in rows] == [f"128/{k}.png" for k in range(12)]
    assert len({r["person"] for r in rows}) == 12
    assert {r["source"] for r in rows} == {"fdf"}
    eyes = read_eyes(tmp_path)
    assert eyes["128/11.png"].shape == (2, 2)


def test_the_larger_crops_are_taken_and_those_without_a_folder_found(tmp_path: Path) -> None:
    folder = fdf(tmp_path / "both", 64, 2)
    (folder / "images" / "256").mkdir()
    cv2.imwrite(str(folder / "images" / "256" / "0.png"), np.zeros((256, 256, 3), np.uint8))
    assert [r["file"] for r in read_index(folder)] == ["256/0.png"]
    flat = tmp_path / "flat"
    (flat / "images").mkdir(parents=True)
    np.save(flat / "landmarks.npy", np.zeros((1, 14), np.float32))
    cv2.imwrite(str(flat / "images" / "0.png"), np.zeros((256, 256, 3), np.uint8))
    assert [r["file"] for r in read_index(flat)] == ["0.png"]
    assert read_eyes(flat)["0.png"].shape == (2, 2)


def test_what_is_no_such_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeepcamError, match="neither an index"):
        read_index(tmp_path)
    folder = fdf(tmp_path / "fdf", 32, 3)
    np.save(folder / "landmarks.npy", np.zeros((2, 7, 2)))
    with pytest.raises(DeepcamError, match="3 crops and keypoints of 2"):
        read_eyes(folder)
    (folder / "landmarks.npy").write_bytes(b"no array")
    with pytest.raises(DeepcamError, match="seven points"):
        read_eyes(folder)
    (tmp_path / "index.csv").write_text("name\n1.png\n")
    with pytest.raises(DeepcamError, match="no columns"):
        read_index(tmp_path)


def test_a_neighbours_face_is_not_taken() -> None:
    landmarks = np.zeros((478, 3))
    landmarks[[33, 133], :2], landmarks[[263, 362], :2] = (50, 60), (78, 60)
    eyes = np.array([[50, 60], [78, 60]]) / 128
    assert is_that_face(landmarks, eyes, 128, 128)
    assert is_that_face(landmarks, eyes + 0.05, 128, 128)
    assert not is_that_face(landmarks, eyes + 0.2, 128, 128)
    assert not is_that_face(landmarks, eyes[::-1], 128, 128)


@pytest.mark.slow
@pytest.mark.skipif(installed() != LEGACY, reason="the mesh of photographs is mediapipe 0.10's")
def test_crops_become_training_material(tmp_path: Path) -> None:
    from deepcam.training.landmarks import of_photos

    folder = fdf(tmp_path, 256, 3)
    # First the places of the eyes have to be known: as an index's photographs.
    names = [r["file"] for r in read_index(folder)]
    points = np.load(folder / "landmarks.npy")
    (folder / "index.csv").write_text(
        "file,source,person,expression\n" + "".join(f"{n},x,{n},\n" for n in names)
    )
    found = of_photos(folder, jobs=1)
    (folder / "index.csv").unlink()
    assert len(found) >= 2
    for k, name in enumerate(names):
        if name in found:
            points[k, 1] = found[name][[33, 133], :2].mean(0) / 256
            points[k, 2] = found[name][[263, 362], :2].mean(0) / 256
    points[0, 1:3] = 0.05  # the first crop was cut for somebody else
    np.save(folder / "landmarks.npy", points)
    again = of_photos(folder, jobs=1)
    assert set(again) == set(found) - {names[0]}
    name = next(iter(again))
    image = cv2.imread(str(folder / "images" / name))
    assert image is not None
    sample = prepare_one(image, again[name], np.full((TEXTURE, TEXTURE, 3), 140, np.float32))
    # The black strip is no photograph.
    pose = Pose(float(sample["scale"]), sample["rotation"], sample["translation"])
    assert pose.scale > 10
    inside = sample["inside"][CROP // 2]
    left = np.nonzero(inside)[0][0]
    assert left > 0
    assert sample["crops"][CROP // 2, left + 3 : -CROP // 4].any(1).all()
