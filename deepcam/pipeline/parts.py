"""What ``Anonymizer`` is made of and told: the tracker and painter it uses, and its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from deepcam.casting.roles import Choice
from deepcam.frames import Face, Frame, MaskedFrame, Persons, Points
from deepcam.identity.types import Identity
from deepcam.pipeline.backdrop import KEEP
from deepcam.protection.plans import Plan


class FaceTracker(Protocol):
    """What is used of ``deepcam.tracking.Tracker``."""

    def process(self, frame: Frame) -> tuple[Face, ...]:
        """All faces seen in ``frame``."""
        ...

    def persons(self, frame: Frame) -> Persons | None:
        """The person segmentation of ``frame``."""
        ...

    def likely(self, frame: Frame, place: Points) -> float:
        """How likely anything inside the outline ``place`` is a face, seen from near: 0 .. 1, 0.5
        when it may be."""
        ...

    def reset(self) -> None:
        """Forget all tracks."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...


class Painter(Protocol):
    """What is used of ``deepcam.generator.Generator``."""

    def paint(
        self, masked: MaskedFrame, plans: Sequence[Plan], identities: Mapping[int, Identity]
    ) -> dict[str, float]:
        """Paint the generated plans in place, under the mask; returns milliseconds by stage."""
        ...

    def warm_up(self) -> None:
        """Compile and load everything."""
        ...


@dataclass(frozen=True, slots=True)
class AnonymizerSettings:
    """How to anonymize; can be pickled and sent to another process."""

    on_doubt: Literal["cover", "card"] = "cover"
    """Where a face cannot be generated: cover the head, or show the card instead of it all."""
    cover: Literal["face", "head"] = "face"
    """What is replaced: the face, or the head's outline with synthetic hair around the face."""
    background: str = KEEP
    """What is behind people: as it is, or a choice of ``deepcam.pipeline.backdrop``."""
    provider: str = "auto"
    """Execution provider of the network; see ``deepcam.generator.session.LADDER``."""
    threads: int = 2
    network: str = "auto"
    """auto, small or large; see ``deepcam.generator.session.open_network``."""
    identity: str | int | None = None
    """Name in the gallery, seed, a text of ``deepcam.identity.wish``, or None for somebody new."""
    choice: Choice = "fits"
    """Somebody new, and whoever further faces wear: who fits the wearer, or anybody."""
    per_face: bool = False
    """Each new face gets an identity of its own, which nobody inherits."""
    max_faces: int = 6
    """Faces that get a mesh in live pictures, the largest first; further ones are covered."""
    still: bool = False
    """Pictures that have nothing to do with each other."""
    live: bool = True
    """A camera: a jump of the clock means a stale picture, and identities are sampled beside the
    frames. False for files: time runs as it likes, and nothing is left to chance."""
    warm_up: int = 3
    """Frames that are judged before the first picture is shown."""
    session_seed: int | None = None
    """What the identities of further faces are derived from; None: chance."""
