"""Fixtures for all tests: the shared material, and a home of each test's own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

# First, because it decides how many threads numpy gets.
import deepcam  # noqa: F401  # isort: skip
import cv2
import pytest
from hypothesis import settings

cv2.setNumThreads(1)
# A change must not fail by an example that nobody has tried before. To look for such examples:
# HYPOTHESIS_PROFILE=default python -m pytest
settings.register_profile("repeatable", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
# The tests of the windows read English, whatever the person who runs them speaks.
os.environ["LANGUAGE"] = "en"
# And they need no screen.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Shells start background jobs with SIGINT ignored, and what the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

SHARED = Path(os.environ.get("DEEPCAM_SHARED") or Path(__file__).resolve().parents[2] / "shared")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Clips and photographs that are not part of the project."""
    if not (SHARED / "clips").is_dir():
        pytest.skip("the shared test material is not here (set DEEPCAM_SHARED)")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def networks(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where mediapipe brings no networks, those that ``DEEPCAM_TRACKER_FILE`` or the shared
    material holds; without them, tests of real tracking say that they are missing."""
    from deepcam.errors import DeepcamError
    from deepcam.models import fetch as modelfetch
    from deepcam.runtime import vision

    given = os.environ.get("DEEPCAM_TRACKER_FILE") or str(SHARED / "models/face_landmarker.task")
    try:
        needed = vision.installed() == vision.TASKS and "DEEPCAM_MODELS_DIR" not in os.environ
    except DeepcamError:
        return
    if needed and Path(given).is_file():
        os.environ["DEEPCAM_MODELS_DIR"] = str(tmp_path_factory.mktemp("networks"))
        modelfetch.fetch_tracker_model(Path(given), say=lambda _: None)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Identities, settings and sockets of a test lie in a place of its own."""
    home = tmp_path_factory.mktemp("home")
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPCAM_DATA_DIR", str(home / "data"))
        patch.setenv("DEEPCAM_CONFIG_DIR", str(home / "settings"))
        patch.setenv("DEEPCAM_RUNTIME_DIR", str(runtime))
        for name in ("DATA", "CONFIG", "CACHE", "STATE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        yield home


@pytest.fixture(scope="session")
def qt() -> object:
    """The application that windows need."""
    widgets = pytest.importorskip("PySide6.QtWidgets", reason="the app needs PySide6-Essentials")
    return widgets.QApplication.instance() or widgets.QApplication(["test"])


@pytest.fixture
def plain_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line in this process: its messages on our stderr, our signal handlers kept."""
    monkeypatch.setenv("DEEPCAM_DEBUG", "1")
    monkeypatch.setattr("signal.signal", lambda *_: None)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> object:
    """Call the command line: exit status, stdout, stderr."""
    from deepcam.cli import main

    def call(*args: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(a) for a in args])
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return call
