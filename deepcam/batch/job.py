"""One file to be worked on, how, and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from deepcam.casting.roles import Choice
from deepcam.frames import Reason, SafeFrame


class Kind(Enum):
    """What an input is."""

    IMAGE = "image"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be anonymized."""

    source: Path
    target: Path
    kind: Kind
    alone: bool
    """Named by the user itself, not found in a folder: an existing target is then an error."""
    name: str = ""
    """The target's name below the output directory."""
    fetch: str = ""
    """An address (s3://…) that the source is fetched from; see ``deepcam.batch.addresses``."""
    put: str = ""
    """An address that the target is put to."""

    @property
    def source_name(self) -> str:
        """Path or address, for people."""
        return self.fetch or str(self.source)

    @property
    def target_name(self) -> str:
        """Path or address, for people."""
        return self.put or str(self.target)


@dataclass(frozen=True, slots=True)
class Options:
    """How to anonymize files."""

    identity: str | int | None = None
    per_face: bool = False
    choice: Choice = "fits"
    """New faces: who fits the person in view, or anybody."""
    audio: bool = True
    force: bool = False
    on_doubt: str = "cover"
    cover: str = "face"
    provider: str = "auto"
    threads: int = 2
    network: str = "auto"
    workers: int = 1
    """Files in work at once; 0: as many as cores and memory allow."""
    ray: str | None = None
    """Address of a Ray cluster that does the work, or "local"."""
    manifest: Path | None = None
    """Where a line of JSON for each file goes."""


@dataclass(slots=True)
class Outcome:
    """What became of one file, or of all."""

    frames: int = 0
    """Frames written: generated + covered + card + empty."""
    generated: int = 0
    """Frames in which every face is a generated one."""
    covered: int = 0
    """Frames in which at least one head is under a cover."""
    card: int = 0
    """Frames that are the standby card."""
    empty: int = 0
    """Frames in which nobody was found."""
    provider: str = ""
    where: str = ""
    """The machine of a cluster that did it."""
    sha256: str = ""
    """Of the new file."""
    problems: list[str] = field(default_factory=list)
    """One sentence for each file that could not be done in full."""
    notes: list[str] = field(default_factory=list)
    """One sentence for each thing that a new file has otherwise than the old one."""

    def count(self, safe: SafeFrame) -> None:
        """Add one frame."""
        self.frames += 1
        if safe.reason is Reason.CARD:
            self.card += 1
        elif safe.reason is Reason.COVERED:
            self.covered += 1
        elif safe.generated:
            self.generated += 1
        else:
            self.empty += 1

    def add(self, other: Outcome) -> None:
        """Add what became of another file."""
        for name in ("frames", "generated", "covered", "card", "empty"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.provider = other.provider or self.provider
        self.problems += other.problems
        self.notes += other.notes

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)
