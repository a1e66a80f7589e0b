"""``deepcam`` without arguments: tray, preview and one session."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from deepcam.app import i18n
from deepcam.app.controller import Controller, Factory, SessionLike
from deepcam.app.faces import Faces
from deepcam.app.gallery_window import GalleryWindow
from deepcam.app.guidance import Guidance
from deepcam.app.help_window import HelpWindow
from deepcam.app.hotkeys import AppHotkeys
from deepcam.app.keeping import Keeping
from deepcam.app.overlay import Overlay
from deepcam.app.preview import Preview
from deepcam.app.report import report
from deepcam.app.settings import Settings, SettingsFile
from deepcam.app.settings_dialog import SettingsDialog
from deepcam.app.told import told
from deepcam.app.tray import Tray
from deepcam.app.trouble import HINTS
from deepcam.app.viewers import Viewers
from deepcam.app.worn import WornPictures
from deepcam.doctor import Finding
from deepcam.errors import DeepcamError
from deepcam.identity.gallery import Gallery
from deepcam.identity.wish import by_chance
from deepcam.live.control import runtime_dir
from deepcam.live.lock import InstanceLock, holder
from deepcam.platform.desktop_entry import APP_ID
from deepcam.platform.hotkeys import ACTIONS
from deepcam.platform.qt import ensure_windows
from deepcam.runtime.endings import ending_signals

_OF_A_SESSION = (
    "camera", "size", "fps", "smaller_when_slow", "output", "on_doubt", "cover", "card",
    "background",
)  # fmt: skip
"""Settings that a running session cannot change."""


class App:
    """The parts together; ``close`` ends the session. Without a ``factory`` the sessions are live
    ones after the settings."""

    def __init__(
        self,
        factory: Factory | None,
        address: str,
        store: SettingsFile | None = None,
        source: str | None = None,
        asleep: bool = False,
    ) -> None:
        self.store = store or SettingsFile()
        self._cameras = cameras if source is None else (lambda: [Path(source).name])
        self._said = self.store.load()
        self._applied = self.store.now
        self._asleep = asleep
        i18n.install(self.store.now.language)
        self.controller = Controller(
            factory
            or (lambda camera, face: live(camera, face, self.store.now, source, self._asleep)),
            by_chance,
            self._first_face,
        )
        self.controller.camera = self.store.now.camera or None
        self.controller.camera_chosen.connect(self._keep_camera)
        self.worn = WornPictures(self.controller)
        self.keeping = Keeping(self.controller, Faces(Gallery()))
        self.viewers = Viewers()
        self.preview = Preview(self.controller, self.worn, self.keeping, self._cameras)
        self.preview.gallery_wanted.connect(self.show_gallery)
        self.preview.settings_wanted.connect(self.show_settings)
        self.preview.mirror_wanted.connect(self._mirror)
        self.preview.help_wanted.connect(self.show_help)
        self.preview.closed.connect(self._closed)
        self.overlay = Overlay(lambda: self.controller.newest)
        self.help: HelpWindow | None = None
        self._heard: deque[str] = deque(maxlen=40)
        self.controller.said.connect(self._said_something)
        self.guidance = Guidance(
            self.controller, self.store, self.preview, self._cameras, self.show_gallery,
            self._notify,
            viewers=lambda: self.viewers.names,
        )  # fmt: skip
        self.guidance.changed.connect(self.apply)
        self.gallery: GalleryWindow | None = None
        self.dialog: SettingsDialog | None = None
        self.hotkeys = AppHotkeys(self.controller)
        self.hotkeys.changed.connect(self._hotkeys_changed)
        self.tray: Tray | None = None
        self._seek_tray()
        self.server = QLocalServer()
        self.server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self.server.newConnection.connect(self._raised)
        # Nobody else has the lock: what lies there is left over from a crash.
        QLocalServer.removeServer(address)
        self.server.listen(address)
        self._timer = QTimer(interval=500)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()

    def start(self, hidden: bool = False) -> None:
        """Show the window and begin; ``hidden``: in the tray alone, until somebody asks for it."""
        if not hidden:
            self.show_window()
        self._look()
        self.controller.start()
        self.keeping.read()
        self._apply_keys()
        if self.tray is None:
            self.preview.tell(_no_tray())
        if self._said:
            self.preview.tell("\n".join(map(told, self._said)))
        self.guidance.begin(guide=not hidden)

    def show_window(self) -> None:
        """Bring the window to the front."""
        self._asleep = False
        _raise(self.preview)

    def show_gallery(self) -> None:
        """The faces one can be."""
        if self.gallery is None:
            self.gallery = GalleryWindow(
                self.controller, self.store, faces=self.keeping.faces, worn=self.worn
            )
            self.gallery.settings_changed.connect(self.apply)
            self.gallery.faces_changed.connect(self.keeping.read)
        _raise(self.gallery)

    def show_help(self, page: str = "help") -> None:
        """One page of the window with help, doctor, report and about."""
        if self.help is None:
            keys = {action: self.hotkeys.keys(action) for action in ACTIONS}
            self.help = HelpWindow(self._facts, keys, self.preview)
            self.help.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.help.finished.connect(self._help_ended)
        self.help.show_page(page)
        _raise(self.help)

    def show_settings(self) -> None:
        """The dialog, or the one that is open already."""
        if self.dialog is None:
            failures = {action: self.hotkeys.failure(action) for action in ACTIONS}
            self.dialog = SettingsDialog(
                self.store,
                _names(self._cameras),
                _names(saved_faces),
                failures,
                parent=self.preview,
            )
            self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.dialog.saved.connect(self.apply)
            self.dialog.recording.connect(self.hotkeys.pause)
            self.dialog.guide_wanted.connect(self.guidance.show_guide)
            self.dialog.finished.connect(self._dialog_ended)
        _raise(self.dialog)

    def apply(self) -> None:
        """What the settings say now; the session begins anew only where it must."""
        old, new = self._applied, self.store.now
        self._applied = new
        self._look()
        if new.language != old.language:
            self._speak(new.language)
        if new.hotkeys != old.hotkeys:
            self._apply_keys()
        self.controller.camera = new.camera or None
        if any(getattr(old, key) != getattr(new, key) for key in _OF_A_SESSION):
            self.controller.restart()
        if new.face not in ("", old.face, self.controller.current):
            self.controller.wear(new.face)

    def refresh(self) -> None:
        """Bring icon, menu and numbers up to date."""
        self._seek_tray()
        if self.preview.isVisible() and not self.preview.isMinimized():
            self.controller.keep_awake(2.0)
        status = self.controller.status()
        self.controller.settle(status)
        self.viewers.look()
        self.preview.show_viewers(self.viewers.names, self.guidance.lack)
        self.guidance.look(status)
        shown = self.guidance.banner.shown
        self.preview.said_above = shown is not None and shown.remedy not in HINTS
        self.preview.show_status(status)
        if self.tray is not None:
            self.tray.show_status(status)

    def _seek_tray(self) -> None:
        """A panel may come later than a program that is started at login, and may go."""
        there = QSystemTrayIcon.isSystemTrayAvailable()
        if there and self.tray is None:
            self.tray = Tray(
                self.controller, self.show_window, QApplication.quit, self._cameras, saved_faces
            )
            self.tray.gallery_wanted.connect(self.show_gallery)
            self.tray.settings_wanted.connect(self.show_settings)
            self.tray.show()
            self._hotkeys_changed()
            if self.preview.message.text() == _no_tray():
                self.preview.tell("")
        QApplication.setQuitOnLastWindowClosed(not there)

    def close(self) -> None:
        """End everything."""
        self._timer.stop()
        self.server.close()
        self.hotkeys.close()
        if self.tray is not None:
            self.tray.hide()
        self.guidance.close()
        if self.help is not None:
            self.help.close()
        if self.dialog is not None:
            self.dialog.reject()
        if self.gallery is not None:
            self.gallery.close()
            self.gallery.end()
        self.keeping.close()
        self.viewers.close()
        self.controller.close()
        self.overlay.close()  # last: what still ended may have had something to say

    def _first_face(self) -> str | int:
        """The face that is always worn if it can be, else somebody new."""
        name = self.store.now.face
        if name:
            try:
                Gallery().load(name)
            except DeepcamError as error:
                self.guidance.face_lost.emit(error.what)
            else:
                return name
        return by_chance()

    def _look(self) -> None:
        now = self.store.now
        self.preview.set_view(now.mirror_preview, now.reduced_motion)
        calm = now.reduced_motion
        for effect in (Qt.UIEffect.UI_AnimateMenu, Qt.UIEffect.UI_AnimateCombo):
            QApplication.setEffectEnabled(effect, not calm)
        QApplication.setCursorFlashTime(0 if calm else 1000)

    def _mirror(self, mirror: bool) -> None:
        self.guidance.keep(replace(self.store.now, mirror_preview=mirror))
        self._applied = replace(self._applied, mirror_preview=mirror)
        self._look()

    def _speak(self, language: str) -> None:
        i18n.install(language)
        self.guidance.speak()
        if self.tray is not None:
            self.tray.retranslate()

    def _apply_keys(self) -> None:
        keys = self.store.now.hotkeys
        self.hotkeys.apply(**{action: keys.get(action, "") for action in ACTIONS})

    def _keep_camera(self, name: str) -> None:
        self.guidance.keep(replace(self.store.now, camera=name))
        self._applied = replace(self._applied, camera=name)

    def _notify(self, sentence: str) -> None:
        if self.tray is not None and not self.preview.isVisible():
            self.tray.showMessage("DeepPrivacy Cam", sentence)

    def _said_something(self, sentence: str) -> None:
        """Answer a key or the tray where the window does not."""
        self._heard.append(sentence)
        if not (self.preview.isVisible() and self.preview.isActiveWindow()):
            self.overlay.tell(sentence, alarm=not self.controller.status().get("on", False))

    def _closed(self) -> None:
        if self.tray is None or self.store.now.tray_told:
            return
        self.tray.showMessage(
            "DeepPrivacy Cam",
            QCoreApplication.translate(
                "App", "DeepPrivacy Cam goes on in the tray. “Quit” in its menu ends it."
            ),
        )
        self.guidance.keep(replace(self.store.now, tray_told=True))
        self._applied = replace(self._applied, tray_told=True)

    def _facts(self, findings: list[Finding]) -> str:
        return report(self.store.now, self.controller.status(), findings, list(self._heard))

    def _help_ended(self) -> None:
        self.help = None

    def _dialog_ended(self) -> None:
        self.hotkeys.pause(False)
        self.dialog = None

    def _hotkeys_changed(self) -> None:
        if self.tray is not None:
            self.tray.show_keys(*(self.hotkeys.keys(a) for a in ("toggle", "new_face", "panic")))
        if not self.hotkeys.asking and self.hotkeys.failures():
            self.preview.tell(self.hotkeys.failures()[0])

    def _raised(self) -> None:
        while self.server.hasPendingConnections():
            self.server.nextPendingConnection().close()
        self.show_window()


def _no_tray() -> str:
    return QCoreApplication.translate("App", "No tray here: closing this window ends the program.")


def cameras() -> list[str]:
    """Names of the cameras that can be chosen."""
    from deepcam.sources.v4l2 import list_cameras

    return [camera.name for camera in list_cameras() if not camera.refused]


def saved_faces() -> list[str]:
    """Names in the gallery, newest first."""
    return list(Gallery().names())


def _names(ask: Callable[[], list[str]]) -> list[str]:
    try:
        return ask()
    except DeepcamError:
        return []


def _raise(window: QWidget) -> None:
    window.showNormal()
    window.raise_()
    window.activateWindow()


def live(
    camera: str | None,
    face: str | int,
    settings: Settings,
    source: str | None = None,
    asleep: bool = False,
) -> SessionLike:
    """A session after the app's settings; ``source``: a film or picture instead of the camera;
    ``asleep``: see ``LiveSettings``."""
    from deepcam.app.outlook import can_be_seen
    from deepcam.live.session import Session
    from deepcam.live.settings import LiveSettings

    # The app is the window that "auto" would open where there is no camera.
    nowhere = settings.output == "auto" and not can_be_seen("auto")

    return Session(
        LiveSettings(
            camera=camera if source is None else None,
            source=source,
            loop=True,
            identity=face,
            size=settings.size,
            keep_size=not settings.smaller_when_slow,
            fps=settings.fps,
            output="null" if nowhere else settings.output,
            on_doubt=settings.on_doubt,
            cover=settings.cover,
            card=settings.card,
            background=settings.background,
            language=i18n.resolve(settings.language),
            asleep=asleep,
        )
    )


def ask_to_show(address: str) -> bool:
    """True when a first instance answered; it raises its window."""
    socket = QLocalSocket()
    socket.connectToServer(address)
    return socket.waitForConnected(500)


def run(factory: Factory | None = None, hidden: bool = False, source: str | None = None) -> int:
    """Start the app; returns the exit code. ``hidden``: without its window, the camera off until
    somebody looks. ``source``: a film or picture that stands for the camera. Raises
    ``DeepcamError`` without a display, and when it runs already and does not answer."""
    if sys.platform == "linux" and not any(
        os.environ.get(k) for k in ("DISPLAY", "WAYLAND_DISPLAY")
    ):
        raise DeepcamError("There is no display for the app.", "Use `deepcam run` instead.")
    ensure_windows()
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
    lock = InstanceLock.take(runtime_dir() / "app.lock")
    if lock is None:
        number = holder(runtime_dir() / "app.lock")
        raise DeepcamError(
            f"The app runs already (process {number}), but its window does not answer.",
            f"Wait a moment, or end it with: kill -9 {number}",
        )
    app = App(factory, address, source=source, asleep=hidden)
    for signal_number in ending_signals():
        signal.signal(signal_number, lambda *_: application.quit())
    app.start(hidden)
    try:
        return int(application.exec())
    finally:
        app.close()
        lock.release()
