"""Sliders for what can be wished of a new face; each says "any" until it is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSlider, QWidget

from deepcam.identity.model import AGE_RANGE
from deepcam.identity.wish import Wish


class WishSliders(QWidget):
    """Three rows: name, "any" box, slider, value in words. ``changed``: the wish is another."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(2, 1)
        self.age = _Row(self, 0, (round(AGE_RANGE[0]), round(AGE_RANGE[1])), 35)
        self.masculinity = _Row(self, 1, (0, 100), 50)
        self.tone = _Row(self, 2, (0, 100), 50)
        self._retranslate()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        words = (
            (
                self.age, self.tr("Apparent age"), self.tr("young"), self.tr("rather young"),
                self.tr("middle-aged"), self.tr("older"), self.tr("old"),
            ),
            (
                self.masculinity, self.tr("Feminine to masculine"), self.tr("feminine"),
                self.tr("rather feminine"), self.tr("in between"), self.tr("rather masculine"),
                self.tr("masculine"),
            ),
            (
                self.tone, self.tr("Skin tone, dark to light"), self.tr("dark"),
                self.tr("rather dark"), self.tr("medium"), self.tr("rather light"),
                self.tr("light"),
            ),
        )  # fmt: skip
        tip = self.tr("Ticked: chance decides. Not ticked: the slider decides.")
        free = self.tr("any"), self.tr("Any"), self.tr("{0}: any")
        for row, name, *steps in words:
            row.name_it(name, steps, free, tip)

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
        reach: tuple[int, int],
        start: int,
    ) -> None:
        self._steps: Sequence[str] = ()
        self._free = ""
        self.title = QLabel()
        self.any = QCheckBox()
        self.any.setChecked(True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(*reach)
        self.slider.setValue(start)
        self.slider.setPageStep(max(1, (reach[1] - reach[0]) // 8))
        self.slider.setMinimumWidth(110)
        self.shown = QLabel()
        self.title.setBuddy(self.slider)
        for column, widget in enumerate((self.title, self.any, self.slider, self.shown)):
            group._grid.addWidget(widget, row, column)
        self.any.toggled.connect(self._show)
        self.any.toggled.connect(lambda *_: group.changed.emit())
        self.slider.valueChanged.connect(self._moved)
        self._group = group

    def name_it(
        self, name: str, steps: Sequence[str], free: tuple[str, str, str], tip: str
    ) -> None:
        """``steps``: words for the values, low to high; ``free``: any as a value, as a box, and
        beside a name."""
        self._steps, self._free = steps, free[0]
        self.title.setText(name)
        self.any.setText(free[1])
        self.any.setAccessibleName(free[2].format(name))
        self.any.setToolTip(tip)
        self.slider.setAccessibleName(name)
        # As wide as the longest text, so that nothing jumps while sliding.
        metrics = self.shown.fontMetrics()
        widest = max(metrics.horizontalAdvance(text + "  ") for text in (*steps, free[0]))
        self.shown.setMinimumWidth(widest)
        self._show()

    def value(self) -> float | None:
        """The slider's value, None for any."""
        return None if self.any.isChecked() else float(self.slider.value())

    def _moved(self) -> None:
        # Whoever moves it wants what it says.
        if self.any.isChecked():
            self.any.setChecked(False)
        else:
            self._show()
            self._group.changed.emit()

    def _show(self) -> None:
        free = self.any.isChecked()
        low, high = self.slider.minimum(), self.slider.maximum()
        step = (self.slider.value() - low) * len(self._steps) // (high - low + 1)
        text = self._free if free else self._steps[step]
        self.shown.setText(text)
        self.slider.setAccessibleDescription(text)


def _share(value: float | None) -> float | None:
    return None if value is None else value / 100.0
