"""Hotkeys on X11: the server gives the keys to us whichever window has the focus."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from itertools import chain, combinations

from deepcam.platform.hotkeys import xcb
from deepcam.platform.hotkeys.base import Changed, GrabbingHotkeys, Pressed, Registration, taken
from deepcam.platform.hotkeys.parse import Chord

_LOCK = 2
_ALT, _SUPER, _NUM_LOCK, _SCROLL_LOCK = (0xFFE9, 0xFFEA), (0xFFEB, 0xFFEC), (0xFF7F,), (0xFF14,)
_POINTER = 2
"""What changed, in the message about a changed keyboard: only the mouse's buttons."""


class X11Hotkeys(GrabbingHotkeys):
    """XGrabKey. Raises ``OSError`` from the constructor without libxcb or an X server.

    Every chord is grabbed once for each state of Caps Lock, Num Lock and Scroll Lock, because the
    server compares modifiers exactly. A changed keyboard layout is followed; keys that it lacks
    come back with the next one that has them.
    """

    def __init__(self, pressed: Pressed, changed: Changed | None = None) -> None:
        super().__init__(pressed)
        self._changed = changed
        self._x = xcb.Connection()
        self._grabs: dict[tuple[int, int], Chord] = {}
        self._lost: dict[str, Chord] = {}
        self._read_keyboard()
        self._thread = threading.Thread(target=self._listen, name="hotkeys-x11", daemon=True)
        self._thread.start()

    def register_all(self, wanted: Mapping[str, str]) -> dict[str, Registration]:
        """See ``Hotkeys``."""
        with self._lock:
            self._lost.clear()
            return super().register_all(wanted)

    def unregister(self, action: str) -> None:
        """See ``Hotkeys``."""
        with self._lock:
            self._lost.pop(action, None)
            super().unregister(action)

    def _grab(self, chord: Chord) -> Registration:
        codes = self._codes_of(chord.codes.keysym)
        if not codes:
            reason = f"The present keyboard layout has no {chord.key} key."
            return Registration(False, reason, "Choose other keys.")
        held = sum(self._masks[m] for m in chord.modifiers)
        for code in codes:
            for locks in self._locks:
                error = self._x.grab(code, held | locks)
                if error:
                    self._release(chord)
                    if error == xcb.BAD_ACCESS:
                        return taken(chord)
                    if error < 0:
                        return Registration(
                            False, "The X server has ended.", "Start the program again."
                        )
                    reason = f"The X server refused {chord} (error {error})."
                    return Registration(False, reason, "Choose other keys.")
                self._grabs[code, held | locks] = chord
        return Registration(True, keys=str(chord))

    def _release(self, chord: Chord) -> None:
        for grab in [grab for grab, other in self._grabs.items() if other == chord]:
            del self._grabs[grab]
            self._x.ungrab(*grab)
        self._x.flush()

    def _end(self) -> None:
        self._x.shutdown()
        if threading.current_thread() is self._thread:
            return  # closed by a hotkey: the server frees everything with the connection
        self._thread.join(5)
        if not self._thread.is_alive():
            self._x.close()

    def _listen(self) -> None:
        released: dict[int, int] = {}
        while (event := self._x.wait()) is not None:
            if event.kind == xcb.KEY_RELEASE:
                released[event.code] = event.time
            elif event.kind == xcb.KEY_PRESS:
                # A key that repeats is "released" in the very millisecond of the next press.
                if released.get(event.code) == event.time:
                    continue
                with self._lock:
                    chord = self._grabs.get((event.code, event.state & 0xFF))
                if chord is not None:
                    self._tell(chord)
            elif event.kind == xcb.MAPPING_NOTIFY and event.time != _POINTER:
                self._grab_again()

    def _read_keyboard(self) -> None:
        self._keysyms = self._x.keysyms()
        modifiers = self._x.modifiers()

        def mask(symbols: tuple[int, ...], otherwise: int) -> int:
            keys = {c for c, s in self._keysyms.items() if not set(s).isdisjoint(symbols)}
            # Shift, Lock and Control (the first three) are fixed; Alt on Shift means Meta.
            found = [1 << i for i in range(3, 8) if modifiers[i] & keys]
            return found[0] if found else otherwise

        self._masks = {"Shift": 1, "Ctrl": 4, "Alt": mask(_ALT, 8), "Meta": mask(_SUPER, 64)}
        locks = [_LOCK, mask(_NUM_LOCK, 0), mask(_SCROLL_LOCK, 0)]
        locks = sorted(set(locks) - {0} - set(self._masks.values()))
        groups = chain.from_iterable(combinations(locks, n) for n in range(len(locks) + 1))
        self._locks = [sum(group) for group in groups]

    def _codes_of(self, keysym: int) -> list[int]:
        """The keys that give the symbol, with as few other keys held as possible."""
        for level in range(max(map(len, self._keysyms.values()), default=0)):
            codes = [c for c, s in self._keysyms.items() if s[level] == keysym]
            if codes:
                return codes
        return []

    def _grab_again(self) -> None:
        news = []
        with self._lock:
            had, lost = self._chords, self._lost
            for chord in had.values():
                self._release(chord)
            self._read_keyboard()
            self._chords, self._lost = {}, {}
            for action, chord in {**had, **lost}.items():
                answer = self._grab(chord)
                (self._chords if answer.ok else self._lost)[action] = chord
                if answer.ok != (action in had):
                    news.append((action, answer))
        for action, answer in news:
            if self._changed is not None:
                self._changed(action, answer)
