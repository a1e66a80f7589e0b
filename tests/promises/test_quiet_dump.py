"""A crash leaves no camera picture on the disk."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from live_fakes import RAW
from places import ROOT, SUPPORT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="core files as Linux writes them")

LIVE = """
import os, signal, sys, time
sys.path.insert(0, {tests!r})
from live_fakes import RecordingSink
from deepcam.live.session import Session
from deepcam.live.settings import LiveSettings
if __name__ == "__main__":
    session = Session(LiveSettings(
        camera={folder!r}, size=(160, 96), control=False, output="null",
        source_factory="live_fakes:FakeSource", anonymizer_factory="live_fakes:FakeAnonymizer",
    ), sink=RecordingSink())
    session.start()
    while session.status()["showing"] != "generated":
        time.sleep(0.05)
    pid = session.status()["worker"]["pid"]
    print(open(f"/proc/{{pid}}/coredump_filter").read().strip())
    os.kill(pid, signal.SIGSEGV)
    while session.status()["worker"]["restarts"] == 0:
        time.sleep(0.05)
    session.stop()
"""
FILE = """
import os, signal, sys
from deepcam.runtime import quiet
from stand_in import Blank, take_its_place
from deepcam.cli import main
class Crash(Blank):
    def process(self, frame):
        print(quiet.is_sealed(), open("/proc/self/coredump_filter").read().strip(), flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
take_its_place(Crash)
main(["anonymize", {picture!r}, "-o", "out.png"])
"""


def unlimited() -> None:
    """As a careless shell starts programs: the tests before this one may have changed it."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    for most in (resource.RLIM_INFINITY, hard):  # root in a container may not raise the limit
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (most, most))
            break
        except (ValueError, OSError):
            continue
    with contextlib.suppress(OSError):
        Path("/proc/self/coredump_filter").write_text("0x33")


def crash(program: str, folder: Path) -> tuple[int, str]:
    """Run it where the system would write a core file; (exit status, what it said)."""
    script = folder / "program.py"
    script.write_text(program)
    done = subprocess.run(
        [sys.executable, str(script)], cwd=folder, preexec_fn=unlimited, timeout=120,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{SUPPORT}"}, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    return done.returncode, done.stdout


def raw_in(folder: Path) -> list[str]:
    """Files with a stretch of a raw picture in them."""
    stretch = bytes(RAW) * 200
    return [p.name for p in folder.rglob("*") if p.is_file() and stretch in p.read_bytes()]


def core_files_work(folder: Path) -> bool:
    """Whether a program that crashes here leaves its memory in its directory."""
    folder.mkdir()
    program = "import os; held = bytes((255, 0, 255)) * 4000; os.kill(os.getpid(), 11)"
    crash(program, folder)
    return bool(raw_in(folder))


def test_the_worker_leaves_no_picture(tmp_path: Path) -> None:
    expect_cores = core_files_work(tmp_path / "try")
    folder = tmp_path / "live"
    folder.mkdir()
    code, said = crash(LIVE.format(tests=str(SUPPORT), folder=str(folder)), folder)
    assert code == 0
    assert raw_in(folder) == []
    assert int(said, 16) == 0
    if not expect_cores:
        pytest.skip("this system writes no core files here; only the settings were looked at")


def test_the_file_command_leaves_no_picture(tmp_path: Path) -> None:
    import cv2
    import numpy as np

    expect_cores = core_files_work(tmp_path / "try")
    folder = tmp_path / "file"
    folder.mkdir()
    picture = folder / "raw.png"
    cv2.imwrite(str(picture), np.full((300, 300, 3), RAW, np.uint8))
    code, said = crash(FILE.format(picture=str(picture)), folder)
    assert code == -signal.SIGSEGV
    assert said.split() == ["True", "00000000"]
    assert raw_in(folder) == []
    if not expect_cores:
        pytest.skip("this system writes no core files here; only the settings were looked at")


def test_another_program_of_this_user_cannot_read_the_worker(tmp_path: Path) -> None:
    """The kernel asks whether a process is dumpable before one of the same user may read it."""
    script = (
        "import ctypes, os, sys, time\n"
        "from deepcam.runtime.quiet import seal\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)\n"  # changing the user has changed it
        "child = os.fork()\n"
        "if child == 0:\n"
        "    if len(sys.argv) > 1: seal()\n"
        "    time.sleep(30)\n"
        "time.sleep(0.5)\n"
        "try:\n"
        "    open(f'/proc/{child}/mem', 'rb').close()\n"
        "    print('open')\n"
        "except PermissionError:\n"
        "    print('closed')\n"
        "os.kill(child, 9)\n"
    )

    def ask(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", script, *arguments], text=True, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, preexec_fn=unlimited,
        ).stdout.strip()  # fmt: skip

    if ask() != "open":
        pytest.skip("this system lets no program read another one's memory anyway")
    assert ask("seal") == "closed"
