"""The options of v4l2loopback in /etc/modprobe.d and its relatives: read, and written."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass
from pathlib import Path

from deepcam.platform.kernel import MODULE
from deepcam.platform.rootjob import MARKER, OPTIONS_FILE
from deepcam.platform.system import System

MOST_DEVICES = 8
"""Of one module load; the driver's own limit."""
OPTION_FOLDERS = (
    "etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d",
    "lib/modprobe.d",
)  # fmt: skip
LOAD_FOLDERS = (
    "etc/modules-load.d", "run/modules-load.d", "usr/local/lib/modules-load.d",
    "usr/lib/modules-load.d",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One device, as it is asked for in an options line."""

    number: int
    """-1: the driver chooses."""
    label: str
    exclusive: bool


def configured(system: System, own: str | None = None) -> list[Entry]:
    """Devices that the options lines ask for, the later line winning as modprobe has it.

    ``own``: text to take for our file; None takes what is on the disk.
    """
    texts = {name: _text(path) for name, path in files_in(system, OPTION_FOLDERS).items()}
    name = Path(OPTIONS_FILE).name
    texts[name] = texts.get(name, "") if own is None else own
    options: dict[str, str] = {}
    for name in sorted(texts):
        options.update(_options(texts[name]))
    if not options:
        return []
    numbers = [int(n) if n.lstrip("-").isdecimal() else -1 for n in _split(options, "video_nr")]
    labels, caps = _split(options, "card_label"), _split(options, "exclusive_caps")
    count = options.get("devices", "")
    entries = []
    for index in range(int(count) if count.isdecimal() else max(1, len(numbers))):
        number = numbers[index] if index < len(numbers) else -1
        label = labels[index] if index < len(labels) else ""
        flag = caps[index] if index < len(caps) else "0"
        entries.append(Entry(number, label, flag.lower() in ("1", "y", "yes")))
        if len(entries) == MOST_DEVICES:
            break
    return entries


def loads_at_boot(system: System) -> bool:
    """Whether something loads the module when the machine starts."""
    texts = [_text(path) for path in files_in(system, LOAD_FOLDERS).values()]
    texts.append(system.text("etc", "modules"))
    return any(line.split()[:1] == [MODULE] for text in texts for line in text.splitlines())


def options_text(entries: list[Entry]) -> str:
    """Contents of our file in /etc/modprobe.d."""
    labels = ",".join(plain(e.label) for e in entries)
    return (
        f"{MARKER}\n"
        f"options {MODULE} devices={len(entries)} "
        f"video_nr={','.join(str(e.number) for e in entries)} "
        f"exclusive_caps={','.join(str(int(e.exclusive)) for e in entries)} "
        f'max_buffers=2 card_label="{labels}"\n'
    )


def in_initramfs(system: System) -> bool:
    """Whether the initramfs holds the module, and with it a copy of the options."""
    named = [
        system.root / "etc" / "initramfs-tools" / "modules",
        system.root / "etc" / "mkinitcpio.conf",
        *(system.root / "etc" / "dracut.conf.d").glob("*.conf"),
    ]
    lines = [line for path in named for line in _text(path).splitlines()]
    return any(MODULE in line.partition("#")[0] for line in lines)


def files_in(system: System, folders: tuple[str, ...]) -> dict[str, Path]:
    """Name -> file, in the order that counts; the same name in an earlier folder hides it."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in (system.root / folder).glob("*.conf"):
            found.setdefault(path.name, path)
    return dict(sorted(found.items()))


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _options(text: str) -> dict[str, str]:
    """Parameters of the options lines of one file."""
    found: dict[str, str] = {}
    for line in text.replace("\\\n", " ").splitlines():
        with contextlib.suppress(ValueError):
            words = shlex.split(line, comments=True)
            if words[:2] == ["options", MODULE]:
                for word in words[2:]:
                    name, _, value = word.partition("=")
                    found[name] = value
    return found


def _split(options: dict[str, str], name: str) -> list[str]:
    text = options.get(name, "")
    return text.replace('"', "").split(",") if text else []


def plain(label: str) -> str:
    """A label as it can stand in an options line: 31 bytes, no quotes, no commas."""
    kept = "".join(c if c.isprintable() and c not in "\",\\'#" else " " for c in label)
    return kept.encode()[:31].decode(errors="ignore").strip()
