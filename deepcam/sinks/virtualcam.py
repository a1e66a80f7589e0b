"""The virtual camera that call programs see as "DeepPrivacy Cam".

pyvirtualcam is GPL-2.0: it is imported here only, in the process of the sender, when the camera is
opened. Linux (v4l2loopback) is tested with the real driver; Windows (UnityCapture) and macOS
(OBS's camera) have not been run.
"""

from __future__ import annotations

import contextlib
import logging
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.frames import Image, SafeFrame
from deepcam.frames.resize import fit
from deepcam.pipeline.cards import standby_card
from deepcam.sinks import timeout_picture
from deepcam.sinks.base import SinkFailedError
from deepcam.sinks.watchers import DeviceWatch
from deepcam.sources.v4l2 import LOOPBACK_DRIVER, Capability, holders, query

log = logging.getLogger(__name__)

CREATE = "deepcam setup"
"""The command that creates the device, whatever it takes on this machine."""
CHECK_EVERY = 1.0
"""Seconds between looks at the device: pyvirtualcam hides write errors."""

VIDIOC_STREAMON = 0x40045612
VIDIOC_G_FMT = 0xC0D05604
OUTPUT_BUFFER = 2

Format = Literal["I420", "YUYV"]
_FOURCC: dict[bytes, Format] = {b"YU12": "I420", b"YUYV": "YUYV"}
_CONVERSION = {"I420": cv2.COLOR_BGR2YUV_I420, "YUYV": cv2.COLOR_BGR2YUV_YUYV}


def module_version(sysfs: Path = Path("/sys")) -> tuple[int, ...] | None:
    """Version of the loaded v4l2loopback; None when it is not loaded or does not say."""
    with contextlib.suppress(OSError):
        text = (sysfs / "module" / "v4l2loopback" / "version").read_text().strip()
        numbers = text.split("-")[0].split(".")
        if all(n.isdecimal() for n in numbers):
            return tuple(int(n) for n in numbers)
    return None


def find_device(sysfs: Path = Path("/sys"), dev: Path = Path("/dev")) -> str | None:
    """Path of the loopback device that carries exactly our label; None when there is none.

    Never the first free one: the others belong to other programs.
    """
    folder = sysfs / "devices" / "virtual" / "video4linux"
    for entry in sorted(folder.glob("video*"), key=lambda e: (len(e.name), e.name)):
        with contextlib.suppress(OSError):
            if (entry / "name").read_text().strip() == APP_NAME:
                return str(dev / entry.name)
    return None


def reset_loopback(path: str) -> None:
    """Make a v4l2loopback 0.12.x device an output again.

    pyvirtualcam never calls STREAMON, so with exclusive_caps=1 the driver does not notice when it
    closes the device, and the next start finds no output. An opener that called STREAMON (even in
    vain) counts as a writer, and its close resets the device.
    """
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            fcntl.ioctl(handle, VIDIOC_STREAMON, struct.pack("i", OUTPUT_BUFFER))
    finally:
        os.close(handle)


def format_of(handle: int) -> tuple[bytes, int, int] | None:
    """(fourcc, width, height) that the device sends at present; None when it does not say."""
    import fcntl

    if struct.calcsize("P") != 8:
        return None
    buffer = bytearray(struct.pack("I", OUTPUT_BUFFER).ljust(208, b"\0"))
    try:
        fcntl.ioctl(handle, VIDIOC_G_FMT, buffer)
    except OSError:
        return None
    width, height, fourcc = struct.unpack_from("II4s", buffer, 8)
    return fourcc, width, height


