"""KID, C2ST, strata, the second judge, plots, the page, and the gate: each one can fail."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.evaluation import (
    gate,
    html,
    landmarks68,
    plots,
    realism,
    report,
    strata,
    targets,
    utility,
)
from deepcam.evaluation.features import hog, random_network, spectrum
from deepcam.evaluation.outcome import OURS, Distances, Outcome
from deepcam.evaluation.statistics import Measure, rate
from deepcam.evaluation.svg import colour, histogram, ticks
from deepcam.evaluation.traits import Traits, glasses_score

TARGETS = {t.metric: t for t in targets.TARGETS}


def textures(n: int, seed: int, sigma: float = 1.0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [
        cv2.GaussianBlur(rng.integers(0, 256, (64, 64, 3), np.uint8), (0, 0), sigma) // 2
        + rng.integers(0, 120, 3).astype(np.uint8)
        for _ in range(n)
    ]


def test_kid_and_c2st_fail_blur_and_blank_and_pass_the_like() -> None:
    real = textures(24, 1)
    looks = {"texture": random_network(real), "spectrum": spectrum(real)}
    assert hog(real).shape == (24, 324)
    for other, fails in (
        (textures(24, 2), False),
        ([cv2.GaussianBlur(r, (0, 0), 2) for r in real], True),
        ([np.full_like(r, 128) for r in real], True),
    ):
        codes = {"texture": random_network(other), "spectrum": spectrum(other)}
        kid = realism.kernel_distance(codes["texture"], looks["texture"])
        told = realism.two_sample(codes, looks, list(range(24)))
        assert TARGETS["Q1 KID texture"].met(kid) is not fails
        assert TARGETS["Q3 C2ST"].met(told) is not fails
    assert realism.kernel_distance(np.zeros((3, 4)), np.zeros((3, 4))).value is None
    assert realism.two_sample({}, {}, [1]).value is None


def eyes(shut: list[int], length: int = 40) -> np.ndarray:
    values = np.full(length, 0.3)
    for k in shut:
        values[k : k + 3] = 0.05
    return values


def test_blinks_are_counted() -> None:
    assert utility.blinks(eyes([5, 20])) == [6, 21]
    assert utility.blinks(np.full(40, 0.3)) == []
    noisy = np.full(40, 0.3)
    noisy[20:30] = [0.1, 0.17, 0.19, 0.17, 0.2, 0.15, 0.19, 0.21, 0.17, 0.19]
    assert utility.blinks(noisy) == [24], "eyes that look down are shut once"


def test_another_detector_sees_a_frozen_face() -> None:
    rng = np.random.default_rng(4)
    t = np.arange(60)
    moving = np.stack([0.1 * np.sin(t / 4 + k) for k in range(4)], 1)
    noisy = moving + rng.normal(0, 0.01, moving.shape)
    good = landmarks68.agreement([np.stack([moving, noisy], 1)])
    frozen = landmarks68.agreement([np.stack([moving, np.zeros_like(moving)], 1)])
    still = landmarks68.agreement([np.zeros((60, 2, 4))])
    for name in ("blink", "mouth", "width", "brows"):
        target = TARGETS[f"U5 {name} r"]
        assert target.met(good[target.metric])
        assert frozen[target.metric].value == 0
        assert still[target.metric].value is None


def test_quantities_of_68_points() -> None:
    points = np.zeros((68, 2))
    points[36], points[45] = (0, 0), (100, 0)
    points[17:27] = (50, -40)
    points[62], points[66] = (50, 60), (50, 80)
    points[48], points[54] = (20, 70), (80, 70)
    _, mouth, width, brows = landmarks68.quantities(points)
    assert mouth == pytest.approx(0.2)
    assert width == pytest.approx(0.6)
    assert brows > 0.3


def traits(yaw: float = 0.0, tone: float = 0.0, glasses: bool = False) -> Traits:
    return Traits(yaw, tone, 100.0, 0.9, glasses, False)


def test_strata_part_the_pictures() -> None:
    cases = [traits(yaw=6.0 * k, tone=float(k), glasses=k % 2 == 0) for k in range(9)]
    found = strata.groups(cases)
    assert found["yaw up to 15"] == [0, 1, 2]
    assert found["yaw over 35"] == [6, 7, 8]
    assert found["skin, darkest third"] == [0, 1, 2]
    assert found["glasses"] == [0, 2, 4, 6, 8]
    assert sorted(k for n, g in found.items() if n.startswith("light,") for k in g) == list(
        range(9)
    )


def test_a_group_that_fails_shows() -> None:
    reading = object.__new__(strata.Reading)
    cases = [
        strata.Case(traits(glasses=k < 6), str(k), reading, None, k >= 6, k < 6, k < 6)
        for k in range(12)
    ]
    found = strata.by_group(cases, "photographs")
    assert found["photographs: glasses"]["P1"].value == 1
    assert found["photographs: glasses"]["covered"].value == 1
    assert found["photographs: no glasses"]["P1"].value == 0
    assert found["photographs: no glasses"]["U1"].value == 0
    assert "photographs: beard" not in found  # nobody


def test_frames_are_seen_as_glasses() -> None:
    face = np.full((128, 128), 150, np.uint8)
    cv2.ellipse(face, (64, 70), (40, 55), 0, 0, 360, 175, -1)
    bare = cv2.GaussianBlur(face, (0, 0), 3).astype(np.float32)
    worn = bare.astype(np.uint8)
    for x in (40, 88):
        cv2.circle(worn, (x, 50), 16, 30, 2)
    cv2.line(worn, (56, 48), (72, 48), 30, 2)
    cv2.line(worn, (0, 46), (24, 48), 30, 2)
    cv2.line(worn, (104, 48), (127, 46), 30, 2)
    assert glasses_score(worn.astype(np.float32)) > glasses_score(bare) + 0.5


def outcome(**figures: Measure) -> Outcome:
    rng = np.random.default_rng(5)
    mated, other = rng.normal(0.5, 0.1, 30), rng.normal(0.8, 0.1, 400)
    good = {"P6": Measure(0.0, n=3), "U1": rate(100, 100), "U2 pose": Measure(2.0, 1.8, 2.2, 90)}
    out = Outcome({"original": {"P1": rate(9, 10)}, OURS: good | figures})
    out.figures[OURS]["P1"] = rate(0, 10)
    for name in ("original", OURS):
        out.distances[name] = {"standard": Distances(mated, other)}
    out.facts = {"material": "abc", "date": "today", "generator_sha256": "0"}
    return out


def test_plots_are_svg_and_show_what_was_measured() -> None:
    drawn = plots.all_plots(outcome())
    assert set(drawn) >= {"roc_standard.svg", "distances_standard.svg", "p1.svg", "u2_pose.svg"}
    for text in drawn.values():
        root = ElementTree.fromstring(text)
        assert root.tag.endswith("svg")
        assert "nan" not in text
    curve = plots.roc(Distances(np.array([0.1, 0.2]), np.linspace(1, 2, 100)))
    assert curve[0] == (0.01, 1.0)
    hopeless = plots.roc(Distances(np.array([3.0]), np.linspace(1, 2, 100)))
    assert hopeless[-1] == (1.0, 0.0)
    assert sum(y for _, y in histogram([0.1, 0.9, 5.0], 0, 1, 10)[1:-2]) == pytest.approx(1)
    assert plots.all_plots(Outcome()) == {}


def test_the_page_holds_tables_plots_and_nothing_raw() -> None:
    text = "# A <b>\n\n| x | y |\n|---|---|\n| **MISSED** | 1 |\n\n- one\n\n![p](plots/p.svg)\n"
    page = html.page(text, {"p.svg": "<svg/>"})
    assert "A &lt;b&gt;" in page
    assert '<td><strong class="missed">MISSED</strong></td>' in page
    assert "<figure><svg/></figure>" in page
    assert page.count("<tr>") == 2


def test_the_gate_fails_what_became_worse(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    gate.store(outcome(), path)
    stored = gate.load(path)
    assert gate.why_not_compared(outcome(), stored) == ""
    assert gate.regressions(outcome(), stored) == []
    slightly = outcome(**{"U2 pose": Measure(2.3, n=90)})
    assert gate.regressions(slightly, stored) == []
    for name, found in (
        ("U2 pose", Measure(4.0, n=90)),
        ("P6", Measure(1.0, n=3)),
        ("U1", rate(90, 100)),
        ("U1", Measure(None)),
    ):
        assert [r.startswith(name) for r in gate.regressions(outcome(**{name: found}), stored)] == [
            True
        ]
    better = outcome(**{"U2 pose": Measure(0.5, n=90)})
    assert gate.regressions(better, stored) == []
    elsewhere = outcome()
    elsewhere.facts["material"] = "other"
    assert "other material" in gate.why_not_compared(elsewhere, stored)
    assert gate.why_not_compared(outcome(), gate.load(tmp_path / "none.json"))
    path.write_text("{")
    with pytest.raises(DeepcamError, match="damaged"):
        gate.load(path)


def test_stored_figures_are_sound() -> None:
    stored = gate.load(gate.stored_path())
    if not stored:
        pytest.skip("no figures are stored yet")
    assert set(stored["figures"]) <= set(gate.TOLERANCES)
    assert all(isinstance(v, int | float) for v in stored["figures"].values())
    assert json.dumps(stored)


def test_the_first_lines_say_what_is_missed() -> None:
    text = report.markdown(outcome())
    first = text[text.index("## Targets") :].split("\n")[2]
    assert first.startswith("**Broken promises**: P2 rank-1 tight")  # not measured here
    assert " 4 targets are met, 0 are missed, " in first
    worse = report.markdown(outcome(**{"U2 pose": Measure(4.0, 3.9, 4.1, 90)}))
    assert "1 are missed (U2 pose)" in worse
    assert "| U2 pose | **MISSED** |" in worse


def test_axes_have_round_numbers() -> None:
    assert ticks(1.0) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks(4.08)[-1] >= 4.08
    assert ticks(0.158) == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    assert colour("ours", 0) == colour("ours", 5) != colour("blur", 0)
