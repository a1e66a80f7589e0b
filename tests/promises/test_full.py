"""A full disk, a full /dev/shm and too little memory: what there is is kept, and it is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

from deepcam.errors import DeepcamError
from deepcam.frames import Reason, SafeFrame
from deepcam.live.ring import Ring
from deepcam.sinks import recording
from deepcam.sinks.file import FileSink
from deepcam.sources.video import VideoReader

SIZE = (320, 240)


def _mount(folder: Path, size: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return (
        shutil.which("mount") is not None
        and subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not _mount(folder, "6m"):
        pytest.skip("no file system of its own can be mounted here (needs root)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def noise(number: int) -> SafeFrame:
    rng = np.random.default_rng(number)
    image = rng.integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
    return SafeFrame(image, Reason.GENERATED, "", 0.0, number)


def fill(sink: FileSink, sent: list[int]) -> None:
    """Send until it cannot go on; ``sent`` gets a number for each picture."""
    for number in range(3000):
        sent.append(number)
        sink.send(noise(number % 5))


def frames_in(path: Path) -> int:
    with VideoReader(path) as reader:
        count = sum(1 for _ in reader)
        assert reader.warnings == 0
    return count


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov"])
def test_a_recording_is_kept_when_the_disk_is_full(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(recording, "ROOM", 3 << 20)
    monkeypatch.setattr(recording.Reserve.__init__, "__defaults__", (3 << 20,))
    sink = FileSink(small_disk / f"a{ending}")
    sink.open(SIZE, 30)
    with pytest.raises(DeepcamError, match=r"^The disk is full: the recording ends .* are kept"):
        fill(sink, sent := [])
    sink.close()
    assert [p.name for p in small_disk.iterdir()] == [f"a{ending}"]
    assert len(sent) > 5
    assert frames_in(small_disk / f"a{ending}") == len(sent)


def test_no_room_at_the_start_is_told(small_disk: Path) -> None:
    sink = FileSink(small_disk / "a.mp4")
    with pytest.raises(DeepcamError, match="no room for a recording"):
        sink.open(SIZE, 30)
    assert list(small_disk.iterdir()) == []


def test_a_largest_file_is_not_exceeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on memory sticks, whose files end at 4 GiB."""
    monkeypatch.setattr(recording, "ROOM", 8 << 20)
    monkeypatch.setattr(recording, "largest_file", lambda _: 14 << 20)
    sink = FileSink(tmp_path / "a.mkv")
    sink.open(SIZE, 30)
    with pytest.raises(DeepcamError, match="cannot become larger"):
        fill(sink, [])
    sink.close()
    assert [p.name for p in tmp_path.iterdir()] == ["a.mkv"]
    assert (6 << 20) < (tmp_path / "a.mkv").stat().st_size < 14 << 20
    assert frames_in(tmp_path / "a.mkv") > 5


def in_small_shm(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it where /dev/shm has one megabyte."""
    way = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-U", "-r", "-m"]
    inside = 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"'
    command = [*way, "sh", "-c", inside, "sh"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], stderr=subprocess.DEVNULL).returncode
    ):
        pytest.skip("no /dev/shm of its own can be mounted here")
    return subprocess.run(
        [*command, sys.executable, *(["-c", program] if program else []), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, timeout=120,
        capture_output=True,
    )  # fmt: skip


def test_shared_memory_that_is_full_is_told_at_once() -> None:
    program = (
        "import pathlib, sys\n"
        "from deepcam.errors import DeepcamError\n"
        "from deepcam.live.ring import Ring\n"
        "try: Ring.create((1280, 720))\n"
        "except DeepcamError as error: print(error.what)\n"
        "print(len(list(pathlib.Path('/dev/shm').iterdir())))\n"
    )
    done = in_small_shm(program)
    assert done.returncode == 0, done.stderr
    said, left = done.stdout.splitlines()
    assert "shared memory" in said
    assert left == "0"


def test_run_without_shared_memory_ends_with_an_error(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with recording.VideoWriter(film, (64, 48), 10) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8))
    done = in_small_shm(
        "", "-m", "deepcam.cli", "run", "--source", str(film), "--output", "null", "--seconds", "20"
    )
    assert done.returncode == 1
    assert "shared memory" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_ring_has_its_memory() -> None:
    ring = Ring.create(SIZE)
    facts = os.stat(f"/dev/shm/{ring.name}")
    assert facts.st_blocks * 512 >= facts.st_size
    ring.close()


@pytest.mark.parametrize("megabytes", [300, 500, 900])
def test_little_memory_is_told(tmp_path: Path, megabytes: int) -> None:
    """Libraries would fail with errors of all kinds, crash, or hang for ever."""
    import resource

    most = megabytes << 20
    done = subprocess.run(
        [sys.executable, "-m", "deepcam.cli", "anonymize", "a.png", "-o", "b.png"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, timeout=60, cwd=tmp_path,
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"Programs may have {megabytes} MB of memory here")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        ImportError("libx.so: failed to map segment from shared object"),
        RuntimeError("std::bad_alloc"),
        ValueError("(-4:Insufficient memory) Failed to allocate 9 bytes"),
    ],
)
def test_a_library_without_memory_is_understood(error: Exception) -> None:
    from deepcam.runtime import memory

    assert memory.is_shortage(error)
    assert not memory.is_shortage(ValueError("something else"))
