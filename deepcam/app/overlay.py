"""A few words and the new face over all other windows, for a moment: the answer to a hotkey."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QWidget

from deepcam.app import glyphs
from deepcam.frames import SafeFrame

STAYS = 2200
"""Milliseconds."""
_PICTURE = QSize(176, 99)


class Overlay(QWidget):
    """``newest`` gives the picture that others see; it goes on moving while the overlay stays. It
    never takes the focus and lets clicks through."""

    def __init__(self, newest: Callable[[], SafeFrame | None]) -> None:
        super().__init__(
            None,
            Qt.WindowType.ToolTip
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.WindowTransparentForInput
            | Qt.WindowType.WindowDoesNotAcceptFocus,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self._newest = newest
        self.text = ""
        self._alarm = False
        self._image = QImage()
        self._away = QTimer(self, singleShot=True, interval=STAYS)
        self._away.timeout.connect(self.hide)
        self._moves = QTimer(self, interval=100)
        self._moves.timeout.connect(self._take)

    def tell(self, text: str, alarm: bool = False) -> None:
        """Show ``text`` beside the picture; ``alarm``: beside a red mark."""
        self.text, self._alarm = text, alarm
        self.setAccessibleName(text)
        self._take()
        high = self.fontMetrics().height()
        wide = min(self.fontMetrics().horizontalAdvance(text), 360)
        lines = 1 + self.fontMetrics().horizontalAdvance(text) // 360
        picture = 0 if self._image.isNull() else _PICTURE.width() + 14
        self.resize(wide + picture + 74, max(_PICTURE.height() + 20, (lines + 2) * high))
        screen = QGuiApplication.primaryScreen()
        if screen is not None:
            free = screen.availableGeometry()
            self.move(free.center().x() - self.width() // 2, free.bottom() - self.height() - 48)
        self.show()
        self._away.start()
        self._moves.start()

    def _take(self) -> None:
        if self.isHidden() and self._moves.isActive():
            self._moves.stop()
            return
        frame = self._newest()
        if frame is None:
            self._image = QImage()
        else:
            h, w = frame.image.shape[:2]
            image = QImage(frame.image.tobytes(), w, h, 3 * w, QImage.Format.Format_BGR888)
            self._image = image.scaled(
                _PICTURE * self.devicePixelRatioF(),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(18, 20, 24, 235))
        painter.drawRoundedRect(QRectF(self.rect()), 14, 14)
        left = 12.0
        if not self._image.isNull():
            area = QRectF(left, 0, _PICTURE.width(), _PICTURE.height())
            area.moveCenter(QPointF(area.center().x(), self.height() / 2))
            clip = QPainterPath()
            clip.addRoundedRect(area, 8, 8)
            painter.setClipPath(clip)
            painter.drawImage(area, self._image)
            painter.setClipping(False)
            left = area.right() + 14
        corner = QPointF(left, self.height() / 2 - 11)
        name, colour = ("warning", "#ff6b60") if self._alarm else ("check", "#7fb0ff")
        glyphs.paint(painter, name, corner, 22, QColor(colour))
        painter.setPen(QColor("white"))
        text = QRectF(left + 32, 6, self.width() - left - 44, self.height() - 12)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(text, int(flags) | int(Qt.TextFlag.TextWordWrap), self.text)
        painter.end()
