"""The machine that set-up and doctor look at: files below one root, and programs that answer.

Tests give a tree of their own as ``root`` and answers of their own as ``programs``, so that every
finding can be provoked on a machine that has none of these things.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deepcam.sources.v4l2 import Capability, holders, query

PATIENCE = 5.0
"""Seconds a program may take to answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said: its exit code and both outputs together."""

    code: int
    text: str


def run_program(command: Sequence[str]) -> Answer | None:
    """Run a program that only looks; None when it is missing or does not answer in time."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE,
            stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Answer(done.returncode, done.stdout + done.stderr)


def find_program(name: str) -> str | None:
    """Path of a program, also of those that only root's search path has."""
    path = os.environ.get("PATH", os.defpath)
    return shutil.which(name, path=f"{path}:/usr/sbin:/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class System:
    """Where everything is. Nothing here writes."""

    root: Path = Path("/")
    release: str = field(default_factory=lambda: os.uname().release if hasattr(os, "uname") else "")
    """Of the kernel."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    home: Path = field(default_factory=Path.home)
    platform: str = sys.platform
    programs: Callable[[Sequence[str]], Answer | None] = run_program
    find: Callable[[str], str | None] = find_program
    ask: Callable[[str], Capability | None] = query
    """What a video device says about itself."""
    may_use: Callable[[str], bool] = lambda path: os.access(path, os.R_OK | os.W_OK)
    """Whether this user may read and write a device."""

    @property
    def linux(self) -> bool:
        """Whether this is Linux."""
        return self.platform.startswith("linux")

    @property
    def sys(self) -> Path:
        """sysfs."""
        return self.root / "sys"

    @property
    def dev(self) -> Path:
        """Device nodes."""
        return self.root / "dev"

    @property
    def proc(self) -> Path:
        """Processes."""
        return self.root / "proc"

    @property
    def modules(self) -> Path:
        """Modules of the kernel that runs."""
        return self.root / "lib" / "modules" / self.release

    def text(self, *parts: str) -> str:
        """Contents of a small file below the root; '' when it cannot be read."""
        try:
            return self.root.joinpath(*parts).read_text(errors="replace")
        except OSError:
            return ""

    def holders(self, device: str) -> list[str]:
        """Other programs that have ``device`` open."""
        return holders(device, self.proc)

    def runs(self, *names: str) -> bool:
        """Whether a process of one of these names (15 characters at most) is there."""
        for entry in self.proc.glob("[0-9]*/comm"):
            try:
                if entry.read_text(errors="replace").strip() in names:
                    return True
            except OSError:
                continue
        return False

    def read_only(self, path: Path) -> bool:
        """Whether the file system of ``path`` takes no writes, whoever asks."""
        try:
            return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
        except OSError:
            return False

    def distribution(self) -> set[str]:
        """Names of the distribution and its relatives, such as {"ubuntu", "debian"}."""
        found: set[str] = set()
        for line in self.text("etc", "os-release").splitlines():
            key, _, value = line.partition("=")
            if key in ("ID", "ID_LIKE"):
                found.update(value.strip().strip("\"'").split())
        return found