class VirtualCamera:
    """The device "DeepPrivacy Cam" as a ``Sink``: one format and size from ``open`` to ``close``.

    ``pixel_format``: I420 or YUYV, what call programs read (RGB is black in some).
    ``sysfs``, ``dev``, ``ask``, ``reset``, ``camera``, ``clock``: for tests; ``camera`` stands for
    ``pyvirtualcam.Camera``.
    """

    def __init__(
        self,
        pixel_format: Format = "I420",
        *,
        sysfs: Path = Path("/sys"),
        dev: Path = Path("/dev"),
        ask: Callable[[str], Capability | None] = query,
        reset: Callable[[str], None] = reset_loopback,
        camera: Callable[..., Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
        platform: str = sys.platform,
    ) -> None:
        self._format: Format = pixel_format
        self._sysfs, self._dev = sysfs, dev
        self._ask, self._reset = ask, reset
        self._make = camera
        self._clock = clock
        self._linux = platform.startswith("linux")
        self._windows = platform == "win32"
        self._camera: Any = None
        self._size = (0, 0)
        self._path = ""
        self._handle: int | None = None
        self._expected: tuple[bytes, int, int] | None = None
        self._checked = 0.0
        self._watch: DeviceWatch | None = None

    def watched(self) -> bool | None:
        """Whether another program has the camera open; None off Linux."""
        if not self._linux or not self._path:
            return None
        if self._watch is None:
            self._watch = DeviceWatch(self._path)
        return self._watch.watched()

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Take the device. Raises ``DeepcamError`` with the exact command when it is missing."""
        self.close()
        if size[0] % 2 or size[1] % 2:
            raise DeepcamError(
                f"The virtual camera cannot be {size[0]}x{size[1]}.",
                "Use an even width and height.",
            )
        self._size = size
        if not self._linux:
            self._open_elsewhere(fps)
            return
        path = find_device(self._sysfs, self._dev)
        if path is None:
            raise missing()
        self._path = path
        self._check_capability(path)
        before = _handles_of(path)
        try:
            self._camera = self._start(path, fps)
        except Exception as error:
            self._camera = self._adopt(path, fps)
            if self._camera is None:
                raise _start_error(path, error) from None
        opened = _handles_of(path) - before
        self._handle = min(opened) if opened else None
        self._expected = None if self._handle is None else format_of(self._handle)
        self._leave_card(path)
        self._checked = self._clock()

    def _leave_card(self, path: str) -> None:
        """The driver shows the card when this process is killed or hangs."""
        if self._expected is None or _FOURCC.get(self._expected[0]) != self._format:
            return
        card = self._convert(standby_card(*self._size))
        if not timeout_picture.load(path, card.tobytes()):
            log.info("the driver keeps no standby card")

    def _check_capability(self, path: str) -> None:
        capability = self._ask(path)
        if capability is None:
            if os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK):
                raise DeepcamError(
                    f"The virtual camera {path} may not be used by this user.",
                    "Run: sudo usermod -aG video $USER, then log in again.",
                )
            raise DeepcamError(f"The virtual camera {path} does not answer.", "Start it again.")
        if capability.driver != LOOPBACK_DRIVER or capability.card != APP_NAME:
            raise DeepcamError(
                f'{path} is "{capability.card}" of another program, not our virtual camera.',
                f"Create ours: {CREATE}",
            )
        if capability.output:
            return
        writer = writers(path)
        if writer:
            raise SinkFailedError(
                f"The virtual camera {path} is used by {', '.join(writer)}.", "Close it there."
            )
        version = module_version(self._sysfs)
        if version is None or version < (0, 14):
            # Newer drivers want REQBUFS before STREAMON, and do not have this fault.
            self._reset(path)
            again = self._ask(path)
            if again is not None and again.output:
                return
        raise SinkFailedError(
            f"The virtual camera {path} takes no picture: another program is sending to it.",
            f"Close that program, or run: sudo modprobe -r v4l2loopback; {CREATE}",
        )

    def _start(self, path: str | None, fps: float, backend: str = "v4l2loopback") -> Any:
        import pyvirtualcam

        make = self._make or pyvirtualcam.Camera
        return make(
            self._size[0], self._size[1], fps,
            fmt=pyvirtualcam.PixelFormat[self._format],
            device=path, backend=backend, print_fps=False,
        )  # fmt: skip

    def _adopt(self, path: str, fps: float) -> Any:
        """A reader that was there first holds a format: send that one. None if it cannot be."""
        try:
            handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            held = format_of(handle)
        finally:
            os.close(handle)
        if held is None or held[0] not in _FOURCC or held[1] % 2 or held[2] % 2:
            return None
        self._format, self._size = _FOURCC[held[0]], (held[1], held[2])
        try:
            camera = self._start(path, fps)
        except Exception:
            return None
        log.warning("a program reads the camera already: sending %sx%s", *self._size)
        return camera

    def _open_elsewhere(self, fps: float) -> None:
        """Windows and macOS; not run."""
        backend, device = ("unitycapture", APP_NAME) if self._windows else ("obs", None)
        try:
            self._camera = self._start(device, fps, backend)
        except Exception:
            if self._windows:
                raise DeepcamError(
                    f'There is no virtual camera "{APP_NAME}".',
                    "Register UnityCapture under that name (see the user guide).",
                ) from None
            raise DeepcamError(
                "OBS Virtual Camera could not be started.",
                "Install OBS 30 or later and start its virtual camera once.",
            ) from None
        self._path = str(self._camera.device)

    def send(self, frame: SafeFrame) -> None:
        """Send one picture. Raises ``SinkFailedError`` when the device is gone or taken over."""
        if self._camera is None:
            raise SinkFailedError("The virtual camera is closed.")
        image = fit(frame.image, self._size)
        try:
            self._camera.send(self._convert(image))
        except Exception:
            raise SinkFailedError(
                f"The virtual camera {self._path} takes no more pictures.", "It is opened again."
            ) from None
        now = self._clock()
        if now - self._checked >= CHECK_EVERY:
            self._checked = now
            self._check_health()

    def _convert(self, image: Image) -> NDArray[np.uint8]:
        converted = np.asarray(cv2.cvtColor(image, _CONVERSION[self._format]), np.uint8)
        return converted.reshape(-1)

    def _check_health(self) -> None:
        """pyvirtualcam reports failing writes on stderr only; the device itself tells more."""
        if not self._linux:
            return
        if find_device(self._sysfs, self._dev) != self._path:
            raise SinkFailedError(
                f"The virtual camera {self._path} is gone.",
                f"Create it: {CREATE}",
            )
        if self._handle is not None and self._expected is not None:
            present = format_of(self._handle)
            if present != self._expected:
                raise SinkFailedError(
                    f"The virtual camera {self._path} was changed by another program.",
                    "It is opened again.",
                )

    def close(self) -> None:
        """Give the device back, ready for the next start."""
        camera, self._camera = self._camera, None
        self._handle = None
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if camera is not None:
            with contextlib.suppress(Exception):
                camera.close()

    def describe(self) -> str:
        """For people."""
        name = APP_NAME if self._linux or self._windows else "OBS Virtual Camera"
        where = f" ({self._path})" if self._path else ""
        return f'Choose the camera "{name}"{where} in your call program.'


def missing() -> DeepcamError:
    """There is no device of ours."""
    return DeepcamError(f'There is no virtual camera "{APP_NAME}".', f"Create it: {CREATE}")


def writers(path: str, proc: Path = Path("/proc")) -> list[str]:
    """Other programs that have the device open only for writing, that is: send to it."""
    found = []
    for name in holders(path, proc):
        number = name.rsplit(" ", 1)[-1].rstrip(")")
        for handle in _listed(proc / number / "fd"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                if os.readlink(handle) != os.path.realpath(path):
                    continue
                info = (proc / number / "fdinfo" / handle.name).read_text()
                flags = int(info.split("flags:")[1].split()[0], 8)
                if flags & os.O_ACCMODE == os.O_WRONLY:
                    found.append(name)
                    break
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _handles_of(path: str) -> set[int]:
    """This process's file descriptors for ``path``."""
    real = os.path.realpath(path)
    handles = set()
    for handle in _listed(Path("/proc/self/fd")):
        with contextlib.suppress(OSError):
            if os.readlink(handle) == real:
                handles.add(int(handle.name))
    return handles


def _start_error(path: str, error: Exception) -> DeepcamError:
    if isinstance(error, ImportError):
        return DeepcamError("The package pyvirtualcam is missing.", "Run: pip install pyvirtualcam")
    text = str(error)
    if "not a video output device" in text:
        return SinkFailedError(
            f"The virtual camera {path} is used by another program.", "Close it there."
        )
    return SinkFailedError(
        f"The virtual camera {path} could not be started.",
        f"Close programs that use it, or run: sudo modprobe -r v4l2loopback; {CREATE}",
    )
