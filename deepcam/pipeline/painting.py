"""The generator with what is tried when it fails: once more, then the CPU, then covers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deepcam.errors import DeepcamError
from deepcam.frames import MaskedFrame
from deepcam.identity.types import Identity
from deepcam.pipeline.parts import AnonymizerSettings, Painter
from deepcam.protection.plans import Plan

PAINT_ATTEMPTS = 3
"""Times the generator may fail in a row before it is given up for covers."""


class Painting:
    """``generator`` replaces the real one, which ``load`` gets otherwise; None and ``problem`` when
    nothing can be painted."""

    def __init__(self, settings: AnonymizerSettings, generator: Painter | None) -> None:
        self._settings, self._own = settings, generator is None
        self.generator = generator
        self.problem: DeepcamError | None = None
        """Why nothing can be generated, or None."""
        self._failures = 0
        self._still_of: tuple[Painter, Painter] | None = None

    def load(self) -> None:
        """Load the real generator unless there is one. Raises ``DeepcamError``."""
        if self.generator is None:
            self.generator = self._load(self._settings.provider)

    def give_up(self, problem: DeepcamError) -> None:
        """Covers only from now on."""
        self.generator = None
        self.problem = problem

    def for_stills(self) -> Painter | None:
        """The generator without its memory of earlier frames."""
        generator = self.generator
        if generator is None:
            return None
        if self._still_of is None or self._still_of[0] is not generator:
            make = getattr(generator, "for_stills", None)
            self._still_of = (generator, generator if make is None else make())
        return self._still_of[1]

    def paint(
        self, masked: MaskedFrame, plans: Sequence[Plan], identities: Mapping[int, Identity]
    ) -> dict[str, float]:
        """As ``Painter.paint``. Raises what it raised; the next call may find another generator."""
        assert self.generator is not None
        try:
            timings = self.generator.paint(masked, plans, identities)
        except Exception as error:
            self._failures += 1
            if self._failures >= PAINT_ATTEMPTS:
                self.give_up(_as_problem(error))
            elif self._own and isinstance(error, DeepcamError):
                # A GPU that stopped: the same provider once more, then the CPU.
                provider = self._settings.provider if self._failures == 1 else "cpu"
                try:
                    self.generator = self._load(provider)
                except DeepcamError as problem:
                    self.give_up(problem)
            raise
        self._failures = 0
        return timings

    def _load(self, provider: str) -> Painter:
        from deepcam.generator import Generator

        settings = self._settings
        return Generator(
            provider,
            settings.threads,
            settings.network,
            settings.still,
            whole_head=settings.cover == "head",
        )


def _as_problem(error: Exception) -> DeepcamError:
    if isinstance(error, DeepcamError):
        return error
    return DeepcamError(
        f"The face generator stopped ({type(error).__name__}).", "Start the program again."
    )
