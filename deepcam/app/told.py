"""What the layers below the windows say, in the language of the windows.

Those know no languages. Their sentences that people meet in the windows are listed here and are
recognised again; all others stay English.
"""

from __future__ import annotations

import re
from functools import cache

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

_STOP = re.escape(".")

SENTENCES = (
    # The camera
    QT_TRANSLATE_NOOP("Told", "No camera was found."),
    QT_TRANSLATE_NOOP("Told", "Plug in a camera, or use --source FILE."),
    QT_TRANSLATE_NOOP("Told", "There is no camera '{0}'."),
    QT_TRANSLATE_NOOP("Told", "The camera {0} is gone."),
    QT_TRANSLATE_NOOP("Told", "The camera {0} does not answer."),
    QT_TRANSLATE_NOOP("Told", "Plug it in again."),
    QT_TRANSLATE_NOOP("Told", "The camera {0} may not be used by this user."),
    QT_TRANSLATE_NOOP("Told", "Run: sudo usermod -aG video $USER, then log in again."),
    QT_TRANSLATE_NOOP("Told", 'The camera "{0}" could not be opened.'),
    QT_TRANSLATE_NOOP("Told", "Close other programs."),
    QT_TRANSLATE_NOOP("Told", 'The camera "{0}" is used by {1}.'),
    QT_TRANSLATE_NOOP("Told", "Close it there; it is then taken over by itself."),
    QT_TRANSLATE_NOOP("Told", "Choose a real camera."),
    QT_TRANSLATE_NOOP("Told", "Camera not available."),
    QT_TRANSLATE_NOOP("Told", "The camera sends no picture."),
    QT_TRANSLATE_NOOP("Told", "Camera picture not usable."),
    QT_TRANSLATE_NOOP("Told", "The camera is not running."),
    QT_TRANSLATE_NOOP("Told", "The camera is just starting."),
    QT_TRANSLATE_NOOP("Told", "Start it first."),
    QT_TRANSLATE_NOOP("Told", "There was no answer in time."),
    QT_TRANSLATE_NOOP("Told", "Try again in a moment."),
    # The program
    QT_TRANSLATE_NOOP("Told", "DeepPrivacy Cam is running already (process {0})."),
    QT_TRANSLATE_NOOP("Told", "Use it, or end it with: deepcam stop"),
    QT_TRANSLATE_NOOP("Told", "Start the program again."),
    QT_TRANSLATE_NOOP("Told", "The output stopped ({0})."),
    QT_TRANSLATE_NOOP("Told", "The face generator stopped ({0})."),
    QT_TRANSLATE_NOOP("Told", "This computer is too slow for {0}: the picture is made at {1} now."),
    QT_TRANSLATE_NOOP("Told", "There is no identity model."),
    QT_TRANSLATE_NOOP("Told", "The model {0} is missing."),
    QT_TRANSLATE_NOOP("Told", "Install DeepPrivacy Cam again."),
    QT_TRANSLATE_NOOP("Told", "The face tracker's networks are not on this computer yet."),
    QT_TRANSLATE_NOOP("Told", "The tracker's networks could not be downloaded ({0})."),
    # The virtual camera
    QT_TRANSLATE_NOOP("Told", 'There is no virtual camera "{0}".'),
    QT_TRANSLATE_NOOP("Told", "The virtual camera {0} does not answer."),
    QT_TRANSLATE_NOOP("Told", "The virtual camera {0} may not be used by this user."),
    QT_TRANSLATE_NOOP("Told", "PipeWire does not run in this session."),
    QT_TRANSLATE_NOOP("Told", "The PipeWire library is missing."),
    QT_TRANSLATE_NOOP("Told", "You closed the question for the password."),
    QT_TRANSLATE_NOOP("Told", "Nothing was changed."),
    QT_TRANSLATE_NOOP("Told", "The set-up ended early (exit code {0})."),
    # Faces
    QT_TRANSLATE_NOOP("Told", "An identity called '{0}' exists already."),
    QT_TRANSLATE_NOOP("Told", "Choose another name."),
    QT_TRANSLATE_NOOP("Told", "An identity of that name exists again."),
    QT_TRANSLATE_NOOP("Told", "Rename that one, then try once more."),
    QT_TRANSLATE_NOOP("Told", "No identity is called '{0}'."),
    QT_TRANSLATE_NOOP(
        "Told", "`deepcam identities list` shows the saved ones; a number is taken as a seed."
    ),
    QT_TRANSLATE_NOOP("Told", "That cannot be the name of an identity."),
    QT_TRANSLATE_NOOP("Told", "Use 1 to {0} visible characters, not only digits."),
    QT_TRANSLATE_NOOP("Told", "{0} is not an identity, or it is damaged."),
    QT_TRANSLATE_NOOP("Told", "Make a new one with `deepcam identities new`."),
    QT_TRANSLATE_NOOP("Told", "{0} was written by a newer DeepPrivacy Cam."),
    QT_TRANSLATE_NOOP("Told", "Install the present version."),
    QT_TRANSLATE_NOOP("Told", "{0} does not exist."),
    QT_TRANSLATE_NOOP("Told", "Check the name."),
    QT_TRANSLATE_NOOP("Told", "{0} cannot be used: {1}."),
    QT_TRANSLATE_NOOP("Told", "Choose another place or free it."),
    QT_TRANSLATE_NOOP("Told", "Nothing can be written in the directory {0}."),
    QT_TRANSLATE_NOOP("Told", "Choose another place."),
    # Keys
    QT_TRANSLATE_NOOP("Told", "{0} is taken by another program."),
    QT_TRANSLATE_NOOP("Told", "Choose other keys."),
    QT_TRANSLATE_NOOP("Told", "Choose keys such as Ctrl+Alt+N."),
    QT_TRANSLATE_NOOP("Told", "'{0}' lacks the key that is pressed."),
    QT_TRANSLATE_NOOP("Told", "{0} is needed for writing."),
    QT_TRANSLATE_NOOP("Told", "Hold Ctrl or Alt with it, as in Ctrl+Alt+N."),
    QT_TRANSLATE_NOOP("Told", "{0} belongs to the desktop."),
    QT_TRANSLATE_NOOP("Told", "Every program needs {0} itself."),
    QT_TRANSLATE_NOOP("Told", "Windows keeps {0} for itself."),
    QT_TRANSLATE_NOOP("Told", "In '{0}', {1} is no key that can be a hotkey."),
    QT_TRANSLATE_NOOP("Told", "Choose a letter, a digit or a function key."),
    QT_TRANSLATE_NOOP("Told", "The present keyboard layout has no {0} key."),
    QT_TRANSLATE_NOOP("Told", "The desktop refused the hotkeys."),
    QT_TRANSLATE_NOOP("Told", "The desktop's question about hotkeys was declined."),
    QT_TRANSLATE_NOOP("Told", "The desktop's question about hotkeys was not answered."),
    QT_TRANSLATE_NOOP("Told", "The desktop did not answer."),
    QT_TRANSLATE_NOOP("Told", "The desktop ended the hotkeys."),
    QT_TRANSLATE_NOOP("Told", "Save the settings again to get them back."),
    QT_TRANSLATE_NOOP("Told", "This desktop gives programs no hotkeys."),
    QT_TRANSLATE_NOOP("Told", "This session has no message bus for hotkeys."),
    QT_TRANSLATE_NOOP("Told", "Without a desktop there are no hotkeys."),
    QT_TRANSLATE_NOOP("Told", "The hotkeys are switched off."),
    QT_TRANSLATE_NOOP("Told", "Give the command `{0}` a key in the desktop's keyboard settings."),
    # Settings
    QT_TRANSLATE_NOOP("Told", "The settings cannot be kept in {0} ({1})."),
    QT_TRANSLATE_NOOP(
        "Told", "Make that directory writable; until then they end with the program."
    ),
    QT_TRANSLATE_NOOP("Told", "The settings in {0} cannot be read ({1}); the defaults are used."),
    QT_TRANSLATE_NOOP("Told", "{0} is not a settings file; the defaults are used."),
    QT_TRANSLATE_NOOP(
        "Told", "The settings file was damaged: it lies in {0} now, and the defaults are used."
    ),
    QT_TRANSLATE_NOOP("Told", "The setting {0} cannot be used; its default is taken."),
)


