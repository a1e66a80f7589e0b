"""Hotkeys on macOS: Carbon's RegisterEventHotKey, which needs no permission.

Not run on a Mac. It needs the event loop of a program with windows on the main thread.
"""

from __future__ import annotations

import ctypes
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from ctypes import POINTER, byref, c_int32, c_size_t, c_uint32, c_void_p, sizeof
from typing import Any

from deepcam.platform.hotkeys.base import GrabbingHotkeys, Pressed, Registration, taken
from deepcam.platform.hotkeys.parse import Chord

_CARBON = "/System/Library/Frameworks/Carbon.framework/Carbon"
_SYSTEM = "/usr/lib/libSystem.B.dylib"
# Ctrl is Command and Meta is Control here, as in Qt's key strings.
_MODIFIERS = {"Ctrl": 0x100, "Shift": 0x200, "Alt": 0x800, "Meta": 0x1000}
_EXISTS = -9878
_EXCLUSIVE = 1
"""Without it the system gives a key to several programs and tells none of them."""
_KEPT: list[object] = []
"""The system holds only the addresses of callbacks: they must live as long as the process."""


def _code(four: str) -> int:
    return int.from_bytes(four.encode("ascii"), "big")


class _HotKeyId(ctypes.Structure):
    _fields_ = (("signature", c_uint32), ("id", c_uint32))


class _EventType(ctypes.Structure):
    _fields_ = (("event_class", c_uint32), ("event_kind", c_uint32))


_Handler = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_void_p)
_Job = ctypes.CFUNCTYPE(None, c_void_p)


class MacHotkeys(GrabbingHotkeys):
    """Raises ``OSError`` from the constructor when Carbon cannot be used."""

    def __init__(self, pressed: Pressed) -> None:
        super().__init__(pressed)
        self._system = ctypes.CDLL(_SYSTEM)
        self._system.dispatch_async_f.argtypes = [c_void_p, c_void_p, _Job]
        self._system.dispatch_async_f.restype = None
        self._carbon = _carbon()
        self._references: dict[Chord, c_void_p] = {}
        self._numbers: dict[int, Chord] = {}
        self._next = 1
        self._jobs: queue.SimpleQueue[tuple[Callable[[], int], Future[int]]] = queue.SimpleQueue()
        self._work = _Job(self._run_jobs)
        self._handler = _Handler(self._hear)
        _KEPT.append((self._work, self._handler))
        self._handler_reference = c_void_p()
        if self._on_main(self._install):
            raise OSError("no hotkeys from this system")

    def _grab(self, chord: Chord) -> Registration:
        number, self._next = self._next, self._next + 1
        reference = c_void_p()
        held = sum(_MODIFIERS[m] for m in chord.modifiers)
        error = self._on_main(
            lambda: self._carbon.RegisterEventHotKey(
                chord.codes.mac,
                held,
                _HotKeyId(_code("dpcm"), number),
                self._carbon.GetApplicationEventTarget(),
                _EXCLUSIVE,
                byref(reference),
            )
        )
        if error == 0:
            self._references[chord], self._numbers[number] = reference, chord
            return Registration(True, keys=str(chord))
        if error == _EXISTS:
            return taken(chord)
        return Registration(False, f"macOS refused {chord} (error {error}).", "Choose other keys.")

    def _release(self, chord: Chord) -> None:
        reference = self._references.pop(chord)
        self._numbers = {n: c for n, c in self._numbers.items() if c != chord}
        self._on_main(lambda: self._carbon.UnregisterEventHotKey(reference))

    def _end(self) -> None:
        self._on_main(lambda: self._carbon.RemoveEventHandler(self._handler_reference))

    def _install(self) -> int:
        kind = _EventType(_code("keyb"), 5)
        return int(
            self._carbon.InstallEventHandler(
                self._carbon.GetApplicationEventTarget(),
                self._handler,
                1,
                byref(kind),
                None,
                byref(self._handler_reference),
            )
        )

    def _hear(self, _call: Any, event: Any, _data: Any) -> int:
        """On the main thread: pass the press on to one of our own."""
        found = _HotKeyId()
        self._carbon.GetEventParameter(
            event, _code("----"), _code("hkid"), None, sizeof(found), None, byref(found)
        )
        # Not the lock: whoever holds it may wait for the main thread.
        chord = self._numbers.get(found.id)
        if chord is None or found.signature != _code("dpcm"):
            return -9874  # not ours: let others have it
        self._deliver(chord)
        return 0

    def _on_main(self, job: Callable[[], int]) -> int:
        """Run it on the main thread, as Carbon demands; -1 when that does not answer."""
        if threading.current_thread() is threading.main_thread():
            return job()
        answer: Future[int] = Future()
        self._jobs.put((job, answer))
        main = ctypes.addressof(ctypes.c_char.in_dll(self._system, "_dispatch_main_q"))
        self._system.dispatch_async_f(main, None, self._work)
        try:
            return answer.result(5)
        except TimeoutError:
            # A job that has not begun never runs; one that has is waited for.
            return -1 if answer.cancel() else answer.result()

    def _run_jobs(self, _: Any) -> None:
        while not self._jobs.empty():
            job, answer = self._jobs.get()
            if answer.set_running_or_notify_cancel():
                answer.set_result(job())


def _carbon() -> ctypes.CDLL:
    lib = ctypes.CDLL(_CARBON)
    pointer = POINTER(c_void_p)
    lib.GetApplicationEventTarget.restype = c_void_p
    lib.InstallEventHandler.argtypes = [
        c_void_p, _Handler, c_size_t, POINTER(_EventType), c_void_p, pointer,
    ]  # fmt: skip
    lib.RemoveEventHandler.argtypes = [c_void_p]
    lib.RegisterEventHotKey.argtypes = [c_uint32, c_uint32, _HotKeyId, c_void_p, c_uint32, pointer]
    lib.UnregisterEventHotKey.argtypes = [c_void_p]
    lib.GetEventParameter.argtypes = [
        c_void_p, c_uint32, c_uint32, c_void_p, c_size_t, c_void_p, c_void_p,
    ]  # fmt: skip
    for name in ("InstallEventHandler", "RemoveEventHandler", "RegisterEventHotKey",
                 "UnregisterEventHotKey", "GetEventParameter"):  # fmt: skip
        getattr(lib, name).restype = c_int32  # OSStatus
    return lib
