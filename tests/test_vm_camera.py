"""Real V4L2 devices in a virtual machine: slow under emulation, so only with DEEPCAM_VM=1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.vm
@pytest.mark.slow
@pytest.mark.timeout(700)
@pytest.mark.skipif(not os.environ.get("DEEPCAM_VM"), reason="set DEEPCAM_VM=1 to run it")
def test_camera_and_virtual_camera_on_a_real_driver(shared: Path) -> None:
    machine = shared / "vm" / "vm-run"
    if not machine.exists():
        pytest.skip("there is no virtual machine here")
    root = Path(__file__).resolve().parents[1]
    check = root / "tests" / "vm" / "camera_check.py"
    run = subprocess.run(
        [machine, "--timeout", "600", "--", sys.executable, check],
        cwd=root,
        capture_output=True,
        text=True,
    )
    print(run.stdout[-6000:])
    assert run.returncode == 0, run.stdout[-3000:]
    for part in ("cameras", "webcam", "starts", "session"):
        assert f"{part} passed" in run.stdout
