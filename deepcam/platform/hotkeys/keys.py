"""The keys that can be a hotkey, and what each platform calls them.

Letters, digits, function keys and the keys around them: they exist on every keyboard layout.
"""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """One key's codes: X keysym by name and number, Windows virtual key, macOS key code (-1: none).

    macOS codes name places on the keyboard, after the American layout.
    """

    keysym_name: str
    keysym: int
    vk: int
    mac: int


_MAC_LETTERS = {
    "A": 0, "S": 1, "D": 2, "F": 3, "H": 4, "G": 5, "Z": 6, "X": 7, "C": 8, "V": 9, "B": 11,
    "Q": 12, "W": 13, "E": 14, "R": 15, "Y": 16, "T": 17, "O": 31, "U": 32, "I": 34, "P": 35,
    "L": 37, "J": 38, "K": 40, "N": 45, "M": 46,
}  # fmt: skip
_MAC_DIGITS = (29, 18, 19, 20, 21, 23, 22, 26, 28, 25)
_MAC_FUNCTION = (122, 120, 99, 118, 96, 97, 98, 100, 101, 109, 103, 111,
                 105, 107, 113, 106, 64, 79, 80, 90)  # fmt: skip

KEYS: dict[str, Key] = {
    **{c: Key(c.lower(), ord(c.lower()), ord(c), code) for c, code in _MAC_LETTERS.items()},
    **{str(d): Key(str(d), 48 + d, 48 + d, code) for d, code in enumerate(_MAC_DIGITS)},
    **{
        f"F{n}": Key(
            f"F{n}", 0xFFBD + n, 0x6F + n, _MAC_FUNCTION[n - 1] if n <= len(_MAC_FUNCTION) else -1
        )
        for n in range(1, 25)
    },
    "Space": Key("space", 0x20, 0x20, 49),
    "Tab": Key("Tab", 0xFF09, 0x09, 48),
    "Return": Key("Return", 0xFF0D, 0x0D, 36),
    "Escape": Key("Escape", 0xFF1B, 0x1B, 53),
    "Backspace": Key("BackSpace", 0xFF08, 0x08, 51),
    "Insert": Key("Insert", 0xFF63, 0x2D, -1),
    "Delete": Key("Delete", 0xFFFF, 0x2E, 117),
    "Home": Key("Home", 0xFF50, 0x24, 115),
    "End": Key("End", 0xFF57, 0x23, 119),
    "PageUp": Key("Page_Up", 0xFF55, 0x21, 116),
    "PageDown": Key("Page_Down", 0xFF56, 0x22, 121),
    "Left": Key("Left", 0xFF51, 0x25, 123),
    "Up": Key("Up", 0xFF52, 0x26, 126),
    "Right": Key("Right", 0xFF53, 0x27, 124),
    "Down": Key("Down", 0xFF54, 0x28, 125),
    "Pause": Key("Pause", 0xFF13, 0x13, -1),
    "ScrollLock": Key("Scroll_Lock", 0xFF14, 0x91, -1),
}
"""By the name that people and settings use."""

ALIASES = {
    "esc": "Escape",
    "enter": "Return",
    "del": "Delete",
    "ins": "Insert",
    "pgup": "PageUp",
    "pgdown": "PageDown",
    "pgdn": "PageDown",
    "page up": "PageUp",
    "page down": "PageDown",
    "scroll lock": "ScrollLock",
}
"""Other names, in lower case; Qt's are among them."""

MODIFIERS = ("Ctrl", "Alt", "Shift", "Meta")
"""In the order in which they are written. On macOS Ctrl is Command and Meta is Control, as in
Qt's own key strings; elsewhere Meta is the Windows or Super key."""

MODIFIER_ALIASES = {
    "control": "Ctrl",
    "strg": "Ctrl",
    "cmd": "Ctrl",
    "command": "Ctrl",
    "option": "Alt",
    "opt": "Alt",
    "umschalt": "Shift",
    "super": "Meta",
    "win": "Meta",
    "windows": "Meta",
    "logo": "Meta",
}
"""Other names, in lower case."""
