"""The dialog with all settings on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from deepcam.app import i18n
from deepcam.app.card_choice import BackgroundChoice, CardChoice
from deepcam.app.fields import choose, combo, keep_room
from deepcam.app.gallery_view import linkable
from deepcam.app.hotkeys import title, used_twice
from deepcam.app.login import Login
from deepcam.app.settings import Settings, SettingsFile
from deepcam.app.told import told
from deepcam.errors import DeepcamError
from deepcam.platform.hotkeys import conflicts, parse

SIZES = ("640 x 360", "640 x 480", "960 x 540", "1280 x 720", "1920 x 1080")
# Keys have names of their own in every language.
_PORTABLE = QKeySequence.SequenceFormat.PortableText


class KeyEdit(QKeySequenceEdit):
    """Escape leaves the field as it was, and is no key to be recorded."""

    recording = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._before: QKeySequence | None = None

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        self._before = self.keySequence()
        self.recording.emit(True)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self.recording.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            if self._before is not None:
                self.setKeySequence(self._before)
            self.clearFocus()
            event.accept()
            return
        super().keyPressEvent(event)


class SettingsDialog(QDialog):
    """Works on a copy of ``store.now``; ``saved`` comes when a valid one has been written."""

    saved = Signal()
    recording = Signal(bool)
    """Keys are pressed to be written down, not to be obeyed; False when that is over."""
    guide_wanted = Signal()
    """The guide of the first start shall be shown again; the dialog has ended."""

    def __init__(
        self,
        store: SettingsFile,
        cameras: Sequence[str],
        faces: Sequence[str],
        failures: Mapping[str, str],
        login: Login | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """``cameras``, ``faces``: names to choose from. ``failures``: action -> why its keys do not
        work now."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings: DeepPrivacy Cam"))
        self._store, self._login = store, login or Login()
        self._failures = {action: text for action, text in failures.items() if text}
        self._picture_box = self._build_picture(cameras)
        self._face_box = self._build_face(faces)
        self._keys_box = self._build_keys()
        self._program_box = self._build_program()
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setAccessibleName(self.tr("Message"))
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save
            | QDialogButtonBox.StandardButton.Cancel
            | QDialogButtonBox.StandardButton.RestoreDefaults
        )
        self.buttons.accepted.connect(self.save)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults).clicked.connect(
            self.restore
        )
        guide_text, role = self.tr("R&un the guide again…"), QDialogButtonBox.ButtonRole.ResetRole
        self.guide = self.buttons.addButton(guide_text, role)
        self.guide.clicked.connect(self.leave_for_guide)
        grid = QGridLayout()
        grid.addWidget(self._picture_box, 0, 0)
        grid.addWidget(self._face_box, 1, 0)
        grid.addWidget(self._keys_box, 0, 1)
        grid.addWidget(self._program_box, 1, 1)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        whole = QVBoxLayout(self)
        whole.addLayout(grid)
        whole.addWidget(self.message)
        whole.addWidget(self.buttons)
        keep_room(self)
        self.resize(940, 480)
        self.show_settings(store.now)

    def show_settings(self, settings: Settings) -> None:
        """Put these values into the fields."""
        choose(self.camera, settings.camera, settings.camera)
        size = "{} x {}".format(*settings.size)
        choose(self.size_box, size, size)
        self.fps.setValue(round(settings.fps))
        self.shrink.setChecked(settings.smaller_when_slow)
        choose(self.output, settings.output, settings.output)
        choose(self.doubt, settings.on_doubt, settings.on_doubt)
        self.card.show_choice(settings.card)
        self.background.show_choice(settings.background)
        choose(self.cover, settings.cover, settings.cover)
        if settings.face:
            choose(self.face, settings.face, settings.face)
        self.always.setChecked(bool(settings.face))
        self.new.setChecked(not settings.face)
        for action, edit in self.keys.items():
            keys = settings.hotkeys.get(action, "")
            edit.setKeySequence(QKeySequence.fromString(keys, _PORTABLE))
        self.login.setChecked(self._login.is_on(settings.start_at_login))
        self.mirror.setChecked(settings.mirror_preview)
        self.calm.setChecked(settings.reduced_motion)
        choose(self.language, settings.language, settings.language)
        self._judge_keys()

    def restore(self) -> None:
        """What a new program would say; the guide and what was told stay seen."""
        self.show_settings(Settings())
        self.login.setChecked(False)

    def settings(self) -> Settings:
        """What the fields say."""
        now = self._store.now
        fps = self.fps.value()
        width, height = str(self.size_box.currentData()).split(" x ")
        return replace(
            now,
            camera=self.camera.currentData(),
            size=(int(width), int(height)),
            fps=now.fps if fps == round(now.fps) else fps,
            smaller_when_slow=self.shrink.isChecked(),
            output=self.output.currentData(),
            face=(self.face.currentData() or "") if self.always.isChecked() else "",
            on_doubt=self.doubt.currentData(),
            card=self.card.choice,
            background=self.background.choice,
            cover=self.cover.currentData(),
            hotkeys={**now.hotkeys, **self._wanted_keys()},
            start_at_login=self.login.isChecked(),
            mirror_preview=self.mirror.isChecked(),
            reduced_motion=self.calm.isChecked(),
            language=self.language.currentData(),
        )

    def save(self) -> None:
        """Write the settings and close; with a sentence instead when that is not possible."""
        wrong = self._judge_keys()
        if wrong:
            self.message.setText(wrong[0])
            return
        made = self.settings()
        try:
            # The file first: what it cannot keep shall not be half done.
            self._store.save(made)
            self._login.set(made.start_at_login)
        except DeepcamError as error:
            self.message.setText(told(error))
            return
        self.saved.emit()
        self.accept()

    def leave_for_guide(self) -> None:
        """Save what was changed and show the guide."""
        self.reject() if self.settings() == self._store.now else self.save()
        if not self.isVisible():
            self.guide_wanted.emit()

    def _build_picture(self, cameras: Sequence[str]) -> QGroupBox:
        self.camera = combo(
            {"": self.tr("The first one found"), **{name: name for name in cameras}},
            self.tr("Camera"),
        )
        self.size_box = combo({size: size for size in SIZES}, self.tr("Picture size"))
        self.fps = QSpinBox()
        self.fps.setRange(1, 120)
        self.fps.setAccessibleName(self.tr("Pictures a second"))
        outputs = {
            "auto": self.tr("Automatic"),
            "camera": self.tr("Virtual camera of the system"),
            "pipewire": self.tr("PipeWire camera"),
            "null": self.tr("None: only the preview here"),
        }
        self.output = combo(outputs, self.tr("Where the picture goes"))
        box = QGroupBox(self.tr("Camera and picture"))
        form = QFormLayout(box)
        form.addRow(self.tr("&Camera:"), self.camera)
        form.addRow(self.tr("Picture si&ze:"), self.size_box)
        form.addRow(self.tr("&Pictures a second:"), self.fps)
        self.shrink = QCheckBox(self.tr("Smaller &inside when this computer is slow"))
        self.shrink.setToolTip(
            self.tr("Before movements get jerky, the picture is made smaller and enlarged again.")
        )
        form.addRow(self.shrink)
        form.addRow(self.tr("Pictures g&o to:"), self.output)
        self.background = BackgroundChoice()
        form.addRow(self.tr("Be&hind you:"), self.background)
        label = form.labelForField(self.background)
        if isinstance(label, QLabel):
            label.setBuddy(self.background.box)
        return box

    def _build_face(self, faces: Sequence[str]) -> QGroupBox:
        self.new = QRadioButton(self.tr("A &new face at every start"))
        self.always = QRadioButton(self.tr("&Always this saved face:"))
        self.face = combo({name: name for name in faces}, self.tr("The face that is always worn"))
        self.always.toggled.connect(self.face.setEnabled)
        self.face.setEnabled(False)
        doubts = {"cover": self.tr("Cover the head"), "card": self.tr("Show the standby card")}
        self.doubt = combo(doubts, self.tr("When a face is lost from view"))
        if not faces and not self._store.now.face:
            self.always.setEnabled(False)
            self.always.setText(self.tr("&Always this saved face: none is saved yet"))
        covers = {"face": self.tr("The face"), "head": self.tr("Head and hair (being tried)")}
        self.cover = combo(covers, self.tr("What is replaced"))
        self.still_seen = QLabel()
        self.still_seen.setWordWrap(True)
        self.still_seen.setMinimumHeight(2 * self.still_seen.fontMetrics().lineSpacing())
        self.cover.currentIndexChanged.connect(lambda *_: self._say_still_seen())
        self._say_still_seen()
        row = QHBoxLayout()
        row.addWidget(self.always)
        row.addWidget(self.face, 1)
        note = QLabel(linkable())
        note.setWordWrap(True)
        form = QFormLayout()
        form.addRow(self.tr("&When a face is lost from view:"), self.doubt)
        self.card = CardChoice()
        form.addRow(self.tr("Standb&y card:"), self.card)
        label = form.labelForField(self.card)
        if isinstance(label, QLabel):
            label.setBuddy(self.card.box)
        form.addRow(self.tr("&Replace:"), self.cover)
        form.addRow(self.still_seen)
        box = QGroupBox(self.tr("Face"))
        column = QVBoxLayout(box)
        column.addWidget(self.new)
        column.addLayout(row)
        column.addWidget(note)
        column.addLayout(form)
        column.addStretch()
        return box

    def _say_still_seen(self) -> None:
        if self.cover.currentData() == "head":
            text = self.tr("Body, height, long hair, voice and room can still identify you.")
        else:
            text = self.tr(
                "Hair, ears, the shape of the head, body, voice and room can still identify you."
            )
        self.still_seen.setText(text)

    def _build_keys(self) -> QGroupBox:
        box = QGroupBox(self.tr("Keys that work in every program"))
        column = QVBoxLayout(box)
        form = QFormLayout()
        self.keys: dict[str, QKeySequenceEdit] = {}
        marks = {
            "toggle": self.tr("On or o&ff:"),
            "new_face": self.tr("N&ew face:"),
            "panic": self.tr("Stand&by card at once:"),
        }
        for action, mark in marks.items():
            edit = KeyEdit()
            edit.setMaximumSequenceLength(1)
            edit.recording.connect(self.recording)
            edit.setAccessibleName(title(action))
            edit.setAccessibleDescription(self.tr("Press the keys you want."))
            edit.keySequenceChanged.connect(lambda *_: self._judge_keys())
            none = QPushButton(self.tr("None"))
            none.setAccessibleName(self.tr("No keys for: {0}").format(title(action)))
            none.clicked.connect(edit.clear)
            row = QHBoxLayout()
            row.addWidget(edit, 1)
            row.addWidget(none)
            form.addRow(mark, row)
            # The row is a layout: the label's mark needs the field itself.
            label = form.labelForField(row)
            if isinstance(label, QLabel):
                label.setBuddy(edit)
            self.keys[action] = edit
        column.addLayout(form)
        hint = QLabel(self.tr("Click into a field and press the keys you want."))
        hint.setWordWrap(True)
        self.keys_message = QLabel()
        self.keys_message.setWordWrap(True)
        self.keys_message.setAccessibleName(self.tr("What is wrong with the keys"))
        column.addWidget(hint)
        column.addWidget(self.keys_message)
        column.addStretch()
        return box

    def _build_program(self) -> QGroupBox:
        box = QGroupBox(self.tr("Program"))
        column = QVBoxLayout(box)
        self.login = QCheckBox(self.tr("S&tart when I log in"))
        self.login.setEnabled(self._login.possible)
        self.mirror = QCheckBox(self.tr("&Mirror the preview, like a mirror"))
        self.mirror.setToolTip(self.tr("Others always see the picture unmirrored."))
        self.calm = QCheckBox(self.tr("&Less motion: the preview changes twice a second"))
        for widget in (self.login, self.mirror, self.calm):
            column.addWidget(widget)
        system = self.tr("As the system: {0}").format(i18n.NAMES[i18n.resolve("")])
        self.language = combo({"": system, **i18n.NAMES}, self.tr("Language"))
        form = QFormLayout()
        form.addRow(self.tr("Lan&guage:"), self.language)
        column.addLayout(form)
        place = QLabel(self.tr("Kept in {0}").format(self._store.path))
        place.setWordWrap(True)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(place)
        column.addStretch()
        return box

    def _wanted_keys(self) -> dict[str, str]:
        return {
            action: edit.keySequence().toString(_PORTABLE) for action, edit in self.keys.items()
        }

    def _judge_keys(self) -> list[str]:
        """Sentences about keys that cannot work; also about those that the desktop refused."""
        wanted = self._wanted_keys()
        wrong = [f"{title(a)}: {used_twice(wanted[a])}" for a in conflicts(wanted)]
        for action, text in wanted.items():
            try:
                if text:
                    parse(text)
            except DeepcamError as error:
                wrong.append(f"{title(action)}: {told(error)}")
        same = {a for a, text in wanted.items() if text == self._store.now.hotkeys.get(a, "")}
        refused = [f"{title(a)}: {t}" for a, t in self._failures.items() if a in same]
        self.keys_message.setText("\n".join(wrong or refused))
        return wrong
