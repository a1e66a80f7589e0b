"""Global hotkeys: keys that work whichever program has the focus."""

from __future__ import annotations

import os
import sys

from deepcam.errors import DeepcamError
from deepcam.platform.hotkeys.base import (
    ACTIONS,
    Changed,
    Hotkeys,
    Pressed,
    Registration,
    Unavailable,
)
from deepcam.platform.hotkeys.parse import Chord, conflicts, parse

__all__ = [
    "ACTIONS",
    "Changed",
    "Chord",
    "Hotkeys",
    "Pressed",
    "Registration",
    "Unavailable",
    "choose",
    "conflicts",
    "parse",
]


def choose(pressed: Pressed, changed: Changed | None = None) -> Hotkeys:
    """The backend of this session; where none can work, one whose registrations tell why.

    Can take seconds, because it asks the desktop. See ``Pressed`` and ``Changed`` for the threads.
    """
    try:
        if sys.platform == "win32":
            from deepcam.platform.hotkeys.windows import WindowsHotkeys

            return WindowsHotkeys(pressed)
        if sys.platform == "darwin":
            from deepcam.platform.hotkeys.macos import MacHotkeys

            return MacHotkeys(pressed)
        # Before X11: in a Wayland session grabs reach only the windows of X programs.
        if os.environ.get("WAYLAND_DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland":
            from deepcam.platform.hotkeys.portal import PortalHotkeys

            return PortalHotkeys(pressed, changed)
        if os.environ.get("DISPLAY"):
            from deepcam.platform.hotkeys.x11 import X11Hotkeys

            return X11Hotkeys(pressed, changed)
        return Unavailable("Without a desktop there are no hotkeys.")
    except DeepcamError as error:
        return Unavailable(error.what)
    except ImportError:
        return Unavailable("The package jeepney for hotkeys is missing.")
    except OSError as error:
        return Unavailable(f"The system gives no hotkeys ({error}).")
