"""The window with the faces one can be. A photograph cannot become a face here, by design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QShowEvent

from deepcam.app.background import Background
from deepcam.app.controller import Controller
from deepcam.app.faces import Faces, Shown, free_name
from deepcam.app.gallery_view import GalleryView
from deepcam.app.portraits import Draw, Portraits, draw
from deepcam.app.questions import Questions
from deepcam.app.settings import SettingsFile
from deepcam.app.told import told
from deepcam.app.worn import WornPictures
from deepcam.errors import DeepcamError
from deepcam.identity.gallery import LONGEST_NAME, SUFFIX, Gallery, check_name


class GalleryWindow(GalleryView):
    """Commands on the selected face; slow ones run in the background and end with a sentence in
    ``message``. ``settings_changed``: another face is always worn from now on, or none."""

    settings_changed = Signal()
    faces_changed = Signal()

    def __init__(
        self,
        controller: Controller,
        store: SettingsFile,
        gallery: Gallery | None = None,
        draw: Draw = draw,
        worn: WornPictures | None = None,
        faces: Faces | None = None,
    ) -> None:
        self.background = Background()
        # Of its own: a command shall not wait until all portraits are drawn.
        self.painter = Background()
        super().__init__(Portraits(self.painter, draw), worn)
        self._controller, self._store = controller, store
        self.faces = faces or Faces(gallery or Gallery())
        self.questions = Questions(self)
        self._saved: list[Shown] = []
        self.list.itemActivated.connect(lambda *_: self.wear())
        for button, command in (
            (self.wear_button, self.wear),
            (self.always_button, self.always),
            (self.rename_button, self.rename),
            (self.delete_button, self.delete),
            (self.export_button, self.export),
            (self.undo_button, self.undo),
            (self.import_button, self.import_),
            (self.current_button, self.save_current),
        ):
            button.clicked.connect(lambda _=False, command=command: command())
        for keys, command in (("Delete", self.delete), ("F2", self.rename)):
            shortcut = QShortcut(QKeySequence(keys), self.list, command)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        QShortcut(QKeySequence("Escape"), self, self.close)
        controller.said.connect(self.message.setText)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self.reload()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        self.message.clear()
        super().closeEvent(event)

    def reload(self, select: str = "") -> None:
        """Read the gallery again; ``select``: the name to select then."""

        def done(found: list[Shown]) -> None:
            self._saved = found
            self._fill(select)
            self.faces_changed.emit()

        self._later(self.faces.read, done)

    def end(self) -> None:
        """Stop the background work, at the program's end."""
        self.painter.close()
        self.background.close()

    # Commands

    def wear(self) -> None:
        """The session puts the selected face on."""
        face = self.selected
        if face is not None and not face.problem:
            self.message.setText(self.tr("Putting on {0}.").format(face.name))
            self._controller.wear(face.spec)

    def save_current(self) -> None:
        """Keep the face that is worn now."""
        spec = self._controller.current
        if spec is None:
            self._failed(
                DeepcamError(self.tr("No face is worn now."), self.tr("Start the camera first."))
            )
        elif any(spec == face.spec for face in self._saved):
            self.message.setText(self.tr("{0} is saved already.").format(spec))
        else:
            worn = self._controller.status().get("identity")
            self._save(spec, str(worn or self.tr("My face")))

    def rename(self) -> None:
        """Another name for the selected saved face."""
        face = self.selected
        if face is None or not face.saved or face.problem:
            return
        question = self.tr("A new name for {0}:").format(face.name)
        name = self._name(self.tr("Rename"), question, face.name)
        if name in ("", face.name):
            return

        def done(_: Path) -> None:
            if self._store.now.face == face.name:
                self._keep(name)
            self._controller.renamed(face.name, name)
            self.message.setText(self.tr("{0} is called {1} now.").format(face.name, name))
            self.reload(name)

        self._later(lambda: self.faces.gallery.rename(face.name, name), done)

    def delete(self) -> None:
        """The selected face goes; Undo delete brings it back."""
        face = self.selected
        if face is None or not self._try(lambda: self.faces.delete(face)):
            return
        text = self.tr("{0} is deleted; Undo delete brings this face back.").format(face.name)
        if face.saved and self._store.now.face == face.name and self._keep(""):
            text += " " + self.tr("Every start has a new face now.")
        if self._controller.current == face.spec:
            text += " " + self.tr("It is worn until you choose another.")
        self._controller.deleted(face.spec)
        self.portraits.forget(face.key)
        self._saved = [other for other in self._saved if other != face]
        self._fill()
        self.message.setText(text)

    def undo(self) -> None:
        """Bring back what was deleted last."""
        back: list[str] = []
        if self._try(lambda: back.append(self.faces.undo())):
            self.message.setText(self.tr("{0} is back.").format(back[0]))
            self.reload(back[0])

    def export(self) -> None:
        """The selected face as one file."""
        face = self.selected
        if face is None or not face.saved or face.problem:
            return
        target = self.questions.target(f"{face.name.replace('/', '-')}{SUFFIX}")
        if target:
            # The dialog has asked whether an existing file may be replaced.
            self._later(
                lambda: self.faces.gallery.export(face.name, target, overwrite=True),
                lambda path: self.message.setText(
                    self.tr("{0} is in {1} now.").format(face.name, path)
                ),
            )

    def import_(self) -> None:
        """A face from a file that was exported; under another name if its name is taken."""
        source = self.questions.source()
        if not source:
            return

        def done(name: str) -> None:
            self.message.setText(self.tr("{0} is among your faces now.").format(name))
            self.reload(name)

        taken = {face.name.casefold() for face in self._saved}
        self._later(lambda: self.faces.take_over(Path(source), taken), done)

    def always(self) -> None:
        """Every start wears the selected face from now on; or a new one again."""
        face = self.selected
        if face is None or face.problem:
            return
        if face.saved and self._store.now.face == face.name:
            if self._keep(""):
                self.message.setText(self.tr("Every start has a new face now."))
                self._fill()
        elif self.questions.always(face.name):
            self._pin(face.name)

    # Inside

    def _fill(self, select: str = "") -> None:
        faces = self._saved
        self.fill(faces, self._store.now.face, self.faces.can_undo, select)
        usable = [face for face in faces if not face.problem]
        if self._worn is not None:
            missing = [face.spec for face in usable if self._worn.picture(face.spec) is None]
            if missing:
                self._worn.want(missing)
        for face in usable:
            if self._picture(face) is None:
                self.portraits.ask(face.key, partial(self.faces.identity, face.spec))

    def _save(self, spec: str | int, suggested: str) -> None:
        taken = {face.name.casefold() for face in self._saved}
        question = self.tr("Keep this face under the name:")
        name = self._name(self.tr("Save"), question, free_name(suggested, taken))
        if not name:
            return

        def done(_: Path) -> None:
            self._controller.renamed(spec, name)
            self.message.setText(self.tr("{0} is saved.").format(name))
            self.reload(name)

        self._later(lambda: self.faces.save(spec, name), done)

    def _name(self, title: str, question: str, text: str) -> str:
        """A checked name, or ''. What was typed is not lost when the name is taken."""
        given = self.questions.name(title, question, text[:LONGEST_NAME])
        taken = {face.name.casefold() for face in self._saved} - {text.casefold()}
        if given and given.casefold() in taken:
            again = self.tr("There is a face called {0} already.").format(given)
            given = self.questions.name(title, f"{again}\n{question}", given)
        if not given:
            return ""
        try:
            return check_name(given)
        except DeepcamError as error:
            self._failed(error)
            return ""

    def _pin(self, name: str) -> None:
        if self._keep(name):
            self._controller.wear(name)
            self._fill()
            self.message.setText(self.tr("Every start wears {0} now.").format(name))

    def _keep(self, name: str) -> bool:
        done = self._try(lambda: self._store.save(replace(self._store.now, face=name)))
        if done:
            self.settings_changed.emit()
        return done

    def _later(
        self,
        job: Callable[[], Any],
        done: Callable[[Any], None],
        after: Callable[[], None] = lambda: None,
    ) -> None:
        def ended(result: Any) -> None:
            after()
            done(result)

        def failed(error: DeepcamError) -> None:
            after()
            self._failed(error)

        self.background.run(job, ended, failed)

    def _try(self, command: Callable[[], Any]) -> bool:
        try:
            command()
        except DeepcamError as error:
            self._failed(error)
            return False
        return True

    def _failed(self, error: DeepcamError) -> None:
        self.message.setText(told(error))
