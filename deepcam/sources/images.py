"""Pictures from files: one, or all of a folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Image
from deepcam.sources.base import SourceEndedError
from deepcam.sources.pictures import KINDS, PictureFile

SUFFIXES = frozenset(KINDS) - {".gif", ".apng"}
"""Endings (lower case) of the files that count as pictures; GIF and APNG are played as videos."""


def read_image(path: str | Path) -> Image:
    """A picture file as BGR (h, w, 3) uint8 in sRGB, upright as its metadata says, alpha laid on
    black; of several frames or pages the first. Raises ``DeepcamError``."""
    with PictureFile(Path(path)) as picture:
        page = picture.first()
    if page.alpha is None:
        return page.image
    laid: Image = (page.image * page.alpha[:, :, None].astype(np.uint16) // 255).astype(np.uint8)
    return laid


def list_images(folder: str | Path) -> list[Path]:
    """The pictures directly in ``folder``, by name. Raises ``DeepcamError`` when there are none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise DeepcamError(f"The directory {folder} does not exist.", "Check the name.")
    try:
        found = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    except OSError:
        raise DeepcamError(f"{folder} may not be read.", "Check its permissions.") from None
    if not found:
        raise DeepcamError(f"There are no pictures in {folder}.", "Choose another directory.")
    return found


class ImageSource:
    """One picture, or the pictures of a folder one after the other, shown like a camera.

    ``seconds``: how long each picture of a folder stays. With ``loop`` it begins again; one single
    picture stays for ever. Files of a folder that cannot be read are passed over.
    """

    def __init__(
        self,
        path: str | Path,
        fps: float = 10.0,
        seconds: float = 2.0,
        loop: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = Path(path)
        self._fps = fps
        self._seconds = seconds
        self._loop = loop
        self._clock = clock
        self._sleep = sleep
        self._paths: list[Path] = []
        self._image: Image | None = None
        self._index = -1
        self._number = 0
        self._start = 0.0
        self._due = 0.0

    @property
    def name(self) -> str:
        """The file's or folder's name."""
        return self._path.name

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the present picture."""
        return (0, 0) if self._image is None else (self._image.shape[1], self._image.shape[0])

    @property
    def fps(self) -> float:
        """How often the picture is repeated."""
        return self._fps

    def open(self) -> None:
        """List the pictures and read the first."""
        self._paths = list_images(self._path) if self._path.is_dir() else [self._path]
        if len(self._paths) == 1:
            self._image = read_image(self._paths[0])
        self._index = -1
        self._start = self._due = self._clock()

    def read(self, timeout: float) -> Frame | None:
        """The present picture, ``fps`` times a second."""
        if not self._paths:
            raise SourceEndedError
        now = self._clock()
        if self._due - now > timeout:
            self._sleep(timeout)
            return None
        self._sleep(max(0.0, self._due - now))
        now = self._clock()
        self._due = max(self._due + 1 / self._fps, now)
        if len(self._paths) > 1:
            self._turn(now)
        assert self._image is not None
        self._number += 1
        return Frame(self._image.copy(), now, self._number)

    def _turn(self, now: float) -> None:
        place = int((now - self._start) / self._seconds)
        if place >= len(self._paths) and not self._loop:
            raise SourceEndedError
        while place % len(self._paths) != self._index:
            self._index = place % len(self._paths)
            try:
                self._image = read_image(self._paths[self._index])
            except DeepcamError:
                del self._paths[self._index]
                self._index = -1
                if not self._paths:
                    raise DeepcamError(
                        f"No picture in {self._path} can be read.", "Choose another directory."
                    ) from None

    def close(self) -> None:
        """Forget the pictures."""
        self._image = None
        self._paths = []
