"""Where today's libraries differ from those of Python 3.11's days."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


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


def to_bgr(frame: Any, space: int) -> NDArray[np.uint8]:
    """Pixels (h, w, 3) of a ``av.VideoFrame`` whose numbers are in the ``AVColorSpace`` given, by
    one thread where that can be chosen: quicker than ffmpeg's threads up to 1080p."""
    picture: NDArray[np.uint8] = frame.to_ndarray(
        format="bgr24", src_colorspace=space, **_one_thread()
    )
    return picture


@functools.cache
def _one_thread() -> dict[str, int]:
    import av

    try:
        av.VideoFrame(2, 2, "yuv420p").to_ndarray(format="bgr24", threads=1)
    except TypeError:  # older than the argument
        return {}
    return {"threads": 1}
