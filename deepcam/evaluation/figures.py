"""Figures kept as JSON: written whole or not at all, and refused in words when damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deepcam.errors import DeepcamError


def write_figures(data: dict[str, Any], path: Path, failed: str, remedy: str) -> None:
    """Write ``data``. Raises ``DeepcamError`` with ``failed``, the system's reason and ``remedy``
    when that is not possible."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise DeepcamError(f"{failed}: {error.strerror}.", remedy) from None


def read_figures(
    path: Path, whole: Callable[[dict[str, Any]], bool], command: str
) -> dict[str, Any]:
    """Stored figures; empty when there are none. Raises ``DeepcamError`` when they are damaged, or
    not ``whole``; ``command`` stores them again."""
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not whole(data):
            raise TypeError
    except (ValueError, AttributeError, KeyError, TypeError):
        raise DeepcamError(
            f"{path} is damaged.", f"Store the figures again: {command} --store."
        ) from None
    return dict(data)
