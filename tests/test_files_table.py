"""Files in, files out, nothing lost: one small file of every kind through ``deepcam anonymize``.

A quick anonymizer that paints a box in the middle stands for the real one; what is asked here is
what becomes of everything else.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image as Pil
from recipes import (
    SECRET,
    SIZE,
    Film,
    chart,
    corners,
    delta_e,
    exif,
    film,
    icc,
    in_profile,
    rgb,
    save,
    stored_as,
    turn_track,
)

from deepcam import work
from deepcam.frames import Frame, Reason, SafeFrame
from deepcam.sources import colours

pytestmark = pytest.mark.usefixtures("plain_stderr")


class BoxPainter:
    """An ``Anonymizer`` that hides the middle."""

    problem = None
    generator = None

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def warm_up(self, first: Frame) -> None:
        assert first.number == 0

    def process(self, frame: Frame) -> SafeFrame:
        image = frame.image.copy()
        mask = np.zeros(image.shape[:2], np.uint8)
        height, width = mask.shape
        box = (slice(3 * height // 8, 5 * height // 8), slice(3 * width // 8, 5 * width // 8))
        image[box], mask[box] = (30, 60, 90), 255
        return SafeFrame(image, Reason.GENERATED, "", frame.time, frame.number, 1, 0, mask=mask)

    def close(self) -> None:
        pass


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


def picture(change: Callable[[Any], Any] = lambda p: p, kind: str | None = None, **options: Any):
    def make(path: Path) -> None:
        save(path, change(rgb(chart())), kind, **options)

    return make


def turned(orientation: int, **options: Any):
    def make(path: Path) -> None:
        save(path, rgb(stored_as(chart(), orientation)), exif=exif(orientation), **options)

    return make


def profiled(name: str, **options: Any):
    def make(path: Path) -> None:
        save(path, Pil.fromarray(in_profile(chart(), name)), icc_profile=icc(name), **options)

    return make


def moving(n: int = 4, with_alpha: bool = False, kind: str | None = None, **options: Any):
    def make(path: Path) -> None:
        frames = [rgb(chart(shade=2 * k)) for k in range(n)]
        if with_alpha:
            for k, one in enumerate(frames):
                clear = Pil.new("L", SIZE, 255)
                clear.paste(0, (SIZE[0] // 2, SIZE[1] // 2, *SIZE))
                one.putalpha(clear)
                frames[k] = one
        save(path, frames[0], kind, save_all=True, append_images=frames[1:], **options)

    return make


def of(**options: Any):
    return lambda path: film(path, Film(**options))


def turned_film(orientation: int):
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


def cut(make: Callable[[Path], None], share: float):
    def made(path: Path) -> None:
        make(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return made


def deep(path: Path) -> None:
    """16 bits a channel."""
    import cv2

    cv2.imwrite(str(path), chart().astype(np.uint16) * 257)


def grey(path: Path) -> None:
    save(path, rgb(chart()).convert("L"))


def adobe_cmyk(path: Path) -> None:
    inverted = Pil.merge("CMYK", (*[b.point(lambda v: 255 - v) for b in rgb(chart()).split()],
                                  Pil.new("L", SIZE, 0)))  # fmt: skip
    save(path, inverted, quality=95)


def late_poster(path: Path) -> None:
    frames = [rgb(chart(shade=2 * k)) for k in range(4)]
    save(path, frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=True,
         duration=[100, 200, 300], loop=2)  # fmt: skip


def pages(path: Path) -> None:
    save(
        path, rgb(chart()), save_all=True, append_images=[rgb(chart(shade=4)), rgb(chart((40, 80)))]
    )


MOVES = {"pages": (0.1, 0.2, 0.3, 3.0), "frames": 4}
MS = [100, 200, 300, 3000]
SOUND = {"sounds": ("aac",)}

PICTURES = [
    *[Case(f"turn{k}.jpg", turned(k, quality=95, subsampling=0)) for k in range(1, 9)],
    *[Case(f"turn{k}.png", turned(k)) for k in range(1, 9)],
    *[Case(f"turn{k}.webp", turned(k, lossless=True)) for k in range(1, 9)],
    *[Case(f"turn{k}.tif", turned(k)) for k in range(1, 9)],
    *[Case(f"turn{k}.avif", turned(k, quality=100, subsampling="4:4:4", speed=9), tolerance=1.5) for k in range(1, 9)],
    *[Case(f"turn{k}.heic", turned(k, quality=95), tolerance=1.5) for k in (1, 3, 6, 7)],
    *[Case(f"{p}.{e}", profiled(p)) for p in ("adobe", "prophoto", "p3") for e in ("png", "tif")],
    Case("adobe.jpg", profiled("adobe", quality=98, subsampling=0)),
    Case("p3.webp", profiled("p3", lossless=True)),
    Case("p3.avif", profiled("p3", quality=100, subsampling="4:4:4", speed=9), tolerance=1.5),
    Case("p3.heic", profiled("p3", quality=98, chroma=444), tolerance=1.5),
    Case("cmyk.jpg", adobe_cmyk, tolerance=1.5),
    Case("grey.png", grey, upright=False),
    Case("grey.jpg", grey, upright=False),
    Case("bits.png", lambda p: save(p, rgb(chart()).convert("1")), upright=False),
    Case("palette.png", picture(lambda p: p.quantize(16))),
    Case("deep.png", deep),
    Case("deep.tiff", deep),
    Case("a.bmp", picture()),
    Case("a.tga", picture()),
    Case("a.ppm", picture()),
    Case("a.pgm", grey, upright=False),
    Case("a.gif", picture()),
    Case("a.avif", picture(quality=100, subsampling="4:4:4", speed=9), tolerance=1.5),
    Case("lossless.webp", picture(lossless=True), tolerance=0.01),
    Case("lossy.webp", picture(quality=95)),
    Case("pages.tif", pages, frames=3),
    Case("a.heic", picture(quality=95), "a.jpg"),
    Case("noending", picture(kind="PNG"), "noending.png"),
    Case("jpeg-inside.png", picture(kind="JPEG", quality=95, subsampling=0)),
    Case("clear.png", lambda p: save(p, _clear(rgb(chart()))), alpha=(255, 255, 255, 90)),
    Case("clear.webp", lambda p: save(p, _clear(rgb(chart())), lossless=True, exact=True),
         alpha=(255, 255, 255, 90)),
    Case("clear.tif", lambda p: save(p, _clear(rgb(chart()))), alpha=(255, 255, 255, 90)),
    Case("clear.tga", lambda p: save(p, _clear(rgb(chart()))), alpha=(255, 255, 255, 90)),
    Case("clear.gif", lambda p: save(p, _clear(rgb(chart()), 0)), alpha=(255, 255, 255, 0)),
    Case("broken.jpg", cut(picture(lambda p: p.resize((960, 640)), quality=95), 0.7), code=1,
         said="damaged", upright=False, size=(960, 640)),
    Case("nothing.jpg", cut(picture(), 0.05), code=1, said="not a picture", frames=0),
    Case("moves.gif", moving(duration=MS, loop=3), **MOVES, loop=3),
    Case("once.gif", moving(duration=MS), **MOVES),
    Case("moves.png", moving(duration=MS, loop=0), **MOVES, loop=0),
    Case("moves.apng", moving(duration=MS, loop=0, kind="PNG"), **MOVES, loop=0),
    Case("poster.png", late_poster, frames=4, pages=(0.1, 0.2, 0.3), loop=2),
    Case("moves.webp", moving(duration=MS, loop=5, lossless=True), **MOVES, loop=5),
    Case("moves.avif", moving(duration=MS, quality=100, subsampling="4:4:4", speed=9), **MOVES, tolerance=1.5),
    Case("clear-moves.gif", moving(with_alpha=True, duration=MS, loop=0, disposal=2), **MOVES,
         loop=0, alpha=(255, 255, 255, 0)),
    Case("clear-moves.webp", moving(with_alpha=True, duration=MS, lossless=True), **MOVES,
         alpha=(255, 255, 255, 0)),
    Case("hold.gif", moving(duration=[500, 500, 2500], n=3), "hold.mp4", frames=3, duration=3.5,
         times=(0, 0.5, 1.0)),
    Case("moves.webp", moving(duration=MS, lossless=True), "moves.mkv", frames=4, duration=3.6),
    Case("still-wanted.gif", moving(duration=MS), "still.jpg", code=1, said="moves", frames=0),
]  # fmt: skip


def _clear(image: Any, value: int = 90) -> Any:
    alpha = Pil.new("L", SIZE, 255)
    alpha.paste(value, (SIZE[0] // 2, SIZE[1] // 2, *SIZE))
    image.putalpha(alpha)
    return image


HD = {"size": (320, 736), "frames": 3}
TEN = {"frames": 10, "duration": 0.4}
VIDEOS = [
    *[Case(f"turn{k}.mp4", turned_film(k), frames=5) for k in range(1, 9)],
    Case("a.mp4", of(**SOUND), **TEN, sounds=1),
    Case("a.m4v", of(container="mp4", **SOUND), **TEN, sounds=1),
    Case("a.mov", of(**SOUND), **TEN, sounds=1),
    Case("a.mkv", of(sounds=("libopus",)), **TEN, sounds=1),
    Case("a.webm", of(codec="libvpx-vp9", sounds=("libopus",)), **TEN, sounds=1, tolerance=1.5),
    Case("a.avi", of(codec="mpeg4", sounds=("libmp3lame",)), "a.mp4", **TEN, sounds=1, tolerance=1.5),
    Case("a.mpg", of(codec="mpeg2video", sounds=("mp2",), size=(112, 64)), "a.mp4", **TEN,
         sounds=1, size=(112, 64), tolerance=1.5),
    Case("a.ts", of(container="mpegts", sounds=("mp2",)), "a.mp4", **TEN, sounds=1),
    Case("a.flv", of(codec="flv", sounds=("aac",)), "a.mp4", **TEN, sounds=1, tolerance=1.5),
    Case("a.wmv", of(codec="wmv2", container="asf"), "a.mp4", frames=10, tolerance=1.5),
    Case("a.3gp", of(codec="h263", size=(176, 144), options={"qscale": "2"}, fps=Fraction(30000, 1001)),
         "a.mp4", frames=10, size=(176, 144), tolerance=1.5, aspect=Fraction(12, 11)),
    Case("hevc.mp4", of(codec="libx265"), **TEN),
    Case("av1.mp4", of(codec="libsvtav1", options={"crf": "10", "preset": "10", "svtav1-params": "lp=1"}),
         **TEN, tolerance=1.5),
    Case("prores.mov", of(codec="prores_ks", pix_fmt="yuv422p10le"), **TEN),
    Case("ffv1.mkv", of(codec="ffv1", pix_fmt="yuv444p"), **TEN),
    Case("rgb.mkv", of(codec="ffv1", pix_fmt="bgr0"), frames=10),
    Case("mjpeg.avi", of(codec="mjpeg", pix_fmt="yuvj420p", options={"qmin": "2", "qmax": "2"},
         colours=(5, 2, 2, 2)), "a.mp4", **TEN, full=True, tolerance=1.5),
    Case("full.mp4", of(colours=(1, 1, 1, 2)), **TEN, full=True),
    Case("sd-matrix.mp4", of(colours=(1, 1, 1, 1)), **TEN),
    Case("hd-601.mp4", of(size=(320, 736), frames=3, colours=(6, 6, 6, 1)), **HD),
    Case("hd.mp4", of(size=(320, 736), frames=3), **HD),
    Case("p3.mov", of(colours=(1, 12, 1, 1)), **TEN),
    Case("422.mkv", of(codec="ffv1", pix_fmt="yuv422p"), **TEN),
    Case("10bit.mp4", of(codec="libx265", pix_fmt="yuv420p10le"), **TEN),
    Case("2020.mp4", of(codec="libx265", pix_fmt="yuv420p10le", colours=(9, 9, 14, 1)), **TEN, tolerance=2),
    Case("pq.mp4", of(codec="libx265", pix_fmt="yuv420p10le", colours=(9, 9, 16, 1), hdr="pq"), **TEN,
         tolerance=2, said="is HDR"),
    Case("hlg.mp4", of(codec="libx265", pix_fmt="yuv420p10le", colours=(9, 9, 18, 1), hdr="hlg"), **TEN,
         tolerance=2, said="is HDR"),
    Case("pq.mkv", of(codec="libx265", pix_fmt="yuv420p10le", colours=(9, 9, 16, 1), hdr="pq"), "pq.webm",
         **TEN, tolerance=2.5, said="is HDR"),
    Case("odd.mp4", of(codec="libx264", pix_fmt="yuv444p", size=(97, 65)), **TEN, size=(97, 65)),
    Case("tff.mpg", of(codec="mpeg2video", interlaced="tff"), "a.mp4", **TEN, tolerance=1.5),
    Case("bff.mkv", of(interlaced="bff"), **TEN),
    Case("anamorphic.mp4", of(aspect=Fraction(16, 11)), **TEN, aspect=Fraction(16, 11)),
    Case("anamorphic.mkv", of(aspect=Fraction(4, 3)), **TEN, aspect=Fraction(4, 3)),
    Case("anamorphic.mov", of(aspect=Fraction(4, 3)), "anamorphic.webm", **TEN, size=(128, 64),
         tolerance=1.5),
    Case("vfr.mkv", of(times=[0, 0.04, 0.1, 0.111, 0.5, 0.54, 1.2]), "vfr.mp4", frames=7,
         times=(0, 0.04, 0.1, 0.111, 0.5, 0.54, 1.2)),
    Case("slow.mp4", of(fps=1, frames=4), frames=4, duration=4.0),
    Case("fast.mp4", of(fps=240, frames=24), frames=24, duration=0.1),
    Case("ntsc.mp4", of(fps=Fraction(30000, 1001), frames=12), frames=12),
    Case("sound-longer.mp4", of(sound=(0, 2.0), **SOUND), frames=10, sounds=1),
    Case("sound-later.mkv", of(sound=(0.3, 2.0), sounds=("flac",)), frames=10, sounds=1),
    Case("sound-later.mp4", of(sound=(0.25, 0.8), **SOUND), frames=10, sounds=1),
    Case("sound-longer.ts", of(container="mpegts", sound=(0, 3.0), sounds=("mp2",)), "a.mp4", frames=10,
         sounds=1),
    Case("hole.ts", of(container="mpegts", sounds=("mp2",), sound=(0, 2.5), hole=(0.5, 1.5), frames=60),
         "a.mp4", frames=60, sounds=1),
    Case("hole.mkv", of(sounds=("pcm_s16le",), sound=(0, 2.5), hole=(0.5, 1.5), frames=60),
         "a.webm", frames=60, sounds=1, tolerance=1.5),
    Case("pcm.mov", of(sounds=("pcm_s16le",), channels="stereo"), **TEN, sounds=1),
    Case("surround.mkv", of(sounds=("flac",), channels="5.1"), "surround.mp4", frames=10, sounds=1, channels=6),
    Case("silent.mp4", of(**SOUND), **TEN, arguments=("--no-audio",)),
    Case("two.mkv", of(sounds=("aac", "aac")), **TEN, sounds=2, languages=("eng", "deu")),
    Case("two.mp4", of(sounds=("aac", "aac")), "two.webm", **TEN, sounds=2, languages=("eng", "deu"),
         tolerance=1.5),
    *[Case(f"{kind}.mkv", of(subtitles=kind), f"{kind}.{end}", **TEN, subtitles=("Hello", "World, again"),
           tolerance=1.5)
      for kind in ("subrip", "ass", "webvtt") for end in ("mkv", "mp4", "webm")],
    Case("text.mp4", of(subtitles="mov_text"), **TEN, subtitles=("Hello", "World, again")),
    Case("text.mp4", of(subtitles="mov_text"), "text.mkv", **TEN, subtitles=("Hello", "World, again")),
    *[Case("chapters.mkv", of(chapters=True), f"chapters.{end}", **TEN, chapters=("Begin", "Go on"),
           tolerance=1.5) for end in ("mkv", "mp4", "mov", "webm")],
    Case("pair.mkv", of(videos=2), **TEN, videos=2),
    Case("pair.mp4", of(videos=2, **SOUND), **TEN, videos=2, sounds=1),
    Case("cover.mp4", of(cover=True), **TEN, said="the cover picture"),
    Case("cut.mkv", cut(of(frames=100, **SOUND), 0.5), code=1, said="breaks off", frames=-1, sounds=1),
    Case("Meeting-12:30.mp4", of(), **TEN),
    Case("会" * 80 + ".mp4", of(), **TEN),
    Case("会" * 80 + ".png", picture()),
    Case("line\nbreak\x1b[31m.mp4", of(), **TEN),
    Case("-o.mp4", of(), **TEN),
    Case("a b 'c' \"d\" $e %f.mp4", of(), **TEN),
]  # fmt: skip
CASES = PICTURES + VIDEOS


def _id(case: Case) -> str:
    name = case.name if len(case.name) < 40 else "long" + Path(case.name).suffix
    to = f"-to{Path(case.target).suffix}" if case.target else ""
    return re.sub(r"[^\w.-]", "_", name + to)


def test_the_table_is_long() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_in_and_out(case: Case, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "Anonymizer", BoxPainter)
    source = tmp_path / "in" / case.name
    target = tmp_path / "out" / (case.target or case.name)
    source.parent.mkdir()
    target.parent.mkdir()
    try:
        case.make(source)
    except (av.error.EncoderNotFoundError, av.codec.codec.UnknownCodecError) as missing:
        pytest.skip(f"no encoder here: {missing}")
    before = source.read_bytes()
    code, out, err = run("anonymize", source, "-o", target, "--jobs", "1", *case.arguments)
    assert code == case.code, (out, err)
    assert case.said in " ".join((out + err).split())
    assert err.count("\n") == case.code  # one sentence
    assert "\x1b" not in out + err
    assert source.read_bytes() == before
    assert [p.name for p in target.parent.iterdir()] == [target.name] * bool(case.frames)
    if not case.frames:
        return
    data = target.read_bytes()
    assert SECRET.encode() not in data
    if case.ending in (".mp4", ".m4v", ".mov", ".mkv", ".webm"):
        _check_film(case, source, target)
    else:
        _check_picture(case, source, target)


def _check_picture(case: Case, source: Path, target: Path) -> None:
    with Pil.open(target) as made:
        assert made.format == {"jpg": "JPEG", "apng": "PNG", "tif": "TIFF", "heic": "HEIF",
                               "pgm": "PPM"}.get(case.ending[1:], case.ending[1:].upper())  # fmt: skip
        assert made.size == case.size
        assert not made.info.get("exif")
        assert not made.info.get("icc_profile")
        assert getattr(made, "n_frames", 1) == case.frames
        if case.loop is not None:
            assert made.info["loop"] == case.loop
        durations = []
        for k in range(case.frames):
            made.seek(k)
            shown = np.asarray(made.convert("RGBA"))
            durations.append((made.info.get("duration") or 0) / 1000)
            if case.upright and shown.shape[:2] == (SIZE[1], SIZE[0]):
                bgr = shown[:, :, 2::-1]
                opaque = corners(shown[:, :, 3:].repeat(4, 2))[:, 0] > 0
                step = 2 if case.pages else 4
                wanted = corners(chart(shade=step * k))
                assert delta_e(corners(bgr), wanted)[opaque].max() < case.tolerance
                middle = bgr[SIZE[1] // 2, SIZE[0] // 2].astype(int)
                assert np.abs(middle - (30, 60, 90)).max() < 12
            if case.alpha is not None:
                assert tuple(corners(shown[:, :, 3:].repeat(3, 2))[:, 0]) == case.alpha
                assert shown[SIZE[1] // 2, SIZE[0] // 2, 3] == 255
        if case.pages is not None:
            assert durations[-len(case.pages) :] == pytest.approx(case.pages, abs=0.006)
    if "grey" in case.name:
        with Pil.open(source) as raw, Pil.open(target) as made:
            assert made.mode == raw.mode == "L"
            assert np.abs(np.asarray(made, int) - np.asarray(raw, int))[: SIZE[1] // 4].max() <= 2


def _check_film(case: Case, source: Path, target: Path) -> None:
    with av.open(str(target)) as made:
        assert not {"title", "comment", "location", "creation_time"} & set(made.metadata)
        assert len(made.streams.video) == case.videos
        assert len(made.streams.audio) == case.sounds
        if case.channels:
            assert made.streams.audio[0].codec_context.channels == case.channels
        if case.languages:
            assert tuple(s.metadata["language"] for s in made.streams.audio) == case.languages
        assert tuple(c["metadata"]["title"] for c in made.chapters()) == case.chapters
        if case.duration is not None:
            assert made.duration / av.time_base == pytest.approx(case.duration, abs=0.05)
    for track in range(case.videos):
        frames, times = _decoded(target, track)
        if case.frames >= 0:
            assert len(frames) == case.frames
        assert frames[0].interlaced_frame is False
        shape = _display_aspect(target, track)
        assert shape == pytest.approx(float(case.aspect), rel=0.01)
        assert (frames[0].color_range == 2) == case.full
        for k, frame in enumerate(frames):
            image = _bgr(frame)
            step = 2 if Path(case.name).suffix in (".gif", ".webp") else 0
            assert image.shape[:2] == case.size[::-1]
            assert (
                delta_e(corners(image), corners(chart(case.size, step * k))).max() < case.tolerance
            )
            middle = image[case.size[1] // 2, case.size[0] // 2].astype(int)
            assert np.abs(middle - (30, 60, 90)).max() < 12
        if case.times is not None:
            assert times == pytest.approx(case.times, abs=0.001)
    for track in range(case.sounds):
        spans, wanted = _spans(target, track), _spans(source, track)
        if case.code == 0:
            assert len(spans) == len(wanted)
            for span, want in zip(spans, wanted, strict=True):
                assert span == pytest.approx(want, abs=0.02)
    if case.subtitles:
        assert _lines(target) == [(pytest.approx(when, abs=0.01), words)
                                  for when, words in zip((0.1, 0.25), case.subtitles, strict=True)]  # fmt: skip


def _decoded(path: Path, track: int) -> tuple[list[Any], list[float]]:
    with av.open(str(path)) as made:
        frames = list(made.decode(video=track))
        return frames, [float(f.time) for f in frames]


def _bgr(frame: Any) -> np.ndarray:
    space = frame.colorspace
    assert space in (1, 5, 6)  # said, not left to be guessed
    return frame.to_ndarray(format="bgr24", src_colorspace=space, interpolation=colours.EXACT)


def _display_aspect(path: Path, track: int) -> float:
    with av.open(str(path)) as made:
        shape = made.streams.video[track].sample_aspect_ratio
        return float(shape) if shape else 1.0


def _spans(path: Path, track: int) -> list[tuple[float, float]]:
    """When there is sound, in seconds from the first picture."""
    with av.open(str(path)) as made:
        begin = float(next(made.decode(video=0)).time)
    loud = []
    with av.open(str(path)) as made:
        stream = made.streams.audio[track]
        resampler = av.AudioResampler("flt", "mono", stream.rate)
        for frame in made.decode(stream):
            at = frame.time - begin
            for part in resampler.resample(frame):
                samples = np.abs(part.to_ndarray()[0])
                for k in range(0, len(samples), 48):
                    loud.append((at + k / stream.rate, samples[k : k + 48].max() > 0.03))
                at += part.samples / stream.rate
    spans: list[list[float]] = []
    for when, is_loud in loud:
        if is_loud and spans and when - spans[-1][1] < 0.1:
            spans[-1][1] = when
        elif is_loud:
            spans.append([when, when])
    return [(a, b) for a, b in spans]


def _lines(path: Path) -> list[tuple[float, str]]:
    found = []
    with av.open(str(path)) as made:
        stream = made.streams.subtitles[0]
        for packet in made.demux(stream):
            if packet.pts is None or not packet.size:
                continue
            read = stream.codec_context.decode2(packet)
            for rect in read.rects if read else ():
                words = rect.dialogue.decode()
                if words:
                    found.append((float(packet.pts * packet.time_base), words))
    return found


def test_a_name_that_is_not_utf8(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "Anonymizer", BoxPainter)
    folder = tmp_path / "in"
    folder.mkdir()
    for kind, make in (("mp4", of()), ("png", picture())):
        make(folder / f"a.{kind}")
        (folder / f"a.{kind}").rename(folder / f"caf\udce9.{kind}")
    (folder / "note\udce9.txt").write_text("x")
    code, out, err = run("anonymize", folder, "-o", tmp_path / "out", "--jobs", "1")
    assert (code, err) == (0, "")
    assert "note\\udce9.txt" in out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"caf\udce9.mp4", "caf\udce9.png"}
    code, out, err = run("anonymize", folder, "-o", tmp_path / "o2", "--jobs", "1", "--json")
    assert (code, err) == (0, "")
    import json

    assert str(tmp_path / "o2" / "caf\udce9.mp4") in json.loads(out)["outputs"]


def test_names_from_here(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "Anonymizer", BoxPainter)
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    of()(tmp_path / "in" / "Meeting-12:30.mp4")
    for k, given in enumerate(("Meeting-12:30.mp4", "./Meeting-12:30.mp4", ".")):
        code, out, err = run("anonymize", given, "-o", f"../o{k}/", "--jobs", "1")
        assert (code, err) == (0, ""), out
        assert (tmp_path / f"o{k}" / "Meeting-12:30.mp4").is_file()


@pytest.mark.parametrize("full", [False, True])
def test_five_passes_keep_the_brightness(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    monkeypatch.setattr(work, "Anonymizer", BoxPainter)
    film(tmp_path / "0.mp4", Film(colours=(1, 1, 1, 2 if full else 1)))
    for k in range(5):
        assert run("anonymize", tmp_path / f"{k}.mp4", "-o", tmp_path / f"{k + 1}.mp4")[0] == 0
    first, last = (_decoded(tmp_path / f"{k}.mp4", 0)[0][3] for k in (0, 5))
    a, b = (np.asarray(f.to_ndarray()[: SIZE[1] // 4], float) for f in (first, last))
    assert abs(a.mean() - b.mean()) < 0.3


def test_a_hidden_face_in_the_alpha_is_looked_for(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Black ink: the picture is in the alpha alone."""
    seen = []

    class Watching(BoxPainter):
        def process(self, frame: Frame) -> SafeFrame:
            seen.append(frame.image.copy())
            return super().process(frame)

    monkeypatch.setattr(work, "Anonymizer", Watching)
    face = np.random.default_rng(0).integers(0, 255, (64, 96), np.uint8)
    ink = np.dstack([np.zeros((64, 96, 3), np.uint8), 255 - face])
    save(tmp_path / "ink.png", Pil.fromarray(ink))
    assert run("anonymize", tmp_path / "ink.png", "-o", tmp_path / "o.png")[0] == 0
    assert len(seen) == 1  # black on black shows nothing
    assert np.abs(seen[0][..., 0].astype(int) - face).max() <= 1
    made = np.asarray(Pil.open(tmp_path / "o.png"))
    hidden = (slice(24, 40), slice(36, 60))
    assert (made[hidden][..., 3] == 255).all()
    assert (made[hidden][..., :3] == (90, 60, 30)).all()
    assert np.array_equal(made[:20, :, 3], 255 - face[:20])


