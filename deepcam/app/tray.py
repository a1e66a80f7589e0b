"""The icon in the tray and its menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from deepcam.app import icons
from deepcam.app.controller import Controller
from deepcam.app.hotkeys import shown
from deepcam.app.told import told
from deepcam.errors import DeepcamError

RECENT = 8


class Tray(QSystemTrayIcon):
    """``cameras`` and ``faces`` give the names for the submenus, newest first; asked when a
    submenu opens. "Off" means the standby card: the real camera cannot be shown at all."""

    gallery_wanted = Signal()
    settings_wanted = Signal()

    def __init__(
        self,
        controller: Controller,
        show_preview: Callable[[], None],
        leave: Callable[[], None],
        cameras: Callable[[], list[str]],
        faces: Callable[[], list[str]],
    ) -> None:
        super().__init__(icons.icon("standby"))
        self._controller = controller
        self._kind: icons.State = "standby"
        self._toggle_keys = self._face_keys = ""
        self._on = False
        self.menu = QMenu()
        self.switch = self.menu.addAction("")
        self.switch.triggered.connect(controller.toggle)
        self.face = self.menu.addAction("")
        self.face.triggered.connect(controller.new_face)
        self.back = self.menu.addAction("")
        self.back.triggered.connect(controller.undo)
        self.faces = self.menu.addMenu("")
        self.faces.aboutToShow.connect(lambda: self._fill_faces(faces))
        self.cameras = self.menu.addMenu("")
        self.cameras.aboutToShow.connect(
            lambda: self._fill(
                self.cameras, cameras, controller.use_camera, self.tr("There is no camera.")
            )
        )
        self.menu.addSeparator()
        self.preview = self.menu.addAction("")
        self.preview.triggered.connect(show_preview)
        self.settings = self.menu.addAction("")
        self.settings.triggered.connect(lambda: self.settings_wanted.emit())
        self.quit = self.menu.addAction("")
        self.quit.triggered.connect(leave)
        self.retranslate()
        self.setContextMenu(self.menu)
        self.activated.connect(
            lambda why: show_preview() if why == self.ActivationReason.Trigger else None
        )

    def retranslate(self) -> None:
        """Write everything in the language of now."""
        on, off = self.tr("&On"), self.tr("&Off (standby card)")
        self.switch.setText((off if self._on else on) + self._toggle_keys)
        self.face.setText(self.tr("&New face") + self._face_keys)
        self.back.setText(self.tr("&Undo"))
        self.faces.setTitle(self.tr("&Faces"))
        self.cameras.setTitle(self.tr("&Camera"))
        self.preview.setText(self.tr("&Preview"))
        self.settings.setText(self.tr("&Settings…"))
        self.quit.setText(self.tr("&Quit"))
        state = {
            "protected": self.tr("protected"),
            "standby": self.tr("standby"),
            "fault": self.tr("fault"),
        }[self._kind]
        self.setToolTip(f"DeepPrivacy Cam: {state}")

    def show_status(self, status: dict[str, Any]) -> None:
        """Icon, words and what can be chosen, after ``Session.status``."""
        kind = self._controller.state(status)
        on = bool(status.get("on"))
        if kind != self._kind:
            self.setIcon(icons.icon(kind))
        if (kind, on) != (self._kind, self._on):
            self._kind, self._on = kind, on
            self.retranslate()
        for action in (self.switch, self.face):
            action.setEnabled(bool(status.get("running")))
        self.back.setEnabled(self._controller.can_undo)

    def show_keys(self, toggle: str, new_face: str) -> None:
        """The hotkeys that work, as text beside the words; empty: none."""
        self._toggle_keys = f"\t{shown(toggle)}" if toggle else ""
        self._face_keys = f"\t{shown(new_face)}" if new_face else ""
        self.retranslate()

    def _fill_faces(self, faces: Callable[[], list[str]]) -> None:
        self._fill(self.faces, faces, self._controller.wear, self.tr("No face is saved yet."))
        self.faces.addSeparator()
        gallery = self.faces.addAction(self.tr("&Gallery…"))
        gallery.triggered.connect(lambda: self.gallery_wanted.emit())

    @staticmethod
    def _fill(
        menu: QMenu, names: Callable[[], list[str]], choose: Callable[[str], None], empty: str
    ) -> None:
        menu.clear()
        try:
            found = names()[:RECENT]
        except DeepcamError as error:
            found, empty = [], told(error.what)
        for name in found:
            # An ampersand in a name is no keyboard mark.
            action = menu.addAction(name.replace("&", "&&"))
            action.triggered.connect(lambda _=False, name=name: choose(name))
        if not found:
            menu.addAction(empty).setEnabled(False)
