"""The windows in every language: nothing untranslated, nothing cut, everything reached by keys."""

import ast
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

import PySide6
from app_windows import end_windows
from PySide6.QtCore import QCoreApplication, QLibraryInfo, QObject, Qt, QTranslator, Signal
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDialogButtonBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QRadioButton,
    QWidget,
)
from test_app_main import FakeSession, until

import deepcam.app
from deepcam.app import i18n, icons
from deepcam.app.faces import Faces, Shown
from deepcam.app.first_run import Guide
from deepcam.app.gallery_view import GalleryView
from deepcam.app.guide_call import CallStep
from deepcam.app.guide_camera import CameraStep, Found
from deepcam.app.guide_output import OutputStep
from deepcam.app.guide_welcome import WelcomeStep
from deepcam.app.help_window import PAGES, HelpWindow
from deepcam.app.hotkeys import shown
from deepcam.app.keeping import Keeping
from deepcam.app.main import App
from deepcam.app.outlook import Outlook
from deepcam.app.preview import Preview
from deepcam.app.settings import LANGUAGES, Settings, SettingsFile
from deepcam.app.settings_dialog import SettingsDialog
from deepcam.app.told import SENTENCES, told
from deepcam.app.tray import Tray
from deepcam.app.trouble import Banner, Trouble, insert
from deepcam.app.worn import WornPictures
from deepcam.doctor.finding import warn
from deepcam.errors import DeepcamError
from deepcam.identity.gallery import Gallery

SOURCES = Path(deepcam.app.__file__).parent
TRANSLATED = ("de", "nb")
STATUS = {
    "running": True, "on": True, "showing": "generated", "generated": 2, "covered": 1,
    "measured": {"fps_fresh": 29.7, "latency_ms": {"p50": 41.0}}, "provider": "CPU",
    "provider_reason": "no GPU",
}  # fmt: skip


class FakeController(QObject):
    said, tried = Signal(str), Signal(object)
    newest, camera, current, can_undo, problem = None, None, 7, True, ""
    names, history = {7: "Yael Kato"}, [7]

    def state(self, status):
        return "protected"

    def toggle(self): ...
    def new_face(self): ...
    def undo(self): ...
    def use_camera(self, name): ...
    def wear(self, spec): ...
    def restart(self): ...
    def panic(self): ...
    def try_on(self, faces): ...


class NoPortraits(QObject):
    ready = Signal(str)

    def pair(self, key):
        return None


@pytest.fixture(autouse=True)
def english_again(qt):
    yield
    end_windows()
    i18n.install("en")


@pytest.fixture
def windows(qt, tmp_path, monkeypatch):
    """``windows(language)``: every window by name, shown; a page of the guide each."""
    made = []
    store = SettingsFile(tmp_path / "config")

    def build(language):
        i18n.install(language)
        controller = FakeController()
        worn = WornPictures(controller)
        preview = Preview(controller, worn, Keeping(controller, Faces(Gallery())))
        preview.strip.adjust.setChecked(True)
        preview.details.setChecked(True)
        banner = Banner()
        insert(banner, preview)
        preview.show_status(STATUS)
        banner.tell(Trouble("The camera is used by another program.", "camera"))
        banner.watch(STATUS, "", "")
        gallery = GalleryView(NoPortraits())
        faces = [Shown("1", "Ada", "Ada", True, {"age": 40.0, "tone": 0.9, "masculinity": 0.5}),
                 Shown("2", "Bea", 2, False, {})]  # fmt: skip
        gallery.fill(faces, "Ada", True)
        dialog = SettingsDialog(store, ["HD Webcam C920"], ["Ada"], {})
        empty = SettingsDialog(store, [], [], {})
        found = {"preview": preview, "gallery": gallery, "settings": dialog, "settings, new": empty}
        for number, page in enumerate(PAGES):
            helping = HelpWindow(lambda found: "Facts", {"toggle": "Ctrl+Alt+O"}, None, lambda: [])
            helping.findings = [warn("tray", "No tray.", "deepcam toggle")]
            helping._have(helping.findings)
            helping.tabs.setCurrentIndex(number)
            found[f"help, {page}"] = helping
        for number in range(4):
            steps = (
                WelcomeStep(),
                CameraStep(controller, lambda: ["Cam"], lambda n: [Found("Cam", ("zoom",))]),
                OutputStep(
                    lambda: None,
                    lambda: Outlook("", True, ("modprobe v4l2loopback",), "", "deepcam setup"),
                ),
                CallStep(list),
            )
            steps[2].more.setChecked(True)
            guide = Guide(controller, store, lambda s: True, list, None, steps)
            guide.show_step(number)
            made.append(guide)
            found[f"guide {number + 1}"] = guide
        for window in found.values():
            window.show()
        until(qt, lambda: not any(s.background.waiting for g in made for s in g.steps))
        qt.processEvents()
        return found

    yield build
    for guide in made:
        guide.end()


