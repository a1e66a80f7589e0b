"""The evaluation's arithmetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deepcam.batch.stills import write_still
from deepcam.errors import DeepcamError
from deepcam.evaluation.material import find, spread
from deepcam.evaluation.statistics import auc, binomial_p, bootstrap, correlation, measure, rate


def test_rate_of_no_hits_keeps_the_rule_of_three() -> None:
    found = rate(0, 3000)
    assert found.value == 0
    assert found.low == 0
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 3000), rel=1e-3)
    assert rate(10, 10).high == 1
    assert rate(5, 10).low == pytest.approx(0.187, abs=1e-3)
    assert rate(0, 0).value is None


def test_binomial_tail() -> None:
    assert binomial_p(0, 10, 0.3) == 1
    assert binomial_p(10, 10, 0.5) == pytest.approx(0.5**10)
    assert binomial_p(30, 70, 1 / 70) < 1e-9


def test_auc_and_correlation() -> None:
    assert auc(np.array([2.0, 3]), np.array([0.0, 1])) == 1
    assert auc(np.array([1.0, 1]), np.array([1.0, 1])) == 0.5
    assert np.isnan(auc(np.array([]), np.array([1.0])))
    assert correlation(np.arange(9.0), -np.arange(9.0)) == pytest.approx(-1)
    assert np.isnan(correlation(np.zeros(9), np.arange(9.0)))


def test_bootstrap_holds_the_mean() -> None:
    groups = list(np.random.default_rng(1).normal(5, 1, 60))
    low, high = bootstrap(groups, lambda g: float(np.mean(g)))
    assert low < 5 < high
    assert high - low < 1
    alone = measure([3.0], lambda g: float(np.mean(g)), 1)
    assert (alone.value, alone.low) == (3, None)
    assert measure([], lambda g: 0.0, 0).value is None


def test_persons_come_from_the_index_and_from_directories(tmp_path: Path) -> None:
    blank = np.zeros((8, 8, 3), np.uint8)
    (tmp_path / "images").mkdir()
    for name in ("a.png", "b.png", "c.png", "images/d.png"):
        write_still(tmp_path / name, blank)
    (tmp_path / "index.csv").write_text("file,person,source\na.png,ann,x\nb.png,ann,x\nc.png,,x\n")
    (tmp_path / "person_7").mkdir()
    for name in ("1.png", "2.png"):
        write_still(tmp_path / "person_7" / name, blank)
    found = find([tmp_path])
    pairs = [(a.path.name, b.path.name) for a, b in found.pairs()]
    assert sorted(pairs) == [("1.png", "2.png"), ("a.png", "b.png")]
    assert len(found.photos) == 6
    assert spread(found.photos, 2) == [0, 5]
    with pytest.raises(DeepcamError):
        find([tmp_path / "missing"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DeepcamError):
        find([tmp_path / "empty"])
