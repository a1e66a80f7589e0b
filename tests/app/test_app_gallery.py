"""The window of faces and the settings dialog, clicked through against a fake session."""

import threading

import cv2
import numpy as np
import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

from dataclasses import replace

from app_windows import end_windows
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QWidget
from test_app_main import FakeSession, until

from deepcam.app import portraits
from deepcam.app.faces import Faces
from deepcam.app.gallery_window import GalleryWindow
from deepcam.app.keeping import Keeping
from deepcam.app.main import App
from deepcam.app.preview import Preview
from deepcam.app.questions import Questions
from deepcam.app.settings import Settings, SettingsFile
from deepcam.app.settings_dialog import SettingsDialog
from deepcam.app.tray import Tray
from deepcam.app.wish_sliders import WishSliders
from deepcam.app.worn import WornPictures
from deepcam.errors import DeepcamError
from deepcam.identity.gallery import Gallery
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish, read_spec, spec_of


def person(name, seed=5, age=40.0):
    return Identity(
        name, seed, np.zeros((512, 512, 3), np.uint8), np.zeros((468, 3), np.float32),
        np.zeros(3, np.uint8), 0, {"age": age, "masculinity": 0.2, "tone": 0.9},
    )  # fmt: skip


class FakeController(QObject):
    said, tried = Signal(str), Signal(object)
    problem, camera, can_undo, history = "", None, False, ()

    def __init__(self):
        super().__init__()
        self.current, self.worn, self.renames, self.gone = 7, [], [], []
        self.names, self.asked = {}, []

    def state(self, status):
        return "protected"

    def try_on(self, faces):
        self.asked.append(list(faces))

    def wear(self, spec):
        self.worn.append(spec)
        self.current = spec

    def deleted(self, face):
        self.gone.append(face)

    def renamed(self, old, new):
        self.renames.append((old, new))

    def status(self):
        return {"identity": "Somebody"}


class Answers:
    """Instead of dialogs: what the person says."""

    def __init__(self):
        self.said, self.asked = {}, []

    def name(self, title, question, text):
        self.asked.append(text)
        return self.said.get("name", text)

    def target(self, name):
        return self.said["file"]

    def source(self):
        return self.said["file"]

    def always(self, name):
        return self.said.get("always", True)


@pytest.fixture(autouse=True)
def windows_end(qt):
    """Here, and not when a thread of another test happens to collect garbage."""
    yield
    end_windows()


@pytest.fixture(autouse=True)
def samples(monkeypatch):
    """Sampling without the bank: quick, and the wishes can be seen."""

    def sample(self, seed):
        return person(f"New {seed}", seed, self.age or 40.0)

    monkeypatch.setattr(Wish, "sample", sample)
    monkeypatch.setattr(
        "deepcam.app.faces.resolve_identity",
        lambda spec, gallery: person("Seed", spec) if isinstance(spec, int) else gallery.load(spec),
    )


@pytest.fixture
def drawn():
    return []


@pytest.fixture
def window(qt, tmp_path, drawn):
    gallery = Gallery(tmp_path / "faces")
    gallery.save(person("Ada"))
    gallery.save(person("Bea", 6))

    def draw(identity):
        drawn.append((identity.name, threading.current_thread() is threading.main_thread()))
        picture = np.full((portraits.SIZE, portraits.SIZE, 3), 90, np.uint8)
        return picture, picture + 60

    made = GalleryWindow(FakeController(), SettingsFile(tmp_path / "config"), gallery, draw)
    made.questions = Answers()
    made.show()
    settle(qt, made)
    yield made
    made.close()
    made.end()


def settle(qt, window):
    until(qt, lambda: window.background.waiting == 0)
    until(qt, lambda: window.painter.waiting == 0)


def names(window):
    return [
        window.list.item(i).data(Qt.ItemDataRole.UserRole).name for i in range(window.list.count())
    ]


def choose(window, name):
    window.list.setCurrentRow(names(window).index(name))


def click(qt, window, button):
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qt, window)


def test_saved_faces_are_drawn_once_and_not_in_the_windows_thread(qt, window, drawn):
    assert sorted(names(window)) == ["Ada", "Bea"]
    assert sorted(drawn) == [("Ada", False), ("Bea", False)]
    pixmap = window.picture.pixmap()
    assert (pixmap.width(), pixmap.height()) == (2 * portraits.SIZE, portraits.SIZE)
    image = pixmap.toImage()  # neutral left, smiling right
    assert image.pixelColor(9, 9).red() == 90
    assert image.pixelColor(2 * portraits.SIZE - 9, 9).red() == 150
    window.reload()
    settle(qt, window)
    assert len(drawn) == 2


