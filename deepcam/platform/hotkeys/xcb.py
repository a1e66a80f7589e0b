"""The few calls of libxcb that grabbing keys needs, through ctypes.

Not Xlib: its error handler is one for the whole process, and Qt has it. In xcb every request's
error comes back to who asked. All calls may be made from any thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_uint8, c_uint16, c_uint32, c_void_p
from typing import NamedTuple

KEY_PRESS, KEY_RELEASE, MAPPING_NOTIFY = 2, 3, 34
BAD_ACCESS = 10
_ASYNC = 1
_HEADER = 32
"""Bytes before the list in a reply."""


class Event(NamedTuple):
    """``code``: the key's; ``time`` in ms of the server; ``state``: modifiers held before."""

    kind: int
    code: int
    time: int
    state: int


class _Cookie(ctypes.Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


class _Screens(ctypes.Structure):
    _fields_ = (("data", POINTER(c_uint32)), ("rem", c_int), ("index", c_int))


class Connection:
    """One connection to the X server of ``DISPLAY``.

    Raises ``OSError`` without the library or the server.
    """

    def __init__(self) -> None:
        self._lib = _library()
        self._free = ctypes.CDLL(None).free
        self._free.argtypes = [c_void_p]
        number = c_int()
        self._c: int = self._lib.xcb_connect(None, byref(number))
        if self._lib.xcb_connection_has_error(self._c):
            self._lib.xcb_disconnect(self._c)
            raise OSError("no answer from the X server")
        setup = self._lib.xcb_get_setup(self._c)
        self._codes = range(*(n + i for i, n in enumerate(ctypes.string_at(setup + 34, 2))))
        screens = self._lib.xcb_setup_roots_iterator(setup)
        for _ in range(number.value):
            self._lib.xcb_screen_next(byref(screens))
        self._root = screens.data[0]

    def keysyms(self) -> dict[int, tuple[int, ...]]:
        """Key code -> its symbols, the one without Shift first."""
        cookie = self._lib.xcb_get_keyboard_mapping(self._c, self._codes.start, len(self._codes))
        data = self._reply(self._lib.xcb_get_keyboard_mapping_reply, cookie)
        width = data[1] if data else 0
        symbols = memoryview(data[_HEADER:]).cast("I")
        return {
            code: tuple(symbols[i * width : (i + 1) * width])
            for i, code in enumerate(self._codes)
            if width
        }

    def modifiers(self) -> list[set[int]]:
        """Eight sets of key codes: Shift, Lock, Control, Mod1 to Mod5."""
        cookie = self._lib.xcb_get_modifier_mapping(self._c)
        data = self._reply(self._lib.xcb_get_modifier_mapping_reply, cookie)
        width = data[1] if data else 0
        keys = data[_HEADER:]
        return [set(keys[i * width : (i + 1) * width]) - {0} for i in range(8)]

    def grab(self, code: int, modifiers: int) -> int:
        """Take a key on the whole screen; 0, or the X error (``BAD_ACCESS``: taken)."""
        cookie = self._lib.xcb_grab_key_checked(
            self._c, 0, self._root, modifiers, code, _ASYNC, _ASYNC
        )
        error = self._lib.xcb_request_check(self._c, cookie)
        if not error:
            return -1 if self._lib.xcb_connection_has_error(self._c) else 0
        found = ctypes.string_at(error, 2)[1]
        self._free(error)
        return found

    def ungrab(self, code: int, modifiers: int) -> None:
        """Give a key back."""
        self._lib.xcb_ungrab_key(self._c, code, self._root, modifiers)

    def owned(self, selection: str) -> bool:
        """Whether somebody owns a selection, such as the one of the tray."""
        name = selection.encode("ascii")
        cookie = self._lib.xcb_intern_atom(self._c, 0, len(name), name)
        data = self._reply(self._lib.xcb_intern_atom_reply, cookie)
        atom = int.from_bytes(data[8:12], sys.byteorder)
        cookie = self._lib.xcb_get_selection_owner(self._c, atom)
        data = self._reply(self._lib.xcb_get_selection_owner_reply, cookie)
        return any(data[8:12])

    def flush(self) -> None:
        """Send what was asked without waiting."""
        self._lib.xcb_flush(self._c)

    def wait(self) -> Event | None:
        """The next event; None when the connection has ended."""
        pointer = self._lib.xcb_wait_for_event(self._c)
        if not pointer:
            return None
        data = ctypes.string_at(pointer, 32)
        self._free(pointer)
        number = int.from_bytes
        kind = data[0] & 0x7F
        # A change of the keyboard has what changed where a key has its time.
        time = data[4] if kind == MAPPING_NOTIFY else number(data[4:8], "little")
        return Event(kind, data[1], time, number(data[28:30], "little"))

    def shutdown(self) -> None:
        """Make ``wait`` end, in whatever thread it is."""
        number = os.dup(self._lib.xcb_get_file_descriptor(self._c))
        # An error means that the server has ended it already.
        with socket.socket(fileno=number) as copy, contextlib.suppress(OSError):
            copy.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection; nobody may be in a call of it."""
        self._lib.xcb_disconnect(self._c)

    def _reply(self, fetch: object, cookie: _Cookie) -> bytes:
        pointer = fetch(self._c, cookie, None)  # type: ignore[operator]
        if not pointer:
            return b""
        length = c_uint32.from_address(pointer + 4).value
        data = ctypes.string_at(pointer, _HEADER + 4 * length)
        self._free(pointer)
        return data


def _library() -> ctypes.CDLL:
    lib = ctypes.CDLL("libxcb.so.1")
    connection = c_void_p
    shapes: dict[str, tuple[object, list[object]]] = {
        "xcb_connect": (c_void_p, [c_char_p, POINTER(c_int)]),
        "xcb_connection_has_error": (c_int, [connection]),
        "xcb_disconnect": (None, [connection]),
        "xcb_get_setup": (c_void_p, [connection]),
        "xcb_setup_roots_iterator": (_Screens, [c_void_p]),
        "xcb_screen_next": (None, [POINTER(_Screens)]),
        "xcb_get_keyboard_mapping": (_Cookie, [connection, c_uint8, c_uint8]),
        "xcb_get_keyboard_mapping_reply": (c_void_p, [connection, _Cookie, c_void_p]),
        "xcb_get_modifier_mapping": (_Cookie, [connection]),
        "xcb_get_modifier_mapping_reply": (c_void_p, [connection, _Cookie, c_void_p]),
        "xcb_grab_key_checked": (
            _Cookie,
            [connection, c_uint8, c_uint32, c_uint16, c_uint8, c_uint8, c_uint8],
        ),
        "xcb_request_check": (c_void_p, [connection, _Cookie]),
        "xcb_ungrab_key": (_Cookie, [connection, c_uint8, c_uint32, c_uint16]),
        "xcb_intern_atom": (_Cookie, [connection, c_uint8, c_uint16, c_char_p]),
        "xcb_intern_atom_reply": (c_void_p, [connection, _Cookie, c_void_p]),
        "xcb_get_selection_owner": (_Cookie, [connection, c_uint32]),
        "xcb_get_selection_owner_reply": (c_void_p, [connection, _Cookie, c_void_p]),
        "xcb_flush": (c_int, [connection]),
        "xcb_wait_for_event": (c_void_p, [connection]),
        "xcb_get_file_descriptor": (c_int, [connection]),
    }
    for name, (result, arguments) in shapes.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib
