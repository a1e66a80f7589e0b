"""A preview window: the safe picture, mirrored as people know themselves, and labelled so."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import threading
from typing import Any

import cv2
import numpy as np

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.frames import Image, Reason, SafeFrame
from deepcam.platform.qt import ensure_windows
from deepcam.sinks.base import SinkClosedError

TITLE = f"{APP_NAME} - preview (mirrored)"


def has_display() -> bool:
    """Whether a window can be shown at all."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class WindowSink:
    """A window of Qt where PySide6 is installed, else of OpenCV. Main thread only."""

    def __init__(self, mirror: bool = True) -> None:
        self._mirror = mirror
        self._window: _QtWindow | _CvWindow | None = None

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Show the window. Raises ``DeepcamError`` without a screen."""
        if not has_display():
            raise DeepcamError(
                "There is no screen for the preview window.", "Use --output null or file:PATH."
            )
        if threading.current_thread() is not threading.main_thread():
            raise DeepcamError("The preview window needs the main thread.", "Use --output null.")
        try:
            if importlib.util.find_spec("PySide6") is not None:
                ensure_windows()
                self._window = _QtWindow(size)
            else:
                self._window = _CvWindow(size)
        except DeepcamError:
            raise
        except Exception:
            raise DeepcamError(
                "The preview window could not be opened.", "Use --output null or file:PATH."
            ) from None

    def send(self, frame: SafeFrame) -> None:
        """Show one picture; ``SinkClosedError`` once the person closed the window."""
        if self._window is None:
            raise SinkClosedError
        card = frame.reason is Reason.CARD  # words must be readable
        image = frame.image[:, ::-1] if self._mirror and not card else frame.image
        # Why there is a card is for this window only.
        title = f"{TITLE}: {frame.detail}" if card and frame.detail else TITLE
        if not self._window.show(np.ascontiguousarray(image), title):
            raise SinkClosedError

    def close(self) -> None:
        """Take the window away."""
        window, self._window = self._window, None
        if window is not None:
            with contextlib.suppress(Exception):
                window.close()

    def describe(self) -> str:
        """For people."""
        return "The picture is shown in a preview window (mirrored)."


class _CvWindow:
    def __init__(self, size: tuple[int, int]) -> None:
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        cv2.resizeWindow(TITLE, *size)

    def show(self, image: Image, title: str) -> bool:
        cv2.setWindowTitle(TITLE, title)
        cv2.imshow(TITLE, image)
        key = cv2.waitKey(1) & 0xFF
        return key not in (27, ord("q")) and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1

    def close(self) -> None:
        cv2.destroyWindow(TITLE)
        cv2.waitKey(1)


class _QtWindow:
    def __init__(self, size: tuple[int, int]) -> None:
        # OpenCV points Qt at plugins of its own, which do not fit PySide6.
        os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
        from PySide6 import QtCore, QtGui, QtWidgets

        self._gui: Any = QtGui
        self._core: Any = QtCore
        self._app: Any = QtWidgets.QApplication.instance() or QtWidgets.QApplication([APP_NAME])
        self._label: Any = QtWidgets.QLabel()
        self._label.setWindowTitle(TITLE)
        self._label.setAccessibleName(TITLE)
        self._label.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self._label.setStyleSheet("background: black")
        self._label.setMinimumSize(320, 180)
        self._label.resize(*size)
        self._label.show()

    def show(self, image: Image, title: str) -> bool:
        if self._label.windowTitle() != title:
            self._label.setWindowTitle(title)
        height, width = image.shape[:2]
        kind = self._gui.QImage.Format.Format_BGR888
        picture = self._gui.QImage(image.data, width, height, 3 * width, kind)
        pixmap = self._gui.QPixmap.fromImage(picture)
        if pixmap.size() != self._label.size():
            pixmap = pixmap.scaled(
                self._label.size(), self._core.Qt.AspectRatioMode.KeepAspectRatio
            )
        self._label.setPixmap(pixmap)
        self._app.processEvents()
        return bool(self._label.isVisible() or self._label.isMinimized())

    def close(self) -> None:
        self._label.close()
        self._app.processEvents()
