"""What the window of faces asks, each in a dialog; in one place so that tests can answer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from deepcam.app.gallery_view import LINKABLE
from deepcam.identity.gallery import SUFFIX

FILES = f"Faces (*{SUFFIX})"


class Questions:
    """Dialogs over ``parent``; each waits for the answer."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def name(self, title: str, question: str, text: str) -> str:
        """A name, or '' when the person thinks better of it."""
        dialog = QInputDialog(self._parent)
        dialog.setWindowTitle(title)
        dialog.setLabelText(question)
        dialog.setTextValue(text)
        given = dialog.textValue() if dialog.exec() else ""
        dialog.deleteLater()
        return given

    def target(self, name: str) -> str:
        """Where to write; '' for nowhere."""
        return QFileDialog.getSaveFileName(self._parent, "Export a face", name, FILES)[0]

    def source(self) -> str:
        """What to read; '' for nothing."""
        return QFileDialog.getOpenFileName(self._parent, "Import a face", "", FILES)[0]

    def always(self, name: str) -> bool:
        """Whether the face shall be kept although it can be linked."""
        box = QMessageBox(self._parent)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Always this face?")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"Wear {name} at every start?")
        box.setInformativeText(LINKABLE)
        yes = box.addButton("&Always this face", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        agreed = box.clickedButton() is yes
        box.deleteLater()
        return agreed
