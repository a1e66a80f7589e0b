"""What the program calls in Windows and macOS, against the headers of those systems.

Written down from the documentation named at each table, for 64-bit processes; nothing here runs on
Windows or macOS.
"""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest

from deepcam.platform.hotkeys import macos, windows
from deepcam.platform.hotkeys.keys import KEYS
from deepcam.runtime import quiet

pytestmark = pytest.mark.skipif(
    ctypes.sizeof(ctypes.c_void_p) != 8, reason="the layouts are those of 64 bits"
)

KINDS = {
    # C and Windows (LLP64): learn.microsoft.com/windows/win32/winprog/windows-data-types
    "void": None,
    "int": ("signed", 4),
    "BOOL": ("signed", 4),
    "HRESULT": ("signed", 4),
    "LONG": ("signed", 4),
    "UINT": ("unsigned", 4),
    "DWORD": ("unsigned", 4),
    "WPARAM": ("unsigned", 8),
    "LPARAM": ("signed", 8),
    "HWND": ("pointer", 8),
    "LPMSG": ("pointer", 8),
    # macOS (LP64): MacTypes.h, CarbonEventsCore.h, dispatch/base.h
    "OSStatus": ("signed", 4),
    "OSType": ("unsigned", 4),
    "UInt32": ("unsigned", 4),
    "OptionBits": ("unsigned", 4),
    "EventParamName": ("unsigned", 4),
    "EventParamType": ("unsigned", 4),
    "ItemCount": ("unsigned", 8),
    "ByteCount": ("unsigned", 8),
    "EventHotKeyID": ("struct", 8),
    "pointer": ("pointer", 8),
}

WINDOWS = {
    # winuser.h and processthreadsapi.h, from learn.microsoft.com/windows/win32/api
    "RegisterHotKey": ("BOOL", "HWND int UINT UINT"),
    "UnregisterHotKey": ("BOOL", "HWND int"),
    "PostThreadMessageW": ("BOOL", "DWORD UINT WPARAM LPARAM"),
    "PeekMessageW": ("BOOL", "LPMSG HWND UINT UINT UINT"),
    "GetMessageW": ("BOOL", "LPMSG HWND UINT UINT"),
    "GetCurrentThreadId": ("DWORD", ""),
}

MACOS = {
    # HIToolbox's CarbonEvents.h and CarbonEventsCore.h
    "GetApplicationEventTarget": ("pointer", None),
    "InstallEventHandler": ("OSStatus", "pointer pointer ItemCount pointer pointer pointer"),
    "RemoveEventHandler": ("OSStatus", "pointer"),
    "RegisterEventHotKey": (
        "OSStatus",
        "UInt32 UInt32 EventHotKeyID pointer OptionBits pointer",
    ),
    "UnregisterEventHotKey": ("OSStatus", "pointer"),
    "GetEventParameter": (
        "OSStatus",
        "pointer EventParamName EventParamType pointer ByteCount pointer pointer",
    ),
}

STRUCTURES: dict[Any, tuple[int, dict[str, tuple[int, str]]]] = {
    # MSG of winuser.h: tagMSG with a POINT at its end
    windows._Message: (
        48,
        {
            "window": (0, "HWND"), "message": (8, "UINT"), "wParam": (16, "WPARAM"),
            "lParam": (24, "LPARAM"), "time": (32, "DWORD"), "x": (36, "LONG"), "y": (40, "LONG"),
        },
    ),
    # CarbonEvents.h
    macos._HotKeyId: (8, {"signature": (0, "OSType"), "id": (4, "UInt32")}),
    # CarbonEventsCore.h: EventTypeSpec
    macos._EventType: (8, {"event_class": (0, "OSType"), "event_kind": (4, "UInt32")}),
}  # fmt: skip

CONSTANTS = (
    # winuser.h
    (windows._MODIFIERS, {"Alt": 0x0001, "Ctrl": 0x0002, "Shift": 0x0004, "Meta": 0x0008}),
    (windows._NO_REPEAT, 0x4000),
    (windows._WM_QUIT, 0x0012),
    (windows._WM_HOTKEY, 0x0312),
    (windows._WM_APP, 0x8000),
    # winerror.h: ERROR_HOTKEY_ALREADY_REGISTERED
    (windows._ALREADY_REGISTERED, 1409),
    # werapi.h: WER_FAULT_REPORTING_FLAG_NOHEAP
    (quiet._NO_HEAP, 1),
    # Events.h: cmdKey, shiftKey, optionKey, controlKey
    (macos._MODIFIERS, {"Ctrl": 1 << 8, "Shift": 1 << 9, "Alt": 1 << 11, "Meta": 1 << 12}),
    # CarbonEvents.h: eventHotKeyExistsErr, kEventHotKeyExclusive
    (macos._EXISTS, -9878),
    (macos._EXCLUSIVE, 1),
    # CarbonEvents.h and CarbonEventsCore.h: kEventClassKeyboard, typeEventHotKeyID
    (macos._code("keyb"), 0x6B657962),
    (macos._code("hkid"), 0x686B6964),
)

