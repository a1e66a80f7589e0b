"""A video file written picture by picture, with what else was in the original."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.sinks.place import not_written, part_beside, place
from deepcam.sinks.target import BUFFER, TargetFile, check_target
from deepcam.sinks.tracks import Companions
from deepcam.sources.colours import EXACT, Colours


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
            self._file = TargetFile(self._temporary)
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
