"""Wishes about a person who does not exist, and a text that stands for seed and wishes.

Such a text ("7?age=40&tone=0.3") is understood wherever a saved name is, so a face can be worn
before it is saved.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from deepcam.identity.types import Identity

_FORM = re.compile(r"(\d{1,19})\?((?:age|masculinity|tone)=[0-9.]{1,8}(?:&|$)){1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """None leaves the choice to the seed; ranges as in ``IdentityModel.sample``."""

    age: float | None = None
    """Years, 18 to 80."""
    masculinity: float | None = None
    """0 to 1."""
    tone: float | None = None
    """0 darkest to 1 lightest."""

    def sample(self, seed: int) -> Identity:
        """The person of this seed. Raises ``DeepcamError`` for values out of range."""
        from deepcam.identity.model import IdentityModel

        return IdentityModel.load().sample(seed, self.age, self.masculinity, self.tone)


def spec_of(seed: int, wish: Wish) -> str | int:
    """What stands for this person: the seed alone where nothing is wished."""
    given = {"age": wish.age, "masculinity": wish.masculinity, "tone": wish.tone}
    parts = [f"{key}={value:.4g}" for key, value in given.items() if value is not None]
    return f"{seed}?{'&'.join(parts)}" if parts else seed


def read_spec(text: str) -> tuple[int, Wish] | None:
    """The opposite of ``spec_of`` for its texts; None for every other text."""
    if _FORM.fullmatch(text) is None:
        return None
    seed, rest = text.split("?")
    try:
        given = {key: float(value) for key, value in (part.split("=") for part in rest.split("&"))}
    except ValueError:
        return None
    return int(seed), Wish(**given)
