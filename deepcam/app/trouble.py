"""What stands between a person and a working picture: one sentence and one button that helps."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from deepcam.app import glyphs
from deepcam.app.controller import PASSING
from deepcam.app.told import told
from deepcam.models.fetch import MISSING

Remedy = Literal[
    "camera", "other", "setup", "faces", "fetch", "writable", "again", "smaller", "full"
]
HINTS = frozenset({"setup", "smaller", "full"})
"""Remedies of what is no fault."""

PATIENCE = 3.0
"""Seconds that a camera may take to come (back) before anything is said."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong."""

    sentence: str
    remedy: Remedy
    other: str = ""
    """With the remedy "other": the camera that could be used instead."""


class Banner(QFrame):
    """Shows one ``Trouble``, or hides. ``wanted`` comes with its remedy when the button is used."""

    wanted = Signal(str)

    def __init__(self, clock: Callable[[], float] = clock.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._camera: tuple[str, float] = ("", 0.0)
        self._told: dict[Remedy, Trouble] = {}
        self._dismissed: set[Trouble] = set()
        self.shown: Trouble | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.icon = QLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        # It quotes names of cameras and files, which may look like markup.
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton()
        self.button.clicked.connect(self._use)
        self.away = QPushButton()
        self.away.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 10, 8)
        row.setSpacing(12)
        row.addWidget(self.icon)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        row.addWidget(self.away)
        self._retranslate()
        self.hide()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def tell(self, trouble: Trouble) -> None:
        """Something happened: it is shown until it is dismissed or its remedy was used."""
        self._told[trouble.remedy] = trouble
        self._dismissed.discard(trouble)

    def settle(self, remedy: Remedy) -> None:
        """What was told with this remedy is over."""
        self._told.pop(remedy, None)

    def watch(
        self, status: dict[str, Any], problem: str, lack: str, other: str = "", slow: str = ""
    ) -> bool:
        """Show what is wrong now; True when that is something new.

        ``status``: of the session; ``problem``: why none could be started; ``lack``: why calls
        cannot see the picture; ``other``: a camera that could be used instead; ``slow``: what to
        say of a computer that is; all '' when that is not so.
        """
        wrong = [*self._told.values(), *self._find(status, problem, lack, other)]
        reduced = str(status.get("slow") or "") if status.get("running") else ""
        if reduced:
            wrong.append(Trouble(reduced, "full"))  # last, and dismissed only once
        if slow and not wrong:
            wrong.append(Trouble(slow, "smaller"))
        # What was dismissed may be said again when it comes again.
        self._dismissed &= set(wrong)
        left = [trouble for trouble in wrong if trouble not in self._dismissed]
        return self._show(left[0] if left else None)

    def dismiss(self) -> None:
        """The person has read it."""
        if self.shown is not None:
            self._dismissed.add(self.shown)
            if self._told.get(self.shown.remedy) == self.shown:
                self.settle(self.shown.remedy)
            self._show(None)

    def busy(self, text: str) -> None:
        """The remedy is under way; '' when that is over."""
        self.button.setEnabled(not text)
        if text:
            self.text.setText(text)
        elif self.shown is not None:
            self.text.setText(told(self.shown.sentence))

    def _find(self, status: dict[str, Any], problem: str, lack: str, other: str) -> list[Trouble]:
        """The worst first."""
        found: list[Trouble] = []
        running, wrong = bool(status.get("running")), str(status.get("problem") or "")
        if problem:
            found.append(Trouble(problem, "again"))
        elif wrong and MISSING[0] in wrong:
            found.append(Trouble(MISSING[0], "fetch"))
        elif wrong and not running and lack:
            found.append(Trouble(wrong, "setup"))
        elif wrong:
            found.append(Trouble(wrong, "again"))
        camera = str(status.get("camera_problem") or "") if running and status.get("on") else ""
        camera = "" if camera in PASSING else camera
        if camera != self._camera[0]:
            since = self._camera[1] if camera and self._camera[0] else self._clock()
            self._camera = (camera, since)
        if camera and self._clock() - self._camera[1] >= PATIENCE:
            sentence = camera.rstrip(".") + "."
            found.append(Trouble(sentence, "other" if other else "camera", other))
        if lack and not found:
            found.append(Trouble(lack, "setup"))
        return found

    def _show(self, trouble: Trouble | None) -> bool:
        if trouble == self.shown:
            return False
        self.shown = trouble
        if trouble is not None:
            self.text.setText(told(trouble.sentence))
            self._dress(trouble)
            self.button.setEnabled(True)
        self.setVisible(trouble is not None)
        return trouble is not None

    def _retranslate(self) -> None:
        self.text.setAccessibleName(self.tr("What is wrong"))
        self.away.setText(self.tr("&Dismiss"))
        if self.shown is not None:
            self._dress(self.shown)

    def _dress(self, trouble: Trouble) -> None:
        """Icon and button."""
        hint = trouble.remedy in HINTS
        icon = glyphs.glyph("info" if hint else "warning", glyphs.ACCENT if hint else glyphs.ALARM)
        self.icon.setPixmap(icon.pixmap(26, 26))
        self.button.setText(self._words(trouble.remedy).format(trouble.other))

    def _words(self, remedy: Remedy) -> str:
        return {
            "camera": self.tr("&Choose another camera…"),
            "other": self.tr("Use {0} &instead"),
            "setup": self.tr("Set up the cam&era…"),
            "smaller": self.tr("Sma&ller picture"),
            "full": self.tr("&Full size"),
            "faces": self.tr("&Look at the faces…"),
            "fetch": self.tr("F&etch them now"),
            "writable": self.tr("Make it &writable"),
            "again": self.tr("&Try again"),
        }[remedy]

    def _use(self) -> None:
        if self.shown is not None:
            self.wanted.emit(self.shown.remedy)


def insert(banner: Banner, window: QWidget) -> None:
    """Above everything else in ``window``."""
    layout = window.layout()
    assert isinstance(layout, QVBoxLayout)
    layout.insertWidget(0, banner)
