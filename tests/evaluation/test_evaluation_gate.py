"""``deepcam evaluate --smoke`` as CI runs it: each broken promise fails it, and only that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_evaluation_bad_inputs import BAD, ORIGINALS, READINGS, TAKE

from deepcam.cli import main
from deepcam.evaluation import gate, privacy, run, targets, utility
from deepcam.evaluation.baselines import Method, Painted, blur, cover
from deepcam.evaluation.outcome import OURS, Outcome
from deepcam.evaluation.statistics import Measure, rate

pytestmark = pytest.mark.usefixtures("plain_stderr")

KEPT = {
    "P2 rank-1 tight": rate(1, 20, chance=0.05, p=0.64),
    "P6": Measure(0.0, n=30),
    "P9": rate(0, 900, leaks=[]),
    "U1": rate(200, 200),
}


def smoke(monkeypatch: pytest.MonkeyPatch, folder: Path, **broken: Measure) -> int:
    """The exit status with these figures measured."""
    outcome = Outcome({OURS: KEPT | broken})
    outcome.facts = {"material": "made", "clips": []}
    monkeypatch.setattr(run, "evaluate", lambda *_, **__: outcome)
    monkeypatch.setattr(run, "recognizer_of", lambda *_: None)
    monkeypatch.setattr(gate, "stored_path", lambda: folder / "none.json")
    arguments = ["evaluate", str(folder), "--smoke", "--output", str(folder / "report")]
    try:
        return int(main(arguments) or 0)
    except SystemExit as end:
        return int(end.code or 0)


def test_kept_promises_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert smoke(monkeypatch, tmp_path) == 0
    assert "No figures are stored" in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("P6", Measure(1.0, n=30)),
        ("P9", rate(1, 900, leaks=["clip frame 3"])),
        ("U1", rate(198, 200)),
        ("P2 rank-1 tight", rate(6, 20, chance=0.05, p=0.0003)),
        ("P6", Measure(None, note="no face was tracked")),
        ("U1", Measure(None, note="no face was found")),
    ],
)
def test_each_broken_promise_fails(
    name: str,
    found: Measure,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert smoke(monkeypatch, tmp_path, **{name: found}) != 0
    said = "".join(capsys.readouterr())
    assert f"A promise does not hold: {name} " in said
    assert (tmp_path / "report" / "report.html").is_file()  # what was measured can be seen


def test_a_figure_that_became_worse_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Outcome({OURS: KEPT | {"T4": Measure(0.5, n=4)}})
    before.facts = {"material": "made", "date": "today"}
    gate.store(before, tmp_path / "none.json")
    assert smoke(monkeypatch, tmp_path, T4=Measure(0.55, n=4)) == 0
    assert smoke(monkeypatch, tmp_path, T4=Measure(2.0, n=4)) != 0
    assert "T4 2, was 0.5" in "".join(capsys.readouterr())


def method(kind: str) -> Method:
    """Anonymizers with one real fault each."""
    effects = {"nothing": lambda image, mask: image, "blur": blur, "cover": cover}
    return Method(kind, lambda still, seed: Painted(effects[kind]))


def test_real_faults_break_the_promises_they_should() -> None:
    """Not made figures: the measuring itself, on an anonymizer with the fault."""
    few = [type(TAKE)("made", "made", TAKE.shots[:8])]
    rng = np.random.default_rng(0)
    who = rng.normal(0, 1, (20, 32))
    seen = [who + rng.normal(0, 0.2, who.shape) for _ in range(2)]
    covered = np.zeros_like(who)

    def broken(arm: str, output: list, marks: np.ndarray) -> set[str]:
        figures = {
            "P6": privacy.information_flow(method(arm), few),
            "P9": privacy.coverage(method(arm), few),
            "U1": utility.detection([utility.Track(READINGS, output)]),
            "P2 rank-1 tight": privacy.identification(marks, seen[1]),
        }
        lines = targets.broken_promises(Outcome({OURS: figures}))
        return {line.split(" (")[0] for line in lines}

    assert broken("nothing", READINGS, seen[0]) == {"P2 rank-1 tight", "P6", "P9"}
    assert "P6" in broken("blur", READINGS, seen[0])
    assert "U1" in broken("cover", BAD["blank"].readings, covered)
    assert "P6" not in broken("cover", BAD["blank"].readings, covered)
    lost = [None if k == 7 else r for k, r in enumerate(READINGS)]
    assert "U1" in broken("cover", lost, covered)  # one frame in forty
    assert len(ORIGINALS) == len(lost)