# The files


def messages(language):
    """(context, source) -> (translations, whether finished)."""
    found = {}
    for context in ElementTree.parse(i18n.FOLDER / f"deepcam_{language}.ts").iter("context"):
        for message in context.iter("message"):
            entry = message.find("translation")
            forms = [form.text or "" for form in entry.iter("numerusform")]
            key = context.findtext("name"), message.findtext("source")
            found[key] = forms or [entry.text or ""], entry.get("type") is None
    return found


def tool(name):
    """A program of Qt's, from the package: its wrapper may lie elsewhere."""
    folder = Path(PySide6.__file__).parent
    found = shutil.which(name, path=f"{folder}{os.pathsep}{folder / 'Qt/libexec'}")
    if found is None:
        pytest.skip(f"PySide6 comes without {name}")
    return found


def test_every_text_of_the_sources_is_in_the_files(tmp_path):
    copies = [shutil.copy(i18n.FOLDER / f"deepcam_{name}.ts", tmp_path) for name in TRANSLATED]
    files = sorted(str(path) for path in SOURCES.glob("*.py"))
    subprocess.run(
        [tool("lupdate"), "-silent", "-no-obsolete", "-locations", "none", *files, "-ts", *copies],
        check=True, capture_output=True,
    )  # fmt: skip
    for name in TRANSLATED:
        was = messages(name)
        now = {
            (context.findtext("name"), message.findtext("source"))
            for context in ElementTree.parse(tmp_path / f"deepcam_{name}.ts").iter("context")
            for message in context.iter("message")
        }
        assert now == set(was), "run `make translations`, and translate what is new"


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_the_compiled_files_say_what_the_readable_ones_say(qt, language):
    i18n.install("en")
    translator = QTranslator()
    assert translator.load(str(i18n.FOLDER / f"deepcam_{language}.qm"))
    for (context, source), (forms, finished) in messages(language).items():
        assert finished, f"untranslated: {source}"
        for number, text in zip((1, 5) if "%n" in source else (-1,), forms, strict=True):
            assert text.strip(), source
            assert translator.translate(context, source, None, number) == text, (
                "run `make translations`"
            )


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_places_and_marks(language):
    for (_, source), (forms, _) in messages(language).items():
        for text in forms:
            for mark in (r"\{\d\}", "%n"):
                assert sorted(re.findall(mark, source)) == sorted(re.findall(mark, text)), source
            assert ("&" in source) == ("&" in text), source
            assert source.endswith("…") == text.replace(" …", "…").endswith("…"), source
            # A heading stays one, and a sentence ends.
            assert source.endswith(":") == text.endswith(":"), source
            assert source.endswith(".") == text.endswith("."), source


SHOWN = {
    "setText", "setWindowTitle", "setToolTip", "setAccessibleName", "setAccessibleDescription",
    "addAction", "addMenu", "addRow", "addButton", "setTitle", "setInformativeText", "QLabel",
    "QPushButton", "QCheckBox", "QRadioButton", "QGroupBox", "QToolButton", "addItem", "add_text",
    "emit", "setLabelText", "setPlaceholderText", "showMessage",
}  # fmt: skip


def test_no_text_goes_around_the_translation():
    around = []
    for path in SOURCES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called not in SHOWN:
                continue
            for argument in node.args:
                # Inside of other calls (the translation's) anything may stand.
                todo = [argument]
                while todo:
                    part = todo.pop()
                    if isinstance(part, ast.Call):
                        continue
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        letters = re.search(r"[A-Za-z]{2}", part.value)
                        if letters and part.value.rstrip(": ") != "DeepPrivacy Cam":
                            around.append(f"{path.name}:{part.lineno}: {part.value}")
                    elif not isinstance(part, ast.Lambda | ast.Subscript | ast.Compare):
                        todo += ast.iter_child_nodes(part)
    assert not around


def said_below():
    """Every text of the layers below, with {} for what is filled in."""
    for path in SOURCES.parent.rglob("*.py"):
        if path.is_relative_to(SOURCES) and path.name != "settings.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(
                    part.value
                    if isinstance(part, ast.Constant)
                    else ("'{}'" if part.conversion == ord("r") else "{}")
                    for part in node.values
                )


