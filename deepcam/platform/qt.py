"""Whether Qt can show windows here. Qt itself ends the program when it cannot, with a reason that
is often another one's: so its way to the screen is loaded and asked before Qt is."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deepcam.errors import DeepcamError
from deepcam.platform.system import System

BASE = {
    "libEGL.so.1": ("libegl1", "libglvnd"),
    "libGL.so.1": ("libgl1", "libglvnd"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libgssapi_krb5.so.2": ("libgssapi-krb5-2", "krb5"),
}
"""What PySide6 expects of every system: library -> its package in Debian and in Arch."""
XCB = {
    "libX11-xcb.so.1": ("libx11-xcb1", "libx11"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
}
"""What its way to X11 screens expects besides."""
WAYLAND = {
    "libwayland-client.so.0": ("libwayland-client0", "wayland"),
    "libwayland-cursor.so.0": ("libwayland-cursor0", "wayland"),
}
_PLUGINS = {"xcb": "libqxcb.so", "wayland": "libqwayland*.so"}

Load = Callable[[str], object]
"""Loads a library by name or path; raises ``OSError``."""


def plugin_folder() -> Path | None:
    """Where PySide6 keeps its ways to the screen; None without PySide6."""
    found = importlib.util.find_spec("PySide6")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations))) / "Qt" / "plugins" / "platforms"


def ways(environ: Mapping[str, str]) -> list[str]:
    """Qt's ways to the screen of this session, in its order; [] without a screen."""
    wanted = environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if wanted:
        return [wanted]
    there = (("wayland", "WAYLAND_DISPLAY"), ("xcb", "DISPLAY"))
    return [way for way, name in there if environ.get(name)]


def lacking(way: str, load: Load = ctypes.CDLL, folder: Path | None = None) -> list[str]:
    """Libraries that are missing for a way to the screen ('': for Qt at all). ``folder``: where
    the ways lie; without it what they say themselves is not asked."""
    wanted = [*BASE, *(XCB if way == "xcb" else {})]
    found = [name for name in wanted if _missing(name, load)]
    if found or folder is None or way not in _PLUGINS:
        return found
    # The plugin itself knows what else it needs.
    answers = [_missing(str(path), load) for path in sorted(folder.glob(_PLUGINS[way]))]
    return [] if not answers or "" in answers else answers[:1]


def _missing(name: str, load: Load) -> str:
    """The library that is missing when ``name`` is loaded; '' when it can be."""
    try:
        load(name)
    except OSError as error:
        return str(error).split(":", 1)[0] or name
    return ""


def obstacle(
    environ: Mapping[str, str], load: Load = ctypes.CDLL, folder: Path | None = None
) -> tuple[str, list[str]] | None:
    """Why Qt would not show a window here, one sentence, and the libraries that would help; None
    when it would. A session without a screen is no obstacle of Qt's."""
    reasons: list[tuple[str, list[str]]] = []
    folder = folder or plugin_folder()
    for way in ways(environ):
        if folder is not None and way in _PLUGINS and not any(folder.glob(_PLUGINS[way])):
            continue  # older packages have no way to Wayland
        libraries = lacking(way, load, folder)
        if libraries:
            reasons.append((f"Qt lacks {', '.join(libraries)}.", libraries))
        elif way == "xcb" and not _answers(load):
            reasons.append((f"The display {environ.get('DISPLAY')} does not answer.", []))
        else:
            return None
    return reasons[-1] if reasons else None


def _answers(load: Load) -> bool:
    """Whether the X server lets this program in."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1") if load is ctypes.CDLL else None
    except OSError:
        return True  # somebody else will say so
    if xcb is None:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    good = xcb.xcb_connection_has_error(connection) == 0
    xcb.xcb_disconnect(connection)
    return good


def install_command(libraries: list[str], system: System) -> str:
    """What installs the libraries on this distribution."""
    family = system.distribution()
    known = {**BASE, **XCB, **WAYLAND}
    if family & {"fedora", "suse", "opensuse"}:
        tool = "dnf" if "fedora" in family else "zypper"
        return f"sudo {tool} install " + " ".join(f"'{name}()(64bit)'" for name in libraries)
    column = 1 if "arch" in family else 0
    packages = dict.fromkeys(
        known[name][column] if name in known else guess(name) for name in libraries
    )
    start = "sudo pacman -S" if column else "sudo apt-get install"
    return f"{start} {' '.join(packages)}"


def guess(library: str) -> str:
    """Debian's usual name for the package of a library: libfoo-bar.so.4 is in libfoo-bar4."""
    name, _, number = library.partition(".so")
    number = number.strip(".")
    joint = "-" if name[-1:].isdigit() and number else ""
    return f"{name.lower().replace('_', '-')}{joint}{number}"


def ensure_windows() -> None:
    """Raises ``DeepcamError`` where Qt would end the program instead of showing a window."""
    if sys.platform != "linux":
        return
    found = obstacle(os.environ)
    if found is None:
        return
    reason, libraries = found
    raise DeepcamError(
        reason,
        f"Run: {install_command(libraries, System())}"
        if libraries
        else "Start it from within a desktop session, or use: deepcam run",
    )
