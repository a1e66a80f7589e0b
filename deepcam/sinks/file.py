"""Video files: exact times, the source's sound, nothing half-written."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import av
import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Image, SafeFrame
from deepcam.sinks.place import exists, not_written, part_beside, place
from deepcam.sinks.tracks import Companions
from deepcam.sources.colours import EXACT, Colours

if TYPE_CHECKING:
    from deepcam.sinks.recording import LiveWriter, Reserve

log = logging.getLogger(__name__)

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""File name endings that can be written, and their containers."""
BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """How one video of a file is to be written.

    ``size``: (width, height), any; odd sizes keep their size (4:4:4 chroma then).
    ``fps``: nominal rate. ``time_base``: seconds per unit of ``pts`` (default 1 / fps).
    ``aspect``: width by height of one pixel; WebM gets square ones.
    ``colours``: what its numbers mean; None: as usual.
    """

    size: tuple[int, int]
    fps: Fraction | float
    time_base: Fraction | None = None
    aspect: Fraction = Fraction(1)
    colours: Colours | None = None


@dataclass(slots=True)
class _Writing:
    """A track in work."""

    stream: Any
    size: tuple[int, int]
    colours: Colours
    base: Fraction
    step: int
    last: int | None = None
    durations: dict[int, int] = field(default_factory=dict)
    """Of pictures that the encoder still holds, by their pts."""
    end: int = 0
    """Where the last picture ends."""
    first: tuple[int, int] | None = None
    """pts and dts of the first packet."""
    held: Any = None
    """The last packet that the encoder gave."""


