"""What the window of faces looks like: the list, the selected face, its buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QEvent, QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from deepcam.app.faces import Shown
from deepcam.app.fields import keep_room
from deepcam.app.portraits import SIZE, Portraits, plain
from deepcam.app.worn import WornPictures

THUMB = QSize(104, 104)
LINKABLE = QT_TRANSLATE_NOOP(
    "GalleryView",
    "A face that you keep is a pseudonym: whoever sees it in two calls can tell that both were the "
    "same person. A new face at every start cannot be linked in this way.",
)
"""In English; see ``linkable``."""


class GalleryView(QWidget):
    """Widgets without commands. A face is shown as ``worn`` has it, else as a bare portrait."""

    def __init__(self, portraits: Portraits, worn: WornPictures | None = None) -> None:
        super().__init__()
        self.portraits = portraits
        self.portraits.ready.connect(self._drawn)
        self._worn = worn
        if worn is not None:
            worn.ready.connect(self._tried)
        self._always = ""
        self._can_undo = False
        self.list = QListWidget()
        self.list.setViewMode(QListWidget.ViewMode.IconMode)
        self.list.setIconSize(THUMB)
        self.list.setGridSize(THUMB + QSize(20, 48))
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setMovement(QListWidget.Movement.Static)
        self.list.setWordWrap(True)
        self.list.currentItemChanged.connect(lambda *_: self.show_selected())
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setFixedHeight(SIZE)
        self.picture.setMinimumWidth(2 * SIZE)
        self.name, self.about, self.message = QLabel(), QLabel(), QLabel()
        for label in (self.name, self.about, self.message):
            # Names come from files and may look like markup.
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        font = self.name.font()
        font.setBold(True)
        font.setPointSizeF(1.3 * font.pointSizeF())
        self.name.setFont(font)
        self.wear_button, self.always_button = QPushButton(), QPushButton()
        self.rename_button = QPushButton()
        self.delete_button, self.export_button = QPushButton(), QPushButton()
        self.undo_button, self.import_button = QPushButton(), QPushButton()
        self.current_button = QPushButton()
        self._arrange()
        self._retranslate()
        keep_room(self)
        self.resize(900, 520)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            faces = [
                self.list.item(row).data(Qt.ItemDataRole.UserRole)
                for row in range(self.list.count())
            ]
            self.fill(faces, self._always, self._can_undo)
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self.setWindowTitle(self.tr("Faces: DeepPrivacy Cam"))
        self.list.setAccessibleName(self.tr("Faces that you keep"))
        self.message.setAccessibleName(self.tr("Message"))
        # The text of ``always_button`` is that of the selected face.
        for button, text, tip in (
            (
                self.wear_button,
                self.tr("&Wear this face"),
                self.tr("The call sees this face from now on."),
            ),
            (self.always_button, "", linkable()),
            (self.rename_button, self.tr("&Rename…"), self.tr("Give the saved face another name.")),
            (
                self.delete_button,
                self.tr("&Delete"),
                self.tr("Remove this face; Undo delete brings it back."),
            ),
            (
                self.export_button,
                self.tr("&Export to a file…"),
                self.tr("Write this face to one small file, for another computer."),
            ),
            (
                self.undo_button,
                self.tr("&Undo delete"),
                self.tr("Bring back the face deleted last."),
            ),
            (
                self.import_button,
                self.tr("&Import a face file…"),
                self.tr("Take over a face that was exported. A photograph cannot become a face."),
            ),
            (
                self.current_button,
                self.tr("&Keep the face I wear now…"),
                self.tr("Save the face that the call sees now."),
            ),
        ):
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleDescription(tip)
        self.show_selected()

    @property
    def selected(self) -> Shown | None:
        """The face the commands are about."""
        item = self.list.currentItem()
        found: Shown | None = None if item is None else item.data(Qt.ItemDataRole.UserRole)
        return found

    def fill(self, faces: Sequence[Shown], always: str, can_undo: bool, select: str = "") -> None:
        """Show ``faces``; ``always``: the name that every start wears; ``select``: the key or name
        to select, else what was selected stays so."""
        before = self.selected
        wanted = select or (before.key if before is not None else "")
        self._always, self._can_undo = always, can_undo
        self.list.blockSignals(True)
        self.list.clear()
        chosen = 0
        for number, face in enumerate(faces):
            self.list.addItem(self._item(face))
            if wanted in (face.key, face.name):
                chosen = number
        if self.list.count():
            self.list.setCurrentRow(chosen)
        self.list.blockSignals(False)
        self.show_selected()

    def _item(self, face: Shown) -> QListWidgetItem:
        always = face.saved and face.name == self._always
        worn = self.tr("always worn")
        note = self.tr("damaged") if face.problem else worn if always else ""
        item = QListWidgetItem(face.name + (f"\n({note})" if note else ""))
        item.setData(Qt.ItemDataRole.UserRole, face)
        spoken = f"{face.name}, {face.describe()}" + (f", {worn}" if always else "")
        item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
        picture = self._picture(face)
        item.setIcon(plain(THUMB) if picture is None else _icon(picture))
        return item

    def _picture(self, face: Shown) -> QPixmap | None:
        """Square: worn, else the neutral one of the pair."""
        worn = self._worn.picture(face.spec) if self._worn is not None else None
        pair = self.portraits.pair(face.key)
        return worn or (None if pair is None else pair.copy(0, 0, SIZE, SIZE))

    def _drawn(self, key: str) -> None:
        self._redraw(lambda face: face.key == key)

    def _tried(self, spec: str | int) -> None:
        self._redraw(lambda face: face.spec == spec)

    def _redraw(self, of: Callable[[Shown], bool]) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            face = item.data(Qt.ItemDataRole.UserRole)
            picture = self._picture(face) if of(face) else None
            if picture is not None:
                item.setIcon(_icon(picture))
        if self.selected is not None and of(self.selected):
            self.show_selected()

    def show_selected(self) -> None:
        """Picture, words and buttons after the selected face."""
        face = self.selected
        usable = face is not None and not face.problem
        saved = face is not None and usable and face.saved
        name = "" if face is None else face.name
        self.name.setText(name or self.tr("No face yet"))
        self.about.setText(
            self.tr("Keep the face that you wear now, or somebody in the strip.")
            if face is None
            else face.describe()
        )
        worn = None if face is None or self._worn is None else self._worn.picture(face.spec)
        pair = None if face is None else self.portraits.pair(face.key)
        if worn is not None or pair is not None:
            self.picture.setPixmap(worn or pair or QPixmap())
        else:
            self.picture.setText(self.tr("The portrait is being drawn.") if usable else "")
        spoken = self.tr("Portraits of {0}, neutral and smiling").format(name)
        self.picture.setAccessibleName(spoken if name else "")
        always = saved and name == self._always
        new, kept = self.tr("New &face at every start"), self.tr("&Always this face…")
        self.always_button.setText(new if always else kept)
        for button, enabled in (
            (self.wear_button, usable),
            (self.always_button, usable),
            (self.rename_button, saved),
            (self.delete_button, face is not None),
            (self.export_button, saved),
            (self.undo_button, self._can_undo),
        ):
            button.setEnabled(enabled)

    def _arrange(self) -> None:
        side = QVBoxLayout()
        for widget in (self.picture, self.name, self.about):
            side.addWidget(widget)
        side.addLayout(_row(self.wear_button, self.always_button))
        side.addLayout(_row(self.rename_button, self.delete_button, self.export_button))
        side.addStretch()
        left = QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addLayout(_row(self.current_button, self.import_button, self.undo_button))
        columns = QHBoxLayout()
        columns.addLayout(left, 1)
        columns.addLayout(side)
        whole = QVBoxLayout(self)
        whole.addLayout(columns, 1)
        whole.addWidget(self.message)


def _icon(pair: QPixmap) -> QIcon:
    """Without the tint of the selection, which would change the colour of the skin."""
    icon = QIcon(pair)
    icon.addPixmap(pair, QIcon.Mode.Selected)
    return icon


def linkable() -> str:
    """What keeping a face means."""
    return QCoreApplication.translate("GalleryView", str(LINKABLE))


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch()
    return row
