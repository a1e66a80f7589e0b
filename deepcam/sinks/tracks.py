"""What a video file holds beside its pictures, carried over: sound, subtitles, chapters."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.subtitles.subtitle import SubtitleSet

from deepcam.errors import DeepcamError
from deepcam.runtime.versions import open_media

COPIED_SOUND = {
    "mp4": {"aac", "mp3", "ac3", "eac3", "alac", "opus"},
    "mov": {"aac", "mp3", "ac3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"},
    "matroska": {
        "aac", "mp3", "mp2", "ac3", "eac3", "flac", "opus", "vorbis", "alac", "dts", "truehd",
        "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le",
    },
    "webm": {"opus", "vorbis"},
}  # fmt: skip
"""Sound that each container takes as it is; the rest is encoded again."""
COPIED_SUBTITLES = {
    "mp4": {"mov_text"},
    "mov": {"mov_text"},
    "matroska": {
        "subrip", "ass", "ssa", "webvtt", "dvd_subtitle", "hdmv_pgs_subtitle", "dvb_subtitle",
    },
    "webm": {"webvtt"},
}  # fmt: skip
"""Subtitles that each container takes as they are."""
TEXT_SUBTITLES = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}
"""What other subtitles of text become."""
_TEXT = {"mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text"}
_SOUND_RATES = (8000, 16000, 22050, 32000, 44100, 48000, 96000)
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
"""By the number of channels; others become stereo."""
_JITTER = Fraction(1, 100)
"""Seconds by which sound may be off its time stamp: Matroska rounds them to milliseconds."""
_CALM = 1.0
"""Seconds of silence that are made at once."""
_ASS_HEADER = (
    b"[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\n"
    b"Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, "
    b"Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, "
    b"Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\r\n"
    b"Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\r\n"
    b"\r\n[Events]\r\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)
_NOTHING = b"\0\0"
"""An empty line of MP4's subtitles; the muxer makes its own between two lines."""
_LANGUAGE = "language"

Timed = Iterator[tuple[float, Any]]
"""(seconds, packet) in rising order."""


