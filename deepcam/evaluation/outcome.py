"""How much is measured, and what came out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.statistics import Measure
from deepcam.frames import Image

F64 = NDArray[np.float64]
Say = Callable[[str], None]

OURS = "ours"
SEED = 20240601
"""Of everything that is drawn: the same run gives the same report."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How much to measure."""

    persons: int = 70
    """Most persons with two photographs."""
    clips: int = 24
    frames: int = 90
    """Most frames of each clip."""
    identities: int = 60
    """Sampled identities, and held-out people, of P8."""
    both_ways: bool = True
    """Anonymize both photographs of each person, not only the first."""
    draws: int = 5
    """Synthetic people that each person wears in turn for P1 to P3: how alike two are hangs on who
    was sampled. Only for our own method."""
    strangers: int = 120
    """Most photographs of people with one picture only: attackers learn from them (P5), and the
    strata need their variety."""
    sessions: int = 3
    """Anonymized pictures of each photograph that the parrot (P4) learns from; 0: neither P4 nor
    P5."""
    arms: tuple[str, ...] = ()
    """Names of the methods that are compared; none: all."""
    store: Path | None = None
    """File that keeps what the recognizer finds, see ``embedding.Remembering``; None: nothing."""
    fault_draws: int = 9
    """Sets of tracker faults with which each clip is run for P9."""
    second_judge: bool = False
    """Measure U5 with dlib's 68 points, whose training data is for non-commercial use only."""
    network: str = "small"
    """Which of the camera's networks is measured."""

    @staticmethod
    def smoke() -> Settings:
        """Minutes on two cores: no attack that learns, and only two methods beside ours."""
        return Settings(
            persons=20, clips=4, frames=40, identities=16, both_ways=False, strangers=0,
            sessions=0, fault_draws=1, arms=("original", "blur", OURS),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Distances:
    """Of one method and crop, for curves and histograms."""

    mated: F64
    """Anonymized picture to another original of the same person."""
    other: F64
    """To originals of others."""


@dataclass(slots=True)
class Outcome:
    """Everything the report needs."""

    figures: dict[str, dict[str, Measure]] = field(default_factory=dict)
    """Method -> metric -> measure."""
    facts: dict[str, Any] = field(default_factory=dict)
    gallery: list[Image] = field(default_factory=list)
    """Anonymized pictures (ours) for the contact sheet."""
    worst: list[tuple[str, Image]] = field(default_factory=list)
    """What is wrong with it, and the anonymized picture."""
    strata: dict[str, dict[str, Measure]] = field(default_factory=dict)
    """Group of pictures (ours) -> metric -> measure."""
    distances: dict[str, dict[str, Distances]] = field(default_factory=dict)
    """Method -> crop -> distances."""

    def put(self, arm: str, metric: str, found: Measure) -> None:
        """Note a measure."""
        self.figures.setdefault(arm, {})[metric] = found
