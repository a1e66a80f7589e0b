"""Real V4L2 devices in a virtual machine: slow under emulation, so only with DEEPCAM_VM=1."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT


@pytest.mark.vm
@pytest.mark.slow
@pytest.mark.timeout(700)
@pytest.mark.skipif(not os.environ.get("DEEPCAM_VM"), reason="set DEEPCAM_VM=1 to run it")
@pytest.mark.parametrize(
    ("script", "parts"),
    [
        ("camera_check", ("cameras", "webcam", "starts", "session")),
        ("setup_check", ("bare", "wrong", "beside_obs", "refused")),
        ("timeout_check", ("timeout",)),
    ],
)
def test_on_a_real_driver(shared: Path, script: str, parts: tuple[str, ...]) -> None:
    machine = shared / "vm" / "vm-run"
    if not machine.exists():
        pytest.skip("there is no virtual machine here")
    check = ROOT / "tests" / "platform" / "vm" / f"{script}.py"
    run = subprocess.run(
        [machine, "--timeout", "600", "--", sys.executable, check],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    print(run.stdout[-6000:])
    assert run.returncode == 0, run.stdout[-3000:]
    for part in parts:
        assert f"{part} passed" in run.stdout


@pytest.fixture(scope="module")
def pictures() -> Path:
    """A synthetic face, made by the real networks outside the machine."""
    folder = ROOT / "build" / "vm-pictures"
    check = ROOT / "tests" / "platform" / "vm" / "browser_check.py"
    subprocess.run([sys.executable, check, "prepare", folder], check=True, cwd=ROOT)
    return folder


@pytest.mark.vm
@pytest.mark.slow
@pytest.mark.timeout(2000)
@pytest.mark.skipif(not os.environ.get("DEEPCAM_VM"), reason="set DEEPCAM_VM=1 to run it")
@pytest.mark.parametrize("part", ["browser", "readers"])
def test_in_other_programs(shared: Path, pictures: Path, part: str) -> None:
    machine = shared / "vm" / "vm-run"
    if not machine.exists():
        pytest.skip("there is no virtual machine here")
    needed = ("chromium", "chromedriver") if part == "browser" else ("ffmpeg",)
    missing = [tool for tool in needed if shutil.which(tool) is None]
    if missing or (part == "browser" and importlib.util.find_spec("selenium") is None):
        pytest.skip("needs apt chromium chromium-driver ffmpeg, pip selenium")
    shots = ROOT / "build" / "vm-out"
    shots.mkdir(parents=True, exist_ok=True)
    check = ROOT / "tests" / "platform" / "vm" / "browser_check.py"
    run = subprocess.run(
        [machine, "--timeout", "1800", "--rw", shots, "--", "env", f"DEEPCAM_PICTURES={pictures}",
         sys.executable, check, part, shots / "browser.png"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    print(run.stdout[-6000:])
    assert run.returncode == 0, run.stdout[-3000:]
    assert f"{part} passed" in run.stdout
