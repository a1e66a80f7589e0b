"""The guide's page about the virtual camera: one button makes it, or it says what to do instead."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from deepcam import APP_NAME
from deepcam.app import glyphs
from deepcam.app.guide_step import Step
from deepcam.app.outlook import Installer, Outlook, look
from deepcam.app.told import told
from deepcam.errors import DeepcamError
from deepcam.platform.system import System


class OutputStep(Step):
    """Says what is missing and does it with one button. ``installed`` is called when there is a new
    device; what root would do, and the command for experts, stand behind "Details"."""

    def __init__(
        self,
        installed: Callable[[], None],
        look: Callable[[], Outlook] = lambda: look(System()),
        installer: Installer | None = None,
    ) -> None:
        super().__init__("")
        self.title = self.tr("The camera that your calls see")
        self._installed, self._look = installed, look
        self._installer = installer or Installer(System())
        self.outlook = Outlook()
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.column.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(14)
        self.icon = QLabel()
        self.icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setAccessibleName(self.tr("State of the virtual camera"))
        head.addWidget(self.icon)
        head.addWidget(self.state, 1)
        self.column.addLayout(head)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress"))
        self.progress.hide()
        self.column.addWidget(self.progress)
        self.set_up = QPushButton(self.tr("Set &up the camera"))
        self.set_up.setMinimumHeight(40)
        self.set_up.setToolTip(self.tr("Your system asks for the password."))
        self.set_up.clicked.connect(self.install)
        self.again = QPushButton(self.tr("&Look again"))
        self.again.clicked.connect(self.enter)
        self.more = QToolButton()
        self.more.setText(self.tr("&Details"))
        self.more.setCheckable(True)
        self.more.setAutoRaise(True)
        self.more.toggled.connect(self._arrange)
        row = QHBoxLayout()
        row.addWidget(self.set_up)
        row.addWidget(self.again)
        row.addStretch()
        row.addWidget(self.more)
        self.column.addLayout(row)
        self.plan_title = self.add_text(self.tr("This would be done as root, and nothing else:"))
        self.plan = QPlainTextEdit()
        self.plan.setReadOnly(True)
        self.plan.setFont(fixed)
        self.plan.setTabChangesFocus(True)
        self.plan.setAccessibleName(self.tr("What would be done as root"))
        self.column.addWidget(self.plan, 1)
        self.typed = QWidget()
        column = QVBoxLayout(self.typed)
        column.setContentsMargins(0, 0, 0, 0)
        self.typed_title = QLabel()
        self.typed_title.setWordWrap(True)
        line = QHBoxLayout()
        # A text that wraps: a command that is cut off helps nobody.
        self.command = QLabel()
        self.command.setWordWrap(True)
        self.command.setFont(fixed)
        self.command.setTextFormat(Qt.TextFormat.PlainText)
        self.command.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.command.setAccessibleName(self.tr("Command"))
        self.copy = QPushButton(self.tr("&Copy"))
        self.copy.setAccessibleName(self.tr("Copy the command"))
        self.copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText(self.command.text())
        )  # fmt: skip
        line.addWidget(self.command, 1)
        line.addWidget(self.copy)
        column.addWidget(self.typed_title)
        column.addLayout(line)
        self.column.addWidget(self.typed)
        self.column.addStretch()
        self.start = self.set_up
        self._arrange()

    def enter(self) -> None:
        self._wait(self.tr("Looking for the virtual camera…"))
        self.background.run(self._look, self._show, self._failed)

    def install(self) -> None:
        """Let root do what is planned."""
        shown = self.outlook.plan
        packages = any("install v4l2loopback" in line for line in shown)
        text = self.tr("Your system asks for the password now.")
        if packages:
            text += " " + self.tr("Then a part of the system is installed: one to three minutes.")
        self._wait(text)
        self.progress.show()
        self.background.run(lambda: self._installer.install(shown), self._done, self._failed)

    def end(self, wait: bool) -> None:
        self._installer.end()
        super().end(wait)

    def _done(self, device: str) -> None:
        self.progress.hide()
        self._installed()
        self.said.emit(self.tr("The camera is set up."))
        self.enter()
        self.finished.emit()

    def _wait(self, text: str) -> None:
        self.state.setText(text)
        for button in (self.set_up, self.again):
            button.setEnabled(False)

    def _show(self, outlook: Outlook) -> None:
        self.outlook = outlook
        self.state.setText(self._sentence())
        self.plan.setPlainText("\n".join(outlook.plan))
        self.command.setText(outlook.command)
        self._arrange()

    def _failed(self, error: DeepcamError) -> None:
        self.progress.hide()
        self.said.emit(told(error))
        self.background.run(self._look, self._show, lambda again: self._show(Outlook()))

    def _arrange(self) -> None:
        """Only what is of use now."""
        now = self.outlook
        ready = bool(now.device) and not now.plan
        self.ready = bool(now.device) or now.pipewire
        self.changed.emit()
        self.icon.setPixmap(
            glyphs.glyph("check" if ready else "camera", glyphs.ACCENT if ready else None).pixmap(
                32, 32
            )
        )
        details = self.more.isChecked()
        stuck = bool(now.obstacle)
        for widget in (self.plan_title, self.plan):
            widget.setVisible(bool(now.plan) and details)
        self.set_up.setVisible(bool(now.plan) and not stuck)
        self.again.setVisible(not self.set_up.isVisible() and not ready)
        self.more.setVisible(bool(now.plan) or (stuck and bool(now.command)))
        self.typed.setVisible(bool(now.command) and (bool(now.plan) or stuck) and details)
        self.typed_title.setText(
            self.tr("Whoever looks after this computer can type this in a terminal:")
            if stuck
            else self.tr("Or in a terminal:")
        )
        for button in (self.set_up, self.again):
            button.setEnabled(True)

    def _sentence(self) -> str:
        now = self.outlook
        if now.device and not now.plan:
            return self.tr("Ready: calls find a camera called “{0}”.").format(APP_NAME)
        if now.device:
            return self.tr(
                "Ready until the computer is restarted. One click makes the camera stay."
            )
        parts = []
        if now.pipewire:
            parts.append(
                self.tr(
                    "New browsers and OBS find “{0}” already (through PipeWire). Zoom, Teams and "
                    "other programs need a camera of the system, which is missing."
                ).format(APP_NAME)
            )
        else:
            parts.append(
                self.tr(
                    "Call programs take pictures only from cameras. The one that carries your new "
                    "face is missing on this computer."
                )
            )
        if now.obstacle:
            parts.append(told(now.obstacle))
            if now.command and not now.pipewire:
                parts.append(
                    self.tr(
                        "It cannot be made from here. “Details” shows what to do instead; until "
                        "then this window shows what others would see."
                    )
                )
        else:
            parts.append(self.tr("One click makes it. Your system asks for the password once."))
        return "\n\n".join(parts)
