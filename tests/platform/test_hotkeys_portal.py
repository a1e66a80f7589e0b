"""Hotkeys through a stand-in of the desktop's portal, on a message bus of our own."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("jeepney", reason="the portal needs jeepney")
if shutil.which("dbus-daemon") is None:
    pytest.skip("dbus-daemon is not installed", allow_module_level=True)

from fake_portal import SHORTCUTS, FakePortal, start_bus
from jeepney import DBusAddress, message_bus, new_signal
from jeepney.io.threading import DBusRouter, open_dbus_connection

from deepcam.errors import DeepcamError
from deepcam.platform.desktop_entry import APP_ID
from deepcam.platform.hotkeys import Unavailable, choose
from deepcam.platform.hotkeys.portal import PortalHotkeys

WANTED = {"toggle": "Ctrl+Alt+O", "new_face": "Ctrl+Alt+N", "panic": "Pause"}


@pytest.fixture
def bus(tmp_path, monkeypatch):
    process, address = start_bus(tmp_path)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    yield address
    process.kill()
    process.wait()


@pytest.fixture
def portal(bus):
    made: list[FakePortal] = []

    def make(**how) -> FakePortal:
        made.append(FakePortal(bus, **how))
        return made[-1]

    yield make
    for portal in made:
        portal.close()
        assert not portal.problems


@pytest.fixture
def hotkeys():
    """A maker, with what was pressed and what changed."""
    made = []

    def make(**how):
        pressed, changed = [], []
        keys = PortalHotkeys(pressed.append, lambda *news: changed.append(news), **how)
        made.append(keys)
        return keys, pressed, changed

    yield make
    for keys in made:
        keys.close()


def until(true, seconds=10.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_keys_are_asked_for_once_and_reach_us(portal, hotkeys):
    desktop = portal()
    keys, pressed, _ = hotkeys()
    answers = keys.register_all(WANTED)
    assert all(a.ok for a in answers.values())
    assert answers["toggle"].keys == "CTRL+ALT+o"
    (asked,) = desktop.asked
    assert asked["panic"]["preferred_trigger"] == "Pause"
    assert asked["new_face"]["description"] == "New face"
    assert desktop.calls[0] == "Register"
    for action in ("new_face", "panic", "new_face"):
        desktop.press(action)
    desktop.press("toggle", session=desktop.session + "x")  # somebody else's
    desktop.press("toggle")
    until(lambda: len(pressed) == 4)
    assert pressed == ["new_face", "panic", "new_face", "toggle"]
    keys.register_all(WANTED)
    assert len(desktop.asked) == 1  # nobody is asked again about what was granted


def test_new_keys_replace_the_old_ones(portal, hotkeys):
    desktop = portal()
    keys, pressed, _ = hotkeys()
    assert keys.register("toggle", "Ctrl+Alt+O").ok
    assert keys.register("panic", "Ctrl+Alt+P").ok
    assert set(desktop.asked[-1]) == {"toggle", "panic"}
    keys.unregister("toggle")
    assert set(desktop.asked[-1]) == {"panic"}
    desktop.press("toggle")
    desktop.press("panic")
    until(lambda: pressed)
    assert pressed == ["panic"]
    assert not keys.register("toggle", "Ctrl+Alt+P").ok  # the panic key
    assert "needed for writing" in keys.register("toggle", "O").reason
    keys.close()
    until(lambda: not any(desktop.sessions.values()))


@pytest.mark.parametrize(
    ("answer", "said"),
    [("decline", "declined"), ("fail", "refused"), ("silent", "not answered")],
)
def test_what_the_desktop_does_not_give_is_told(portal, hotkeys, answer, said):
    desktop = portal(answer=answer)
    keys, _, _ = hotkeys(patience=0.2)
    answers = keys.register_all(WANTED)
    assert said in answers["new_face"].reason
    assert "`deepcam regenerate`" in answers["new_face"].remedy
    assert "`deepcam panic`" in answers["panic"].remedy
    assert len(desktop.closed_requests) == (answer == "silent")
    desktop.answer = "grant"
    assert all(a.ok for a in keys.register_all(WANTED).values())


def test_other_keys_or_none_are_told(portal, hotkeys):
    desktop = portal(triggers={"toggle": "Meta+F1", "panic": ""})
    keys, pressed, changed = hotkeys()
    answers = keys.register_all(WANTED)
    assert answers["toggle"].ok
    assert answers["toggle"].keys == "Meta+F1"
    assert not answers["panic"].ok
    assert "keyboard settings" in answers["panic"].sentence
    desktop.change({"toggle": "Meta+F1", "new_face": "CTRL+ALT+n", "panic": "Meta+F2"})
    until(lambda: changed)
    ((action, now),) = changed
    assert (action, now.ok, now.keys) == ("panic", True, "Meta+F2")
    desktop.press("panic")
    until(lambda: pressed == ["panic"])
    desktop.end_session()
    until(lambda: len(changed) == 4)
    assert {action for action, now in changed[1:] if not now.ok} == set(WANTED)


def test_a_restarted_portal_is_asked_again(portal, hotkeys):
    first = portal()
    keys, pressed, changed = hotkeys()
    keys.register_all(WANTED)
    first.close()
    until(lambda: len(changed) == 3)
    second = portal()
    until(lambda: len(changed) == 6)
    assert all(now.ok for _, now in changed[3:])
    assert second.calls[0] == "Register"
    second.press("toggle")
    until(lambda: pressed == ["toggle"])


def test_signals_of_others_do_not_count(portal, hotkeys, bus):
    desktop = portal()
    keys, pressed, _ = hotkeys()
    keys.register_all(WANTED)
    other = open_dbus_connection(bus)
    emitter = DBusAddress("/org/freedesktop/portal/desktop", interface=SHORTCUTS)
    body = (desktop.session, "toggle", 1, {})
    forged = new_signal(emitter, "Activated", "osta{sv}", body)
    other.send(forged)
    with DBusRouter(other) as router:
        router.send_and_get_reply(message_bus.GetId(), timeout=5)  # the bus has passed it on
    desktop.press("panic")
    until(lambda: pressed)
    assert pressed == ["panic"]
    other.close()


def test_the_program_is_introduced_when_its_entry_is_seen(portal, hotkeys):
    desktop = portal(shy=1)
    keys, _, _ = hotkeys()
    assert keys.register("toggle", "Ctrl+Alt+O").ok
    assert desktop.calls[:2] == ["Register", "Register"]
    entry = Path(os.environ["XDG_DATA_HOME"], "applications", f"{APP_ID}.desktop")
    assert "Exec=" in entry.read_text()


def test_an_old_portal_without_a_register_works(portal, hotkeys):
    portal(without=("org.freedesktop.host.portal.Registry",))
    keys, _, _ = hotkeys()
    assert keys.register("toggle", "Ctrl+Alt+O").ok


def test_close_ends_a_question(portal, hotkeys):
    desktop = portal(answer="silent")
    keys, _, changed = hotkeys()
    answers = []
    thread = threading.Thread(target=lambda: answers.append(keys.register("toggle", "Ctrl+F5")))
    thread.start()
    until(lambda: desktop.asked)
    keys.close()
    thread.join(10)
    assert not answers[0].ok
    assert not changed
    assert not keys.register("toggle", "Ctrl+F5").ok


def test_a_dead_bus_is_told(tmp_path, monkeypatch, hotkeys):
    process, address = start_bus(tmp_path)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    desktop = FakePortal(address)
    keys, _, changed = hotkeys()
    keys.register_all(WANTED)
    process.kill()
    process.wait()
    until(lambda: len(changed) == 3)
    assert not keys.register("toggle", "Ctrl+F5").ok
    desktop.close()


def test_where_there_is_no_portal_the_reason_is_told(portal, bus, monkeypatch):
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("DISPLAY", ":99")  # must not be taken: grabs do not work there
    portal(without=(SHORTCUTS,))
    with pytest.raises(DeepcamError, match="gives programs no hotkeys"):
        PortalHotkeys(print)
    keys = choose(print)
    assert isinstance(keys, Unavailable)
    answer = keys.register("new_face", "Ctrl+Alt+N")
    assert "gives programs no hotkeys" in answer.reason
    assert "`deepcam regenerate`" in answer.remedy
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert "no message bus" in choose(print).register("panic", "Pause").reason
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    assert "no message bus" in choose(print).register("panic", "Pause").reason
