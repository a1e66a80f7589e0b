"""What several windows need."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QComboBox, QWidget


def combo(choices: Mapping[str, str], name: str) -> QComboBox:
    """Values with their texts to choose from; ``name`` is spoken."""
    box = QComboBox()
    for value, text in choices.items():
        box.addItem(text, value)
    box.setAccessibleName(name)
    # Long names of cameras must not make the dialog wide.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(18)
    return box


def choose(box: QComboBox, value: str, text: str) -> None:
    """Select ``value``; added when it is not offered, such as a camera that is unplugged."""
    for index in range(box.count()):
        if box.itemData(index) == value:
            box.setCurrentIndex(index)
            return
    box.addItem(text, value)
    box.setCurrentIndex(box.count() - 1)


class _Room(QObject):
    def eventFilter(self, window: QObject, event: QEvent) -> bool:  # noqa: N802
        kinds = (QEvent.Type.Resize, QEvent.Type.LayoutRequest)
        if event.type() in kinds and isinstance(window, QWidget):
            layout = window.layout()
            if layout is not None:
                wanted = layout.minimumHeightForWidth(window.width())
                window.setMinimumHeight(max(wanted, layout.totalMinimumSize().height()))
        return False


def keep_room(window: QWidget) -> None:
    """``window`` never gets too low for its lines of text: Qt does not ask what wrapped ones need
    at the width that there is."""
    window.installEventFilter(_Room(window))
