"""The app's hotkeys against a backend of our own, and the panic of the controller."""

import threading
import time

import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

from PySide6.QtCore import QObject, QThread, Signal

from deepcam.app.controller import Controller
from deepcam.app.hotkeys import DEFAULTS, AppHotkeys
from deepcam.platform.hotkeys import Registration, Unavailable, conflicts, parse


class FakeController(QObject):
    said = Signal(str)

    def __init__(self):
        super().__init__()
        self.done = []

    def _note(self, name):
        self.done.append((name, QThread.currentThread() is self.thread()))

    def toggle(self):
        self._note("toggle")

    def new_face(self):
        self._note("new_face")

    def panic(self):
        self._note("panic")


class FakeBackend:
    def __init__(self, pressed, changed):
        self.pressed, self.changed = pressed, changed
        self.wanted, self.closed = [], False
        self.answer = threading.Event()
        self.answer.set()

    def register_all(self, wanted):
        self.wanted.append(wanted)
        self.answer.wait(10)
        return {
            a: Registration(False, f"{k} is taken by another program.", "Choose other keys.")
            if k == "F9"
            else Registration(True, keys=k)
            for a, k in wanted.items()
        }

    def close(self):
        self.closed = True
        self.answer.set()


@pytest.fixture
def made(qt):
    controller, backends = FakeController(), []

    def choose(pressed, changed):
        backends.append(FakeBackend(pressed, changed))
        return backends[-1]

    hotkeys = AppHotkeys(controller, choose)
    yield hotkeys, controller, backends
    hotkeys.close()
    until(qt, lambda: not hotkeys.asking)


def until(qt, true, seconds=5.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        qt.processEvents()
        time.sleep(0.005)


def test_keys_reach_the_controller_on_its_own_thread(qt, made):
    hotkeys, controller, backends = made
    news = []
    hotkeys.changed.connect(lambda: news.append(hotkeys.asking))
    hotkeys.apply("Ctrl+Alt+O", "F9", "")
    until(qt, lambda: not hotkeys.asking and False in news)
    assert backends[0].wanted == [{"toggle": "Ctrl+Alt+O", "new_face": "F9"}]
    assert hotkeys.keys("toggle") == "Ctrl+Alt+O"
    assert hotkeys.failure("toggle") == ""
    assert hotkeys.keys("new_face") == ""
    assert hotkeys.failure("new_face") == "F9 is taken by another program. Choose other keys."
    assert hotkeys.failure("panic") == ""
    assert hotkeys.failures() == [f"New face: {hotkeys.failure('new_face')}"]
    for action in ("toggle", "panic", "new_face"):
        threading.Thread(target=backends[0].pressed, args=(action,)).start()
        until(qt, lambda action=action: controller.done and controller.done[-1][0] == action)
    assert controller.done == [("toggle", True), ("panic", True), ("new_face", True)]


def test_keys_used_twice_are_told_and_the_rest_registered(qt, made):
    hotkeys, _, backends = made
    hotkeys.apply("Ctrl+Alt+N", "ctrl+alt+n", "Pause")
    assert "used twice" in hotkeys.failure("new_face")
    until(qt, lambda: hotkeys.keys("panic"))
    assert backends[0].wanted == [{"toggle": "Ctrl+Alt+N", "panic": "Pause"}]
    assert "used twice" in hotkeys.failure("new_face")


def test_later_news_of_the_backend_are_told(qt, made):
    hotkeys, _, backends = made
    hotkeys.apply("F1", "F2", "F3")
    until(qt, lambda: hotkeys.keys("panic"))
    news = []
    hotkeys.changed.connect(lambda: news.append(hotkeys.failure("panic")))
    threading.Thread(
        target=backends[0].changed, args=("panic", Registration(False, "Gone.", "Come back."))
    ).start()
    until(qt, lambda: "Gone. Come back." in news)  # after what was still on its way
    assert hotkeys.keys("panic") == ""


def test_only_the_newest_wish_counts_and_nothing_waits(qt, made):
    hotkeys, _, backends = made
    hotkeys.apply("F1", "", "")
    until(qt, lambda: hotkeys.keys("toggle") == "F1")
    backends[0].answer.clear()  # as a desktop that asks the person
    for key in ("F2", "F3", "F4"):
        hotkeys.apply(key, "", "")
    until(qt, lambda: len(backends[0].wanted) == 2)
    backends[0].answer.set()
    until(qt, lambda: not hotkeys.asking)
    assert hotkeys.keys("toggle") == "F4"
    assert {"toggle": "F3"} not in backends[0].wanted
    assert len(backends) == 1


def test_close_ends_a_question_and_all_commands(qt, made):
    hotkeys, controller, backends = made
    hotkeys.apply("F1", "", "")
    until(qt, lambda: hotkeys.keys("toggle"))
    backends[0].answer.clear()
    hotkeys.apply("F2", "", "")
    hotkeys.close()
    until(qt, lambda: not hotkeys.asking)
    assert backends[0].closed
    backends[0].pressed("toggle")
    qt.processEvents()
    assert not controller.done
    hotkeys.apply("F3", "", "")
    assert not hotkeys.asking


def test_without_any_backend_the_remedy_is_shown(qt):
    hotkeys = AppHotkeys(FakeController(), lambda *_: Unavailable("This desktop has none."))
    hotkeys.apply(**DEFAULTS)
    until(qt, lambda: not hotkeys.asking)
    assert hotkeys.failure("new_face").startswith("This desktop has none. Give the command `deep")
    assert len(hotkeys.failures()) == 3


def test_the_defaults_are_keys():
    assert not conflicts(DEFAULTS)
    for keys in DEFAULTS.values():
        parse(keys)


class SlowSession:
    """Blocks in ``wear`` and ``start`` until told."""

    newest, running = None, True

    def __init__(self):
        self.said, self.go, self.busy = [], threading.Event(), threading.Event()
        self.on = True

    def start(self):
        self.said.append("start")

    def stop(self):
        self.said.append("stop")

    def toggle(self):
        self.on = not self.on
        self.said.append("toggle")
        return self.on

    def panic(self):
        self.on = False
        self.said.append("panic")

    def wear(self, identity):
        self.busy.set()
        self.go.wait(10)
        self.said.append("wear")
        return {}

    def keep_awake(self, seconds):
        pass

    def status(self):
        return {"running": True}


def test_panic_overtakes_everything(qt):
    session = SlowSession()
    controller = Controller(lambda camera, seed: session, lambda: 1)
    controller.start()
    until(qt, lambda: controller.status()["running"])
    controller.new_face()
    until(qt, session.busy.is_set)
    controller.toggle()  # waits for the face; must not switch on again what panic has ended
    controller.panic()
    until(qt, lambda: "panic" in session.said)
    assert session.said == ["start", "panic"]
    session.go.set()
    until(qt, lambda: "wear" in session.said)
    controller.toggle()  # given after the panic: counts
    until(qt, lambda: "toggle" in session.said)
    assert session.said == ["start", "panic", "wear", "toggle"]
    assert session.on
    controller.close()


def test_panic_while_a_camera_starts_holds(qt):
    go, session = threading.Event(), SlowSession()

    def factory(camera, seed):
        go.wait(10)
        return session

    controller = Controller(factory, lambda: 1)
    told = []
    controller.said.connect(told.append)
    controller.start()
    controller.panic()
    until(qt, lambda: told)
    go.set()
    until(qt, lambda: "panic" in session.said)
    assert not session.on
    controller.close()
