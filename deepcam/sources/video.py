"""Video files: read with exact times (``VideoReader``) or played live (``VideoSource``)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Image
from deepcam.sources.base import SourceEndedError
from deepcam.versions import open_media, to_bgr

log = logging.getLogger(__name__)

DEFAULT_FPS = Fraction(25)
BAD_PACKETS_IN_A_ROW = 200
"""So many undecodable packets are the end of a file."""
SMALL = 1920 * 1088
"""Pixels of a picture up to which one thread decodes."""
REC709, REC601 = 1, 5
"""Values of ffmpeg's ``AVColorSpace``."""
_UNSPECIFIED = 2


@dataclass(frozen=True, slots=True, eq=False)
class VideoPicture:
    """One raw picture of a file."""

    image: Image
    pts: int
    """Presentation time in units of ``VideoReader.time_base``, counted from the file's start.
    Strictly rising."""
    time: float
    """``pts`` in seconds."""
    number: int


class VideoReader:
    """The pictures of a video file, upright (rotation metadata applied), in the size of the first.

    Raises ``DeepcamError`` when ``path`` is missing or is not a video. A file that breaks off in
    the middle ends there: ``warnings`` then says how many parts could not be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            what = "is a directory" if self.path.is_dir() else "does not exist"
            raise DeepcamError(f"The video {self.path} {what}.", "Check the name.")
        try:
            with self.path.open("rb"):
                pass
            self._container = open_media(str(self.path))
        except PermissionError:
            raise DeepcamError(
                f"The video {self.path} may not be read.", "Check its permissions."
            ) from None
        except Exception:  # av raises many types for broken files
            raise _no_video(self.path) from None
        try:
            self._open()
        except DeepcamError:
            self._container.close()
            raise
        except Exception:
            self._container.close()
            raise _no_video(self.path) from None

    def _open(self) -> None:
        container = self._container
        if not container.streams.video:
            raise DeepcamError(f"{self.path} has no pictures in it.", "Choose a video file.")
        self._stream = container.streams.video[0]
        # Decoder threads pay for large pictures only, and starting them hangs once in a thousand
        # times where glibc loses wake-ups (its bug 25847).
        if self._stream.codec_context.width * self._stream.codec_context.height > SMALL:
            self._stream.thread_type = "AUTO"
        else:
            self._stream.codec_context.thread_count = 1
        if self._stream.time_base is None:
            raise _no_video(self.path)
        self.time_base: Fraction = self._stream.time_base
        """Seconds per unit of ``pts``."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps: Fraction = Fraction(rate) if rate and rate > 0 else DEFAULT_FPS
        """Nominal frames a second."""
        self.has_audio = bool(container.streams.audio)
        self.start: Fraction = Fraction(container.start_time or 0, av.time_base)
        """Seconds on the file's own clock that are time 0 here (sound and pictures alike)."""
        length = container.duration
        self.duration: float | None = None if not length or length < 0 else length / av.time_base
        """Seconds, as the file says."""
        self.warnings = 0
        """Parts that could not be decoded so far."""
        self._turned = False
        self._pictures = self._decode()
        self._pending: VideoPicture | None = None
        first = next(self._pictures, None)
        if first is None:
            raise _no_video(self.path)
        self._pending = first
        self.height, self.width = first.image.shape[:2]
        shape = self._stream.sample_aspect_ratio
        self.aspect: Fraction = Fraction(shape) if shape and shape > 0 else Fraction(1)
        """Width by height of one pixel, upright; camcorders' are often not square."""
        if self._turned:
            self.aspect = 1 / self.aspect
        # A picture (GIF, JPEG) is a video of one frame for ffmpeg.
        self.frame_count: int = self._stream.frames or (
            round(self.duration * float(self.fps)) if self.duration else 0
        )
        """Frames as the file says or by its length; 0 when unknown."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), upright."""
        return self.width, self.height

    def __iter__(self) -> Iterator[VideoPicture]:
        """All pictures from where reading stopped."""
        while (picture := self.read()) is not None:
            yield picture

    def read(self) -> VideoPicture | None:
        """The next picture; None at the end."""
        pending, self._pending = self._pending, None
        return pending if pending is not None else next(self._pictures, None)

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._pictures.close()
        self._container.close()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decode(self) -> Any:  # a generator
        end = 0.0
        for picture in self._decode_all():
            end = picture.time
            yield picture
        # Broken off cleanly between two packets: the file said that there is more.
        promised = self.duration or 0.0
        if promised - end - 1 / float(self.fps) > max(0.5, 0.1 * promised):
            self.warnings += 1

    def _decode_all(self) -> Iterator[VideoPicture]:
        offset = int(self.start / self.time_base)
        step = max(1, int(1 / (self.fps * self.time_base)))
        last = None
        number = 0
        bad = 0
        for frames in self._packets():
            if frames is None:
                self.warnings += 1
                bad += 1
                if bad > BAD_PACKETS_IN_A_ROW:
                    return
                continue
            bad = 0
            for frame in frames:
                pts = frame.pts - offset if frame.pts is not None else None
                if last is None:
                    pts = max(pts or 0, 0)
                elif pts is None:
                    pts = last + step
                elif pts <= last:
                    pts = last + 1
                try:
                    image = self._picture(frame)
                except Exception:
                    self.warnings += 1
                    continue
                last = pts
                yield VideoPicture(image, pts, float(pts * self.time_base), number)
                number += 1

    def _packets(self) -> Iterator[list[Any] | None]:
        """Decoded frames by packet; None for a packet that is broken."""
        demuxed = self._container.demux(self._stream)
        while True:
            try:
                packet = next(demuxed)
            except StopIteration:
                return
            except Exception:  # the file breaks off: what the decoder still holds comes out
                yield None
                try:
                    yield list(self._stream.codec_context.decode(None))
                except Exception:
                    yield None
                return
            try:
                yield packet.decode()
            except Exception:
                yield None

    def _picture(self, frame: Any) -> Image:
        space = frame.colorspace
        if space in (0, _UNSPECIFIED) and not frame.format.is_rgb:
            space = REC709 if frame.height >= 720 else REC601
        image = to_bgr(frame, space)
        turns = round(frame.rotation / 90) % 4
        self._turned = turns % 2 == 1
        if turns:
            image = np.rot90(image, turns)
        image = np.ascontiguousarray(image)
        if self._has_size() and image.shape[:2] != (self.height, self.width):
            import cv2

            image = cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_AREA)
        result: Image = image
        return result

    def _has_size(self) -> bool:
        return hasattr(self, "height")


