"""The picture that v4l2loopback itself shows when nobody has sent one for a second.

Without it the driver repeats the last picture for ever after this program was killed. It is zeros
until it is loaded, which is green, so it is loaded before the timeout is switched on. Tried with
0.12.7 and 0.15.0. The driver forgets it with the device (0.12: when the last program closes the
device), so it is loaded at every start.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import sys

TIMEOUT_MS = 1000
BASE = 0x0098F900
"""V4L2_CID_USER_BASE | 0xf000, where the driver's own controls begin."""
TIMEOUT, IMAGE_IO = BASE + 2, BASE + 3
OUTPUT, MMAP = 2, 1

VIDIOC_G_FMT, VIDIOC_S_FMT = 0xC0D05604, 0xC0D05605
VIDIOC_REQBUFS, VIDIOC_QUERYBUF = 0xC0145608, 0xC0585609
VIDIOC_S_CTRL = 0xC008561C


def load(path: str, picture: bytes) -> bool:
    """Give the driver of device ``path`` its picture, in the format it sends at present, and switch
    the timeout on. Somebody must have set that format, and hold the device.

    False when the driver cannot do it; then the timeout is off.
    """
    if not sys.platform.startswith("linux") or struct.calcsize("P") != 8:
        return False
    try:
        # The next one to open the device gets the picture's memory. 0 first: the kernel remembers
        # the 1 of the last start, and would not pass on a second one.
        _control(path, IMAGE_IO, 0, 1)
        _fill(path, picture)
        _control(path, TIMEOUT, TIMEOUT_MS)
    except (OSError, ValueError):
        with contextlib.suppress(OSError):
            _control(path, TIMEOUT, 0)  # a picture of zeros is green
        return False
    return True


def _control(path: str, number: int, *values: int) -> None:
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        for value in values:
            fcntl.ioctl(handle, VIDIOC_S_CTRL, struct.pack("Ii", number, value))
    finally:
        os.close(handle)


def _fill(path: str, picture: bytes) -> None:
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        request = bytearray(struct.pack("III", 1, OUTPUT, MMAP).ljust(20, b"\0"))
        try:
            fcntl.ioctl(handle, VIDIOC_REQBUFS, request)
        except OSError:
            _give_up(handle)
            raise
        buffer = bytearray(struct.pack("II", 0, OUTPUT).ljust(88, b"\0"))
        struct.pack_into("I", buffer, 60, MMAP)
        fcntl.ioctl(handle, VIDIOC_QUERYBUF, buffer)
        (offset,) = struct.unpack_from("I", buffer, 64)
        (length,) = struct.unpack_from("I", buffer, 72)
        if offset == 0 or length < len(picture):
            raise ValueError("this is the memory of the pictures that are sent")
        with mmap.mmap(handle, length, offset=offset) as memory:
            memory[: len(picture)] = picture
    finally:
        os.close(handle)


def _give_up(handle: int) -> None:
    """From 0.14 on the driver keeps waiting for somebody to take the memory: whoever opens the
    device next would get it instead of pictures. Setting the format takes it."""
    import fcntl

    with contextlib.suppress(OSError):
        format_ = bytearray(struct.pack("I", OUTPUT).ljust(208, b"\0"))
        fcntl.ioctl(handle, VIDIOC_G_FMT, format_)
        fcntl.ioctl(handle, VIDIOC_S_FMT, format_)
