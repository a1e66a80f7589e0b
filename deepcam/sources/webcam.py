"""A webcam: chosen by name, watched over, never trusted to keep going.

Linux is tested with a real V4L2 driver. The Windows (DirectShow) and macOS (AVFoundation) paths
have not been run.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Image
from deepcam.runtime.versions import quiet_opencv
from deepcam.sources.base import SourceLostError, as_bgr
from deepcam.sources.v4l2 import CameraInfo, formats, holders, list_cameras, query, refusal

FIRST_FRAME = 6.0
"""Seconds a camera may take to its first picture."""
SILENCE = 0.7
"""Seconds without a picture after which the camera counts as gone."""
STALE = 0.8
"""Seconds of bit-identical pictures after which the camera counts as stuck (a real sensor is never
still: its noise changes)."""
FORMATS = ("MJPG", "YUYV", "NV12", "UYVY", "YU12")
"""Picture formats that OpenCV can decode, best first: uncompressed ones are slow over USB."""
LEAST_SIDE = 16
"""Pixels; less is not a picture but a buffer that OpenCV could not decode."""
BAD_FRAMES = 30
"""Reads that fail in a row before the camera counts as gone."""


class Capture(Protocol):
    """What is used of ``cv2.VideoCapture``."""

    def isOpened(self) -> bool: ...  # noqa: N802
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, Any]: ...
    def release(self) -> None: ...


Opener = Callable[[str | int, tuple[int, int], float], Capture]
"""(path or number, wanted (width, height), wanted fps) -> an opened capture."""


class Memory:
    """What is known about a camera beyond one ``Webcam``: the worker makes a new one each time."""

    def __init__(self) -> None:
        self.stable = ""
        """Link by id, or the plug it is in: found again under another number."""
        self.still: int | None = None
        """Checksum of a picture that stood still; when the camera, opened anew, says the same
        again, it is a test pattern or a closed lens and not a fault."""


_memories: dict[str, Memory] = {}


class Webcam:
    """A camera as a ``Source``.

    ``which``: None (the first real camera), part of its name, its path or its number.
    ``size``, ``fps``: what to ask for; what comes may differ. Size and rate are measured.
    Pictures are read in a thread of their own, so that a driver that never returns blocks nobody.
    ``opener``, ``cameras``, ``clock``, ``memory``: for tests.
    """

    def __init__(
        self,
        which: str | int | None = None,
        size: tuple[int, int] = (1280, 720),
        fps: float = 30.0,
        *,
        opener: Opener | None = None,
        cameras: Callable[[], list[CameraInfo]] = list_cameras,
        clock: Callable[[], float] = time.monotonic,
        silence: float = SILENCE,
        stale: float = STALE,
        first_frame: float = FIRST_FRAME,
        memory: Memory | None = None,
    ) -> None:
        self._which = which
        self._wanted_size = size
        self._wanted_fps = fps
        self._opener = opener or open_capture
        self._cameras = cameras
        self._clock = clock
        self._silence = silence
        self._stale = stale
        self._first_frame = first_frame
        self._grabber: _Grabber | None = None
        self._number = 0
        self._name = "" if which is None else str(which)
        self._size = (0, 0)
        key = "" if which is None else str(which)
        self._memory = memory if memory is not None else _memories.setdefault(key, Memory())
        self._same: tuple[int, float] | None = None
        self._times: deque[float] = deque(maxlen=60)

    @property
    def name(self) -> str:
        """The camera's name."""
        return self._name

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the pictures that come."""
        return self._size

    @property
    def fps(self) -> float:
        """Measured over the last pictures; 0.0 until there are some."""
        times = list(self._times)
        if len(times) < 5 or times[-1] <= times[0]:
            return 0.0
        return (len(times) - 1) / (times[-1] - times[0])

    def open(self) -> None:
        """Find the camera and start reading. Raises ``DeepcamError``."""
        self.close()
        target, self._name = self._find()
        capture = self._opener(target, self._wanted_size, self._wanted_fps)
        if not capture.isOpened():
            with contextlib.suppress(Exception):
                capture.release()
            raise _not_opened(target, self._name)
        self._times.clear()
        self._same = None
        self._grabber = _Grabber(capture, self._clock)
        self._deadline = self._clock() + self._first_frame

    def read(self, timeout: float) -> Frame | None:
        """The newest picture; ``SourceLostError`` when the camera is gone, stuck or silent."""
        grabber = self._grabber
        if grabber is None:
            raise SourceLostError("The camera is closed.")
        got = grabber.take(timeout)
        now = self._clock()
        if got is None:
            if grabber.failed:
                raise self._lost("stopped", "Plug it in again.")
            if now > self._deadline:
                raise self._lost("gives no picture", "Plug it in again, or choose another camera.")
            return None
        image, when = got
        self._deadline = now + self._silence
        self._check_still(image, when)
        self._times.append(when)
        self._size = (image.shape[1], image.shape[0])
        self._number += 1
        return Frame(image, when, self._number)

    def close(self) -> None:
        """Let go of the camera (its light goes out)."""
        grabber, self._grabber = self._grabber, None
        if grabber is not None:
            grabber.stop()

    def _check_still(self, image: Image, when: float) -> None:
        mark = zlib.crc32(image[::8, ::8].tobytes())
        if self._same is None or self._same[0] != mark:
            self._same = (mark, when)
            if mark != self._memory.still:
                self._memory.still = None
            return
        if mark != self._memory.still and when - self._same[1] > self._stale:
            self._memory.still = mark
            raise self._lost("stands still", "Plug it in again.")

    def _lost(self, what: str, remedy: str) -> SourceLostError:
        return SourceLostError(f'The camera "{self._name}" {what}.', remedy)

    def _find(self) -> tuple[str | int, str]:
        """(path or number for the opener, name)."""
        if not sys.platform.startswith("linux"):
            if self._which is None or str(self._which).isdecimal():
                number = int(self._which or 0)
                return number, f"Camera {number}"
            raise DeepcamError(
                f"Cameras are chosen by number on this system, not by {self._which!r}.",
                "Use --camera 0, 1, ...",
            )
        cameras = self._cameras()
        if stable := self._memory.stable:  # plugged in again, perhaps under another number
            for camera in cameras:
                if stable in (camera.by_id, camera.bus) and not camera.refused:
                    return camera.path, camera.name
        camera = choose_camera(self._which, cameras)
        self._memory.stable = camera.by_id or camera.bus
        return camera.path, camera.name


def choose_camera(which: str | int | None, cameras: list[CameraInfo]) -> CameraInfo:
    """The camera that ``which`` means. Raises ``DeepcamError``, and for every virtual camera."""
    names = ", ".join(f'"{c.name}" ({c.path})' for c in cameras if c.usable)
    remedy = f"There are: {names}." if names else "Plug in a camera."
    if which is None or which == "":
        for camera in cameras:
            if camera.usable:
                return camera
        raise DeepcamError("No camera was found.", "Plug in a camera, or use --source FILE.")
    text = str(which)
    hits: list[CameraInfo] = []
    if text.isdecimal():
        hits = [c for c in cameras if c.number == int(text)]
    elif text.startswith("/"):
        real = os.path.realpath(text)
        hits = [c for c in cameras if real == os.path.realpath(c.path)]
        if not hits and Path(text).exists() and not Path(text).is_char_device():
            raise DeepcamError(f"{text} is not a camera.", "Use --source for files.")
    else:
        hits = [c for c in cameras if text.lower() in c.name.lower()]
        hits.sort(key=lambda c: (bool(c.refused), not c.usable, c.name.lower() != text.lower()))
    if not hits:
        raise DeepcamError(f"There is no camera {text!r}.", remedy)
    if hits[0].refused:
        raise DeepcamError(f"{hits[0].refused}, so it cannot be the source.", remedy)
    return hits[0]


def open_capture(target: str | int, size: tuple[int, int], fps: float) -> Capture:
    """Open a camera with OpenCV: compressed pictures first, the size and rate asked for."""
    # Some MSMF cameras take a minute to open otherwise.
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    import cv2

    quiet_opencv()
    linux = sys.platform.startswith("linux")
    offered = formats(str(target)) if linux else {FORMATS[0]}
    # Asked for by name: OpenCV gives undecoded buffers for what it chooses itself at times.
    wish = next((name for name in FORMATS if name in offered), None)
    wanted = [
        cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*(wish or FORMATS[0])),
        cv2.CAP_PROP_FRAME_WIDTH, size[0],
        cv2.CAP_PROP_FRAME_HEIGHT, size[1],
        cv2.CAP_PROP_FPS, int(fps),
    ]  # fmt: skip
    if linux:
        check_device(str(target))
        capture = cv2.VideoCapture(str(target), cv2.CAP_V4L2)
        begin = 0 if wish else 2
        for key, value in zip(wanted[begin::2], wanted[begin + 1 :: 2], strict=True):
            capture.set(key, value)
        return capture
    backend = cv2.CAP_DSHOW if sys.platform == "win32" else cv2.CAP_AVFOUNDATION
    # DirectShow ignores a format that is set after opening.
    capture = cv2.VideoCapture(int(target), backend, wanted if sys.platform == "win32" else [])
    if sys.platform != "win32":
        for key, value in zip(wanted[::2], wanted[1::2], strict=True):
            capture.set(key, value)
    return capture


def check_device(path: str) -> None:
    """Raise a ``DeepcamError`` that says what is wrong with a device node before OpenCV fails."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
    except FileNotFoundError:
        raise DeepcamError(f"The camera {path} is gone.", "Plug it in again.") from None
    except PermissionError:
        raise DeepcamError(
            f"The camera {path} may not be used by this user.",
            "Run: sudo usermod -aG video $USER, then log in again.",
        ) from None
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise _not_opened(path, path) from None
        raise DeepcamError(f"The camera {path} does not answer.", "Plug it in again.") from None
    # The last word on loops: the device may have changed since it was chosen.
    capability = query(path)
    if capability is not None and (why := refusal(capability.card, capability)):
        raise DeepcamError(f"{why}, so it cannot be the source.", "Choose a real camera.")


