"""The choice of the standby card, or of what is behind people, with a small picture of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QWidget,
)

from deepcam.app import i18n
from deepcam.app.fields import choose, combo
from deepcam.app.told import told
from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.pipeline.backdrop import BLUR, KEEP
from deepcam.pipeline.cards import BACK_SOON, PLAIN, Card

COLOUR, PICTURE = "colour", "picture"
"""Entries that ask for more."""
WIDE, HIGH = 80, 45
_FIRST = "#204060"


class CardChoice(QWidget):
    """``choice`` is one of ``deepcam.pipeline.cards``."""

    def __init__(self) -> None:
        super().__init__()
        self.plain, name = self._plain()
        """Choices that ask for nothing more."""
        self._choice = next(iter(self.plain))
        more = {COLOUR: self.tr("A colour…"), PICTURE: self.tr("An own picture…")}
        self.box: QComboBox = combo({**self.plain, **more}, name)
        self.box.activated.connect(self._chosen)
        self.picture = QLabel()
        self.picture.setFixedSize(WIDE, HIGH)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.picture.setAccessibleName(self.tr("What it looks like"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box, 1)
        row.addWidget(self.picture)
        self.show_choice(self._choice)

    def _plain(self) -> tuple[dict[str, str], str]:
        """Choices with their texts, and what is chosen."""
        plain = {PLAIN: self.tr("Plain"), BACK_SOON: self.tr("“Back soon”")}
        return plain, self.tr("Standby card")

    def _draw(self, choice: str) -> Image | None:
        """(2 HIGH, 2 WIDE, 3); None where there is nothing to show. Raises ``DeepcamError``."""
        return Card.parse(choice, i18n.resolve("")).draw(2 * WIDE, 2 * HIGH)

    @property
    def choice(self) -> str:
        """What is chosen now."""
        return self._choice

    def show_choice(self, choice: str) -> None:
        """Select ``choice``; one that cannot be shown is selected all the same, with the reason."""
        self._choice = choice
        known = choice in self.plain
        name = COLOUR if choice.startswith("#") else choice if known else PICTURE
        choose(self.box, name, name)
        try:
            card = self._draw(choice)
        except DeepcamError as error:
            self.picture.setPixmap(QPixmap())
            self.picture.setText("?")
            self.picture.setToolTip(told(error))
            return
        if card is None:
            self.picture.setPixmap(QPixmap())
            return
        image = QImage(card.tobytes(), 2 * WIDE, 2 * HIGH, 6 * WIDE, QImage.Format.Format_BGR888)
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(2.0)
        self.picture.setPixmap(pixmap)
        self.picture.setToolTip(choice if not known else "")

    def _chosen(self, index: int) -> None:
        name = str(self.box.itemData(index))
        if name == COLOUR:
            name = self._ask_colour()
        elif name == PICTURE:
            name = self._ask_picture()
        self.show_choice(name or self._choice)

    def _ask_colour(self) -> str:
        first = QColor(self._choice if self._choice.startswith("#") else _FIRST)
        found = QColorDialog.getColor(first, self, self.tr("Which colour?"))
        return found.name() if found.isValid() else ""

    def _ask_picture(self) -> str:
        place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        start = place if place and Path(place).is_dir() else str(Path.home())
        kinds = self.tr("Pictures") + " (*.png *.jpg *.jpeg *.webp)"
        title = self.tr("Which picture?")
        return QFileDialog.getOpenFileName(self, title, start, kinds)[0]


class BackgroundChoice(CardChoice):
    """``choice`` is one of ``deepcam.pipeline.backdrop``."""

    def _plain(self) -> tuple[dict[str, str], str]:
        plain = {KEEP: self.tr("As it is"), BLUR: self.tr("Blurred")}
        return plain, self.tr("What is behind you")

    def _draw(self, choice: str) -> Image | None:
        return None if choice in self.plain else Card.parse(choice).draw(2 * WIDE, 2 * HIGH)