def test_commands_do_not_wait_for_portraits(qt, window):
    hold = threading.Event()
    window.painter.run(lambda: hold.wait(10), lambda _: None, lambda _: None)
    QTest.mouseClick(window.current_button, Qt.MouseButton.LeftButton)
    until(qt, lambda: len(names(window)) == 3)
    choose(window, "Somebody")
    assert window.picture.text()  # says that the portrait is on its way
    hold.set()
    settle(qt, window)
    assert not window.picture.pixmap().isNull()


def test_the_worn_face_can_be_kept_and_never_twice_under_one_name(qt, window):
    click(qt, window, window.current_button)
    assert window.questions.asked == ["Somebody"]
    assert window.faces.gallery.load("Somebody").seed == 7
    window._controller.current = 8
    click(qt, window, window.current_button)
    assert window.questions.asked[-1] == "Somebody 2"
    window.questions.said["name"] = "Ada"
    window._controller.current = 9
    click(qt, window, window.current_button)
    # Asked again with what was typed, then refused.
    assert window.questions.asked[-2:] == ["Somebody 3", "Ada"]
    assert "exists already" in window.message.text()
    assert "identity" not in window.message.text()
    assert window.faces.gallery.load("Ada").seed == 5


def test_rename_follows_the_always_face(qt, window):
    choose(window, "Ada")
    click(qt, window, window.always_button)
    window.questions.said["name"] = "  Ada   Two "
    click(qt, window, window.rename_button)
    assert sorted(names(window)) == ["Ada Two", "Bea"]
    assert window._store.now.face == "Ada Two"
    assert ("Ada", "Ada Two") in window._controller.renames
    window.questions.said["name"] = "12"
    click(qt, window, window.rename_button)
    assert "cannot be the name" in window.message.text()
    window.questions.said["name"] = ""
    click(qt, window, window.rename_button)
    assert sorted(names(window)) == ["Ada Two", "Bea"]


def test_delete_and_undo(qt, window):
    choose(window, "Ada")
    assert not window.undo_button.isEnabled()
    window._store.save(Settings(face="Ada"))
    QTest.keyClick(window.list, Qt.Key.Key_Delete)
    settle(qt, window)
    assert names(window) == ["Bea"]
    assert "Undo delete" in window.message.text()
    assert window._controller.gone == ["Ada"]
    assert window._store.now.face == ""
    click(qt, window, window.undo_button)
    assert sorted(names(window)) == ["Ada", "Bea"]
    assert window.selected.name == "Ada"
    assert not window.undo_button.isEnabled()


def test_export_and_import(qt, window, tmp_path):
    choose(window, "Bea")
    window.questions.said["file"] = str(tmp_path / "bea.identity")
    click(qt, window, window.export_button)
    assert (tmp_path / "bea.identity").is_file()
    click(qt, window, window.import_button)
    assert sorted(names(window)) == ["Ada", "Bea", "Bea 2"]
    assert window.faces.gallery.load("Bea 2").seed == 6


def test_a_photograph_is_refused(qt, window, tmp_path):
    photo = tmp_path / "me.jpg"
    photo.write_bytes(b"\xff\xd8\xff\xe0" + bytes(5000))
    window.questions.said["file"] = str(photo)
    click(qt, window, window.import_button)
    assert "not a face file" in window.message.text()
    assert "deepcam" not in window.message.text()  # no command is of use here
    assert sorted(names(window)) == ["Ada", "Bea"]


def test_always_this_face_and_back(qt, window):
    choose(window, "Bea")
    window.questions.said["always"] = False
    click(qt, window, window.always_button)
    assert window._store.now.face == ""
    window.questions.said["always"] = True
    click(qt, window, window.always_button)
    assert window._store.now.face == "Bea"
    assert window._controller.worn == ["Bea"]
    assert "always worn" in window.list.currentItem().text()
    assert "every start" in window.always_button.text()
    click(qt, window, window.always_button)
    assert window._store.now.face == ""


def test_a_face_is_shown_worn_where_the_camera_shows_somebody(qt, tmp_path):
    gallery = Gallery(tmp_path / "faces")
    gallery.save(person("Ada"))
    controller = FakeController()
    worn = WornPictures(controller)
    window = GalleryWindow(controller, SettingsFile(tmp_path / "c"), gallery, worn=worn)
    window.show()
    until(qt, lambda: controller.asked)
    assert controller.asked == [["Ada"]]
    data = cv2.imencode(".jpg", np.full((224, 224, 3), 200, np.uint8))[1].tobytes()
    controller.tried.emit({"face": "Ada", "picture": data, "name": "Ada", "meta": {}})
    assert window.picture.pixmap().toImage().pixelColor(100, 100).red() > 190
    window.close()
    window.end()


