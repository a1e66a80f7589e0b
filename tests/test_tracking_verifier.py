"""The face verifier: what it may refuse, and that nothing changes without it."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.frames import Frame
from deepcam.geometry.basis import FaceBasis
from deepcam.tracking import verifier
from deepcam.tracking.doubt import SecondLooks
from deepcam.tracking.tracker import Tracker
from tests.tracking_faces import ScriptedBackend, detection_of, landmarks, pose_at

F64 = NDArray[np.float64]


class Refusing:
    """Believes in faces whose boxes are in the picture's left half."""

    def odds(self, image: NDArray[np.uint8], boxes: list[F64]) -> NDArray[np.float32]:
        middle = image.shape[1] / 2
        return np.array([8.0 if b[0] + b[2] < 2 * middle else -8.0 for b in boxes], np.float32)


@pytest.fixture
def basis() -> FaceBasis:
    return FaceBasis.load()


def picture(time: float = 0.0) -> Frame:
    return Frame(np.full((480, 640, 3), 90, np.uint8), time, int(time * 30))


def test_what_it_refuses_starts_nothing_and_is_remembered(basis: FaceBasis) -> None:
    backend = ScriptedBackend()
    left = landmarks(basis, pose_at(160, 240, 40))
    right = landmarks(basis, pose_at(480, 240, 40))
    backend.show([left, right])
    tracker = Tracker(backend=backend, basis=basis, verifier=Refusing())  # type: ignore[arg-type]
    for n in range(30):
        faces = tracker.process(picture(n / 30))
        assert [f.outline[:, 0].mean() < 320 for f in faces] == [True]
    doubts = SecondLooks(backend, Refusing())  # type: ignore[arg-type]
    (verdict,) = doubts.look(picture().image, [detection_of(right)], [], 0.0)
    assert verdict.refused
    assert verdict.score == 0.0
    assert doubts.refused(detection_of(right), 0.1)


def test_another_library_has_none_unless_given(basis: FaceBasis) -> None:
    backend = ScriptedBackend()
    backend.show([landmarks(basis, pose_at(480, 240, 40))])
    assert len(Tracker(backend=backend, basis=basis).process(picture())) == 1


def test_the_shipped_one_refuses_a_flat_place_and_believes_no_noise() -> None:
    found = verifier.load()
    assert found is not None
    rng = np.random.default_rng(0)
    flat = np.full((200, 300, 3), 120, np.uint8)
    noise = rng.integers(0, 255, (200, 300, 3), dtype=np.uint8)
    boxes = [np.array([20.0, 30, 120, 130]), np.array([250.0, -40, 340, 50])]
    assert (found.odds(flat, boxes) < verifier.NO_FACE).all()
    assert (found.odds(noise, boxes) < 0).all()
    assert len(found.odds(flat, [])) == 0


@pytest.mark.parametrize("side", [3.0, 20.0, 90.0, 700.0])
def test_a_patch_is_centred_on_its_box(side: float) -> None:
    image = np.zeros((600, 800, 3), np.uint8)
    y, x = np.ogrid[:600, :800]
    image[(np.abs(x - 401) < side / 4) & (np.abs(y - 297) < side / 4)] = 255
    box = np.array([401 - side / 2, 297 - side / 2, 401 + side / 2, 297 + side / 2])
    cut = verifier.patch(image, box).astype(np.float64)[..., 0]
    assert cut.shape == (verifier.SIZE, verifier.SIZE)
    at = (cut.sum(0) @ np.arange(48) / cut.sum(), cut.sum(1) @ np.arange(48) / cut.sum())
    assert np.abs(np.array(at) - 23.5).max() < (7.0 if side < 10 else 1.2)


def test_without_its_network_the_program_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(_: str) -> Path:
        raise DeepcamError("The model face_verifier.onnx is missing.", "Install it again.")

    monkeypatch.setattr(verifier, "path_of", missing)
    verifier.load.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert verifier.load() is None
    verifier.load.cache_clear()
    assert "missing" in caplog.text


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(b"no")
    with pytest.raises(DeepcamError, match="cannot be used"):
        verifier.Verifier(path)
