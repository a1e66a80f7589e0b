"""Wear and tear: the app's window and a live session through thousands of commands.

``python -m deepcam.app.endurance`` renders a film of a person who does not exist, runs the app on
it without a screen and switches, changes faces and kills the worker, while a witness compares every
picture that leaves with the film.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from deepcam.frames import Image, Reason, SafeFrame
from deepcam.runtime.memory import resident
from deepcam.sources import Source, SourceSpec

SIZE = (640, 360)
FRAMES = 60
FPS = 30.0
BEAT = 0.01
"""Seconds between two signs of life of the window."""
POINTS = 300
"""Places in the face that the witness looks at."""
SAME = 0.5
"""Share of them that must be those of one picture of the film to call it raw."""
PATIENCE = 60.0
"""Seconds until a command that shows no effect is given up."""
GROWTH, BLOCKED, IDLE, CHANGE = 5.0, 100.0, 3.0, 300.0
"""What is aimed at: percent, milliseconds, percent of one core, milliseconds."""


class Witness:
    """A sink that nobody sees: counts what comes, and what of it is raw.

    ``film``: (n, h, w, 3) its pictures; ``face``: x, y and half the side of a square in the face.
    """

    def __init__(self, film: NDArray[np.uint8], face: tuple[float, float, float]) -> None:
        x, y, half = face
        rng = np.random.default_rng(1)
        self._x = rng.uniform(x - half, x + half, POINTS).astype(int)
        self._y = rng.uniform(y - half, y + half, POINTS).astype(int)
        self._film = film[:, self._y, self._x]
        self.count = dict.fromkeys(Reason, 0)
        self.raw = 0
        self.gap = 0.0
        """Longest time between two generated pictures that differ, seconds."""
        self._seen: Image | None = None
        self._since = 0.0
        self.watching: bool | None = None

    def open(self, size: tuple[int, int], fps: float) -> None:
        """See ``Sink``."""

    def close(self) -> None:
        """See ``Sink``."""

    def describe(self) -> str:
        """See ``Sink``."""
        return "A witness looks at the pictures."

    def watched(self) -> bool | None:
        """See ``Watchable``."""
        return self.watching

    def send(self, frame: SafeFrame) -> None:
        """See ``Sink``."""
        self.count[frame.reason] += 1
        here = frame.image[self._y, self._x]
        self.raw += int((here == self._film).all(2).mean(1).max() > SAME)
        if frame.reason is not Reason.GENERATED:
            self._seen = None
            return
        now = time.monotonic()
        if self._seen is None or not np.array_equal(here, self._seen):
            if self._seen is not None:
                self.gap = max(self.gap, now - self._since)
            self._seen, self._since = here, now


@dataclass(slots=True)
class State:
    """Of all processes of the program."""

    memory: float
    """MB."""
    files: int
    """Open file descriptors of this process; 0 where the system does not tell."""


def state() -> State:
    """As it is now."""
    own = psutil.Process()
    return State(resident(), own.num_fds() if hasattr(own, "num_fds") else 0)


@dataclass(slots=True)
class Beat:
    """How long the window's event loop did not answer, seconds."""

    longest: float = 0.0
    last: float = field(default_factory=time.monotonic)

    def __call__(self) -> None:
        now = time.monotonic()
        self.longest = max(self.longest, now - self.last - BEAT)
        self.last = now