# Virtual keys of winuser.h, and kVK_ constants of HIToolbox's Events.h.
VIRTUAL_KEYS = {
    "A": 0x41, "Z": 0x5A, "0": 0x30, "9": 0x39, "F1": 0x70, "F12": 0x7B, "F24": 0x87, "Space": 0x20,
    "Tab": 0x09, "Return": 0x0D, "Escape": 0x1B, "Backspace": 0x08, "Insert": 0x2D, "Delete": 0x2E,
    "Home": 0x24, "End": 0x23, "PageUp": 0x21, "PageDown": 0x22, "Left": 0x25, "Up": 0x26,
    "Right": 0x27, "Down": 0x28, "Pause": 0x13, "ScrollLock": 0x91,
}  # fmt: skip
MAC_KEYS = {
    "A": 0x00, "S": 0x01, "D": 0x02, "F": 0x03, "H": 0x04, "G": 0x05, "Z": 0x06, "X": 0x07,
    "C": 0x08, "V": 0x09, "B": 0x0B, "Q": 0x0C, "W": 0x0D, "E": 0x0E, "R": 0x0F, "Y": 0x10,
    "T": 0x11, "1": 0x12, "2": 0x13, "3": 0x14, "4": 0x15, "6": 0x16, "5": 0x17, "9": 0x19,
    "7": 0x1A, "8": 0x1C, "0": 0x1D, "O": 0x1F, "U": 0x20, "I": 0x22, "P": 0x23, "L": 0x25,
    "J": 0x26, "K": 0x28, "N": 0x2D, "M": 0x2E, "Return": 0x24, "Tab": 0x30, "Space": 0x31,
    "Backspace": 0x33, "Escape": 0x35, "F17": 0x40, "F18": 0x4F, "F19": 0x50, "F20": 0x5A,
    "F5": 0x60, "F6": 0x61, "F7": 0x62, "F3": 0x63, "F8": 0x64, "F9": 0x65, "F11": 0x67,
    "F13": 0x69, "F16": 0x6A, "F14": 0x6B, "F10": 0x6D, "F12": 0x6F, "F15": 0x71, "Home": 0x73,
    "PageUp": 0x74, "Delete": 0x75, "F4": 0x76, "End": 0x77, "F2": 0x78, "PageDown": 0x79,
    "F1": 0x7A, "Left": 0x7B, "Right": 0x7C, "Down": 0x7D, "Up": 0x7E,
}  # fmt: skip


def kind(ctype: Any) -> tuple[str, int] | None:
    """How a type of ctypes is passed."""
    if ctype is None:
        return None
    size = ctypes.sizeof(ctype)
    if issubclass(ctype, ctypes.Structure):
        return "struct", size
    code = getattr(ctype, "_type_", "P")
    if not isinstance(code, str) or code == "P":
        return "pointer", size
    return ("signed" if code in "bhilq" else "unsigned"), size


class Library:
    """Stands for a loaded library: functions that remember what they were declared as."""

    def __init__(self) -> None:
        self.functions: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        made = SimpleNamespace(argtypes=None, restype=ctypes.c_int)
        return self.functions.setdefault(name, made)


def check(functions: dict[str, Any], table: dict[str, tuple[str, str | None]]) -> None:
    assert set(functions) == set(table)
    for name, (result, arguments) in table.items():
        declared = functions[name]
        assert kind(declared.restype) == KINDS[result], name
        if arguments is not None:
            found = [kind(ctype) for ctype in declared.argtypes]
            assert found == [KINDS[word] for word in arguments.split()], name


def test_windows_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: dict[str, Library] = {}

    def load(name: str, use_last_error: bool) -> Library:
        assert use_last_error  # else the error that RegisterHotKey leaves is lost
        return loaded.setdefault(name, Library())

    monkeypatch.setattr(ctypes, "WinDLL", load, raising=False)
    # The thread ends at once: what it would call are no functions.
    monkeypatch.setattr(windows.WindowsHotkeys, "_pump", lambda self: self._ready.set())
    windows.WindowsHotkeys(print, last_error=lambda: 0)
    assert set(loaded) == {"user32", "kernel32"}
    assert set(loaded["kernel32"].functions) == {"GetCurrentThreadId"}
    check({**loaded["user32"].functions, **loaded["kernel32"].functions}, WINDOWS)


def test_macos_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    monkeypatch.setattr(macos.ctypes, "CDLL", lambda name: library)
    macos._carbon()
    check(library.functions, MACOS)
    # EventHandlerProcPtr and dispatch_function_t
    assert kind(macos._Handler._restype_) == KINDS["OSStatus"]
    assert [kind(a) for a in macos._Handler._argtypes_] == [KINDS["pointer"]] * 3
    assert macos._Job._restype_ is None
    assert [kind(a) for a in macos._Job._argtypes_] == [KINDS["pointer"]]


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.__name__)
def test_structures(structure: Any) -> None:
    size, fields = STRUCTURES[structure]
    assert ctypes.sizeof(structure) == size
    assert {name for name, _ in structure._fields_} == set(fields)
    for name, ctype in structure._fields_:
        offset, word = fields[name]
        assert getattr(structure, name).offset == offset
        assert kind(ctype) == KINDS[word], name


def test_constants() -> None:
    for ours, documented in CONSTANTS:
        assert ours == documented


def test_keys() -> None:
    for name, code in VIRTUAL_KEYS.items():
        assert KEYS[name].vk == code, name
    assert {name: key.mac for name, key in KEYS.items() if key.mac != -1} == MAC_KEYS
