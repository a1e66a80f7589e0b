"""The guide's last page: which camera to choose in a call, and whether somebody looks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QTabBar, QWidget

from deepcam import APP_NAME
from deepcam.app import glyphs
from deepcam.app.guide_step import Step

PROGRAMS = ("Zoom", "Google Meet", "Teams", "Firefox", "Chrome")


class CallStep(Step):
    """``viewers`` gives the names of the programs that look now; quick."""

    def __init__(self, viewers: Callable[[], list[str]]) -> None:
        super().__init__("")
        self.title = self.tr("Choose “{0}” in your call").format(APP_NAME)
        self._viewers = viewers
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(self.tr("Call program"))
        for name in PROGRAMS:
            self.tabs.addTab(name)
        self.tabs.currentChanged.connect(self._show)
        self.column.addWidget(self.tabs)
        self.picture = _Menu()
        self.column.setSpacing(10)
        self.column.addWidget(self.picture)
        self.where = self.add_text()
        row = QHBoxLayout()
        self.icon, self.state = QLabel(), QLabel()
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)
        self.state.setAccessibleName(self.tr("Whether a program looks"))
        row.addWidget(self.icon)
        row.addWidget(self.state, 1)
        self.column.addLayout(row)
        self.column.addStretch()
        self.start = self.tabs
        self._ended = False
        self._timer = QTimer(self, interval=500)
        self._timer.timeout.connect(self.look)
        self._show(0)

    def enter(self) -> None:
        self._timer.start()
        self.look()

    def look(self) -> None:
        """Whether somebody looks now."""
        names = self._viewers() if self.isVisible() else []
        if names:
            text = self.tr("{0} sees you. You are in the picture with your new face.")
            self.state.setText(text.format(", ".join(names)))
        else:
            self.state.setText(self.tr("Waiting until a program opens the camera…"))
        name, colour = ("check", glyphs.ACCENT) if names else ("eye", None)
        self.icon.setPixmap(glyphs.glyph(name, colour).pixmap(24, 24))

    def end(self, wait: bool) -> None:
        if not self._ended:
            self._ended = True
            self._timer.stop()
        super().end(wait)

    def _show(self, number: int) -> None:
        ways = (
            (self.tr("Settings"), self.tr("Video"), self.tr("Camera")),
            (self.tr("More"), self.tr("Settings"), self.tr("Video")),
            (self.tr("More"), self.tr("Settings"), self.tr("Devices")),
            (self.tr("The question “Allow camera?”"), self.tr("Camera")),
            (self.tr("The camera beside the address"), self.tr("Camera")),
        )
        self.picture.show_way(PROGRAMS[number], ways[number])
        text = self.tr("In {0}: {1}. There, choose {2}.")
        self.where.setText(text.format(PROGRAMS[number], " > ".join(ways[number]), APP_NAME))
        self.picture.setAccessibleName(self.where.text())


class _Menu(QWidget):
    """A drawing of where the list of cameras is and what to click in it."""

    def __init__(self) -> None:
        super().__init__()
        self._program = ""
        self._way: tuple[str, ...] = ()
        self.setMinimumHeight(150)
        self.setMaximumHeight(190)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(520, 230)

    def show_way(self, program: str, way: tuple[str, ...]) -> None:
        self._program, self._way = program, way
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        base, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
        line = palette.color(QPalette.ColorRole.Mid)
        high = self.fontMetrics().height()
        window = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if window.width() > 620:
            window = QRectF(window.center().x() - 310, window.top(), 620, window.height())
        painter.setPen(QPen(line, 1.2))
        painter.setBrush(base)
        painter.drawRoundedRect(window, 10, 10)
        bar = window.top() + 1.9 * high
        painter.drawLine(QPointF(window.left(), bar), QPointF(window.right(), bar))
        for k in range(3):
            centre = QPointF(window.left() + 16 + 14 * k, window.top() + 0.95 * high)
            painter.drawEllipse(centre, 4, 4)
        painter.setPen(text)
        title = QRectF(window.left(), window.top(), window.width(), 1.9 * high)
        painter.drawText(title, int(Qt.AlignmentFlag.AlignCenter), self._program)
        way = QRectF(window.left() + 22, bar + 8, window.width() - 44, 1.5 * high)
        middle = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        painter.drawText(way, middle, " > ".join(self._way))
        row = 1.75 * high
        box = QRectF(window.left() + 22, way.bottom() + 6, window.width() - 44, 2 * row)
        painter.setPen(QPen(line, 1.2))
        painter.drawRoundedRect(box, 6, 6)
        first = QRectF(box.left(), box.top(), box.width(), row)
        second = first.translated(0, row)
        faint = QColor(text)
        faint.setAlpha(150)
        painter.setPen(faint)
        painter.drawText(first.adjusted(36, 0, -8, 0), middle, self.tr("Built-in camera"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(glyphs.ACCENT)
        painter.drawRoundedRect(second.adjusted(3, 1, -3, -3), 5, 5)
        painter.setPen(QColor("white"))
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(second.adjusted(36, 0, -8, -2), middle, APP_NAME)
        corner = QPointF(second.left() + 12, second.center().y() - 9)
        glyphs.paint(painter, "check", corner, 16, QColor("white"))
        painter.end()
