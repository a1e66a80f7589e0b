"""The hour of faults: what it sees and what it finds wrong (the hour itself is a command)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepcam.app import faults, faults_stage
from deepcam.errors import DeepcamError
from deepcam.frames import Reason, SafeFrame
from deepcam.sources import SourceSpec


@pytest.fixture
def film(tmp_path: Path) -> Path:
    from deepcam.sinks.writer import VideoWriter

    with VideoWriter(tmp_path / "film.mp4", (64, 48), 10) as writer:
        for number in range(4):
            writer.write(np.full((48, 64, 3), 60 * number, np.uint8))
    return tmp_path / "film.mp4"


def test_the_plug_is_a_file(film: Path) -> None:
    source = faults_stage.FlakyFilm(SourceSpec("camera", str(film)))
    source.open()
    assert source.read(1.0) is not None
    (film.parent / "unplugged").touch()
    with pytest.raises(DeepcamError, match="unplugged"):
        source.read(1.0)
    source.close()
    with pytest.raises(DeepcamError, match="unplugged"):
        source.open()


def test_what_is_raw_is_told_at_once(tmp_path: Path) -> None:
    pictures = np.random.default_rng(3).integers(0, 256, (3, 60, 80, 3), np.uint8)
    witness = faults_stage.Reporter(pictures, (40, 30, 12))
    witness.path = tmp_path / "report-1"
    witness.send(SafeFrame(255 - pictures[0], Reason.GENERATED, "", 0.0, 1))
    assert json.loads(witness.path.read_text())["raw"] == 0
    witness.send(SafeFrame(pictures[2].copy(), Reason.GENERATED, "", 0.0, 2))
    assert json.loads(witness.path.read_text())["raw"] == 1


def test_a_recording_that_breaks_off_is_damaged(film: Path, tmp_path: Path) -> None:
    assert faults._damaged(film) == []
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(film.read_bytes()[:300])
    assert len(faults._damaged(broken)) == 1
