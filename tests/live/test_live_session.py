"""Worker, supervisor and sender together, with a fake source and anonymizer in a real process."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import live_fakes
import numpy as np
import psutil
import pytest
from live_fakes import RecordingSink, order, settings
from places import ROOT, SUPPORT

from deepcam.errors import DeepcamError
from deepcam.live import supervisor
from deepcam.live.control import send_command
from deepcam.live.run import run_live
from deepcam.live.session import Session
from deepcam.sinks.base import SinkClosedError, SinkFailedError

Start = Callable[..., tuple[Session, RecordingSink]]


def shared_memory() -> set[str]:
    """What this process has there; other tests may run beside it."""
    return {p.name for p in Path("/dev/shm").glob(f"deepcam_{os.getpid()}_*")}


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts sessions; afterwards nothing may be left of them and nothing raw may have come out."""
    monkeypatch.setenv("DEEPCAM_TEST_FOLDER", str(tmp_path))
    monkeypatch.setattr(supervisor, "BACKOFF_FIRST", 0.1)
    before = shared_memory()
    running: list[tuple[Session, RecordingSink]] = []

    def begin(**changes: Any) -> tuple[Session, RecordingSink]:
        sink = changes.pop("sink", None) or RecordingSink()
        said = changes.pop("said", [])
        session = Session(
            settings(tmp_path, **changes), lambda *event: said.append(event), sink=sink
        )
        session.start()
        running.append((session, sink))
        return session, sink

    yield begin
    for session, sink in running:
        session.stop()
        assert session.wait(5)
        assert sink.raw_pixels == 0
        assert sink.shapes <= {(96, 160, 3)}
        assert sink.opened == sink.closed
    assert shared_memory() <= before
    names = [p.name() for p in psutil.Process().children() if "resource" not in str(p.cmdline())]
    assert names == []


def test_starts_with_the_card_then_shows_the_safe_picture(start: Start) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    assert sink.reasons[0] == "card"
    sink.wait_for("generated", 1)
    status = session.status()
    assert status["running"]
    assert status["on"]
    assert status["identity"] == "start-7"
    assert status["provider"] == "fake"
    assert session.newest is not None


@pytest.mark.alone
def test_rate_is_constant_and_latency_measured(start: Start) -> None:
    session, sink = start(fps=50)
    sink.wait_for("generated", 15)
    first = len(sink.times)
    begin = time.monotonic()
    time.sleep(2.0)
    sent, lasted = len(sink.times) - first, time.monotonic() - begin
    assert sent == pytest.approx(50 * lasted, abs=4)
    measured = session.status()["measured"]
    assert 0 < measured["latency_ms"]["p50"] < 500
    assert measured["fresh"] <= measured["sent"]
    assert measured["stages_ms"]["total"]["p50"] == pytest.approx(1.0)


def test_killed_worker_gives_card_within_a_second_and_comes_back(
    start: Start, tmp_path: Path
) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    os.kill(session.status()["worker"]["pid"], signal.SIGKILL)
    assert sink.wait_for("card", 1.2) < 1.2
    sink.wait_for("generated", 15)
    assert session.status()["worker"]["restarts"] == 1


@pytest.mark.parametrize("fault", ["raise", "none", "garbage", "unplugged"])
def test_faulty_source_gives_card_and_recovers(start: Start, tmp_path: Path, fault: str) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    order(tmp_path, fault)
    assert sink.wait_for("card", 2.5) < 2.5
    order(tmp_path, "")
    sink.wait_for("generated", 10)
    assert session.status()["worker"]["restarts"] == 0


def test_the_reason_for_a_card_is_said_once(start: Start, tmp_path: Path) -> None:
    said: list[tuple[str, str]] = []
    _, sink = start(said=said)
    sink.wait_for("generated", 15)
    assert [s for kind, s in said if kind == "card"] == []
    for _ in range(2):
        order(tmp_path, "unplugged")
        assert sink.wait_for("card", 2.5) < 2.5
        time.sleep(1.0)
        order(tmp_path, "")
        assert sink.wait_for("generated", 10) < 10
    sentences = [s for kind, s in said if kind == "card"]
    assert len(sentences) >= 2
    assert all(s.startswith("The standby card is shown: ") and s.endswith(".") for s in sentences)
    # Not once a picture: a second of thirty cards is one or two reasons.
    assert len(sentences) <= 6


@pytest.mark.parametrize("fault", ["throw", "crash"])
def test_faulty_anonymizer_gives_card_and_recovers(
    start: Start, tmp_path: Path, fault: str
) -> None:
    _, sink = start()
    sink.wait_for("generated", 15)
    order(tmp_path, fault)
    assert sink.wait_for("card", 2.5) < 2.5
    order(tmp_path, "")
    assert sink.wait_for("generated", 15) < 15