def _not_opened(target: str | int, name: str) -> DeepcamError:
    others = holders(target) if isinstance(target, str) else []
    if others:
        return DeepcamError(
            f'The camera "{name}" is used by {", ".join(others)}.',
            "Close it there; it is then taken over by itself.",
        )
    return DeepcamError(f'The camera "{name}" could not be opened.', "Close other programs.")


class _Grabber:
    """Reads a capture in a thread; keeps the newest picture only."""

    def __init__(self, capture: Capture, clock: Callable[[], float]) -> None:
        self._capture = capture
        self._clock = clock
        self._condition = threading.Condition()
        self._newest: tuple[Image, float] | None = None
        self._stopping = False
        self.failed = False
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def take(self, timeout: float) -> tuple[Image, float] | None:
        with self._condition:
            self._condition.wait_for(lambda: self._newest is not None or self.failed, timeout)
            newest, self._newest = self._newest, None
            return newest

    def stop(self) -> None:
        """The thread releases the device; one that hangs in the driver is left to itself."""
        with self._condition:
            self._stopping = True
            self._newest = None
        self._thread.join(0.5)

    def _run(self) -> None:
        bad = 0
        try:
            while not self._stopping and bad < BAD_FRAMES:
                good = self._capture.grab()
                when = self._clock()
                image = None
                if good:
                    good, picture = self._capture.retrieve()
                    image = as_bgr(picture) if good else None
                if image is None or min(image.shape[:2]) < LEAST_SIDE:
                    bad += 1
                    time.sleep(0.01)
                    continue
                bad = 0
                with self._condition:
                    if not self._stopping:
                        self._newest = (image, when)
                    self._condition.notify_all()
        except Exception:
            pass  # OpenCV's errors say nothing that a person could use
        finally:
            with contextlib.suppress(Exception):
                self._capture.release()
            with self._condition:
                self.failed = True
                self._condition.notify_all()
