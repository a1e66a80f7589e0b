"""Run inside the virtual machine, as root: real V4L2 devices, our sources and sinks.

/dev/video10 is v4l2loopback "DeepPrivacy Cam" with exclusive_caps=1, /dev/video20 a simulated
webcam. Prints what it finds; exits with 0 when all is as promised.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))
import live_fakes

from deepcam.errors import DeepcamError
from deepcam.frames import Reason, SafeFrame
from deepcam.sinks import choose_output
from deepcam.sinks.virtualcam import VirtualCamera, find_device, module_version
from deepcam.sources.v4l2 import holders, list_cameras, query
from deepcam.sources.webcam import Webcam

SIZE = (320, 240)
OURS, WEBCAM = "/dev/video10", "/dev/video20"


def blocks() -> np.ndarray:
    colours = [(0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255), (40, 200, 255), (0, 0, 0)]
    image = np.empty((SIZE[1], SIZE[0], 3), np.uint8)
    for k, colour in enumerate(colours):
        image[:, k * 54 : (k + 1) * 54] = colour
    return image


def cameras() -> None:
    found = {c.path: c for c in list_cameras()}
    for camera in found.values():
        print("  ", camera)
    assert found[OURS].refused
    assert not found[OURS].usable
    assert found[WEBCAM].name.startswith("vivid")
    for which in (OURS, 10, "DeepPrivacy"):
        with pytest.raises(DeepcamError, match="cannot be the source"):
            Webcam(which).open()


def webcam() -> None:
    camera = Webcam(WEBCAM, SIZE, 15, first_frame=30, silence=5, stale=5)
    camera.open()
    marks = set()
    end = time.monotonic() + 20
    while len(marks) < 12 and time.monotonic() < end:
        frame = camera.read(1.0)
        if frame is not None:
            marks.add(hash(frame.image.tobytes()))
    print(f"   {camera.name}: {camera.size}, {camera.fps:.1f} frames/s, {len(marks)} pictures")
    assert len(marks) >= 12
    assert camera.size[0] == SIZE[0]  # it knows 320x180 only
    # A second program cannot have it, and is told by whom it is used.
    code = (
        f"from deepcam.sources.webcam import Webcam\nc = Webcam({WEBCAM!r}, {SIZE}, first_frame=20,"
        "silence=20)\nfrom deepcam.errors import DeepcamError\n"
        "try:\n    c.open()\n    print('opened', c.read(15) is not None, flush=True)\n"
        "except DeepcamError as error: print(error.what, flush=True)\nimport os; os._exit(0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    print("   a second program:", run.stdout.strip() or run.stderr[-300:])
    assert f"process {os.getpid()}" in run.stdout
    camera.close()
    time.sleep(0.5)
    assert holders(WEBCAM) == []
    camera.open()
    assert any(camera.read(1.0) is not None for _ in range(20))
    camera.close()


class Reader:
    """A call program: keeps the newest picture of our camera."""

    def __init__(self) -> None:
        # With exclusive_caps there is nothing to read before somebody sends.
        for _ in range(100):
            self.capture = cv2.VideoCapture(OURS, cv2.CAP_V4L2)
            if self.capture.isOpened():
                break
            time.sleep(0.3)
        self.newest: Any = None
        self.count = 0
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.stopping:
            good, image = self.capture.read()
            if good:
                self.newest, self.count = image, self.count + 1
            else:
                time.sleep(0.05)

    def wait(self, what: Any, within: float) -> float:
        begin = time.monotonic()
        while time.monotonic() - begin < within:
            if self.newest is not None and what(self.newest):
                return time.monotonic() - begin
            time.sleep(0.02)
        raise AssertionError("the reader did not see it")

    def close(self) -> None:
        self.stopping = True
        self.thread.join(12)
        self.capture.release()


def close_to(image: Any) -> bool:
    sent = blocks().astype(int)
    if image.shape != sent.shape:
        return False
    difference = np.abs(image.astype(int) - sent)
    inner = np.concatenate([difference[:, k * 54 + 4 : (k + 1) * 54 - 4] for k in range(6)], 1)
    return bool(inner.max() <= 8)


def starts() -> None:
    print("   module", module_version(), "device", find_device())
    assert choose_output("auto").kind == "camera"
    for turn, pixel_format in enumerate(("I420", "I420", "YUYV")):
        before = query(OURS)
        sink = VirtualCamera(pixel_format)  # type: ignore[arg-type]
        sink.open(SIZE, 10)
        frame = SafeFrame(blocks(), Reason.GENERATED, "", 0.0, 1)
        for _ in range(3):
            sink.send(frame)
        reader = Reader()
        end = time.monotonic() + 25
        seen = False
        while time.monotonic() < end and not seen:
            sink.send(frame)
            time.sleep(0.1)
            seen = reader.newest is not None and close_to(reader.newest)
        print(f"   start {turn + 1} ({pixel_format}): output before it {before and before.output}, "
              f"picture right {seen}")  # fmt: skip
        assert seen
        if turn == 2:  # a second program cannot send, too
            code = (
                "from deepcam.sinks.virtualcam import VirtualCamera\n"
                "from deepcam.errors import DeepcamError\n"
                "try: VirtualCamera().open((320, 240), 10)\n"
                "except DeepcamError as error: print(error.what, flush=True)\n"
            )
            run = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
            )
            print("   a second program:", run.stdout.strip())
            assert f"process {os.getpid()}" in run.stdout
            sink.send(frame)
        reader.close()
        sink.close()


def card(image: Any) -> bool:
    corner = image[:20, :20].reshape(-1, 3).mean(0)
    return bool(25 < corner.max() < 90 and image.max() > 100)  # bars would be black


def green(image: Any) -> bool:
    return bool(np.abs(image[120, 160].astype(int) - live_fakes.SAFE).max() < 12)


def session() -> None:
    from deepcam.live.session import Session
    from deepcam.live.settings import LiveSettings

    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPCAM_TEST_FOLDER"] = folder
        os.environ["DEEPCAM_RUNTIME_DIR"] = folder + "/run"
        for turn in range(2):
            live = Session(
                LiveSettings(
                    camera=WEBCAM,
                    output="camera",
                    size=SIZE,
                    fps=10,
                    identity=1,
                    control=False,
                    anonymizer_factory="live_fakes:FakeAnonymizer",
                )
            )
            live.start()
            time.sleep(1)
            reader = Reader()
            print(f"   run {turn + 1}: card after {reader.wait(card, 60):.1f} s, ", end="")
            print(f"picture after {reader.wait(green, 180):.1f} s", flush=True)
            if turn == 0:
                os.kill(live.status()["worker"]["pid"], signal.SIGKILL)
                print(f"   worker killed: card after {reader.wait(card, 5):.2f} s, ", end="")
                print(f"picture after {reader.wait(green, 180):.1f} s", flush=True)
            print("  ", {k: live.status()["measured"][k] for k in ("fps_sent", "fps_fresh")})
            live.stop()
            assert live.error is None
            reader.close()


if __name__ == "__main__":  # the worker process imports this file, too
    for check in (cameras, webcam, starts, session):
        if len(sys.argv) > 1 and check.__name__ not in sys.argv[1:]:
            continue
        begin = time.monotonic()
        print(check.__name__, flush=True)
        check()
        print(f"{check.__name__} passed, {time.monotonic() - begin:.0f} s", flush=True)
