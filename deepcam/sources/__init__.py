"""Where raw pictures come from. Used in the worker process (and by the file command) only."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deepcam.errors import DeepcamError
from deepcam.sources.base import Source, SourceEndedError, SourceLostError
from deepcam.sources.images import SUFFIXES as IMAGE_SUFFIXES

SYNTHETIC = "synthetic"
"""Name of the test pattern as a source."""


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Which source to make; travels to the worker process."""

    kind: Literal["camera", "file", "synthetic", "factory"] = "camera"
    value: str = ""
    """Camera: name, path, number or '' for the first. File: path. Factory: "module:callable",
    called with this spec (tests)."""
    size: tuple[int, int] = (1280, 720)
    """Asked of the camera."""
    fps: float = 30.0
    loop: bool = False
    """Files begin again at their end."""

    @classmethod
    def parse(
        cls,
        camera: str | int | None = None,
        source: str | Path | None = None,
        size: tuple[int, int] = (1280, 720),
        fps: float = 30.0,
        loop: bool = False,
    ) -> SourceSpec:
        """From the command line's ``--camera`` and ``--source``. Raises ``DeepcamError`` when both
        are given or the file is missing."""
        if camera not in (None, "") and source is not None:
            raise DeepcamError("There are both a camera and a file.", "Give one of them.")
        if source is None:
            return cls("camera", "" if camera is None else str(camera), size, fps, loop)
        if str(source) == SYNTHETIC:
            return cls("synthetic", "", size, fps, loop)
        if not Path(source).exists():
            raise DeepcamError(f"The file {source} does not exist.", "Check the name.")
        return cls("file", str(Path(source).absolute()), size, fps, loop)


def make_source(spec: SourceSpec) -> Source:
    """The source that ``spec`` describes, not opened yet. Raises ``DeepcamError``."""
    if spec.kind == "camera":
        from deepcam.sources.webcam import Webcam

        return Webcam(spec.value or None, spec.size, spec.fps)
    if spec.kind == "synthetic":
        from deepcam.sources.synthetic import SyntheticSource

        return SyntheticSource(spec.size, spec.fps)
    if spec.kind == "factory":
        module, _, name = spec.value.partition(":")
        made: Source = getattr(importlib.import_module(module), name)(spec)
        return made
    path = Path(spec.value)
    if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES:
        from deepcam.sources.images import ImageSource

        return ImageSource(path, loop=True)
    from deepcam.sources.video import VideoSource

    return VideoSource(path, spec.loop)


__all__ = [
    "SYNTHETIC",
    "Source",
    "SourceEndedError",
    "SourceLostError",
    "SourceSpec",
    "make_source",
]
