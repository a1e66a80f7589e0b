"""The guide's first step: which camera."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import psutil
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton

from deepcam.app import glyphs
from deepcam.app.controller import Controller
from deepcam.app.guide_step import Step
from deepcam.app.told import told
from deepcam.errors import DeepcamError


@dataclass(frozen=True, slots=True)
class Found:
    """One camera."""

    name: str
    users: tuple[str, ...] = ()
    """Other programs that use it now."""


def find(names: Callable[[], list[str]]) -> list[Found]:
    """The cameras and who uses them; slow. Raises ``DeepcamError``."""
    from deepcam.sources.v4l2 import holders, list_cameras

    ours = {str(process.pid) for process in psutil.Process().children(recursive=True)}
    paths = {camera.name: camera.path for camera in reversed(list_cameras())}
    found = []
    for name in names():
        users = holders(paths[name]) if name in paths else []
        # The session behind this window has a camera open, too.
        others = [u for u in users if u.rpartition("(process ")[2].rstrip(")") not in ours]
        found.append(Found(name, tuple(others)))
    return found


class CameraStep(Step):
    """A list of names; the session changes over when the step is taken."""

    def __init__(
        self,
        controller: Controller,
        names: Callable[[], list[str]],
        look: Callable[[Callable[[], list[str]]], list[Found]] = find,
    ) -> None:
        super().__init__("")
        self.title = self.tr("Which camera shall be used?")
        self._controller, self._names, self._look = controller, names, look
        self.add_text(
            self.tr(
                "Its picture stays on this computer; calls get only the one with the other face."
            )
        )
        self.list = QListWidget()
        self.list.setSpacing(6)
        self.list.setIconSize(QSize(24, 24))
        self.list.setAccessibleName(self.tr("Cameras"))
        self.start = self.list
        self.column.addWidget(self.list, 1)
        self.state = self.add_text()
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setAccessibleName(self.tr("What was found"))
        self.again = QPushButton(self.tr("&Look again"))
        self.again.clicked.connect(self.enter)
        row = QHBoxLayout()
        row.addWidget(self.again)
        row.addStretch()
        self.column.addLayout(row)

    @property
    def chosen(self) -> str | None:
        """Name of the selected camera."""
        item = self.list.currentItem()
        return None if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    def enter(self) -> None:
        self.again.setEnabled(False)
        if not self.list.count():
            self.state.setText(self.tr("Looking for cameras…"))
        self.background.run(lambda: self._look(self._names), self._show, self._failed)

    def take(self, done: Callable[[], None], failed: Callable[[str], None]) -> None:
        name = self.chosen
        if name is not None and name != self._in_use():
            self._controller.use_camera(name)
        done()

    def _in_use(self) -> str | None:
        """What the session takes anyhow: without a choice that is the first one."""
        first = self.list.item(0)
        return self._controller.camera or (
            None if first is None else str(first.data(Qt.ItemDataRole.UserRole))
        )

    def _show(self, found: list[Found]) -> None:
        self.again.setEnabled(True)
        wanted = self.chosen or self._controller.camera
        self.list.clear()
        for camera in found:
            text = camera.name
            if camera.users:
                text = self.tr("{0}: used by {1}").format(text, ", ".join(camera.users))
            item = QListWidgetItem(glyphs.glyph("camera"), text)
            item.setData(Qt.ItemDataRole.UserRole, camera.name)
            self.list.addItem(item)
        free = [n for n, camera in enumerate(found) if not camera.users]
        same = [n for n, camera in enumerate(found) if camera.name == wanted]
        if found:
            self.list.setCurrentRow((same or free or [0])[0])
        self.list.setEnabled(bool(found))
        self.state.setText(self._sentence(found, bool(free)))

    def _sentence(self, found: list[Found], free: bool) -> str:
        if found and free:
            return ""
        if found:
            return self.tr(
                "Every camera is used by another program: close it there, then look again."
            )
        if sys.platform != "linux":
            return self.tr("This system does not tell the names of cameras: the first one is used.")
        return self.tr("No camera was found: plug one in or switch it on, then look again.")

    def _failed(self, error: DeepcamError) -> None:
        self.again.setEnabled(True)
        self.state.setText(told(error))
