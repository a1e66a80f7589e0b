"""Fields of the settings that are made alike."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QComboBox


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
