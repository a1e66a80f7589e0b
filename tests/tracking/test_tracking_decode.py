"""What the networks' numbers mean, and which vision library is chosen."""

from __future__ import annotations

import importlib.metadata

import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.runtime.vision import LEGACY, TASKS, installed
from deepcam.tracking import decode
from deepcam.tracking.backend import Detection
from deepcam.tracking.backend_tasks import NEAR_SIZE, close_up, parts


@pytest.mark.parametrize(("size", "count"), [(192, 2304), (128, 896)])
def test_anchors_fill_the_input(size: int, count: int) -> None:
    a = decode.anchors(size)
    assert a.shape == (count, 2)
    assert a.min() > 0
    assert a.max() < 1
    assert np.allclose(a.mean(0), 0.5)


def answer(size: int, faces: list[tuple[float, float, float, float]]) -> tuple[np.ndarray, ...]:
    """The network's numbers for faces (x, y, side, logit) in pixels of the input."""
    centres = decode.anchors(size)
    raw = np.zeros((len(centres), 16), np.float32)
    logits = np.full(len(centres), -50.0, np.float32)
    for x, y, side, logit in faces:
        free = np.flatnonzero(logits < -40)
        k = free[np.argmin(np.linalg.norm(centres[free] * size - (x, y), axis=1))]
        offset = np.array([x, y]) - centres[k] * size
        raw[k] = [*offset, side, side, *np.tile(offset, 6)]
        logits[k] = logit
    return raw, logits, centres


def test_a_face_comes_out_where_it_is_in_the_picture() -> None:
    raw, logits, centres = answer(192, [(96, 48, 40, 3.0)])
    (d,) = decode.detections(raw, logits, centres, 192, 0.5, (100, 200, 484, 584), 0.2)
    assert d.box == pytest.approx([251.5, 255.5, 331.5, 335.5], abs=1e-3)
    assert d.keypoints == pytest.approx(np.tile([291.5, 295.5], (6, 1)), abs=1e-3)
    assert d.score == pytest.approx(1 / (1 + np.exp(-3)))


def test_overlapping_boxes_are_one_face_and_the_best_comes_first() -> None:
    faces = [(50, 50, 40, 1.0), (54, 50, 40, 1.0), (140, 140, 40, 4.0), (20, 150, 30, -3.0)]
    raw, logits, centres = answer(192, faces)
    found = decode.detections(raw, logits, centres, 192, 1.0, (0, 0, 192, 192), 0.2)
    assert [round((d.box[0] + d.box[2]) / 2 + 0.5) for d in found] == [140, 52]


def test_numbers_that_are_none_give_no_face() -> None:
    raw, logits, centres = answer(128, [(64, 64, 40, 3.0), (20, 20, -5, 3.0)])
    raw[(logits == 3) & (raw[:, 2] > 0)] = np.nan
    assert decode.detections(raw, logits, centres, 128, 1.0, (0, 0, 128, 128), 0.2) == []


def test_refined_points_replace_those_of_the_mesh() -> None:
    base = np.arange(1404, dtype=np.float32)
    refined = [np.full(n, 7.0, np.float32) for n in (160, 142, 142, 10, 10)]
    points, presence = decode.mesh([base, *refined, np.float32([0.0])], 192)
    assert points.shape == (478, 3)
    assert presence == 0.5
    points = points * 192
    assert (points[[13, 61, 33, 263, 468, 477], :2] == 7).all()
    assert points[1] == pytest.approx([3, 4, 5])
    assert points[13, 2] == pytest.approx(13 * 3 + 2)  # depth stays the mesh's
    lids = [33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173]
    assert points[468:473, 2] == pytest.approx(np.full(5, np.mean(lids) * 3 + 2))


def test_an_unknown_network_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="unknown answer"):
        decode.mesh([np.zeros(10, np.float32)], 192)


@pytest.mark.parametrize("window", [(0, 0, 1280, 720), (100, 50, 500, 700), (0, 0, 200, 200)])
def test_parts_cover_their_window(window: tuple[int, int, int, int]) -> None:
    seen = np.zeros((window[3], window[2]), bool)
    for x0, y0, x1, y1 in parts(window):
        assert window[0] <= x0 < x1 <= window[2]
        assert window[1] <= y0 < y1 <= window[3]
        seen[y0:y1, x0:x1] = True
    assert seen[window[1] :, window[0] :].all()
    assert parts((0, 0, NEAR_SIZE, NEAR_SIZE)) == []


@pytest.mark.parametrize(
    "box", [(-5, -5, 5, 5), (0, 0, 300, 300), (95, 95, 99, 99), (900, 9, 910, 19)]
)
def test_a_close_up_stays_in_its_window(box: tuple[float, ...]) -> None:
    detection = Detection(np.array(box, float), np.zeros((6, 2)), 0.5)
    x0, y0, x1, y1 = close_up(detection, (0, 0, 100, 100))
    assert 0 <= x0 < x1 <= 100
    assert 0 <= y0 < y1 <= 100


@pytest.mark.parametrize(
    ("version", "backend"),
    [("0.10.21", LEGACY), ("0.9.1", LEGACY), ("0.10.35", TASKS), ("1.2.2", TASKS), ("2.0", TASKS)],
)
def test_chosen_by_what_is_installed(
    monkeypatch: pytest.MonkeyPatch, version: str, backend: str
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: version)
    assert installed() == backend


def test_tasks_without_networks_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    from deepcam.tracking.backend_tasks import TasksBackend

    with pytest.raises(DeepcamError, match="deepcam setup --models"):
        TasksBackend(networks={})
