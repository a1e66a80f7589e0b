"""A folder that is not finished remembers its session, so that the rest gets the same people.

A hidden file in the output directory holds the session's number, readable by its owner only. It
goes when everything is done: kept, it would link later folders to this one.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deepcam.batch.job import Job

NAME = ".deepcam-unfinished.json"


@dataclass(frozen=True, slots=True)
class SessionFile:
    """The session of a folder in work."""

    path: Path
    number: int

    def end(self) -> None:
        """Everything is done. Never raises."""
        with contextlib.suppress(OSError):
            self.path.unlink()


def begin(jobs: Sequence[Job]) -> SessionFile | None:
    """The session of an earlier call that was broken off in the same output directory, or a new
    one. None for a file on its own, and where no such file can be kept."""
    if not jobs or jobs[0].alone or jobs[0].put:
        return None
    path = root_of(jobs[0]) / NAME
    number = _read(path)
    if number is None:
        number = secrets.randbits(62)
        try:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as stream:
                json.dump({"session": number}, stream)
        except OSError:
            return None
    return SessionFile(path, number)


def root_of(job: Job) -> Path:
    """The output directory."""
    root = job.target
    for _ in Path(job.name).parts:
        root = root.parent
    return root


def _read(path: Path) -> int | None:
    try:
        if path.stat().st_size > 1000:
            return None
        number = json.loads(path.read_text())["session"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return number if isinstance(number, int) and 0 <= number < 1 << 62 else None
