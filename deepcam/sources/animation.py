"""Pictures that move (GIF, APNG, WebP, AVIF) read like a video."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from deepcam.errors import DeepcamError
from deepcam.sources.pictures import PictureFile, on_white
from deepcam.sources.video import VideoPicture

USUAL = 0.1
"""Seconds of a frame whose file says 0, as browsers show it."""
TIME_BASE = Fraction(1, 1000)


def seconds(duration: float) -> float:
    """How long a frame is shown for which the file says ``duration``."""
    return duration if duration > 0 else USUAL


class AnimationReader:
    """The frames of a moving picture, laid on white, in the size of the first; what is used of
    ``VideoReader``. Raises ``DeepcamError``."""

    def __init__(self, path: Path) -> None:
        self.time_base = TIME_BASE
        self.fps = Fraction(25)
        self._file = PictureFile(path)
        first = self._file.first()
        self._size = (first.image.shape[1], first.image.shape[0])
        self.frame_count = self._file.count

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self._size

    @property
    def warnings(self) -> int:
        """Parts that could not be decoded so far."""
        return int(self._file.damaged)

    def __iter__(self) -> Iterator[VideoPicture]:
        when = 0.0
        for number, page in enumerate(self._file.pages()):
            image = page.image if page.alpha is None else on_white(page.image, page.alpha)
            if image.shape[:2] != (self._size[1], self._size[0]):
                raise DeepcamError(f"The frames of {self._file.path} have several sizes.", "")
            lasts = seconds(page.duration)
            pts = round(when / TIME_BASE)
            yield VideoPicture(image, pts, when, number, max(1, round(lasts / TIME_BASE)))
            when += lasts

    def close(self) -> None:
        """Close the file."""
        self._file.close()
