"""The guide of the first start, clicked and typed through."""

import os
import sys
import threading
import time
from dataclasses import replace

import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

from platform_machine import Machine
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QWidget
from test_app_gallery import windows_end  # noqa: F401
from test_app_main import FakeSession, until

from deepcam import APP_NAME
from deepcam.app.first_run import CALL, CAMERA, OUTPUT, WELCOME, Guide
from deepcam.app.guide_call import PROGRAMS, CallStep
from deepcam.app.guide_camera import CameraStep, Found
from deepcam.app.guide_output import OutputStep
from deepcam.app.guide_welcome import WelcomeStep
from deepcam.app.main import App
from deepcam.app.outlook import Installer, Outlook, can_be_seen, look
from deepcam.app.settings import SettingsFile
from deepcam.errors import DeepcamError
from deepcam.platform import privilege


class FakeController:
    def __init__(self):
        self.camera, self.current, self.did = None, 7, []

    def use_camera(self, name):
        self.camera = name
        self.did.append(("camera", name))

    def wear(self, spec):
        self.did.append(("wear", spec))

    def renamed(self, old, new):
        self.did.append(("renamed", old, new))

    def restart(self):
        self.did.append(("restart",))


@pytest.fixture(autouse=True)
def not_root(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path / "machine")
    made.environ["DISPLAY"] = ":0"
    made.programs = {"pkexec", "modprobe"}
    return made


class MachineInstaller(Installer):
    """Root and the question for the password are the machine's."""

    def __init__(self, machine):
        super().__init__(machine.system())
        self._machine = machine

    def _start(self, arguments):
        return self._machine.start(arguments)


class Made:
    """A guide and all around it."""

    def __init__(self, folder, machine):
        self.controller = FakeController()
        self.store = SettingsFile(folder / "config")
        self.store.load()
        self.found = [Found("Cam A"), Found("Cam B", ("zoom (process 7)",))]
        self.watching = []
        steps = (
            WelcomeStep(),
            CameraStep(self.controller, lambda: [], lambda names: list(self.found)),
            OutputStep(
                self.controller.restart, lambda: look(machine.system()), MachineInstaller(machine)
            ),
            CallStep(lambda: self.watching),
        )
        self.guide = Guide(self.controller, self.store, self.keep, lambda: [], None, steps)
        self.welcome, self.camera, self.output, self.call = steps
        self.guide.show()

    def keep(self, settings):
        self.store.save(settings)
        return True

    def settle(self, qt):
        for step in self.guide.steps:
            until(qt, lambda step=step: step.background.waiting == 0)


@pytest.fixture
def made(qt, tmp_path, machine):
    whole = Made(tmp_path, machine)
    whole.settle(qt)
    yield whole
    whole.guide.end()
    whole.guide.close()


def shown(widget):
    return not widget.isHidden()


def test_the_first_page_says_what_is_hidden_and_what_is_not(made):
    said = " ".join(label.text() for label in made.welcome.findChildren(QLabel))
    for word in ("does not exist", "Hair", "ears", "neck", "voice", "room"):
        assert word in said
    assert not made.guide.skip.isVisible()


def test_all_steps_with_the_keyboard(qt, made, machine):
    machine.install_module()
    guide = made.guide
    QTest.keyClick(guide, Qt.Key.Key_Return)
    assert guide.heading.text() == "Which camera shall be used?"
    made.settle(qt)
    made.camera.list.setFocus()
    QTest.keyClick(made.camera.list, Qt.Key.Key_Down)
    QTest.keyClick(made.camera.list, Qt.Key.Key_Return)
    assert made.controller.did == [("camera", "Cam B")]
    assert "Step 3 of 4" in guide.place.text()
    made.settle(qt)
    assert not guide.next.isVisible()  # nothing goes on as if all were well
    made.output.set_up.setFocus()
    QTest.keyClick(made.output.set_up, Qt.Key.Key_Return)
    made.settle(qt)
    # Done: the guide turns to the choice in the call by itself.
    assert guide.pages.currentIndex() == CALL
    QTest.keyClick(guide, Qt.Key.Key_Return)
    until(qt, lambda: not guide.isVisible())
    assert made.store.now.first_run_done


