"""The camera in PipeWire: its parameters' bytes, and a real session with a reader."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from deepcam.errors import DeepcamError
from deepcam.frames import Reason, SafeFrame
from deepcam.sinks import choose_output
from deepcam.sinks.base import SinkFailedError
from deepcam.sinks.pipewire import PipeWireCamera, available
from deepcam.sinks.spa_pod import yuy2_buffers, yuy2_format

TOOLS = ("pipewire", "wireplumber", "gst-launch-1.0", "dbus-run-session", "pw-dump")
SIZE = (320, 240)


def properties(pod: bytes) -> dict[int, tuple[int, bytes]]:
    """Key to (type, body) of an object pod."""
    size, kind = struct.unpack_from("=II", pod)
    assert kind == 15
    assert len(pod) == 8 + size
    at, found = 16, {}
    while at < len(pod):
        key, _, length, inner = struct.unpack_from("=IIII", pod, at)
        found[key] = (inner, pod[at + 16 : at + 16 + length])
        at += 16 + length + (-length % 8)
    assert at == len(pod)
    return found


def test_the_offer_is_one_fixed_format() -> None:
    found = properties(yuy2_format((1280, 720), 30))
    assert struct.unpack("=II", found[0x20003][1]) == (1280, 720)
    assert struct.unpack("=II", found[0x20004][1]) == (30, 1)
    assert struct.unpack("=I", found[0x20001][1]) == (4,)
    odd = properties(yuy2_format((640, 480), 29.97))[0x20004][1]
    assert abs(np.divide(*struct.unpack("=II", odd)) - 29.97) < 1e-3


def test_the_buffers_hold_a_picture() -> None:
    found = properties(yuy2_buffers((640, 360)))
    assert struct.unpack("=i", found[3][1]) == (640 * 360 * 2,)
    assert struct.unpack("=i", found[4][1]) == (1280,)


def test_without_pipewire_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert not available()
    with pytest.raises(DeepcamError, match="does not run"):
        PipeWireCamera().open(SIZE, 30)
    assert choose_output("auto", sysfs=tmp_path, dev=tmp_path).kind in ("window", "null")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A PipeWire with its session manager; the folder with its socket."""
    missing = [t for t in TOOLS if shutil.which(t) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    tmp_path.chmod(0o700)
    daemons = subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", "pipewire & sleep 1; exec wireplumber"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        end = time.monotonic() + 20
        while not available() and time.monotonic() < end:
            time.sleep(0.1)
        if not available():
            pytest.skip("PipeWire does not start here")
        time.sleep(2)  # the session manager
        yield tmp_path
    finally:
        os.killpg(daemons.pid, signal.SIGKILL)
        daemons.wait()


def picture() -> SafeFrame:
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    image[:, :160], image[:, 160:] = (200, 60, 40), (30, 180, 90)
    return SafeFrame(image, Reason.GENERATED, "", 0.0, 1)


def read(target: Path, count: int = 12) -> np.ndarray:
    """The last of ``count`` pictures that a reader gets, BGR."""
    command = (
        f"timeout 30 gst-launch-1.0 -q pipewiresrc target-object=deepprivacy-cam "
        f"num-buffers={count} ! video/x-raw,format=YUY2 ! filesink location={target}"
    )
    subprocess.run(command, shell=True, check=True, capture_output=True)
    data = np.fromfile(target, np.uint8)
    assert len(data) >= SIZE[0] * SIZE[1] * 2
    return cv2.cvtColor(
        data[-SIZE[0] * SIZE[1] * 2 :].reshape(SIZE[1], SIZE[0], 2), cv2.COLOR_YUV2BGR_YUY2
    )


def test_readers_come_and_go_and_get_our_pixels(session: Path, tmp_path: Path) -> None:
    camera = PipeWireCamera()
    camera.open(SIZE, 30)
    stop = threading.Event()

    def feed() -> None:
        while not stop.wait(1 / 30):
            camera.send(picture())

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        assert not camera.watched()
        listing = subprocess.run(["pw-dump"], capture_output=True, text=True, check=True).stdout
        assert '"DeepPrivacy Cam"' in listing
        assert '"Camera"' in listing
        for number in range(2):
            shown = read(tmp_path / f"{number}.yuv")
            assert np.abs(shown[100, 50].astype(int) - (200, 60, 40)).max() < 6
            assert np.abs(shown[100, 250].astype(int) - (30, 180, 90)).max() < 6
            end = time.monotonic() + 10
            while camera.watched() and time.monotonic() < end:
                time.sleep(0.05)
            assert not camera.watched()
    finally:
        stop.set()
        feeder.join()
        camera.close()
    camera.close()


def test_a_daemon_that_dies_is_a_failure_that_can_mend(session: Path) -> None:
    assert choose_output("auto", sysfs=session, dev=session).kind == "camera"
    camera = PipeWireCamera()
    camera.open(SIZE, 30)
    try:
        # Only the one this test started: a developer's desktop has its own.
        for child in psutil.Process().children(recursive=True):
            if child.name() == "pipewire":
                child.kill()
        with pytest.raises(SinkFailedError):
            send_for_seconds(camera, 5)
    finally:
        camera.close()


def send_for_seconds(camera: PipeWireCamera, seconds: float) -> None:
    for _ in range(int(seconds / 0.05)):
        camera.send(picture())
        time.sleep(0.05)
