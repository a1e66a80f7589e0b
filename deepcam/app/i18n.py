"""The language of the windows: the one in the settings, else that of the system.

Texts go through ``self.tr`` or ``QCoreApplication.translate``; ``make translations`` collects them
into ``translations/*.ts`` and compiles what people have translated there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import (
    QT_TRANSLATE_NOOP,
    QCoreApplication,
    QLibraryInfo,
    QLocale,
    QTranslator,
)

FOLDER = Path(__file__).with_name("translations")
NAMES = {"en": "English", "de": "Deutsch", "nb": "Norsk bokmål"}
"""Every language, as the people who speak it call it."""
_QTS_OWN = {"de": "de", "nb": "nn"}
"""Qt has no Bokmål. Nynorsk is nearer than English, and ``BUTTONS`` stand above it."""

BUTTONS = (
    QT_TRANSLATE_NOOP("QPlatformTheme", "OK"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Save"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Open"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "&Yes"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "&No"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Retry"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Close"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Cancel"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Help"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Apply"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Reset"),
    QT_TRANSLATE_NOOP("QPlatformTheme", "Restore Defaults"),
    QT_TRANSLATE_NOOP("QGnomeTheme", "&OK"),
    QT_TRANSLATE_NOOP("QGnomeTheme", "&Save"),
    QT_TRANSLATE_NOOP("QGnomeTheme", "&Cancel"),
    QT_TRANSLATE_NOOP("QGnomeTheme", "&Close"),
    QT_TRANSLATE_NOOP("QKeySequenceEdit", "Press shortcut"),
)
"""Texts of Qt's own, where Qt asks for them."""

_installed: list[QTranslator] = []


def resolve(wanted: str, system: Sequence[str] | None = None) -> str:
    """One of ``NAMES``: ``wanted``, or for '' the first of the ``system``'s languages (such as
    "de-AT") that there is, else English."""
    if wanted in NAMES:
        return wanted
    for name in QLocale.system().uiLanguages() if system is None else system:
        short = name.replace("_", "-").split("-")[0].lower()
        short = "nb" if short in ("no", "nn") else short
        if short in NAMES:
            return short
    return "en"


def install(wanted: str) -> str:
    """Translate from now on after the setting ``language``; windows that are open hear of it. The
    language it became. Needs a ``QCoreApplication``."""
    language = resolve(wanted)
    found = [_load(FOLDER, f"deepcam_{language}")]
    if language in _QTS_OWN:
        qts = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
        # The one installed last is asked first.
        found.insert(0, _load(qts, f"qtbase_{_QTS_OWN[language]}"))
    while _installed:
        QCoreApplication.removeTranslator(_installed.pop())
    # The system's own locale also knows its habits; only another language replaces it.
    other = wanted in NAMES and wanted != resolve("")
    QLocale.setDefault(QLocale(wanted) if other else QLocale.system())
    for translator in found:
        if translator is not None:
            QCoreApplication.installTranslator(translator)
            _installed.append(translator)
    return language


def _load(folder: Path, name: str) -> QTranslator | None:
    translator = QTranslator()
    return translator if translator.load(name, str(folder)) else None
