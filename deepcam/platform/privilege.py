"""Root, once: through sudo in a terminal, through pkexec on a desktop.

Root runs one file (``rootjob.py``) with nothing of this user's packages around it.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from deepcam.errors import DeepcamError
from deepcam.platform import rootjob
from deepcam.platform.loopback import Plan
from deepcam.platform.system import System

DISMISSED, NOT_ALLOWED = 126, 127
"""Exit codes of pkexec."""
HIDDEN = "--root-job"
"""Of ``deepcam setup``, for a bundle that has no Python of its own to run a file."""

Start = Callable[[Sequence[str]], tuple[int, str]]


def command(job: dict[str, Any]) -> list[str]:
    """What root has to run for the job."""
    text = json.dumps(job)
    if getattr(sys, "frozen", False):
        return [sys.executable, "setup", HIDDEN, text]
    # Not the link in a virtual environment: root's Python needs nothing from there.
    python = os.path.realpath(sys.executable)
    return [python, "-I", str(Path(rootjob.__file__).resolve()), text]


def way(system: System, terminal: bool) -> list[str]:
    """The program that asks for the password; [] as root. Raises ``DeepcamError`` without one."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    desktop = bool(system.environ.get("DISPLAY") or system.environ.get("WAYLAND_DISPLAY"))
    if terminal and system.find("sudo"):
        return ["sudo", "--"]
    if (desktop or terminal) and system.find("pkexec"):
        return ["pkexec"]
    if system.find("sudo"):
        answer = system.programs(["sudo", "-n", "true"])
        if answer is not None and answer.code == 0:
            return ["sudo", "-n", "--"]
    if terminal:
        raise DeepcamError(
            "The virtual camera needs root once, and neither sudo nor pkexec is installed.",
            f"As root, run: {shlex.join(itself())}",
        )
    raise DeepcamError(
        "The virtual camera needs root once, and there is neither a terminal nor a desktop "
        "to ask for the password.",
        f"In a terminal, run: {shlex.join(itself())}",
    )


def itself() -> list[str]:
    """This program's own set-up command, by its full path: root has another search path."""
    program = Path(sys.argv[0])
    known = program.name == "deepcam" and program.exists()
    return [str(program.absolute()) if known else "deepcam", "setup"]


def start(arguments: Sequence[str]) -> tuple[int, str]:
    """Run with the user's terminal for the password; (exit code, stdout)."""
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, errors="replace")
    except OSError as error:
        return NOT_ALLOWED, str(error)
    return done.returncode, done.stdout


def carry_out(plan: Plan, system: System, terminal: bool, run: Start = start) -> list[str]:
    """Let root do the plan; returns what was done. Raises ``DeepcamError``; then nothing of it
    is left."""
    job = {"write": plan.write, "remove": list(plan.remove), "steps": list(plan.steps)}
    asker = way(system, terminal)
    code, said = run([*asker, *command(job)])
    try:
        answer = json.loads(said.strip().splitlines()[-1])
        if "done" in answer:
            return [str(line) for line in answer["done"]]
        raise DeepcamError(str(answer["what"]), str(answer["remedy"]))
    except (ValueError, IndexError, KeyError, TypeError):
        pass
    if asker[:1] == ["pkexec"] and code == DISMISSED:
        raise DeepcamError("You closed the question for the password.", "Nothing was changed.")
    if asker:
        raise DeepcamError(
            f"{asker[0]} did not allow it (exit code {code}).",
            f"Nothing was changed. As root, run: {shlex.join(itself())}",
        )
    raise DeepcamError(f"The set-up ended early (exit code {code}).", "Run: deepcam doctor")
