"""What the window of faces asks, each in a dialog; in one place so that tests can answer."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from deepcam.app.gallery_view import linkable
from deepcam.identity.gallery import SUFFIX


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
        return QFileDialog.getSaveFileName(
            self._parent,
            QCoreApplication.translate("Questions", "Export a face"),
            str(Path(_documents()) / name),
            _files(),
        )[0]

    def source(self) -> str:
        """What to read; '' for nothing."""
        return QFileDialog.getOpenFileName(
            self._parent,
            QCoreApplication.translate("Questions", "Import a face"),
            _documents(),
            _files(),
        )[0]

    def always(self, name: str) -> bool:
        """Whether the face shall be kept although it can be linked."""
        box = QMessageBox(self._parent)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(QCoreApplication.translate("Questions", "Always this face?"))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(
            QCoreApplication.translate("Questions", "Wear {0} at every start?").format(name)
        )
        box.setInformativeText(linkable())
        yes = box.addButton(
            QCoreApplication.translate("Questions", "&Always this face"),
            QMessageBox.ButtonRole.AcceptRole,
        )
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        agreed = box.clickedButton() is yes
        box.deleteLater()
        return agreed


def _documents() -> str:
    """Where people keep what they make, not where the program was started."""
    place = QStandardPaths.StandardLocation.DocumentsLocation
    found = QStandardPaths.writableLocation(place)
    return found if found and Path(found).is_dir() else str(Path.home())


def _files() -> str:
    return QCoreApplication.translate("Questions", "Faces") + f" (*{SUFFIX})"