def test_a_damaged_face_can_only_be_deleted(qt, window):
    (window.faces.gallery.folder / "bad.identity").write_bytes(b"nonsense")
    window.reload("bad")
    settle(qt, window)
    assert window.selected.name == "bad"
    for button in (window.wear_button, window.rename_button, window.export_button):
        assert not button.isEnabled()
    click(qt, window, window.delete_button)
    assert sorted(names(window)) == ["Ada", "Bea"]


def test_settings_that_cannot_be_written_are_told(qt, window, tmp_path):
    (tmp_path / "config").write_text("")
    choose(window, "Ada")
    click(qt, window, window.always_button)
    assert "cannot be kept" in window.message.text()
    assert window._store.now.face == ""


def test_sliders_say_any_until_they_are_wanted(qt):
    sliders = WishSliders()
    assert sliders.wish() == Wish()
    assert sliders.tone.shown.text() == "any"
    changed = []
    sliders.changed.connect(lambda: changed.append(sliders.wish()))
    for row, value in ((sliders.masculinity, 100), (sliders.tone, 0)):
        row.slider.setValue(value)  # whoever moves it wants it
        assert not row.any.isChecked()
    assert changed[-1] == Wish(None, 1.0, 0.0)
    assert sliders.wish() == Wish(None, 1.0, 0.0)
    assert (sliders.masculinity.shown.text(), sliders.tone.shown.text()) == ("masculine", "dark")


def test_a_wish_as_text():
    assert spec_of(7, Wish()) == 7
    full = Wish(33.0, 0.25, 0.5)
    assert read_spec(str(spec_of(7, full))) == (7, full)
    for text in ("7", "7?", "?age=3", "7?age=1&age", "7?name=3", "7?age=1.2.3", "Ada", "7?tone=-1"):
        assert read_spec(text) is None


def controls(widget):
    kinds = (QAbstractButton, QComboBox)
    return [w for kind in kinds for w in widget.findChildren(kind) if w.isVisibleTo(widget)]


def test_everything_is_reached_by_tab_and_has_a_name(qt, window, tmp_path):
    dialog = SettingsDialog(SettingsFile(tmp_path / "c"), ["Cam"], ["Ada"], {})
    dialog.show()
    for shown in (window, dialog):
        for control in controls(shown):
            assert control.accessibleName() or control.text()
        shown.activateWindow()
        reached, widget = set(), shown.nextInFocusChain()
        while widget not in reached and widget is not None:
            reached.add(widget)
            widget = widget.nextInFocusChain()
        for control in controls(shown):
            assert control in reached
            if not isinstance(control.parent(), QLineEdit):
                assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert window.list in reached | {window.list}
    marks = [b.text()[b.text().index("&") + 1].lower() for b in controls(window)
             if "&" in b.text()]  # fmt: skip
    assert len(marks) == len(set(marks))
    dialog.reject()


@pytest.fixture
def store(tmp_path):
    return SettingsFile(tmp_path / "settings")


class FakeLogin:
    def __init__(self, fails=False):
        self.possible, self.on, self.fails = True, False, fails

    def is_on(self, otherwise):
        return self.on

    def set(self, on):
        if self.fails:
            raise DeepcamError("No login.", "Do it by hand.")
        self.on = on


def test_the_dialog_writes_what_was_chosen(qt, store):
    store.save(Settings(camera="Gone", unknown={"later": 1}))
    login, said = FakeLogin(), []
    dialog = SettingsDialog(store, ["Cam"], ["Ada"], {}, login)
    dialog.saved.connect(lambda: said.append(store.now))
    assert dialog.camera.currentData() == "Gone"
    dialog.camera.setCurrentIndex(dialog.camera.findData("Cam"))
    dialog.size_box.setCurrentIndex(0)
    dialog.fps.setValue(24)
    dialog.always.setChecked(True)
    dialog.login.setChecked(True)
    dialog.keys["panic"].setKeySequence(QKeySequence("Ctrl+Alt+Shift+P"))
    dialog.keys["toggle"].clear()
    dialog.mirror.setChecked(False)
    dialog.save()
    assert said == [store.now]
    now = store.now
    assert (now.camera, now.size, now.fps, now.face) == ("Cam", (640, 360), 24, "Ada")
    assert (now.hotkeys["panic"], now.hotkeys["toggle"]) == ("Ctrl+Alt+Shift+P", "")
    assert not now.mirror_preview
    assert now.unknown == {"later": 1}
    assert login.on


