"""Video files, pictures, folders and the test pattern as sources."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import make_clip, number_of, picture

from deepcam.errors import DeepcamError
from deepcam.sources import Source, SourceEndedError, SourceSpec, make_source
from deepcam.sources.images import ImageSource, list_images, read_image
from deepcam.sources.synthetic import SyntheticSource
from deepcam.sources.video import VideoReader, VideoSource
from deepcam.sources.whole import is_broken_off


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_every_frame_with_its_exact_time(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.1, 0.111, 0.5, 0.54, 1.2]
    with VideoReader(make_clip(tmp_path / "a.mkv", times=times)) as reader:
        pictures = list(reader)
        assert reader.size == (112, 64)
        assert reader.has_audio
    assert [p.time for p in pictures] == pytest.approx(times, abs=1e-6)
    assert [number_of(p.image) for p in pictures] == list(range(7))
    assert [p.number for p in pictures] == list(range(7))
    assert reader.warnings == 0


def test_colours_survive(tmp_path: Path) -> None:
    with VideoReader(make_clip(tmp_path / "a.mp4", size=(160, 96))) as reader:
        first = reader.read()
        assert first is not None
        assert np.abs(first.image[80, 80].astype(int) - (200, 120, 40)).max() <= 6
        assert reader.fps == Fraction(25)
        assert reader.frame_count == 25


@pytest.mark.parametrize("angle", [90, 180, -90])
def test_turned_videos_are_upright(tmp_path: Path, angle: int) -> None:
    clip = make_clip(tmp_path / "a.mp4", size=(160, 96), rotation=angle, frames=3)
    with VideoReader(clip) as reader:
        first = reader.read()
        assert first is not None
        upright = np.rot90(picture(0, (160, 96)), angle // 90)
        assert reader.size == (upright.shape[1], upright.shape[0])
        assert np.abs(first.image.astype(int) - upright).mean() < 6


def test_odd_sizes_and_no_sound(tmp_path: Path) -> None:
    with VideoReader(make_clip(tmp_path / "a.mp4", size=(113, 65), sound=None)) as reader:
        assert reader.size == (113, 65)
        assert not reader.has_audio
        assert len(list(reader)) == 25


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_that_breaks_off_gives_what_it_has(tmp_path: Path, share: float) -> None:
    whole = make_clip(tmp_path / "a.mkv", frames=60).read_bytes()
    path = tmp_path / "short.mkv"
    path.write_bytes(whole[: int(len(whole) * share)])
    with VideoReader(path) as reader:
        numbers = [number_of(p.image) for p in reader]
        warned = reader.warnings
    assert 0 < len(numbers) < 60
    # Around the cut, pictures that lean on lost ones may be missing too.
    assert numbers[:-8] == list(range(len(numbers) - 8))
    assert all(a < b for a, b in itertools.pairwise(numbers))
    assert warned > 0 or share > 0.9


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
def test_a_file_that_is_shorter_than_it_says(tmp_path: Path, ending: str) -> None:
    codec = {".webm": "libvpx-vp9", ".avi": "mpeg4"}.get(ending, "libx264")
    path = make_clip(tmp_path / f"a{ending}", sound=None, codec=codec)
    data = path.read_bytes()
    assert is_broken_off(path) is False
    for end in (len(data) - 1, len(data) - 40, len(data) // 2):
        path.write_bytes(data[:end])
        assert is_broken_off(path) is True
    for junk in (b"", b"RIFF", data[:6], b"text, and nothing else"):
        path.write_bytes(junk)
        assert is_broken_off(path) is None


def test_damage_in_the_middle_is_counted_and_never_fatal(tmp_path: Path) -> None:
    data = bytearray(make_clip(tmp_path / "a.mkv", frames=60, sound=None).read_bytes())
    rng = np.random.default_rng(3)
    for at in rng.integers(len(data) // 4, 3 * len(data) // 4, 80):
        data[at] ^= 0xFF
    path = tmp_path / "scratched.mkv"
    path.write_bytes(data)
    with VideoReader(path) as reader:
        pictures = list(reader)
    assert all(p.image.shape == (64, 112, 3) for p in pictures)
    assert all(a.pts < b.pts for a, b in itertools.pairwise(pictures))


def test_files_that_are_no_videos(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("This is a letter and not a film. " * 100)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    whole = make_clip(tmp_path / "a.mp4").read_bytes()
    index_lost = tmp_path / "cut.mp4"
    index_lost.write_bytes(whole[: len(whole) // 2])
    for path in (text, empty, index_lost):
        with pytest.raises(DeepcamError, match="not a video"):
            VideoReader(path)
    with pytest.raises(DeepcamError, match="does not exist"):
        VideoReader(tmp_path / "nothing.mp4")
    with pytest.raises(DeepcamError, match="directory"):
        VideoReader(tmp_path)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "a.wav"), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
    with pytest.raises(DeepcamError, match="no pictures"):
        VideoReader(tmp_path / "a.wav")


def test_live_playing_keeps_the_time(tmp_path: Path) -> None:
    clock = Clock()
    source = VideoSource(make_clip(tmp_path / "a.mp4"), clock=clock, sleep=clock.sleep)
    source.open()
    begin = clock.now
    numbers = []
    while len(numbers) < 25:
        frame = source.read(0.01)
        if frame is not None:
            numbers.append(number_of(frame.image))
            assert frame.time == clock.now
            assert clock.now - begin == pytest.approx(numbers[-1] / 25, abs=0.011)
    with pytest.raises(SourceEndedError):
        source.read(0.01)
    assert numbers == list(range(25))
    source.close()


def test_a_slow_reader_gets_the_newest_picture(tmp_path: Path) -> None:
    clock = Clock()
    source = VideoSource(make_clip(tmp_path / "a.mp4"), clock=clock, sleep=clock.sleep)
    source.open()
    assert source.read(0.1) is not None
    clock.now += 0.5
    frame = source.read(0.1)
    assert frame is not None
    assert number_of(frame.image) == 12
    source.close()


def test_looping_begins_again(tmp_path: Path) -> None:
    clock = Clock()
    source = VideoSource(
        make_clip(tmp_path / "a.mp4", frames=5), loop=True, clock=clock, sleep=clock.sleep
    )
    source.open()
    numbers = []
    while len(numbers) < 17:
        frame = source.read(0.1)
        if frame is not None:
            numbers.append(number_of(frame.image))
    assert numbers == [k % 5 for k in range(17)]
    source.close()


@pytest.mark.parametrize(
    ("shape", "dtype", "ending"),
    [
        ((40, 60), np.uint8, ".png"),
        ((40, 60, 4), np.uint8, ".png"),
        ((40, 60, 3), np.uint16, ".png"),
        ((40, 60, 3), np.uint8, ".jpg"),
        ((40, 60), np.uint8, ".jpg"),
        ((1, 1, 3), np.uint8, ".png"),
    ],
)
def test_all_kinds_of_pictures_become_bgr(
    tmp_path: Path, shape: tuple[int, ...], dtype: type, ending: str
) -> None:
    pixels = np.full(shape, 200 if dtype == np.uint8 else 200 * 257, dtype)
    if len(shape) == 3 and shape[2] == 4:
        pixels[..., 3] = 255
    path = tmp_path / f"p{ending}"
    cv2.imwrite(str(path), pixels)
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.shape == (*shape[:2], 3)
    assert np.abs(image.astype(int) - 200).max() <= 2


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30] = 255
    _, data = cv2.imencode(".jpg", pixels)
    exif = bytes.fromhex("ffe1002245786966000049492a0008000000010012010300010000000600000000000000")
    path = tmp_path / "turned.jpg"
    path.write_bytes(data.tobytes()[:2] + exif + data.tobytes()[2:])
    image = read_image(path)
    assert image.shape == (60, 40, 3)
    assert image[5, 20].mean() > 200
    assert image[55, 20].mean() < 50


def test_pictures_that_are_none(tmp_path: Path) -> None:
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    for path in (text, tmp_path / "nothing.png", tmp_path):
        with pytest.raises(DeepcamError):
            read_image(path)
    (tmp_path / "empty.png").touch()
    with pytest.raises(DeepcamError, match="not a picture"):
        read_image(tmp_path / "empty.png")
    empty = tmp_path / "folder"
    empty.mkdir()
    with pytest.raises(DeepcamError, match="no pictures"):
        list_images(empty)


def test_a_folder_as_a_slow_film(tmp_path: Path) -> None:
    clock = Clock()
    for k in range(3):
        cv2.imwrite(str(tmp_path / f"{k}.png"), picture(k, (70, 40)))
    (tmp_path / "1b.png").write_text("damaged")
    source = ImageSource(tmp_path, fps=10, seconds=0.5, clock=clock, sleep=clock.sleep)
    source.open()
    numbers = []
    while len(numbers) < 25:
        frame = source.read(0.2)
        if frame is not None:
            numbers.append(number_of(frame.image))
    assert set(numbers) == {0, 1, 2}
    assert numbers[0] == 0
    changes = sum(a != b for a, b in itertools.pairwise(numbers))
    assert 3 <= changes <= 6
    source.close()


def test_test_pattern_moves_at_its_rate() -> None:
    clock = Clock()
    source = SyntheticSource((64, 48), 20, clock, clock.sleep)
    source.open()
    frames = []
    begin = clock.now
    while len(frames) < 21:
        frame = source.read(0.01)
        if frame is not None:
            frames.append(frame)
    assert clock.now - begin == pytest.approx(1.0, abs=0.06)
    assert len({f.image.tobytes() for f in frames}) == 21
    assert frames[0].image.shape == (48, 64, 3)


def test_specs(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4")
    cv2.imwrite(str(tmp_path / "a.png"), picture(1, (70, 40)))
    made = {
        "camera": make_source(SourceSpec.parse("HD")),
        "film": make_source(SourceSpec.parse(source=clip)),
        "image": make_source(SourceSpec.parse(source=tmp_path / "a.png")),
        "folder": make_source(SourceSpec.parse(source=tmp_path)),
        "pattern": make_source(SourceSpec.parse(source="synthetic")),
    }
    assert {k: type(v).__name__ for k, v in made.items()} == {
        "camera": "Webcam",
        "film": "VideoSource",
        "image": "ImageSource",
        "folder": "ImageSource",
        "pattern": "SyntheticSource",
    }
    assert all(isinstance(source, Source) for source in made.values())
    with pytest.raises(DeepcamError, match="does not exist"):
        SourceSpec.parse(source=tmp_path / "nothing.mp4")
    with pytest.raises(DeepcamError, match="both"):
        SourceSpec.parse("HD", clip)


def test_shared_clips_have_all_their_frames(shared: Path) -> None:
    with VideoReader(shared / "clips" / "grid_bbaf2n.mpg") as reader:
        pictures = list(reader)
    assert len(pictures) == 75
    assert reader.size == (360, 288)
    assert pictures[-1].time == pytest.approx(74 / 25)
