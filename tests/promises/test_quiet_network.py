"""No command writes outside our own folders or tries to reach the network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT, SUPPORT

TRAP = [sys.executable, str(SUPPORT / "trap.py")]
OURS = (
    ".cache/deepprivacy-cam",
    ".local/share/deepcam",
    ".config/deepcam",
    # Asked for by "start at login" and by the desktops' portals.
    ".config/autostart/io.github.deepprivacy_cam.App.desktop",
    ".local/share/applications/io.github.deepprivacy_cam.App.desktop",
    # Every program with windows shares this one; it says which fonts there are.
    ".cache/fontconfig",
)


def _way_in() -> list[str] | None:
    """How to get a network namespace here; None where the system does not allow it."""
    if not sys.platform.startswith("linux") or not (shutil.which("unshare") and shutil.which("ip")):
        return None
    for way in (["unshare", "-n"], ["unshare", "-U", "-r", "-n"]):
        inside = [*way, "ip", "link", "set", "lo", "up"]
        if subprocess.run(inside, stderr=subprocess.DEVNULL).returncode == 0:
            return way
    return None


@pytest.fixture(scope="module")
def way() -> list[str]:
    found = _way_in()
    if found is None:
        pytest.skip("no network namespace can be made here (needs Linux, unshare and ip)")
    return found


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a person who does not exist, and one picture of it."""
    from deepcam.batch.stills import write_still
    from deepcam.showcase.demo import render
    from deepcam.sources.video import VideoReader

    folder = tmp_path_factory.mktemp("material")
    render(folder / "clip.mp4", (480, 270), 12)
    with VideoReader(folder / "clip.mp4") as reader:
        first = reader.read()
    assert first is not None
    write_still(folder / "photo.png", first.image)
    return folder


@pytest.fixture
def trapped(way: list[str], tmp_path: Path):
    """Runs a command in the trap; (exit status, what was tried, files outside our folders)."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir(mode=0o700)
    temporary.mkdir()

    def run(*command: str) -> tuple[int, dict[str, object], list[str]]:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "PYTHONPATH": str(ROOT),
            "QT_QPA_PLATFORM": "offscreen",
            "WAYLAND_DISPLAY": "nowhere",
            "LANG": "C.UTF-8",
        }
        report = tmp_path / "report.json"
        done = subprocess.run(
            [*way, *TRAP, str(report), *command], env=environ, cwd=temporary, timeout=280,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        tried = json.loads(report.read_text())
        written = [
            str(path.relative_to(home)) for path in sorted(home.rglob("*")) if not path.is_dir()
        ]
        return done.returncode, tried, [w for w in written if not w.startswith(OURS)]

    return run


def test_the_trap_catches(trapped) -> None:
    """A program that calls somebody by name and one that calls an address."""
    program = (
        "import socket, pathlib\n"
        "for target in ('events.example.com', '198.51.100.7'):\n"
        "    socket.create_connection((target, 443), timeout=5).close()\n"
        "pathlib.Path.home().joinpath('.cache/else').mkdir(parents=True)\n"
        "pathlib.Path.home().joinpath('.cache/else/id').write_text('1')\n"
    )
    code, tried, files = trapped(sys.executable, "-c", program)
    assert code == 0
    assert "events.example.com" in tried["names"]
    assert {"tcp 203.0.113.1 port 443", "tcp 198.51.100.7 port 443"} <= set(tried["packets"])
    assert files == [".cache/else/id"]


COMMANDS = {
    "doctor": ["doctor"],
    "picture": ["anonymize", "{}/photo.png", "-o", "out.png"],
    "film": ["anonymize", "{}/clip.mp4", "-o", "out.mp4"],
    "identity": ["identities", "new", "--name", "Juno"],
    "list": ["identities", "list"],
    "portrait": ["identities", "show", "7", "-o", "seven.png"],
    "status": ["status"],
    "bench": ["bench", "--frames", "10", "--source", "{}/clip.mp4"],
    # Long enough for what a library does in the background.
    "run": ["run", "--source", "{}/clip.mp4", "--loop", "--output", "null", "--size", "480x270",
            "--seconds", "20"],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_tells_nobody(name: str, trapped, material: Path) -> None:
    arguments = [part.format(material) for part in COMMANDS[name]]
    code, tried, files = trapped(sys.executable, "-m", "deepcam.cli", *arguments)
    assert (tried, files) == ({"names": [], "packets": {}}, [])
    assert code == (1 if name in ("doctor", "status") else 0)


@pytest.mark.slow
def test_the_app_tells_nobody(trapped) -> None:
    pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")
    program = (
        "import os, signal, threading\n"
        "threading.Timer(15, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
        "from deepcam.cli import main\n"
        "main([])\n"
    )
    code, tried, files = trapped(sys.executable, "-c", program)
    assert (tried, files) == ({"names": [], "packets": {}}, [])
    assert code == 0
