"""Key strings such as "Ctrl+Alt+N": reading, judging, comparing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from deepcam.errors import DeepcamError
from deepcam.platform.hotkeys.keys import ALIASES, KEYS, MODIFIER_ALIASES, MODIFIERS, Key

EXAMPLE = "Choose keys such as Ctrl+Alt+N."

_KEY_NAMES = {**{name.lower(): name for name in KEYS}, **ALIASES}
_MODIFIER_NAMES = {**{name.lower(): name for name in MODIFIERS}, **MODIFIER_ALIASES}
_ALONE = {f"F{n}" for n in range(1, 25)} | {"Pause", "ScrollLock"}
"""Keys that nobody writes text with: they need no other key held."""
_EDITING = {f"Ctrl+{key}" for key in "ACSVXZ"}
_DESKTOP = {"Ctrl+Alt+Delete", "Ctrl+Alt+Backspace", "Alt+Tab", "Alt+Shift+Tab", "Alt+F4"}
_DESKTOP |= {f"Ctrl+Alt+F{n}" for n in range(1, 13)}
_BY_MODIFIERS = {"Ctrl": "CTRL", "Alt": "ALT", "Shift": "SHIFT", "Meta": "LOGO"}


@dataclass(frozen=True)
class Chord:
    """Keys held together: ``modifiers`` in the order of ``MODIFIERS``, ``key`` out of ``KEYS``."""

    modifiers: tuple[str, ...]
    key: str

    def __str__(self) -> str:
        return "+".join((*self.modifiers, self.key))

    @property
    def codes(self) -> Key:
        """The key's codes on each platform."""
        return KEYS[self.key]

    @property
    def trigger(self) -> str:
        """As the shortcuts specification of the Linux desktops writes it: "CTRL+ALT+n"."""
        return "+".join((*(_BY_MODIFIERS[m] for m in self.modifiers), self.codes.keysym_name))


def parse(text: str, platform: str = sys.platform) -> Chord:
    """Read and judge a key string; case, blanks and common other names do not matter.

    Raises ``DeepcamError`` for what is no key string, and for keys that every other program or
    the system itself needs (``platform`` as in ``sys.platform``).
    """
    *held, last = (part.strip().lower() for part in text.split("+"))
    modifiers = []
    for name in held:
        known = _MODIFIER_NAMES.get(name)
        if known is None:
            what = f"In {text!r}, {name or 'nothing'} is no key that can be held."
            raise DeepcamError(what, EXAMPLE)
        modifiers.append(known)
    if last in _MODIFIER_NAMES:
        raise DeepcamError(f"{text!r} lacks the key that is pressed.", EXAMPLE)
    key = _KEY_NAMES.get(last)
    if key is None:
        raise DeepcamError(
            f"In {text!r}, {last or 'nothing'} is no key that can be a hotkey.",
            "Choose a letter, a digit or a function key.",
        )
    chord = Chord(tuple(m for m in MODIFIERS if m in modifiers), key)
    _judge(chord, platform)
    return chord


def conflicts(wanted: Mapping[str, str]) -> dict[str, str]:
    """Action -> sentence, for every action whose keys an earlier one has already.

    Empty and unreadable key strings conflict with nothing.
    """
    first: dict[Chord, str] = {}
    found = {}
    for action, text in wanted.items():
        try:
            chord = parse(text)
        except DeepcamError:
            continue
        other = first.setdefault(chord, action)
        if other != action:
            found[action] = f"{chord} is used twice here."
    return found


def _judge(chord: Chord, platform: str) -> None:
    text = str(chord)
    if not set(chord.modifiers) & {"Ctrl", "Alt", "Meta"} and chord.key not in _ALONE:
        raise DeepcamError(
            f"{text} is needed for writing.", "Hold Ctrl or Alt with it, as in Ctrl+Alt+N."
        )
    if text in _EDITING:
        raise DeepcamError(f"Every program needs {text} itself.", EXAMPLE)
    if text in _DESKTOP:
        raise DeepcamError(f"{text} belongs to the desktop.", EXAMPLE)
    if platform == "win32" and ("Meta" in chord.modifiers or text == "F12"):
        raise DeepcamError(f"Windows keeps {text} for itself.", EXAMPLE)
    if platform == "darwin" and chord.codes.mac < 0:
        raise DeepcamError(f"Mac keyboards have no {chord.key} key.", EXAMPLE)
