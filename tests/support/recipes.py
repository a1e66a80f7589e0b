"""Small picture and video files of every kind, made on the spot."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.subtitles.subtitle import SubtitleSet
from colour_science import SECRET
from PIL import Image as Pil

from deepcam.sinks.tracks import _ASS_HEADER
from deepcam.sources import colours as c
from deepcam.sources.pictures import register_heif

SIZE = (96, 64)
TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT = (
    (60, 70, 170),
    (70, 150, 80),
    (160, 100, 60),
    (125,) * 3,
)
"""BGR."""


def chart(size: tuple[int, int] = SIZE, shade: int = 0) -> np.ndarray:
    """Four quiet colours (BGR), one in each corner, so that every orientation looks different."""
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = TOP_LEFT
    image[: height // 2, width // 2 :] = TOP_RIGHT
    image[height // 2 :, : width // 2] = BOTTOM_LEFT
    image[height // 2 :, width // 2 :] = BOTTOM_RIGHT
    return (image + np.uint8(shade)).astype(np.uint8)


def corners(image: np.ndarray) -> np.ndarray:
    """(4, 3) the colours inside the quarters: left and right above, left and right below."""
    height, width = image.shape[:2]
    places = [
        (height // 4, width // 6),
        (height // 4, -width // 6),
        (-height // 4, width // 6),
        (-height // 4, -width // 6),
    ]
    return np.array([image[y, x, :3] for y, x in places])


def exif(orientation: int) -> bytes:
    """An EXIF block with an orientation and a secret description."""
    text = SECRET.encode() + b"\0"
    entries = struct.pack("<HHII", 0x010E, 2, len(text), 38)
    entries += struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0" + b"II*\0" + struct.pack("<IH", 8, 2) + entries + struct.pack("<I", 0) + text


def stored_as(upright: np.ndarray, orientation: int) -> np.ndarray:
    """The picture that ``orientation`` (EXIF) turns into ``upright``."""
    image = upright
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (5, 6, 7, 8):
        image = np.swapaxes(image, 0, 1)
    return np.ascontiguousarray(image)


def save(path: Path, picture: Any, kind: str | None = None, **options: Any) -> None:
    """By Pillow."""
    register_heif()
    made = io.BytesIO()
    picture.save(made, kind or Pil.registered_extensions()[path.suffix], **options)
    path.write_bytes(made.getvalue())


def rgb(image: np.ndarray) -> Any:
    """A Pillow picture of BGR pixels."""
    return Pil.fromarray(np.ascontiguousarray(image[:, :, ::-1]))


@dataclass
class Film:
    """A video to be made; see ``film``."""

    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = SIZE
    fps: Fraction | int = 25
    times: Sequence[float] | None = None
    frames: int = 10
    options: dict[str, str] = field(default_factory=dict)
    colours: tuple[int, int, int, int] | None = None
    """matrix, primaries, transfer, range (ffmpeg's numbers)."""
    hdr: str = ""
    aspect: Fraction | None = None
    interlaced: str = ""
    """tff or bff."""
    sounds: tuple[str, ...] = ()
    sound: tuple[float, float] = (0.0, 0.4)
    """Beginning and end in seconds."""
    hole: tuple[float, float] | None = None
    channels: str = "mono"
    subtitles: str = ""
    chapters: bool = False
    videos: int = 1
    cover: bool = False
    shade: Callable[[int], int] = lambda k: 0
    container: str | None = None


def film(path: Path, f: Film) -> None:
    """A film of the colour chart, a secret in its metadata, clicks as sound at its beginning."""
    with av.open(str(path), "w", format=f.container) as out:
        out.metadata.update({"title": SECRET, "comment": SECRET, "location": SECRET})
        videos = [_video(out, f) for _ in range(f.videos)]
        sounds = [out.add_stream(name, rate=48000, layout=f.channels) for name in f.sounds]
        for k, sound in enumerate(sounds):
            sound.metadata.update({"language": ("eng", "deu")[k % 2], "title": SECRET})
        text = _subtitles(out, f.subtitles) if f.subtitles else None
        if f.cover:
            cover = out.add_stream("mjpeg", rate=1)
            cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
            cover.disposition = av.stream.Disposition.attached_pic
        if f.chapters:
            out.set_chapters(
                [
                    {
                        "id": 1,
                        "start": 0,
                        "end": 200,
                        "time_base": Fraction(1, 1000),
                        "metadata": {"title": "Begin"},
                    },
                    {
                        "id": 2,
                        "start": 200,
                        "end": 400,
                        "time_base": Fraction(1, 1000),
                        "metadata": {"title": "Go on"},
                    },
                ]
            )
        out.start_encoding()
        base = videos[0].codec_context.time_base
        moments = f.times or [k / f.fps for k in range(f.frames)]
        if f.cover:
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), "bgr24")
            out.mux(cover.encode(frame.reformat(format="yuvj420p")))
            out.mux(cover.encode(None))
        for k, when in enumerate(moments):
            for video in videos:
                frame = _frame(f, k)
                frame.pts, frame.time_base = round(when / base), base
                out.mux(video.encode(frame))
        for video in videos:
            out.mux(video.encode(None))
        for sound in sounds:
            _tone(out, sound, f)
        if text is not None:
            for number, (when, words) in enumerate(((0.1, b"Hello"), (0.25, b"World, again"))):
                event = b"%d,0,Default,,0,0,0,,%s" % (number, words)
                made = text.codec_context.encode_subtitle(
                    SubtitleSet.create(event, 0, 100, round(when * 1e6))
                )
                made.stream, made.time_base = text, Fraction(1, 1000)
                made.pts = made.dts = round(when * 1000)
                made.duration = 100
                out.mux_one(made)


