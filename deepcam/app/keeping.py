"""Faces kept with one click: saved under their own names at once, given back with the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from deepcam.app.background import Background
from deepcam.app.controller import Controller
from deepcam.app.faces import Faces, Shown, free_name
from deepcam.app.told import told
from deepcam.errors import DeepcamError

Face = str | int


class Keeping(QObject):
    """``changed``: ``saved`` is another list now."""

    changed = Signal()
    said = Signal(str)

    def __init__(self, controller: Controller, faces: Faces) -> None:
        super().__init__()
        self._controller, self.faces = controller, faces
        self._background = Background()
        self.saved: list[Shown] = []
        self._as: dict[Face, str] = {}
        """Names under which faces were saved here."""

    def read(self) -> None:
        """Look at the gallery again."""
        self._background.run(self.faces.read, self._have, self._failed)

    def name_of(self, face: Face) -> str:
        """Under which name ``face`` is saved; '' when it is not."""
        names = {shown.name for shown in self.saved}
        own = self._as.get(face, face)
        return own if isinstance(own, str) and own in names else ""

    def keep(self, face: Face, name: str, then: Callable[[str], None] = lambda _: None) -> None:
        """Save ``face``, under ``name`` or one like it."""
        taken = {shown.name.casefold() for shown in self.saved}
        own = free_name(name or self.tr("My face"), taken)

        def done(_: Path) -> None:
            self._as[face] = own
            self._controller.renamed(face, own)
            self.said.emit(self.tr("{0} is among your faces now.").format(own))
            then(own)
            self.read()

        self._background.run(lambda: self.faces.save(face, own), done, self._failed)

    def give_back(self, name: str) -> None:
        """The saved face goes; it can be brought back in the window of faces."""
        found = next((shown for shown in self.saved if shown.name == name), None)
        if found is None:
            return

        def done(_: None) -> None:
            self._as = {face: own for face, own in self._as.items() if own != name}
            self._controller.deleted(name)
            text = self.tr("{0} is no longer kept; “Faces…” can bring this face back.")
            self.said.emit(text.format(name))
            self.read()

        self._background.run(lambda: self.faces.delete(found), done, self._failed)

    def close(self) -> None:
        """At the program's end."""
        self._background.close()

    def _have(self, found: list[Shown]) -> None:
        self.saved = found
        self.changed.emit()

    def _failed(self, error: DeepcamError) -> None:
        self.said.emit(told(error))
