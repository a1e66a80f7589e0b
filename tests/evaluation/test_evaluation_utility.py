"""Utility, stability, realism and report: bad anonymizers fail, faithful ones pass."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scenes import rotation

from deepcam.evaluation import realism, report, seam, stability, targets, utility
from deepcam.evaluation.baselines import Seen
from deepcam.evaluation.judge import Reading
from deepcam.evaluation.outcome import OURS, Outcome
from deepcam.evaluation.record import Result, Shot, Take
from deepcam.evaluation.statistics import Measure, rate
from deepcam.frames import Face, Frame, Pose, Reason
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline, project

BASIS = FaceBasis.load()
LENGTH = 40


def readings(
    yaw: float = 0.0, still: bool = False, noise: float = 0.0, gaze: float = 0.0
) -> list[Reading | None]:
    """Somebody who blinks, talks and looks about; ``still``: who does nothing of it."""
    rng = np.random.default_rng(1)
    out: list[Reading | None] = []
    for k in range(LENGTH):
        t = 0 if still else k
        pose = Pose(40.0, rotation(yaw + 5 * np.sin(t / 7), 0.0), np.array([150.0, 110.0]))
        points = project(BASIS.mean, pose).astype(np.float64)
        points += rng.normal(0, noise, points.shape)
        irises = [points[[33, 133]].mean(0)] * 5 + [points[[263, 362]].mean(0)] * 5
        look = 0.12 * np.sin(t / 5) + gaze
        out.append(
            Reading(
                np.concatenate([points, irises]), pose,
                np.full(2, 0.3 - 0.2 * (t % 12 in (3, 4, 5, 6))),
                np.array([look, 0, look, 0]), 0.1 + 0.1 * np.sin(t / 3), 1.0,
            )
        )  # fmt: skip
    return out


def test_a_faithful_output_passes_and_each_fault_is_seen() -> None:
    x = readings()
    good = [utility.Track(x, readings(noise=0.1))]
    assert utility.detection(good).value == 1
    assert utility.error(good, utility.pose_error).value < 0.01
    assert utility.error(good, utility.gaze_error).value < 0.01
    for quantity, least in ((utility.lids, 0.02), (utility.mouth, 0.015), (utility.sideways, 1.5)):
        assert utility.follows(good, quantity, least).value > 0.99
    turned = [utility.Track(x, readings(yaw=8))]
    assert utility.error(turned, utility.pose_error).value == pytest.approx(8, abs=0.1)
    squint = [utility.Track(x, readings(gaze=0.1))]
    assert utility.error(squint, utility.gaze_error).value > 5
    frozen = [utility.Track(x, readings(still=True))]
    for quantity, least in ((utility.lids, 0.02), (utility.mouth, 0.015), (utility.sideways, 1.5)):
        assert utility.follows(frozen, quantity, least).value == 0


def test_a_blank_output_loses_everything() -> None:
    blank = [utility.Track(readings(), [None] * LENGTH)]
    assert utility.detection(blank).value == 0
    assert utility.error(blank, utility.pose_error).value is None
    assert utility.follows(blank, utility.mouth, 0.015).value is None
    # Nobody is expected to be found in profile, where the camera covers.
    assert utility.detection([utility.Track(readings(yaw=70), [None] * LENGTH)]).value is None


def test_the_floor_is_the_original_one_frame_later() -> None:
    found = utility.error([utility.Track(readings(), readings())], utility.pose_error)
    assert found.value == 0
    assert 0.1 < found.extra["floor"] < 1


def film(flicker: float = 0.0, noise: float = 0.0, blank: bool = False) -> Result:
    """A still head in a room of changing light, with faults under the mask."""
    rng = np.random.default_rng(2)
    small = rng.integers(90, 140, (30, 40, 3), np.uint8)
    base = cv2.GaussianBlur(cv2.resize(small, (320, 240)), (0, 0), 2).astype(np.float32)
    shots, images = [], []
    known = readings(still=True)
    for k in range(LENGTH // 2):
        pose = known[0].pose  # type: ignore[union-attr]
        face = Face(1, 0.9, head_outline(pose, BASIS), pose)
        light = 10 * np.sin(k / 6)
        raw = np.clip(base + light + rng.standard_normal(base.shape, np.float32), 0, 255).astype(
            np.uint8
        )
        shots.append(Shot(Frame(raw, k / 25, k), Seen((face,)), known[k]))
        mask = shots[-1].hidden() > 0
        made = base + light + (noise or 0.5) * rng.standard_normal(base.shape, np.float32)
        made = made + flicker * rng.normal()
        image = np.where(mask[..., None], np.clip(made, 0, 255), raw).astype(np.uint8)
        if blank:
            image[mask] = 0
        images.append(image)
    found: list[Reading | None] = [None] * len(images) if blank else known[: len(images)]
    return Result(Take("made", "made", shots), images, [Reason.GENERATED] * len(images), found)


def test_flicker_and_warping() -> None:
    good, bad = film(), film(flicker=8)
    assert stability.flicker_measure([good]).value < 0.5
    assert stability.flicker_measure([bad]).value > 3
    assert stability.warping_ratio([good]).value < 1.1
    assert stability.warping_ratio([film(noise=8)]).value > 2
    assert stability.warping_ratio([film(blank=True)]).value is None


def test_jitter_sees_shaking_and_needs_a_face() -> None:
    calm, nervous = stability.jitter(readings(noise=0.1), 25), stability.jitter(
        readings(noise=0.8), 25
    )  # fmt: skip
    assert nervous > 20 * calm
    assert np.isnan(stability.jitter([None] * LENGTH, 25))
    assert np.isnan(stability.jitter(readings(), 10))
    result = film()
    result.take.shots = [
        Shot(s.frame, s.seen, r)
        for s, r in zip(result.take.shots, readings(noise=0.3), strict=False)
    ]
    result.readings = readings(noise=0.9)[: len(result.images)]
    assert stability.jitter_ratio([result]).value > 3
    result.readings = [None] * len(result.images)
    assert stability.jitter_ratio([result]).value is None


def test_identity_that_changes_within_a_clip() -> None:
    rng = np.random.default_rng(3)
    who = rng.normal(0, 1, 64)
    steady = [who + rng.normal(0, 0.05, (8, 64)) for _ in range(3)]
    wild = [rng.normal(0, 1, (8, 64)) for _ in range(3)]
    real = [who + rng.normal(0, 0.1, (8, 64)) for _ in range(3)]
    found = stability.identity_spread(steady, real)
    assert found.value < found.extra["original"]
    assert stability.identity_spread(wild, real).value > 3 * found.extra["original"]


def test_seam_of_a_pasted_patch() -> None:
    rng = np.random.default_rng(4)
    image = cv2.GaussianBlur(rng.integers(60, 200, (240, 320, 3), np.uint8), (0, 0), 4)
    outline = readings()[0]
    assert outline is not None
    polygon = head_outline(outline.pose, BASIS)
    ratio, step = seam.seam(image, polygon)
    assert 0.85 < ratio < 1.15
    mask = np.zeros((240, 320), np.uint8)
    cv2.fillConvexPoly(mask, np.round(polygon).astype(np.int32), 1)
    pasted = np.where(mask[..., None] > 0, image // 3, image).astype(np.uint8)
    bad, high = seam.seam(pasted, polygon)
    assert bad > 2
    assert high > step + 10
    assert seam.seam_measure([film()])[0].value == pytest.approx(1, abs=0.25)
    assert seam.seam_measure([film(blank=True)])[0].value > 2


def test_texture_distance_sees_blur_and_blank() -> None:
    rng = np.random.default_rng(5)
    real = [cv2.GaussianBlur(rng.integers(0, 256, (64, 64, 3), np.uint8), (0, 0), 1.0)
            for _ in range(16)]  # fmt: skip
    same = realism.texture_distance(real, real)
    assert same.extra["times_floor"] == pytest.approx(1, abs=0.3)
    blurred = realism.texture_distance([cv2.GaussianBlur(i, (0, 0), 3) for i in real], real)
    blank = realism.texture_distance([np.full_like(i, 128) for i in real], real)
    assert blurred.extra["times_floor"] > 4
    assert blank.value > blurred.value
    assert realism.texture_distance([], []).value is None


def outcome(**figures: Measure) -> Outcome:
    good = {
        "P2 rank-1 tight": rate(1, 70, chance=1 / 70, p=0.6),
        "P6": Measure(0.0, n=30),
        "P9": rate(0, 900, leaks=[]),
        "U1": rate(1000, 1000),
        "P7 clips": Measure(0.2, n=9, extra={"times_chance": 1.8, "chance": 0.11}),
    }
    picture = np.full((60, 80, 3), 90, np.uint8)
    return Outcome({OURS: good | figures}, {"clips": ["a"]}, [picture] * 7, [("worst", picture)])


def test_the_report_marks_what_is_missed(tmp_path: Path) -> None:
    assert targets.broken_promises(outcome()) == []
    bad = outcome(P6=Measure(3.0, n=30), U1=Measure(None, note="no face"), P9=rate(2, 900))
    assert [b.split()[0] for b in targets.broken_promises(bad)] == ["P6", "P9", "U1"]
    states = {t.metric: s for t, _, s in targets.verdicts(bad)}
    assert states["P6"] == "MISSED"
    assert states["P7 clips"] == "met"
    assert states["U1"] == states["T3"] == "not measured"
    paths = report.write(bad, tmp_path / "out")
    assert [p.name for p in paths] == [
        "report.json",
        "report.md",
        "report.html",
        "contact.png",
        "worst.png",
    ]
    data = json.loads(paths[0].read_text())
    assert data["broken_promises"]
    text = paths[1].read_text()
    assert text.index("**MISSED**") < text.index("All methods")
    sheet = cv2.imread(str(paths[3]))
    assert sheet.shape == (480, 1440, 3)


def test_every_target_fails_without_a_measurement() -> None:
    empty = Outcome({OURS: {t.metric: Measure(None) for t in targets.TARGETS}})
    assert {s for _, _, s in targets.verdicts(empty)} == {"not measured"}
    for target in targets.TARGETS:
        assert not target.met(Measure(None))
