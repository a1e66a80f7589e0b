"""All eight orientations, in films and pictures, with a real face and the real anonymizer."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image as Pil
from recipes import exif, rgb, save, stored_as, turn_track

from deepcam.batch.stills import read_still
from deepcam.sources.video import VideoReader

pytestmark = pytest.mark.usefixtures("plain_stderr")
FACE = (slice(60, 160), slice(170, 270))
"""Inside the face of the photograph below."""
AWAY = (slice(0, 320), slice(0, 80))
"""Street."""


@pytest.fixture
def photograph(shared: Path) -> np.ndarray:
    picture = cv2.imread(str(shared / "stills" / "glasses.jpg"))
    return cv2.resize(picture, (480, 320), interpolation=cv2.INTER_AREA)


def turned_film(path: Path, upright: np.ndarray, orientation: int, frames: int = 3) -> None:
    stored = stored_as(upright, orientation)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25, options={"crf": "10"})
        video.height, video.width = stored.shape[:2]
        video.pix_fmt = "yuv420p"
        for k in range(frames):
            frame = av.VideoFrame.from_ndarray(stored, format="bgr24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    turn_track(path, orientation)


@pytest.mark.slow
def test_every_orientation_is_honoured(run: Any, tmp_path: Path, photograph: np.ndarray) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for k in range(1, 9):
        turned_film(source / f"{k}.mp4", photograph, k)
        stored = rgb(stored_as(photograph, k))
        save(source / f"{k}.jpg", stored, exif=exif(k), quality=95)
        save(source / f"{k}.png", stored, exif=exif(k))
    code, out, err = run("anonymize", source, "-o", target, "--identity", 20, "--json", "-j", 1)
    assert code == 0, err
    summary = json.loads(out)
    assert summary["files"] == 24
    assert summary["generated"] == summary["frames"] == 8 * (3 + 1 + 1)
    for path in sorted(target.iterdir()):
        if path.suffix == ".mp4":
            with VideoReader(path) as reader:
                made = [p.image for p in reader]
            assert len(made) == 3
        else:
            with Pil.open(path) as picture:
                assert picture.size == (480, 320)
                assert 0x0112 not in picture.getexif()
            made = [read_still(path).image]
        for image in made:
            away = cv2.absdiff(image[AWAY], photograph[AWAY])
            face = cv2.absdiff(image[FACE], photograph[FACE])
            assert away.mean() < 8, path  # films were encoded twice
            assert face.mean() > 10, path
