"""Which photographs training never sees; the evaluation asks for the same rule."""

from __future__ import annotations

import hashlib
from pathlib import Path

SOURCES = ("sfhq-t2i", "sfhq", "congress", "london", "canada")
"""Collections the shipped weights were trained on."""


def held_out(name: str, person: str = "") -> bool:
    """One photograph in twelve is kept out of training, whole persons together."""
    key = (person or Path(name).stem).encode()
    return int(hashlib.sha256(key).hexdigest(), 16) % 12 == 0
