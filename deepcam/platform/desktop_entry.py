"""The program's desktop entry on Linux, and the command that starts the app."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path

from deepcam import APP_NAME
from deepcam.errors import DeepcamError

APP_ID = "io.github.deepprivacy_cam.App"
"""What desktops know the program by: the base name of its desktop entry."""


HIDDEN = "--hidden"
"""Starts the app without its window and with the camera off: at login nobody has asked for it."""


def start_command() -> list[str]:
    """The arguments that start the app as it was started now, whatever the working directory.

    On Windows the program without a console window; not run on Windows.
    """
    image = os.environ.get("APPIMAGE")
    if image:
        return [image]
    windows = sys.platform == "win32"
    beside = Path(sys.executable).with_name("deepcam-app.exe" if windows else "deepcam")
    if getattr(sys, "frozen", False):
        return [str(beside) if windows and beside.is_file() else sys.executable]
    found = str(beside) if beside.is_file() else shutil.which("deepcam")
    return [os.path.abspath(found)] if found else [sys.executable, "-m", "deepcam.cli"]


def entry(autostart: bool = False) -> str:
    """The text of the desktop entry."""
    command = start_command() + ([HIDDEN] if autostart else [])
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        f"Name={APP_NAME}",
        "Comment=A virtual webcam that shows the face of someone who does not exist",
        # Both: the desktop ignores the entry once the program is gone.
        f"TryExec={_string(command[0])}",
        f"Exec={_string(' '.join(_argument(part) for part in command))}",
        "Icon=camera-web",
        "Terminal=false",
        "Categories=AudioVideo;Video;",
        f"StartupWMClass={APP_ID}",
    ]
    if autostart:
        lines.append("X-GNOME-Autostart-enabled=true")
    return "\n".join(lines) + "\n"


def install() -> Path:
    """Make sure that the desktop knows the program (portals ask for it). Raises
    ``DeepcamError``. An entry of the system's own is left to speak for itself."""
    for place in os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":"):
        path = Path(place) / "applications" / f"{APP_ID}.desktop"
        if path.is_file():
            return path
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    path = Path(base) / "applications" / f"{APP_ID}.desktop"
    write(path, entry())
    return path


def write(path: Path, text: str | bytes) -> None:
    """Write a small file whole or not at all; nothing happens when it is there already.
    Raises ``DeepcamError``."""
    data = text.encode() if isinstance(text, str) else text
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.is_file() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(data)
        os.replace(fresh, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise DeepcamError(
            f"{path} cannot be written ({error.strerror}).", "Check its directory's permissions."
        ) from None


def _argument(text: str) -> str:
    """One argument of an Exec line."""
    for sign in '\\"`$':
        text = text.replace(sign, "\\" + sign)
    return '"' + text.replace("%", "%%") + '"'


def _string(text: str) -> str:
    """A value of a desktop entry."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
