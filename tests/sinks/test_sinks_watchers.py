"""Viewers of a device: who has it open."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from deepcam.sinks.watchers import DeviceWatch

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")
DEVICE = "/dev/full"
"""A character device that nobody has open."""


def wait(watch: DeviceWatch, wanted: bool) -> bool:
    end = time.monotonic() + 10
    while watch.watched() is not wanted and time.monotonic() < end:
        time.sleep(0.02)
    return watch.watched() is wanted


def reader() -> subprocess.Popen[bytes]:
    code = f"f = open('{DEVICE}', 'rb'); import sys; sys.stdin.read()"
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)


def test_a_reader_is_seen_when_it_comes_and_when_it_goes() -> None:
    watch = DeviceWatch(DEVICE)
    try:
        assert not watch.watched()
        with reader() as process:
            assert wait(watch, True)
            assert process.stdin is not None
            process.stdin.close()
        assert wait(watch, False)
    finally:
        watch.close()
        watch.close()


def test_a_reader_that_was_there_first_counts() -> None:
    with reader() as process:
        end = time.monotonic() + 10
        seen = False
        while not seen and time.monotonic() < end:
            watch = DeviceWatch(DEVICE)
            seen = watch.watched()
            watch.close()
        assert seen
        assert process.stdin is not None
        process.stdin.close()


def test_a_reader_that_hides_its_files_counts(tmp_path: Path) -> None:
    """As a browser's sandbox does: nothing of it in /proc."""
    watch = DeviceWatch(DEVICE, proc=tmp_path)
    try:
        with reader() as process:
            assert wait(watch, True)
            assert process.stdin is not None
            process.stdin.close()
        assert wait(watch, False)
    finally:
        watch.close()


def test_what_this_program_does_itself_leaves_no_viewer() -> None:
    watch = DeviceWatch(DEVICE)
    try:
        for _ in range(5):
            with open(DEVICE, "rb"):
                pass
        assert not watch.watched()
    finally:
        watch.close()
