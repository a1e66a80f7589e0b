"""The truth set: its counting, its gate, and scenes whose faces are where they are said to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.evaluation import coverage, coverage_figures, scenes
from deepcam.evaluation.coverage_figures import Row
from deepcam.evaluation.scenes import Cutout, Truth


def cutout() -> Cutout:
    image = np.full((100, 80, 3), 60, np.uint8)
    image[40:60, 30:50] = 250
    return Cutout(image, np.array([30.0, 40, 50, 60]), np.ones((100, 80), np.float32))


def test_a_pasted_face_is_where_the_truth_says() -> None:
    for angle in (0.0, 90.0, 200.0):
        canvas = np.zeros((300, 400, 3), np.uint8)
        matrix = scenes.transform(cutout(), 210, 140, 50, angle)
        scenes.paste(canvas, cutout(), matrix, True)
        at = scenes.truth(cutout(), matrix)
        assert (at.x, at.y, at.side) == pytest.approx((210, 140, 50), abs=1e-6)
        y, x = np.argwhere(canvas[..., 0] > 200).mean(0)
        assert (x, y) == pytest.approx((210, 140), abs=2.5)


@pytest.mark.parametrize("size", [(640, 480), (1280, 720)])
def test_a_filmed_photograph_fills_the_picture_and_its_truth_goes_along(
    size: tuple[int, int],
) -> None:
    one = cutout()
    one.image[40:60, 30:50] = (20, 20, 250)
    for image, (at,) in scenes.filmed(one, size, 12, np.random.default_rng(3)):
        assert image.shape == (size[1], size[0], 3)
        assert image[..., 2].min() > 30  # nothing but photograph
        y, x = np.argwhere(image[..., 0] < 40).mean(0)
        assert (x, y) == pytest.approx((at.x, at.y), abs=0.03 * at.side)
        assert (image[..., 0] < 40).sum() == pytest.approx(at.side**2, rel=0.08)


def test_turned_pictures_take_their_truth_along() -> None:
    image = np.zeros((60, 100, 3), np.uint8)
    image[20, 70] = 255
    for quarters in range(4):
        turned, (at,) = scenes.turned((image, [Truth(70, 20, 5)]), quarters)
        assert turned[int(at.y), int(at.x), 0] == 255


def test_raw_is_what_came_out_as_it_went_in() -> None:
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 255, (90, 120, 3), np.uint8)
    face = Truth(60, 45, 40)
    assert coverage.unchanged(raw, raw.copy(), face) == 1.0
    hidden = raw.copy()
    hidden[20:70, 30:90] = 0
    assert coverage.unchanged(raw, hidden, face) < 0.05
    half = raw.copy()
    half[:45] = 0
    assert 0.4 < coverage.unchanged(raw, half, face) < 0.6
    assert coverage.unchanged(raw, raw, Truth(500, 45, 40)) == 0.0


def test_the_gate_tells_what_became_worse(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    before = {"gallery": Row(frames=100, faces=900, raw=5), "nobody": Row(frames=50)}
    coverage_figures.store(before, path, True)
    stored = coverage_figures.load(path)
    assert coverage_figures.regressions(before, stored, True) == []
    worse = {"gallery": Row(frames=100, faces=900, raw=30), "nobody": Row(frames=50, covers=9)}
    assert coverage_figures.regressions(worse, stored, True) == [
        "gallery: raw 5 -> 30", "nobody: covers 0 -> 9",
    ]  # fmt: skip
    assert coverage_figures.regressions(worse, stored, False) == []
    assert coverage_figures.broken_promises(worse)
    path.write_text("[1")
    with pytest.raises(DeepcamError, match="damaged"):
        coverage_figures.load(path)


def test_every_scene_of_the_small_set_has_its_faces_inside() -> None:
    people = [cutout()] * 60
    names = set()
    for scene in coverage.scenes(people, [], True):
        image, faces = next(iter(scene.play()))
        names.add(scene.group)
        assert image.dtype == np.uint8
        for face in faces:
            assert -face.side < face.x < image.shape[1] + face.side
            assert -face.side < face.y < image.shape[0] + face.side
    assert {"gallery", "small face", "dark", "nobody", "turned photograph"} <= names
    assert names <= set(coverage.GROUPS)
