"""Outputs from end to end: what a person sees stays the same, and devices come and go."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from clips import picture

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.frames import Image, Reason, SafeFrame
from deepcam.sinks import SinkClosedError, SinkFailedError
from deepcam.sinks.virtualcam import VirtualCamera
from deepcam.sinks.window import WindowSink
from deepcam.sinks.writer import VideoWriter
from deepcam.sources.v4l2 import LOOPBACK_DRIVER, Capability
from deepcam.sources.video import VideoReader

SIZE = (112, 64)


def safe(image: Image) -> SafeFrame:
    return SafeFrame(image, Reason.GENERATED, "", 0.0, 0)


@pytest.mark.parametrize("size", [(160, 96), (1280, 720)])
def test_colours_stay_on_both_sides_of_the_matrix_border(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    image = np.full((size[1], size[0], 3), (200, 60, 30), np.uint8)
    image[:, : size[0] // 2] = (30, 60, 220)
    with VideoWriter(tmp_path / "a.mp4", size, 25) as writer:
        writer.write(image)
    with VideoReader(tmp_path / "a.mp4") as reader:
        shown = reader.read()
    assert shown is not None
    for x in (size[0] // 4, 3 * size[0] // 4):
        assert np.abs(shown.image[size[1] // 2, x].astype(int) - image[0, x]).max() <= 5


def anamorphic(path: Path, aspect: Fraction, rotation: int = 0) -> Path:
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.codec_context.sample_aspect_ratio = aspect
        if rotation:
            video.set_display_rotation(rotation)
        for k in range(3):
            frame = av.VideoFrame.from_ndarray(picture(k, SIZE), format="bgr24")
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return path


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov"])
@pytest.mark.parametrize("aspect", [Fraction(16, 11), Fraction(8, 9), Fraction(1)])
def test_pixels_that_are_not_square_keep_their_shape(
    tmp_path: Path, ending: str, aspect: Fraction
) -> None:
    target = tmp_path / f"b{ending}"
    with VideoReader(anamorphic(tmp_path / "a.mp4", aspect)) as reader:
        assert reader.aspect == aspect
        options: dict[str, Any] = {"time_base": reader.time_base, "aspect": reader.aspect}
        with VideoWriter(target, reader.size, reader.fps, **options) as writer:
            for shown in reader:
                writer.write(shown.image, shown.pts)
    with VideoReader(target) as reader:
        assert reader.size == SIZE
        assert reader.aspect == aspect


def test_the_shape_of_pixels_turns_with_the_picture(tmp_path: Path) -> None:
    with VideoReader(anamorphic(tmp_path / "a.mp4", Fraction(16, 11), 90)) as reader:
        assert reader.size == (SIZE[1], SIZE[0])
        assert reader.aspect == Fraction(11, 16)


class Camera:
    """What is used of ``pyvirtualcam.Camera``."""

    def __init__(self, *_: Any, **options: Any) -> None:
        self.device = options["device"]
        self.sent = 0

    def send(self, frame: Any) -> None:
        self.sent += 1

    def close(self) -> None:
        pass


class Machine:
    """A fake /sys and /dev with loopback devices that come and go."""

    def __init__(self, root: Path) -> None:
        self.sysfs, self.dev = root / "sys", root / "dev"
        self.dev.mkdir()
        self.said: dict[str, Capability] = {}
        self.made: list[Camera] = []
        self.now = 0.0

    def add(self, number: int, label: str, driver: str = LOOPBACK_DRIVER) -> str:
        folder = self.sysfs / "devices" / "virtual" / "video4linux" / f"video{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(label)
        path = self.dev / f"video{number}"
        path.touch()
        self.said[str(path)] = Capability(driver, label, "platform", False, True)
        return str(path)

    def remove(self, number: int) -> None:
        (self.sysfs / f"devices/virtual/video4linux/video{number}/name").unlink()
        (self.dev / f"video{number}").unlink()

    def camera(self, *args: Any, **options: Any) -> Camera:
        self.made.append(Camera(*args, **options))
        return self.made[-1]

    def never(self, path: str) -> None:
        raise AssertionError(f"{path} was reset")

    def sink(self) -> VirtualCamera:
        return VirtualCamera(
            sysfs=self.sysfs,
            dev=self.dev,
            ask=self.said.get,
            reset=self.never,
            camera=self.camera,
            clock=lambda: self.now,
            platform="linux",
        )


def test_a_device_that_vanishes_is_found_again_under_another_number(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.add(10, APP_NAME)
    sink = machine.sink()
    sink.open(SIZE, 30.0)
    sink.send(safe(picture(0, SIZE)))
    machine.remove(10)
    machine.now += 1.5
    with pytest.raises(SinkFailedError, match="gone"):
        sink.send(safe(picture(1, SIZE)))
    with pytest.raises(DeepcamError, match="no virtual camera"):
        sink.open(SIZE, 30.0)
    path = machine.add(11, APP_NAME)
    sink.open(SIZE, 30.0)
    sink.send(safe(picture(2, SIZE)))
    assert machine.made[-1].device == path
    assert [camera.sent for camera in machine.made] == [2, 1]


@pytest.mark.parametrize("driver", ["uvcvideo", "vivid", None])
def test_a_label_alone_is_not_believed(tmp_path: Path, driver: str | None) -> None:
    """The node may have changed hands between the look at its label and its opening."""
    machine = Machine(tmp_path)
    path = machine.add(10, APP_NAME, driver or "")
    if driver is None:
        del machine.said[path]
    with pytest.raises(DeepcamError, match=r"another program|does not answer"):
        machine.sink().open(SIZE, 30.0)
    assert machine.made == []


def test_only_the_open_camera_loads_the_gpl_library() -> None:
    code = (
        "import sys; import deepcam.sinks, deepcam.sinks.virtualcam as v;"
        "v.VirtualCamera(); deepcam.sinks.choose_output('camera');"
        "print('pyvirtualcam' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_the_window_mirrors_and_ends_when_it_is_closed() -> None:
    class Window:
        def __init__(self) -> None:
            self.shown: list[Image] = []
            self.title = ""
            self.open = True

        def show(self, image: Image, title: str) -> bool:
            self.shown.append(image.copy())
            self.title = title
            return self.open

        def close(self) -> None:
            self.open = False

    sink, window = WindowSink(), Window()
    sink._window = window  # type: ignore[assignment]
    sink.send(safe(picture(1, SIZE)))
    assert np.array_equal(window.shown[0], picture(1, SIZE)[:, ::-1])
    # Words of a card are readable, and why it is there is for this window alone.
    sink.send(replace(safe(picture(1, SIZE)), reason=Reason.CARD, detail="No camera"))
    assert np.array_equal(window.shown[1], picture(1, SIZE))
    assert window.title.endswith(": No camera")
    window.open = False
    with pytest.raises(SinkClosedError):
        sink.send(safe(picture(2, SIZE)))
    sink.close()
    with pytest.raises(SinkClosedError):
        sink.send(safe(picture(3, SIZE)))