class Companions:
    """The sound tracks, subtitles and chapters of ``path``, on their way into ``container``.

    ``kind``: the container's. ``start``: seconds on the source's clock that are time 0 in the
    new file. Nothing but the language is taken over of what tracks say about themselves.
    Raises ``DeepcamError`` when ``path`` cannot be read.
    """

    def __init__(
        self, container: Any, kind: str, path: Path, start: Fraction, sound: bool = True
    ) -> None:
        self._container, self._kind, self._path, self._start = container, kind, path, start
        self._inputs: list[Any] = []
        self._waiting: list[tuple[Timed, tuple[float, Any] | None]] = []
        self.sound = "none"
        """What became of the sound: none, copied, encoded."""
        self.left_out: list[str] = []
        """What the new file does not have, in words."""
        listed = self._open()
        self._duration = float((listed.duration or 0) / av.time_base)
        for stream in listed.streams:
            if stream.type == "audio" and sound:
                self._sound(stream.index)
            elif stream.type == "subtitle":
                self._subtitles(stream.index)
            elif stream.type == "attachment":
                self._note("attached files")
            elif stream.type == "video" and int(stream.disposition) & 1024:
                self._note("the cover picture")
            elif stream.type == "data" and not _is_chapters(listed, stream):
                self._note("data tracks")
        self._chapters(listed)

    def mux(self, until: float) -> None:
        """Write everything up to ``until`` seconds, in step with the pictures."""
        for k, (packets, held) in enumerate(self._waiting):
            while True:
                held = held if held is not None else next(packets, None)
                if held is None or held[0] > until:
                    break
                self._container.mux_one(held[1])
                held = None
            self._waiting[k] = (packets, held)

    def close(self) -> None:
        """Close the files. Idempotent."""
        self._waiting = []
        for source in self._inputs:
            source.close()
        self._inputs = []

    def _open(self) -> Any:
        try:
            source = open_media(self._path)
        except Exception:
            raise DeepcamError(
                f"The sound of {self._path} cannot be read.", "Try --no-audio."
            ) from None
        self._inputs.append(source)
        return source

    def _note(self, what: str) -> None:
        if what not in self.left_out:
            self.left_out.append(what)

    def _sound(self, index: int) -> None:
        # Each track has an input of its own, so that none has to wait for another.
        source = self._open()
        stream = source.streams[index]
        if stream.codec_context is None:
            self._note("sound that cannot be decoded")
            return
        if stream.codec_context.name in COPIED_SOUND[self._kind]:
            out = self._container.add_stream_from_template(stream)
            self.sound = "copied" if self.sound == "none" else self.sound
            packets = _copied(source, stream, out, self._start, self._kind in ("matroska", "webm"))
        else:
            rate = stream.codec_context.sample_rate or 48000
            channels = stream.codec_context.channels
            layout = _LAYOUTS.get(channels, "stereo")
            name = "aac"
            if self._kind == "webm":
                name, rate = "libopus", 48000
            elif rate not in _SOUND_RATES:
                rate = 48000
            out = self._container.add_stream(name, rate=rate, layout=layout)
            out.bit_rate = 96000 * (channels if channels in _LAYOUTS else 2)
            self.sound = "encoded"
            packets = _encoded(source, stream, out, self._start, rate, layout, self._duration)
        _only_language(stream, out)
        self._waiting.append((packets, None))

    def _subtitles(self, index: int) -> None:
        source = self._open()
        stream = source.streams[index]
        name = "" if stream.codec_context is None else stream.codec_context.name
        if name in COPIED_SUBTITLES[self._kind] or (
            name == "srt" and "subrip" in COPIED_SUBTITLES[self._kind]
        ):
            out = self._container.add_stream_from_template(stream)
            packets = _copied(source, stream, out, self._start, False)
        elif name in _TEXT:
            out = self._container.add_stream(TEXT_SUBTITLES[self._kind])
            out.codec_context.subtitle_header = _ASS_HEADER
            out.codec_context.time_base = Fraction(1, 1000)
            packets = _rewritten(source, stream, out, self._start)
        else:
            self._note("subtitles that are pictures")
            return
        _only_language(stream, out)
        self._waiting.append((packets, None))

    def _chapters(self, listed: Any) -> None:
        chapters = []
        for number, chapter in enumerate(listed.chapters()):
            base = chapter["time_base"] or Fraction(1, 1000)
            title = chapter["metadata"].get("title")
            begin, end = (
                max(0, int((chapter[k] * base - self._start) * 1000)) for k in ("start", "end")
            )
            chapters.append(
                {
                    "id": number + 1,
                    "start": begin,
                    "end": max(begin, end),
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title} if title else {},
                }
            )
        if chapters:
            self._container.set_chapters(chapters)


def _is_chapters(container: Any, stream: Any) -> bool:
    """QuickTime keeps the names of chapters in a track of their own."""
    context = stream.codec_context
    return bool(container.chapters()) and (context is None or context.name in ("bin_data", "text"))


def _only_language(stream: Any, out: Any) -> None:
    for key in list(out.metadata):
        del out.metadata[key]
    language = stream.metadata.get(_LANGUAGE, "")
    if language and language != "und":
        out.metadata[_LANGUAGE] = language


def _copied(source: Any, stream: Any, out: Any, start: Fraction, from_zero: bool) -> Timed:
    offset = int(start / stream.time_base)
    silent = stream.codec_context is not None and stream.codec_context.name == "mov_text"
    last = None
    # What the decoder needs and does not play; Matroska would move everything else to make room
    # for more than that.
    padding = getattr(stream.codec_context, "delay", 0) or 0
    lead = -padding / (stream.codec_context.sample_rate or 1) - 0.001 if from_zero else 0.0
    for packet in _demux(source, stream):
        if packet.dts is None or packet.size == 0 or (silent and bytes(packet) == _NOTHING):
            continue
        packet.dts -= offset
        if packet.pts is not None:
            packet.pts -= offset
        if last is not None and packet.dts <= last:
            continue
        if from_zero and float(packet.dts * stream.time_base) < lead:
            continue
        last = packet.dts
        when = float(packet.dts * stream.time_base)
        packet.stream = out
        yield when, packet


