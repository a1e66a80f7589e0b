"""What the steps of the guide have in common."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from deepcam.app.background import Background


class Step(QWidget):
    """One page. ``said``: a sentence about what has just been done or has failed. ``changed``:
    ``ready`` may be another. ``finished``: all that the page is for is done."""

    said = Signal(str)
    changed = Signal()
    finished = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        # No focus proxy: with one, Tab leaves out what stands before it.
        self.start: QWidget = self
        """Gets the focus when the page is shown."""
        self.ready = True
        """False while what the page is for is still missing."""
        self.background = Background()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)

    def enter(self) -> None:
        """The page is shown."""

    def take(self, done: Callable[[], None], failed: Callable[[str], None]) -> None:
        """Do what was chosen; then one of the two is called, perhaps later."""
        done()

    def end(self, wait: bool) -> None:
        """Stop what runs in the background."""
        self.background.close(wait)

    def add_text(self, text: str = "") -> QLabel:
        """A paragraph at the end of the page."""
        label = QLabel(text)
        label.setWordWrap(True)
        self.column.addWidget(label)
        return label
