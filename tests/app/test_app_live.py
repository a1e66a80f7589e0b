"""Buttons and menus against a live session: its worker is a real process with a fake camera."""

import os
import signal

import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

from live_fakes import RecordingSink, settings
from test_app_main import until

from deepcam.app.main import App
from deepcam.app.tray import Tray
from deepcam.live import supervisor
from deepcam.live.session import Session

asked: list[str | None] = []
"""The cameras that sessions were made for."""


@pytest.fixture
def made(qt, tmp_path, monkeypatch):
    """The app, its sessions and their sinks; nothing raw may have come out afterwards."""
    monkeypatch.setenv("DEEPCAM_TEST_FOLDER", str(tmp_path))
    monkeypatch.setattr(supervisor, "BACKOFF_FIRST", 0.1)
    sessions, sinks = [], []
    asked.clear()

    def factory(camera, face):
        sinks.append(RecordingSink())
        # A session takes a camera or a file; the fake camera lies in the folder, whatever its name.
        asked.append(camera)
        sessions.append(Session(settings(tmp_path, identity=face), sink=sinks[-1]))
        return sessions[-1]

    app = App(factory, str(tmp_path / "app"))
    app.start()
    until(qt, lambda: showing(app, "generated"), 30)
    yield app, sessions, sinks
    app.close()
    app.preview.close()
    assert not any(s.running for s in sessions)
    for sink in sinks:
        assert sink.reasons
        assert sink.raw_pixels == 0
        assert sink.opened == sink.closed == 1


def showing(app, reason):
    app.refresh()
    newest = app.controller.newest
    return newest is not None and newest.reason.value == reason


def test_off_on_face_undo_and_panic(qt, made):
    app, _, _ = made
    app.preview.switch.click()
    until(qt, lambda: showing(app, "card"), 20)
    app.preview.switch.click()
    until(qt, lambda: showing(app, "generated"), 30)
    first = app.controller.current
    app.preview.face.click()
    until(qt, lambda: app.controller.current != first, 20)
    app.refresh()
    app.preview.back.click()
    until(qt, lambda: app.controller.current == first, 20)
    app.controller.panic()
    until(qt, lambda: showing(app, "card"), 20)
    assert not app.controller.status()["on"]


def test_a_killed_worker_is_replaced(qt, made):
    app, sessions, sinks = made
    pid = sessions[0].status()["worker"]["pid"]
    seen = len(sinks[0].reasons)
    os.kill(pid, signal.SIGKILL)
    until(qt, lambda: "card" in sinks[0].reasons[seen:], 20)
    until(qt, lambda: sessions[0].status()["worker"]["restarts"] == 1, 20)
    until(qt, lambda: showing(app, "generated"), 30)
    assert sessions[0].status()["worker"]["pid"] not in (pid, None)


def test_another_camera_is_another_session(qt, made):
    app, sessions, _ = made
    tray = Tray(app.controller, app.show_window, qt.quit, lambda: ["Cam"], lambda: [])
    tray.cameras.aboutToShow.emit()
    tray.cameras.actions()[0].trigger()
    until(qt, lambda: len(sessions) == 2 and sessions[1].running, 20)
    until(qt, lambda: showing(app, "generated"), 30)
    assert not sessions[0].running
    assert asked == [None, "Cam"]


def test_changed_settings_begin_anew_with_the_same_face(qt, made):
    app, sessions, _ = made
    face = app.controller.current
    app.controller.restart()
    until(qt, lambda: len(sessions) == 2 and sessions[1].running, 20)
    until(qt, lambda: showing(app, "generated"), 30)
    assert app.controller.current == face