def _encoded(
    source: Any, stream: Any, out: Any, start: Fraction, rate: int, layout: str, duration: float
) -> Timed:
    """Sound encoded again. Time stamps count and not samples: a hole in the sound becomes silence,
    sound that comes before its turn is cut."""
    unit = Fraction(1, rate)
    position: int | None = None

    def encode(frame: Any) -> Timed:
        for packet in out.encode(frame):
            when = float((packet.pts or 0) * (packet.time_base or unit))
            yield when, packet

    def put(frames: Iterable[Any]) -> Timed:
        nonlocal position
        assert position is not None
        for frame in frames:
            frame.pts, frame.time_base = position, unit
            position += frame.samples
            yield from encode(frame)

    def resampled() -> Any:
        return av.AudioResampler(format=out.format.name, layout=layout, rate=rate)

    resampler = resampled()
    for frame in _sounds(source, stream):
        due = None
        if frame.pts is not None and frame.time_base:
            due = int((frame.pts * frame.time_base - start) * rate)
        if position is None:
            position = due or 0
        elif due is not None and abs(due - position) * unit > _JITTER:
            if due < position:
                continue
            # What lies behind the end of the file is a broken time stamp.
            if due * unit <= duration + 1:
                yield from put(resampler.resample(None))
                resampler = resampled()
                yield from put(_silence(out.format.name, layout, rate, due - position))
        yield from put(resampler.resample(frame))
    if position is not None:
        with contextlib.suppress(Exception):
            yield from put(resampler.resample(None))
    yield from encode(None)


def _sounds(source: Any, stream: Any) -> Iterator[Any]:
    for packet in _demux(source, stream):
        try:
            frames = packet.decode()
        except Exception:
            continue  # a scratch in the sound
        yield from frames


def _silence(name: str, layout: str, rate: int, samples: int) -> Iterator[Any]:
    channels = next(n for n, name in _LAYOUTS.items() if name == layout)
    planar = name.endswith("p")
    kind = {"s16": np.int16, "s32": np.int32, "flt": np.float32}[name.rstrip("p")]
    while samples > 0:
        count = min(samples, int(_CALM * rate))
        shape = (channels, count) if planar else (1, channels * count)
        part = av.AudioFrame.from_ndarray(np.zeros(shape, kind), format=name, layout=layout)
        part.sample_rate = rate
        samples -= count
        yield part


def _rewritten(source: Any, stream: Any, out: Any, start: Fraction) -> Timed:
    """Subtitles of text in the form that the container takes; their look is lost, their
    words are not."""
    encoder = out.codec_context
    milli = Fraction(1, 1000)
    number = 0
    for packet in _demux(source, stream):
        if packet.pts is None or not packet.size:
            continue
        length = packet.duration
        try:
            found = stream.codec_context.decode2(packet)
        except Exception:
            continue
        if found is None:
            continue
        begin = max(0, int((packet.pts * stream.time_base - start) / milli))
        lasts = int((length or 0) * stream.time_base / milli) or found.end_display_time
        for line in found.rects:
            text = getattr(line, "dialogue", b"")
            if not text:
                continue
            event = b"%d,0,Default,,0,0,0,,%s" % (number, text.replace(b"\n", b"\\N"))
            number += 1
            made = encoder.encode_subtitle(SubtitleSet.create(event, 0, lasts, begin * 1000))
            made.stream = out
            made.time_base = milli
            made.pts = made.dts = begin
            made.duration = lasts
            yield begin / 1000, made


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