def test_the_standby_card_is_chosen_and_shown(qt, store, tmp_path, monkeypatch):
    dialog = SettingsDialog(store, [], [], {}, FakeLogin())
    card = dialog.card
    plain = card.picture.pixmap().toImage()
    card.box.setCurrentIndex(card.box.findData("back-soon"))
    card.box.activated.emit(card.box.currentIndex())
    assert card.picture.pixmap().toImage() != plain
    monkeypatch.setattr(card, "_ask_colour", lambda: "#c02040")
    card.box.activated.emit(card.box.findData("colour"))
    assert card.picture.pixmap().toImage().pixelColor(9, 9).name() == "#c02040"
    monkeypatch.setattr(card, "_ask_picture", lambda: "")  # thought better of it
    card.box.activated.emit(card.box.findData("picture"))
    assert card.choice == "#c02040"
    assert card.box.currentData() == "colour"
    cv2.imwrite(str(tmp_path / "own.png"), np.full((90, 160, 3), 200, np.uint8))
    monkeypatch.setattr(card, "_ask_picture", lambda: str(tmp_path / "own.png"))
    card.box.activated.emit(card.box.findData("picture"))
    assert card.picture.pixmap().toImage().pixelColor(9, 9).red() == 200
    dialog.save()
    assert store.now.card == str(tmp_path / "own.png")
    (tmp_path / "own.png").unlink()
    card.show_choice(store.now.card)
    assert card.picture.text() == "?"
    assert "own.png" in card.picture.toolTip()


def test_escape_in_a_field_for_keys_is_no_key(qt, store):
    dialog = SettingsDialog(store, [], [], {}, FakeLogin())
    recorded = []
    dialog.recording.connect(recorded.append)
    dialog.show()
    dialog.activateWindow()
    edit = dialog.keys["toggle"]
    before = edit.keySequence()
    edit.setFocus()
    until(qt, edit.hasFocus)
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert edit.keySequence() == before
    assert dialog.isVisible()
    assert recorded[0] is True
    assert recorded[-1] is False
    dialog.login.setChecked(True)
    dialog.restore()
    assert not dialog.login.isChecked()
    dialog.reject()


def test_opening_and_saving_changes_nothing(qt, store):
    odd = Settings(camera="X", size=(800, 600), fps=29.97, face="Gone", on_doubt="card",
                   output="null", reduced_motion=True)  # fmt: skip
    store.save(odd)
    dialog = SettingsDialog(store, [], [], {}, FakeLogin())
    dialog.save()
    assert store.now == odd


def test_the_dialog_refuses_conflicts_and_shows_what_the_desktop_refused(qt, store):
    dialog = SettingsDialog(store, [], [], {"panic": "F11 is taken. Choose other keys."})
    assert "F11 is taken" in dialog.keys_message.text()
    same = dialog.keys["toggle"].keySequence()
    dialog.keys["panic"].setKeySequence(same)
    assert "used twice" in dialog.keys_message.text()
    dialog.save()
    assert "used twice" in dialog.message.text()
    dialog.keys["panic"].setKeySequence(QKeySequence("A"))
    assert "needed for writing" in dialog.keys_message.text()
    assert not store.path.exists()
    assert not dialog.always.isEnabled()  # no face is saved
    assert "pseudonym" in " ".join(
        label.text() for label in dialog.findChildren(type(dialog.message))
    )


def test_a_failed_start_at_login_is_told(qt, store):
    dialog = SettingsDialog(store, [], [], {}, FakeLogin(fails=True))
    dialog.show()
    dialog.save()
    assert dialog.message.text() == "No login. Do it by hand."
    assert dialog.isVisible()
    dialog.reject()


