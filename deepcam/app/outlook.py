"""Whether calls can see the picture, and what it would take: for the guide and for the banner."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from deepcam.errors import DeepcamError
from deepcam.platform import privilege
from deepcam.platform.setup import advice, setup
from deepcam.platform.system import System


@dataclass(frozen=True, slots=True)
class Outlook:
    """The state of the virtual camera."""

    device: str = ""
    """Path of ours; '' when there is none."""
    pipewire: bool = False
    """Programs that use PipeWire can have a camera without any set-up."""
    plan: tuple[str, ...] = ()
    """What setting the device up would do as root, line by line; empty when there is nothing."""
    obstacle: str = ""
    """Why it cannot be set up from here; '' when it can."""
    command: str = ""
    """What to type in a terminal instead."""


def can_be_seen(output: str) -> bool:
    """Whether pictures for ``output`` (of the settings) have a place to go, as far as can be told
    without opening it. Quick."""
    if output == "null" or not System().linux:
        return True
    from deepcam.sinks.pipewire import available
    from deepcam.sinks.virtualcam import find_device

    has_device = output in ("auto", "camera") and find_device() is not None
    return has_device or (output in ("auto", "pipewire") and available())


def look(system: System) -> Outlook:
    """The state now; slow: programs are asked."""
    from deepcam.sinks.pipewire import available
    from deepcam.sinks.virtualcam import find_device

    if not system.linux:
        return Outlook(obstacle=advice(system.platform))
    device, pipewire = find_device(system.sys, system.dev) or "", available()
    plan: list[str] = []
    obstacle, command = "", shlex.join(privilege.itself())
    try:
        facts = setup(system, dry_run=True, install=True, say=plan.append)
        if not (facts["write"] or facts["steps"]):
            return Outlook(device, pipewire)
        privilege.way(system, terminal=False)
    except DeepcamError as error:
        obstacle = error.what
        _, typed, rest = error.remedy.partition("un: ")
        if typed:
            command = rest
        else:
            obstacle = str(error)
    return Outlook(device, pipewire, tuple(_shown(plan)), obstacle, command)


def _shown(said: Sequence[str]) -> list[str]:
    """Without the lines that are for the command line."""
    return [line.strip() if line.startswith("Note") else line[2:]
            for line in said if line.startswith(("  ", "Note"))]  # fmt: skip


class Installer:
    """Sets the device up; ``install`` belongs into a thread of its own, ``end`` breaks it off."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._process: subprocess.Popen[str] | None = None
        self._ended = False

    def install(self, shown: Sequence[str]) -> str:
        """Do what ``Outlook.plan`` showed and nothing else; the device. Asks for the password.
        Raises ``DeepcamError``, also when the plan is another one by now."""
        said: list[str] = []

        def same() -> bool:
            return tuple(_shown(said)) == tuple(shown)

        facts = setup(
            self._system, install=True, say=said.append, confirm=same, terminal=False,
            run=self._start,
        )  # fmt: skip
        return str(facts["device"])

    def end(self) -> None:
        """Take the question for the password away; what root does already is let finish."""
        self._ended = True
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.terminate()

    def _start(self, arguments: Sequence[str]) -> tuple[int, str]:
        if self._ended:
            return privilege.DISMISSED, ""
        try:
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                errors="replace", env={**os.environ},
            )  # fmt: skip
        except OSError as error:
            return privilege.NOT_ALLOWED, str(error)
        text, _ = self._process.communicate()
        return self._process.returncode, text
