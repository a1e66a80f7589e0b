"""Where today's libraries differ from those of Python 3.11's days."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2


def quiet_opencv() -> None:
    """No notes of OpenCV's on the terminal: versions 4 and 5."""
    if hasattr(cv2, "setLogLevel"):
        cv2.setLogLevel(0)
    else:
        utils: Any = cv2.utils
        utils.logging.setLogLevel(utils.logging.LOG_LEVEL_SILENT)


def open_media(path: Path) -> Any:
    """``av.open`` for reading a file, whatever its name and tags are. Raises what it raises."""
    import av

    name: Any = str(path.absolute())
    try:
        # Else "Meeting-12:30.mp4" is a protocol called "Meeting-12".
        name = "file:" + name.encode().decode()
    except UnicodeEncodeError:  # not UTF-8: ffmpeg reads what Python has opened
        name = path.open("rb")
    try:
        return av.open(name, metadata_errors="replace")
    except TypeError:  # av 19 decodes tags without fail
        return av.open(name)
