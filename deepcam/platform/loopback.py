"""What a virtual camera of our own needs on Linux: the state of v4l2loopback, and what to change.

Nothing here writes; ``setup`` carries a ``Plan`` out.

Versions: up to 0.12 devices are made only when the module is loaded; from 0.13 on they can be added
to a loaded module through /dev/v4l2loopback. 0.15 renumbered those calls and kept the old numbers.
exclusive_caps=1 is needed by all versions: Chromium lists no device that also takes pictures.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.platform import kernel, rootjob
from deepcam.platform.kernel import MODULE
from deepcam.platform.options import (
    MOST_DEVICES,
    OPTION_FOLDERS,
    Entry,
    configured,
    files_in,
    in_initramfs,
    loads_at_boot,
    options_text,
    plain,
)
from deepcam.platform.rootjob import LOAD_FILE, MARKER, OPTIONS_FILE
from deepcam.platform.system import System

NUMBERS = (*range(10, 64), *range(64, 256), *range(10))
"""Device numbers in the order we like them: the low ones are taken by webcams that come later."""


@dataclass(frozen=True, slots=True)
class Device:
    """A loopback device that is there."""

    number: int
    label: str
    exclusive: bool | None
    """exclusive_caps; None when the driver could not be asked."""

    @property
    def ours(self) -> bool:
        """Whether it carries our label."""
        return self.label == APP_NAME

    @property
    def path(self) -> str:
        """For people."""
        return f"/dev/video{self.number}"


@dataclass(frozen=True, slots=True)
class Loopback:
    """v4l2loopback on this machine."""

    loaded: bool
    control: bool
    """Devices can be added and removed while the module is loaded."""
    devices: tuple[Device, ...]
    taken: frozenset[int]
    """Numbers of all video devices."""

    @property
    def own(self) -> tuple[Device, ...]:
        """Devices with our label; more than one after an accident."""
        return tuple(d for d in self.devices if d.ours)

    @property
    def others(self) -> tuple[Device, ...]:
        """Devices of other programs, such as OBS."""
        return tuple(d for d in self.devices if not d.ours)


@dataclass(frozen=True)
class Plan:
    """What set-up would do."""

    write: dict[str, str] = field(default_factory=dict)
    """Path below the root -> contents."""
    remove: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    number: int | None = None
    """Of our device afterwards."""
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing needs root."""
        return not (self.write or self.remove or self.steps)

    def lines(self) -> list[str]:
        """For people: everything that root would do."""
        told = {
            "packages": "run    install v4l2loopback and what builds it for this kernel",
            "load": "run    modprobe v4l2loopback",
            "unload": "run    modprobe -r v4l2loopback",
            "unload-idle": "run    modprobe -r v4l2loopback   (when no device is left)",
            "initramfs": "run    rebuild the initramfs, which holds a copy of the settings",
        }
        lines = []
        for path, text in self.write.items():
            lines += [f"write  /{path}", *(f"         {line}" for line in text.splitlines())]
        for step in self.steps:
            name, _, number = step.partition(":")
            verb = "create" if name == "add" else "remove"
            lines.append(told.get(step, f'{verb} /dev/video{number} "{APP_NAME}"'))
        return lines + [f"remove /{path}" for path in self.remove]


def inspect(system: System) -> Loopback:
    """The present state."""
    devices = []
    for entry in (system.sys / "devices" / "virtual" / "video4linux").glob("video*"):
        number = entry.name.removeprefix("video")
        # Only v4l2loopback has this file.
        if number.isdecimal() and (entry / "max_openers").exists():
            with contextlib.suppress(OSError):
                label = (entry / "name").read_text(errors="replace").strip()
                devices.append(Device(int(number), label, _exclusive(system, int(number))))
    taken: set[int] = set()
    for folder in (system.sys / "class" / "video4linux", system.dev):
        numbers = (e.name.removeprefix("video") for e in folder.glob("video*"))
        taken |= {int(n) for n in numbers if n.isdecimal()} | {d.number for d in devices}
    return Loopback(
        kernel.loaded(system),
        (system.dev / MODULE).exists(),
        tuple(sorted(devices, key=lambda d: d.number)),
        frozenset(taken),
    )


def _exclusive(system: System, number: int) -> bool | None:
    """A device that takes and gives pictures at once has exclusive_caps=0, whatever the files say;
    the module's parameters know only the devices made when it was loaded."""
    capability = system.ask(str(system.dev / f"video{number}"))
    if capability is not None and (capability.capture or capability.output):
        return not (capability.capture and capability.output)
    parameters = ("sys", "module", MODULE, "parameters")
    numbers = system.text(*parameters, "video_nr").strip().split(",")
    flags = system.text(*parameters, "exclusive_caps").strip().split(",")
    with contextlib.suppress(ValueError, IndexError):
        return flags[numbers.index(str(number))] == "Y"
    return None


