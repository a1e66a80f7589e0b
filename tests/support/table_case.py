"""One line of the table of files in and files out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from recipes import SIZE

Make = Callable[[Path], None]


@dataclass
class Case:
    """One line of the table."""

    name: str
    make: Callable[[Path], None]
    target: str = ""
    """Name of the output; "" for that of the input."""
    arguments: tuple[str, ...] = ()
    code: int = 0
    size: tuple[int, int] = SIZE
    frames: int = 1
    duration: float | None = None
    tolerance: float = 1.0
    """Most CIEDE2000 outside the face; where not even the input has the colours to less than one
    level (AVIF, HEIC, coarse old codecs), or HDR, more."""
    alpha: tuple[int, ...] | None = None
    """Alpha in the corners."""
    pages: tuple[float, ...] | None = None
    """Seconds of an animation's frames."""
    loop: int | None = None
    aspect: Fraction = Fraction(1)
    videos: int = 1
    sounds: int = 0
    channels: int | None = None
    languages: tuple[str, ...] = ()
    subtitles: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()
    said: str = ""
    """What stands in what is printed."""
    full: bool = False
    """Full range of luma in the output."""
    times: tuple[float, ...] | None = None
    upright: bool = True
    """The output is the chart; otherwise its own test looks at it."""

    @property
    def ending(self) -> str:
        return Path(self.target or self.name).suffix.lower()


def cut(make: Make, share: float) -> Make:
    """Only the first part of what ``make`` makes."""

    def made(path: Path) -> None:
        make(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return made