_IN_WINDOWS = {
    "An identity called '{0}' exists already.": "A face called {0} exists already.",
    "An identity of that name exists again.": "A face of that name exists again.",
    "No identity is called '{0}'.": "No face is called {0}.",
    "`deepcam identities list` shows the saved ones; a number is taken as a seed.":
        "“Faces…” shows those that you keep.",
    "That cannot be the name of an identity.": "That cannot be the name of a face.",
    "{0} is not an identity, or it is damaged.": "{0} is not a face file, or it is damaged.",
    "Make a new one with `deepcam identities new`.": "Choose a file that was exported as a face.",
    "Use it, or end it with: deepcam stop": "Use it, or end it first.",
    "Plug in a camera, or use --source FILE.": "Plug in a camera.",
}  # fmt: skip
"""In English, where the command line says it in words of its own."""
_KEYS = re.compile(r"(?:(?:Ctrl|Alt|Shift|Super|Meta)\+)+\S{1,12}")


def told(text: object) -> str:
    """``text`` (of an error, for example), sentence by sentence in the language of now."""
    rest, parts = str(text), []
    while rest:
        for pattern, sentence in _patterns():
            found = pattern.fullmatch(rest)
            if found is not None:
                *groups, rest = found.groups()
                said = QCoreApplication.translate("Told", sentence)
                said = _IN_WINDOWS.get(said, said)
                parts.append(said.format(*map(_shown, groups)) if groups else said)
                break
        else:
            return " ".join([*parts, rest])
        rest = rest or ""
    return " ".join(parts)


def _shown(group: str) -> str:
    """Keys as people here read them; all else as it is."""
    from deepcam.app.hotkeys import shown

    return shown(group) if group and _KEYS.fullmatch(group) else group


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The longest first: a short one may stand in it."""
    made = []
    for sentence in sorted(map(str, SENTENCES), key=len, reverse=True):
        literal = re.escape(sentence)
        # A place at the beginning must not swallow the sentences before.
        literal = re.sub(r"^\\{\d\\}", r"((?:(?!\\. ).)+?)", literal)
        literal = re.sub(r"\\{\d\\}", r"(.+?)", literal)
        # States of the camera come without their full stop.
        stop = r"(?:\.|\Z)" if sentence.endswith(".") else ""
        whole = rf"{literal.removesuffix(_STOP)}{stop}(?:\s(.*))?"
        made.append((re.compile(whole, re.DOTALL), sentence))
    return made