def test_each_step_can_be_left_out(qt, made):
    made.guide.next.click()
    for step in (CAMERA, OUTPUT):
        assert made.guide.pages.currentIndex() == step
        made.guide.skip.click()
        made.settle(qt)
    assert made.guide.pages.currentIndex() == CALL
    made.guide.next.click()
    assert not made.guide.isVisible()
    assert made.controller.did == []
    assert made.store.now.first_run_done
    assert not SettingsFile(made.store.folder).load()


def test_back_and_escape(qt, made):
    assert not made.guide.back.isVisible()
    made.guide.next.click()
    made.guide.back.click()
    assert made.guide.pages.currentIndex() == WELCOME
    QTest.keyClick(made.guide, Qt.Key.Key_Escape)
    assert not made.guide.isVisible()
    again = SettingsFile(made.store.folder)
    again.load()
    assert not again.first_run


def test_the_same_camera_is_not_started_again(qt, made):
    made.guide.show_step(CAMERA)
    made.settle(qt)
    made.guide.next.click()
    assert made.controller.did == []


def test_the_last_page_shows_where_and_tells_who_looks(qt, made):
    made.guide.show_step(CALL)
    assert "Waiting" in made.call.state.text()
    for number, program in enumerate(PROGRAMS):
        made.call.tabs.setCurrentIndex(number)
        assert program in made.call.where.text()
        assert APP_NAME in made.call.where.text()
        assert made.call.picture.accessibleName() == made.call.where.text()
    made.watching[:] = ["Zoom"]
    until(qt, lambda: made.call.state.text().startswith("Zoom sees you"))
    made.watching.clear()
    until(qt, lambda: "Waiting" in made.call.state.text())


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([], "No camera was found" if sys.platform == "linux" else "does not tell"),
        ([Found("Cam A", ("zoom (process 7)",))], "Every camera is used"),
    ],
)
def test_no_camera_and_taken_cameras_are_told_until_looked_again(
    qt,
    made,
    found,
    sentence,
):
    made.guide.show_step(CAMERA)
    made.settle(qt)
    made.found[:] = found
    made.camera.again.click()
    made.settle(qt)
    assert sentence in made.camera.state.text()
    made.found[:] = [*found, Found("Cam C")]
    made.camera.again.click()
    made.settle(qt)
    assert made.camera.state.text() == ""
    assert made.camera.list.count() == len(found) + 1
    made.guide.next.click()
    assert made.guide.pages.currentIndex() == OUTPUT


def test_the_session_behind_the_guide_does_not_take_the_camera_away(monkeypatch):
    import subprocess

    from deepcam.app import guide_camera
    from deepcam.sources import v4l2
    from deepcam.sources.v4l2 import CameraInfo

    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        info = CameraInfo("/dev/video9", 9, "Cam", "", "usb", True, "")
        users = [f"python (process {child.pid})", "zoom (process 1)"]
        monkeypatch.setattr(v4l2, "list_cameras", lambda: [info])
        monkeypatch.setattr(v4l2, "holders", lambda path: users)
        assert guide_camera.find(lambda: ["Cam"]) == [Found("Cam", ("zoom (process 1)",))]
    finally:
        child.communicate(b"\n")


def output(qt, made):
    made.guide.show_step(OUTPUT)
    made.settle(qt)
    return made.output


def test_what_would_be_written_is_shown_then_done(qt, made, machine):
    machine.install_module()
    step = output(qt, made)
    assert "missing" in step.state.text()
    plan = step.plan.toPlainText()
    for line in ("/etc/modprobe.d/zz-deepprivacy-cam.conf", "modprobe v4l2loopback", APP_NAME):
        assert line in plan
    assert machine.ran == []
    assert shown(step.set_up)
    assert not shown(step.plan)
    step.more.click()
    assert shown(step.plan)
    step.set_up.click()
    made.settle(qt)
    assert machine.ran[0][0] == "pkexec"
    assert step.state.text().startswith("Ready")
    assert made.controller.did == [("restart",)]
    for widget in (step.set_up, step.plan, step.typed, step.progress):
        assert not shown(widget)
    assert made.guide.pages.currentIndex() == CALL


