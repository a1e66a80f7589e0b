"""Global hotkeys of the app: keys to commands, and what the settings can say about each."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, Signal
from PySide6.QtGui import QKeySequence

from deepcam.app.controller import Controller
from deepcam.app.told import told
from deepcam.platform.hotkeys import (
    ACTIONS,
    Changed,
    Hotkeys,
    Pressed,
    Registration,
    choose,
    conflicts,
    parse,
)

# On Windows Ctrl+Alt is AltGr, with which people write letters.
DEFAULTS = (
    {"toggle": "Ctrl+Shift+F9", "new_face": "Ctrl+Shift+F10", "panic": "Ctrl+Shift+F11"}
    if sys.platform == "win32"
    else {"toggle": "Ctrl+Alt+O", "new_face": "Ctrl+Alt+N", "panic": "Ctrl+Alt+P"}
)
"""Until the settings say otherwise."""

TITLES = {
    "toggle": QT_TRANSLATE_NOOP("Hotkeys", "Switch DeepPrivacy Cam on or off"),
    "new_face": QT_TRANSLATE_NOOP("Hotkeys", "New face"),
    "panic": QT_TRANSLATE_NOOP("Hotkeys", "Standby card at once"),
}
"""In English; see ``title``."""

Choose = Callable[[Pressed, Changed], Hotkeys]


class AppHotkeys(QObject):
    """Pressed keys reach the ``controller``; ``apply`` returns at once, and ``changed`` tells when
    ``keys``, ``failure`` or ``asking`` say something new."""

    changed = Signal()
    _pressed = Signal(str)

    def __init__(self, controller: Controller, choose: Choose = choose) -> None:
        super().__init__()
        self._commands = {
            "toggle": controller.toggle,
            "new_face": controller.new_face,
            "panic": controller.panic,
        }
        self._choose = choose
        self._lock = threading.Lock()
        self._work = threading.Lock()
        self._backend: Hotkeys | None = None
        self._state: dict[str, Registration] = {}
        self._newest = 0
        self._asking = 0
        self._closed = self._paused = False
        # From the backend's thread to this object's.
        self._pressed.connect(self._do)

    @property
    def asking(self) -> bool:
        """Whether the desktop has not answered yet; it may be asking the person."""
        return self._asking > 0

    def apply(self, toggle: str, new_face: str, panic: str) -> None:
        """From now on these keys, such as "Ctrl+Alt+N"; an empty string means none."""
        given = {"toggle": toggle, "new_face": new_face, "panic": panic}
        wanted = {action: keys for action, keys in given.items() if keys.strip()}
        twice = {
            action: Registration(False, used_twice(wanted[action]), self.tr("Choose other keys."))
            for action in conflicts(wanted)
        }
        with self._lock:
            if self._closed:
                return
            self._newest += 1
            self._asking += 1
            self._state = twice
            number = self._newest
        self.changed.emit()
        free = {action: keys for action, keys in wanted.items() if action not in twice}
        threading.Thread(
            target=self._register, args=(number, free, twice), name="app-hotkeys", daemon=True
        ).start()

    def keys(self, action: str) -> str:
        """The keys that work now, as the desktop writes them; empty without any."""
        with self._lock:
            found = self._state.get(action)
        return found.keys if found is not None and found.ok else ""

    def failure(self, action: str) -> str:
        """Why the action's keys do not work and what to do; empty when nothing is wrong."""
        with self._lock:
            found = self._state.get(action)
        return "" if found is None else told(found.sentence)

    def failures(self) -> list[str]:
        """A sentence for each key that does not work, with the action's name."""
        said = {action: self.failure(action) for action in ACTIONS}
        return [f"{title(action)}: {text}" for action, text in said.items() if text]

    def close(self) -> None:
        """All keys are free again; a question of the desktop is given up."""
        with self._lock:
            self._closed = True
            backend = self._backend
        if backend is not None:
            backend.close()

    def _register(
        self, number: int, wanted: dict[str, str], twice: dict[str, Registration]
    ) -> None:
        with self._work:
            backend = self._ready()
            with self._lock:
                late = self._closed or number != self._newest
            answers = {} if late or backend is None else backend.register_all(wanted)
        with self._lock:
            self._asking -= 1
            if not late:
                self._state = twice | answers
            told = not self._closed
        if told:
            self.changed.emit()

    def _ready(self) -> Hotkeys | None:
        """The backend, made when first needed; None after ``close``."""
        with self._lock:
            if self._closed or self._backend is not None:
                return self._backend
        made = self._choose(self._pressed.emit, self._replace)
        with self._lock:
            self._backend = made
            closed = self._closed
        if closed:
            made.close()
        return made

    def _replace(self, action: str, registration: Registration) -> None:
        with self._lock:
            if self._closed or action not in self._state:
                return
            self._state[action] = registration
        self.changed.emit()

    def pause(self, paused: bool) -> None:
        """Keys pressed meanwhile do nothing: they are being chosen."""
        self._paused = paused

    def _do(self, action: str) -> None:
        if not (self._closed or self._paused):
            self._commands[action]()


def title(action: str) -> str:
    """What the action's keys do, in the language of now."""
    return QCoreApplication.translate("Hotkeys", str(TITLES[action]))


def used_twice(keys: str) -> str:
    """The sentence about keys that two actions want."""
    text = QCoreApplication.translate("Hotkeys", "{0} is used twice here.")
    return text.format(shown(str(parse(keys))))


def shown(keys: str) -> str:
    """``keys`` as people here read them, such as "Strg+Alt+N"; as they are when they are the
    desktop's own words."""
    found = QKeySequence.fromString(keys, QKeySequence.SequenceFormat.PortableText)
    if found.toString(QKeySequence.SequenceFormat.PortableText) != keys:
        return keys
    return found.toString(QKeySequence.SequenceFormat.NativeText)
