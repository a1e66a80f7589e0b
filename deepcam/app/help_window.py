"""Help, a look at this computer, a report for helpers, and about: four pages of one window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QStandardPaths, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from deepcam import APP_NAME, __version__
from deepcam.app import glyphs
from deepcam.app.background import Background
from deepcam.app.guide_welcome import hidden, not_hidden
from deepcam.app.hotkeys import shown, title
from deepcam.app.told import told
from deepcam.doctor import Finding, State, examine
from deepcam.errors import DeepcamError

PAGES = ("help", "doctor", "report", "about")


class HelpWindow(QDialog):
    """``facts`` makes the report's text of the doctor's findings; ``keys``: action to the keys that
    work."""

    def __init__(
        self,
        facts: Callable[[list[Finding]], str],
        keys: Mapping[str, str],
        parent: QWidget | None = None,
        examine: Callable[[], list[Finding]] = examine,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Help: DeepPrivacy Cam"))
        self._facts, self._examine = facts, examine
        self._background = Background()
        self.findings: list[Finding] = []
        self.tabs = QTabWidget()
        self.tabs.tabBar().setAccessibleName(self.tr("Pages"))
        self.tabs.addTab(self._help(keys), self.tr("&Help"))
        self.tabs.addTab(self._doctor(), self.tr("&This computer"))
        self.tabs.addTab(self._report(), self.tr("&Report a problem"))
        self.tabs.addTab(self._about(), self.tr("&About"))
        self.tabs.currentChanged.connect(self._turned)
        column = QVBoxLayout(self)
        column.addWidget(self.tabs)
        QShortcut(QKeySequence("Escape"), self, self.close)
        self.setMinimumSize(540, 400)
        self.resize(640, 520)

    def show_page(self, name: str) -> None:
        """Turn to one of ``PAGES``."""
        self.tabs.setCurrentIndex(PAGES.index(name))
        self._turned(self.tabs.currentIndex())

    def done(self, result: int) -> None:
        """Also stops what runs behind it."""
        self._background.close(wait=False)
        super().done(result)

    def look(self) -> None:
        """Examine this computer; takes a few seconds."""
        self.again.setEnabled(False)
        self.verdict.setText(self.tr("Looking at this computer…"))
        self._background.run(self._examine, self._have, self._failed)

    # Pages

    def _help(self, keys: Mapping[str, str]) -> QWidget:
        texts = [
            (
                self.tr("In a call"),
                self.tr(
                    "Choose the camera “{0}” in your call program. Others see you move and speak "
                    "with the face that this window shows. The switch shows them a standby card "
                    "instead and lets your camera go."
                ).format(APP_NAME),
            ),
            (
                self.tr("Faces"),
                self.tr(
                    "Click on somebody in the strip to wear that face; the arrow keys walk along. "
                    "The heart keeps a face. A face that you keep is a pseudonym: whoever sees it "
                    "twice can link both calls."
                ),
            ),
            (
                self.tr("When your face is lost from view"),
                self.tr(
                    "A plain grey cover or the standby card is shown until you are seen well again."
                ),
            ),
            (self.tr("Hidden"), hidden()),
            (self.tr("Not hidden"), not_hidden()),
        ]
        told_keys = [f"{shown(text)}: {title(action)}" for action, text in keys.items() if text]
        none = self.tr("This desktop gives no keys; the tray's menu does the same.")
        texts.append((self.tr("Keys in every program"), "\n".join(told_keys) or none))
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(4)
        for heading, text in texts:
            column.addWidget(_heading(heading))
            column.addWidget(_paragraph(text))
            column.addSpacing(8)
        column.addStretch()
        area = QScrollArea()
        area.setAccessibleName(self.tr("How it works"))
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        return area

    def _doctor(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        self.verdict = _heading("")
        self.verdict.setAccessibleName(self.tr("Result"))
        self.rows = QVBoxLayout()
        inner = QWidget()
        inner.setLayout(self.rows)
        area = QScrollArea()
        area.setAccessibleName(self.tr("What was found"))
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.again = QPushButton(self.tr("&Look again"))
        self.again.clicked.connect(self.look)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.again)
        column.addWidget(self.verdict)
        column.addWidget(area, 1)
        column.addLayout(row)
        return page

    def _report(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addWidget(
            _paragraph(
                self.tr(
                    "These facts help whoever looks into a problem. They hold no picture and no "
                    "name of a face or camera, and nothing is sent: you decide who gets them."
                )
            )
        )
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setAccessibleName(self.tr("The report"))
        self.copy, self.save = QPushButton(self.tr("&Copy")), QPushButton(self.tr("&Save as…"))
        self.copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText(self.text.toPlainText())
        )
        self.save.clicked.connect(self._save)
        self.saved = _paragraph("")
        row = QHBoxLayout()
        row.addWidget(self.saved, 1)
        row.addWidget(self.copy)
        row.addWidget(self.save)
        column.addWidget(self.text, 1)
        column.addLayout(row)
        return page

    def _about(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addWidget(_heading(f"{APP_NAME} {__version__}"))
        column.addWidget(
            _paragraph(
                self.tr(
                    "A virtual camera that shows the face of somebody who does not exist. All is "
                    "computed on this computer; no picture leaves it but the one that calls see, "
                    "and nothing is counted or reported."
                )
            )
        )
        column.addWidget(
            _paragraph(
                self.tr(
                    "Free software under the MIT License; its windows are made with Qt (LGPL 3)."
                )
            )
        )
        column.addStretch()
        return page

    # Inside

    def _turned(self, number: int) -> None:
        if PAGES[number] in ("doctor", "report") and not self.findings:
            self.look()
        if PAGES[number] == "report":
            self._write()

    def _write(self) -> None:
        waiting = self.tr("Looking at this computer…")
        self.text.setPlainText(self._facts(self.findings) if self.findings else waiting)

    def _have(self, findings: list[Finding]) -> None:
        self.findings = findings
        self.again.setEnabled(True)
        while self.rows.count():
            item = self.rows.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.deleteLater()
        bad = sum(finding.state is State.FAIL for finding in findings)
        self.verdict.setText(
            self.tr("%n thing(s) keep the camera from working.", "", bad)
            if bad
            else self.tr("The camera can work here.")
        )
        for finding in sorted(findings, key=lambda f: _ORDER[f.state]):
            self.rows.addWidget(_Row(finding))
        self.rows.addStretch()
        self._write()

    def _failed(self, error: DeepcamError) -> None:
        self.again.setEnabled(True)
        self.verdict.setText(told(error))

    def _save(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        name = str(Path(folder or str(Path.home())) / "deepprivacy-cam-report.txt")
        target = QFileDialog.getSaveFileName(self, self.tr("Save the report"), name, "*.txt")[0]
        if not target:
            return
        try:
            Path(target).write_text(self.text.toPlainText(), "utf-8")
        except OSError as error:
            why = error.strerror or type(error).__name__
            self.saved.setText(self.tr("It could not be saved ({0}).").format(why))
        else:
            self.saved.setText(self.tr("Saved: {0}").format(target))


_ORDER = {State.FAIL: 0, State.WARN: 1, State.OK: 2}


class _Row(QWidget):
    """One finding: mark, sentence, what to type."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        name, colour = {
            State.OK: ("check", glyphs.ACCENT),
            State.WARN: ("info", None),
            State.FAIL: ("warning", glyphs.ALARM),
        }[finding.state]
        icon = QLabel()
        icon.setPixmap(glyphs.glyph(name, colour).pixmap(20, 20))
        icon.setAccessibleName(
            {
                State.OK: QCoreApplication.translate("HelpWindow", "good"),
                State.WARN: QCoreApplication.translate("HelpWindow", "not perfect"),
                State.FAIL: QCoreApplication.translate("HelpWindow", "does not work"),
            }[finding.state]
        )
        icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.addWidget(icon)
        words = QVBoxLayout()
        words.addWidget(_paragraph(told(finding.reason)))
        if finding.command and finding.state is not State.OK:
            command = _paragraph(finding.command)
            command.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
            words.addWidget(command)
        row.addLayout(words, 1)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    label.setWordWrap(True)
    return label


def _paragraph(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