def test_what_the_layers_below_say_is_recognised(qt):
    below = {text.rstrip(".") for text in said_below()}
    for sentence in SENTENCES:
        plain = re.sub(r"\{\d\}", "{}", str(sentence)).rstrip(".")
        assert plain in below, f"nobody says any more: {sentence}"
    i18n.install("de")
    error = DeepcamError('The camera "C. 920" is used by x (process 3).', "Close other programs.")
    assert told(error) == (
        "Die Kamera „C. 920“ wird von x (process 3) benutzt. Schließen Sie andere Programme."
    )
    assert told("Camera not available") == "Kamera nicht verfügbar."
    assert told("{0} does not exist.") == "{0} gibt es nicht."
    assert told("Who knows? Check the name.") == "Who knows? Check the name."
    assert told("Check the name. Who knows?") == "Prüfen Sie den Namen. Who knows?"
    assert told("") == ""
    i18n.install("en")
    assert told(error) == str(error)


# The windows


def texts(window):
    for kind in (QLabel, QAbstractButton, QGroupBox):
        for widget in window.findChildren(kind):
            text = widget.title() if isinstance(widget, QGroupBox) else widget.text()
            if text and widget.isVisibleTo(window):
                yield widget, text


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_no_text_is_cut(windows, language):
    for name, window in windows(language).items():
        for widget, text in texts(window):
            place = f"{name}: {text}"
            if isinstance(widget, QLabel) and widget.wordWrap():
                assert widget.height() >= widget.heightForWidth(widget.width()), place
                assert widget.width() >= widget.minimumSizeHint().width(), place
            else:
                group = isinstance(widget, QGroupBox)
                needed = widget.minimumSizeHint() if group else widget.sizeHint()
                assert widget.width() >= needed.width(), place
                assert widget.height() >= needed.height(), place
            assert window.rect().contains(widget.rect().translated(widget.mapTo(window, widget.rect(
            ).topLeft()))), place  # fmt: skip
        for box in window.findChildren(QComboBox):
            room = box.width() - 30  # the arrow and the frame
            for row in range(box.count()):
                text = box.itemText(row)
                assert box.fontMetrics().horizontalAdvance(text) <= room, f"{name}: {text}"


def test_the_smallest_window_has_room_for_its_texts(qt, windows):
    for name, window in windows("de").items():
        for _ in range(3):
            window.resize(1, 1)
            qt.processEvents()
        for widget, text in texts(window):
            if isinstance(widget, QLabel) and widget.wordWrap():
                assert widget.height() >= widget.heightForWidth(widget.width()), text
        if name == "preview":
            assert window.picture.geometry().bottom() < window.switch.geometry().top()


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_in_the_windows_stayed_english(windows, language):
    english = {s.replace("&", "") for (_, s), (forms, _) in messages(language).items()
               if s not in forms and "{" not in s}  # fmt: skip
    assert "Undo" in english
    for name, window in windows(language).items():
        for widget, text in texts(window):
            for said in (text, widget.toolTip(), widget.accessibleName()):
                assert said.replace("&", "") not in english, name
        assert window.windowTitle() not in english
    i18n.install(language)
    buttons = QDialogButtonBox.StandardButton
    box = QDialogButtonBox(buttons.Cancel | buttons.Save | buttons.RestoreDefaults)
    said = [b.text().replace("&", "") for b in box.buttons()]
    assert not {"Cancel", "Save", "Restore Defaults"} & set(said)


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_no_letter_is_marked_twice_in_a_window(windows, language):
    for name, window in windows(language).items():
        found = {}
        for widget, text in texts(window):
            buddy = isinstance(widget, QLabel) and widget.buddy() is None
            mark = re.search("&([^&])", text)
            if mark and not buddy and not isinstance(widget.parent(), QDialogButtonBox):
                found.setdefault(mark[1].lower(), []).append(text)
        assert all(len(same) == 1 for same in found.values()), (name, found)


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_no_letter_is_marked_twice_in_the_menu(qt, language):
    i18n.install(language)
    tray = Tray(FakeController(), qt.quit, qt.quit, list, list)
    tray.show_status(STATUS)
    words = [a.text() for a in tray.menu.actions() if a.text() and a is not tray.state]
    marks = [re.search("&([^&])", text)[1].lower() for text in words]
    assert len(marks) == len(set(marks)) == 9


def named(widget):
    text = getattr(widget, "text", str)()
    return bool(widget.accessibleName() or re.search("[^\\W\\d_]", text))


