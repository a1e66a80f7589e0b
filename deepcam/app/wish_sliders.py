"""Sliders for what can be wished of a new face; each says "any" until it is wanted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QGroupBox, QLabel, QSlider, QWidget

from deepcam.identity.wish import Wish


class WishSliders(QGroupBox):
    """Three rows: name, "any" box, slider, value in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What should a new face look like?", parent)
        self._grid = QGridLayout(self)
        self._grid.setColumnStretch(2, 1)
        # The years are not shown: the model follows them only roughly.
        self.age = _Row(
            self, 0, "Apparent age", (20, 70), 35,
            lambda v: _word(2 * (v - 20), ("young", "rather young", "middle-aged", "older", "old")),
        )  # fmt: skip
        self.masculinity = _Row(
            self, 1, "Feminine to masculine", (0, 100), 50,
            lambda v: _word(v, ("feminine", "rather feminine", "in between", "rather masculine",
                                "masculine")),
        )  # fmt: skip
        self.tone = _Row(
            self, 2, "Skin tone, dark to light", (0, 100), 50,
            lambda v: _word(v, ("dark", "rather dark", "medium", "rather light", "light")),
        )  # fmt: skip

    def add(self, widget: QWidget) -> None:
        """Below the rows."""
        self._grid.addWidget(widget, self._grid.rowCount(), 0, 1, 4)

    def wish(self) -> Wish:
        """What is set now."""
        return Wish(
            self.age.value(),
            _share(self.masculinity.value()),
            _share(self.tone.value()),
        )


class _Row:
    def __init__(
        self,
        group: WishSliders,
        row: int,
        name: str,
        reach: tuple[int, int],
        start: int,
        words: Callable[[int], str],
    ) -> None:
        self._words = words
        title = QLabel(name)
        self.any = QCheckBox("Any")
        self.any.setChecked(True)
        self.any.setAccessibleName(f"{name}: any")
        self.any.setToolTip("Ticked: chance decides. Not ticked: the slider decides.")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(*reach)
        self.slider.setValue(start)
        self.slider.setPageStep(max(1, (reach[1] - reach[0]) // 8))
        self.slider.setMinimumWidth(120)
        self.slider.setAccessibleName(name)
        self.shown = QLabel()
        # As wide as the longest text, so that nothing jumps while sliding.
        longest = max((words(v) for v in range(reach[0], reach[1] + 1)), key=len)
        self.shown.setMinimumWidth(self.shown.fontMetrics().horizontalAdvance(longest + "  "))
        title.setBuddy(self.slider)
        for column, widget in enumerate((title, self.any, self.slider, self.shown)):
            group._grid.addWidget(widget, row, column)
        self.any.toggled.connect(self._show)
        self.slider.valueChanged.connect(self._show)
        self._show()

    def value(self) -> float | None:
        """The slider's value, None for any."""
        return None if self.any.isChecked() else float(self.slider.value())

    def _show(self) -> None:
        free = self.any.isChecked()
        self.slider.setEnabled(not free)
        text = "any" if free else self._words(self.slider.value())
        self.shown.setText(text)
        self.slider.setAccessibleDescription(text)


def _share(value: float | None) -> float | None:
    return None if value is None else value / 100.0


def _word(value: int, words: tuple[str, ...]) -> str:
    return words[min(value * len(words) // 101, len(words) - 1)]
