"""The driver gets the standby card before its timeout is switched on, and never shows green."""

from __future__ import annotations

import errno
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from deepcam.sinks import timeout_picture

if not sys.platform.startswith("linux"):
    pytest.skip("V4L2 is Linux", allow_module_level=True)
fcntl = pytest.importorskip("fcntl")

SIZE = 8192
OFFSET = 32 * SIZE


class Driver:
    """v4l2loopback 0.12 as far as it matters: a control is passed on when it changes only, and the
    next program that opens the device gets the memory of the timeout picture. The device is a
    plain file whose contents are the driver's memory."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(OFFSET + SIZE))
        self.path = path
        self.remembered = {timeout_picture.TIMEOUT: 0, timeout_picture.IMAGE_IO: 0}
        self.next_gets_it = False
        self.refuses = 0
        self.timeout = 0

    def ioctl(self, _: int, number: int, buffer: Any) -> int:
        if number == self.refuses:
            raise OSError(errno.EINVAL, "Invalid argument")
        if number == timeout_picture.VIDIOC_S_CTRL:
            control, value = struct.unpack("Ii", buffer)
            if self.remembered[control] != value:
                self.remembered[control] = value
                if control == timeout_picture.IMAGE_IO:
                    self.next_gets_it = bool(value)
                else:
                    assert value == 0 or any(self.picture()), "green would be shown"
                    self.timeout = value
        elif number == timeout_picture.VIDIOC_QUERYBUF:
            struct.pack_into("I", buffer, 64, OFFSET if self.next_gets_it else 0)
            struct.pack_into("I", buffer, 72, SIZE)
            self.next_gets_it = False
        return 0

    def picture(self) -> bytes:
        return self.path.read_bytes()[OFFSET:]


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver(tmp_path / "video10")
    monkeypatch.setattr(fcntl, "ioctl", made.ioctl)
    return made


def test_every_start_loads_the_card(driver: Driver) -> None:
    for card in (b"first" * 100, b"other" * 100):
        assert timeout_picture.load(str(driver.path), card)
        assert driver.picture().startswith(card)
        assert driver.timeout == timeout_picture.TIMEOUT_MS
        assert not any(driver.path.read_bytes()[:SIZE])  # what is sent is left alone


@pytest.mark.parametrize("call", [timeout_picture.VIDIOC_REQBUFS, timeout_picture.VIDIOC_QUERYBUF])
def test_a_driver_that_refuses_has_no_timeout(driver: Driver, call: int) -> None:
    assert timeout_picture.load(str(driver.path), b"card")
    driver.refuses = call
    assert not timeout_picture.load(str(driver.path), b"card")
    assert driver.timeout == 0


def test_a_card_of_the_wrong_size(driver: Driver) -> None:
    assert not timeout_picture.load(str(driver.path), bytes([1]) * (SIZE + 1))
    assert driver.timeout == 0
    assert not any(driver.path.read_bytes())


def test_no_such_device(tmp_path: Path) -> None:
    assert not timeout_picture.load(str(tmp_path / "video9"), b"card")
    (tmp_path / "file").write_bytes(b"")
    assert not timeout_picture.load(str(tmp_path / "file"), b"card")  # not a video device
