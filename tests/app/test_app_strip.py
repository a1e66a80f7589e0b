"""The main window clicked through against a live session: the worker is a real process."""

import time

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

from app_windows import end_windows
from live_fakes import RAW, RecordingSink, order, settings
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from test_app_live import showing
from test_app_main import until

from deepcam.app.main import App
from deepcam.app.settings import Settings, SettingsFile
from deepcam.app.strip import ANYBODY, BATCH, BEFORE, FITS, KEPT
from deepcam.app.strip_tile import heart_area, picture_area
from deepcam.identity.gallery import Gallery
from deepcam.identity.wish import Wish, read_spec
from deepcam.live import supervisor
from deepcam.live.session import Session


@pytest.fixture
def live(qt, tmp_path, monkeypatch):
    """``(app, sessions, sinks)``; nothing raw may have come out afterwards, nor in the strip."""
    monkeypatch.setenv("DEEPCAM_TEST_FOLDER", str(tmp_path))
    monkeypatch.setattr(supervisor, "BACKOFF_FIRST", 0.1)
    monkeypatch.setattr("deepcam.app.main.cameras", lambda: ["Cam", "Other"])
    sessions, sinks = [], []

    def factory(camera, face):
        sinks.append(RecordingSink())
        sessions.append(Session(settings(tmp_path, identity=face), sink=sinks[-1]))
        return sessions[-1]

    store = SettingsFile(tmp_path / "config")
    store.save(Settings(first_run_done=True))
    app = App(factory, str(tmp_path / "app"), store)
    app.start()
    until(qt, lambda: showing(app, "generated"), 120)
    yield app, sessions, sinks
    pictures = list(app.worn._pictures.values())
    app.close()
    app.preview.close()
    end_windows()
    assert not any(s.running for s in sessions)
    for sink in sinks:
        assert sink.raw_pixels == 0
    for pixmap in pictures:
        image = pixmap.toImage()
        middle = image.pixelColor(image.width() // 2, image.height() // 2).getRgb()[:3]
        assert max(abs(a - b) for a, b in zip(middle, RAW[::-1], strict=True)) > 60


def drawn(app):
    app.refresh()
    strip = app.preview.strip
    return strip.faces and all(app.worn.picture(face) for face in strip.faces)


def item_at(strip, row):
    return QRectF(strip.list.visualItemRect(strip.list.item(row)))


def click(strip, point):
    QTest.mouseClick(
        strip.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(*map(round, point.toTuple()))
    )


def test_one_click_wears_and_the_worn_one_is_marked(qt, live):
    app, sessions, _ = live
    strip = app.preview.strip
    until(qt, lambda: drawn(app), 240)
    assert strip.tabs.currentIndex() == FITS
    assert strip.faces[0] == app.controller.current  # who is worn stands in front
    assert len(strip.faces) == BATCH + 1
    wanted = strip.faces[2]
    click(strip, picture_area(item_at(strip, 2)).center())
    until(qt, lambda: app.controller.current == wanted, 60)
    app.refresh()
    assert strip.list.currentRow() == 2
    assert "worn now" in strip.list.item(2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "worn now" not in strip.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    until(qt, lambda: app.refresh() or "Others see" in app.preview.title.text(), 30)
    assert app.preview.title.text() == f"Others see {strip.name(wanted)}"
    assert sessions[0].status()["face"] == wanted
    # Undo and the strip of those worn before lead back.
    strip.tabs.setCurrentIndex(BEFORE)
    assert strip.faces == [wanted, app.controller.history[1]]
    click(strip, picture_area(item_at(strip, 1)).center())
    until(qt, lambda: app.controller.current == app.controller.history[0] != wanted, 60)


def test_arrow_keys_walk_and_only_the_last_of_many_wishes_is_played(qt, live):
    app, sessions, _ = live
    strip = app.preview.strip
    until(qt, lambda: drawn(app), 240)
    worn = []
    real = sessions[0].wear
    sessions[0].wear = lambda face: (worn.append(face), real(face))[1]
    app.preview.activateWindow()
    strip.list.setFocus()
    strip.list.setCurrentRow(0)
    for _ in range(4):
        QTest.keyClick(strip.list, Qt.Key.Key_Right)
    until(qt, lambda: app.controller.current == strip.faces[4], 60)
    assert worn == [strip.faces[4]]
    worn.clear()
    for face in strip.faces[:8]:  # ten quick clicks are no film of ten faces
        app.controller.wear(face)
    until(qt, lambda: app.controller.current == strip.faces[7], 60)
    time.sleep(0.3)
    qt.processEvents()
    assert app.controller.current == strip.faces[7]
    assert len(worn) <= 3


def test_more_people_leave_those_that_were_there(qt, live):
    app, _, _ = live
    strip = app.preview.strip
    until(qt, lambda: drawn(app), 240)
    before = strip.faces
    strip.more.click()
    assert strip.faces[: len(before)] == before
    assert len(strip.faces) == len(before) + BATCH
    until(qt, lambda: drawn(app), 240)


def test_sliders_act_at_once_on_the_people_offered_and_change_nobody(qt, live):
    app, _, _ = live
    strip = app.preview.strip
    until(qt, lambda: drawn(app), 240)
    face, before = app.controller.current, strip.faces
    strip.tabs.setCurrentIndex(ANYBODY)
    strip.adjust.click()
    strip.sliders.age.slider.setValue(70)
    until(qt, lambda: read_spec(str(strip.faces[-1])) is not None, 30)
    assert all(read_spec(str(f))[1] == Wish(age=70.0) for f in strip.faces if f != face)
    assert strip.faces != before
    until(qt, lambda: drawn(app), 240)
    for shown in strip.faces:
        if shown != face:
            assert abs(float(app.worn.meta(shown)["age"]) - 70) < 12
    assert app.controller.current == face


def test_a_heart_keeps_and_gives_back(qt, live):
    app, _, _ = live
    strip = app.preview.strip
    until(qt, lambda: drawn(app), 240)
    face, name = strip.faces[1], strip.name(strip.faces[1])
    click(strip, heart_area(item_at(strip, 1)).center())
    until(qt, lambda: app.keeping.name_of(face), 60)
    assert Gallery().names() == (name,)
    assert app.controller.current != face  # keeping is not wearing
    strip.tabs.setCurrentIndex(KEPT)
    until(qt, lambda: drawn(app), 90)
    assert strip.faces == [name]
    click(strip, heart_area(item_at(strip, 0)).center())
    until(qt, lambda: not app.keeping.saved, 60)
    assert Gallery().names() == ()
    # The worn one is kept with the button beside the switch.
    app.preview.save.click()
    until(qt, lambda: app.keeping.saved, 60)
    app.refresh()
    assert app.preview.save.text() == "Kept"
    assert not app.preview.save.isEnabled()


def test_off_on_and_a_killed_worker_bring_the_strip_back(qt, live):
    app, _, _ = live
    strip = app.preview.strip
    until(qt, lambda: drawn(app), 240)
    QTest.keyClick(app.preview.switch, Qt.Key.Key_Space)
    until(qt, lambda: showing(app, "card"), 90)
    assert app.preview.title.text() == "Off: others see the standby card"
    QTest.keyClick(app.preview.switch, Qt.Key.Key_Return)
    until(qt, lambda: showing(app, "generated"), 120)
    app.controller.panic()
    until(qt, lambda: showing(app, "card"), 90)
    app.controller.toggle()
    until(qt, lambda: showing(app, "generated"), 120)
    strip.more.click()
    until(qt, lambda: drawn(app), 240)


def test_a_camera_that_goes_and_comes_back_is_told_and_taken_back(qt, live, tmp_path, monkeypatch):
    app, sessions, _ = live
    monkeypatch.setattr("deepcam.app.trouble.PATIENCE", 0.2)
    monkeypatch.setattr("deepcam.app.guidance.can_be_seen", lambda output: True)
    monkeypatch.setattr(app.guidance, "lack", "")
    face = app.controller.current
    order(tmp_path, "unplugged")
    until(qt, lambda: app.refresh() or app.guidance.banner.shown is not None, 90)
    said = ("The camera was unplugged.", "The camera is not there.")
    assert app.guidance.banner.shown.sentence in said
    assert app.controller.state(app.controller.status()) == "fault"
    assert len(sessions) == 1  # nothing was changed by itself
    order(tmp_path, "")
    until(qt, lambda: app.refresh() or app.guidance.banner.shown is None, 120)
    until(qt, lambda: showing(app, "generated"), 120)
    assert app.controller.state(app.controller.status()) == "protected"
    assert app.controller.current == face


def test_the_mirror_turns_the_strip_as_well(qt, live):
    app, _, _ = live
    app.preview.unmirrored.click()
    assert not app.store.now.mirror_preview
    assert not app.preview.strip.mirror
    app.preview.mirrored.click()
    assert app.store.now.mirror_preview
    assert app.preview.strip.mirror


def test_help_doctor_and_report(qt, live, monkeypatch):
    app, _, _ = live
    for action in app.preview.help_actions.values():
        action.trigger()
    window = app.help
    until(qt, lambda: window.findings, 60)
    window.show_page("report")
    text = window.text.toPlainText()
    for part in ("DeepPrivacy Cam", "size 1280x720", "tray", "measured"):
        assert part in text
    for private in (str(app.controller.status()["identity"]), "Cam A"):
        assert private not in text
    window.close()
    assert app.help is None


def test_keys_answer_over_other_windows(qt, live):
    app, _, _ = live
    app.preview.hide()
    app.controller.new_face()
    until(qt, lambda: app.overlay.isVisible(), 60)
    assert app.overlay.text.startswith("Now wearing")
    app.controller.panic()
    until(qt, lambda: "standby card" in app.overlay.text, 60)
    image = app.overlay.grab().toImage()
    assert np.prod(image.size().toTuple()) > 0