def test_the_app_follows_the_settings(qt, tmp_path):
    store, sessions = SettingsFile(tmp_path / "config"), []
    Gallery().save(person("Ada"))
    store.save(Settings(camera="Cam", face="Ada", mirror_preview=False))

    def factory(camera, face):
        sessions.append(FakeSession(camera, face))
        return sessions[-1]

    app = App(factory, str(tmp_path / "app"), store)
    app.start()
    until(qt, lambda: app.controller.current == "Ada")
    assert sessions[0].camera == "Cam"
    assert app.preview.unmirrored.isChecked()
    app.show_settings()
    app.dialog.size_box.setCurrentIndex(0)
    app.dialog.save()
    until(qt, lambda: len(sessions) == 2 and app.controller.current)
    assert not sessions[0].running
    assert sessions[1].worn == ["Ada"]  # the same face goes on
    app.controller.use_camera("Other")
    until(qt, lambda: len(sessions) == 3 and app.controller.current)
    assert SettingsFile(store.folder).load() == []
    assert store.now.camera == "Other"
    app.apply()
    assert len(sessions) == 3
    Gallery().delete("Ada")
    app.controller.start()
    until(qt, lambda: len(sessions) == 4 and app.controller.current)
    assert str(sessions[3].worn[0]).endswith("?fits")
    until(qt, lambda: "Somebody new" in app.guidance.banner.text.text())
    app.show_gallery()
    assert app.gallery.isVisible()
    app.close()
    app.preview.close()


def test_a_card_stays_a_card_when_settings_change(qt, tmp_path):
    sessions = []

    class Panicking(FakeSession):
        def panic(self):
            self.on = False

    def factory(camera, face):
        sessions.append(Panicking(camera, face))
        return sessions[-1]

    app = App(factory, str(tmp_path / "app"), SettingsFile(tmp_path / "config"))
    app.start()
    until(qt, lambda: app.controller.current)
    app.controller.toggle()
    until(qt, lambda: not sessions[0].on)
    app.store.save(replace(app.store.now, fps=15.0))
    app.apply()
    until(qt, lambda: len(sessions) == 2 and not sessions[1].on)
    app.close()
    app.preview.close()


def test_menu_and_preview_lead_to_faces_and_settings(qt):
    class Controller(FakeController):
        newest = None

        def toggle(self): ...
        def new_face(self): ...
        def undo(self): ...
        def panic(self): ...
        def use_camera(self, name): ...

    controller, wanted = Controller(), []
    worn, keeping = WornPictures(controller), Keeping(controller, Faces(Gallery()))
    preview = Preview(controller, worn, keeping)
    tray = Tray(controller, preview.show, qt.quit, lambda: [], lambda: ["Ada"])
    for place in (preview, tray):
        place.gallery_wanted.connect(lambda: wanted.append("gallery"))
        place.settings_wanted.connect(lambda: wanted.append("settings"))
    preview.gallery.click()
    preview.settings.click()
    tray.faces.aboutToShow.emit()
    assert [a.text() for a in tray.faces.actions() if a.text()] == ["Ada", "&Gallery…"]
    tray.faces.actions()[-1].trigger()
    tray.settings.trigger()
    assert wanted == ["gallery", "settings"] * 2


def test_a_real_portrait_smiles():
    from deepcam.identity.model import IdentityModel

    neutral, smiling = portraits.draw(IdentityModel.load().sample(3))
    assert neutral.shape == smiling.shape == (portraits.SIZE, portraits.SIZE, 3)
    difference = np.abs(neutral.astype(int) - smiling).mean(2)
    assert difference[115:140, 75:117].mean() > 3 * difference.mean()  # the mouth


def test_a_face_of_a_wish_is_found_by_its_text(monkeypatch, tmp_path):
    monkeypatch.undo()
    a, b = (Gallery(tmp_path).load(f"7?age={age}") for age in (22, 75))
    assert a.meta["age"] < b.meta["age"] - 20
    with pytest.raises(DeepcamError, match="out of range"):
        Gallery(tmp_path).load("7?age=5")


@pytest.mark.parametrize(("press", "answer"), [("&Always this face", True), ("Cancel", False)])
def test_the_question_says_that_a_kept_face_can_be_linked(qt, press, answer):
    seen = []

    def reply():
        box = QApplication.activeModalWidget()
        seen.append(box.informativeText())
        next(
            b for b in box.buttons() if b.text().replace("&", "") == press.replace("&", "")
        ).click()

    QTimer.singleShot(50, reply)
    parent = QWidget()
    assert Questions(parent).always("Ada") is answer
    assert "pseudonym" in seen[0]


def test_the_question_for_a_name(qt):
    QTimer.singleShot(50, lambda: QApplication.activeModalWidget().accept())
    parent = QWidget()
    assert Questions(parent).name("Save", "Name:", "Ada") == "Ada"
    QTimer.singleShot(50, lambda: QApplication.activeModalWidget().reject())
    assert Questions(parent).name("Save", "Name:", "Ada") == ""
