"""Video files: read with exact times (``VideoReader``) or played live (``VideoSource``)."""

from __future__ import annotations

import logging
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Image
from deepcam.runtime.versions import open_media
from deepcam.sources.base import SourceEndedError
from deepcam.sources.colours import Colours, colours_of, is_hdr, to_bgr
from deepcam.sources.deinterlace import Deinterlacer
from deepcam.sources.pictures import upright
from deepcam.sources.whole import is_broken_off

log = logging.getLogger(__name__)

DEFAULT_FPS = Fraction(25)
BAD_PACKETS_IN_A_ROW = 200
"""So many undecodable packets are the end of a file."""
SMALL = 1920 * 1088
"""Pixels of a picture up to which one thread decodes."""
_ATTACHED = 1024
"""ffmpeg's ``AV_DISPOSITION_ATTACHED_PIC``: a cover, no video."""


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
    duration: int = 0
    """How long it is shown, in the units of ``pts``; 0 when the file does not say."""


def videos_of(container: Any) -> list[Any]:
    """The video streams of an opened file, without covers."""
    return [s for s in container.streams.video if not int(s.disposition) & _ATTACHED]


class VideoReader:
    """The pictures of a video file, upright (all eight orientations), in the size of the first,
    progressive, in SDR colours.

    ``track``: which of the file's videos. ``quick``: colours without exact rounding.
    Raises ``DeepcamError`` when ``path`` is missing or is not a video. A file that breaks off in
    the middle ends there: ``warnings`` then says how many parts could not be read.
    """

    def __init__(self, path: str | Path, track: int = 0, quick: bool = False) -> None:
        self.path = Path(path)
        self._quick = quick
        if not self.path.is_file():
            what = "is a directory" if self.path.is_dir() else "does not exist"
            raise DeepcamError(f"The video {self.path} {what}.", "Check the name.")
        try:
            with self.path.open("rb"):
                pass
            self._container = open_media(self.path)
        except PermissionError:
            raise DeepcamError(
                f"The video {self.path} may not be read.", "Check its permissions."
            ) from None
        except Exception:  # av raises many types for broken files
            raise _no_video(self.path) from None
        try:
            self._open(track)
        except DeepcamError:
            self._container.close()
            raise
        except Exception:
            self._container.close()
            raise _no_video(self.path) from None

    def _open(self, track: int) -> None:
        container = self._container
        videos = videos_of(container) or list(container.streams.video)
        if not videos:
            raise DeepcamError(f"{self.path} has no pictures in it.", "Choose a video file.")
        self.tracks = len(videos)
        """Videos in the file."""
        self._stream = videos[track]
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
        self.hdr = False
        """Its pictures are HDR, and come out as SDR."""
        self.interlaced = False
        """Its pictures are interlaced, and come out progressive."""
        self._turned = 1
        self._end = 0.0
        self._deinterlacer: Any = None
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
        if self._turned >= 5:
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
        yield from self._decode_all()
        # Broken off cleanly between two packets: the file said that there is more.
        short = is_broken_off(self.path)
        if short is None:
            # A track that ends before another one is no damage: the last packet of any counts.
            promised = self.duration or 0.0
            short = promised - self._end > max(0.5, 0.1 * promised)
        self.warnings += short

    def _decode_all(self) -> Iterator[VideoPicture]:
        offset = int(self.start / self.time_base)
        step = max(1, int(1 / (self.fps * self.time_base)))
        last = None
        number = 0
        bad = 0
        for frames in self._progressive():
            if frames is None:
                # What a recording in the middle of a broadcast begins with is no damage.
                self.warnings += number > 0
                bad += 1
                if bad > BAD_PACKETS_IN_A_ROW:
                    self.warnings += 1
                    return
                continue
            bad = 0
            for frame in frames:
                pts = None
                if frame.pts is not None:
                    pts = round(frame.pts * (frame.time_base or self.time_base) / self.time_base)
                    pts -= offset
                if last is None:
                    pts = max(pts or 0, 0)
                elif pts is None:
                    pts = last + step
                elif pts <= last:
                    pts = last + 1
                try:
                    if number == 0:
                        self.colours: Colours = colours_of(frame)
                        """Of the pictures as the file has them; those of HDR are BT.709."""
                        self.hdr = is_hdr(frame)
                    image = self._picture(frame)
                except Exception:
                    self.warnings += 1
                    continue
                last = pts
                length = round((frame.duration or 0) * (frame.time_base or 0) / self.time_base)
                yield VideoPicture(image, pts, float(pts * self.time_base), number, max(0, length))
                number += 1

    def _progressive(self) -> Iterator[list[Any] | None]:
        """Decoded frames by packet, deinterlaced from the first one that needs it."""
        for frames in self._packets():
            if frames is None or (
                self._deinterlacer is None and not any(f.interlaced_frame for f in frames)
            ):
                yield frames
                continue
            if self._deinterlacer is None:
                self.interlaced = True
                self._deinterlacer = Deinterlacer(self.time_base)
            try:
                yield [made for frame in frames for made in self._deinterlacer.push(frame)]
            except Exception:
                yield None
        if self._deinterlacer is not None:
            try:
                yield self._deinterlacer.push(None)
            except Exception:
                yield None

    def _packets(self) -> Iterator[list[Any] | None]:
        """Decoded frames by packet; None for a packet that is broken."""
        demuxed = self._container.demux()
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
            when = packet.pts if packet.pts is not None else packet.dts
            if when is not None and packet.time_base:
                end = float((when + (packet.duration or 0)) * packet.time_base - self.start)
                self._end = max(self._end, end)
            # The packet at the end of a stream knows its stream, but not its number.
            if packet.stream.index != self._stream.index:
                continue
            try:
                yield packet.decode()
            except Exception:
                yield None

    def _picture(self, frame: Any) -> Image:
        image = to_bgr(frame, self._quick)
        self._turned = orientation_of(frame)
        image = upright(image, self._turned)
        if self._has_size() and image.shape[:2] != (self.height, self.width):
            import cv2

            image = cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_AREA)
        result: Image = image
        return result

    def _has_size(self) -> bool:
        return hasattr(self, "height")


def orientation_of(frame: Any) -> int:
    """EXIF's number (1..8) for the display matrix of an ``av.VideoFrame``: turned in quarters,
    mirrored or both. What lies between two quarters counts as the nearer one."""
    try:
        data = bytes(frame.side_data["DISPLAYMATRIX"])
        a, b, _, c, d = struct.unpack_from("=5i", data)
    except (KeyError, struct.error, TypeError):
        return 1
    # The picture's right is shown at (a, b), its lower side at (c, d); y points downwards.
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return {(1, 1): 1, (0, 1): 2, (0, 0): 3, (1, 0): 4}[int(a >= 0), int(d >= 0)]
    return {(1, 1): 5, (1, 0): 6, (0, 0): 7, (0, 1): 8}[int(b >= 0), int(c >= 0)]


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
        self._reader = VideoReader(self._path, quick=True)
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
        self._reader = VideoReader(self._path, quick=True)
        self._next = self._reader.read()
        self._origin = (
            self._clock() + 1.0 / max(self._fps, 1.0) - (self._next.time if self._next else 0.0)
        )

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
