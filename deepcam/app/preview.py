"""The window with the anonymized picture, mirrored like a mirror."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from deepcam.app import icons
from deepcam.app.controller import Controller
from deepcam.app.fields import keep_room
from deepcam.app.told import told
from deepcam.frames import SafeFrame

CALM = 500
"""Milliseconds between two pictures where motion shall be reduced."""


class Preview(QWidget):
    """Shows only what was sent: it has no way to the camera's own picture."""

    gallery_wanted = Signal()
    settings_wanted = Signal()

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self.setWindowTitle("DeepPrivacy Cam")
        self._mirror = True
        self._controller = controller
        self._status: dict[str, Any] = {}
        self._shown: SafeFrame | None = None
        self._pixmap = QPixmap()
        self.picture = QLabel(self.tr("The camera is starting."))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setMinimumSize(320, 180)
        self.picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.note = QLabel()
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.switch = QPushButton()
        self.switch.clicked.connect(controller.toggle)
        self.face = QPushButton()
        self.face.clicked.connect(controller.new_face)
        self.back = QPushButton()
        self.back.clicked.connect(controller.undo)
        self.gallery = QPushButton()
        self.gallery.clicked.connect(lambda: self.gallery_wanted.emit())
        self.settings = QPushButton()
        self.settings.clicked.connect(lambda: self.settings_wanted.emit())
        buttons = QHBoxLayout()
        for button in (self.switch, self.face, self.back):
            buttons.addWidget(button)
        buttons.addStretch()
        for button in (self.gallery, self.settings):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.addWidget(self.picture, 1)
        for label in (self.note, self.facts, self.message):
            column.addWidget(label)
        column.addLayout(buttons)
        keep_room(self)
        self.resize(720, 560)
        controller.said.connect(self.message.setText)
        self._frames = QTimer(self, interval=33)
        self._frames.timeout.connect(self.show_newest)
        self._frames.start()
        self._retranslate()
        self.set_view(mirror=True, calm=False)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self._name_view()
            self.show_status(self._status)
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self.facts.setAccessibleName(self.tr("State and measurements"))
        self.message.setAccessibleName(self.tr("Message"))
        self.switch.setText(self.tr("&Off"))
        self.face.setText(self.tr("&New face"))
        self.back.setText(self.tr("&Undo"))
        self.gallery.setText(self.tr("&Faces…"))
        self.settings.setText(self.tr("&Settings…"))
        for button, tip in (
            (self.switch, self.tr("The call sees the standby card; the camera is released.")),
            (
                self.face,
                self.tr("Somebody new; the present face stays until the new one is ready."),
            ),
            (self.back, self.tr("The face before this one.")),
            (self.gallery, self.tr("Look at saved faces, make new ones, choose one to wear.")),
            (self.settings, self.tr("Camera, picture, keys, start at login.")),
        ):
            button.setToolTip(tip)
            button.setAccessibleDescription(tip)

    def set_view(self, mirror: bool, calm: bool) -> None:
        """``mirror``: like a mirror, else as others see it. ``calm``: a picture now and then."""
        self._mirror, self._shown = mirror, None
        self._frames.setInterval(CALM if calm else 33)
        self._name_view()

    def _name_view(self) -> None:
        mirrored = self.tr("Mirrored view; others see it unmirrored.")
        self.note.setText(mirrored if self._mirror else self.tr("As others see it."))
        plain, mirrored = self.tr("Anonymized picture"), self.tr("Anonymized picture, mirrored")
        self.picture.setAccessibleName(mirrored if self._mirror else plain)

    def show_newest(self) -> None:
        """Draw the newest picture if it has not been drawn; idle while hidden."""
        frame = self._controller.newest
        if frame is None or frame is self._shown or not self.isVisible():
            return
        self._shown = frame
        height, width = frame.image.shape[:2]
        pixels = frame.image.tobytes()
        image = QImage(pixels, width, height, 3 * width, QImage.Format.Format_BGR888)
        # A card carries writing, which a mirror would make unreadable.
        plain = not self._mirror or frame.reason.value == "card"
        mirrored = image if plain else image.mirrored(True, False)
        self._pixmap = QPixmap.fromImage(mirrored)
        self._fit()

    def show_status(self, status: dict[str, Any]) -> None:
        """Write the facts of ``Session.status``."""
        self._status = status
        self.setWindowIcon(icons.icon(self._controller.state(status)))
        self.switch.setText(self.tr("&Off") if status.get("on") else self.tr("&On"))
        for button in (self.switch, self.face):
            button.setEnabled(bool(status.get("running")))
        self.back.setEnabled(self._controller.can_undo)
        self.facts.setText(describe(status, self._controller.problem))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if not self._pixmap.isNull():
            ratio = self.devicePixelRatioF()
            scaled = self._pixmap.scaled(
                self.picture.size() * ratio,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            scaled.setDevicePixelRatio(ratio)
            self.picture.setPixmap(scaled)


def describe(status: dict[str, Any], problem: str = "") -> str:
    """The state in words and numbers."""
    if not status.get("running"):
        return told(problem or status.get("problem") or "") or QCoreApplication.translate(
            "Preview", "The camera is not running."
        )
    measured = status.get("measured") or {}
    latency = measured.get("latency_ms") or {}
    parts = [
        QCoreApplication.translate("Preview", "On")
        if status.get("on")
        else QCoreApplication.translate("Preview", "Off: the standby card is shown"),
        QCoreApplication.translate(
            "Preview", "%n frames/s", None, round(measured.get("fps_fresh", 0))
        ),
    ]
    if latency:
        parts.append(
            QCoreApplication.translate("Preview", "%n ms latency", None, round(latency["p50"]))
        )
    faces = QCoreApplication.translate("Preview", "{0} generated, {1} covered")
    parts.append(faces.format(status.get("generated", 0), status.get("covered", 0)))
    if status.get("provider"):
        reason = status.get("provider_reason")
        parts.append(f"{status['provider']} ({reason})" if reason else str(status["provider"]))
    trouble = problem or status.get("problem") or status.get("detail") or ""
    return " · ".join(parts) + (f"\n{told(trouble)}" if trouble else "")
