"""Root, once: through sudo in a terminal, through pkexec on a desktop.

Root runs one small program (``rootjob.py``) with nothing of this user's packages around it. Root
is given its text, not the name of a file: a file of this user could be another one by the time
the password has been typed.
"""

from __future__ import annotations

import inspect
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


TEXT = inspect.getsource(rootjob)
"""As it was when this program started."""
PYTHONS = tuple(f"/usr/bin/python3.{minor}" for minor in range(15, 8, -1))
"""Of the system, newest first; the job runs on all of them."""


def command(job: dict[str, Any]) -> list[str]:
    """What root has to run for the job."""
    text = json.dumps(job)
    # Not the link in a virtual environment: root's Python needs nothing from there.
    own = os.path.realpath(sys.executable)
    bundle = bool(getattr(sys, "frozen", False))
    known = PYTHONS if bundle else (own, *PYTHONS)
    python = next((p for p in known if os.access(p, os.X_OK) and is_roots(Path(p))), None)
    if python is None and bundle:
        return [own, "setup", HIDDEN, text]
    # Without a Python of the system's there is only this user's, as for "sudo deepcam setup".
    return [python or own, "-I", "-S", "-c", TEXT, text]


def is_roots(path: Path) -> bool:
    """Whether nobody but root can put something else in this place."""
    try:
        real = path.resolve(strict=True)
        facts = [place.stat() for place in (real, *real.parents)]
    except OSError:
        return False
    return all(fact.st_uid == 0 and not fact.st_mode & 0o022 for fact in facts)


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
