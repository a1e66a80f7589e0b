"""The guide's last step: somebody to be."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QToolButton,
)

from deepcam.app.background import Background
from deepcam.app.controller import Controller
from deepcam.app.faces import Faces, Shown, free_name, somebody
from deepcam.app.gallery_view import linkable
from deepcam.app.guide_step import Step
from deepcam.app.portraits import SIZE, Draw, Portraits, draw, plain
from deepcam.app.settings import Settings, SettingsFile
from deepcam.app.told import told
from deepcam.errors import DeepcamError
from deepcam.identity.gallery import Gallery
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish, spec_of

FACES = 3
THUMB = QSize(168, 168)


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands behind one of the buttons."""

    spec: str | int
    name: str
    about: str
    worn: bool


class FaceStep(Step):
    """Three people, the first of them the one that is worn. ``keep`` saves settings."""

    def __init__(
        self,
        controller: Controller,
        store: SettingsFile,
        keep: Callable[[Settings], bool],
        gallery: Gallery | None = None,
        draw: Draw = draw,
    ) -> None:
        super().__init__("")
        self.title = self.tr("Who do you want to be?")
        self._controller, self._store, self._keep = controller, store, keep
        self._faces = Faces(gallery or Gallery())
        self._painter = Background()
        self._portraits = Portraits(self._painter, draw)
        self._portraits.ready.connect(self._drawn)
        self.choices: list[Choice] = []
        self.add_text(self.tr("These people do not exist. Choose one, or look at others."))
        self.group = QButtonGroup(self)
        row = QHBoxLayout()
        for number in range(FACES):
            button = QToolButton()
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(THUMB)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
            button.toggled.connect(self._name_buttons)
            self.group.addButton(button, number)
            row.addWidget(button)
        self.start = self.group.buttons()[0]
        self.column.addLayout(row)
        self.others = QPushButton(self.tr("Show &others"))
        self.others.clicked.connect(lambda: self.show_people(with_worn=False))
        line = QHBoxLayout()
        line.addWidget(self.others)
        line.addStretch()
        self.column.addLayout(line)
        self.new = QRadioButton(self.tr("A &new face at every start"))
        self.always = QRadioButton(self.tr("&Always this face"))
        self.column.addWidget(self.new)
        self.column.addWidget(self.always)
        self.add_text(linkable())
        self.column.addStretch()
        self.always.setChecked(bool(store.now.face))
        self.new.setChecked(not store.now.face)

    @property
    def chosen(self) -> Choice | None:
        """The person whose button is down."""
        number = self.group.checkedId()
        return self.choices[number] if 0 <= number < len(self.choices) else None

    def enter(self) -> None:
        if not self.choices:
            self.show_people(with_worn=True)

    def show_people(self, with_worn: bool) -> None:
        """Three people; the first the one that is worn, or all new."""
        self.others.setEnabled(False)
        self.choices = []
        for button in self.group.buttons():
            button.setIcon(plain(THUMB))
            button.setText(self.tr("A moment…"))
            button.setAccessibleName(self.tr("A face that is being made"))
            button.setEnabled(False)
        worn = self._controller.current if with_worn else None
        self.background.run(partial(self._people, worn), self._show, self._failed)

    def take(self, done: Callable[[], None], failed: Callable[[str], None]) -> None:
        choice = self.chosen
        if choice is None:
            done()
            return
        if not self.always.isChecked():
            self._controller_wears(choice.spec)
            self._finish("", done, failed)
            return

        def saved(name: str) -> None:
            if choice.spec == self._controller.current:
                self._controller.renamed(choice.spec, name)
            else:
                self._controller.wear(name)
            self._finish(name, done, failed)

        self.background.run(
            partial(self._save, choice), saved, lambda error: failed(told(error))
        )  # fmt: skip

    def end(self, wait: bool) -> None:
        self._painter.close(wait)
        super().end(wait)

    def _finish(self, name: str, done: Callable[[], None], failed: Callable[[str], None]) -> None:
        if name == self._store.now.face or self._keep(replace(self._store.now, face=name)):
            done()
        else:
            failed(self.tr("The choice could not be kept: it ends with the program."))

    def _controller_wears(self, spec: str | int) -> None:
        if spec != self._controller.current:
            self._controller.wear(spec)

    def _save(self, choice: Choice) -> str:
        """Under which name the person is kept; slow."""
        taken = {name.casefold() for name in self._faces.gallery.names()}
        if isinstance(choice.spec, str) and choice.spec.casefold() in taken:
            return choice.spec
        name = free_name(choice.name, taken)
        self._faces.save(choice.spec, name)
        return name

    def _people(self, worn: str | int | None) -> list[tuple[Choice, Identity]]:
        """Slow."""
        people: list[tuple[Choice, Identity]] = []
        if worn is not None:
            # One that was deleted meanwhile gives place to somebody new.
            with contextlib.suppress(DeepcamError):
                people.append(self._choice(worn, self._faces.identity(worn), True))
        while len(people) < FACES:
            person = somebody(Wish())
            people.append(self._choice(spec_of(person.seed, Wish()), person, False))
        return people

    @staticmethod
    def _choice(spec: str | int, person: Identity, worn: bool) -> tuple[Choice, Identity]:
        about = Shown("", person.name, spec, True, dict(person.meta)).looks()
        return Choice(spec, person.name, about, worn), person

    def _show(self, people: list[tuple[Choice, Identity]]) -> None:
        self.choices = [choice for choice, _ in people]
        for button, (choice, person) in zip(self.group.buttons(), people, strict=True):
            button.setToolTip(choice.about)
            worn = self.tr(", worn now") if choice.worn else ""
            button.setAccessibleName(f"{choice.name}{worn}")
            button.setAccessibleDescription(choice.about)
            button.setEnabled(True)
            self._portraits.ask(str(choice.spec), partial(_itself, person))
            self._drawn(str(choice.spec))
        self.group.buttons()[0].setChecked(True)
        self._name_buttons()
        self.others.setEnabled(True)

    def _name_buttons(self) -> None:
        """The chosen one carries a mark, not only another shade."""
        for button, choice in zip(self.group.buttons(), self.choices, strict=False):
            mark = "✓ " if button.isChecked() else ""
            worn = self.tr("(worn now)") if choice.worn else ""
            button.setText(f"{mark}{choice.name}\n{worn}".replace("&", "&&"))

    def _drawn(self, key: str) -> None:
        pair = self._portraits.pair(key)
        for button, choice in zip(self.group.buttons(), self.choices, strict=False):
            if pair is not None and str(choice.spec) == key:
                neutral = pair.copy(QRect(0, 0, SIZE, SIZE))
                button.setIcon(QIcon(neutral))

    def _failed(self, error: DeepcamError) -> None:
        self.others.setEnabled(True)
        self.said.emit(told(error))


def _itself(person: Identity) -> Identity:
    return person