class Trial:
    """One app on one film. Use as a context; needs a ``QApplication``."""

    def __init__(self, application: Any, folder: Path) -> None:
        from deepcam.app.main import App
        from deepcam.app.settings import SettingsFile
        from deepcam.live.session import Session
        from deepcam.live.settings import LiveSettings

        self._application = application
        film, face = _film(folder / "film.mp4")
        self.witness = Witness(film, face)
        self.beat = Beat()
        self.sessions: list[Session] = []

        def factory(camera: str | None, identity: str | int) -> Session:
            settings = LiveSettings(
                camera=str(folder / "film.mp4"), output="null", size=SIZE, fps=FPS,
                identity=identity, control=False, provider="cpu",
                source_factory="deepcam.app.endurance:film_as_camera",
            )  # fmt: skip
            self.sessions.append(Session(settings, sink=self.witness))
            return self.sessions[-1]

        store = SettingsFile(folder / "settings")
        store.load()
        self.app = App(factory, str(folder / "app"), store)

    def __enter__(self) -> Trial:
        self.app.start()
        self.until(lambda: self.app.controller.newest is not None)
        self.until(self.generating)
        return self

    def __exit__(self, *_: object) -> None:
        self.app.close()
        self.app.preview.close()

    def generating(self) -> bool:
        """A generated face is what leaves now."""
        newest = self.app.controller.newest
        return newest is not None and newest.reason is Reason.GENERATED

    def card(self) -> bool:
        """The card is what leaves now."""
        newest = self.app.controller.newest
        return newest is not None and newest.reason is Reason.CARD

    def until(self, true: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Let the window live until something holds. Raises ``TimeoutError``."""
        end = time.monotonic() + patience
        self.live(BEAT)  # or a row of commands would never let the window live
        while not true():
            if time.monotonic() > end:
                raise TimeoutError("A command showed no effect.")
            self.live(BEAT)

    def live(self, seconds: float) -> None:
        """Let the window live for so long."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(int(seconds * 1000), loop.quit)
        loop.exec()

    def toggle(self, patient: bool = True) -> None:
        """Off or on; ``patient``: wait until the picture says so."""
        wanted = not self.sessions[-1].status()["on"]
        self.app.preview.switch.click()
        self.until(lambda: self.sessions[-1].status()["on"] is wanted)
        if patient:
            self.until(self.generating if wanted else self.card)

    def new_face(self) -> float:
        """Another face; seconds until it is worn."""
        before, began = self.app.controller.current, time.monotonic()
        self.app.preview.face.click()
        self.until(lambda: self.app.controller.current != before)
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill the worker, and wait for a generated face of the next one."""
        status = self.sessions[-1].status()["worker"]
        psutil.Process(status["pid"]).kill()
        wanted = status["restarts"] + 1
        self.until(lambda: self.sessions[-1].status()["worker"]["restarts"] >= wanted)
        self.until(self.generating)

    def rest(self, seconds: float) -> float:
        """CPU time of all processes in percent of one core while nobody watches."""
        self.app.preview.hide()
        self.witness.watching = False
        self.until(lambda: self.sessions[-1].status()["showing"] == "card")
        self.live(2.0)
        before, began = _cpu(), time.monotonic()
        self.live(seconds)
        used = 100 * (_cpu() - before) / (time.monotonic() - began)
        self.witness.watching = None
        self.app.preview.show()
        self.until(self.generating)
        return used


def film_as_camera(spec: SourceSpec) -> Source:
    """Stands for a camera, which is let go while nobody watches; a film would play on."""
    from deepcam.sources.video import VideoSource

    return VideoSource(Path(spec.value), loop=True)


def _film(path: Path) -> tuple[NDArray[np.uint8], tuple[float, float, float]]:
    """Render it; its pictures as they are read, and a square in the face."""
    from deepcam.showcase import demo
    from deepcam.sources.video import VideoReader

    demo.render(path, SIZE, FRAMES)
    with VideoReader(path) as reader:
        pictures = np.stack([np.asarray(picture.image) for picture in reader])
    iod = demo.SCALE * SIZE[1]
    return pictures, (0.5 * SIZE[0], 0.40 * SIZE[1] + 0.45 * iod, 0.5 * iod)


def _cpu() -> float:
    own = psutil.Process()
    total = 0.0
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


@contextlib.contextmanager
def _beating(trial: Trial) -> Iterator[None]:
    from PySide6.QtCore import Qt, QTimer

    timer = QTimer(interval=int(BEAT * 1000))
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(trial.beat)
    trial.beat.last = time.monotonic()
    timer.start()
    yield
    timer.stop()


def endure(
    trial: Trial, toggles: int, faces: int, kills: int, idle: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Everything in turn; JSON-ready figures. Memory is compared between the end of the first
    tenth of each kind of command and the end of all."""
    witness = trial.witness
    began, start = time.monotonic(), None
    with _beating(trial):
        for _ in range(max(toggles // 10, 1)):
            trial.toggle()
        if not trial.sessions[-1].status()["on"]:
            trial.toggle()
        trial.until(trial.generating)
        for _ in range(max(faces // 10, 1)):
            trial.new_face()
        for _ in range(max(kills // 10, 1)):
            trial.kill()
        trial.live(2.0)
        start = state()
        say(f"{toggles} times off and on.")
        # Half of them as quickly as the window takes them.
        for number in range(toggles + toggles % 2):
            trial.toggle(patient=number >= toggles // 2)
        trial.until(trial.generating)
        say(f"{faces} new faces.")
        trial.live(1.0)
        witness.gap, cards = 0.0, witness.count[Reason.CARD]
        changes = [trial.new_face() for _ in range(faces)]
        gap, cards = witness.gap, witness.count[Reason.CARD] - cards
        say(f"The worker is killed {kills} times.")
        for _ in range(kills):
            trial.kill()
        trial.live(2.0)
        end = state()
    blocked = trial.beat.longest
    used = None
    if idle > 0:
        say("Nobody watches.")
        used = trial.rest(idle)
    return {
        "toggles": toggles,
        "faces": faces,
        "kills": kills,
        "seconds": round(time.monotonic() - began, 1),
        "pictures": {reason.value: n for reason, n in witness.count.items()},
        "raw_pictures": witness.raw,
        "memory_mb": [round(start.memory, 1), round(end.memory, 1)],
        "memory_growth_percent": round(100 * (end.memory / start.memory - 1), 2),
        "open_files": [start.files, end.files],
        "longest_silence_of_the_window_ms": round(blocked * 1e3, 1),
        "new_face_ready_seconds": round(float(np.median(changes)), 3) if changes else None,
        "longest_gap_while_changing_ms": round(gap * 1e3, 1),
        "cards_while_changing": cards,
        "idle_percent_of_one_core": None if used is None else round(used, 2),
    }


def missed(found: dict[str, Any]) -> list[str]:
    """What is not as it is aimed at."""
    wrong = []
    if found["raw_pictures"]:
        wrong.append(f"{found['raw_pictures']} raw pictures")
    if found["memory_growth_percent"] > GROWTH:
        wrong.append(f"memory grew by {found['memory_growth_percent']} %")
    if found["longest_silence_of_the_window_ms"] > BLOCKED:
        wrong.append(f"the window was silent for {found['longest_silence_of_the_window_ms']} ms")
    if found["longest_gap_while_changing_ms"] > CHANGE or found["cards_while_changing"]:
        wrong.append("the picture stood still or was a card while the face was changed")
    if (found["idle_percent_of_one_core"] or 0.0) > IDLE:
        wrong.append(f"{found['idle_percent_of_one_core']} % of a core with nobody watching")
    return wrong


def main(arguments: list[str] | None = None) -> int:
    """Run it; 1 when something is not as aimed at."""
    parser = argparse.ArgumentParser(prog="python -m deepcam.app.endurance", description=__doc__)
    parser.add_argument("--toggles", type=int, default=1000)
    parser.add_argument("--faces", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--idle", type=float, default=30.0, help="seconds; 0 leaves it out")
    given = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance() or QApplication(["deepcam"])
    with tempfile.TemporaryDirectory() as folder, Trial(application, Path(folder)) as trial:
        found = endure(
            trial, given.toggles, given.faces, given.kills, given.idle,
            lambda text: print(text, file=sys.stderr, flush=True),
        )  # fmt: skip
    print(json.dumps(found, indent=2))
    wrong = missed(found)
    if wrong:
        print(f"Not as aimed at: {'; '.join(wrong)}.", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