@pytest.mark.parametrize("language", ["en", "de"])
def test_keys_reach_everything_and_everything_has_a_name(qt, windows, language):
    for name, window in windows(language).items():
        window.activateWindow()
        wanted = {
            widget
            for widget in window.findChildren(QWidget)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and widget.isVisibleTo(window)
            and widget.isEnabled()
            # The inside of a combo box or of a spin box.
            and not (widget.focusProxy() or isinstance(widget.parent(), QComboBox))
            and widget.objectName() not in ("qt_spinbox_lineedit", "qt_keysequenceedit_lineedit")
        }
        assert wanted
        for widget in window.findChildren(QAbstractButton):
            # Arrows lead on from the radio button that is down; the cross of a line is no stop.
            radio = isinstance(widget, QRadioButton) and not widget.isChecked()
            if not (radio or isinstance(widget.parent(), QLineEdit)):
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, (name, widget.text())
        for widget in wanted:
            assert named(widget), (name, widget)
        reached = set()
        for _ in range(3 * len(wanted)):
            QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
            focused = window.focusWidget()
            while focused is not None and focused is not window:
                reached.add(focused)
                focused = focused.parentWidget()
        # Of the buttons of which only one can be down, Tab takes the one that is.
        groups = [w for w in wanted if isinstance(w, QAbstractButton) and not w.isChecked()
                  and (w.group() or w.autoExclusive())]  # fmt: skip
        left = wanted - reached - set(groups)
        assert not left, (name, [w.accessibleName() or w.text() for w in left])


def test_windows_take_their_colours_from_the_system():
    for path in SOURCES.glob("*.py"):
        # Signs of state, and what is drawn over pictures, whose colours are no desktop's.
        drawn = ("icons", "portraits", "glyphs", "controls", "overlay", "strip_tile", "guide_call",
                 "card_choice")  # fmt: skip
        if path.stem not in drawn:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"setStyleSheet|QColor\(|setPalette|GlobalColor", text), path.name


# The choice of the language


def test_the_systems_language_is_followed_where_it_can_be():
    assert i18n.resolve("", ["fr-FR", "de-AT", "en"]) == "de"
    assert i18n.resolve("", ["nn-NO"]) == i18n.resolve("", ["no"]) == "nb"
    assert i18n.resolve("", ["nb_NO"]) == "nb"
    assert i18n.resolve("", ["fr"]) == i18n.resolve("", []) == "en"
    assert i18n.resolve("nb", ["de"]) == "nb"
    assert set(LANGUAGES) == {"", *i18n.NAMES}


def test_numbers_have_their_plural(qt):
    def said(number):
        return QCoreApplication.translate("Preview", "%n frames/s", None, number)

    for language, one, many in (("en", "1 frame/s", "2 frames/s"), ("de", "1 Bild/s", "2 Bilder/s"),
                                ("nb", "1 bilde/s", "2 bilder/s")):  # fmt: skip
        i18n.install(language)
        assert (said(1), said(2)) == (one, many)


def test_qt_speaks_the_language_too(qt):
    if not Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)).is_dir():
        pytest.skip("Qt came without its translations")
    i18n.install("de")
    assert shown("Ctrl+Alt+N") == "Strg+Alt+N"
    assert shown("Press <Super>N") == "Press <Super>N"
    i18n.install("en")
    assert shown("Ctrl+Alt+N") == "Ctrl+Alt+N"


def test_another_language_is_there_at_once(qt, tmp_path):
    store = SettingsFile(tmp_path / "config")
    store.save(Settings(language="en", first_run_done=True))
    app = App(FakeSession, str(tmp_path / "app"), store)
    app.start()
    until(qt, lambda: app.controller.current)
    app.show_gallery()
    app.refresh()
    app.show_settings()
    assert app.preview.face.text() == "&New face"
    app.dialog.language.setCurrentIndex(app.dialog.language.findData("de"))
    app.dialog.save()
    assert store.now.language == "de"
    qt.processEvents()
    assert app.preview.face.text() == "&Neues Gesicht"
    assert "Bilder/s" in app.preview.facts.text()
    assert app.preview.title.text().startswith("Andere sehen")
    assert app.gallery.windowTitle().startswith("Gesichter")
    assert app.preview.strip.sliders.age.shown.text() == "egal"
    app.show_settings()
    assert app.dialog.windowTitle().startswith("Einstellungen")
    assert app.dialog.language.currentText() == "Deutsch"
    app.dialog.reject()
    app.close()
    app.preview.close()


# The icons


@pytest.mark.parametrize("panel", ["#ffffff", "#ececec", "#2e3436", "#000000"])
@pytest.mark.parametrize("state", ["protected", "standby", "fault"])
def test_icons_stand_out_from_every_panel(qt, panel, state):
    image = QImage(22, 22, QImage.Format.Format_RGB32)
    image.fill(QColor(panel))
    painter = QPainter(image)
    painter.drawPixmap(0, 0, icons.draw(state, 22))
    painter.end()

    def light(colour):
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
                 for c in colour.getRgbF()[:3]]  # fmt: skip
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    ground = light(QColor(panel))
    clear = 0
    for x in range(22):
        for y in range(22):
            pair = sorted((ground, light(image.pixelColor(x, y))))
            clear += (pair[1] + 0.05) / (pair[0] + 0.05) >= 3
    assert clear >= 60  # of 484: at least the outline, or the ground of the sign
