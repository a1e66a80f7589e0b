"""The doctor names what is wrong and what to type, and never dies itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from deepcam import doctor, modelstore
from deepcam.cli import main
from deepcam.doctor import Finding, State
from deepcam.sources.v4l2 import CameraInfo


def _camera(path: str = "/dev/null") -> CameraInfo:
    return CameraInfo(path, 0, "Test Camera", "", "", True, "")


def _by_name(findings: list[Finding], name: str) -> list[Finding]:
    return [f for f in findings if f.name == name]


def test_every_part_is_looked_at() -> None:
    findings = doctor.examine()
    names = {f.name for f in findings}
    assert names >= {"python", "library", "models", "network", "camera", "output", "display",
                     "disk", "memory"}  # fmt: skip
    for finding in findings:
        assert finding.reason
        assert "check itself failed" not in finding.reason
        assert finding.state is not State.FAIL or finding.command
    models = _by_name(findings, "models")[0]
    assert models.state is State.OK
    assert "generator_small.onnx" in models.reason


def test_no_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepcam.sources.v4l2.list_cameras", lambda: [])
    assert [f.state for f in doctor._cameras()] == [State.FAIL]


def test_free_and_busy_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepcam.sources.v4l2.list_cameras", lambda: [_camera()])
    monkeypatch.setattr("deepcam.sources.v4l2.holders", lambda _: [])
    assert [f.state for f in doctor._cameras()] == [State.OK]
    monkeypatch.setattr("deepcam.sources.v4l2.holders", lambda _: ["zoom (process 7)"])
    busy = doctor._cameras()[0]
    assert busy.state is State.WARN
    assert "zoom" in busy.reason


def test_missing_device_gives_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepcam.sinks.virtualcam.find_device", lambda *_: None)
    finding = doctor._output()[0]
    assert finding.state is State.WARN
    assert "v4l2loopback" in finding.command


def test_altered_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "models"
    shutil.copytree(modelstore.MODELS_DIR, folder)
    with (folder / "generator_small.onnx").open("ab") as handle:
        handle.write(b"x")
    monkeypatch.setattr(modelstore, "MODELS_DIR", folder)
    finding = _by_name(doctor.examine(), "models")[0]
    assert finding.state is State.FAIL
    assert "generator_small.onnx" in finding.reason


def test_a_check_that_dies_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies() -> list[Finding]:
        raise OSError("no such bus")

    monkeypatch.setattr(doctor, "_memory", dies)
    assert "no such bus" in _by_name(doctor.examine(), "memory")[0].reason


@pytest.mark.parametrize(("state", "code"), [(State.FAIL, 1), (State.WARN, 0), (State.OK, 0)])
def test_exit_code_and_json(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    state: State,
    code: int,
) -> None:
    monkeypatch.setenv("DEEPCAM_DEBUG", "1")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(doctor, "examine", lambda: [Finding("camera", state, "Why.", "do it")])
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--json"])
    assert int(end.value.code or 0) == code
    printed = json.loads(capsys.readouterr().out)
    assert printed["usable"] is (code == 0)
    assert printed["findings"] == [
        {"name": "camera", "state": state.value, "reason": "Why.", "command": "do it"}
    ]
