"""Video files written: exact times, sound, odd sizes, and nothing half-written."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from clips import make_clip, number_of, picture, tone_of

from deepcam.errors import DeepcamError
from deepcam.frames import Reason, SafeFrame
from deepcam.sinks.file import FileSink
from deepcam.sinks.target import TargetFile
from deepcam.sinks.writer import VideoWriter
from deepcam.sources.video import VideoReader

SIZE = (112, 64)


def left_over(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if ".part" in p.name]


def copy(source: Path, target: Path, **options: Any) -> VideoWriter:
    with VideoReader(source) as reader:
        writer = VideoWriter(
            target,
            reader.size,
            reader.fps,
            time_base=reader.time_base,
            sound_of=source,
            sound_start=reader.start,
            **options,
        )
        with writer:
            for p in reader:
                writer.write(p.image, p.pts)
    return writer


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".webm", ".m4v"])
def test_round_trip_with_sound(tmp_path: Path, ending: str) -> None:
    source = make_clip(tmp_path / "in.mp4")
    target = tmp_path / f"out{ending}"
    writer = copy(source, target)
    assert writer.sound == ("encoded" if ending == ".webm" else "copied")
    with VideoReader(target) as reader:
        pictures = list(reader)
        assert reader.size == SIZE
        assert reader.fps == Fraction(25)
    assert [number_of(p.image) for p in pictures] == list(range(25))
    # Milliseconds are all that Matroska knows.
    assert [p.time for p in pictures] == pytest.approx([k / 25 for k in range(25)], abs=6e-4)
    frequency, seconds = tone_of(target)
    assert frequency == pytest.approx(440, abs=3)
    assert seconds == pytest.approx(1.0, abs=0.06)
    assert np.abs(pictures[5].image[50, 60].astype(int) - (200, 120, 40)).max() <= 8
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("sound", ["mp2", "pcm_s16le", "flac"])
def test_sound_that_the_container_does_not_take_is_encoded(tmp_path: Path, sound: str) -> None:
    source = make_clip(tmp_path / "in.mkv", sound=sound)
    writer = copy(source, tmp_path / "out.mp4")
    assert writer.sound == "encoded"
    frequency, seconds = tone_of(tmp_path / "out.mp4")
    assert frequency == pytest.approx(440, abs=3)
    assert seconds == pytest.approx(1.0, abs=0.08)


def test_sound_and_pictures_stay_together(tmp_path: Path, shared: Path) -> None:
    source = shared / "clips" / "grid_bbaf2n.mpg"
    copy(source, tmp_path / "out.mp4")
    begins = []
    for path in (source, tmp_path / "out.mp4"):
        with av.open(str(path)) as container:
            video, audio = container.streams.video[0], container.streams.audio[0]
            picture_at = next(container.decode(video)).time
            container.seek(0)
            sound_at = next(container.decode(audio)).time
            begins.append(sound_at - picture_at)
            assert container.duration is not None
    assert begins[0] == pytest.approx(begins[1], abs=0.03)
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert len(list(reader)) == 75


def test_uneven_times_stay_exact(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.1, 0.111, 0.5, 0.54, 1.2, 1.201]
    source = make_clip(tmp_path / "in.mkv", times=times, sound=None)
    copy(source, tmp_path / "out.mp4")
    with VideoReader(tmp_path / "out.mp4") as reader:
        assert [p.time for p in reader] == pytest.approx(times, abs=1e-6)


@pytest.mark.parametrize("size", [(113, 65), (112, 65), (1, 1), (3, 2), (17, 400)])
def test_odd_sizes_stay(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, size, 25) as writer:
        for k in range(3):
            writer.write(picture(k, size))
    with VideoReader(path) as reader:
        assert reader.size == size
        assert len(list(reader)) == 3


def test_place_and_camera_are_not_taken_over(tmp_path: Path) -> None:
    secret = {"location": "+59.9139+010.7522/", "com.apple.quicktime.model": "Phone 12"}
    secret |= {"title": "Secret meeting", "creation_time": "2020-01-01T00:00:00Z"}
    source = make_clip(tmp_path / "in.mp4", metadata=secret)
    raw = source.read_bytes()
    assert b"Secret meeting" in raw
    assert b"+59.9139" in raw
    copy(source, tmp_path / "out.mp4")
    raw = (tmp_path / "out.mp4").read_bytes()
    for word in (b"Secret", b"59.91", b"Phone", b"2020-01"):
        assert word not in raw
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not {"location", "title", "creation_time", "encoder"} & set(container.metadata)
        for stream in container.streams:
            assert "creation_time" not in stream.metadata


def test_times_that_do_not_rise_are_moved(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", SIZE, 25) as writer:
        for pts in (0, 3, 3, 2, 9):
            writer.write(picture(1, SIZE), pts)
    with VideoReader(tmp_path / "a.mp4") as reader:
        assert [round(p.time * 25) for p in reader] == [0, 3, 4, 5, 9]


def test_existing_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("precious")
    with pytest.raises(DeepcamError, match="exists"):
        VideoWriter(path, SIZE, 25)
    assert path.read_text() == "precious"
    with VideoWriter(path, SIZE, 25, overwrite=True) as writer:
        writer.write(picture(0, SIZE))
        assert path.read_text() == "precious"  # until the new one is whole
    with VideoReader(path) as reader:
        assert reader.size == SIZE


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    writer = VideoWriter(path, SIZE, 25)
    writer.write(picture(0, SIZE))
    path.write_text("precious")
    with pytest.raises(DeepcamError, match="exists"):
        writer.finish()
    assert path.read_text() == "precious"
    assert left_over(tmp_path) == []


def test_names_and_places_that_do_not_work(tmp_path: Path) -> None:
    with pytest.raises(DeepcamError, match="cannot be written as"):
        VideoWriter(tmp_path / "a.txt", SIZE, 25)
    with pytest.raises(DeepcamError, match="does not exist"):
        VideoWriter(tmp_path / "no" / "a.mp4", SIZE, 25)
    (tmp_path / "d.mp4").mkdir()
    with pytest.raises(DeepcamError, match="directory"):
        VideoWriter(tmp_path / "d.mp4", SIZE, 25)
    with pytest.raises(DeepcamError):
        VideoWriter("/proc/a.mp4", SIZE, 25)  # nobody may write there, root neither


def test_breaking_off_leaves_nothing(tmp_path: Path) -> None:
    def write() -> None:
        with VideoWriter(tmp_path / "a.mp4", SIZE, 25) as writer:
            writer.write(picture(0, SIZE))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", SIZE, 25)
    with pytest.raises(ValueError, match="another size"):
        writer.write(picture(0, (64, 64)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    plain = TargetFile.write
    room = [40_000]

    def write(self: TargetFile, data: bytes) -> int:
        room[0] -= len(data)
        if room[0] < 0 and not self.discard:
            self.error = self.error or OSError(28, "No space left on device")
            raise self.error
        return plain(self, data)

    monkeypatch.setattr(TargetFile, "write", write)
    rng = np.random.default_rng(0)
    writer = VideoWriter(tmp_path / f"a{ending}", (320, 240), 25)
    noise = rng.integers(0, 255, (240, 320, 3), np.uint8)

    def fill() -> None:
        for _ in range(200):
            writer.write(noise)

    with pytest.raises(DeepcamError, match="disk is full"):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_a_limit_of_the_system_is_told(tmp_path: Path) -> None:
    """The same with the kernel refusing for real."""
    code = (
        "import resource, sys, numpy as np\n"
        "from deepcam.sinks.writer import VideoWriter\n"
        "from deepcam.errors import DeepcamError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))\n"
        "noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)\n"
        "try:\n"
        "    with VideoWriter(sys.argv[1], (320, 240), 25) as writer:\n"
        "        for _ in range(100): writer.write(noise)\n"
        "except DeepcamError as error: print(error.what)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.mp4")], capture_output=True, text=True
    )
    assert "too large" in run.stdout, run.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_program_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, time, numpy as np\n"
        "from deepcam.sinks.writer import VideoWriter\n"
        "with VideoWriter(sys.argv[1], (320, 240), 25) as writer:\n"
        "    while True:\n"
        "        writer.write(np.zeros((240, 320, 3), np.uint8))\n"
        "        print(writer.frames, flush=True)\n"
        "        time.sleep(0.01)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a.mp4")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    assert len(left_over(tmp_path)) == 1
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert os.listdir(tmp_path) == []


def test_missing_sound_file(tmp_path: Path) -> None:
    with pytest.raises(DeepcamError, match="sound"):
        VideoWriter(tmp_path / "a.mp4", SIZE, 25, sound_of=tmp_path / "none.mp4")
    assert list(tmp_path.iterdir()) == []


def test_live_sink_writes_in_real_time(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "a.mp4")
    sink.open(SIZE, 20)
    frame = SafeFrame(picture(3, SIZE), Reason.GENERATED, "", 0.0, 1)
    begin = time.monotonic()
    for k in range(8):
        sink.send(frame)
        time.sleep(0.05 if k != 3 else 0.4)
    lasted = time.monotonic() - begin
    assert not (tmp_path / "a.mp4").exists()
    sink.close()
    sink.close()
    with VideoReader(tmp_path / "a.mp4") as reader:
        times = [p.time for p in reader]
    assert len(times) == 8
    assert times[-1] == pytest.approx(lasted - 0.05, abs=0.12)
    assert max(b - a for a, b in itertools.pairwise(times)) == pytest.approx(0.4, abs=0.12)


def test_live_sink_without_pictures_leaves_nothing(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "a.mp4")
    sink.open(SIZE, 20)
    sink.close()
    assert list(tmp_path.iterdir()) == []
