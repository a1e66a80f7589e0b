"""``deepcam doctor``: what of this machine works, why something does not, and what to type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from deepcam.doctor import cameras, desktop, program, sandbox, space
from deepcam.doctor.finding import Finding, State, fail
from deepcam.errors import DeepcamError
from deepcam.platform.system import System

__all__ = ["Finding", "State", "as_dict", "examine", "mend", "usable"]

Check = Callable[[System], list[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", program.python),
    ("library", program.libraries),
    ("models", program.models),
    ("tracker", program.tracker),
    ("network", program.network),
    ("camera", cameras.cameras),
    ("output", cameras.output),
    ("sandbox", sandbox.sandboxes),
    ("pipewire", desktop.pipewire),
    ("display", desktop.display),
    ("tray", desktop.tray),
    ("hotkeys", desktop.hotkeys),
    ("portal", desktop.portal),
    ("disk", space.disk),
    ("memory", space.memory),
)


def examine(system: System | None = None) -> list[Finding]:
    """All findings; never raises. A check that fails itself is a finding of state fail."""
    machine = System() if system is None else system
    findings: list[Finding] = []
    for name, check in CHECKS:
        try:
            findings += check(machine)
        except DeepcamError as error:
            findings.append(fail(name, error.what, error.remedy))
        except Exception as error:  # a doctor that dies helps nobody
            reason = f"The check itself failed ({type(error).__name__}: {error})."
            findings.append(fail(name, reason[:300], "Please report it."))
    return findings


def usable(findings: list[Finding]) -> bool:
    """Whether the camera can work."""
    return all(finding.state is not State.FAIL for finding in findings)


def as_dict(findings: list[Finding]) -> dict[str, Any]:
    """For ``--json``."""
    rows = [{**asdict(finding), "fixable": finding.fixable} for finding in findings]
    return {"usable": usable(findings), "findings": rows}


def mend(
    say: Callable[[str], None],
    system: System | None = None,
    run_setup: Callable[[Callable[[str], None]], object] | None = None,
) -> None:
    """``--fix``: what may be done without doubt, that is the virtual camera; asks before it.

    ``run_setup``: for tests.
    """
    from deepcam.platform.setup import run_for_terminal

    machine = System() if system is None else system
    if not any(finding.fixable for finding in cameras.output(machine)):
        say("There is nothing that --fix could do.")
        return
    if run_setup is None:
        run_for_terminal(False, False, False, say)
    else:
        run_setup(say)
