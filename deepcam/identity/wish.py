"""Wishes about a person who does not exist, and a text that stands for seed and wishes.

Such a text ("7?age=40&tone=0.3") is understood wherever a saved name is, so a face can be worn
before it is saved. "7?fits" is the person of seed 7 whose traits go with the wearer's surroundings,
"7?fits&age=40" the same at 40; the camera turns these into traits as soon as it sees the wearer.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace

from deepcam.identity.types import Identity

TRAITS = ("age", "masculinity", "tone", "brow", "beard")
_FORM = re.compile(
    rf"(\d{{1,19}})\?((?:fits|(?:{'|'.join(TRAITS)})=[0-9.]{{1,8}})(?:&|$)){{1,6}}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Wish:
    """None leaves the choice to the seed; ranges as in ``IdentityModel.sample``."""

    age: float | None = None
    """Years, 18 to 80."""
    masculinity: float | None = None
    """0 to 1."""
    tone: float | None = None
    """0 darkest to 1 lightest."""
    brow: float | None = None
    """How much darker brows are than the skin around them (log), 0 to 2."""
    beard: float | None = None
    """0 without, 1 with one."""
    fits: bool = False
    """Traits that are None follow the wearer's surroundings, where a camera sees them."""

    def sample(self, seed: int, name: str | None = None) -> Identity:
        """The person of this seed; of a fitting one, who nobody wears yet, only the given traits
        count. Raises ``DeepcamError`` for values out of range."""
        from deepcam.identity.model import IdentityModel

        return IdentityModel.load().sample(
            seed, self.age, self.masculinity, self.tone, name, brow=self.brow, beard=self.beard
        )

    def over(self, other: Wish) -> Wish:
        """``other`` with the traits that are wished here in place of its own."""
        given = {key: value for key in TRAITS if (value := getattr(self, key)) is not None}
        return replace(other, **given)


def spec_of(seed: int, wish: Wish) -> str | int:
    """What stands for this person: the seed alone where nothing is wished."""
    given = {key: getattr(wish, key) for key in TRAITS}
    parts = ["fits"] if wish.fits else []
    parts += [f"{key}={value:.4g}" for key, value in given.items() if value is not None]
    return f"{seed}?{'&'.join(parts)}" if parts else seed


def by_chance(fits: bool = True) -> str | int:
    """What stands for somebody new, who goes with the wearer's surroundings if ``fits``."""
    return spec_of(secrets.randbits(31), Wish(fits=fits))


def read_spec(text: str) -> tuple[int, Wish] | None:
    """The opposite of ``spec_of`` for its texts; None for every other text."""
    if _FORM.fullmatch(text) is None:
        return None
    seed, rest = text.split("?")
    parts = [part.partition("=") for part in rest.split("&")]
    try:
        given = {key: float(value) for key, equals, value in parts if equals}
    except ValueError:
        return None
    return int(seed), Wish(**given, fits=any(key == "fits" for key, _, _ in parts))
