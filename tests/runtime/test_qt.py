"""Whether Qt can show windows is told before Qt ends the program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT

from deepcam.errors import DeepcamError
from deepcam.platform import qt

X11 = {"DISPLAY": ":0"}


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    (tmp_path / "libqxcb.so").touch()
    (tmp_path / "libqwayland.so").touch()
    return tmp_path


def without(*missing: str, inside: str = "") -> Callable[[str], object]:
    """A system that lacks some libraries; ``inside``: one that only the plugins know of."""

    def load(name: str) -> object:
        wanted = name
        if "/" in name and inside:
            wanted = inside
        if wanted in missing or (inside and wanted == inside):
            raise OSError(f"{wanted}: cannot open shared object file: No such file or directory")
        return object()

    return load


def test_all_is_there(plugins: Path) -> None:
    assert qt.obstacle(X11, without(), plugins) is None
    assert qt.obstacle({}, without(), plugins) is None


def test_the_library_that_lacks_is_named_and_not_another_one(plugins: Path) -> None:
    found = qt.obstacle(X11, without("libxcb-icccm.so.4"), plugins)
    assert found == ("Qt lacks libxcb-icccm.so.4.", ["libxcb-icccm.so.4"])
    both = qt.obstacle(X11, without("libEGL.so.1", "libxcb-shape.so.0"), plugins)
    assert both is not None
    assert both[1] == ["libEGL.so.1", "libxcb-shape.so.0"]


def test_what_only_the_plugin_knows(plugins: Path) -> None:
    found = qt.obstacle(X11, without(inside="libxcb-new-thing.so.7"), plugins)
    assert found == ("Qt lacks libxcb-new-thing.so.7.", ["libxcb-new-thing.so.7"])


def test_one_of_two_ways_is_enough(plugins: Path) -> None:
    both = {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}
    assert qt.obstacle(both, without("libxcb-icccm.so.4"), plugins) is None
    (plugins / "libqwayland.so").unlink()
    assert qt.obstacle(both, without("libxcb-icccm.so.4"), plugins) is not None


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("debian", "sudo apt-get install libxcb-icccm4 libxcb-new-thing7"),
        (
            "fedora",
            "sudo dnf install 'libxcb-icccm.so.4()(64bit)' 'libxcb-new-thing.so.7()(64bit)'",
        ),
        ("arch", "sudo pacman -S xcb-util-wm libxcb-new-thing7"),
    ],
)
def test_the_command_of_the_distribution(release: str, command: str) -> None:
    libraries = ["libxcb-icccm.so.4", "libxcb-new-thing.so.7"]
    assert qt.install_command(libraries, {release, "other"}) == command


def test_packages_of_libraries() -> None:
    for name, (package, _) in {**qt.BASE, **qt.XCB}.items():
        if name != "libglib-2.0.so.0":  # Debian's number is another one
            assert qt.guess(name) == package


@pytest.mark.skipif(sys.platform != "linux", reason="displays as X11 has them")
def test_the_app_says_that_nobody_answers_instead_of_dying() -> None:
    """Qt would end the program with SIGABRT."""
    pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")
    if missing := qt.lacking("xcb"):
        pytest.skip(f"Qt cannot show windows here: {', '.join(missing)} missing")
    environ = {
        k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(
        [sys.executable, "-m", "deepcam.cli"], capture_output=True, text=True, timeout=120,
        env={**environ, "DISPLAY": ":93", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode >= 0
    assert "The display :93 does not answer." in done.stderr


def test_the_error_names_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qt.sys, "platform", "linux")
    monkeypatch.setattr(qt, "obstacle", lambda environ: ("Qt lacks x.", ["libxcb-icccm.so.4"]))
    with pytest.raises(DeepcamError, match="libxcb-icccm"):
        qt.ensure_windows()


def test_a_library_that_a_package_does_not_find_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a bare system the first import fails; all that is missing is said at once."""
    from deepcam import cli

    def fail(*_: object, **__: object) -> None:
        raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(cli, "app", fail)
    monkeypatch.setattr(cli, "interrupt_once", lambda: None)
    monkeypatch.setattr(qt, "lacking", lambda way: ["libGL.so.1", "libxcb-icccm.so.4"])
    monkeypatch.setattr(qt, "_distribution", lambda: ["debian"])
    monkeypatch.delenv("DEEPCAM_DEBUG", raising=False)
    with pytest.raises(SystemExit) as end:
        cli.main(["doctor"])
    assert end.value.code == 1
    assert capsys.readouterr().err == (
        "Libraries of the system are missing: libGL.so.1, libxcb-icccm.so.4. "
        "Run: sudo apt-get install libgl1 libxcb-icccm4\n"
    )
