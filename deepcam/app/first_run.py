"""The guide of the first start: what this is, camera, virtual camera, and the choice in the call.
Each step can be left out, and the session runs behind it all the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from deepcam.app.controller import Controller
from deepcam.app.fields import keep_room
from deepcam.app.guide_call import CallStep
from deepcam.app.guide_camera import CameraStep
from deepcam.app.guide_output import OutputStep
from deepcam.app.guide_step import Step
from deepcam.app.guide_welcome import WelcomeStep
from deepcam.app.settings import Settings, SettingsFile

WELCOME, CAMERA, OUTPUT, CALL = range(4)
"""Numbers of the steps."""


class Guide(QDialog):
    """``changed``: the settings are others now. Ending it in any way marks it as seen; call
    ``end`` afterwards."""

    changed = Signal()

    def __init__(
        self,
        controller: Controller,
        store: SettingsFile,
        keep: Callable[[Settings], bool],
        cameras: Callable[[], list[str]],
        parent: QWidget | None = None,
        steps: Sequence[Step] | None = None,
        viewers: Callable[[], list[str]] = list,
    ) -> None:
        """``keep``: saves settings, False when that failed. ``cameras``: their names. ``viewers``:
        names of the programs that look at the camera now."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Welcome: DeepPrivacy Cam"))
        self._store, self._keep = store, keep
        self._ended = False
        self.steps: Sequence[Step] = steps or (
            WelcomeStep(),
            CameraStep(controller, cameras),
            OutputStep(controller.restart),
            CallStep(viewers),
        )
        self.place, self.heading = QLabel(), QLabel()
        font = self.heading.font()
        font.setBold(True)
        font.setPointSizeF(1.4 * font.pointSizeF())
        self.heading.setFont(font)
        self.pages = QStackedWidget()
        for step in self.steps:
            self.pages.addWidget(step)
            step.said.connect(self._say)
            step.changed.connect(self._show_buttons)
            step.finished.connect(self._on)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setAccessibleName(self.tr("Message"))
        self.skip = QPushButton()
        self.back = QPushButton(self.tr("&Back"))
        self.next = QPushButton()
        self.next.setDefault(True)
        for button in (self.skip, self.back):
            button.setAutoDefault(False)
        self.skip.clicked.connect(self._on)
        self.back.clicked.connect(lambda: self.show_step(self.pages.currentIndex() - 1))
        self.next.clicked.connect(self._take)
        self._arrange()
        self.show_step(WELCOME)

    def show_step(self, number: int) -> None:
        """Turn to a step."""
        self.pages.setCurrentIndex(number)
        step, last = self.steps[number], number == len(self.steps) - 1
        self.place.setText(self.tr("Step {0} of {1}").format(number + 1, len(self.steps)))
        self.heading.setText(step.title)
        self.message.clear()
        self.next.setText(self.tr("&Done") if last else self.tr("&Next"))
        self._show_buttons()
        self._lock(False)
        step.enter()
        (self.next if step.start is step else step.start).setFocus()

    def _show_buttons(self) -> None:
        """What is still missing is never passed with "Next"."""
        number = self.pages.currentIndex()
        last, ready = number == len(self.steps) - 1, self.steps[number].ready
        self.back.setVisible(number > 0)
        self.next.setVisible(ready)
        self.next.setDefault(ready)
        self.skip.setVisible(number > 0 and not last)
        self.skip.setText(self.tr("&Skip this step") if ready else self.tr("Go on &without it"))

    def done(self, result: int) -> None:
        """Finished, closed or left with Escape: the next start comes without it."""
        if not (self._ended or self._store.now.first_run_done):
            self._keep(replace(self._store.now, first_run_done=True))
        super().done(result)

    def end(self, wait: bool = True) -> None:
        """Stop the background work; without ``wait``, what runs ends later, and ``end`` must be
        called again. A guide that is closed afterwards comes again at the next start."""
        self._ended = True
        for step in self.steps:
            step.end(wait)

    def _take(self) -> None:
        self.message.clear()
        self._lock(True)
        self.steps[self.pages.currentIndex()].take(self._taken, self._failed)

    def _taken(self) -> None:
        self._lock(False)
        self.changed.emit()
        self._on()

    def _on(self) -> None:
        number = self.pages.currentIndex()
        if number == len(self.steps) - 1:
            self.accept()
        else:
            self.show_step(number + 1)

    def _failed(self, why: str) -> None:
        self._lock(False)
        self._say(why)

    def _say(self, text: str) -> None:
        self.message.setText(text)

    def _lock(self, locked: bool) -> None:
        for button in (self.skip, self.next):
            button.setEnabled(not locked)
        self.back.setEnabled(not locked and self.pages.currentIndex() > 0)

    def _arrange(self) -> None:
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Sunken)
        buttons = QHBoxLayout()
        buttons.addWidget(self.skip)
        buttons.addStretch()
        buttons.addWidget(self.back)
        buttons.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(10)
        column.addWidget(self.place)
        column.addWidget(self.heading)
        column.addWidget(self.pages, 1)
        column.addWidget(self.message)
        column.addWidget(line)
        column.addLayout(buttons)
        keep_room(self)
        self.resize(640, 520)