def _video(out: Any, f: Film) -> Any:
    options = dict(f.options)
    if f.codec in ("libx264", "libx265", "libvpx-vp9"):
        options.setdefault("crf", "6")
    if f.codec == "libx265":
        options["x265-params"] = "log-level=none"
    if f.interlaced and f.codec == "libx264":
        options["x264-params"] = f"{f.interlaced}=1"
    if f.interlaced and f.codec == "mpeg2video":
        options["flags"] = "+ildct+ilme"
    video = out.add_stream(f.codec, rate=Fraction(f.fps), options=options)
    video.width, video.height, video.pix_fmt = *f.size, f.pix_fmt
    if f.codec in ("mpeg2video", "mpeg4", "flv", "wmv2", "h263", "mjpeg", "msmpeg4v3"):
        video.bit_rate = 6_000_000
    if f.times is not None:
        video.codec_context.time_base = Fraction(1, 1000)
    if f.aspect is not None:
        video.codec_context.sample_aspect_ratio = f.aspect
        video.sample_aspect_ratio = f.aspect
    if f.colours is not None:
        context = video.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = (
            f.colours
        )
    return video


def _frame(f: Film, k: int) -> Any:
    image = chart(f.size, f.shade(k))
    space, _, _, extent = f.colours or (5 if f.size[1] < 720 else 1, 2, 2, 1)
    if f.hdr or space == 9:
        deep = _light_signal(image, f.hdr)
        frame = av.VideoFrame.from_ndarray(deep, format="rgb48le")
    else:
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
    if f.pix_fmt not in ("bgr24", "bgr0", "gbrp"):
        frame = frame.reformat(
            format=f.pix_fmt, dst_colorspace=space, dst_color_range=extent, interpolation=c.EXACT
        )
        frame.colorspace, frame.color_range = space, extent
    elif f.pix_fmt != "bgr24":
        frame = frame.reformat(format=f.pix_fmt)
    return frame


def _light_signal(image: np.ndarray, kind: str) -> np.ndarray:
    """A chart as HDR (PQ or HLG, white at 203 nits) or as BT.2020 with 16 bits, RGB."""
    light = (image[:, :, ::-1] / 255.0) ** 2.4
    wide = (light @ np.linalg.inv(c._TO_709.astype(float)).T).clip(0, None)
    if kind == "pq":
        signal = c._nits_to_pq(wide * c.WHITE)
    elif kind == "hlg":
        shown = wide * c.WHITE / 1000
        y = shown @ np.array([0.2627, 0.678, 0.0593])
        scene = shown * np.maximum(y, 1e-9)[..., None] ** (-0.2 / 1.2)
        low = np.sqrt(3 * scene)
        signal = np.where(
            scene <= 1 / 12,
            low,
            0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073,
        )
    else:
        signal = wide ** (1 / 2.4)
    return np.rint(signal.clip(0, 1) * 65535).astype(np.uint16)


def _tone(out: Any, sound: Any, f: Film) -> None:
    """Noise from ``f.sound[0]`` to ``f.sound[1]``; its first and last 20 ms tell when it is."""
    begin, end = f.sound
    rate = 48000
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[f.channels]
    step = sound.codec_context.frame_size or 1024
    resampler = av.AudioResampler(sound.format.name, f.channels, rate)
    rng = np.random.default_rng(1)
    for at in range(round(begin * rate), round(end * rate), step):
        if f.hole and f.hole[0] <= at / rate < f.hole[1]:
            continue
        part = rng.integers(-8000, 8000, (1, step * channels), np.int16)
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout=f.channels)
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        for ready in resampler.resample(frame):
            ready.pts, ready.time_base = at, Fraction(1, rate)
            for packet in sound.encode(ready):
                out.mux(packet)
    for packet in sound.encode(None):
        out.mux(packet)


def _subtitles(out: Any, codec: str) -> Any:
    stream = out.add_stream(codec)
    stream.codec_context.subtitle_header = _ASS_HEADER
    stream.codec_context.time_base = Fraction(1, 1000)
    stream.metadata["language"] = "nor"
    return stream


MATRICES = {
    1: (1, 0, 0, 1),
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}
"""a, b, c, d of QuickTime's display matrix, by EXIF's number for the same orientation."""


def turn_track(path: Path, orientation: int) -> None:
    """Write a display matrix into an MP4's (first) track header."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, d, e = (v << 16 for v in MATRICES[orientation])
    data[at : at + 36] = struct.pack(">9i", a, b, 0, d, e, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
