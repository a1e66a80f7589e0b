"""Video files: exact times, the source's sound, nothing half-written."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from deepcam.errors import DeepcamError
from deepcam.frames import SafeFrame

if TYPE_CHECKING:
    from deepcam.sinks.recording import LiveWriter

log = logging.getLogger(__name__)


class FileSink:
    """A live run written to a file, in real time."""

    def __init__(self, path: str | Path, overwrite: bool = False) -> None:
        self._path = Path(path)
        self._overwrite = overwrite
        self._writer: LiveWriter | None = None
        self._start: float | None = None
        self._fps = 30.0
        self._last = -1

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Begin the file."""
        self._fps = fps
        self._start = None
        self._last = -1
        from deepcam.sinks.recording import LiveWriter

        # A live run shares its two cores with the generator.
        self._writer = LiveWriter(
            self._path, size, fps, overwrite=self._overwrite, preset="ultrafast", quality=21
        )

    def send(self, frame: SafeFrame) -> None:
        """Add a picture at the present time; ticks that were missed stay missing."""
        if self._writer is None:
            raise DeepcamError("The output file is closed.")
        now = time.monotonic()
        if self._start is None:
            self._start = now
        tick = max(self._last + 1, round((now - self._start) * self._fps))
        self._last = tick
        self._writer.write(frame.image, tick)
        if self._writer.full:
            raise DeepcamError(
                f"{self._writer.full}: the recording ends after {now - self._start:.0f} seconds, "
                f"which are kept in {self._path}.",
                "Free some space, or choose another place.",
            )

    def close(self) -> None:
        """Finish the file and give it its name."""
        writer, self._writer = self._writer, None
        if writer is not None:
            if writer.frames:
                writer.finish()
            else:
                writer.abort()

    def describe(self) -> str:
        """For people."""
        return f"The picture is written to {self._path}."
