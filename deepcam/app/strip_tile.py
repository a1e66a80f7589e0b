"""How one face in the strip is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen, QPixmap
from PySide6.QtWidgets import (
    QListWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from deepcam.app import glyphs
from deepcam.app.glyphs import ACCENT

SIDE = 104
"""Pixels of a picture in the strip."""
FACE, STATE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
"""Roles of an item: the face, and (worn now, kept)."""


class Tile(QStyledItemDelegate):
    """``picture`` gives that of a face, or None while there is none."""

    def __init__(self, list: QListWidget, picture: Callable[[str | int], QPixmap | None]) -> None:
        super().__init__(list)
        self._list, self._picture = list, picture

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return tile_size(self._list)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        face = index.data(FACE)
        on, kept = index.data(STATE) or (False, False)
        state: Any = option.state  # type: ignore[attr-defined]
        area = QRectF(option.rect)  # type: ignore[attr-defined]
        palette = self._list.palette()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        square = picture_area(area)
        clip = QPainterPath()
        clip.addRoundedRect(square, 10, 10)
        picture = self._picture(face)
        painter.setClipPath(clip)
        _draw(painter, picture, square, palette)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if on:
            painter.setPen(QPen(ACCENT, 3.5))
            painter.drawRoundedRect(square, 10, 10)
            badge = QRectF(square.left() + 5, square.bottom() - 25, 20, 20)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ACCENT)
            painter.drawEllipse(badge)
            corner = badge.topLeft() + QPointF(3, 3)
            glyphs.paint(painter, "check", corner, 14, QColor("white"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid), 2))
            painter.drawRoundedRect(square, 10, 10)
        if state & QStyle.StateFlag.State_HasFocus and self._list.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), 1.4))
            painter.drawRoundedRect(square.adjusted(-3, -3, 3, 3), 12, 12)
        if kept or on or state & QStyle.StateFlag.State_MouseOver:
            heart = heart_area(area)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(16, 18, 22, 150))
            painter.drawEllipse(heart)
            corner = heart.topLeft() + QPointF(4, 4.5)
            glyphs.paint(painter, "heart", corner, heart.width() - 8, QColor("white"), kept)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        text = QRectF(area)
        text.setTop(square.bottom() + 3)
        name = painter.fontMetrics().elidedText(
            index.data(Qt.ItemDataRole.DisplayRole) or "",
            Qt.TextElideMode.ElideRight,
            round(area.width()) - 4,
        )
        painter.drawText(text, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop), name)
        painter.restore()


def tile_size(widget: QWidget) -> QSize:
    """Of one face with its name."""
    return QSize(SIDE + 14, SIDE + 12 + round(1.3 * widget.fontMetrics().height()))


def picture_area(tile: QRectF) -> QRectF:
    """Where the picture lies in a tile."""
    return QRectF(tile.center().x() - SIDE / 2, tile.top() + 5, SIDE, SIDE)


def heart_area(tile: QRectF) -> QRectF:
    """Where the heart lies in a tile."""
    square = picture_area(tile)
    return QRectF(square.right() - 28, square.top() + 4, 24, 24)


def _draw(painter: QPainter, picture: QPixmap | None, square: QRectF, palette: QPalette) -> None:
    if picture is not None:
        painter.drawPixmap(square, picture, QRectF(picture.rect()))
        return
    ground = palette.color(QPalette.ColorRole.Mid)
    painter.fillRect(square, QColor(ground.red(), ground.green(), ground.blue(), 70))
    side = 44.0
    corner = square.center() - QPointF(side / 2, side / 2)
    shade = palette.color(QPalette.ColorRole.Mid)
    glyphs.paint(painter, "people", corner, side, shade)
