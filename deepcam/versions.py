"""Where today's libraries differ from those of Python 3.11's days."""

from __future__ import annotations

from typing import Any

import cv2


def quiet_opencv() -> None:
    """No notes of OpenCV's on the terminal: versions 4 and 5."""
    if hasattr(cv2, "setLogLevel"):
        cv2.setLogLevel(0)
    else:
        utils: Any = cv2.utils
        utils.logging.setLogLevel(utils.logging.LOG_LEVEL_SILENT)


def open_media(path: str) -> Any:
    """``av.open`` for reading, also of files whose tags are no text. Raises what it raises."""
    import av

    try:
        return av.open(path, metadata_errors="replace")
    except TypeError:  # av 19 decodes tags without fail
        return av.open(path)
