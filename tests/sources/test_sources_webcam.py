"""The camera source, with a fake sysfs and fake captures."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.frames import Frame
from deepcam.sources.base import SourceLostError
from deepcam.sources.v4l2 import (
    LOOPBACK_DRIVER,
    CameraInfo,
    Capability,
    holders,
    list_cameras,
    parse_capability,
)
from deepcam.sources.webcam import Memory, Webcam, check_device, choose_camera

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")


class Machine:
    """A fake /sys and /dev."""

    def __init__(self, root: Path) -> None:
        self.sysfs, self.dev = root / "sys", root / "dev"
        (self.sysfs / "class" / "video4linux").mkdir(parents=True)
        (self.dev / "v4l" / "by-id").mkdir(parents=True)
        self.capabilities: dict[str, Capability] = {}

    def add(
        self,
        number: int,
        name: str,
        where: str = "pci0000:00/usb1/1-2",
        driver: str = "uvcvideo",
        capture: bool = True,
        by_id: str = "",
        bus: str = "usb-1",
    ) -> None:
        node = f"video{number}"
        real = self.sysfs / "devices" / where / "video4linux" / node
        real.mkdir(parents=True)
        (real / "name").write_text(name + "\n")
        (self.sysfs / "class" / "video4linux" / node).symlink_to(real)
        (self.dev / node).touch()
        self.capabilities[str(self.dev / node)] = Capability(driver, name, bus, capture, False)
        if by_id:
            (self.dev / "v4l" / "by-id" / by_id).symlink_to(f"../../{node}")

    def remove(self, number: int) -> None:
        node = f"video{number}"
        (self.sysfs / "class" / "video4linux" / node).unlink()
        (self.dev / node).unlink()

    def list(self) -> list[CameraInfo]:
        return list_cameras(self.sysfs, self.dev, self.capabilities.get)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_cameras_are_listed_with_names_and_stable_links(machine: Machine) -> None:
    machine.add(10, "Second Cam", bus="usb-2")
    machine.add(0, "HD Webcam", by_id="usb-HD_Webcam-video-index0")
    machine.add(1, "HD Webcam", capture=False)  # its metadata node
    machine.add(2, APP_NAME, "virtual", LOOPBACK_DRIVER)
    machine.add(3, "OBS Virtual Camera", "virtual", LOOPBACK_DRIVER)
    found = machine.list()
    assert [c.number for c in found] == [0, 2, 3, 10]
    assert [c.usable for c in found] == [True, False, False, True]
    assert found[0].by_id.endswith("usb-HD_Webcam-video-index0")
    assert found[0].path == str(machine.dev / "video0")


def test_a_machine_without_cameras(tmp_path: Path) -> None:
    assert list_cameras(tmp_path / "none", tmp_path) == []
    with pytest.raises(DeepcamError, match="No camera"):
        choose_camera(None, [])


def test_choice_by_name_path_number_and_by_itself(machine: Machine) -> None:
    machine.add(0, APP_NAME, "virtual", LOOPBACK_DRIVER)
    machine.add(2, "HD Webcam")
    machine.add(4, "HD Webcam Pro")
    machine.add(6, "vivid", "virtual/vivid.0", "vivid")
    cameras = machine.list()
    assert choose_camera(None, cameras).number == 2
    assert choose_camera("pro", cameras).number == 4
    assert choose_camera("hd webcam", cameras).number == 2
    assert choose_camera("4", cameras).number == 4
    assert choose_camera(4, cameras).number == 4
    assert choose_camera(str(machine.dev / "video4"), cameras).number == 4
    # A simulated webcam may be chosen, but only by asking for it.
    assert choose_camera("vivid", cameras).number == 6
    assert choose_camera(6, cameras).number == 6
    with pytest.raises(DeepcamError) as caught:
        choose_camera("logitech", cameras)
    assert "HD Webcam Pro" in caught.value.remedy


@pytest.mark.parametrize("which", [0, "0", "DeepPrivacy", "path", 5, "Elsewhere"])
def test_a_virtual_camera_is_never_the_source(machine: Machine, which: str | int) -> None:
    machine.add(0, APP_NAME, "virtual", LOOPBACK_DRIVER)
    machine.add(5, "Elsewhere", "virtual", LOOPBACK_DRIVER)
    if which == "path":
        which = str(machine.dev / "video0")
    with pytest.raises(DeepcamError, match="cannot be the source"):
        choose_camera(which, machine.list())
    with pytest.raises(DeepcamError, match="No camera"):
        choose_camera(None, machine.list())


def test_our_label_is_refused_even_when_the_driver_does_not_answer(machine: Machine) -> None:
    machine.add(0, APP_NAME, "virtual")
    machine.capabilities.clear()
    with pytest.raises(DeepcamError, match="cannot be the source"):
        choose_camera(0, machine.list())


def test_a_link_to_our_own_device_is_seen_through(machine: Machine, tmp_path: Path) -> None:
    machine.add(0, APP_NAME, "virtual", LOOPBACK_DRIVER)
    link = tmp_path / "mycam"
    link.symlink_to(machine.dev / "video0")
    with pytest.raises(DeepcamError, match="cannot be the source"):
        choose_camera(str(link), machine.list())


def test_capability_struct_is_read() -> None:
    import struct

    raw = struct.pack(
        "16s32s32sIII12x", b"uvcvideo", b"HD Webcam", b"usb-1", 6, 0x84A00001, 0x04200001
    )
    assert parse_capability(raw) == Capability("uvcvideo", "HD Webcam", "usb-1", True, False)
    raw = struct.pack("16s32s32sIII12x", b"v4l2 loopback", b"x", b"platform", 6, 0x2, 0)
    assert parse_capability(raw).output


@linux
def test_who_holds_a_device_is_named() -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", "f=open('/dev/null'); print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        assert any(f"process {holder.pid}" in name for name in holders("/dev/null"))
    finally:
        holder.communicate(b"\n")
    assert not any(f"process {holder.pid}" in name for name in holders("/dev/null"))
    assert holders("/dev/no-such-device") == []


@linux
def test_a_node_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(DeepcamError, match="gone"):
        check_device(str(tmp_path / "video9"))


class FakeCapture:
    """Plays a script of pictures: an array, None (a failed read), or a function to call."""

    def __init__(self, script: Any, opened: bool = True) -> None:
        self.script = iter(script)
        self.opened = opened
        self.released = threading.Event()
        self.now: Any = None

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def grab(self) -> bool:
        time.sleep(0.005)
        self.now = next(self.script, None)
        if callable(self.now):
            self.now = self.now()
        return self.now is not None

    def retrieve(self) -> tuple[bool, Any]:
        return True, self.now

    def release(self) -> None:
        self.released.set()


def noise() -> Any:
    rng = np.random.default_rng(1)
    while True:
        yield rng.integers(0, 255, (48, 64, 3), np.uint8)


def camera(captures: list[FakeCapture], **options: Any) -> Webcam:
    info = CameraInfo("/dev/video0", 0, "HD Webcam", "by-id-1", "usb-1", True, "")
    queue = iter(captures)
    options.setdefault("memory", Memory())
    return Webcam(
        None, opener=lambda *_: next(queue), cameras=lambda: [info], silence=0.3, **options
    )


def read_until(webcam: Webcam, what: Callable[[Frame], bool], within: float = 3.0) -> Frame:
    end = time.monotonic() + within
    while time.monotonic() < end:
        frame = webcam.read(0.1)
        if frame is not None and what(frame):
            return frame
    raise AssertionError("it did not come")


def test_reads_the_newest_picture_and_measures_the_rate() -> None:
    capture = FakeCapture(noise())
    webcam = camera([capture])
    webcam.open()
    read_until(webcam, lambda f: f.number >= 10)
    assert webcam.name == "HD Webcam"
    assert webcam.size == (64, 48)
    assert 50 < webcam.fps < 250  # the fake grabs every 5 ms
    time.sleep(0.1)
    before = time.monotonic()
    frame = webcam.read(0.1)
    assert frame is not None
    assert before - frame.time < 0.05  # not one of 20 older ones
    webcam.close()
    assert capture.released.wait(1)


def test_unplugging_ends_in_an_error_within_a_second_and_reopening_works() -> None:
    pictures = list(itertools.islice(noise(), 20))
    webcam = camera([FakeCapture(pictures), FakeCapture(noise())])
    webcam.open()
    begin = time.monotonic()
    with pytest.raises(SourceLostError):
        read_until(webcam, lambda f: False)
    assert time.monotonic() - begin < 1.2
    webcam.close()
    webcam.open()
    assert read_until(webcam, lambda f: True).image.shape == (48, 64, 3)
    webcam.close()


def test_a_driver_that_never_returns_blocks_nobody() -> None:
    stuck = threading.Event()

    def hang() -> None:
        stuck.wait(20)

    capture = FakeCapture([*itertools.islice(noise(), 5), hang])
    webcam = camera([capture])
    webcam.open()
    begin = time.monotonic()
    with pytest.raises(SourceLostError, match="no picture"):
        read_until(webcam, lambda f: False)
    assert time.monotonic() - begin < 1.0
    webcam.close()
    assert time.monotonic() - begin < 2.0
    stuck.set()
    assert capture.released.wait(2)  # what was left behind lets the device go itself


def test_the_last_picture_for_ever_counts_as_gone() -> None:
    last = next(noise())
    webcam = camera([FakeCapture(itertools.repeat(last))], stale=0.4)
    webcam.open()
    begin = time.monotonic()
    with pytest.raises(SourceLostError, match="stands still"):
        read_until(webcam, lambda f: False)
    assert 0.3 < time.monotonic() - begin < 1.0
    webcam.close()


def test_a_test_pattern_is_believed_after_opening_it_anew() -> None:
    pattern = next(noise())
    memory = Memory()
    first = camera([FakeCapture(itertools.repeat(pattern))], stale=0.2, memory=memory)
    first.open()
    with pytest.raises(SourceLostError):
        read_until(first, lambda f: False)
    first.close()
    again = camera([FakeCapture(itertools.repeat(pattern))], stale=0.2, memory=memory)
    again.open()
    read_until(again, lambda f: f.number > 100)
    again.close()
    # Another picture and then stillness is a fault again.
    third = camera([FakeCapture(itertools.repeat(pattern // 2))], stale=0.2, memory=memory)
    third.open()
    with pytest.raises(SourceLostError):
        read_until(third, lambda f: False)
    third.close()


def test_garbage_from_the_driver_is_no_picture() -> None:
    garbage = [np.zeros((0, 0, 3), np.uint8), np.ones((4, 4, 3), np.float32), "text", np.zeros(7)]
    garbage.append(np.zeros((1, 172800, 3), np.uint8))  # what OpenCV could not decode
    capture = FakeCapture([*garbage, *itertools.islice(noise(), 500)])
    webcam = camera([capture])
    webcam.open()
    assert read_until(webcam, lambda f: True).image.shape == (48, 64, 3)
    webcam.close()


def test_grey_pictures_become_colour() -> None:
    rng = np.random.default_rng(2)
    grey = (rng.integers(0, 255, (48, 64), np.uint8) for _ in itertools.count())
    webcam = camera([FakeCapture(grey)])
    webcam.open()
    image = read_until(webcam, lambda f: True).image
    assert image.shape == (48, 64, 3)
    assert (image[..., 0] == image[..., 2]).all()
    webcam.close()


def test_a_camera_that_does_not_open() -> None:
    webcam = camera([FakeCapture([], opened=False)])
    with pytest.raises(DeepcamError, match="could not be opened"):
        webcam.open()


@linux
def test_plugged_in_again_under_another_number(machine: Machine) -> None:
    machine.add(0, "HD Webcam", by_id="usb-HD_Webcam-1", where="usb1", bus="usb-1")
    machine.add(2, "HD Webcam", by_id="usb-HD_Webcam-2", where="usb2", bus="usb-2")
    opened: list[Any] = []

    def opener(target: Any, size: Any, fps: Any) -> FakeCapture:
        opened.append(os.path.basename(str(target)))
        return FakeCapture(noise())

    memory = Memory()
    webcam = Webcam(2, opener=opener, cameras=machine.list, memory=memory)
    webcam.open()
    webcam.close()
    machine.remove(2)
    (machine.dev / "v4l" / "by-id" / "usb-HD_Webcam-2").unlink()
    machine.add(5, "HD Webcam", by_id="usb-HD_Webcam-2", where="usb5", bus="usb-2")
    webcam = Webcam(2, opener=opener, cameras=machine.list, memory=memory)
    webcam.open()
    webcam.close()
    assert opened == ["video2", "video5"]