def _no_video(path: Path) -> DeepcamError:
    return DeepcamError(
        f"{path} is not a video that can be read, or it is damaged.", "Choose another file."
    )


class VideoSource:
    """A video file played at its own speed, late pictures left out."""

    def __init__(
        self,
        path: str | Path,
        loop: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = Path(path)
        self._loop = loop
        self._clock = clock
        self._sleep = sleep
        self._reader: VideoReader | None = None
        self._next: VideoPicture | None = None
        self._origin: float | None = None
        self._number = 0
        self._size = (0, 0)
        self._fps = 0.0

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), upright."""
        return self._size

    @property
    def fps(self) -> float:
        """Nominal frames a second."""
        return self._fps

    def open(self) -> None:
        """Open the file at its beginning."""
        self.close()
        self._reader = VideoReader(self._path)
        self._size = self._reader.size
        self._fps = float(self._reader.fps)
        self._origin = None
        self._next = self._reader.read()

    def read(self, timeout: float) -> Frame | None:
        """The picture whose time has come, waiting up to ``timeout`` seconds for it."""
        if self._reader is None:
            raise SourceEndedError
        now = self._clock()
        if self._next is None:
            if not self._loop or self._number == 0:
                raise SourceEndedError
            self._restart()
            now = self._clock()
        picture = self._next
        assert picture is not None
        if self._origin is None:
            self._origin = now - picture.time
        due = self._origin + picture.time
        if due - now > timeout:
            self._sleep(timeout)
            return None
        if due > now:
            self._sleep(due - now)
        self._next = self._reader.read()
        # Newest picture wins: what a slow reader missed is left out.
        now = self._clock()
        while self._next is not None and self._origin + self._next.time <= now:
            picture = self._next
            self._next = self._reader.read()
        self._number += 1
        return Frame(picture.image, self._clock(), self._number)

    def _restart(self) -> None:
        assert self._reader is not None
        self._reader.close()
        self._reader = VideoReader(self._path)
        self._next = self._reader.read()
        self._origin = (
            self._clock() + 1.0 / max(self._fps, 1.0) - (self._next.time if self._next else 0.0)
        )

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
