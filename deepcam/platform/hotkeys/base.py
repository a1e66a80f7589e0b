"""The one interface of all hotkey backends, and what they share."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from deepcam.errors import DeepcamError
from deepcam.platform.hotkeys.parse import Chord, parse

log = logging.getLogger(__name__)


class Action(NamedTuple):
    """What a hotkey can do: for people, and as a command of the desktop's own shortcuts."""

    title: str
    command: str


ACTIONS = {
    "toggle": Action("Switch DeepPrivacy Cam on or off", "deepcam toggle"),
    "new_face": Action("New face", "deepcam regenerate"),
    "panic": Action("Standby card at once", "deepcam panic"),
}


@dataclass(frozen=True)
class Registration:
    """Whether the keys work now; if not, why, and what to do (one sentence each).

    ``keys`` are those that work: a desktop may have given others than were asked for.
    """

    ok: bool
    reason: str = ""
    remedy: str = ""
    keys: str = ""

    @property
    def sentence(self) -> str:
        """Reason and remedy; empty when the keys work."""
        return "" if self.ok else f"{self.reason} {self.remedy}".strip()


Pressed = Callable[[str], None]
"""Called with the action, on a thread of the backend; returns soon and registers nothing itself."""
Changed = Callable[[str, Registration], None]
"""Called, on a thread of the backend, when a registration has become another one by itself."""


class Hotkeys(Protocol):
    """Global hotkeys. Nothing raises: what does not work is told by ``Registration``.

    Every method may be called from any thread; some desktops ask a person first, so registering
    can take minutes there. ``close`` ends such a wait.
    """

    def register(self, action: str, keys: str) -> Registration:
        """From now on ``keys`` mean ``action``, instead of those before."""

    def register_all(self, wanted: Mapping[str, str]) -> dict[str, Registration]:
        """Several at once (action -> keys), in place of everything before; where the desktop
        asks, it asks only once."""

    def unregister(self, action: str) -> None:
        """The action's keys are free again."""

    def close(self) -> None:
        """All keys are free again and the threads end. Idempotent."""


def own_shortcut(action: str) -> str:
    """The remedy that always works: the desktop's own shortcuts and our command line."""
    command = ACTIONS[action].command if action in ACTIONS else f"deepcam {action}"
    return f"Give the command `{command}` a key in the desktop's keyboard settings."


def taken(chord: Chord) -> Registration:
    """Another program has the keys."""
    return Registration(False, f"{chord} is taken by another program.", "Choose other keys.")


class Unavailable:
    """Stands where no backend can work: every registration tells why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def register(self, action: str, keys: str) -> Registration:
        """Never works."""
        return Registration(False, self._reason, own_shortcut(action))

    def register_all(self, wanted: Mapping[str, str]) -> dict[str, Registration]:
        """Never works."""
        return {action: self.register(action, keys) for action, keys in wanted.items()}

    def unregister(self, action: str) -> None:
        """Nothing to free."""

    def close(self) -> None:
        """Nothing to end."""


class GrabbingHotkeys(ABC):
    """For systems where a program takes keys one by one: X11, Windows, macOS."""

    def __init__(self, pressed: Pressed) -> None:
        self._pressed = pressed
        self._lock = threading.RLock()
        self._chords: dict[str, Chord] = {}
        self._closed = False

    def register(self, action: str, keys: str) -> Registration:
        """See ``Hotkeys``."""
        try:
            chord = parse(keys)
        except DeepcamError as error:
            return Registration(False, error.what, error.remedy)
        with self._lock:
            if self._closed:
                return Registration(False, "The hotkeys are switched off.")
            if self._chords.get(action) == chord:
                return Registration(True, keys=str(chord))
            if chord in self._chords.values():
                return Registration(False, f"{chord} is used twice here.", "Choose other keys.")
            self.unregister(action)
            answer = self._grab(chord)
            if answer.ok:
                self._chords[action] = chord
            return answer

    def register_all(self, wanted: Mapping[str, str]) -> dict[str, Registration]:
        """See ``Hotkeys``."""
        with self._lock:
            # All go first, because two actions may have swapped their keys.
            for action in list(self._chords):
                self.unregister(action)
            return {action: self.register(action, keys) for action, keys in wanted.items()}

    def unregister(self, action: str) -> None:
        """See ``Hotkeys``."""
        with self._lock:
            chord = self._chords.pop(action, None)
            if chord is not None:
                self._release(chord)

    def close(self) -> None:
        """See ``Hotkeys``."""
        with self._lock:
            for action in list(self._chords):
                self.unregister(action)
            first, self._closed = not self._closed, True
        if first:
            self._end()

    def _deliver(self, chord: Chord) -> None:
        """``_tell`` for threads that must not wait: on a new one."""
        name = "hotkeys-pressed"
        threading.Thread(target=self._tell, args=(chord,), name=name, daemon=True).start()

    def _tell(self, chord: Chord) -> None:
        """The keys were pressed: say which action they mean."""
        with self._lock:
            found = [action for action, other in self._chords.items() if other == chord]
        for action in found:
            try:
                self._pressed(action)
            except Exception:
                log.exception("hotkey %s failed", action)

    @abstractmethod
    def _grab(self, chord: Chord) -> Registration:
        """Take the keys; called with the lock held."""

    @abstractmethod
    def _release(self, chord: Chord) -> None:
        """Give the keys back; called with the lock held."""

    @abstractmethod
    def _end(self) -> None:
        """End threads and connections; called once, without the lock."""
