"""The window with the anonymized picture, mirrored like a mirror."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from deepcam.app import icons
from deepcam.app.controller import Controller
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
        self._shown: SafeFrame | None = None
        self._pixmap = QPixmap()
        self.picture = QLabel("The camera is starting.")
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setMinimumSize(320, 180)
        self.picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.picture.setAccessibleName("Anonymized picture, mirrored")
        self.note = QLabel()
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setAccessibleName("State and measurements")
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setAccessibleName("Message")
        self.switch = QPushButton("&Off")
        self.switch.setToolTip("The call sees the standby card; the camera is released.")
        self.switch.clicked.connect(controller.toggle)
        self.face = QPushButton("&New face")
        self.face.setToolTip("Somebody new; the present face stays until the new one is ready.")
        self.face.clicked.connect(controller.new_face)
        self.back = QPushButton("&Undo")
        self.back.setToolTip("The face before this one.")
        self.back.clicked.connect(controller.undo)
        self.gallery = QPushButton("&Faces…")
        self.gallery.setToolTip("Look at saved faces, make new ones, choose one to wear.")
        self.gallery.clicked.connect(lambda: self.gallery_wanted.emit())
        self.settings = QPushButton("&Settings…")
        self.settings.setToolTip("Camera, picture, keys, start at login.")
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
        self.resize(720, 560)
        controller.said.connect(self.message.setText)
        self._frames = QTimer(self, interval=33)
        self._frames.timeout.connect(self.show_newest)
        self._frames.start()
        self.set_view(mirror=True, calm=False)

    def set_view(self, mirror: bool, calm: bool) -> None:
        """``mirror``: like a mirror, else as others see it. ``calm``: a picture now and then."""
        self._mirror, self._shown = mirror, None
        self._frames.setInterval(CALM if calm else 33)
        self.note.setText(
            "Mirrored view; others see it unmirrored." if mirror else "As others see it."
        )
        self.picture.setAccessibleName("Anonymized picture" + (", mirrored" if mirror else ""))

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
        self.setWindowIcon(icons.icon(self._controller.state(status)))
        self.switch.setText("&Off" if status.get("on") else "&On")
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
        return problem or status.get("problem") or "The camera is not running."
    measured = status.get("measured") or {}
    latency = measured.get("latency_ms") or {}
    parts = [
        "On" if status.get("on") else "Off: the standby card is shown",
        f"{measured.get('fps_fresh', 0):.0f} frames/s",
    ]
    if latency:
        parts.append(f"{latency['p50']:.0f} ms latency")
    parts.append(f"{status.get('generated', 0)} generated, {status.get('covered', 0)} covered")
    if status.get("provider"):
        reason = status.get("provider_reason")
        parts.append(f"{status['provider']} ({reason})" if reason else str(status["provider"]))
    trouble = problem or status.get("problem") or status.get("detail") or ""
    return " · ".join(parts) + (f"\n{trouble}" if trouble else "")
