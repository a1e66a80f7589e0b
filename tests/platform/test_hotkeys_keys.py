"""Key strings, and the Windows backend against a stand-in of its API."""

import ctypes
import queue
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepcam.errors import DeepcamError
from deepcam.platform.hotkeys import conflicts, parse, windows
from deepcam.platform.hotkeys.keys import KEYS, MODIFIERS
from deepcam.platform.hotkeys.windows import WindowsHotkeys


@pytest.mark.parametrize(
    ("text", "known_as"),
    [
        ("Ctrl+Alt+N", "Ctrl+Alt+N"),
        (" alt + control + n ", "Ctrl+Alt+N"),
        ("Strg+Umschalt+f5", "Ctrl+Shift+F5"),
        ("Super+PgUp", "Meta+PageUp"),
        ("Meta+Ctrl+Esc", "Ctrl+Meta+Escape"),
        ("Ctrl+Ctrl+9", "Ctrl+9"),
        ("F9", "F9"),
        ("Shift+Pause", "Shift+Pause"),
    ],
)
def test_key_strings_are_read(text, known_as):
    assert str(parse(text, "linux")) == known_as
    assert parse(known_as, "linux") == parse(text, "linux")


@pytest.mark.parametrize(
    "text",
    ["", "+", "N", "Shift+N", "Ctrl", "Ctrl+", "Ctrl+Alt", "N+Ctrl", "Ctrl+Ä", "Hyper+N",
     "Ctrl+F25", "Ctrl+C", "Alt+F4", "Ctrl+Alt+Del", "Ctrl+Alt+F2", "Space", "Ctrl Alt N",
     "Ctrl+A+B", "Ctrl++"],
)  # fmt: skip
def test_what_cannot_be_a_hotkey_is_told(text):
    with pytest.raises(DeepcamError) as told:
        parse(text, "linux")
    assert told.value.what.endswith(".")
    assert told.value.remedy


def test_platforms_keep_keys_for_themselves():
    for text in ("Meta+N", "F12"):
        parse(text, "linux")
        with pytest.raises(DeepcamError, match="Windows keeps"):
            parse(text, "win32")
    with pytest.raises(DeepcamError, match="Mac"):
        parse("Pause", "darwin")


@given(st.text(max_size=20))
def test_any_text_is_read_or_told(text):
    try:
        chord = parse(text, "linux")
    except DeepcamError:
        return
    assert parse(str(chord), "linux") == chord


@given(st.sets(st.sampled_from(MODIFIERS)), st.sampled_from(sorted(KEYS)))
def test_triggers_follow_the_shortcuts_specification(modifiers, key):
    try:
        chord = parse("+".join([*modifiers, key]), "linux")
    except DeepcamError:
        return
    assert re.fullmatch(r"(CTRL\+)?(ALT\+)?(SHIFT\+)?(LOGO\+)?[A-Za-z0-9_]+", chord.trigger)


def test_keys_that_are_used_twice_are_found():
    found = conflicts({"toggle": "Ctrl+Alt+N", "new_face": "alt+ctrl+n", "panic": "F9", "x": ""})
    assert found == {"new_face": "Ctrl+Alt+N is used twice here."}
    assert not conflicts({"a": "", "b": "", "c": "nonsense", "d": "nonsense"})


def test_no_two_keys_share_a_code():
    for field in ("keysym_name", "keysym", "vk", "mac"):
        codes = [getattr(key, field) for key in KEYS.values() if getattr(key, field) != -1]
        assert len(set(codes)) == len(codes)


def test_keysyms_are_those_of_the_x_server():
    header = Path("/usr/include/X11/keysymdef.h")
    if not header.is_file():
        pytest.skip("the X server's table of keysyms is not installed")
    known = dict(re.findall(r"#define XK_(\w+) +0x([0-9a-f]+)", header.read_text()))
    assert [key for key in KEYS.values() if int(known[key.keysym_name], 16) != key.keysym] == []


class FakeUser32:
    """Windows' side: one thread's messages, keys of other programs in ``taken``."""

    def __init__(self):
        self.messages = queue.Queue()
        self.keys = {}
        self.taken = {(0x4003, ord("T"))}

    def PeekMessageW(self, *_):  # noqa: N802
        return 0

    def GetMessageW(self, message, *_):  # noqa: N802
        kind, number = self.messages.get()
        target = ctypes.cast(message, ctypes.POINTER(windows._Message)).contents
        target.message, target.wParam = kind, number
        return 0 if kind == 0x12 else 1

    def PostThreadMessageW(self, thread, kind, number, _):  # noqa: N802
        assert thread == 7
        self.messages.put((kind, number))

    def RegisterHotKey(self, window, number, held, vk):  # noqa: N802
        if (held, vk) in self.taken | set(self.keys.values()):
            return 0
        self.keys[number] = (held, vk)
        return 1

    def UnregisterHotKey(self, window, number):  # noqa: N802
        return int(self.keys.pop(number, None) is not None)

    def GetCurrentThreadId(self):  # noqa: N802
        return 7


def test_windows_registers_tells_and_frees():
    api, pressed = FakeUser32(), []
    keys = WindowsHotkeys(pressed.append, api, api, lambda: 1409)
    assert keys.register("new_face", "Ctrl+Alt+N").ok
    assert api.keys == {1: (0x4003, ord("N"))}
    answer = keys.register("toggle", "Ctrl+Alt+T")
    assert answer.reason == "Ctrl+Alt+T is taken by another program."
    assert keys.register("new_face", "Ctrl+Shift+F10").ok
    ((number, chord),) = api.keys.items()
    assert chord == (0x4006, 0x79)
    api.messages.put((0x312, 99))
    api.messages.put((0x312, number))
    end = time.monotonic() + 5
    while not pressed:
        assert time.monotonic() < end
    assert pressed == ["new_face"]
    keys.close()
    keys.close()
    assert not api.keys
    assert not keys.register("panic", "F9").ok
