"""Facts for who helps with a problem: text only, no picture, no name of a face or a person."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import PySide6

from deepcam import APP_NAME, __version__
from deepcam.app.settings import Settings
from deepcam.doctor import Finding

_PRIVATE = ("identity", "face", "replaced", "camera", "detail", "camera_problem", "problem")
"""Of a session's status: may hold names that somebody chose, and is told apart below."""


def report(
    settings: Settings, status: Mapping[str, Any], findings: Sequence[Finding], said: Sequence[str]
) -> str:
    """The text. ``findings``: of ``deepcam doctor``; ``said``: what the windows said last."""
    plain = {key: value for key, value in status.items() if key not in _PRIVATE}
    lines = [
        f"{APP_NAME} {__version__}",
        f"System: {platform.platform()}",
        f"Python {platform.python_version()}, Qt {PySide6.__version__}, {sys.platform}",
        "",
        "Settings",
        f"  size {settings.size[0]}x{settings.size[1]}, {settings.fps:g} pictures a second, "
        f"output {settings.output}, on doubt {settings.on_doubt}, cover {settings.cover}",
        f"  a camera is chosen: {bool(settings.camera)}; a face is always worn: "
        f"{bool(settings.face)}",
        "",
        "Run",
        *("  " + line for line in json.dumps(plain, indent=1, default=str).splitlines()),
        f"  the camera has a problem: {bool(status.get('camera_problem'))}",
        f"  another problem: {bool(status.get('problem'))}",
        "",
        "This computer",
        *(f"  {line}" for finding in findings for line in finding.line().splitlines()),
        "",
        "Said last",
        *(f"  {sentence}" for sentence in said),
    ]
    return _without_home("\n".join(lines)) + "\n"


def _without_home(text: str) -> str:
    """The home folder's name is often a person's."""
    return text.replace(str(Path.home()), "~") if len(str(Path.home())) > 1 else text
