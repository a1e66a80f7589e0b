"""The virtual camera with a fake sysfs and a fake backend; the choice of output; the fitting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvirtualcam
from hypothesis import given, settings
from hypothesis import strategies as st

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.frames import Reason, SafeFrame
from deepcam.frames.resize import fit
from deepcam.sinks import NullSink, Sink, SinkFailedError, choose_output
from deepcam.sinks.file import FileSink
from deepcam.sinks.virtualcam import (
    CREATE,
    VirtualCamera,
    find_device,
    module_version,
)
from deepcam.sinks.window import WindowSink
from deepcam.sources.v4l2 import LOOPBACK_DRIVER, Capability


class Loopback:
    """A fake /sys, /dev and driver."""

    def __init__(self, root: Path) -> None:
        self.sysfs, self.dev = root / "sys", root / "dev"
        self.dev.mkdir()
        self.capabilities: dict[str, Capability] = {}
        self.resets: list[str] = []
        self.reset_helps = True
        self.cameras: list[FakeCamera] = []

    def module(self, version: str = "0.12.7") -> None:
        folder = self.sysfs / "module" / "v4l2loopback"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "version").write_text(version + "\n")

    def add(self, number: int, label: str, output: bool = True) -> str:
        folder = self.sysfs / "devices" / "virtual" / "video4linux" / f"video{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(label + "\n")
        path = str(self.dev / f"video{number}")
        Path(path).touch()
        self.capabilities[path] = Capability(LOOPBACK_DRIVER, label, "platform", False, output)
        return path

    def relabel(self, number: int, label: str) -> None:
        name = self.sysfs / "devices" / "virtual" / "video4linux" / f"video{number}" / "name"
        name.write_text(label)

    def reset(self, path: str) -> None:
        self.resets.append(path)
        if self.reset_helps:
            old = self.capabilities[path]
            self.capabilities[path] = Capability(old.driver, old.card, old.bus, False, True)

    def camera(self, *args: Any, **options: Any) -> FakeCamera:
        made = FakeCamera(*args, **options)
        self.cameras.append(made)
        return made

    def sink(self, **options: Any) -> VirtualCamera:
        options = {"camera": self.camera, **options}
        return VirtualCamera(
            sysfs=self.sysfs,
            dev=self.dev,
            ask=self.capabilities.get,
            reset=self.reset,
            platform="linux",
            **options,
        )


class FakeCamera:
    def __init__(self, width: int, height: int, fps: float, **options: Any) -> None:
        self.width, self.height, self.fps, self.options = width, height, fps, options
        self.device = options["device"]
        self.frames: list[np.ndarray] = []
        self.closed = 0
        self.broken = False

    def send(self, frame: np.ndarray) -> None:
        if self.broken:
            raise RuntimeError("broken")
        self.frames.append(frame.copy())

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def loopback(tmp_path: Path) -> Loopback:
    return Loopback(tmp_path)


def safe(size: tuple[int, int] = (64, 48), colour: tuple[int, int, int] = (40, 200, 90)) -> Any:
    return SafeFrame(np.full((size[1], size[0], 3), colour, np.uint8), Reason.GENERATED, "", 0.0, 1)


def test_only_our_label_is_used(loopback: Loopback) -> None:
    loopback.module()
    loopback.add(0, "OBS Virtual Camera")
    loopback.add(2, "DeepPrivacy Cam 2")
    loopback.add(11, APP_NAME)
    loopback.add(10, "Dummy video device (0x0000)")
    sink = loopback.sink()
    sink.open((64, 48), 30)
    camera = loopback.cameras[0]
    assert camera.device.endswith("video11")
    assert camera.options["backend"] == "v4l2loopback"
    assert camera.options["fmt"] is pyvirtualcam.PixelFormat.I420
    assert (camera.width, camera.height, camera.fps) == (64, 48, 30)
    assert "video11" in sink.describe()
    sink.close()
    assert camera.closed == 1


def test_never_the_first_free_one(loopback: Loopback) -> None:
    loopback.module()
    loopback.add(0, "OBS Virtual Camera")
    sink = loopback.sink()
    with pytest.raises(DeepcamError) as caught:
        sink.open((64, 48), 30)
    assert CREATE in caught.value.remedy
    assert loopback.cameras == []


def test_a_device_that_only_claims_our_label_is_refused(loopback: Loopback) -> None:
    path = loopback.add(10, APP_NAME)
    loopback.capabilities[path] = Capability("uvcvideo", "Real Webcam", "usb", True, True)
    with pytest.raises(DeepcamError, match="another program"):
        loopback.sink().open((64, 48), 30)
    assert loopback.cameras == []


@pytest.mark.parametrize(
    ("text", "version"),
    [(None, None), ("0.12.7", (0, 12, 7)), ("0.15.0-3-gabc", (0, 15, 0)), ("snapshot", None)],
)
def test_version_of_the_module(
    loopback: Loopback, text: str | None, version: tuple[int, ...] | None
) -> None:
    if text:
        loopback.module(text)
    assert module_version(loopback.sysfs) == version


def test_second_start_is_repaired_on_old_drivers(loopback: Loopback) -> None:
    loopback.module("0.12.7")
    path = loopback.add(10, APP_NAME, output=False)
    loopback.sink().open((64, 48), 30)
    assert loopback.resets == [path]
    assert len(loopback.cameras) == 1


def test_a_healthy_device_is_not_touched(loopback: Loopback) -> None:
    loopback.module("0.12.7")
    loopback.add(10, APP_NAME)
    loopback.sink().open((64, 48), 30)
    assert loopback.resets == []


def test_new_drivers_are_never_reset(loopback: Loopback) -> None:
    loopback.module("0.14.0")
    loopback.add(10, APP_NAME, output=False)
    with pytest.raises(SinkFailedError, match="another program"):
        loopback.sink().open((64, 48), 30)
    assert loopback.resets == []


def test_a_device_in_use_is_told(loopback: Loopback) -> None:
    loopback.module("0.12.7")
    loopback.add(10, APP_NAME, output=False)
    loopback.reset_helps = False
    with pytest.raises(SinkFailedError, match="another program"):
        loopback.sink().open((64, 48), 30)


@pytest.mark.parametrize("error", ["not a video output device", "something else"])
def test_errors_of_the_backend_become_sentences(loopback: Loopback, error: str) -> None:
    loopback.module()
    loopback.add(10, APP_NAME)

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"'v4l2loopback' backend: {error}")

    with pytest.raises(DeepcamError) as caught:
        loopback.sink(camera=fail).open((64, 48), 30)
    assert "v4l2loopback'" not in str(caught.value)
    assert error not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("pixel_format", ["I420", "YUYV"])
def test_what_is_sent_is_the_picture(loopback: Loopback, pixel_format: Any) -> None:
    loopback.module()
    loopback.add(10, APP_NAME)
    sink = loopback.sink(pixel_format=pixel_format)
    sink.open((64, 48), 30)
    sink.send(safe())
    frame = loopback.cameras[0].frames[0]
    if pixel_format == "I420":
        back = cv2.cvtColor(frame.reshape(72, 64), cv2.COLOR_YUV2BGR_I420)
    else:
        back = cv2.cvtColor(frame.reshape(48, 64, 2), cv2.COLOR_YUV2BGR_YUYV)
    assert np.abs(back.astype(int) - (40, 200, 90)).max() <= 4


def test_write_errors_and_lost_devices_are_noticed(loopback: Loopback) -> None:
    now = [0.0]
    loopback.module()
    loopback.add(10, APP_NAME)
    sink = loopback.sink(clock=lambda: now[0])
    sink.open((64, 48), 30)
    sink.send(safe())
    loopback.cameras[0].broken = True
    with pytest.raises(SinkFailedError):
        sink.send(safe())
    sink.open((64, 48), 30)
    sink.send(safe())
    loopback.relabel(10, "Somebody else")
    now[0] += 0.5
    sink.send(safe())
    now[0] += 0.6
    with pytest.raises(SinkFailedError, match="gone"):
        sink.send(safe())
    sink.close()
    with pytest.raises(SinkFailedError, match="closed"):
        sink.send(safe())


def test_odd_sizes_are_refused(loopback: Loopback) -> None:
    loopback.module()
    loopback.add(10, APP_NAME)
    with pytest.raises(DeepcamError, match="cannot be"):
        loopback.sink().open((63, 48), 30)


def test_through_the_real_package_with_a_backend_of_our_own(loopback: Loopback) -> None:
    """pyvirtualcam itself, not a fake of it, takes what the sink gives."""
    sent: list[np.ndarray] = []

    class Backend:
        def __init__(self, *, device: str, width: int, height: int, **_: Any) -> None:
            self._device = device

        def close(self) -> None:
            pass

        def send(self, frame: np.ndarray) -> None:
            sent.append(frame.copy())

        def device(self) -> str:
            return self._device

        def native_fourcc(self) -> None:
            return None

    before = dict(pyvirtualcam.camera.BACKENDS)
    pyvirtualcam.register_backend("v4l2loopback", Backend)
    try:
        loopback.module()
        loopback.add(10, APP_NAME)
        sink = loopback.sink(camera=None)
        sink.open((64, 48), 30)
        sink.send(safe())
        sink.close()
    finally:
        pyvirtualcam.camera.BACKENDS.clear()
        pyvirtualcam.camera.BACKENDS.update(before)
    assert sent[0].shape == (64 * 48 * 3 // 2,)


def test_module_version_and_device_search(loopback: Loopback) -> None:
    assert module_version(loopback.sysfs) is None
    assert find_device(loopback.sysfs, loopback.dev) is None
    loopback.module("0.12.7")
    assert module_version(loopback.sysfs) == (0, 12, 7)
    loopback.module("custom")
    assert module_version(loopback.sysfs) is None


def test_auto_takes_the_camera_then_a_window_then_nothing(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    places = {"sysfs": loopback.sysfs, "dev": loopback.dev}
    output = choose_output("auto", **places)
    assert output.kind == "null"
    assert CREATE in output.sentence
    monkeypatch.setenv("DISPLAY", ":99")
    output = choose_output("auto", **places)
    assert (output.kind, type(output.sink)) == ("window", WindowSink)
    assert CREATE in output.sentence
    loopback.add(10, APP_NAME)
    output = choose_output("auto", **places)
    assert (output.kind, type(output.sink)) == ("camera", VirtualCamera)


def test_outputs_by_name(tmp_path: Path) -> None:
    assert isinstance(choose_output("null").sink, NullSink)
    assert isinstance(choose_output(f"file:{tmp_path / 'a.mp4'}").sink, FileSink)
    assert isinstance(choose_output("camera").sink, VirtualCamera)
    for word in ("null", "window", "camera", f"file:{tmp_path / 'a.mp4'}"):
        assert isinstance(choose_output(word).sink, Sink)
    with pytest.raises(DeepcamError, match="not known"):
        choose_output("telly")
    with pytest.raises(DeepcamError, match="cannot be written as"):
        choose_output(f"file:{tmp_path / 'a.txt'}")
    (tmp_path / "a.mp4").touch()
    with pytest.raises(DeepcamError, match="exists"):
        choose_output(f"file:{tmp_path / 'a.mp4'}")


def test_window_without_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DeepcamError, match="no screen"):
        WindowSink().open((64, 48), 30)


@given(
    st.integers(1, 300), st.integers(1, 300), st.integers(1, 90), st.integers(1, 60), st.booleans()
)
@settings(max_examples=60, deadline=None)
def test_fitting_keeps_the_proportions_and_fills_everything(
    w: int, h: int, half_w: int, half_h: int, given_out: bool
) -> None:
    size = (2 * half_w, 2 * half_h)
    image = np.full((h, w, 3), 200, np.uint8)
    out = np.full((size[1], size[0], 3), 77, np.uint8) if given_out else None
    result = fit(image, size, out)
    assert result.shape == (size[1], size[0], 3)
    assert set(np.unique(result)) <= {0, 200}  # no old pixel is left
    rows, columns = np.nonzero(result.any(2))
    seen = (columns.max() - columns.min() + 1, rows.max() - rows.min() + 1)
    share = min(size[0] / w, size[1] / h)
    assert abs(seen[0] - w * share) <= 1
    assert abs(seen[1] - h * share) <= 1
    if out is not None:
        assert result is out
