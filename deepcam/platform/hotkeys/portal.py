"""Hotkeys on Wayland: the desktop's GlobalShortcuts portal.

The desktop asks the person before it gives a key, may give another one than was asked for, and
keeps what was granted for the program's next start.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.platform import desktop_entry
from deepcam.platform.hotkeys.base import ACTIONS, Changed, Pressed, Registration, own_shortcut
from deepcam.platform.hotkeys.bus import BusError, Signal
from deepcam.platform.hotkeys.desktop import Portal
from deepcam.platform.hotkeys.parse import Chord, conflicts, parse

log = logging.getLogger(__name__)

SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"
SESSION = "org.freedesktop.portal.Session"
PATIENCE = 300.0
_ENDED = Registration(False, "The hotkeys are switched off.")
_LOST = Registration(
    False, "The desktop ended the hotkeys.", "Save the settings again to get them back."
)


class PortalHotkeys:
    """See ``Hotkeys``. Raises ``DeepcamError`` from the constructor where there is no such portal.

    The constructor installs the program's desktop entry, because the portal knows programs by it.
    ``patience``: seconds for a person to answer the desktop's question.
    """

    def __init__(
        self, pressed: Pressed, changed: Changed | None = None, patience: float = PATIENCE
    ) -> None:
        self._pressed, self._changed = pressed, changed
        self._lock = threading.Lock()
        self._binding = threading.Lock()
        self._wanted: dict[str, Chord] = {}
        self._state: dict[str, Registration] = {}
        self._session = ""
        self._closed = False
        self._numbers = itertools.count()
        try:
            desktop_entry.install()
        except DeepcamError as error:
            log.warning("%s", error)
        try:
            self._portal = Portal(SHORTCUTS, self._heard, self._renewed, patience)
        except OSError:
            raise DeepcamError("This session has no message bus for hotkeys.") from None
        except BusError as error:
            log.info("no hotkeys from the portal: %s", error)
            raise DeepcamError("This desktop gives programs no hotkeys.") from None

    def register(self, action: str, keys: str) -> Registration:
        """See ``Hotkeys``."""
        with self._lock:
            before = {a: str(c) for a, c in self._wanted.items() if a != action}
        return self.register_all({**before, action: keys})[action]

    def register_all(self, wanted: Mapping[str, str]) -> dict[str, Registration]:
        """See ``Hotkeys``."""
        answers = {
            action: Registration(False, sentence, "Choose other keys.")
            for action, sentence in conflicts(wanted).items()
        }
        chords = {}
        for action, keys in wanted.items():
            try:
                chord = parse(keys)
            except DeepcamError as error:
                answers[action] = Registration(False, error.what, error.remedy)
            else:
                if action not in answers:
                    chords[action] = chord
        return answers | self._bind(chords)

    def unregister(self, action: str) -> None:
        """See ``Hotkeys``."""
        with self._lock:
            known = action in self._wanted
            chords = {a: c for a, c in self._wanted.items() if a != action}
        if known:
            self._bind(chords)

    def close(self) -> None:
        """See ``Hotkeys``."""
        with self._lock:
            first, self._closed = not self._closed, True
        if first:
            self._let_go()
            self._portal.close()

    def _bind(self, chords: dict[str, Chord]) -> dict[str, Registration]:
        """A new session with these keys, because one session's keys can be set only once."""
        with self._binding:
            with self._lock:
                if self._closed:
                    return dict.fromkeys(chords, _ENDED)
                same = chords == self._wanted and all(r.ok for r in self._state.values())
                if same and self._session:
                    return dict(self._state)
                self._wanted, self._state = dict(chords), {}
            self._let_go()
            if not chords:
                return {}
            try:
                state = self._open(chords)
            except TimeoutError:
                self._let_go()
                state = _refused(chords, "The desktop's question about hotkeys was not answered.")
            except BusError as error:
                log.info("no hotkeys: %s", error)
                state = _refused(chords, "The desktop did not answer.")
            with self._lock:
                if self._closed:
                    return dict.fromkeys(chords, _ENDED)
                self._state = state
                return dict(state)

    def _open(self, chords: dict[str, Chord]) -> dict[str, Registration]:
        """Raises ``BusError`` and ``TimeoutError``."""
        number = next(self._numbers)
        # Some desktops remember the keys by this name: the same with every start.
        name = f"deepcam_{number}" if number else "deepcam"
        code, found = self._portal.request(
            "CreateSession", "", (), session_handle_token=("s", name)
        )
        session = str(found.get("session_handle", ("s", ""))[1])
        if code or not session:
            return _refused(chords, "The desktop refused the hotkeys.")
        with self._lock:
            self._session = session
        wanted = []
        for action, chord in chords.items():
            title = ACTIONS[action].title if action in ACTIONS else action
            facts = {"description": ("s", title), "preferred_trigger": ("s", chord.trigger)}
            wanted.append((action, facts))
        code, found = self._portal.request("BindShortcuts", "oa(sa{sv})s", (session, wanted, ""))
        if code == 1:
            return _refused(chords, "The desktop's question about hotkeys was declined.")
        if code:
            return _refused(chords, "The desktop refused the hotkeys.")
        return _granted(chords, found.get("shortcuts", ("", []))[1])

    def _let_go(self) -> None:
        with self._lock:
            session, self._session = self._session, ""
        if session:
            self._portal.tell(session, SESSION, "Close")

    # On the bus's thread

    def _heard(self, signal: Signal) -> None:
        with self._lock:
            ours = bool(self._session) and self._session in (signal.path, *signal.body[:1])
            wanted = list(self._wanted)
        if not ours:
            return
        if signal.member == "Activated" and signal.body[1] in wanted:
            self._pressed(signal.body[1])
        elif signal.member == "ShortcutsChanged":
            self._replace(_granted(wanted, signal.body[1]))
        elif signal.member == "Closed":
            self._lose()

    def _renewed(self, there: bool) -> None:
        self._lose()
        if there:
            threading.Thread(target=self._again, name="hotkeys-again", daemon=True).start()

    def _lose(self) -> None:
        with self._lock:
            self._session = ""
            actions = list(self._state)
        self._replace(dict.fromkeys(actions, _LOST))

    def _replace(self, state: dict[str, Registration]) -> None:
        with self._lock:
            if self._closed:
                return
            news = {a: r for a, r in state.items() if a in self._state and self._state[a] != r}
            self._state.update(news)
        if self._changed is not None:
            for action, registration in news.items():
                self._changed(action, registration)

    def _again(self) -> None:
        """The service was started anew and knows nothing of us."""
        self._portal.introduce()
        with self._lock:
            wanted, before = dict(self._wanted), dict(self._state)
        state = self._bind(wanted)
        if self._changed is not None and not self._closed:
            for action, registration in state.items():
                if before.get(action) != registration:
                    self._changed(action, registration)


def _granted(actions: Iterable[str], shortcuts: Any) -> dict[str, Registration]:
    """What the desktop says it gave: [(action, {"trigger_description": ("s", keys)})]."""
    keys = {str(a): str(f.get("trigger_description", ("s", ""))[1]) for a, f in shortcuts}
    none = Registration(
        False,
        "The desktop confirmed no keys for this.",
        f"Set them in the desktop's keyboard settings, under {APP_NAME}.",
    )
    return {a: Registration(True, keys=keys[a]) if keys.get(a) else none for a in actions}


def _refused(actions: Iterable[str], reason: str) -> dict[str, Registration]:
    return {a: Registration(False, reason, own_shortcut(a)) for a in actions}
