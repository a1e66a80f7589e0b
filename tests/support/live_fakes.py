"""Sources and anonymizers for the live tests; imported by the worker process by their dotted paths.

The raw pictures of these sources are all magenta (``RAW``), and so nothing magenta may ever reach
a sink. What the fake anonymizer makes is green.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Image, Reason, SafeFrame
from deepcam.live.settings import LiveSettings
from deepcam.pipeline.anonymizer import UnknownIdentityError
from deepcam.sources.base import SourceEndedError, SourceLostError

RAW = (255, 0, 255)
SAFE = (20, 200, 30)


def settings(folder: Path, **changes: Any) -> LiveSettings:
    """A session of 160x96 with these fakes."""
    plain = LiveSettings(
        source=folder,
        output="null",
        size=(160, 96),
        fps=30,
        identity=7,
        control=False,
        source_factory="live_fakes:FakeSource",
        anonymizer_factory="live_fakes:FakeAnonymizer",
    )
    return replace(plain, **changes)


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (160, 96)) -> Image:
    return np.full((size[1], size[0], 3), colour, np.uint8)


def plan(folder: Path) -> Path:
    """The file that tells the running source what to do: a word."""
    return folder / "plan"


def order(folder: Path, word: str) -> None:
    """Tell the source in the worker what to do from now on."""
    draft = folder / "plan.new"
    draft.write_text(word)
    draft.replace(plan(folder))


class FakeSource:
    """Magenta at 60 fps; does what the plan file says. Opening and closing leave marks."""

    name = "fake"
    size = (160, 96)
    fps = 60.0

    def __init__(self, spec: Any) -> None:
        value = spec.value if hasattr(spec, "value") else spec
        self._folder = Path(str(value))
        self._left = 60

    def _word(self) -> str:
        try:
            return plan(self._folder).read_text()
        except OSError:
            return ""

    def open(self) -> None:
        if self._word() == "unplugged":
            raise DeepcamError("The camera is not there.", "Plug it in.")
        (self._folder / "open").write_text(str(os.getpid()))

    def read(self, timeout: float) -> Frame | None:
        word = self._word()
        now = time.monotonic()
        if word == "raise":
            raise RuntimeError("raw pixels 255 0 255")
        if word == "unplugged":
            raise SourceLostError("The camera was unplugged.", "Plug it in.")
        if word == "none":
            time.sleep(timeout)
            return None
        if word == "hang":
            time.sleep(60)
        if word == "film":
            self._left -= 1
            if self._left < 0:
                raise SourceEndedError
        time.sleep(1 / 60)
        if word == "garbage":
            k = int(now * 60) % 4
            bad: list[Any] = [
                np.full((3, 3, 3), 255, np.uint8),
                np.full((96, 160), 255, np.uint8),
                np.full((96, 160, 3), 1.0, np.float32),
                np.full((96, 160, 4), 255, np.uint8),
            ]
            return Frame(bad[k], now, 1)
        if word == "large":
            return Frame(picture(RAW, (1280, 720)), now, 1)
        if word == "sizes":
            k = int(now * 60) % 3
            return Frame(picture(RAW, [(160, 96), (64, 64), (333, 111)][k]), now, 1)
        return Frame(picture(RAW), now, 1)

    def close(self) -> None:
        if self._word() == "hang at the end":
            time.sleep(60)
        (self._folder / "open").unlink(missing_ok=True)


class FakeAnonymizer:
    """Everything green; the plan file lies in the folder that DEEPCAM_TEST_FOLDER names."""

    generator = SimpleNamespace(provider="fake", provider_reason="a test")
    problem = None

    def __init__(self, settings: Any) -> None:
        self.identity = SimpleNamespace(name=f"start-{settings.identity}")
        self.fitting = SimpleNamespace(ready=True, want=lambda wanted: None)
        if settings.identity == "nobody":
            raise DeepcamError("There is no identity nobody.", "See: deepcam identities list")
        kept = Path(os.environ.get("DEEPCAM_TEST_FOLDER", "")) / "kept"
        if settings.identity == "kept" and not kept.exists():
            raise UnknownIdentityError("No identity is called kept.")

    def warm_up(self) -> None:
        time.sleep(0.05)

    def reset(self) -> None:
        pass

    def process(self, frame: Frame) -> SafeFrame:
        folder = os.environ.get("DEEPCAM_TEST_FOLDER", "")
        word = plan(Path(folder)).read_text() if folder and plan(Path(folder)).exists() else ""
        if word == "crash":
            os.abort()
        if word == "throw":
            raise ValueError("raw pixels 255 0 255")
        if word == "stuck":
            time.sleep(60)
        height, width = frame.image.shape[:2]
        if word == "large":
            time.sleep(0.1 * width * height / (1280 * 720))
        return SafeFrame(
            picture(SAFE, (width, height)), Reason.GENERATED, "", frame.time, frame.number, 1, 0,
            {"total": 1.0},
        )  # fmt: skip

    def regenerate(self, seed: int | None = None, wish: Any = None) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(SimpleNamespace(name=f"seed-{seed}"))
        return future

    def set_identity(self, identity: Any) -> None:
        self.identity = identity

    def try_on(self, identity: Any) -> SafeFrame:
        tone = (identity.seed * 7) % 200
        return SafeFrame(picture((tone, 200, 30), (224, 224)), Reason.GENERATED, "", 0.0, 1, 1)

    def close(self) -> None:
        pass


class RecordingSink:
    """Keeps when each picture came, its reason and its most frequent colours; checks each."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.reasons: list[str] = []
        self.details: list[str] = []
        self.shapes: set[tuple[int, ...]] = set()
        self.raw_pixels = 0
        self.opened = self.closed = 0
        self.fail_with: Exception | None = None

    def open(self, size: tuple[int, int], fps: float) -> None:
        self.opened += 1

    def send(self, frame: SafeFrame) -> None:
        if self.fail_with is not None:
            error, self.fail_with = self.fail_with, None
            raise error
        b, g, r = (frame.image[:, :, k] for k in range(3))
        # Also mixtures with the raw colour: much more blue and red than green.
        self.raw_pixels += int(np.count_nonzero((b > 150) & (r > 150) & (g < 120)))
        if frame.reason is Reason.GENERATED:
            assert tuple(frame.image[48, 80]) == SAFE
        self.times.append(time.monotonic())
        self.reasons.append(frame.reason.value)
        self.details.append(frame.detail)
        self.shapes.add(frame.image.shape)

    def close(self) -> None:
        self.closed += 1

    def describe(self) -> str:
        return "Recorded for a test."

    def wait_for(self, reason: str, within: float, detail: str = "") -> float:
        """Seconds until the next picture with this reason (and word in its detail)."""
        begin, seen = time.monotonic(), len(self.reasons)
        while time.monotonic() - begin < within:
            for k in range(seen, len(self.reasons)):
                if self.reasons[k] == reason and detail in self.details[k]:
                    return self.times[k] - begin
            seen = len(self.reasons)
            time.sleep(0.01)
        raise AssertionError(f"no {reason} {detail!r} within {within} s: {self.details[-1:]}")