def test_a_missing_package_is_installed_with_the_same_button(qt, made, machine, monkeypatch):
    machine.programs = {"pkexec", "modprobe", "apt-get"}
    monkeypatch.setattr("deepcam.platform.rootjob._has", lambda name: name == "apt-get")
    step = output(qt, made)
    assert "One click" in step.state.text()
    assert "install v4l2loopback" in step.plan.toPlainText()
    assert not made.guide.next.isVisible()
    step.set_up.click()
    assert "minutes" in step.state.text()
    assert shown(step.progress)
    made.settle(qt)
    assert any("v4l2loopback-dkms" in command for command in machine.ran)
    assert made.guide.pages.currentIndex() == CALL


def test_another_plan_than_the_one_that_was_shown_is_not_done(qt, made, machine):
    machine.install_module()
    step = output(qt, made)
    machine.load("0.13.0")  # the module is there meanwhile: other steps
    step.set_up.click()
    made.settle(qt)
    assert not any(command[0] == "pkexec" for command in machine.ran)
    assert "Nothing was changed" in made.guide.message.text()
    assert "create /dev/video" in step.plan.toPlainText()


@pytest.mark.parametrize(
    ("programs", "installed", "command"),
    [({"modprobe"}, True, "deepcam setup"), ({"pkexec"}, False, "apt")],
)
def test_without_a_way_to_ask_there_is_the_command_to_copy(
    qt,
    made,
    machine,
    programs,
    installed,
    command,
):
    machine.programs = programs
    if installed:
        machine.install_module()
    step = output(qt, made)
    assert not shown(step.set_up)
    assert not shown(step.typed)  # a command is for experts
    assert "cannot be made from here" in step.state.text()
    assert made.guide.skip.text() == "Go on &without it"
    step.more.click()
    assert shown(step.typed)
    assert command in step.command.text()
    step.copy.click()
    assert QGuiApplication.clipboard().text() == step.command.text()


def test_a_refused_password_is_told(qt, made, machine, monkeypatch):
    machine.install_module()
    step = output(qt, made)
    monkeypatch.setattr(machine, "start", lambda arguments: (privilege.DISMISSED, ""))
    step.set_up.click()
    made.settle(qt)
    assert "closed the question" in made.guide.message.text()
    assert made.controller.did == []
    assert step.set_up.isEnabled()


def test_pipewire_is_used_where_there_is_some(qt, made, machine, monkeypatch):
    monkeypatch.setattr("deepcam.sinks.pipewire.available", lambda: True)
    machine.install_module()
    step = output(qt, made)
    assert "PipeWire" in step.state.text()
    assert shown(step.set_up)
    assert can_be_seen("auto")
    assert can_be_seen("pipewire")
    assert not can_be_seen("camera")


def test_elsewhere_the_advice_is_shown(machine):
    told = look(machine.system(platform="darwin"))
    assert "OBS" in told.obstacle
    assert told.plan == ()


def test_the_question_for_the_password_goes_with_the_guide(machine, monkeypatch):
    machine.install_module()
    sleeps = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(privilege, "way", lambda system, terminal: sleeps)
    installer = Installer(machine.system())
    shown_plan = look(machine.system()).plan
    failures = []

    def install():
        try:
            installer.install(shown_plan)
        except DeepcamError as error:
            failures.append(error)

    thread = threading.Thread(target=install)
    thread.start()
    while installer._process is None:
        assert thread.is_alive()
    installer.end()
    thread.join(10)
    assert failures
    assert installer._process.returncode != 0


def test_everything_has_a_name_and_can_be_reached(qt, made, machine):
    machine.install_module()
    for number, step in enumerate(made.guide.steps):
        made.guide.show_step(number)
        made.settle(qt)
        for widget in step.findChildren(QWidget):
            if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or not widget.isVisible():
                continue
            if isinstance(widget, QAbstractButton):
                assert widget.text() or widget.accessibleName()
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            elif widget.objectName() != "qt_scrollarea_viewport":
                assert widget.accessibleName(), widget
        marks = [b.text()[b.text().index("&") + 1].lower()
                 for b in made.guide.findChildren(QAbstractButton)
                 if "&" in b.text() and b.isVisible()]  # fmt: skip
        assert len(marks) == len(set(marks)), marks


# In the app


