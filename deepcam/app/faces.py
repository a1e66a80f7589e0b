"""The faces that a person keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from deepcam.errors import DeepcamError
from deepcam.identity.gallery import (
    LONGEST_NAME,
    Entry,
    Gallery,
    read_identity,
    resolve_identity,
)
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish, spec_of


@dataclass(frozen=True, slots=True)
class Shown:
    """One face in the window."""

    key: str
    """Another one whenever the picture may be another."""
    name: str
    spec: str | int
    """What makes the session wear it."""
    saved: bool
    meta: dict[str, float | str]
    problem: str = ""
    """Why it cannot be used; '' when it can."""

    def describe(self) -> str:
        """Age, looks and whether it is saved, in words."""
        if self.problem:
            return self.problem
        kept = (
            QCoreApplication.translate("Faces", "saved")
            if self.saved
            else QCoreApplication.translate("Faces", "not saved yet")
        )
        return ", ".join(filter(None, (self.looks(), kept)))

    def looks(self) -> str:
        """Age and looks in words; '' when nothing is known."""
        parts = []
        age = self.meta.get("age")
        if isinstance(age, int | float):
            parts.append(QCoreApplication.translate("Faces", "looks about %n", None, round(age)))
        for key, words in (
            (
                "masculinity",
                (
                    QCoreApplication.translate("Faces", "feminine"),
                    QCoreApplication.translate("Faces", "between feminine and masculine"),
                    QCoreApplication.translate("Faces", "masculine"),
                ),
            ),
            (
                "tone",
                (
                    QCoreApplication.translate("Faces", "dark skin"),
                    QCoreApplication.translate("Faces", "medium skin"),
                    QCoreApplication.translate("Faces", "light skin"),
                ),
            ),
        ):
            value = self.meta.get(key)
            if isinstance(value, int | float):
                parts.append(words[0 if value < 0.36 else 1 if value < 0.64 else 2])
        return ", ".join(parts)


class Faces:
    """Gallery, and what can be undone. Methods marked slow touch only the disk and
    may be called from any thread, the others from one."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self._deleted: list[Callable[[], str]] = []

    @property
    def can_undo(self) -> bool:
        """Whether something was deleted since the program started."""
        return bool(self._deleted)

    def read(self) -> list[Shown]:
        """All saved faces, newest first; slow."""
        return [_shown(e) for e in sorted(self.gallery.list(), key=lambda e: -e.saved)]

    def identity(self, spec: str | int) -> Identity:
        """The person that a session wears with ``spec``; slow. Raises ``DeepcamError``."""
        return resolve_identity(spec, self.gallery)

    def save(self, spec: str | int, name: str) -> Path:
        """Keep the person of ``spec`` under ``name``; slow. Raises ``DeepcamError``."""
        return self.gallery.save(replace(self.identity(spec), name=name))

    def take_over(self, path: Path, taken: Collection[str]) -> str:
        """Import a file, under a name not among ``taken`` (casefolded); that name; slow."""
        found = read_identity(path)
        name = free_name(found.name, taken)
        self.gallery.save(replace(found, name=name))
        return name

    def delete(self, face: Shown) -> None:
        """Away with it; ``undo`` brings it back. Raises ``DeepcamError``."""
        self.gallery.delete(face.name)
        self._deleted.append(self.gallery.undelete)

    def undo(self) -> str:
        """The name of what came back. Raises ``DeepcamError``."""
        if not self._deleted:
            raise DeepcamError("Nothing was deleted.", "There is nothing to bring back.")
        name = self._deleted[-1]()
        self._deleted.pop()
        return name


def fitting(seed: int, wish: Wish) -> str | int:
    """What stands for somebody of this seed who goes with the wearer, where nothing is wished."""
    return spec_of(seed, replace(wish, fits=True))


def free_name(wanted: str, taken: Collection[str]) -> str:
    """``wanted``, with a number if it is among ``taken`` (casefolded)."""
    name, number = wanted, 2
    while name.casefold() in taken:
        name, number = f"{wanted[: LONGEST_NAME - 4]} {number}", number + 1
    return name


def _shown(entry: Entry) -> Shown:
    key = f"{entry.path}:{entry.saved}"
    return Shown(key, entry.name, entry.name, True, entry.meta, entry.problem)
