"""The icon in the tray and its menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from deepcam.app import glyphs, icons
from deepcam.app.controller import Controller
from deepcam.app.headline import headline
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
        self._keys = {"toggle": "", "new_face": "", "panic": ""}
        self._on = False
        self._status: dict[str, Any] = {}
        self.menu = QMenu()
        self.state = self.menu.addAction("")
        self.state.setEnabled(False)
        self.panic = self.menu.addAction("")
        self.panic.setIcon(glyphs.glyph("warning", glyphs.ALARM))
        self.panic.triggered.connect(controller.panic)
        self.menu.addSeparator()
        self.switch = self.menu.addAction("")
        self.switch.triggered.connect(controller.toggle)
        self.face = self.menu.addAction("")
        self.face.triggered.connect(controller.new_face)
        self.back = self.menu.addAction("")
        self.back.triggered.connect(controller.undo)
        self.faces = self.menu.addMenu("")
        self.faces.aboutToShow.connect(lambda: self._fill_faces(faces))
        self.cameras = self.menu.addMenu("")
        self.cameras.aboutToShow.connect(lambda: self._fill_cameras(cameras))
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
        self.switch.setText((off if self._on else on) + self._shown("toggle"))
        self.panic.setText(self.tr("&Standby card at once") + self._shown("panic"))
        self.face.setText(self.tr("&New face") + self._shown("new_face"))
        self.back.setText(self.tr("&Undo"))
        self.faces.setTitle(self.tr("&Faces"))
        self.cameras.setTitle(self.tr("&Camera"))
        self.preview.setText(self.tr("Show the &window"))
        self.settings.setText(self.tr("S&ettings…"))
        self.quit.setText(self.tr("&Quit"))
        self._say()

    def show_status(self, status: dict[str, Any]) -> None:
        """Icon, words and what can be chosen, after ``Session.status``."""
        self._status = status
        kind = self._controller.state(status)
        on = bool(status.get("running") and status.get("on"))
        if kind != self._kind:
            self.setIcon(icons.icon(kind))
        if (kind, on) != (self._kind, self._on):
            self._kind, self._on = kind, on
            self.retranslate()
        for action in (self.panic, self.face):
            action.setEnabled(bool(status.get("running")))
        self.back.setEnabled(self._controller.can_undo)
        self._say()

    def show_keys(self, toggle: str, new_face: str, panic: str = "") -> None:
        """The hotkeys that work, as text beside the words; empty: none."""
        self._keys = {"toggle": toggle, "new_face": new_face, "panic": panic}
        self.retranslate()

    def _shown(self, action: str) -> str:
        keys = self._keys[action]
        return f"\t{shown(keys)}" if keys else ""

    def _say(self) -> None:
        state = {
            "protected": self.tr("protected"),
            "standby": self.tr("standby"),
            "fault": self.tr("fault"),
        }[self._kind]
        line, more = headline(self._status, self._controller.problem, (), "")
        if self._kind == "fault" and more:
            line = more
        text = line.replace("&", "&&")
        if text != self.state.text():
            self.state.setText(text)
            self.setToolTip(f"DeepPrivacy Cam: {state}\n{line}")

    def _fill_faces(self, faces: Callable[[], list[str]]) -> None:
        worn = self._controller.current
        empty = self.tr("No face is saved yet.")
        self._fill(self.faces, faces, self._controller.wear, empty, str(worn or ""))
        self.faces.addSeparator()
        gallery = self.faces.addAction(self.tr("&Gallery…"))
        gallery.triggered.connect(lambda: self.gallery_wanted.emit())

    def _fill_cameras(self, cameras: Callable[[], list[str]]) -> None:
        now = str(self._status.get("camera") or self._controller.camera or "")

        def choose(name: str) -> None:
            if name != now:
                self._controller.use_camera(name)

        self._fill(self.cameras, cameras, choose, self.tr("There is no camera."), now)

    @staticmethod
    def _fill(
        menu: QMenu,
        names: Callable[[], list[str]],
        choose: Callable[[str], None],
        empty: str,
        now: str,
    ) -> None:
        """``now``: the name that gets a mark."""
        menu.clear()
        try:
            found = names()[:RECENT]
        except DeepcamError as error:
            found, empty = [], told(error.what)
        for name in found:
            # An ampersand in a name is no keyboard mark.
            action = menu.addAction(name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(name == now)
            action.triggered.connect(lambda _=False, name=name: choose(name))
        if not found:
            menu.addAction(empty).setEnabled(False)