@pytest.fixture
def begun(qt, tmp_path, monkeypatch):
    monkeypatch.setattr("deepcam.app.main.cameras", lambda: [])
    monkeypatch.setattr("deepcam.app.guide_output.look", lambda system: Outlook("/dev/video9"))
    apps, sessions = [], []

    def factory(camera, face):
        sessions.append(FakeSession(camera, face))
        return sessions[-1]

    def begin(store=None):
        app = App(factory, str(tmp_path / "app"), store or SettingsFile(tmp_path / "config"))
        apps.append(app)
        app.start()
        return app, sessions

    yield begin
    for app in apps:
        app.close()
        app.preview.close()


def test_the_first_start_shows_the_guide_while_the_session_runs(qt, begun, tmp_path):
    app, sessions = begun()
    guide = app.guidance.guide
    assert guide.isVisible()
    until(qt, lambda: sessions and sessions[0].running)
    assert app.controller.newest is not None
    assert not guide.isModal()
    app.close()
    # The program ended before the guide did: it comes again.
    app, _ = begun()
    assert app.guidance.guide is not None
    app.guidance.guide.reject()
    assert app.guidance.guide is None
    app.close()
    app, _ = begun()
    assert app.guidance.guide is None


def test_from_the_empty_machine_into_a_call_by_three_clicks(qt, begun, machine, monkeypatch):
    """Only what is on the screen; root and its password are the machine's, the call is a list of
    programs that look."""
    began, clicks, looks = time.monotonic(), 0, []
    machine.programs = {"pkexec", "modprobe", "apt-get"}
    monkeypatch.setattr("deepcam.platform.rootjob._has", lambda name: name == "apt-get")
    monkeypatch.setattr("deepcam.app.guide_output.look", lambda system: look(machine.system()))
    monkeypatch.setattr("deepcam.app.guide_output.Installer", lambda s: MachineInstaller(machine))
    monkeypatch.setattr(
        "deepcam.app.guide_camera.find", lambda names: [Found("Built-in"), Found("Other")]
    )
    app, sessions = begun()
    monkeypatch.setattr(app.viewers, "_ask", lambda: looks)
    guide = app.guidance.guide

    def click():
        buttons = [b for b in guide.findChildren(QPushButton) if b.isVisible() and b.isEnabled()]
        wanted = {"next", "up", "done"}
        (button,) = [
            b for b in buttons if {w.lower() for w in b.text().replace("&", "").split()} & wanted
        ]
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        for step in guide.steps:
            until(qt, lambda step=step: step.background.waiting == 0)
        return 1

    while guide.pages.currentIndex() != CALL:
        clicks += click()
    assert machine.system().dev.joinpath("video10").exists()
    assert sessions[-1].running  # begun anew on the new device
    looks.append("Zoom")
    call = guide.steps[CALL]
    app.viewers._looked = -9.0
    until(qt, lambda: app.refresh() or call.state.text().startswith("Zoom sees you"))
    assert clicks == 3
    assert time.monotonic() - began < 60
    app.refresh()
    assert app.preview.subtitle.text() == "Zoom sees you."


def test_old_settings_mean_no_first_start(qt, begun, tmp_path):
    store = SettingsFile(tmp_path / "config")
    store.folder.mkdir()
    store.path.write_text('camera = "Cam"\n')
    app, _ = begun(store)
    assert app.guidance.guide is None
    assert store.now.first_run_done


def test_the_guide_again_from_the_settings(qt, begun, tmp_path):
    app, _ = begun()
    app.guidance.guide.reject()
    app.show_settings()
    app.dialog.mirror.click()
    app.dialog.guide.click()
    assert app.dialog is None
    assert not app.store.now.mirror_preview  # what was changed is kept
    assert app.guidance.guide.isVisible()
    first = app.guidance.guide
    app.guidance.show_guide(OUTPUT)
    assert app.guidance.guide is first
    assert first.pages.currentIndex() == OUTPUT
    QApplication.processEvents()


def test_an_open_guide_follows_the_language(qt, begun, tmp_path):
    app, _ = begun()
    app.guidance.show_guide(OUTPUT)
    english = app.guidance.guide.windowTitle()
    app.guidance.keep(replace(app.store.now, language="de"))
    app.apply()
    try:
        assert app.guidance.guide.isVisible()
        assert app.guidance.guide.pages.currentIndex() == OUTPUT
        assert app.guidance.guide.windowTitle() != english
        assert not app.store.now.first_run_done  # it was neither finished nor left
    finally:
        app.guidance.keep(replace(app.store.now, language="en"))
        app.apply()
    assert app.guidance.guide.windowTitle() == english
