"""The guide's second step: the virtual camera that calls see."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from deepcam import APP_NAME
from deepcam.app.guide_step import Step
from deepcam.app.outlook import Installer, Outlook, look
from deepcam.app.told import told
from deepcam.errors import DeepcamError
from deepcam.platform.system import System


class OutputStep(Step):
    """Says what is missing, shows what would be written, and does it. ``installed`` is called when
    there is a new device."""

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
        self.state = self.add_text()
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setAccessibleName(self.tr("State of the virtual camera"))
        self.plan_title = self.add_text(self.tr("This would be done as root, and nothing else:"))
        self.plan = QPlainTextEdit()
        self.plan.setReadOnly(True)
        self.plan.setFont(fixed)
        self.plan.setTabChangesFocus(True)
        self.plan.setAccessibleName(self.tr("What would be done as root"))
        self.column.addWidget(self.plan, 1)
        self.set_up = QPushButton(self.tr("Set it &up… (asks for the password)"))
        self.set_up.clicked.connect(self.install)
        self.again = QPushButton(self.tr("&Look again"))
        self.again.clicked.connect(self.enter)
        row = QHBoxLayout()
        row.addWidget(self.set_up)
        row.addWidget(self.again)
        row.addStretch()
        self.column.addLayout(row)
        self.command = QLineEdit()
        self.command.setReadOnly(True)
        self.command.setFont(fixed)
        self.command.setAccessibleName(self.tr("Command"))
        self.copy = QPushButton(self.tr("&Copy"))
        self.copy.setAccessibleName(self.tr("Copy the command"))
        self.copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText(self.command.text())
        )  # fmt: skip
        self.typed = QWidget()
        line = QHBoxLayout(self.typed)
        line.setContentsMargins(0, 0, 0, 0)
        self.typed_title = QLabel(self.tr("Or &in a terminal:"))
        self.typed_title.setBuddy(self.command)
        line.addWidget(self.typed_title)
        line.addWidget(self.command, 1)
        line.addWidget(self.copy)
        self.column.addWidget(self.typed)
        self.column.addStretch()
        self.start = self.set_up
        self._arrange()

    def enter(self) -> None:
        self._wait(self.tr("Looking for the virtual camera…"))
        self.background.run(self._look, self._show, self._failed)

    def install(self) -> None:
        """Let root do what is shown."""
        shown = self.outlook.plan
        self._wait(self.tr("Your system asks for the password now."))
        self.background.run(lambda: self._installer.install(shown), self._done, self._failed)

    def end(self, wait: bool) -> None:
        self._installer.end()
        super().end(wait)

    def _done(self, device: str) -> None:
        self._installed()
        self.said.emit(self.tr("The camera is set up: {0}.").format(device))
        self.enter()

    def _wait(self, text: str) -> None:
        self.state.setText(text)
        for button in (self.set_up, self.again):
            button.setEnabled(False)

    def _show(self, outlook: Outlook) -> None:
        self.outlook = outlook
        self.state.setText(self._sentence())
        self.plan.setPlainText("\n".join(outlook.plan))
        self.command.setText(outlook.command)
        self.command.setCursorPosition(0)
        self._arrange()

    def _failed(self, error: DeepcamError) -> None:
        self.said.emit(told(error))
        self.background.run(self._look, self._show, lambda again: self._show(Outlook()))

    def _arrange(self) -> None:
        """Only what is of use now."""
        now = self.outlook
        for widget in (self.plan_title, self.plan):
            widget.setVisible(bool(now.plan))
        self.set_up.setVisible(bool(now.plan) and not now.obstacle)
        self.typed.setVisible(bool(now.command) and (bool(now.plan) or bool(now.obstacle)))
        self.typed_title.setText(
            self.tr("&In a terminal:") if now.obstacle else self.tr("Or &in a terminal:")
        )
        for button in (self.set_up, self.again):
            button.setEnabled(True)

    def _sentence(self) -> str:
        now = self.outlook
        choose = self.tr("choose the camera “{0}” in your call program.").format(APP_NAME)
        if now.device and not now.plan:
            return self.tr("Ready: {0}").format(choose)
        if now.device:
            return self.tr(
                "Ready until the computer is restarted: {0} It can be made to stay."
            ).format(choose)
        parts = []
        if now.pipewire:
            parts.append(
                self.tr(
                    "Ready for programs that take cameras from PipeWire, such as new browsers and "
                    "OBS: {0} All other programs need a device of the system, which is missing."
                ).format(choose)
            )
        else:
            parts.append(
                self.tr(
                    "Call programs take pictures only from cameras, and the one that carries your "
                    "new face is missing on this computer."
                )
            )
        if now.obstacle:
            parts.append(told(now.obstacle))
        return "\n\n".join(parts)
