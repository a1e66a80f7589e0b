"""Portraits of faces, neutral and smiling, drawn in the background and kept while the app runs.

Nothing of them is written to disk: a deleted face leaves no picture behind.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap

from deepcam.app.background import Background
from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.identity.types import Identity

SIZE = 192
"""Pixels of a portrait's side."""
SMILE = 0.7
KEPT = 150

Draw = Callable[[Identity], tuple[Image, Image]]


def draw(identity: Identity) -> tuple[Image, Image]:
    """(SIZE, SIZE, 3) BGR, neutral and smiling."""
    from deepcam.showcase.portrait import portrait

    return portrait(identity, SIZE), portrait(identity, SIZE, smile=SMILE)


class Portraits(QObject):
    """``ready`` comes with the key when a pair can be had from ``pair``."""

    ready = Signal(str)

    def __init__(self, background: Background, draw: Draw = draw) -> None:
        super().__init__()
        self._background = background
        self._draw = draw
        self._kept: OrderedDict[str, QPixmap] = OrderedDict()
        self._asked: set[str] = set()

    def pair(self, key: str) -> QPixmap | None:
        """Neutral and smiling side by side, 2 SIZE x SIZE pixels; None when not drawn yet."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def ask(self, key: str, identity: Callable[[], Identity]) -> None:
        """Draw what ``identity`` gives, unless that is done or under way."""
        if key in self._kept or key in self._asked:
            return
        self._asked.add(key)

        def job() -> tuple[QImage, QImage]:
            neutral, smiling = self._draw(identity())
            return _image(neutral), _image(smiling)

        def done(images: tuple[QImage, QImage]) -> None:
            self._asked.discard(key)
            both = QPixmap(2 * SIZE, SIZE)
            both.fill(Qt.GlobalColor.transparent)
            painter = QPainter(both)
            for place, image in enumerate(images):
                painter.drawImage(QRect(place * SIZE, 0, SIZE, SIZE), image)
            painter.end()
            self._kept[key] = both
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            self.ready.emit(key)

        def failed(error: DeepcamError) -> None:
            self._asked.discard(key)

        self._background.run(job, done, failed)

    def forget(self, key: str) -> None:
        """The face is gone."""
        self._kept.pop(key, None)


def plain(size: QSize) -> QIcon:
    """Stands where a portrait is still being drawn."""
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.darkGray)
    return QIcon(pixmap)


def _image(picture: Image) -> QImage:
    height, width = picture.shape[:2]
    # A copy: Qt does not keep the bytes alive.
    return QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_BGR888).copy()