class VideoWriter:
    """Writes a video beside its final name and puts it there only when ``finish`` succeeds.

    ``size``, ``fps``, ``time_base``, ``aspect``, ``colours``: see ``VideoTrack``.
    ``further``: more videos in the same file.
    ``sound_of``: file whose sound, subtitles and chapters are taken over, copied where the
    container can hold them. ``sound``: False leaves its sound out.
    ``sound_start``: seconds on that file's clock that are time 0 here (``VideoReader.start``).
    ``preset``: x264's speed. ``overwrite``: replace an existing file.
    Nothing of the source's metadata (place, camera, dates) is taken over.
    Raises ``DeepcamError`` when the name, the place or the disk does not allow it; the same from
    ``write`` and ``finish``, and then nothing is left behind.
    """

    def __init__(
        self,
        path: str | Path,
        size: tuple[int, int],
        fps: Fraction | float,
        *,
        time_base: Fraction | None = None,
        aspect: Fraction = Fraction(1),
        colours: Colours | None = None,
        further: tuple[VideoTrack, ...] = (),
        sound_of: str | Path | None = None,
        sound_start: Fraction = Fraction(0),
        sound: bool = True,
        overwrite: bool = False,
        preset: str = "veryfast",
        quality: int = 19,
    ) -> None:
        self.path = Path(path)
        self._overwrite = overwrite
        self._kind = kind = check_target(self.path, overwrite)
        self.frames = 0
        """Pictures written so far."""
        self._container: Any = None
        self._companions: Companions | None = None
        self._temporary = part_beside(self.path)
        try:
            self._file = _TargetFile(self._temporary)
        except OSError as error:
            raise not_written(self.path, error) from None
        try:
            with self._guarded():
                # No dates and no names of programs in the file.
                options = {"fflags": "+bitexact"}
                if kind in ("mp4", "mov"):
                    options["movflags"] = "+faststart"
                self._container = av.open(
                    self._file, "w", format=kind, options=options, buffer_size=BUFFER
                )
                tracks = (VideoTrack(size, fps, time_base, aspect, colours), *further)
                self._tracks = [self._add(track, kind, preset, quality) for track in tracks]
                if sound_of is not None:
                    self._companions = Companions(
                        self._container, kind, Path(sound_of), sound_start, sound
                    )
                self._container.start_encoding()
        except BaseException:
            self.abort()
            raise

    @property
    def sound(self) -> str:
        """What became of the sound: none, copied, encoded."""
        return "none" if self._companions is None else self._companions.sound

    @property
    def left_out(self) -> list[str]:
        """What the source has and this file does not, in words."""
        return [] if self._companions is None else self._companions.left_out

    def _add(self, track: VideoTrack, kind: str, preset: str, quality: int) -> _Writing:
        rate = Fraction(track.fps).limit_denominator(1001 * 1000)
        base = track.time_base or 1 / rate
        width, height = track.size
        aspect = track.aspect.limit_denominator(255)
        if kind == "webm":
            # The shape of its pixels is nowhere in VP9, and the muxer does not hear of it.
            width, height = _squared(track.size, aspect)
            aspect = Fraction(1)
            codec = {"crf": str(quality + 8), "b": "0", "cpu-used": "6", "deadline": "realtime"}
            video: Any = self._container.add_stream("libvpx-vp9", rate=rate, options=codec)
        else:
            codec = {"crf": str(quality), "preset": preset}
            video = self._container.add_stream("libx264", rate=rate, options=codec)
        video.width, video.height = width, height
        video.pix_fmt = "yuv444p" if width % 2 or height % 2 else "yuv420p"
        video.codec_context.time_base = base
        video.time_base = base
        video.codec_context.sample_aspect_ratio = aspect
        colours = track.colours or Colours.usual(height)
        video.codec_context.colorspace = colours.space
        video.codec_context.color_primaries = colours.primaries
        video.codec_context.color_trc = colours.transfer
        video.codec_context.color_range = 2 if colours.full else 1
        return _Writing(video, track.size, colours, base, max(1, round(1 / (rate * base))))

    def write(
        self, image: Image, pts: int | None = None, duration: int = 0, track: int = 0
    ) -> None:
        """Add a picture (h, w, 3) uint8 BGR of the track's size at ``pts`` (default: one step
        after the last). ``pts`` must rise; one that does not is moved behind the last.
        ``duration``: how long the last picture is shown, in units of ``pts``; 0: one step."""
        to = self._tracks[track]
        if image.shape != (to.size[1], to.size[0], 3) or image.dtype != np.uint8:
            self.abort()
            raise ValueError("picture of another size than the video")
        if pts is None:
            pts = 0 if to.last is None else to.last + to.step
        elif to.last is not None and pts <= to.last:
            pts = to.last + 1
        to.last = pts
        to.durations[pts] = duration or to.step
        to.end = pts + to.durations[pts]
        try:
            with self._guarded():
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
                frame = frame.reformat(
                    to.stream.width,
                    to.stream.height,
                    format=to.stream.pix_fmt,
                    dst_colorspace=to.colours.space,
                    dst_color_range=2 if to.colours.full else 1,
                    interpolation=EXACT,
                    threads=1,
                )
                frame.pts = pts
                frame.time_base = to.base
                if self._companions is not None:
                    self._companions.mux(float(pts * to.base))
                self._mux(to, to.stream.encode(frame))
                self.frames += 1
        except BaseException:
            self.abort()
            raise

    def _mux(self, track: _Writing, packets: list[Any]) -> None:
        for packet in packets:
            packet.duration = track.durations.pop(packet.pts, track.step)
            if track.first is None:
                track.first = (packet.pts, packet.dts)
            if track.held is not None:
                self._container.mux_one(track.held)
            track.held = packet

    def _mux_last(self, track: _Writing) -> None:
        self._mux(track, track.stream.encode(None))
        if track.held is None or track.first is None:
            return
        if self._kind in ("mp4", "mov"):
            # There a film is as long as the packets in the order of decoding, and the last of
            # those need not be the last picture.
            pts, dts = track.first
            lasts = (track.end - pts) - (track.held.dts - dts)
            track.held.duration = max(1, lasts)
        self._container.mux_one(track.held)
        track.held = None

    def finish(self) -> None:
        """Write what is left and give the file its name."""
        if self._container is None:
            return
        try:
            with self._guarded():
                for track in self._tracks:
                    self._mux_last(track)
                if self._companions is not None:
                    self._companions.mux(float("inf"))
                self._container.close()
                self._file.finish()
                self._close_companions()
                place(self._temporary, self.path, self._overwrite)
        except BaseException:
            self.abort()
            raise
        self._container = None

    def abort(self) -> None:
        """Throw everything away; the final name is untouched. Idempotent."""
        container: Any = self._container
        self._container = None
        if container is not None:
            self._file.discard = True
            with contextlib.suppress(Exception):
                container.close()
        self._close_companions()
        self._file.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.abort()

    def _close_companions(self) -> None:
        if self._companions is not None:
            self._companions.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turns errors of the disk and the encoder into a sentence."""
        try:
            yield
        except DeepcamError:
            raise
        except Exception as error:
            cause = self._file.error or (error if isinstance(error, OSError) else None)
            raise not_written(self.path, cause) from None
        if self._file.error is not None:
            raise not_written(self.path, self._file.error)


def _squared(size: tuple[int, int], aspect: Fraction) -> tuple[int, int]:
    """The size in which a picture with pixels of the shape ``aspect`` looks the same with square
    ones; nothing becomes smaller."""
    if aspect == 1:
        return size
    width, height = size
    if aspect > 1:
        return 2 * round(width * aspect / 2), height
    return width, 2 * round(height / aspect / 2)


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


class _TargetFile:
    """The file object that the muxer writes to; keeps the first error, so that none gets lost."""

    def __init__(self, path: Path) -> None:
        self._handle: BinaryIO | None = path.open("xb+", buffering=0)
        self.name = str(path)
        self.error: OSError | None = None
        self.discard = False
        self.reserve: Reserve | None = None
        """Room that is freed when the disk is full."""

    def write(self, data: bytes) -> int:
        if self.discard or self._handle is None:
            return len(data)
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[self._handle.write(view) or 0 :]
                except OSError as error:
                    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
                    if not full or self.reserve is None or not self.reserve.give():
                        raise
        except OSError as error:
            self.error = self.error or error
            raise
        return len(data)

    def read(self, size: int) -> bytes:
        return b"" if self._handle is None else self._handle.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0 if self._handle is None else self._handle.seek(offset, whence)

    def tell(self) -> int:
        return 0 if self._handle is None else self._handle.tell()

    def finish(self) -> None:
        """To the disk, whole, or ``OSError``."""
        if self._handle is not None:
            try:
                os.fsync(self._handle.fileno())
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                    raise
            self.close()

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                handle.close()


def check_target(path: Path, overwrite: bool) -> str:
    """The container for ``path``. Raises ``DeepcamError`` when it may not be written."""
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise DeepcamError(
            f"A video cannot be written as {path.name!r}.",
            f"Use a name that ends in {', '.join(FORMATS)}.",
        )
    if path.is_dir():
        raise DeepcamError(f"{path} is a directory.", "Name a file.")
    if path.exists() and not overwrite:
        raise exists(path)
    if not path.absolute().parent.is_dir():
        raise DeepcamError(f"The directory {path.absolute().parent} does not exist.", "Make it.")
    return kind
