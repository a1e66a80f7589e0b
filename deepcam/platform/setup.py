"""``deepcam setup``: the device "DeepPrivacy Cam", now and after every restart, and back again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from deepcam import APP_NAME
from deepcam.errors import DeepcamError
from deepcam.platform import loopback, privilege
from deepcam.platform.loopback import Plan
from deepcam.platform.system import System

WAIT = 3.0
"""Seconds until a new device must be there."""

Say = Callable[[str], None]
Confirm = Callable[[], bool]


def setup(
    system: System,
    *,
    undo: bool = False,
    dry_run: bool = False,
    install: bool = False,
    say: Say = print,
    confirm: Confirm | None = None,
    terminal: bool = False,
    run: privilege.Start = privilege.start,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Show what will be written, ask, let root do it, and look whether it worked.

    ``install``: the system's packages may be installed.
    ``confirm``: asks the person; None goes on without asking. ``terminal``: somebody sits there.
    Returns facts for ``--json``. Raises ``DeepcamError``; then nothing is half-installed.
    """
    if not system.linux:
        return _elsewhere(system, say)
    plan = loopback.undo(system) if undo else loopback.plan(system, install)
    facts = _facts(plan)
    for note in plan.notes:
        say(f"Note: {note}")
    if plan.empty:
        say(_nothing(plan, undo))
        return facts
    say("As root, this will be done:")
    for line in plan.lines():
        say(f"  {line}")
    if dry_run:
        say("Nothing was changed (--dry-run).")
        return facts
    loopback.check_writable(system, plan)
    privilege.way(system, terminal)  # before a question that would lead nowhere
    if confirm is not None and not confirm():
        raise DeepcamError("Nothing was changed.")
    facts["done"] = privilege.carry_out(plan, system, terminal, run)
    for line in facts["done"]:
        say(f"  {line}")
    if undo:
        say("All that deepcam setup wrote is removed.")
        return facts
    device = _wait(system, pause)
    facts["device"] = device
    say(f'The camera "{APP_NAME}" is {device}. Call programs list it while `deepcam run` runs.')
    return facts


def _facts(plan: Plan) -> dict[str, Any]:
    return {
        "write": plan.write,
        "remove": list(plan.remove),
        "steps": list(plan.steps),
        "notes": list(plan.notes),
        "device": None if plan.number is None else f"/dev/video{plan.number}",
        "done": [],
    }


def _nothing(plan: Plan, undo: bool) -> str:
    if undo:
        return "There is nothing to take back: deepcam setup has written nothing here."
    return f'The camera "{APP_NAME}" is set up already: /dev/video{plan.number}.'


def _wait(system: System, pause: Callable[[float], None]) -> str:
    """Path of the device, once it is there."""
    for _ in range(int(WAIT / 0.1)):
        own = loopback.inspect(system).own
        if own:
            return own[0].path
        pause(0.1)
    raise DeepcamError(
        f'v4l2loopback is loaded, but there is no device "{APP_NAME}".',
        "Run: sudo modprobe -r v4l2loopback; sudo modprobe v4l2loopback",
    )


def _elsewhere(system: System, say: Say) -> dict[str, Any]:
    """Windows and macOS: nothing that could be written for them; not run there."""
    say(advice(system.platform))
    return {"write": {}, "remove": [], "steps": [], "notes": [advice(system.platform)],
            "device": None, "done": []}  # fmt: skip


def advice(platform: str) -> str:
    """What makes a virtual camera where there is no v4l2loopback."""
    if platform == "win32":
        return (
            "On Windows, register UnityCapture under our name, in a terminal of the administrator: "
            f'regsvr32 UnityCaptureFilter64bit.dll "/i:UnityCaptureName={APP_NAME}"'
        )
    return (
        "On this system, install OBS Studio 30 or later, start its virtual camera once, and choose "
        '"OBS Virtual Camera" in your call program.'
    )


def run_for_terminal(undo: bool, dry_run: bool, yes: bool, say: Say) -> dict[str, Any]:
    """``deepcam setup`` as typed: asks in the terminal unless ``yes``."""
    terminal = sys.stdin.isatty() and sys.stderr.isatty()

    def ask() -> bool:
        if not terminal:
            raise DeepcamError(
                "Nothing was changed: there is no terminal to ask in.", "Add --yes to go on."
            )
        print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return setup(
        System(), undo=undo, dry_run=dry_run, say=say,
        confirm=None if yes else ask, terminal=terminal,
    )  # fmt: skip
