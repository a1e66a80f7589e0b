"""Small videos made on the spot."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from deepcam.frames import Image

WHITE, BLACK = 235, 16


def picture(k: int, size: tuple[int, int]) -> Image:
    """Picture ``k``: its number in seven fat black and white bars, the rest coloured."""
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    image[:] = (200, 120, 40)
    for bit in range(7):
        a, b = bit * width // 7, (bit + 1) * width // 7
        image[: height // 2, a:b] = WHITE if k >> bit & 1 else BLACK
    return image


def number_of(image: Image) -> int:
    """The number in the bars."""
    height, width = image.shape[:2]
    k = 0
    for bit in range(7):
        x = (2 * bit + 1) * width // 14
        if image[height // 4, x].mean() > 128:
            k |= 1 << bit
    return k


def make_clip(
    path: Path,
    *,
    size: tuple[int, int] = (112, 64),
    times: list[float] | None = None,
    frames: int = 25,
    fps: int = 25,
    sound: str | None = "aac",
    codec: str = "libx264",
    metadata: dict[str, str] | None = None,
    rotation: int = 0,
) -> Path:
    """A clip of numbered pictures, with a 440 Hz tone as long as they are."""
    base = Fraction(1, 1000) if times is not None else Fraction(1, fps)
    moments = times if times is not None else [k / fps for k in range(frames)]
    options = {"movflags": "use_metadata_tags"} if path.suffix == ".mp4" and metadata else {}
    with av.open(str(path), "w", options=options) as out:
        out.metadata.update(metadata or {})
        video = out.add_stream(codec, rate=fps)
        video.width, video.height = size
        video.pix_fmt = "yuv420p" if size[0] % 2 == size[1] % 2 == 0 else "yuv444p"
        video.codec_context.time_base = base
        if rotation:
            video.set_display_rotation(rotation)
        tone = out.add_stream(sound, rate=44100, layout="mono") if sound else None
        for k, when in enumerate(moments):
            frame = av.VideoFrame.from_ndarray(picture(k % 128, size), format="bgr24")
            frame.pts, frame.time_base = round(when / base), base
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if tone is not None:
            length = moments[-1] + 1 / fps
            wave = np.sin(np.arange(int(44100 * length)) * 440 * 2 * np.pi / 44100)
            step = tone.codec_context.frame_size or 1024
            resampler = av.AudioResampler(tone.format.name, "mono", 44100)
            for start in range(0, len(wave), step):
                part = (wave[start : start + step] * 8000).astype(np.int16)[None]
                sample = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
                sample.sample_rate, sample.pts = 44100, start
                sample.time_base = Fraction(1, 44100)
                for converted in resampler.resample(sample):
                    out.mux(tone.encode(converted))
            out.mux(tone.encode(None))
    return path


def tone_of(path: Path) -> tuple[float, float]:
    """(frequency of the loudest tone, seconds of sound)."""
    samples: list[np.ndarray] = []
    with av.open(str(path)) as source:
        rate = source.streams.audio[0].rate
        resampler = av.AudioResampler("flt", "mono", rate)
        for frame in source.decode(audio=0):
            samples += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    wave = np.concatenate(samples)
    spectrum = np.abs(np.fft.rfft(wave))
    return float(np.fft.rfftfreq(len(wave), 1 / rate)[spectrum.argmax()]), len(wave) / rate
