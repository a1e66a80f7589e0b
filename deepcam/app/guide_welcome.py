"""The guide's first page: what this is, and what it does not hide."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from deepcam.app import glyphs
from deepcam.app.guide_step import Step


class WelcomeStep(Step):
    """Words alone."""

    def __init__(self) -> None:
        super().__init__("")
        self.title = self.tr("Be in the call. Keep your face.")
        self.column.setSpacing(14)
        self.add_text(
            self.tr(
                "In calls, others see you move, speak and blink, with the face of somebody who "
                "does not exist. Your own picture never leaves this computer."
            )
        )
        for name, colour, heading, text in (
            ("check", glyphs.ACCENT, self.tr("Hidden"), hidden()),
            ("warning", glyphs.ALARM, self.tr("Not hidden"), not_hidden()),
        ):
            card = QFrame()
            card.setFrameShape(QFrame.Shape.StyledPanel)
            row = QHBoxLayout(card)
            row.setContentsMargins(14, 12, 14, 12)
            row.setSpacing(14)
            icon = QLabel()
            icon.setPixmap(glyphs.glyph(name, colour).pixmap(32, 32))
            icon.setAlignment(Qt.AlignmentFlag.AlignTop)
            words = QVBoxLayout()
            title = QLabel(heading)
            font = title.font()
            font.setBold(True)
            title.setFont(font)
            body = QLabel(text)
            body.setWordWrap(True)
            words.addWidget(title)
            words.addWidget(body)
            row.addWidget(icon)
            row.addLayout(words, 1)
            self.column.addWidget(card)
        self.add_text(
            self.tr(
                "If your face cannot be followed for a moment, a plain cover or a standby card is "
                "shown. No button and no key shows your own face."
            )
        )
        self.column.addStretch()


def hidden() -> str:
    """What others cannot see, in the language of now."""
    return QCoreApplication.translate(
        "WelcomeStep", "Your face: eyes, nose, mouth, and all that is yours alone in it."
    )


def not_hidden() -> str:
    """What others still see or hear."""
    return QCoreApplication.translate(
        "WelcomeStep",
        "Hair, ears, neck, body and clothes, your room, your voice and what you say; and roughly "
        "how old you are and how light your skin is, because the new face matches them. Whoever "
        "knows you well may know you by these.",
    )
