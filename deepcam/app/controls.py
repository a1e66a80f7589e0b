"""Widgets that Qt lacks: a real switch, and the live picture with its note."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from deepcam.app.glyphs import ACCENT

NOTE = 2600
"""Milliseconds that a note stays on the picture."""


class Switch(QAbstractButton):
    """On to the right and in colour, off to the left and grey: also told apart without colour."""

    def __init__(self) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        high = max(28, round(1.7 * self.fontMetrics().height()))
        return QSize(round(1.85 * high), high)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        grey = self.palette().color(QPalette.ColorRole.Mid)
        track = ACCENT if self.isChecked() else grey
        if not self.isEnabled():
            track = QColor(track.red(), track.green(), track.blue(), 110)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(track)
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        side = area.height() - 6
        x = area.right() - side - 3 if self.isChecked() else area.left() + 3
        painter.setBrush(QColor("white"))
        painter.drawEllipse(QRectF(x, area.top() + 3, side, side))
        pen = QPen(QColor("white") if self.isChecked() else QColor("#3a3f46"), 1.8)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        centre = area.center()
        if self.isChecked():
            left = area.left() + 0.3 * area.width()
            painter.drawLine(
                QPointF(left, centre.y() - side / 5), QPointF(left, centre.y() + side / 5)
            )
        else:
            painter.drawEllipse(
                QPointF(area.left() + 0.72 * area.width(), centre.y()), side / 5, side / 5
            )
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 1.2))
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(0.6, 0.6, -0.6, -0.6),
                self.height() / 2,
                self.height() / 2,
            )


class LivePicture(QWidget):
    """The newest picture, as large as it goes, on a dark ground; notes pass over its foot.

    The ground keeps its place whatever is written elsewhere, so that nothing jumps.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(280, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._pixmap = QPixmap()
        self._text = self._note = self._corner = ""
        self._quiet = QTimer(self, singleShot=True, interval=NOTE)
        self._quiet.timeout.connect(lambda: self.note(""))

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(960, 540)

    def pixmap(self) -> QPixmap:
        """What is shown; null without a picture."""
        return self._pixmap

    def show_picture(self, pixmap: QPixmap) -> None:
        """Replace the picture; a null one shows ``say``'s text."""
        self._pixmap = pixmap
        self.update()

    def say(self, text: str) -> None:
        """What stands where there is no picture."""
        if text != self._text:
            self._text = text
            self.update()

    def note(self, text: str) -> None:
        """A few words over the picture, for a moment."""
        self._note = text
        if text:
            self._quiet.start()
        self.update()

    @property
    def noted(self) -> str:
        """The words over the picture now."""
        return self._note

    def label(self, text: str) -> None:
        """Words in the upper corner: which way round the picture is."""
        if text != self._corner:
            self._corner = text
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        whole = QRectF(self.rect())
        clip = QPainterPath()
        clip.addRoundedRect(whole, 10, 10)
        painter.setClipPath(clip)
        painter.fillRect(whole, QColor("#15171b"))
        shown = whole
        if self._pixmap.isNull():
            painter.setPen(QColor("#d7dae0"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(whole.adjusted(24, 12, -24, -12), int(flags), self._text)
        else:
            size = self._pixmap.size().scaled(
                self.rect().size(), Qt.AspectRatioMode.KeepAspectRatio
            )
            shown = QRectF(0, 0, size.width(), size.height())
            shown.moveCenter(whole.center())
            painter.drawPixmap(shown, self._pixmap, QRectF(self._pixmap.rect()))
        if self._corner and not self._pixmap.isNull():
            self._pill(painter, self._corner, shown, top=True)
        if self._note:
            self._pill(painter, self._note, shown, top=False)
        painter.end()

    def _pill(self, painter: QPainter, text: str, shown: QRectF, top: bool) -> None:
        font = QFont(self.font())
        if not top:
            font.setPointSizeF(1.15 * font.pointSizeF())
        painter.setFont(font)
        metrics = painter.fontMetrics()
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        room = QRectF(0, 0, max(shown.width() - 48, 48), max(shown.height() - 20, 20))
        needed = metrics.boundingRect(room.toRect(), flags, text)
        wide, high = needed.width() + 26.0, needed.height() + 10.0
        area = QRectF(0, 0, wide, high)
        if top:
            area.moveTopLeft(shown.topLeft() + QPointF(10, 10))
        else:
            area.moveCenter(QPointF(shown.center().x(), shown.bottom() - 14 - high / 2))
        round_by = min(high, metrics.height() + 10.0) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(16, 18, 22, 190))
        painter.drawRoundedRect(area, round_by, round_by)
        painter.setPen(QColor("white"))
        painter.drawText(area, flags, text)
