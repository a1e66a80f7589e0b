"""Pictures of faces worn on the wearer's present picture, as the worker draws them."""

from __future__ import annotations

import time as clock
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from deepcam.app.controller import Controller
from deepcam.identity.wish import read_spec

KEPT = 200
AGAIN = 5.0
"""Seconds without an answer after which a picture is asked for once more."""

Face = str | int


class WornPictures(QObject):
    """``ready`` comes with a face when ``picture`` has a new one of it.

    Nothing of them is written to disk; with the program they are gone.
    """

    ready = Signal(object)
    failed = Signal(object, str)

    def __init__(
        self, controller: Controller, clock: Callable[[], float] = clock.monotonic
    ) -> None:
        super().__init__()
        self._controller, self._clock = controller, clock
        self._pictures: OrderedDict[Face, QPixmap] = OrderedDict()
        self._facts: dict[Face, Mapping[str, Any]] = {}
        self._wanted: list[Face] = []
        self._heard = 0.0
        controller.tried.connect(self._tried)

    @property
    def waiting(self) -> bool:
        """Pictures were asked for and have not come."""
        return bool(self._wanted)

    def picture(self, face: Face) -> QPixmap | None:
        """The last one of ``face``, square; None before there is one."""
        return self._pictures.get(face)

    def name(self, face: Face) -> str:
        """The name of the person; '' before it is known."""
        return str(self._facts.get(face, {}).get("name", ""))

    def meta(self, face: Face) -> dict[str, float | str]:
        """Age, masculinity and tone, as far as they are known."""
        return dict(self._facts.get(face, {}).get("meta", {}))

    def spec(self, face: Face) -> Face:
        """Seed and traits of somebody who was chosen to fit; ``face`` itself for all others."""
        found = str(self._facts.get(face, {}).get("spec", ""))
        read = read_spec(face) if isinstance(face, str) else None
        settled = "=" in found and read is not None and read[1].fits
        return found if settled else face

    def want(self, faces: Sequence[Face]) -> None:
        """Ask for new pictures of these; those asked for before are given up."""
        self._wanted = list(faces)
        self._heard = self._clock()
        self._controller.try_on(self._wanted)

    def look(self, status: Mapping[str, Any]) -> None:
        """Ask again where a worker that started anew has forgotten it."""
        seen = status.get("showing") in ("generated", "covered") and status.get("on")
        if self._wanted and seen and self._clock() - self._heard > AGAIN:
            self.want(self._wanted)

    def _tried(self, facts: Mapping[str, Any]) -> None:
        face = facts["face"]
        self._heard = self._clock()
        if face in self._wanted:
            self._wanted.remove(face)
        if "picture" not in facts:
            self.failed.emit(face, str(facts.get("what", "")))
            return
        image = QImage.fromData(facts["picture"])
        if image.isNull():
            return
        self._facts[face] = facts
        for name in dict.fromkeys((face, self.spec(face))):
            self._facts[name] = facts
            self._pictures[name] = QPixmap.fromImage(image)
            self._pictures.move_to_end(name)
        while len(self._pictures) > KEPT:
            gone, _ = self._pictures.popitem(last=False)
            self._facts.pop(gone, None)
        self.ready.emit(face)
