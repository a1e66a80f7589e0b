"""Hotkeys on a real X server, pressed with xdotool while another window has the focus."""

import os
import shutil
import subprocess
import time

import pytest

from deepcam.platform.hotkeys import Unavailable, choose
from deepcam.platform.hotkeys.x11 import X11Hotkeys

MISSING = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@pytest.fixture(scope="module")
def display():
    """A server of our own; its number as ``DISPLAY``."""
    # -noreset: else it starts anew, deaf for a moment, whenever the last client leaves.
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x8", "-noreset"]
    process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as file:
        number = file.readline().strip()
    yield f":{number}"
    process.kill()
    process.wait()


@pytest.fixture
def screen(display, monkeypatch):
    monkeypatch.setenv("DISPLAY", display)
    for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    return display


@pytest.fixture
def hotkeys(screen):
    """A maker, with what was pressed and what changed."""
    made = []

    def make():
        pressed, changed = [], []
        keys = X11Hotkeys(pressed.append, lambda *news: changed.append(news))
        made.append(keys)
        return keys, pressed, changed

    yield make
    for keys in made:
        keys.close()


def press(*words):
    subprocess.run(["xdotool", *words], check=True)


def until(true, seconds=20.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def terminal(screen, tmp_path):
    """A focused xterm; the file that gets what is written in it."""
    if shutil.which("xterm") is None:
        pytest.skip("xterm is not installed")
    out = tmp_path / "typed"
    out.touch()
    command = ["xterm", "-title", "typing", "-e", "sh", "-c", f"cat > {out}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    press("search", "--sync", "--onlyvisible", "--name", "typing", "windowfocus", "--sync")
    yield out
    process.kill()
    process.wait()


def test_keys_reach_us_while_a_terminal_has_the_focus(hotkeys, terminal):
    keys, pressed, _ = hotkeys()
    assert keys.register("new_face", "Ctrl+Alt+N").ok
    assert keys.register("panic", "Pause").ok
    press("type", "before\n")
    press("key", "ctrl+alt+n", "Pause")
    press("type", "after\n")
    until(lambda: terminal.read_text().endswith("after\n"))
    assert terminal.read_text() == "before\nafter\n"  # and nothing of the hotkeys
    assert pressed == ["new_face", "panic"]
    keys.unregister("new_face")
    press("key", "ctrl+alt+n", "Pause", "Return")
    until(lambda: len(terminal.read_bytes()) > len("before\nafter\n") + 1)
    assert pressed == ["new_face", "panic", "panic"]
    assert b"\x8e" in terminal.read_bytes()  # Ctrl+Alt+N is the terminal's again


def test_a_taken_key_is_told(hotkeys):
    first, pressed, _ = hotkeys()
    second, others, _ = hotkeys()
    assert first.register("toggle", "Ctrl+Alt+T").ok
    answer = second.register("toggle", "Ctrl+Alt+T")
    assert not answer.ok
    assert answer.reason == "Ctrl+Alt+T is taken by another program."
    assert answer.remedy
    press("key", "ctrl+alt+t")
    until(lambda: pressed)
    assert not others
    first.close()
    assert second.register("toggle", "Ctrl+Alt+T").ok
    assert not first.register("toggle", "Ctrl+Alt+G").ok  # closed


def test_lock_keys_do_not_matter_and_other_modifiers_do(hotkeys):
    keys, pressed, _ = hotkeys()
    assert keys.register("toggle", "Ctrl+Shift+F9").ok
    for locks in (["Caps_Lock"], ["Num_Lock"], ["Caps_Lock"], ["Num_Lock"]):
        press("key", *locks, "ctrl+shift+F9")
    press("key", "ctrl+F9", "F9", "ctrl+alt+shift+F9", "ctrl+shift+F9")
    until(lambda: len(pressed) >= 5)
    assert pressed == ["toggle"] * 5


def test_a_held_key_counts_once(hotkeys):
    keys, pressed, _ = hotkeys()
    assert keys.register("toggle", "F8").ok
    assert keys.register("panic", "F7").ok
    press("keydown", "F8", "sleep", "1", "keyup", "F8", "key", "F7")
    until(lambda: "panic" in pressed)
    assert pressed == ["toggle", "panic"]


def test_another_layout_moves_the_keys(hotkeys):
    if shutil.which("setxkbmap") is None:
        pytest.skip("setxkbmap is not installed")
    keys, pressed, changed = hotkeys()
    assert keys.register("new_face", "Ctrl+Alt+Y").ok
    try:
        subprocess.run(["setxkbmap", "de"], check=True)  # Y and Z change places
        # The key that was Z for Americans; the server's news may still be on its way.
        until(lambda: (press("key", "ctrl+alt+y"), pressed)[1])
        subprocess.run(["setxkbmap", "ru"], check=True)
        until(lambda: changed)
        assert changed[0][0] == "new_face"
        assert "no Y key" in changed[0][1].reason
        assert not keys.register("toggle", "Ctrl+Alt+Q").ok
    finally:
        subprocess.run(["setxkbmap", "us"], check=True)
    until(lambda: changed[-1][1].ok)
    pressed.clear()
    press("key", "ctrl+alt+y")
    until(lambda: pressed)
    assert pressed[0] == "new_face"


def test_all_at_once_may_swap(hotkeys):
    keys, pressed, _ = hotkeys()
    keys.register_all({"toggle": "F5", "panic": "F6"})
    answers = keys.register_all({"toggle": "F6", "panic": "F5", "new_face": "F6"})
    assert [answers[a].ok for a in ("toggle", "panic", "new_face")] == [True, True, False]
    press("key", "F5", "F6")
    until(lambda: len(pressed) == 2)
    assert pressed == ["panic", "toggle"]


def test_choose_takes_x11_or_says_why_not(screen, monkeypatch):
    keys = choose(print)
    assert isinstance(keys, X11Hotkeys)
    keys.close()
    monkeypatch.setenv("DISPLAY", ":4711")
    assert "no answer from the X server" in choose(print).register("panic", "Pause").reason
    monkeypatch.delenv("DISPLAY")
    keys = choose(print)
    assert isinstance(keys, Unavailable)
    assert "`deepcam panic`" in keys.register_all({"panic": "Pause"})["panic"].remedy


def test_the_server_may_go_away(tmp_path, monkeypatch):
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-noreset"]
    process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as file:
        monkeypatch.setenv("DISPLAY", f":{file.readline().strip()}")
    keys = X11Hotkeys(print)
    assert keys.register("panic", "Pause").ok
    process.kill()
    process.wait()
    assert not keys.register("toggle", "F9").ok
    keys.close()