def test_combs_of_interlaced_films_go(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bar that moves: in the two fields of a frame it stands at two places."""
    monkeypatch.setattr(work, "Anonymizer", BoxPainter)
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25, options={"crf": "6", "x264-params": "tff=1"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        for k in range(8):
            image = np.full((64, 96, 3), 40, np.uint8)
            image[::2, 8 * k : 8 * k + 12] = 220
            image[1::2, 8 * k + 4 : 8 * k + 16] = 220
            frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    assert run("anonymize", path, "-o", tmp_path / "o.mp4")[0] == 0
    frames, _ = _decoded(tmp_path / "o.mp4", 0)
    assert len(frames) == 8

    def combs(frame: Any) -> float:
        grey = frame.to_ndarray(format="gray").astype(float)[2:20]
        return float(np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean())

    raw = _decoded(path, 0)[0]
    assert combs(raw[4]) > 5
    assert combs(frames[4]) < 0.4 * combs(raw[4])


def test_hostile_profiles_count_as_none(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "Anonymizer", BoxPainter)
    rng = np.random.default_rng(2)
    whole = icc("adobe")
    for k in range(40):
        broken = bytearray(whole)
        for at in rng.integers(0, len(broken), 1 + k % 20):
            broken[at] = rng.integers(0, 256)
        made = io.BytesIO()
        rgb(chart()).save(made, "PNG", icc_profile=bytes(broken))
        (tmp_path / f"{k}.png").write_bytes(made.getvalue())
        code, _, err = run("anonymize", tmp_path / f"{k}.png", "-o", tmp_path / f"o{k}.png")
        assert code == 0, err


def test_the_first_bytes_decide(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "Anonymizer", BoxPainter)
    made = io.BytesIO()
    rgb(chart()).save(made, "JPEG2000")
    sun = struct.pack(">8I", 0x59A66A95, 4, 4, 24, 48, 1, 0, 0) + b"\x60" * 48
    for name, data in (("j2k.jpg", made.getvalue()), ("sun.png", sun)):
        (tmp_path / name).write_bytes(data)
        code, out, err = run("anonymize", tmp_path / name, "-o", tmp_path / "o.png")
        assert (code, out) == (1, "")
        assert "not a picture" in err
