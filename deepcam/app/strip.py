"""The strip of people to choose from, each worn on the wearer's own picture."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QRectF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QMouseEvent, QPixmap, QTransform
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from deepcam.app import glyphs
from deepcam.app.controller import Controller
from deepcam.app.faces import Shown, fitting
from deepcam.app.keeping import Keeping
from deepcam.app.strip_tile import FACE, STATE, Tile, heart_area, tile_size
from deepcam.app.wish_sliders import WishSliders
from deepcam.app.worn import WornPictures
from deepcam.identity.wish import Wish, spec_of

BATCH = 8
MOST = 48
FITS, ANYBODY, KEPT, BEFORE = range(4)
"""Tabs."""
SETTLE, SLIDE = 220, 140
"""Milliseconds that an arrow key or a slider must rest before it counts."""
REFRESH = 30_000
"""Milliseconds between two looks at how everybody would look now."""

Face = str | int


class Strip(QWidget):
    """``chosen``: wear this face. ``heart``: keep it, or give it back. ``fits`` gives what stands
    for somebody who goes with the wearer's surroundings, after a seed and a wish."""

    chosen = Signal(object)
    heart = Signal(object)

    def __init__(
        self,
        controller: Controller,
        worn: WornPictures,
        keeping: Keeping,
        fits: Callable[[int, Wish], Face] = fitting,
    ) -> None:
        super().__init__()
        self._controller, self._worn, self._keeping, self._fits = controller, worn, keeping, fits
        self._seeds: dict[int, list[int]] = {FITS: [], ANYBODY: []}
        self._faces: list[Face] = []
        self._guest: dict[int, Face] = {}
        """Who was worn when a tab was first shown, in front of its people."""
        self.mirror = True
        """Pictures are shown like in a mirror, as the large one."""
        self._current: Face | None = None
        self._seen = False
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for _ in range(4):
            self.tabs.addTab("")
        self.tabs.currentChanged.connect(lambda *_: self.show_tab())
        self.more, self.adjust = QToolButton(), QToolButton()
        for button, name in ((self.more, "more"), (self.adjust, "sliders")):
            button.setIcon(glyphs.glyph(name))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setAutoRaise(True)
        self.adjust.setCheckable(True)
        self.more.clicked.connect(self.show_more)
        self.list = QListWidget()
        self.list.setFlow(QListWidget.Flow.LeftToRight)
        self.list.setWrapping(False)
        self.list.setHorizontalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.viewport().setAutoFillBackground(False)
        self.list.setItemDelegate(Tile(self.list, self._picture))
        self.list.itemClicked.connect(self._clicked)
        self.list.itemActivated.connect(self._activated)
        self.list.currentItemChanged.connect(self._walked)
        self.list.viewport().installEventFilter(self)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE)
        self._settle.timeout.connect(self._wear_current)
        self._slide = QTimer(self, singleShot=True, interval=SLIDE)
        self._slide.timeout.connect(self._rewish)
        self._refresh = QTimer(self, interval=REFRESH)
        self._refresh.timeout.connect(self.renew)
        self._refresh.start()
        self.sliders = WishSliders()
        self.sliders.hide()
        self.sliders.changed.connect(self._slide.start)
        self.adjust.toggled.connect(self.sliders.setVisible)
        head = QHBoxLayout()
        head.addWidget(self.tabs)
        head.addStretch()
        head.addWidget(self.adjust)
        head.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.list)
        column.addWidget(self.sliders)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        self.list.setFixedHeight(tile_size(self).height() + bar + 2)
        worn.ready.connect(self._drawn)
        worn.failed.connect(lambda *_: None)
        keeping.changed.connect(self._kept_changed)
        self._retranslate()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        elif event.type() == QEvent.Type.PaletteChange:
            self.more.setIcon(glyphs.glyph("more"))
            self.adjust.setIcon(glyphs.glyph("sliders"))
        super().changeEvent(event)

    def _retranslate(self) -> None:
        for tab, (text, tip) in enumerate(
            (
                (self.tr("Fits you"), self.tr("People who go with your hair, neck and light.")),
                (self.tr("Anybody"), self.tr("People of every age and look.")),
                (self.tr("My faces"), self.tr("Faces that you keep.")),
                (self.tr("Before"), self.tr("Faces that you wore since the start.")),
            )
        ):
            self.tabs.setTabText(tab, text)
            self.tabs.setTabToolTip(tab, tip)
        self.tabs.setAccessibleName(self.tr("Whom to choose from"))
        self.list.setAccessibleName(self.tr("People, each worn on your picture"))
        self.more.setText(self.tr("More people"))
        self.more.setToolTip(self.tr("Others beside these, which stay."))
        self.adjust.setText(self.tr("Adjust"))
        self.adjust.setToolTip(self.tr("Age, features and skin of the people offered."))
        self._fill()

    # What is shown

    @property
    def faces(self) -> list[Face]:
        """The faces in the strip, in their order."""
        return list(self._faces)

    def look(self, status: Mapping[str, Any]) -> None:
        """Bring the marks up to date with the session's ``status``."""
        seen = bool(status.get("on")) and status.get("showing") in ("generated", "covered")
        first, self._seen = seen and not self._seen, seen
        if first:
            self.show_tab()
            self._worn.want(self._faces)  # another camera, or another light
        self._worn.look(status)
        current = self._controller.current
        if current != self._current:
            self._current = current
            if self.tabs.currentIndex() == BEFORE:
                self.show_tab()
            self._mark()

    def show_tab(self) -> None:
        """The people of the tab that is chosen."""
        tab = self.tabs.currentIndex()
        for widget in (self.more, self.adjust):
            widget.setEnabled(tab in self._seeds)
        self.sliders.setVisible(tab in self._seeds and self.adjust.isChecked())
        if tab in self._seeds and not self._seeds[tab]:
            self._seeds[tab] = _new_seeds(BATCH)
        self._build()

    def show_more(self) -> None:
        """Others at the end of the strip; those that are there stay."""
        tab = self.tabs.currentIndex()
        if tab not in self._seeds:
            return
        first = len(self._seeds[tab])
        self._seeds[tab] = [*self._seeds[tab], *_new_seeds(BATCH)][-MOST:]
        self._build()
        item = self.list.item(min(first + 2, self.list.count() - 1))
        if item is not None:
            self.list.scrollToItem(item)

    def renew(self) -> None:
        """How everybody here would look now."""
        if self._seen and self.isVisible() and self.window().isActiveWindow():
            self._worn.want(self._faces)

    def _build(self) -> None:
        tab = self.tabs.currentIndex()
        wish = self.sliders.wish()
        if tab in self._seeds:
            spec = self._fits if tab == FITS else spec_of
            self._faces = [self._worn.spec(spec(seed, wish)) for seed in self._seeds[tab]]
            worn = self._controller.current
            if worn is not None and self._worn.spec(worn) not in self._faces:
                self._guest.setdefault(tab, worn)
            if tab in self._guest:
                self._faces.insert(0, self._worn.spec(self._guest[tab]))
        elif tab == KEPT:
            self._faces = [shown.spec for shown in self._keeping.saved if not shown.problem]
        else:
            self._faces = self._controller.history
        self._fill()
        self._ask()

    def _ask(self) -> None:
        missing = [face for face in self._faces if self._worn.picture(face) is None]
        if missing and self._seen:
            self._worn.want(missing)

    def _rewish(self) -> None:
        # Closed sliders that still act are seen at their button.
        wished = self.sliders.wish() != Wish()
        self.adjust.setIcon(glyphs.glyph("sliders", glyphs.ACCENT if wished else None))
        self._build()

    def _fill(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for face in self._faces:
            item = QListWidgetItem()
            item.setData(FACE, face)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._mark()

    def _mark(self) -> None:
        """Names and marks of all tiles; the worn one becomes the current one."""
        for row in range(self.list.count()):
            item = self.list.item(row)
            face = item.data(FACE)
            on, kept = face == self._current, bool(self._keeping.name_of(face))
            item.setData(STATE, (on, kept))
            item.setText(self.name(face))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, self._spoken(face, on, kept))
            item.setToolTip(self._looks(face))
            if on:
                self.list.blockSignals(True)
                self.list.setCurrentRow(row)
                self.list.blockSignals(False)
        self.list.viewport().update()

    def set_mirror(self, mirror: bool) -> None:
        """The way round of all pictures."""
        self.mirror = mirror
        self.list.viewport().update()

    def _picture(self, face: Face) -> QPixmap | None:
        found = self._worn.picture(face)
        if found is None or not self.mirror:
            return found
        return found.transformed(QTransform().scale(-1, 1))

    def name(self, face: Face) -> str:
        """What ``face`` is called; '…' before that is known."""
        kept = self._keeping.name_of(face)
        return kept or self._controller.names.get(face, "") or self._worn.name(face) or "…"

    def _looks(self, face: Face) -> str:
        return Shown("", "", face, True, self._worn.meta(face)).looks()

    def _spoken(self, face: Face, on: bool, kept: bool) -> str:
        parts = [self.name(face), self._looks(face)]
        parts += [self.tr("worn now")] * on + [self.tr("kept")] * kept
        return ", ".join(filter(None, parts))

    def _drawn(self, face: Face) -> None:
        if face in self._faces:
            row, spec = self._faces.index(face), self._worn.spec(face)
            if spec != face:
                self._faces[row] = spec
                self.list.item(row).setData(FACE, spec)
            self._mark()

    def _kept_changed(self) -> None:
        if self.tabs.currentIndex() == KEPT:
            self._build()
        else:
            self._mark()

    # Choosing

    def eventFilter(self, watched: Any, event: QEvent) -> bool:  # noqa: N802
        """A click on the heart keeps and does not wear."""
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            item = self.list.itemAt(event.position().toPoint())
            if item is not None and event.button() == Qt.MouseButton.LeftButton:
                area = self.list.visualItemRect(item)
                if heart_area(QRectF(area)).contains(event.position()):
                    self.heart.emit(item.data(FACE))
                    return True
        return False

    def _clicked(self, item: QListWidgetItem) -> None:
        self._settle.stop()
        self._wear(item.data(FACE))

    def _activated(self, item: QListWidgetItem) -> None:
        self._clicked(item)

    def _walked(self, item: QListWidgetItem | None, _: QListWidgetItem | None) -> None:
        # By key only: a click says so itself.
        if item is not None and self.list.hasFocus():
            self._settle.start()

    def _wear_current(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._wear(item.data(FACE))

    def _wear(self, face: Face) -> None:
        if face != self._controller.current:
            self.chosen.emit(face)


def _new_seeds(number: int) -> list[int]:
    return [secrets.randbits(31) for _ in range(number)]
