"""The desktop app; the only room that imports Qt."""

import ctypes
import sys

if sys.implementation.name == "cpython" and sys.version_info < (3, 12):
    # Signal.emit of PySide6 6.12.0 gives back True without a reference of its own. Where True can
    # run out of references, a few thousand signals later the interpreter ends the program: give it
    # more than can ever be lost. Later Pythons count none for it.
    ctypes.c_ssize_t.from_address(id(True)).value += 1 << 60
