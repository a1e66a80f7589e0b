"""Files in, files out, nothing lost: one small file of every kind through ``deepcam anonymize``.

A quick anonymizer that paints a box in the middle stands for the real one; what is asked here is
what becomes of everything else.
"""

from __future__ import annotations

import io
import re
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from colour_science import SECRET, delta_e, icc
from PIL import Image as Pil
from recipes import SIZE, Film, chart, corners, film, rgb, save
from table_case import Case
from table_pictures import PICTURES, picture
from table_videos import VIDEOS, of

from deepcam.batch import work
from deepcam.frames import Frame, Reason, SafeFrame
from deepcam.sources import colours

pytestmark = pytest.mark.usefixtures("plain_stderr")


class BoxPainter:
    """An ``Anonymizer`` that hides the middle."""

    problem = None
    generator = None

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def audition(self, frames: Any) -> None:
        assert next(iter(frames)).number == 0

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
        assert made.format == {
            "jpg": "JPEG",
            "apng": "PNG",
            "tif": "TIFF",
            "heic": "HEIF",
            "pgm": "PPM",
        }.get(case.ending[1:], case.ending[1:].upper())
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
        assert _lines(target) == [
            (pytest.approx(when, abs=0.01), words)
            for when, words in zip((0.1, 0.25), case.subtitles, strict=True)
        ]


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
