"""Hotkeys on Windows: RegisterHotKey. Not run on Windows; tried against a stand-in of its API."""

from __future__ import annotations

import ctypes
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from ctypes import POINTER, c_int, c_int32, c_size_t, c_ssize_t, c_uint32, c_void_p
from typing import Any

from deepcam.platform.hotkeys.base import GrabbingHotkeys, Pressed, Registration, taken
from deepcam.platform.hotkeys.parse import Chord

_MODIFIERS = {"Alt": 1, "Ctrl": 2, "Shift": 4, "Meta": 8}
_NO_REPEAT = 0x4000
_WM_QUIT, _WM_HOTKEY, _WM_APP = 0x0012, 0x0312, 0x8000
_ALREADY_REGISTERED = 1409


class _Message(ctypes.Structure):
    """MSG. Of types whose sizes are the same everywhere: a DWORD of ``ctypes.wintypes`` has eight
    bytes on Linux, where the layout is tested."""

    _fields_ = (
        ("window", c_void_p),
        ("message", c_uint32),
        ("wParam", c_size_t),
        ("lParam", c_ssize_t),
        ("time", c_uint32),
        ("x", c_int32),
        ("y", c_int32),
    )


_SIGNATURES: dict[str, tuple[list[Any], Any]] = {
    "RegisterHotKey": ([c_void_p, c_int, c_uint32, c_uint32], c_int),
    "UnregisterHotKey": ([c_void_p, c_int], c_int),
    "PostThreadMessageW": ([c_uint32, c_uint32, c_size_t, c_ssize_t], c_int),
    "PeekMessageW": ([POINTER(_Message), c_void_p, c_uint32, c_uint32, c_uint32], c_int),
    "GetMessageW": ([POINTER(_Message), c_void_p, c_uint32, c_uint32], c_int),
    "GetCurrentThreadId": ([], c_uint32),
}
"""(arguments, result) of what is called."""


def _library(name: str, functions: tuple[str, ...]) -> Any:
    """One of Windows' libraries, its functions told what they take."""
    load: Any = getattr(ctypes, "WinDLL", None)
    library = load(name, use_last_error=True)
    for function in functions:
        entry = getattr(library, function)
        entry.argtypes, entry.restype = _SIGNATURES[function]
    return library


class WindowsHotkeys(GrabbingHotkeys):
    """One thread owns all keys, because Windows tells a press to the thread that registered.

    ``user32``, ``kernel32`` and ``last_error`` stand in for Windows in tests.
    """

    def __init__(
        self,
        pressed: Pressed,
        user32: Any = None,
        kernel32: Any = None,
        last_error: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(pressed)
        self._user32 = user32 or _library("user32", tuple(_SIGNATURES)[:-1])
        self._kernel32 = kernel32 or _library("kernel32", ("GetCurrentThreadId",))
        self._last_error = last_error or getattr(ctypes, "get_last_error")  # noqa: B009
        self._jobs: queue.SimpleQueue[tuple[Callable[[], int], Future[int]]] = queue.SimpleQueue()
        self._numbers: dict[Chord, int] = {}
        self._next = 1
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._pump, name="hotkeys-windows", daemon=True)
        self._thread.start()
        self._ready.wait(5)

    def _grab(self, chord: Chord) -> Registration:
        number, self._next = self._next, self._next + 1
        held = sum(_MODIFIERS[m] for m in chord.modifiers) | _NO_REPEAT

        def job() -> int:
            if self._user32.RegisterHotKey(None, number, held, chord.codes.vk):
                return 0
            return int(self._last_error()) or -1

        error = self._do(job)
        if error == 0:
            self._numbers[chord] = number
            return Registration(True, keys=str(chord))
        if error == _ALREADY_REGISTERED:
            return taken(chord)
        return Registration(
            False, f"Windows refused {chord} (error {error}).", "Choose other keys."
        )

    def _release(self, chord: Chord) -> None:
        number = self._numbers.pop(chord)
        self._do(lambda: int(self._user32.UnregisterHotKey(None, number)))

    def _end(self) -> None:
        self._user32.PostThreadMessageW(self._id, _WM_QUIT, 0, 0)
        if threading.current_thread() is not self._thread:
            self._thread.join(5)

    def _do(self, job: Callable[[], int]) -> int:
        """Run it in the thread that owns the keys; -1 when that does not answer."""
        if threading.current_thread() is self._thread:
            return job()
        answer: Future[int] = Future()
        self._jobs.put((job, answer))
        self._user32.PostThreadMessageW(self._id, _WM_APP, 0, 0)
        try:
            return answer.result(5)
        except TimeoutError:
            return -1

    def _pump(self) -> None:
        message = _Message()
        self._id = self._kernel32.GetCurrentThreadId()
        # A thread has no queue for messages before it looks for one.
        self._user32.PeekMessageW(ctypes.byref(message), None, _WM_APP, _WM_APP, 0)
        self._ready.set()
        while self._user32.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            if message.message == _WM_HOTKEY:
                # Not the lock: whoever holds it may wait for this thread.
                for chord, number in list(self._numbers.items()):
                    if number == message.wParam:
                        self._deliver(chord)
            while not self._jobs.empty():
                job, answer = self._jobs.get()
                answer.set_result(job())
