"""``deepcam`` without arguments: tray, preview and one session."""

from __future__ import annotations

import os
import secrets
import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from deepcam.app.controller import Controller, Factory, SessionLike
from deepcam.app.hotkeys import DEFAULTS, AppHotkeys
from deepcam.app.preview import Preview
from deepcam.app.tray import Tray
from deepcam.errors import DeepcamError
from deepcam.live.control import runtime_dir
from deepcam.platform.desktop_entry import APP_ID


class App:
    """The parts together; ``close`` ends the session."""

    def __init__(self, factory: Factory, address: str) -> None:
        self.controller = Controller(factory, lambda: secrets.randbits(31))
        self.preview = Preview(self.controller)
        self.hotkeys = AppHotkeys(self.controller)
        self.hotkeys.changed.connect(self._hotkeys_changed)
        self.tray: Tray | None = None
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.tray = Tray(
                self.controller, self.show_window, QApplication.quit, cameras, saved_faces
            )
            self.tray.show()
        else:
            self.preview.message.setText(
                "This desktop has no tray: the program ends when this window is closed."
            )
        QApplication.setQuitOnLastWindowClosed(self.tray is None)
        self.server = QLocalServer()
        self.server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self.server.newConnection.connect(self._raised)
        # The address is free (nobody answered): what lies there is left over from a crash.
        QLocalServer.removeServer(address)
        self.server.listen(address)
        self._timer = QTimer(interval=500)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()

    def start(self) -> None:
        """Show the window and begin."""
        self.show_window()
        self.controller.start()
        self.hotkeys.apply(**DEFAULTS)

    def show_window(self) -> None:
        """Bring the window to the front."""
        self.preview.showNormal()
        self.preview.raise_()
        self.preview.activateWindow()

    def refresh(self) -> None:
        """Bring icon, menu and numbers up to date."""
        if self.preview.isVisible() and not self.preview.isMinimized():
            self.controller.keep_awake(2.0)
        status = self.controller.status()
        self.preview.show_status(status)
        if self.tray is not None:
            self.tray.show_status(status)

    def close(self) -> None:
        """End everything."""
        self._timer.stop()
        self.server.close()
        self.hotkeys.close()
        if self.tray is not None:
            self.tray.hide()
        self.controller.close()

    def _hotkeys_changed(self) -> None:
        if self.tray is not None:
            self.tray.show_keys(self.hotkeys.keys("toggle"), self.hotkeys.keys("new_face"))
        if not self.hotkeys.asking and self.hotkeys.failures():
            self.preview.message.setText(self.hotkeys.failures()[0])

    def _raised(self) -> None:
        while self.server.hasPendingConnections():
            self.server.nextPendingConnection().close()
        self.show_window()


def cameras() -> list[str]:
    """Names of the cameras that can be chosen."""
    from deepcam.sources.v4l2 import list_cameras

    return [camera.name for camera in list_cameras() if not camera.refused]


def saved_faces() -> list[str]:
    """Names in the gallery, newest first."""
    from deepcam.identity.gallery import Gallery

    entries = [e for e in Gallery().list() if not e.problem]
    return [e.name for e in sorted(entries, key=lambda e: -e.saved)]


def live(camera: str | None, seed: int) -> SessionLike:
    """A session with the settings of ``deepcam run``."""
    from deepcam.live.session import LiveSettings, Session

    return Session(LiveSettings(camera=camera, identity=seed))


def ask_to_show(address: str) -> bool:
    """True when a first instance answered; it raises its window."""
    socket = QLocalSocket()
    socket.connectToServer(address)
    return socket.waitForConnected(500)


def run(factory: Factory = live) -> int:
    """Start the app; returns the exit code. Raises ``DeepcamError`` without a display."""
    if sys.platform == "linux" and not any(
        os.environ.get(k) for k in ("DISPLAY", "WAYLAND_DISPLAY")
    ):
        raise DeepcamError("There is no display for the app.", "Use `deepcam run` instead.")
    import cv2  # noqa: F401

    # OpenCV points Qt at its own plugins, which do not fit this Qt.
    for key in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        os.environ.pop(key, None)
    application = QApplication(["deepcam"])
    application.setApplicationName("DeepPrivacy Cam")
    application.setDesktopFileName(APP_ID)
    address = str(runtime_dir() / "app")
    if ask_to_show(address):
        return 0
    app = App(factory, address)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: application.quit())
    app.start()
    try:
        return int(application.exec())
    finally:
        app.close()
