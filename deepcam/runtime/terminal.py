"""Text on its way to a terminal, which obeys some characters instead of showing them."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO


def printable(text: str, lines: bool = True) -> str:
    """``text`` with what a terminal would obey, or cannot show, written out as ``\\x1b``.

    Names of files and of imported faces come from others. ``lines``: line ends and tabs stay.
    """
    kept = "\n\t" if lines else ""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else _written(c) for c in text)


def printable_json(value: Any) -> str:
    """JSON for people and programs: the same value, without a character a terminal would obey."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    # Outside of strings JSON has nothing but plain ASCII, and in strings every \\u is allowed.
    return "".join(
        c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] if ord(c) != 0x7F else "\\u007f"
        for c in text
    )


def tell(text: object = "", file: TextIO | None = None, end: str = "\n") -> None:
    """``print`` for texts that others may have written. ``file``: stdout by default."""
    print(printable(str(text)), file=file or sys.stdout, end=end)


def _written(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
