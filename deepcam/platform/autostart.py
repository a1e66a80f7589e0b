"""Start at login: an XDG autostart entry, the Run key of Windows, a launch agent of macOS.

The last two were not run on Windows and macOS; their files and values are tested.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import plistlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.platform.desktop_entry import APP_ID, HIDDEN, entry, start_command, write

_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
_APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


def is_autostart() -> bool:
    """Whether the app starts when this user logs in."""
    if sys.platform == "win32":
        return _in_registry()
    path = _file()
    try:
        data = path.read_bytes()
        if sys.platform == "darwin":
            return not plistlib.loads(data).get("Disabled", False)
    except (OSError, ValueError, plistlib.InvalidFileException):
        return False
    # Desktops' own settings switch an entry off like this, in place of removing it.
    off = {b"hidden=true", b"x-gnome-autostart-enabled=false"}
    return not any(line.replace(b" ", b"").lower() in off for line in data.splitlines())


def set_autostart(on: bool) -> None:
    """Start at login from now on, or no longer. Raises ``DeepcamError``."""
    if sys.platform == "win32":
        _set_registry(on)
        return
    path = _file()
    if on:
        write(path, _agent() if sys.platform == "darwin" else entry(autostart=True))
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DeepcamError(
            f"{path} cannot be removed ({error.strerror}).", "Remove it by hand."
        ) from None


def _file() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{APP_ID}.plist"
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "autostart" / f"{APP_ID}.desktop"


def _agent() -> bytes:
    return plistlib.dumps(
        {
            "Label": APP_ID,
            "ProgramArguments": [*start_command(), HIDDEN],
            "RunAtLoad": True,
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
        }
    )


def _in_registry() -> bool:
    winreg: Any = importlib.import_module("winreg")
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
            winreg.QueryValueEx(key, APP_NAME)
    except OSError:
        return False
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _APPROVED) as key:
            state = winreg.QueryValueEx(key, APP_NAME)[0]
    except OSError:
        return True
    # The Task Manager switches entries off here: an odd first byte.
    return not (isinstance(state, bytes) and state and state[0] & 1)


def _set_registry(on: bool) -> None:
    winreg: Any = importlib.import_module("winreg")
    user, write_access = winreg.HKEY_CURRENT_USER, winreg.KEY_SET_VALUE
    try:
        with winreg.CreateKeyEx(user, _RUN, 0, write_access) as key:
            if on:
                command = subprocess.list2cmdline([*start_command(), HIDDEN])
                winreg.SetValueEx(key, APP_NAME, 0, winreg.REG_SZ, command)
            else:
                with contextlib.suppress(FileNotFoundError):
                    winreg.DeleteValue(key, APP_NAME)
        with (
            contextlib.suppress(FileNotFoundError),
            winreg.OpenKey(user, _APPROVED, 0, write_access) as key,
        ):
            winreg.DeleteValue(key, APP_NAME)
    except OSError as error:
        raise DeepcamError(
            f"Windows did not let the program change its start at login ({error.strerror}).",
            "Change it in the Task Manager under Startup apps.",
        ) from None
