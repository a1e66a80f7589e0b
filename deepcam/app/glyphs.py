"""Line icons of one family, drawn in code in the colour of the text: no file and no theme needed.

Each glyph is a text of strokes on a grid of 24 units: M x y (move), L x y (line), C x y x y x y
(curve), O x y r (circle), Z (close).
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QApplication

GLYPHS = {
    "heart": "M 12 20 C 5 15 3 12 3 8.6 C 3 5.8 5 4 7.4 4 C 9.4 4 11 5 12 7 "
    "C 13 5 14.6 4 16.6 4 C 19 4 21 5.8 21 8.6 C 21 12 19 15 12 20 Z",
    "back": "M 9 5 L 4 10 L 9 15 M 4 10 L 14 10 C 18 10 20 12.5 20 15.5 C 20 17.5 19 19 18 20",
    "new": "M 12 5 L 12 19 M 5 12 L 19 12",
    "more": "M 20 12 C 20 16.5 16.5 20 12 20 C 7.5 20 4 16.5 4 12 C 4 7.5 7.5 4 12 4 "
    "C 14.5 4 16.8 5.2 18.4 7 M 19 3 L 19 7.5 L 14.5 7.5",
    "sliders": "M 4 7 L 12 7 M 18 7 L 20 7 O 15 7 2.4 M 4 17 L 6 17 M 12 17 L 20 17 O 9 17 2.4",
    "gear": "O 12 12 3 M 12 3 L 12 6 M 12 18 L 12 21 M 3 12 L 6 12 M 18 12 L 21 12 "
    "M 5.6 5.6 L 7.8 7.8 M 16.2 16.2 L 18.4 18.4 M 5.6 18.4 L 7.8 16.2 M 16.2 7.8 L 18.4 5.6",
    "people": "O 9 8 3.4 M 3 20 C 3 15.5 5.5 14 9 14 C 12.5 14 15 15.5 15 20 "
    "M 16 5 C 19.4 5.4 19.4 10.6 16 11 M 17.5 14.4 C 20 15 21 17 21 20",
    "help": "O 12 12 9 M 9.3 9.6 C 9.3 6.2 14.8 6.2 14.8 9.6 C 14.8 11.8 12 12 12 14.2 "
    "M 12 17.2 L 12 17.4",
    "mirror": "M 12 4 L 12 20 M 8.5 7 L 8.5 17 L 3 17 Z M 15.5 7 L 15.5 17 L 21 17 Z",
    "camera": "M 3 7 L 15 7 L 15 17 L 3 17 Z M 15 11 L 21 8 L 21 16 L 15 13",
    "check": "M 5 12.5 L 10 17.5 L 19 7",
    "warning": "M 12 4 L 21.5 20 L 2.5 20 Z M 12 10 L 12 14.5 M 12 17 L 12 17.2",
    "close": "M 6 6 L 18 18 M 18 6 L 6 18",
    "eye": "M 2.5 12 C 6 6 18 6 21.5 12 C 18 18 6 18 2.5 12 Z O 12 12 2.8",
    "info": "O 12 12 9 M 12 11 L 12 16.5 M 12 7.6 L 12 7.8",
}
ACCENT = QColor("#2f6fde")
"""The one colour for what is chosen, worn or on."""
ALARM = QColor("#c0271d")


def path_of(name: str) -> QPainterPath:
    """A glyph on the grid of 24 units."""
    path, words = QPainterPath(), iter(GLYPHS[name].split())

    def number() -> float:
        return float(next(words))

    for word in words:
        if word == "M":
            path.moveTo(number(), number())
        elif word == "L":
            path.lineTo(number(), number())
        elif word == "C":
            path.cubicTo(number(), number(), number(), number(), number(), number())
        elif word == "O":
            path.addEllipse(QPointF(number(), number()), radius := number(), radius)
        else:
            path.closeSubpath()
    return path


def paint(
    painter: QPainter,
    name: str,
    corner: QPointF,
    side: float,
    colour: QColor,
    filled: bool = False,
) -> None:
    """Draw a glyph into a square at ``corner``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(corner)
    painter.scale(side / 24, side / 24)
    pen = QPen(colour, 1.9)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    painter.drawPath(path_of(name))
    painter.restore()


def glyph(name: str, colour: QColor | None = None, filled: bool = False) -> QIcon:
    """An icon in ``colour``, by default that of buttons' texts, paler where disabled."""
    palette = QApplication.palette()
    made = QIcon()
    group = QPalette.ColorGroup
    for mode, of in ((QIcon.Mode.Normal, group.Active), (QIcon.Mode.Disabled, group.Disabled)):
        shade = palette.color(of, QPalette.ColorRole.ButtonText)
        tint = colour if colour is not None and mode == QIcon.Mode.Normal else shade
        for side in (16, 20, 24, 32, 48, 64):
            pixmap = QPixmap(QSize(side, side))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            paint(painter, name, QPointF(0, 0), side, tint, filled)
            painter.end()
            made.addPixmap(pixmap, mode)
    return made
