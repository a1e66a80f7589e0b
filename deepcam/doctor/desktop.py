"""The desktop around the program: PipeWire, screen, tray, hotkeys, portals."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path, PurePosixPath

from deepcam import APP_NAME
from deepcam.doctor.finding import Finding, good, warn
from deepcam.platform import loopback, qt
from deepcam.platform.system import System

MANAGERS = ("wireplumber", "pipewire-media-")
WATCHER = "org.kde.StatusNotifierWatcher"
PORTAL = "org.freedesktop.portal.Desktop"
SHORTCUTS = "org.freedesktop.impl.portal.GlobalShortcuts"
PORTALS = "usr/share/xdg-desktop-portal/portals"
OWN_KEY = "In your desktop's keyboard settings, give a key to the command: deepcam toggle"


def session(system: System) -> str:
    """wayland, x11, or '' without a desktop."""
    kind = system.environ.get("XDG_SESSION_TYPE", "").lower()
    if kind in ("wayland", "x11"):
        return kind
    if system.environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "x11" if system.environ.get("DISPLAY") else ""


def desktops(system: System) -> list[str]:
    """Names of the desktop, such as ["ubuntu", "gnome"]."""
    return [d for d in system.environ.get("XDG_CURRENT_DESKTOP", "").lower().split(":") if d]


def on_bus(system: System, name: str) -> bool | None:
    """Whether somebody owns a name on the session bus; None when nothing here can ask."""
    bus = "org.freedesktop.DBus"
    path = "/org/freedesktop/DBus"
    for command in (
        ["busctl", "--user", "call", bus, path, bus, "NameHasOwner", "s", name],
        ["gdbus", "call", "--session", "-d", bus, "-o", path, "-m", f"{bus}.NameHasOwner", name],
    ):
        answer = system.programs(command)
        if answer is not None and answer.code == 0:
            return "true" in answer.text
    return None


def display(system: System) -> list[Finding]:
    """A screen for preview and app."""
    there = good("display", "There is a screen for the preview and the app.")
    if not system.linux:
        return [there]
    if not session(system):
        return [warn("display", "There is no screen: no preview, no app.")]
    # Asked as Qt will ask: that a screen is named does not mean that windows can be shown on it.
    found = qt.obstacle(system.environ) if qt.plugin_folder() is not None else None
    if found is None:
        return [there]
    reason, libraries = found
    command = qt.install_command(libraries, system.distribution()) if libraries else ""
    return [warn("display", f"{reason} No preview, no app.", command)]


def pipewire(system: System) -> list[Finding]:
    """The service that sandboxed programs get cameras from."""
    if not system.linux:
        return []
    if not _socket(system).exists():
        command = "systemctl --user enable --now pipewire.socket wireplumber.service"
        if not system.find("pipewire"):
            command = _install(system, "pipewire wireplumber")
        reason = "PipeWire does not run: programs that get cameras through it see none."
        return [warn("pipewire", reason, command)]
    if not system.runs(*MANAGERS):
        command = "systemctl --user enable --now wireplumber.service"
        if not system.find("wireplumber"):
            command = _install(system, "wireplumber")
        reason = "PipeWire runs without a session manager: it offers no cameras."
        return [warn("pipewire", reason, command)]
    if not _library(system):
        reason = "PipeWire runs, but its library for programs is missing."
        return [warn("pipewire", reason, _install(system, _package(system)))]
    answer = system.programs(["wpctl", "status"])
    if _sending(system) and answer is not None and answer.code == 0 and APP_NAME not in answer.text:
        reason = (
            "PipeWire has not noticed the virtual camera: Firefox with PipeWire and sandboxed "
            "programs do not list it."
        )
        return [warn("pipewire", reason, "systemctl --user restart wireplumber")]
    return [good("pipewire", "PipeWire runs.")]


def _socket(system: System) -> Path:
    folder = system.environ.get("PIPEWIRE_RUNTIME_DIR") or system.environ.get("XDG_RUNTIME_DIR")
    name = system.environ.get("PIPEWIRE_REMOTE", "pipewire-0")
    return system.root / PurePosixPath(folder or "/nowhere").relative_to("/") / name


def _library(system: System) -> bool:
    """Whether programs can make cameras in PipeWire."""
    name = "libpipewire-0.3.so.0"
    folders = ("usr/lib/*-linux-*", "usr/lib64", "usr/lib", "lib/*-linux-*")
    return any(any(system.root.glob(f"{folder}/{name}")) for folder in folders)


def _package(system: System) -> str:
    family = system.distribution()
    if "arch" in family:
        return "libpipewire"
    return "pipewire-libs" if "fedora" in family else "libpipewire-0.3-0"


def _sending(system: System) -> bool:
    """Whether our device gives pictures at this moment; only then PipeWire lists it."""
    for device in loopback.inspect(system).own:
        capability = system.ask(str(system.dev / f"video{device.number}"))
        if capability is not None and capability.capture:
            return True
    return False


def tray(system: System) -> list[Finding]:
    """Somewhere for the icon."""
    if importlib.util.find_spec("PySide6") is None:
        reason = "The app with its tray icon needs Qt."
        return [warn("tray", reason, "pip install 'deepprivacy-cam[app]'")]
    if not system.linux:
        return [good("tray", "The system has a tray.")]
    if not session(system):
        return [warn("tray", "There is no desktop, so no tray.", "deepcam toggle   # instead")]
    watched = on_bus(system, WATCHER)
    if watched or (session(system) == "x11" and _old_tray(system)):
        return [good("tray", "The desktop shows tray icons.")]
    if watched is None:
        return [good("tray", "The desktop could not be asked; the app shows a window if need be.")]
    if any("gnome" in name for name in desktops(system)):
        command = "gnome-extensions enable ubuntu-appindicators@ubuntu.com"
        if "ubuntu" not in desktops(system):
            command = _install(system, "gnome-shell-extension-appindicator")
        reason = "GNOME shows tray icons only with the AppIndicator extension; the window stays."
        return [warn("tray", reason, f"{command}   # then log in again")]
    reason = "The desktop has no tray for today's icons; the window stays."
    return [warn("tray", reason, "Add a system tray to the panel of your desktop.")]


def _old_tray(system: System) -> bool:
    """Whether a panel of the X server takes icons the old way (XEmbed), as Qt gives them too."""
    from deepcam.platform.hotkeys.xcb import Connection

    if system.environ.get("DISPLAY") != os.environ.get("DISPLAY"):
        return False
    try:
        connection = Connection()
    except OSError:
        return False
    try:
        return connection.owned("_NET_SYSTEM_TRAY_S0")
    finally:
        connection.close()


def hotkeys(system: System) -> list[Finding]:
    """Keys that work while another program has the keyboard."""
    kind = session(system)
    if not system.linux:
        return [good("hotkeys", "Keys are registered with the system.")]
    if kind == "x11":
        return [good("hotkeys", "Keys can be registered (X11 session).")]
    if kind == "wayland":
        if _shortcuts(system):
            return [good("hotkeys", "Keys are asked for through the portal (Wayland session).")]
        reason = "This Wayland desktop lets no program register keys."
        return [warn("hotkeys", reason, OWN_KEY)]
    return [warn("hotkeys", "There is no desktop, so no keys.", "deepcam toggle   # instead")]


def _shortcuts(system: System) -> bool:
    """Whether an installed portal offers keys on this desktop."""
    here = set(desktops(system))
    for path in sorted((system.root / PORTALS).glob("*.portal")):
        facts = dict(
            line.split("=", 1)
            for line in path.read_text(errors="replace").splitlines()
            if "=" in line
        )
        if SHORTCUTS not in facts.get("Interfaces", "").split(";"):
            continue
        used = {name.lower() for name in facts.get("UseIn", "").split(";") if name}
        if not used or used & here:
            return True
    return False


def portal(system: System) -> list[Finding]:
    """What sandboxed programs and Wayland keys ask."""
    if not system.linux or not session(system):
        return []
    service = system.root / "usr" / "share" / "dbus-1" / "services" / f"{PORTAL}.service"
    if not service.exists() and not on_bus(system, PORTAL):
        desktop = next((d for d in ("gnome", "kde", "hyprland") if d in desktops(system)), "gtk")
        reason = "xdg-desktop-portal is not installed: no keys on Wayland, no camera in sandboxes."
        packages = f"xdg-desktop-portal xdg-desktop-portal-{desktop}"
        return [warn("portal", reason, _install(system, packages))]
    backends = [p.stem for p in sorted((system.root / PORTALS).glob("*.portal"))]
    if not backends:
        reason = "xdg-desktop-portal has no part for this desktop."
        return [warn("portal", reason, _install(system, "xdg-desktop-portal-gtk"))]
    return [good("portal", f"xdg-desktop-portal is installed ({', '.join(backends)}).")]


def _install(system: System, packages: str) -> str:
    """Install command of this distribution."""
    family = system.distribution()
    if "fedora" in family:
        return f"sudo dnf install {packages}"
    if "arch" in family:
        return f"sudo pacman -S {packages}"
    if family & {"suse", "opensuse"}:
        return f"sudo zypper install {packages}"
    return f"sudo apt-get install {packages}"
