"""What the app remembers: one TOML file in the user's configuration directory.

Every value is checked when it is read; keys this version does not know are kept when it is written.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from deepcam.app.hotkeys import DEFAULTS
from deepcam.errors import DeepcamError
from deepcam.identity.gallery import check_name
from deepcam.pipeline import backdrop, cards

LARGEST_FILE = 256 << 10
OUTPUTS = ("auto", "camera", "pipewire", "null")
LANGUAGES = ("", "en", "de", "nb")
"""'' follows the system."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One set of choices; all values are valid once ``parse`` or ``check`` has passed them."""

    camera: str = ""
    """Name; '' is the first real camera."""
    size: tuple[int, int] = (1280, 720)
    """(width, height) of the output."""
    fps: float = 30.0
    smaller_when_slow: bool = False
    """Make the picture smaller inside when this computer cannot keep up."""
    output: str = "auto"
    face: str = ""
    """The saved face that is always worn; '' is a new one at every start."""
    on_doubt: Literal["cover", "card"] = "cover"
    cover: Literal["face", "head"] = "face"
    background: str = "keep"
    """What is behind people: keep, blur, a colour such as "#204060", or the path of a picture."""
    card: str = "plain"
    """What others see while there is no picture: "plain", "back-soon", a colour such as "#204060",
    or the path of a picture (``deepcam.pipeline.cards.check``)."""
    hotkeys: dict[str, str] = field(default_factory=lambda: dict(DEFAULTS))
    """toggle, new_face and panic to keys such as "Ctrl+Alt+N"; '' is none."""
    start_at_login: bool = False
    mirror_preview: bool = True
    language: str = ""
    reduced_motion: bool = False
    first_run_done: bool = False
    """The guide of the first start has been seen."""
    tray_told: bool = False
    """It was said once that the program goes on in the tray."""
    unknown: dict[str, Any] = field(default_factory=dict)
    """What another version wrote; kept."""


class SettingsFile:
    """The settings on disk. ``folder``: default from ``default_folder``."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder) if folder is not None else default_folder()
        self.path = self.folder / "settings.toml"
        self.now = Settings()
        """As last read or written."""
        self.first_run = False
        """As of ``load``: nobody has seen the guide of the first start yet."""

    def load(self) -> list[str]:
        """Read the file into ``now``; a sentence for everything that could not be used.

        Never raises: a file that is no settings file is set aside and the defaults are taken.
        """
        self.now, self.first_run = Settings(), False
        try:
            with self.path.open("rb") as stream:
                data = stream.read(LARGEST_FILE + 1)
        except FileNotFoundError:
            self.first_run = True
            return []
        except OSError as error:
            why = error.strerror or type(error).__name__
            return [f"The settings in {self.path} cannot be read ({why}); the defaults are used."]
        try:
            if len(data) > LARGEST_FILE:
                raise ValueError("too large")
            table = tomllib.loads(data.decode("utf-8"))
        except (ValueError, RecursionError):
            self.first_run = True
            return [self._set_aside()]
        # Who has settings of a version without the guide knows the program.
        self.now, said = parse({"first_run_done": True, **table})
        self.first_run = not self.now.first_run_done
        return said

    def save(self, settings: Settings) -> None:
        """Write ``settings``, all or nothing. Raises ``DeepcamError``; ``now`` stays then."""
        check(settings)
        part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(dump(settings).encode("utf-8"))
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            why = error.strerror or type(error).__name__
            raise DeepcamError(
                f"The settings cannot be kept in {self.path} ({why}).",
                "Make that directory writable; until then they end with the program.",
            ) from None
        self.now = settings

    def _set_aside(self) -> str:
        target = self.path.with_name("settings.broken.toml")
        try:
            os.replace(self.path, target)
        except OSError:
            return f"{self.path} is not a settings file; the defaults are used."
        return f"The settings file was damaged: it lies in {target} now, and the defaults are used."


def default_folder() -> Path:
    """Where this user's settings lie; ``DEEPCAM_CONFIG_DIR`` overrides it."""
    given = os.environ.get("DEEPCAM_CONFIG_DIR")
    if given:
        return Path(given)
    import platformdirs

    return Path(platformdirs.user_config_dir("deepcam", appauthor=False))


def parse(table: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    """Settings from what TOML says, and a sentence for each value that cannot be used."""
    # In one go: a file may hold a hundred thousand keys.
    unknown = {key: value for key, value in table.items() if key not in _READERS}
    made, said = Settings(unknown=unknown), []
    for key, value in table.items():
        read = _READERS.get(key)
        if read is None:
            continue
        try:
            made = replace(made, **{key: read(value)})
        except (DeepcamError, ValueError, TypeError, KeyError):
            said.append(f"The setting {key} cannot be used; its default is taken.")
    return made, said


def check(settings: Settings) -> None:
    """Raises ``DeepcamError`` for the first value that cannot be used."""
    for key, read in _READERS.items():
        value = getattr(settings, key)
        try:
            read("{}x{}".format(*value) if key == "size" else value)
        except (ValueError, TypeError, KeyError):
            raise DeepcamError(
                f"The setting {key} cannot be {value!r}.", "Choose another value."
            ) from None


def dump(settings: Settings) -> str:
    """The text of the file."""
    values: dict[str, Any] = {k: getattr(settings, k) for k in _READERS if k != "hotkeys"}
    values["size"] = "{}x{}".format(*settings.size)
    lines = ["# Settings of DeepPrivacy Cam. The program writes this file anew."]
    lines += [f"{key} = {_value(value)}" for key, value in values.items()]
    plain = {k: v for k, v in settings.unknown.items() if not isinstance(v, dict)}
    tables = {"hotkeys": settings.hotkeys}
    tables |= {k: v for k, v in settings.unknown.items() if isinstance(v, dict)}
    lines += [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for name, table in tables.items():
        lines += ["", f"[{_key(name)}]"]
        lines += [f"{_key(key)} = {_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _key(text: str) -> str:
    plain = text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    return text if plain else _text(text)


def _text(text: str) -> str:
    # TOML takes JSON's strings, but for one control character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, int | float):
        return repr(value)
    return str(value.isoformat())  # dates and times


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _line(value: object) -> str:
    if not isinstance(value, str) or len(value) > 200 or not (value.isprintable()):
        raise TypeError
    return value


def _one_of(*allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError
        return value

    return read


def _size(value: object) -> tuple[int, int]:
    width, height = (int(part) for part in _line(value).split("x"))
    if not (16 <= width <= 4096 and 16 <= height <= 4096) or width % 2 or height % 2:
        raise ValueError
    return width, height


def _rate(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 120:
        raise ValueError
    return float(value)


def _name(value: object) -> str:
    text = _line(value)
    return text and check_name(text)


def _card(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    cards.check(value)
    return value


def _background(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    backdrop.check(value)
    return value


def _keys(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError
    # Those that lack here keep their defaults, and foreign ones are kept as they are.
    return {**DEFAULTS, **{_line(k): _line(v) for k, v in value.items()}}


_READERS: dict[str, Callable[[Any], Any]] = {
    "camera": _line,
    "size": _size,
    "fps": _rate,
    "smaller_when_slow": _flag,
    "output": _one_of(*OUTPUTS),
    "face": _name,
    "on_doubt": _one_of("cover", "card"),
    "cover": _one_of("face", "head"),
    "card": _card,
    "background": _background,
    "start_at_login": _flag,
    "mirror_preview": _flag,
    "language": _one_of(*LANGUAGES),
    "reduced_motion": _flag,
    "first_run_done": _flag,
    "tray_told": _flag,
    "hotkeys": _keys,
}
