"""Which cameras there are on Linux, straight from sysfs and the drivers."""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deepcam import APP_NAME

VIDIOC_QUERYCAP = 0x80685600
VIDIOC_ENUM_FMT = 0xC0405602
CAPTURE_BUFFER = 1
CAP_CAPTURE = 0x1
CAP_OUTPUT = 0x2
CAP_DEVICE_CAPS = 0x80000000
LOOPBACK_DRIVER = "v4l2 loopback"


@dataclass(frozen=True, slots=True)
class Capability:
    """What the driver says about a device node."""

    driver: str
    card: str
    bus: str
    capture: bool
    output: bool


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One video device node."""

    path: str
    """/dev/videoN"""
    number: int
    name: str
    by_id: str
    """Link below /dev/v4l/by-id that survives plugging in again; '' when there is none."""
    bus: str
    """Where it is plugged in; '' when the driver could not be asked."""
    usable: bool
    """A real camera, for choosing by itself; others can be chosen by path or number."""
    refused: str
    """Why it can never be the camera ('' when it can): it is a virtual camera."""


def query(path: str) -> Capability | None:
    """Ask the driver of a device node; None when that is not possible."""
    if not sys.platform.startswith("linux"):
        return None
    import fcntl

    buffer = bytearray(104)
    try:
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.ioctl(handle, VIDIOC_QUERYCAP, buffer)
    except OSError:
        return None
    finally:
        os.close(handle)
    return parse_capability(bytes(buffer))


def parse_capability(data: bytes) -> Capability:
    """``struct v4l2_capability`` (104 bytes)."""
    driver, card, bus, _version, everything, device = struct.unpack_from("16s32s32sIII", data)
    caps = device if everything & CAP_DEVICE_CAPS else everything

    def text(raw: bytes) -> str:
        return raw.split(b"\0")[0].decode("utf-8", "replace")

    return Capability(
        text(driver), text(card), text(bus), bool(caps & CAP_CAPTURE), bool(caps & CAP_OUTPUT)
    )


def formats(path: str) -> set[str]:
    """Four-letter codes of the picture formats that a camera offers; empty when it does not say."""
    found: set[str] = set()
    if not sys.platform.startswith("linux"):
        return found
    import fcntl

    try:
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return found
    try:
        for index in range(64):
            buffer = bytearray(struct.pack("II", index, CAPTURE_BUFFER).ljust(64, b"\0"))
            try:
                fcntl.ioctl(handle, VIDIOC_ENUM_FMT, buffer)
            except OSError:
                break
            found.add(bytes(buffer[44:48]).decode("latin-1"))
    finally:
        os.close(handle)
    return found


def list_cameras(
    sysfs: Path = Path("/sys"),
    dev: Path = Path("/dev"),
    ask: Callable[[str], Capability | None] = query,
) -> list[CameraInfo]:
    """All nodes that could give pictures, by number. ``sysfs``, ``dev``, ``ask``: for tests."""
    links = _links(dev / "v4l" / "by-id")
    found = []
    for entry in sorted((sysfs / "class" / "video4linux").glob("video*")):
        digits = entry.name.removeprefix("video")
        if not digits.isdecimal():
            continue
        try:
            name = (entry / "name").read_text(errors="replace").strip()
        except OSError:
            continue  # unplugged this moment
        path = str(dev / entry.name)
        capability = ask(path)
        refused = refusal(name, capability)
        capture = _first_node(entry) if capability is None else capability.capture
        if not capture and not refused:
            continue  # the second node of a webcam, metadata only
        virtual = "/devices/virtual/" in os.path.realpath(entry)
        found.append(
            CameraInfo(
                path,
                int(digits),
                name,
                links.get(entry.name, ""),
                "" if capability is None else capability.bus,
                capture and not virtual and not refused,
                refused,
            )
        )
    return sorted(found, key=lambda camera: camera.number)


def refusal(name: str, capability: Capability | None) -> str:
    """Why a device may not be the camera: showing our own output again would be a loop."""
    if name.startswith(APP_NAME):
        return f'"{name}" is the virtual camera that this program writes to'
    if capability is not None and capability.driver == LOOPBACK_DRIVER:
        return f'"{name}" is a virtual camera (v4l2loopback)'
    return ""


def holders(path: str, proc: Path = Path("/proc")) -> list[str]:
    """Names of other programs that have ``path`` open, as far as this user may see them."""
    try:
        wanted = os.stat(path).st_rdev
    except OSError:
        return []
    names = []
    for process in proc.glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):
            for handle in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if not os.readlink(handle).startswith("/dev/"):
                        continue
                    if os.stat(handle).st_rdev == wanted:
                        name = (process / "comm").read_text().strip()
                        names.append(f"{name} (process {process.name})")
                        break
    return sorted(names)


def _links(folder: Path) -> dict[str, str]:
    """Node name -> stable link. index0 is a camera's first (picture) node."""
    links: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for link in sorted(folder.iterdir()):
            with contextlib.suppress(OSError):
                links.setdefault(Path(os.readlink(link)).name, str(link))
    return links


def _first_node(entry: Path) -> bool:
    try:
        return (entry / "index").read_text().strip() == "0"
    except OSError:
        return True
