"""The main window: the picture that others see, the switch, and whom one could be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QImage, QPixmap
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from deepcam.app import glyphs, icons
from deepcam.app.controller import Controller
from deepcam.app.controls import LivePicture, Switch
from deepcam.app.fields import keep_room
from deepcam.app.headline import describe, headline
from deepcam.app.keeping import Keeping
from deepcam.app.strip import Strip
from deepcam.app.worn import WornPictures
from deepcam.frames import SafeFrame

CALM = 500
"""Milliseconds between two pictures where motion shall be reduced."""
HELP = ("help", "doctor", "report", "about")
"""Entries of the help menu."""


class Preview(QWidget):
    """Shows only what was sent: it has no way to the camera's own picture."""

    gallery_wanted = Signal()
    settings_wanted = Signal()
    help_wanted = Signal(str)
    """One of ``HELP``."""
    mirror_wanted = Signal(bool)
    closed = Signal()

    def __init__(
        self,
        controller: Controller,
        worn: WornPictures,
        keeping: Keeping,
        cameras: Callable[[], Sequence[str]] = list,
    ) -> None:
        super().__init__()
        self.setWindowTitle("DeepPrivacy Cam")
        self._mirror = True
        self._controller, self._keeping, self._cameras = controller, keeping, cameras
        self._status: dict[str, Any] = {}
        self._viewers: list[str] = []
        self._lack = ""
        self.said_above = False
        """What is wrong stands above the picture, and need not be said again below."""
        self._shown: SafeFrame | None = None
        self.picture = LivePicture()
        self.switch = Switch()
        self.switch.clicked.connect(controller.toggle)
        self.title, self.facts, self.message = QLabel(), QLabel(), QLabel()
        self.subtitle = QLabel()
        for label in (self.title, self.subtitle, self.facts, self.message):
            # Names come from files and may look like markup.
            label.setTextFormat(Qt.TextFormat.PlainText)
        font = self.title.font()
        font.setBold(True)
        font.setPointSizeF(1.25 * font.pointSizeF())
        self.title.setFont(font)
        for label in (self.title, self.subtitle, self.message):
            # A long sentence is cut, never the picture moved; the tip holds all of it.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.facts.setWordWrap(True)
        self.message.setWordWrap(True)
        self.message.setFixedHeight(2 * self.message.fontMetrics().lineSpacing())
        self.facts.hide()
        self.face, self.back, self.save = QPushButton(), QPushButton(), QPushButton()
        self.face.clicked.connect(controller.new_face)
        self.back.clicked.connect(controller.undo)
        self.save.clicked.connect(self.keep_worn)
        self.strip = Strip(controller, worn, keeping)
        self.strip.chosen.connect(controller.wear)
        self.strip.heart.connect(self._heart)
        self._worn = worn
        self.camera = _Cameras(self._fill_cameras)
        self.camera.activated.connect(self._camera_chosen)
        self.mirrored, self.unmirrored = QToolButton(), QToolButton()
        self.view = QButtonGroup(self)
        for number, button in enumerate((self.mirrored, self.unmirrored)):
            button.setCheckable(True)
            button.setAutoRaise(True)
            self.view.addButton(button, number)
        self.view.idClicked.connect(lambda number: self.mirror_wanted.emit(number == 0))
        self.details = QToolButton()
        self.details.setCheckable(True)
        self.details.setAutoRaise(True)
        self.details.toggled.connect(self.facts.setVisible)
        self.gallery, self.settings = QToolButton(), QToolButton()
        self.gallery.clicked.connect(lambda: self.gallery_wanted.emit())
        self.settings.clicked.connect(lambda: self.settings_wanted.emit())
        self.help = QToolButton()
        self.help.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.help_menu = QMenu(self)
        self.help_actions: dict[str, QAction] = {}
        for key in HELP:
            self.help_actions[key] = action = self.help_menu.addAction("")
            action.triggered.connect(lambda _=False, key=key: self.help_wanted.emit(key))
        self.help.setMenu(self.help_menu)
        for button in (self.gallery, self.settings, self.help):
            button.setAutoRaise(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._arrange()
        self._draw_icons()
        controller.said.connect(self._say)
        keeping.said.connect(self._say)
        keeping.changed.connect(lambda: self.show_status(self._status))
        self._frames = QTimer(self, interval=33)
        self._frames.timeout.connect(self.show_newest)
        self._frames.start()
        self._retranslate()
        self.set_view(mirror=True, calm=False)

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self.switch)
        row.addLayout(words, 1)
        for push in (self.save, self.back, self.face):
            push.setIconSize(QSize(18, 18))
            row.addWidget(push)
        foot = QHBoxLayout()
        foot.setSpacing(4)
        foot.addWidget(self.camera)
        foot.addSpacing(6)
        foot.addWidget(self.mirrored)
        foot.addWidget(self.unmirrored)
        foot.addWidget(self.message, 1)
        for button in (self.details, self.gallery, self.settings, self.help):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(10)
        column.addWidget(self.picture, 1)
        column.addLayout(row)
        column.addWidget(self.strip)
        column.addWidget(self.facts)
        column.addLayout(foot)
        self.setTabOrder(self.switch, self.save)
        keep_room(self)
        self.resize(940, 800)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        super().closeEvent(event)
        self.closed.emit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self._name_view()
            self.show_status(self._status)
        elif event.type() == QEvent.Type.PaletteChange:
            self._draw_icons()
        super().changeEvent(event)

    def _draw_icons(self) -> None:
        for button, name in (
            (self.face, "new"), (self.back, "back"), (self.save, "heart"),
            (self.gallery, "people"), (self.settings, "gear"), (self.help, "help"),
            (self.mirrored, "mirror"), (self.unmirrored, "eye"), (self.details, "info"),
        ):  # fmt: skip
            button.setIcon(glyphs.glyph(name))

    def _retranslate(self) -> None:
        self.facts.setAccessibleName(self.tr("State and measurements"))
        self.message.setAccessibleName(self.tr("Message"))
        self.title.setAccessibleName(self.tr("What others see"))
        self.switch.setAccessibleName(self.tr("Others see the picture"))
        self.face.setText(self.tr("&New face"))
        self.back.setText(self.tr("&Undo"))
        self.save.setText(self.tr("&Keep"))
        self.gallery.setText(self.tr("F&aces…"))
        self.settings.setText(self.tr("&Settings…"))
        self.help.setText(self.tr("&Help"))
        self.mirrored.setText(self.tr("&Mirror"))
        self.unmirrored.setText(self.tr("As &others see it"))
        for button in (self.mirrored, self.unmirrored):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.details.setText(self.tr("Details"))
        self.details.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.camera.setAccessibleName(self.tr("Camera"))
        self.camera.setToolTip(self.tr("The camera that looks at you."))
        for key, text in zip(
            HELP,
            (
                self.tr("&How it works, and what it does not hide"),
                self.tr("&Check this computer…"),
                self.tr("&Report a problem…"),
                self.tr("&About DeepPrivacy Cam"),
            ),
            strict=True,
        ):
            self.help_actions[key].setText(text)
        tips: tuple[tuple[QAbstractButton, str], ...] = (
            (
                self.switch,
                self.tr("Off: others see the standby card, and your camera is let go."),
            ),
            (
                self.face,
                self.tr("Somebody new; the present face stays until the new one is ready."),
            ),
            (self.back, self.tr("The face before this one.")),
            (self.save, self.tr("Keep the face that you wear now, under its name.")),
            (self.gallery, self.tr("Rename, share or delete the faces that you keep.")),
            (self.settings, self.tr("Camera, picture, keys, start at login.")),
            (self.mirrored, self.tr("The picture here is like a mirror.")),
            (self.unmirrored, self.tr("The picture here is the way round that others see it.")),
            (self.details, self.tr("Pictures a second, delay and what computes them.")),
        )
        for told_of, tip in tips:
            told_of.setToolTip(tip)
            told_of.setAccessibleDescription(tip)

    def set_view(self, mirror: bool, calm: bool) -> None:
        """``mirror``: like a mirror, else as others see it. ``calm``: a picture now and then."""
        self._mirror, self._shown = mirror, None
        self._frames.setInterval(CALM if calm else 33)
        self.strip.set_mirror(mirror)
        self._name_view()

    def _name_view(self) -> None:
        (self.mirrored if self._mirror else self.unmirrored).setChecked(True)
        self.picture.label(self.tr("Mirror view") if self._mirror else "")
        plain, mirrored = self.tr("Anonymized picture"), self.tr("Anonymized picture, mirrored")
        self.picture.setAccessibleName(mirrored if self._mirror else plain)

    def show_newest(self) -> None:
        """Draw the newest picture if it has not been drawn; idle while hidden."""
        frame = self._controller.newest
        if frame is None and self._shown is not None:
            self._shown = None
            self.picture.show_picture(QPixmap())
        if frame is None or frame is self._shown or not self.isVisible():
            return
        self._shown = frame
        height, width = frame.image.shape[:2]
        pixels = frame.image.tobytes()
        image = QImage(pixels, width, height, 3 * width, QImage.Format.Format_BGR888)
        # A card carries writing, which a mirror would make unreadable.
        plain = not self._mirror or frame.reason.value == "card"
        self.picture.label("" if plain else self.tr("Mirror view"))
        mirrored = image if plain else image.mirrored(True, False)
        self.picture.show_picture(QPixmap.fromImage(mirrored))

    def show_viewers(self, names: Sequence[str], lack: str) -> None:
        """Programs that look now; ``lack``: why none can, '' when they can."""
        self._viewers, self._lack = list(names), lack

    def show_status(self, status: dict[str, Any]) -> None:
        """Write what ``Session.status`` says."""
        self._status = status
        controller = self._controller
        self.setWindowIcon(icons.icon(controller.state(status)))
        on = bool(status.get("running") and status.get("on"))
        self.switch.setChecked(on)
        self.face.setEnabled(bool(status.get("running")))
        self.back.setEnabled(controller.can_undo)
        worn = controller.current
        kept = bool(worn is not None and self._keeping.name_of(worn))
        self.save.setEnabled(worn is not None and not kept)
        self.save.setText(self.tr("Kept") if kept else self.tr("&Keep"))
        self.save.setIcon(glyphs.glyph("heart", glyphs.ACCENT if kept else None, kept))
        title, subtitle = headline(status, controller.problem, self._viewers, self._lack)
        if self.said_above and status.get("showing") != "generated":
            subtitle = ""
        for label, text in ((self.title, title), (self.subtitle, subtitle)):
            label.setText(text)
            label.setToolTip(text)
        self.picture.say(title if self._shown is None else "")
        self.facts.setText(describe(status, controller.problem))
        self._show_camera(str(status.get("camera") or controller.camera or ""))
        self.strip.look(status)

    def keep_worn(self) -> None:
        """Save the face that is worn."""
        worn = self._controller.current
        if worn is not None and not self._keeping.name_of(worn):
            self._keeping.keep(worn, str(self._status.get("identity") or ""))

    def _heart(self, face: str | int) -> None:
        kept = self._keeping.name_of(face)
        if kept:
            self._keeping.give_back(kept)
        else:
            name = self.strip.name(face)
            self._keeping.keep(face, "" if name == "…" else name)

    def tell(self, text: str) -> None:
        """A sentence in the foot, in two lines; all of it in the tip where it is cut."""
        self.message.setText(text)
        self.message.setToolTip(text)

    def _say(self, text: str) -> None:
        self.tell(text)
        self.picture.note(text)

    # Cameras

    def _show_camera(self, name: str) -> None:
        if self.camera.view().isVisible():
            return
        text = name or self.tr("First camera found")
        if self.camera.currentText() != text:
            self.camera.clear()
            self.camera.addItem(glyphs.glyph("camera"), text, name)

    def _fill_cameras(self) -> None:
        now = str(self._status.get("camera") or self._controller.camera or "")
        try:
            names = list(self._cameras())
        except Exception:
            names = []
        names = names if now in names or not now else [now, *names]
        self.camera.clear()
        if not names:
            self.camera.addItem(glyphs.glyph("camera"), self.tr("No camera was found"), "")
        for name in names:
            self.camera.addItem(glyphs.glyph("camera"), name, name)
        self.camera.setCurrentIndex(max(0, self.camera.findData(now)))

    def _camera_chosen(self, index: int) -> None:
        name = str(self.camera.itemData(index) or "")
        if name and name != str(self._status.get("camera") or self._controller.camera or ""):
            self._controller.use_camera(name)


class _Cameras(QComboBox):
    """Asks for the names when it opens."""

    def __init__(self, fill: Callable[[], None]) -> None:
        super().__init__()
        self._fill = fill
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(19)

    def showPopup(self) -> None:  # noqa: N802
        self._fill()
        super().showPopup()
