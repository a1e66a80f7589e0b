"""The ring between worker and sender."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from live_fakes import RAW, picture
from places import ROOT, SUPPORT

from deepcam.frames import Frame, Reason, SafeFrame
from deepcam.frames.resize import fit
from deepcam.live.ring import SLOTS, Ring

SIZE = (64, 48)


def safe(value: int, number: int = 1, size: tuple[int, int] = SIZE, **more: Any) -> SafeFrame:
    image = np.full((size[1], size[0], 3), value % 256, np.uint8)
    return SafeFrame(image, Reason.GENERATED, "", 1.0, number, **more)


@pytest.fixture
def ring() -> Iterator[Ring]:
    made = Ring.create(SIZE)
    yield made
    made.close()


def test_nothing_at_first(ring: Ring) -> None:
    assert ring.read() is None
    assert ring.last_beat() == (0, 0.0)


@limits(max_examples=40, deadline=None)
@given(
    writes=st.lists(st.integers(0, 255), min_size=1, max_size=10),
    detail=st.text(max_size=400),
    time=st.floats(-1e9, 1e9),
    timings=st.dictionaries(st.text(max_size=40), st.floats(0, 1e6), max_size=40),
)
def test_newest_comes_out_as_it_went_in(
    writes: list[int], detail: str, time: float, timings: dict[str, float]
) -> None:
    ring = Ring.create(SIZE)
    try:
        for number, value in enumerate(writes):
            image = np.full((SIZE[1], SIZE[0], 3), value, np.uint8)
            ring.write(SafeFrame(image, Reason.COVERED, detail, time, number, 3, 2, timings))
        got = ring.read()
        assert got is not None
        assert got.count == len(writes)
        assert (got.frame.image == writes[-1]).all()
        assert got.frame.reason is Reason.COVERED
        assert got.frame.detail == detail[:200]
        assert got.frame.time == time
        assert (got.frame.number, got.frame.generated, got.frame.covered) == (len(writes) - 1, 3, 2)
        assert ring.read(got.count) is None
    finally:
        ring.close()


def test_only_safe_frames_of_the_right_size_enter(ring: Ring) -> None:
    with pytest.raises(TypeError):
        ring.write(Frame(picture(RAW, SIZE), 0.0, 1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size"):
        ring.write(safe(1, size=(48, 64)))
    assert ring.count == 0


def test_a_picture_read_is_a_copy(ring: Ring) -> None:
    ring.write(safe(5))
    got = ring.read()
    assert got is not None
    for value in range(SLOTS + 1):
        ring.write(safe(100 + value))
    assert (got.frame.image == 5).all()


def test_a_slot_left_half_written_is_not_read_and_the_next_writer_goes_on(ring: Ring) -> None:
    ring.write(safe(1))
    ring._heads[1][0] += 1  # a writer was killed while it wrote this slot
    assert ring.read() is None
    assert ring.torn > 0
    for value in (2, 3, 4, 5):
        ring.write(safe(value))
    got = ring.read()
    assert got is not None
    assert (got.frame.image == 5).all()


def test_broken_text_beside_a_picture_is_not_read(ring: Ring) -> None:
    ring.write(safe(1))
    ring._metas[1][:4] = 0
    assert ring.read() is None
    ring.write(safe(2))
    ring._metas[2][:] = 0
    ring._metas[2][:20] = np.frombuffer(json.dumps({"reason": "raw"}).encode().ljust(20), np.uint8)
    assert ring.read() is None


def test_attaching_to_something_else_is_refused() -> None:
    other = SharedMemory(create=True, size=4096)
    try:
        with pytest.raises(ValueError, match="ring"):
            Ring.attach(other.name)
    finally:
        other.close()
        other.unlink()
    with pytest.raises(FileNotFoundError):
        Ring.attach("deepcam_no_such_ring")


def _write_fast(name: str, seconds: float) -> None:
    ring = Ring.attach(name)
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        ring.write(safe(number, number, ring.size))
    ring.close()


def test_pictures_are_whole_while_another_process_writes_as_fast_as_it_can() -> None:
    ring = Ring.create((640, 360))
    process = multiprocessing.get_context("spawn").Process(
        target=_write_fast, args=(ring.name, 2.0)
    )
    process.start()
    seen, reads = 0, 0
    while process.is_alive():
        got = ring.read(seen)
        if got is None:
            continue
        reads += 1
        assert got.count > seen
        seen = got.count
        assert got.frame.image.min() == got.frame.image.max() == got.frame.number % 256
        assert got.frame.number == got.count
    process.join()
    assert process.exitcode == 0
    assert reads > 50
    ring.close()


def test_beats(ring: Ring) -> None:
    ring.beat(2)
    phase, when = ring.last_beat()
    assert phase == 2
    assert abs(when - time.monotonic()) < 1
    ring.clear_beat()
    assert ring.last_beat() == (0, 0.0)


def test_nothing_is_left_and_nobody_complains(tmp_path: Path) -> None:
    script = tmp_path / "ring.py"
    script.write_text(
        "import multiprocessing, os, signal, sys\n"
        "sys.path[:0] = sys.argv[1:]\n"
        "from test_live_ring import _write_fast\n"
        "from deepcam.live.ring import Ring\n"
        "if __name__ == '__main__':\n"
        "    ring = Ring.create((64, 48)); context = multiprocessing.get_context('spawn')\n"
        "    for kill in (True, False):\n"
        "        p = context.Process(target=_write_fast, args=(ring.name, 60.0 if kill else 0.1))\n"
        "        p.start()\n"
        "        n = ring.count\n"
        "        while kill and ring.count < n + 50: pass\n"
        "        if kill: p.kill()\n"
        "        p.join()\n"
        "    print(ring.name, ring.count); ring.close(); ring.close()\n"
    )
    here = Path(__file__).resolve().parent
    done = subprocess.run(
        [sys.executable, str(script), str(here), str(SUPPORT), str(ROOT)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    name, count = done.stdout.split()
    assert int(count) > 50
    assert not (Path("/dev/shm") / name).exists()


@pytest.mark.parametrize("size", [(1280, 720), (100, 400), (33, 21), (64, 48), (1, 1), (2000, 3)])
def test_fitting_keeps_all_of_the_picture_inside(size: tuple[int, int]) -> None:
    out = fit(np.full((size[1], size[0], 3), 200, np.uint8), SIZE)
    assert out.shape == (SIZE[1], SIZE[0], 3)
    assert set(np.unique(out)) <= {0, 200}
    inside = np.argwhere(out[:, :, 0] == 200)
    assert len(inside) > 0
    high, wide = inside.max(0) - inside.min(0) + 1
    assert high == SIZE[1] or wide == SIZE[0]