def test_hung_worker_is_replaced(start: Start, tmp_path: Path) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    assert session._sender is not None
    session._sender.supervisor.hang_limit = 1.5
    order(tmp_path, "stuck")
    assert sink.wait_for("card", 2) < 1.8
    time.sleep(1.0)
    order(tmp_path, "")
    sink.wait_for("generated", 15)
    assert session.status()["worker"]["restarts"] >= 1


def test_pictures_of_changing_sizes_fit_the_output(start: Start, tmp_path: Path) -> None:
    order(tmp_path, "sizes")
    _, sink = start()
    sink.wait_for("generated", 15)
    time.sleep(0.5)
    assert sink.shapes == {(96, 160, 3)}


def test_off_shows_the_card_and_releases_the_camera(start: Start, tmp_path: Path) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    assert (tmp_path / "open").exists()
    session.switch(False)
    sink.wait_for("card", 0.5, "off")
    time.sleep(0.8)
    assert not (tmp_path / "open").exists()
    count = sink.reasons.count("generated")
    time.sleep(0.3)
    assert sink.reasons.count("generated") == count
    assert session.toggle()
    sink.wait_for("generated", 5)


def test_off_ends_a_worker_whose_camera_does_not_let_go(start: Start, tmp_path: Path) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    pid = session.status()["worker"]["pid"]
    order(tmp_path, "hang at the end")
    session.switch(False)
    sink.wait_for("card", 0.5, "off")
    end = time.monotonic() + 10
    while session.status()["worker"]["pid"] == pid and time.monotonic() < end:
        time.sleep(0.05)
    assert not psutil.pid_exists(pid)
    order(tmp_path, "")
    session.switch(True)
    sink.wait_for("generated", 15)


def test_switching_does_not_wait_for_a_worker_that_does_not_listen(
    start: Start, tmp_path: Path
) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    order(tmp_path, "stuck")
    begin = time.monotonic()
    for _ in range(20000):
        session.toggle()
    assert session.toggle() is False
    assert time.monotonic() - begin < 2.0  # the pipe would be full, for as long as it is stuck
    sink.wait_for("card", 1, "off")


class ViewedSink(RecordingSink):
    """An output that knows whether somebody watches."""

    viewers = True

    def watched(self) -> bool:
        return self.viewers