def plan(system: System, install: bool = False) -> Plan:
    """What it takes to have our device, now and after a restart. ``install``: packages may be
    installed for it. Raises ``DeepcamError`` when it cannot be had."""
    blocked = kernel.obstacle(system)
    if blocked is not None and not (install and kernel.installable(system, blocked)):
        raise DeepcamError(blocked.reason, f"Run: {blocked.command}")
    state = inspect(system)
    good = [d for d in state.own if d.exclusive is not False]
    kept = _others(system, state)
    if len(kept) >= MOST_DEVICES:
        raise DeepcamError(
            f"v4l2loopback can make {MOST_DEVICES} devices at most, and other programs have "
            f"{len(kept)}.",
            "Remove one of theirs, then try again.",
        )
    number = good[0].number if good else _free(state, kept)
    write = _to_write(system, [*kept, Entry(number, APP_NAME, True)])
    for name in write:
        present = system.root / name
        if present.exists() and not rootjob.ours(present):
            raise DeepcamError(
                f"/{name} was written by somebody else.", f"Look at it, then: sudo rm /{name}"
            )
    steps = [] if good else _steps(system, state, number)
    if blocked is not None:
        steps.insert(0, "packages")
    if write and in_initramfs(system):
        steps.append("initramfs")
    notes = _notes(system, write)
    return Plan(write, (), tuple(steps), number, notes)


def undo(system: System) -> Plan:
    """What it takes to have none of it: only files with our marker, and the device they made."""
    state = inspect(system)
    files = tuple(name for name in rootjob.FILES if rootjob.ours(system.root / name))
    if not files:
        return Plan()
    steps, notes = [], []
    if state.own and state.control:
        _check_idle(system, state.own)
        steps = [f"remove:{device.number}" for device in state.own]
        if not state.others:
            steps.append("unload-idle")
    elif state.own and not state.others:
        _check_idle(system, state.own)
        steps = ["unload"]
    elif state.own:
        notes = [f"{state.own[0].path} stays until the machine is restarted."]
    if in_initramfs(system):
        steps.append("initramfs")
    return Plan({}, files, tuple(steps), None, tuple(notes))


def _steps(system: System, state: Loopback, number: int) -> list[str]:
    if not state.loaded:
        return ["load"]
    if state.control:
        _check_idle(system, state.own)
        return [*(f"remove:{device.number}" for device in state.own), f"add:{number}"]
    _check_idle(system, state.devices)
    return ["unload", "load"]


def _check_idle(system: System, devices: tuple[Device, ...]) -> None:
    for device in devices:
        busy = system.holders(str(system.dev / f"video{device.number}"))
        if busy:
            raise DeepcamError(
                f'{device.path} "{device.label}" must be made anew, but it is used by '
                f"{', '.join(busy)}.",
                "Close it there, then try again.",
            )


def check_writable(system: System, plan: Plan) -> None:
    """Raises ``DeepcamError`` when not even root could write what the plan says."""
    for name in (*plan.write, *plan.remove):
        folder = (system.root / name).parent
        while not folder.exists():
            folder = folder.parent
        if system.read_only(folder):
            raise DeepcamError(
                f"/{name} cannot be changed: the file system is read-only.",
                "Put the settings where your system keeps them (deepcam setup --dry-run shows "
                "them).",
            )


def _others(system: System, state: Loopback) -> list[Entry]:
    """Devices of other programs that must be there after a restart, too: those that are asked for
    in other files, and those that are there now."""
    wanted = [e for e in configured(system, "") if e.label != APP_NAME]
    known = {e.number for e in wanted} | {e.label for e in wanted}
    for device in state.others:
        if device.number not in known and device.label not in known:
            # OBS and all that browsers should see want exclusive_caps=1.
            wanted.append(Entry(device.number, device.label, device.exclusive is not False))
    return wanted


def _free(state: Loopback, kept: list[Entry]) -> int:
    taken = state.taken - {d.number for d in state.own} | {e.number for e in kept}
    wished: list[int] = [*(d.number for d in state.own), *NUMBERS]
    for number in wished:
        if number not in taken:
            return number
    raise DeepcamError(
        "All 256 numbers for video devices are taken.", "Remove some video devices, then try again."
    )


def _to_write(system: System, entries: list[Entry]) -> dict[str, str]:
    """The files whose contents must change."""
    files: dict[str, str] = {}
    own = system.root / LOAD_FILE
    if not loads_at_boot(system) and not own.is_symlink():
        files[LOAD_FILE] = f"{MARKER}\n{MODULE}\n"
    present = configured(system)
    asked = {(e.number, e.label, e.exclusive) for e in present}
    if not all((e.number, plain(e.label), e.exclusive) in asked for e in entries):
        files[OPTIONS_FILE] = options_text(entries)
    return files


def _notes(system: System, write: dict[str, str]) -> tuple[str, ...]:
    text = write.get(OPTIONS_FILE)
    if text and all(e.label != APP_NAME for e in configured(system, text)):
        later = max(files_in(system, OPTION_FOLDERS))
        return (f"{later} sorts after our file and overrides it: rename or remove that one.",)
    return ()
