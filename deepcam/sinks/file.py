"""Video files: exact times, the source's sound, nothing half-written."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import av
import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Image, SafeFrame
from deepcam.versions import open_media

if TYPE_CHECKING:
    from deepcam.sinks.recording import LiveWriter, Reserve

log = logging.getLogger(__name__)

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""File name endings that can be written, and their containers."""
COPIED_SOUND = {
    "mp4": {"aac", "mp3", "ac3", "eac3", "alac", "opus"},
    "mov": {"aac", "mp3", "ac3", "alac"},
    "matroska": {"aac", "mp3", "mp2", "ac3", "eac3", "flac", "opus", "vorbis", "alac", "dts"},
    "webm": {"opus", "vorbis"},
}
"""Sound that each container takes as it is; the rest is encoded again."""
REC709, REC601 = 1, 6
BUFFER = 1 << 20


class VideoWriter:
    """Writes a video beside its final name and puts it there only when ``finish`` succeeds.

    ``size``: (width, height), any; odd sizes keep their size (4:4:4 chroma then).
    ``fps``: nominal rate. ``time_base``: seconds per unit of ``pts`` (default 1 / fps).
    ``aspect``: width by height of one pixel (``VideoReader.aspect``); WebM cannot hold it.
    ``sound_of``: file whose sound is taken over, copied where the container can hold it.
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
        sound_of: str | Path | None = None,
        sound_start: Fraction = Fraction(0),
        overwrite: bool = False,
        preset: str = "veryfast",
        quality: int = 19,
    ) -> None:
        self.path = Path(path)
        self._overwrite = overwrite
        self._size = size
        self._aspect = aspect
        kind = check_target(self.path, overwrite)
        rate = Fraction(fps).limit_denominator(1001 * 1000)
        self._base = time_base or 1 / rate
        self._step = max(1, round(1 / (rate * self._base)))
        self._last_pts: int | None = None
        self.frames = 0
        """Pictures written so far."""
        self._container: Any = None
        self._sound: Iterator[tuple[float, Any]] | None = None
        self._sound_input: Any = None
        self._held: tuple[float, Any] | None = None
        self.sound: str = "none"
        """What became of the sound: none, copied, encoded."""
        # The ending stays last, so that nobody mistakes it for something else.
        self._temporary = self.path.with_name(
            f".{self.path.stem[:80]}.{secrets.token_hex(4)}.part{self.path.suffix}"
        )
        try:
            self._file = _TargetFile(self._temporary)
        except OSError as error:
            raise _write_error(self.path, error) from None
        try:
            with self._guarded():
                self._container = self._start(kind, rate, preset, quality)
                if sound_of is not None:
                    self._take_sound(kind, Path(sound_of), sound_start)
                self._container.start_encoding()
        except BaseException:
            self.abort()
            raise

    def _start(self, kind: str, rate: Fraction, preset: str, quality: int) -> Any:
        # No dates and no names of programs in the file.
        options = {"fflags": "+bitexact"}
        if kind in ("mp4", "mov"):
            options["movflags"] = "+faststart"
        container: Any = av.open(self._file, "w", format=kind, options=options, buffer_size=BUFFER)
        width, height = self._size
        odd = width % 2 or height % 2
        if kind == "webm":
            codec = {"crf": str(quality + 8), "b": "0", "cpu-used": "6", "deadline": "realtime"}
            video = container.add_stream("libvpx-vp9", rate=rate, options=codec)
        else:
            codec = {"crf": str(quality), "preset": preset}
            video = container.add_stream("libx264", rate=rate, options=codec)
        video.width, video.height = width, height
        video.pix_fmt = "yuv444p" if odd else "yuv420p"
        video.codec_context.time_base = self._base
        video.time_base = self._base
        video.codec_context.sample_aspect_ratio = self._aspect.limit_denominator(255)
        self._space = REC709 if height >= 720 else REC601
        video.codec_context.colorspace = self._space
        video.codec_context.color_primaries = self._space
        video.codec_context.color_trc = self._space
        video.codec_context.color_range = 1
        self._video: Any = video
        return container

    def write(self, image: Image, pts: int | None = None) -> None:
        """Add a picture (h, w, 3) uint8 BGR of the writer's size at ``pts`` (default: one step
        after the last). ``pts`` must rise; one that does not is moved behind the last."""
        if image.shape != (self._size[1], self._size[0], 3) or image.dtype != np.uint8:
            self.abort()
            raise ValueError("picture of another size than the video")
        if pts is None:
            pts = 0 if self._last_pts is None else self._last_pts + self._step
        elif self._last_pts is not None and pts <= self._last_pts:
            pts = self._last_pts + 1
        self._last_pts = pts
        try:
            with self._guarded():
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
                frame = frame.reformat(
                    format=self._video.pix_fmt, dst_colorspace=self._space, dst_color_range=1
                )
                frame.pts = pts
                frame.time_base = self._base
                self._mux_sound(float(pts * self._base))
                self._container.mux(self._video.encode(frame))
                self.frames += 1
        except BaseException:
            self.abort()
            raise

    def finish(self) -> None:
        """Write what is left and give the file its name."""
        if self._container is None:
            return
        try:
            with self._guarded():
                self._container.mux(self._video.encode(None))
                self._mux_sound(float("inf"))
                self._container.close()
                self._file.finish()
                self._close_sound()
                if not self._overwrite:
                    # Unlike rename, link never replaces a file that came in the meantime.
                    try:
                        os.link(self._temporary, self.path)
                        self._temporary.unlink()
                    except FileExistsError:
                        raise _exists(self.path) from None
                    except OSError:  # file systems without links
                        if self.path.exists():
                            raise _exists(self.path) from None
                        os.replace(self._temporary, self.path)
                else:
                    os.replace(self._temporary, self.path)
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
        self._close_sound()
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

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turns errors of the disk and the encoder into a sentence."""
        try:
            yield
        except DeepcamError:
            raise
        except Exception as error:
            cause = self._file.error or (error if isinstance(error, OSError) else None)
            raise _write_error(self.path, cause) from None
        if self._file.error is not None:
            raise _write_error(self.path, self._file.error)

    # Sound

    def _take_sound(self, kind: str, path: Path, start: Fraction) -> None:
        try:
            source = open_media(str(path))
        except Exception:
            raise DeepcamError(f"The sound of {path} cannot be read.", "Try --no-audio.") from None
        self._sound_input = source
        if not source.streams.audio:
            return
        stream = source.streams.audio[0]
        if stream.codec_context is None:  # a sound nobody can decode
            return
        if stream.codec_context.name in COPIED_SOUND[kind]:
            out = self._container.add_stream_from_template(stream)
            self.sound = "copied"
            packets = self._copied(source, stream, out, start, kind in ("matroska", "webm"))
        else:
            rate = stream.codec_context.sample_rate or 48000
            layout = "stereo" if stream.codec_context.channels > 1 else "mono"
            name = "aac"
            if kind == "webm":
                name, rate = "libopus", 48000
            elif rate not in (8000, 16000, 22050, 32000, 44100, 48000, 96000):
                rate = 48000
            out = self._container.add_stream(name, rate=rate, layout=layout)
            out.bit_rate = 96000 * (2 if layout == "stereo" else 1)
            self.sound = "encoded"
            packets = self._encoded(source, stream, out, start, rate, layout)
        for key in list(out.metadata):
            del out.metadata[key]
        self._sound = packets

    @staticmethod
    def _copied(
        source: Any, stream: Any, out: Any, start: Fraction, from_zero: bool
    ) -> Iterator[tuple[float, Any]]:
        offset = int(start / stream.time_base)
        last = None
        for packet in _demux(source, stream):
            if packet.dts is None or packet.size == 0:
                continue
            packet.dts -= offset
            if packet.pts is not None:
                packet.pts -= offset
            if last is not None and packet.dts <= last:
                continue
            if from_zero and packet.dts < 0:
                continue  # Matroska would move everything else to make room for this lead-in
            last = packet.dts
            when = float(packet.dts * stream.time_base)
            packet.stream = out
            yield when, packet

    @staticmethod
    def _encoded(
        source: Any, stream: Any, out: Any, start: Fraction, rate: int, layout: str
    ) -> Iterator[tuple[float, Any]]:
        resampler = av.AudioResampler(format=out.format.name, layout=layout, rate=rate)
        unit = Fraction(1, rate)
        position: int | None = None

        def encode(frame: Any) -> Iterator[tuple[float, Any]]:
            for packet in out.encode(frame):
                when = float((packet.pts or 0) * (packet.time_base or unit))
                yield when, packet

        def feed(frames: list[Any]) -> Iterator[tuple[float, Any]]:
            nonlocal position
            for part in frames:
                if position is None:
                    began = Fraction(0)
                    if part.pts is not None and part.time_base:
                        began = part.pts * part.time_base - start
                    position = int(began * rate)
                part.pts, part.time_base = position, unit
                position += part.samples
                yield from encode(part)

        for packet in _demux(source, stream):
            try:
                frames = packet.decode()
            except Exception:
                continue  # a scratch in the sound
            for frame in frames:
                yield from feed(resampler.resample(frame))
        with contextlib.suppress(Exception):
            yield from feed(resampler.resample(None))
        yield from encode(None)

    def _mux_sound(self, until: float) -> None:
        """Sound up to ``until`` seconds, in step with the pictures."""
        if self._sound is None:
            return
        while True:
            if self._held is None:
                self._held = next(self._sound, None)
            if self._held is None:
                self._sound = None
                return
            when, packet = self._held
            if when > until:
                return
            self._held = None
            self._container.mux_one(packet)

    def _close_sound(self) -> None:
        self._sound = self._held = None
        if self._sound_input is not None:
            self._sound_input.close()
            self._sound_input = None


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
        raise _exists(path)
    if not path.absolute().parent.is_dir():
        raise DeepcamError(f"The directory {path.absolute().parent} does not exist.", "Make it.")
    return kind


def _demux(source: Any, stream: Any) -> Iterator[Any]:
    """Packets until the end, or until the file breaks off."""
    packets = source.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except Exception:
            return
        yield packet


def _exists(path: Path) -> DeepcamError:
    return DeepcamError(f"{path} exists already.", "Use --force to replace it.")


def _write_error(path: Path, error: OSError | None) -> DeepcamError:
    number = None if error is None else error.errno
    if number in (errno.ENOSPC, errno.EDQUOT):
        return DeepcamError(f"The disk is full: {path} was not written.", "Free some space.")
    if number == errno.EFBIG:
        return DeepcamError(f"{path} became too large.", "Choose another place or a shorter clip.")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DeepcamError(f"{path} may not be written there.", "Choose another place.")
    why = "" if error is None else f" ({error.strerror or type(error).__name__})"
    return DeepcamError(f"{path} could not be written{why}.", "Choose another place or format.")