def test_nobody_watches_the_camera_is_let_go_until_somebody_comes(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepcam.live.sender.UNWATCHED", 0.5)
    sink = ViewedSink()
    session, _ = start(source=None, camera=str(tmp_path), sink=sink)
    sink.wait_for("generated", 15)
    time.sleep(1.0)
    assert not session.status()["resting"]
    sink.viewers = False
    sink.wait_for("card", 3, "Starting the camera")
    time.sleep(1.0)
    assert session.status()["resting"]
    assert not (tmp_path / "open").exists()
    count = len(sink.times)
    time.sleep(1.0)
    assert len(sink.times) - count <= 4
    sink.viewers = True
    sink.wait_for("generated", 5)
    assert not session.status()["resting"]
    # A preview counts as watching.
    sink.viewers = False
    session.keep_awake(30)
    time.sleep(1.2)
    assert not session.status()["resting"]
    # Switching off and on by hand does not depend on viewers.
    session.switch(False)
    sink.wait_for("card", 1, "off")
    assert session.toggle()
    sink.wait_for("generated", 5)


def test_stay_on_keeps_the_camera(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepcam.live.sender.UNWATCHED", 0.2)
    sink = ViewedSink()
    sink.viewers = False
    session, _ = start(source=None, camera=str(tmp_path), sink=sink, stay_on=True)
    sink.wait_for("generated", 15)
    time.sleep(1.0)
    assert not session.status()["resting"]


def test_panic_kills_the_worker_and_stays_off(start: Start, tmp_path: Path) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    pid = session.status()["worker"]["pid"]
    session.panic()
    sink.wait_for("card", 0.5, "off")
    count = sink.reasons.count("generated")
    (tmp_path / "open").unlink(missing_ok=True)
    time.sleep(2.0)
    assert not psutil.pid_exists(pid)
    assert sink.reasons.count("generated") == count
    assert not (tmp_path / "open").exists()
    session.switch(True)
    sink.wait_for("generated", 15)


def test_commands_through_the_socket(start: Start, tmp_path: Path) -> None:
    session, sink = start(control=True)
    sink.wait_for("generated", 15)
    assert send_command("status")["showing"] == "generated"
    assert send_command("regenerate", seed=11) == {"identity": "seed-11"}
    assert send_command("toggle") == {"on": False}
    sink.wait_for("card", 0.5, "off")
    assert send_command("on") == {"on": True}
    with pytest.raises(DeepcamError):
        send_command("identity", identity="no such name")
    with pytest.raises(DeepcamError, match="seed"):
        send_command("regenerate", seed="x")
    with pytest.raises(DeepcamError, match="running already"):
        Session(settings(tmp_path, control=True), sink=RecordingSink()).start()
    os.kill(session.status()["worker"]["pid"], signal.SIGKILL)
    sink.wait_for("card", 1.2)
    sink.wait_for("generated", 15)
    assert send_command("status")["identity"] == "start-11"  # a new worker wears the same face
    send_command("stop")
    assert session.wait(5)
    with pytest.raises(DeepcamError, match="not running"):
        send_command("status")


def test_the_end_of_a_film_ends_the_run(start: Start, tmp_path: Path) -> None:
    order(tmp_path, "film")
    session, sink = start()
    assert session.wait(15)
    assert session.error is None
    assert sink.reasons.count("generated") > 10
    assert sink.reasons[-1] == "generated"


def test_a_looping_film_goes_on(start: Start, tmp_path: Path) -> None:
    order(tmp_path, "film")
    session, sink = start(loop=True)
    sink.wait_for("generated", 15)
    assert not session.wait(2.5)
    assert "card" not in sink.reasons[-60:]


def test_a_face_deleted_while_it_is_worn_is_followed_by_somebody_new(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "kept").write_text("")
    said: list[tuple[str, str]] = []
    session, sink = start(identity="kept", said=said)
    sink.wait_for("generated", 15)
    assert session.status()["face"] == "kept"
    assert session.status()["replaced"] == ""
    (tmp_path / "kept").unlink()
    os.kill(session.status()["worker"]["pid"], signal.SIGKILL)
    sink.wait_for("card", 2)
    sink.wait_for("generated", 15)
    status = session.status()
    assert status["face"].endswith("?fits")
    assert status["identity"] == f"start-{status['face']}"
    assert status["replaced"] == "No identity is called kept."
    assert ("identity", "No identity is called kept. Somebody new is worn.") in said
    assert status["problem"] == ""
    session.wear(7)
    assert session.status()["replaced"] == ""


def test_the_cameras_problem_is_told_until_it_is_over(start: Start, tmp_path: Path) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)

    def wait_for(problem: str) -> None:
        end = time.monotonic() + 10
        while session.status()["camera_problem"] != problem:
            assert time.monotonic() < end
            time.sleep(0.01)

    wait_for("")
    order(tmp_path, "unplugged")
    wait_for("The camera is not there.")
    order(tmp_path, "")
    wait_for("")


def test_why_the_output_cannot_be_opened_is_told(start: Start) -> None:
    class Missing(RecordingSink):
        def open(self, size: tuple[int, int], fps: float) -> None:
            raise DeepcamError("There is no virtual camera.", "Make one.")

    session, _ = start(sink=Missing())
    assert session.wait(5)
    assert session.status()["problem"] == "There is no virtual camera. Make one."


def test_unknown_identity_shows_the_card_or_ends(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, sink = start(identity="nobody")
    sink.wait_for("card", 15, "no identity nobody")
    assert "nobody" in session.status()["problem"]
    with pytest.raises(DeepcamError, match="nobody"):
        run_live(settings(tmp_path, identity="nobody", seconds=20))


def test_failing_output_is_opened_again_and_closing_it_ends_the_run(start: Start) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    sink.fail_with = SinkFailedError("The device went away.", "Wait.")
    sink.wait_for("generated", 5)
    assert (sink.opened, sink.closed) == (2, 1)
    sink.fail_with = SinkClosedError()
    assert session.wait(5)
    assert session.error is None


def test_broken_output_ends_the_run_with_its_reason(start: Start) -> None:
    session, sink = start()
    sink.wait_for("card", 5)
    sink.fail_with = DeepcamError("The disk is full.", "Make room.")
    assert session.wait(5)
    assert session.error is not None
    assert session.error.what == "The disk is full."


def test_run_live_returns_measurements(tmp_path: Path) -> None:
    summary = run_live(settings(tmp_path, seconds=4.0))
    assert summary["measured"]["sent"] == pytest.approx(120, abs=2)
    assert summary["measured"]["generated"] > 10
    assert not summary["running"]


def test_sigterm_leaves_cleanly(tmp_path: Path) -> None:
    import threading

    before = signal.getsignal(signal.SIGTERM)
    threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
    begin = time.monotonic()
    run_live(settings(tmp_path, seconds=20.0))
    assert time.monotonic() - begin < 8
    assert signal.getsignal(signal.SIGTERM) == before


def test_worker_dies_with_its_parent(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys, time; from pathlib import Path\n"
        "if __name__ == '__main__':\n"
        "    sys.path.insert(0, sys.argv[2])\n"
        "    from deepcam.live.session import Session\n"
        "    from live_fakes import RecordingSink, settings\n"
        "    s = Session(settings(Path(sys.argv[1])), sink=RecordingSink()); s.start()\n"
        "    while s.status()['worker']['state'] != 'running': time.sleep(0.05)\n"
        "    print(s.status()['worker']['pid'], flush=True); time.sleep(60)\n"
    )
    script = tmp_path / "owner.py"
    script.write_text(code)
    owner = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), str(SUPPORT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert psutil.pid_exists(pid)
    owner.kill()
    owner.wait()
    deadline = time.monotonic() + 3
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.alone
@pytest.mark.slow
def test_twenty_kills_leave_memory_flat(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "BACKOFF_MOST", 0.1)
    session, sink = start()
    sink.wait_for("generated", 15)
    me, sizes, handles = psutil.Process(), [], []
    for _ in range(20):
        os.kill(session.status()["worker"]["pid"], signal.SIGKILL)
        sink.wait_for("card", 1.2)
        sink.wait_for("generated", 20)
        gc.collect()
        sizes.append(me.memory_info().rss)
        handles.append(me.num_fds())
    assert sizes[-1] - sizes[4] < 8e6
    assert max(handles[4:]) - min(handles[4:]) <= 2
    assert session.status()["worker"]["restarts"] == 20


def test_faces_are_tried_on_and_nothing_raw_comes_with_them(start: Start) -> None:
    session, sink = start()
    sink.wait_for("generated", 15)
    said: list[Any] = []
    assert session.try_on([11, "nobody at all", 12], said.append)
    until(lambda: len(said) == 3, 20)
    tried = {m["face"]: m for m in said if "picture" in m}
    assert set(tried) == {11, 12}
    for facts in tried.values():
        data = np.frombuffer(facts["picture"], np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert image.shape == (224, 224, 3)
        assert np.abs(image.astype(int) - live_fakes.RAW).max(2).min() > 60
        assert facts["name"]
    assert [m["what"] for m in said if "what" in m] == ["No identity is called 'nobody at all'."]
    # Who was tried on is put on at once, and the next worker wears them as well.
    assert session.wear(12)["identity"] == tried[12]["name"]
    assert session.status()["face"] == 12


def until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_first_camera_found_stays_the_camera() -> None:
    from deepcam.live.worker import pinned
    from deepcam.sources import SourceSpec

    assert pinned(SourceSpec.parse(), "Cam").value == "Cam"
    assert pinned(SourceSpec.parse("Other"), "Cam").value == "Other"
    assert pinned(SourceSpec("file", "a.mp4"), "a").value == "a.mp4"
    assert pinned("plain", "Cam") == "plain"


def test_off_forgets_who_was_to_be_tried_on_and_a_name_is_looked_up_anew() -> None:
    from types import SimpleNamespace

    from deepcam.live.wardrobe import Wardrobe

    kept: list[bool] = []
    told: list[dict[str, Any]] = []
    people = {"Ada": 1}

    def find(face: str | int) -> Any:
        seed = people[face] if isinstance(face, str) else face
        return SimpleNamespace(name=f"P {seed}", seed=seed, meta={})

    view = SimpleNamespace(image=np.zeros((8, 8, 3), np.uint8))
    drawn: list[int] = []
    anonymizer = SimpleNamespace(
        fitting=SimpleNamespace(ready=True, want=kept.append),
        try_on=lambda person: (drawn.append(person.seed), view)[1],
    )
    wardrobe = Wardrobe(anonymizer, find, lambda event, **facts: told.append(facts))

    def try_on(*faces: str | int) -> None:
        wardrobe.ask(faces)
        wanted = len(told) + len(faces)

        def done() -> bool:
            wardrobe.work()
            return len(told) == wanted

        until(done, 30)
        wardrobe.work()

    try_on("Ada", 7)
    assert drawn == [1, 7]
    assert kept == [True, False]
    assert wardrobe.known(7).seed == 7
    assert wardrobe.known("Ada") is None
    people["Ada"] = 2  # saved anew under the same name
    try_on("Ada")
    assert drawn[-1] == 2
    wardrobe.ask([9])
    wardrobe.ask([])  # switched off
    wardrobe.work()
    assert kept[-1] is False
