"""Videos of every kind for the table of files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from recipes import SIZE, Film, chart, film, stored_as, turn_track
from table_case import Case, Make, cut
from table_pictures import picture

from deepcam.sources import colours


def of(**options: Any) -> Make:
    return lambda path: film(path, Film(**options))


def turned_film(orientation: int) -> Make:
    def make(path: Path) -> None:
        stored = chart() if orientation < 5 else chart(SIZE)
        image = stored_as(stored, orientation)
        with av.open(str(path), "w") as out:
            video = out.add_stream("libx264", rate=25, options={"crf": "6"})
            video.height, video.width = image.shape[:2]
            video.pix_fmt = "yuv420p"
            for k in range(5):
                frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(
                    format="yuv420p", dst_colorspace=5, interpolation=colours.EXACT
                )
                frame.pts, frame.time_base = k, Fraction(1, 25)
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
        turn_track(path, orientation)

    return make


SOUND = {"sounds": ("aac",)}
HD = {"size": (320, 736), "frames": 3}
TEN = {"frames": 10, "duration": 0.4}
VIDEOS = [
    *[Case(f"turn{k}.mp4", turned_film(k), frames=5) for k in range(1, 9)],
    Case("a.mp4", of(**SOUND), **TEN, sounds=1),
    Case("a.m4v", of(container="mp4", **SOUND), **TEN, sounds=1),
    Case("a.mov", of(**SOUND), **TEN, sounds=1),
    Case("a.mkv", of(sounds=("libopus",)), **TEN, sounds=1),
    Case("a.webm", of(codec="libvpx-vp9", sounds=("libopus",)), **TEN, sounds=1, tolerance=1.5),
    Case(
        "a.avi", of(codec="mpeg4", sounds=("libmp3lame",)), "a.mp4", **TEN, sounds=1, tolerance=1.5
    ),
    Case(
        "a.mpg",
        of(codec="mpeg2video", sounds=("mp2",), size=(112, 64)),
        "a.mp4",
        **TEN,
        sounds=1,
        size=(112, 64),
        tolerance=1.5,
    ),
    Case("a.ts", of(container="mpegts", sounds=("mp2",)), "a.mp4", **TEN, sounds=1),
    Case("a.flv", of(codec="flv", sounds=("aac",)), "a.mp4", **TEN, sounds=1, tolerance=1.5),
    Case("a.wmv", of(codec="wmv2", container="asf"), "a.mp4", frames=10, tolerance=1.5),
    Case(
        "a.3gp",
        of(codec="h263", size=(176, 144), options={"qscale": "2"}, fps=Fraction(30000, 1001)),
        "a.mp4",
        frames=10,
        size=(176, 144),
        tolerance=1.5,
        aspect=Fraction(12, 11),
    ),
    Case("hevc.mp4", of(codec="libx265"), **TEN),
    Case(
        "av1.mp4",
        of(codec="libsvtav1", options={"crf": "10", "preset": "10", "svtav1-params": "lp=1"}),
        **TEN,
        tolerance=1.5,
    ),
    Case("prores.mov", of(codec="prores_ks", pix_fmt="yuv422p10le"), **TEN),
    Case("ffv1.mkv", of(codec="ffv1", pix_fmt="yuv444p"), **TEN),
    Case("rgb.mkv", of(codec="ffv1", pix_fmt="bgr0"), frames=10),
    Case(
        "mjpeg.avi",
        of(
            codec="mjpeg",
            pix_fmt="yuvj420p",
            options={"qmin": "2", "qmax": "2"},
            colours=(5, 2, 2, 2),
        ),
        "a.mp4",
        **TEN,
        full=True,
        tolerance=1.5,
    ),
    Case("full.mp4", of(colours=(1, 1, 1, 2)), **TEN, full=True),
    Case("sd-matrix.mp4", of(colours=(1, 1, 1, 1)), **TEN),
    Case("hd-601.mp4", of(size=(320, 736), frames=3, colours=(6, 6, 6, 1)), **HD),
    Case("hd.mp4", of(size=(320, 736), frames=3), **HD),
    Case("p3.mov", of(colours=(1, 12, 1, 1)), **TEN),
    Case("422.mkv", of(codec="ffv1", pix_fmt="yuv422p"), **TEN),
    Case("10bit.mp4", of(codec="libx265", pix_fmt="yuv420p10le"), **TEN),
    Case(
        "2020.mp4",
        of(codec="libx265", pix_fmt="yuv420p10le", colours=(9, 9, 14, 1)),
        **TEN,
        tolerance=2,
    ),
    Case(
        "pq.mp4",
        of(codec="libx265", pix_fmt="yuv420p10le", colours=(9, 9, 16, 1), hdr="pq"),
        **TEN,
        tolerance=2,
        said="is HDR",
    ),
    Case(
        "hlg.mp4",
        of(codec="libx265", pix_fmt="yuv420p10le", colours=(9, 9, 18, 1), hdr="hlg"),
        **TEN,
        tolerance=2,
        said="is HDR",
    ),
    Case(
        "pq.mkv",
        of(codec="libx265", pix_fmt="yuv420p10le", colours=(9, 9, 16, 1), hdr="pq"),
        "pq.webm",
        **TEN,
        tolerance=2.5,
        said="is HDR",
    ),
    Case("odd.mp4", of(codec="libx264", pix_fmt="yuv444p", size=(97, 65)), **TEN, size=(97, 65)),
    Case("tff.mpg", of(codec="mpeg2video", interlaced="tff"), "a.mp4", **TEN, tolerance=1.5),
    Case("bff.mkv", of(interlaced="bff"), **TEN),
    Case("anamorphic.mp4", of(aspect=Fraction(16, 11)), **TEN, aspect=Fraction(16, 11)),
    Case("anamorphic.mkv", of(aspect=Fraction(4, 3)), **TEN, aspect=Fraction(4, 3)),
    Case(
        "anamorphic.mov",
        of(aspect=Fraction(4, 3)),
        "anamorphic.webm",
        **TEN,
        size=(128, 64),
        tolerance=1.5,
    ),
    Case(
        "vfr.mkv",
        of(times=[0, 0.04, 0.1, 0.111, 0.5, 0.54, 1.2]),
        "vfr.mp4",
        frames=7,
        times=(0, 0.04, 0.1, 0.111, 0.5, 0.54, 1.2),
    ),
    Case("slow.mp4", of(fps=1, frames=4), frames=4, duration=4.0),
    Case("fast.mp4", of(fps=240, frames=24), frames=24, duration=0.1),
    Case("ntsc.mp4", of(fps=Fraction(30000, 1001), frames=12), frames=12),
    Case("sound-longer.mp4", of(sound=(0, 2.0), **SOUND), frames=10, sounds=1),
    Case("sound-later.mkv", of(sound=(0.3, 2.0), sounds=("flac",)), frames=10, sounds=1),
    Case("sound-later.mp4", of(sound=(0.25, 0.8), **SOUND), frames=10, sounds=1),
    Case(
        "sound-longer.ts",
        of(container="mpegts", sound=(0, 3.0), sounds=("mp2",)),
        "a.mp4",
        frames=10,
        sounds=1,
    ),
    Case(
        "hole.ts",
        of(container="mpegts", sounds=("mp2",), sound=(0, 2.5), hole=(0.5, 1.5), frames=60),
        "a.mp4",
        frames=60,
        sounds=1,
    ),
    Case(
        "hole.mkv",
        of(sounds=("pcm_s16le",), sound=(0, 2.5), hole=(0.5, 1.5), frames=60),
        "a.webm",
        frames=60,
        sounds=1,
        tolerance=1.5,
    ),
    Case("pcm.mov", of(sounds=("pcm_s16le",), channels="stereo"), **TEN, sounds=1),
    Case(
        "surround.mkv",
        of(sounds=("flac",), channels="5.1"),
        "surround.mp4",
        frames=10,
        sounds=1,
        channels=6,
    ),
    Case("silent.mp4", of(**SOUND), **TEN, arguments=("--no-audio",)),
    Case("two.mkv", of(sounds=("aac", "aac")), **TEN, sounds=2, languages=("eng", "deu")),
    Case(
        "two.mp4",
        of(sounds=("aac", "aac")),
        "two.webm",
        **TEN,
        sounds=2,
        languages=("eng", "deu"),
        tolerance=1.5,
    ),
    *[
        Case(
            f"{kind}.mkv",
            of(subtitles=kind),
            f"{kind}.{end}",
            **TEN,
            subtitles=("Hello", "World, again"),
            tolerance=1.5,
        )
        for kind in ("subrip", "ass", "webvtt")
        for end in ("mkv", "mp4", "webm")
    ],
    Case("text.mp4", of(subtitles="mov_text"), **TEN, subtitles=("Hello", "World, again")),
    Case(
        "text.mp4", of(subtitles="mov_text"), "text.mkv", **TEN, subtitles=("Hello", "World, again")
    ),
    *[
        Case(
            "chapters.mkv",
            of(chapters=True),
            f"chapters.{end}",
            **TEN,
            chapters=("Begin", "Go on"),
            tolerance=1.5,
        )
        for end in ("mkv", "mp4", "mov", "webm")
    ],
    Case("pair.mkv", of(videos=2), **TEN, videos=2),
    Case("pair.mp4", of(videos=2, **SOUND), **TEN, videos=2, sounds=1),
    Case("cover.mp4", of(cover=True), **TEN, said="the cover picture"),
    Case(
        "cut.mkv", cut(of(frames=100, **SOUND), 0.5), code=1, said="breaks off", frames=-1, sounds=1
    ),
    Case("Meeting-12:30.mp4", of(), **TEN),
    Case("会" * 80 + ".mp4", of(), **TEN),
    Case("会" * 80 + ".png", picture()),
    Case("line\nbreak\x1b[31m.mp4", of(), **TEN),
    Case("-o.mp4", of(), **TEN),
    Case("a b 'c' \"d\" $e %f.mp4", of(), **TEN),
]
