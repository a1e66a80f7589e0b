"""Icons drawn in code: each state has a shape and a colour of its own."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

State = Literal["protected", "standby", "fault"]
SIZES = (16, 22, 24, 32, 48, 64, 128)


def icon(state: State) -> QIcon:
    """The icon of a state: green disc with a tick, grey square with bars, red triangle with a
    mark."""
    made = QIcon()
    for size in SIZES:
        made.addPixmap(draw(state, size))
    return made


def draw(state: State, size: int) -> QPixmap:
    """One square picture with a transparent ground, ``size`` pixels wide."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 64, size / 64)
    painter.setPen(QPen(QColor("white"), 3))
    stroke = QPen(QColor("white"), 8)
    stroke.setCapStyle(Qt.PenCapStyle.RoundCap)
    stroke.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if state == "protected":
        painter.setBrush(QColor("#1b7f3b"))
        painter.drawEllipse(QRectF(3, 3, 58, 58))
        painter.setPen(stroke)
        painter.drawPolyline(QPolygonF([QPointF(18, 33), QPointF(28, 44), QPointF(46, 21)]))
    elif state == "standby":
        painter.setBrush(QColor("#5f6672"))
        painter.drawRect(QRectF(5, 5, 54, 54))
        painter.setPen(stroke)
        painter.drawLine(QPointF(24, 20), QPointF(24, 44))
        painter.drawLine(QPointF(40, 20), QPointF(40, 44))
    else:
        painter.setBrush(QColor("#b3261e"))
        painter.drawPolygon(QPolygonF([QPointF(32, 3), QPointF(62, 60), QPointF(2, 60)]))
        painter.setPen(stroke)
        painter.drawLine(QPointF(32, 23), QPointF(32, 40))
        painter.drawPoint(QPointF(32, 52))
    painter.end()
    return pixmap
