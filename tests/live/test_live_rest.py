"""The camera is let go when nobody can see anything, and cards tell the truth."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_fakes import RecordingSink

from deepcam.live import sender
from deepcam.live.session import Session
from deepcam.live.settings import LiveSettings
from deepcam.sinks.null import NullSink

Begin = Callable[..., Session]


class Watched(RecordingSink):
    """Somebody watches, nobody does, or it cannot be told."""

    seen: bool | None = False

    def watched(self) -> bool | None:
        return self.seen


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    monkeypatch.setenv("DEEPCAM_TEST_FOLDER", str(tmp_path))
    monkeypatch.setattr(sender, "UNWATCHED", 0.5)
    running: list[Session] = []

    def start(sink: Any, **changes: Any) -> Session:
        settings = LiveSettings(
            camera=str(tmp_path), size=(160, 96), control=False, identity=7,
            source_factory="live_fakes:FakeSource",
            anonymizer_factory="live_fakes:FakeAnonymizer", **changes,
        )  # fmt: skip
        running.append(Session(settings, sink=sink))
        running[-1].start()
        return running[-1]

    yield start
    for session in running:
        session.stop()


def until(what: Callable[[], object], within: float = 20.0) -> None:
    end = time.monotonic() + within
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def running(session: Session) -> bool:
    return session.status()["worker"]["state"] == "running"


def test_the_camera_is_let_go_when_the_picture_goes_nowhere(begin: Begin, tmp_path: Path) -> None:
    session = begin(NullSink())
    until(lambda: (tmp_path / "open").exists())
    until(lambda: session.status()["resting"])
    until(lambda: not (tmp_path / "open").exists())
    session.keep_awake(60)  # a window shows it
    until(lambda: (tmp_path / "open").exists())
    until(lambda: session.status()["showing"] == "generated")


def test_asleep_until_somebody_watches(begin: Begin, tmp_path: Path) -> None:
    sink = Watched()
    session = begin(sink, asleep=True)
    until(lambda: running(session))
    time.sleep(1.0)
    status = session.status()
    assert status["on"]
    assert status["resting"]
    assert not (tmp_path / "open").exists()
    assert set(sink.reasons) == {"card"}
    sink.seen = True
    until(lambda: session.status()["showing"] == "generated")


@pytest.mark.parametrize("kind", [Watched, RecordingSink])
def test_off_at_first_where_it_cannot_be_told(
    begin: Begin, tmp_path: Path, kind: type[RecordingSink]
) -> None:
    sink = kind()
    if isinstance(sink, Watched):
        sink.seen = None
    session = begin(sink, asleep=True)
    until(lambda: running(session))
    time.sleep(1.0)
    assert not session.status()["on"]
    assert not (tmp_path / "open").exists()
    session.switch(True)
    until(lambda: session.status()["showing"] == "generated")
    time.sleep(1.0)
    assert session.status()["showing"] == "generated"


def test_the_card_after_a_worker_that_stands_still_does_not_say_starting(begin: Begin) -> None:
    sink = RecordingSink()
    session = begin(sink, stay_on=True)
    until(lambda: session.status()["showing"] == "generated")
    pid = session.status()["worker"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    until(lambda: sink.reasons[-1] == "card")
    time.sleep(0.5)
    os.kill(pid, signal.SIGCONT)
    said = {d for r, d in zip(sink.reasons, sink.details, strict=True) if r == "card"}
    after = sink.details[sink.reasons.index("generated") :]
    assert {d for d in after if d} == {"No picture from the camera"}
    assert "Starting" in said
