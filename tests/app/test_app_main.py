"""The app against a fake session."""

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

from PySide6.QtWidgets import QSystemTrayIcon

from deepcam.app import icons
from deepcam.app.main import App, ask_to_show
from deepcam.app.tray import Tray
from deepcam.errors import DeepcamError
from deepcam.frames import Reason, SafeFrame


class FakeSession:
    def __init__(self, camera, seed, fail=False):
        self.camera, self.fail, self.on, self.worn = camera, fail, True, [seed]
        self.running = False
        image = np.zeros((90, 160, 3), np.uint8)
        image[:, :80] = 255  # the left half is white
        self.newest = SafeFrame(image, Reason.GENERATED, "", 0.0, 1, generated=1)

    def start(self):
        if self.fail:
            raise DeepcamError("There is no camera.", "Plug one in.")
        self.running = True

    def stop(self):
        self.running = False

    def toggle(self):
        self.on = not self.on
        return self.on

    def wear(self, identity):
        self.worn.append(identity)
        return {"identity": str(identity)}

    regenerate = wear

    def keep_awake(self, seconds):
        self.awake = seconds

    def panic(self):
        self.on = False

    def try_on(self, faces, tried):
        self.asked = list(faces)
        for face in self.asked:
            picture = cv2.imencode(".jpg", np.full((224, 224, 3), 120, np.uint8))[1].tobytes()
            tried({"face": face, "picture": picture, "name": f"P {face}", "meta": {"age": 40.0}})
        return True

    def status(self):
        return {"running": self.running, "on": self.on, "showing": "generated" if self.on
                else "card", "generated": 1, "provider": "CPU", "provider_reason": "no GPU",
                "measured": {"fps_fresh": 29.7, "latency_ms": {"p50": 41.0}}}  # fmt: skip


@pytest.fixture
def made(qt, tmp_path):
    sessions: list[FakeSession] = []

    def factory(camera, seed):
        sessions.append(FakeSession(camera, seed))
        return sessions[-1]

    app = App(factory, str(tmp_path / "app"))
    app.start()
    until(qt, lambda: sessions and app.controller.newest is not None)
    yield app, sessions
    app.close()
    assert not any(s.running for s in sessions)
    app.preview.close()


def until(qt, true, seconds=5.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        qt.processEvents()
        time.sleep(0.01)


def test_icons_differ_in_shape_and_colour(qt):
    images = [icons.draw(s, 64).toImage() for s in ("protected", "standby", "fault")]
    outlines = {
        tuple(i.pixelColor(x, y).alpha() > 128 for x in range(64) for y in range(64))
        for i in images
    }
    assert len(outlines) == 3
    assert len({i.pixelColor(32, 50).name() for i in images}) == 3


def test_buttons_reach_the_session(qt, made):
    app, sessions = made
    app.refresh()
    app.preview.switch.click()
    until(qt, lambda: not sessions[0].on)
    app.refresh()
    assert not app.preview.switch.isChecked()
    assert app.preview.title.text() == "Off: others see the standby card"
    assert app.controller.state(app.controller.status()) == "standby"
    app.preview.face.click()
    until(qt, lambda: len(sessions[0].worn) == 2 and app.controller.can_undo)
    app.refresh()
    app.preview.back.click()
    until(qt, lambda: len(sessions[0].worn) == 3)
    assert sessions[0].worn[2] == sessions[0].worn[0]


def test_undo_passes_over_a_face_that_was_deleted(qt, made):
    app, sessions = made
    first = app.controller.current
    for name in ("Ada", "Bea"):
        app.controller.wear(name)
        until(qt, lambda name=name: app.controller.current == name)
    app.controller.deleted("Ada")
    app.controller.deleted("Bea")  # it stays on while it is worn
    app.controller.undo()
    until(qt, lambda: app.controller.current == first)
    assert sessions[0].worn[-1] == first
    assert not app.controller.can_undo


def test_preview_is_mirrored_and_tells_the_facts(qt, made):
    app, _ = made
    app.preview.show_newest()
    image = app.preview.picture.pixmap().toImage()
    middle = image.height() // 2
    assert image.pixelColor(4, middle).value() < 40
    assert image.pixelColor(image.width() - 5, middle).value() > 200
    app.refresh()
    for part in ("30 frames/s", "41 ms", "1 generated", "CPU (no GPU)"):
        assert part in app.preview.facts.text()
    assert app.preview.facts.isHidden()  # until somebody asks
    app.preview.details.click()
    assert not app.preview.facts.isHidden()


def test_menu_fills_cameras_and_faces(qt, made):
    app, sessions = made
    tray = Tray(app.controller, app.show_window, qt.quit, lambda: ["Cam & Co"], lambda: [])
    tray.cameras.aboutToShow.emit()
    tray.cameras.actions()[0].trigger()
    until(qt, lambda: len(sessions) == 2 and sessions[1].worn)
    assert sessions[1].camera == "Cam & Co"
    assert not sessions[0].running
    tray.faces.aboutToShow.emit()
    assert not tray.faces.actions()[0].isEnabled()
    assert sessions[1].worn == sessions[0].worn[-1:]  # another camera is no other face


def test_second_start_raises_the_window(qt, made, tmp_path):
    app, _ = made
    app.preview.hide()
    assert ask_to_show(str(tmp_path / "app"))
    until(qt, app.preview.isVisible)
    assert not ask_to_show(str(Path(tmp_path) / "nobody"))


def test_without_a_camera_the_fault_is_told(qt, tmp_path):
    app = App(lambda camera, seed: FakeSession(camera, seed, fail=True), str(tmp_path / "app"))
    app.start()
    until(qt, lambda: app.controller.problem)
    app.refresh()
    assert "no camera" in app.preview.facts.text()
    assert "no camera" in app.guidance.banner.text.text()
    assert app.preview.title.text() == "Others see nothing"
    assert app.controller.state(app.controller.status()) == "fault"
    assert qt.quitOnLastWindowClosed() is not QSystemTrayIcon.isSystemTrayAvailable()
    app.close()
    app.preview.close()


def test_at_login_the_window_stays_away_and_the_camera_off(qt, tmp_path, monkeypatch):
    asked = []

    def live(camera, face, settings, source, asleep):
        asked.append(asleep)
        return FakeSession(camera, face)

    monkeypatch.setattr("deepcam.app.main.live", live)
    before = {w for w in qt.topLevelWidgets() if w.isVisible()}
    app = App(None, str(tmp_path / "app"), asleep=True)
    app.start(hidden=True)
    until(qt, lambda: asked and app.controller.newest is not None)
    assert asked == [True]
    assert not app.preview.isVisible()
    assert not [w for w in qt.topLevelWidgets() if w.isVisible() and w not in before]
    # Who asks for the window wants the picture, also after a change of the settings.
    app.show_window()
    assert app.preview.isVisible()
    app.controller.restart()
    until(qt, lambda: len(asked) == 2)
    assert asked[1] is False
    app.close()
    app.preview.close()
