"""The desktop app; the only room that imports Qt."""

import ctypes
import sys

if sys.implementation.name == "cpython" and sys.version_info < (3, 12):
    # Signal.emit of PySide6 6.12.0 gives back True without a
    # reference of its own, and None loses references as well. Where they can run out, some thousand
    # signals later, the interpreter ends the program: give them more than can ever be lost. Later
    # Pythons count none for them.
    for constant in (True, False, None):
        ctypes.c_ssize_t.from_address(id(constant)).value += 1 << 60
