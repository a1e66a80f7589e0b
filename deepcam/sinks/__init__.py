"""Where safe pictures go. Sinks take nothing but ``SafeFrame``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deepcam.errors import DeepcamError
from deepcam.sinks.base import Sink, SinkClosedError, SinkFailedError
from deepcam.sinks.null import NullSink


@dataclass(frozen=True, slots=True)
class Output:
    """A chosen sink, not opened yet."""

    sink: Sink
    kind: Literal["camera", "window", "null", "file"]
    sentence: str
    """What was chosen and why, with the command that would give more."""


def choose_output(
    output: str = "auto",
    *,
    overwrite: bool = False,
    pixel_format: Literal["I420", "YUYV"] = "I420",
    sysfs: Path = Path("/sys"),
    dev: Path = Path("/dev"),
) -> Output:
    """The sink for ``auto``, ``camera``, ``pipewire``, ``window``, ``null`` or ``file:PATH``.

    ``auto``: the virtual camera; without one, a camera in PipeWire; without that, a preview window;
    without a screen, nothing.
    Raises ``DeepcamError`` for other words, and for files that may not be written.
    """
    from deepcam.sinks.pipewire import PipeWireCamera, available
    from deepcam.sinks.virtualcam import CREATE, VirtualCamera, find_device
    from deepcam.sinks.window import WindowSink, has_display

    if output.startswith("file:"):
        from deepcam.sinks.file import FileSink
        from deepcam.sinks.target import check_target

        path = Path(output.removeprefix("file:")).expanduser()
        check_target(path, overwrite)
        sink: Sink = FileSink(path, overwrite)
        return Output(sink, "file", sink.describe())
    if output == "camera":
        sink = VirtualCamera(pixel_format, sysfs=sysfs, dev=dev)
        return Output(sink, "camera", sink.describe())
    if output == "pipewire":
        sink = PipeWireCamera()
        return Output(sink, "camera", sink.describe())
    if output == "window":
        sink = WindowSink()
        return Output(sink, "window", sink.describe())
    if output == "null":
        sink = NullSink()
        return Output(sink, "null", sink.describe())
    if output != "auto":
        raise DeepcamError(
            f"The output {output!r} is not known.",
            "Use auto, camera, pipewire, window, null or file:PATH.",
        )
    if not sys.platform.startswith("linux") or find_device(sysfs, dev) is not None:
        sink = VirtualCamera(pixel_format, sysfs=sysfs, dev=dev)
        return Output(sink, "camera", sink.describe())
    if available():
        sink = PipeWireCamera()
        return Output(sink, "camera", sink.describe())
    lack = f"There is no virtual camera yet; create it with: {CREATE}"
    if has_display():
        sink = WindowSink()
        return Output(sink, "window", f"{lack} - Until then there is a preview window.")
    sink = NullSink()
    return Output(sink, "null", f"{lack} - Without a screen, the picture goes nowhere.")


__all__ = [
    "NullSink",
    "Output",
    "Sink",
    "SinkClosedError",
    "SinkFailedError",
    "choose_output",
]
