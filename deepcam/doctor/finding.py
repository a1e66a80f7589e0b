"""One thing that the doctor looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARN = "warn"
    """It works, but not everything or not well."""
    FAIL = "fail"
    """The camera cannot work like this."""


SETUP = "deepcam setup"
"""The command that ``deepcam doctor --fix`` may run by itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    reason: str
    command: str = ""
    """What to type to put it right; '' when there is nothing to do."""

    @property
    def fixable(self) -> bool:
        """Whether ``--fix`` can do it."""
        return self.command == SETUP

    def line(self) -> str:
        """For people."""
        remedy = f"\n{'':15}{self.command}" if self.command else ""
        return f"{self.state.value:<5}{self.name:<10}{self.reason}{remedy}"


def good(name: str, reason: str) -> Finding:
    """All is well."""
    return Finding(name, State.OK, reason)


def warn(name: str, reason: str, command: str = "") -> Finding:
    """Something is missing that the camera works without."""
    return Finding(name, State.WARN, reason, command)


def fail(name: str, reason: str, command: str = "") -> Finding:
    """The camera cannot work like this."""
    return Finding(name, State.FAIL, reason, command)
