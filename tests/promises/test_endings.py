"""Whatever ends a run, nothing half-written is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT, SUPPORT

from deepcam.runtime import endings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as Unix has them")

PROGRAM = """
import sys, time
from stand_in import Blank, take_its_place
from deepcam.cli import main
from deepcam.sinks.writer import VideoWriter
class Slow(Blank):
    def process(self, frame):
        print("frame", flush=True)
        time.sleep(0.2)
        return super().process(frame)
take_its_place(Slow)
abort = VideoWriter.abort
def slowly(self):
    time.sleep(0.6)
    abort(self)
VideoWriter.abort = slowly
main(["anonymize", {film!r}, "-o", "out.mp4"])
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import numpy as np

    from deepcam.sinks.writer import VideoWriter

    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with VideoWriter(path, (64, 48), 10) as writer:
        for _ in range(60):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    return path


def run_and(film: Path, folder: Path, *signals: signal.Signals) -> tuple[int, str]:
    """Send the signals a fifth of a second apart while it writes; (exit status, stderr)."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(film=str(film))], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{SUPPORT}"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "frame\n"
    assert process.stdout.readline() == "frame\n"
    for number in signals:
        process.send_signal(number)
        time.sleep(0.2)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.mark.parametrize(
    "signals",
    [
        [signal.SIGINT],
        [signal.SIGHUP],
        [signal.SIGINT, signal.SIGINT],
        [signal.SIGTERM, signal.SIGINT, signal.SIGHUP],
    ],
    ids=str,
)
def test_nothing_is_left(film: Path, tmp_path: Path, signals: list[signal.Signals]) -> None:
    if any(signal.getsignal(s) is signal.SIG_IGN for s in signals):
        pytest.skip("the tests were started with nohup, which the program respects")
    code, said = run_and(film, tmp_path, *signals)
    assert list(tmp_path.iterdir()) == []
    assert (code, said) == (130, "Interrupted; nothing half-written was left.\n")


def test_what_shall_be_ignored_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """``nohup`` means that the end of the terminal is no end of the program."""
    before = signal.getsignal(signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert signal.SIGHUP not in endings.ending_signals()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signal.SIGTERM in endings.ending_signals()


@pytest.fixture
def clock() -> Iterator[list[float]]:
    """The program's way to end by signals, with a clock that is set by hand."""
    before = {number: signal.getsignal(number) for number in endings.ending_signals()}
    now = [100.0]
    endings.interrupt_once(lambda: now[0])
    yield now
    for number, handler in before.items():
        signal.signal(number, handler)


def test_work_is_broken_off_only_where_it_says_so(clock: list[float]) -> None:
    """An exception within a callback of a compiler or codec ends the process."""
    reached = []

    def work() -> None:
        with endings.in_order():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)  # impatience
            reached.append("a callback")
            endings.stop_here()
            reached.append("too far")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["a callback"]
    endings.stop_here()  # nothing waits any more
    clock[0] += 10
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_work_without_such_a_place_ends_first(clock: list[float]) -> None:
    reached = []

    def work() -> None:
        with endings.in_order():
            signal.raise_signal(signal.SIGTERM)
            reached.append("the end")
        reached.append("too far")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["the end"]


def test_asking_again_ends_work_that_hangs(clock: list[float]) -> None:
    reached = []

    def work() -> None:
        with endings.in_order():
            signal.raise_signal(signal.SIGTERM)
            clock[0] += 10
            signal.raise_signal(signal.SIGTERM)
            reached.append("too far")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == []
    endings.stop_here()
