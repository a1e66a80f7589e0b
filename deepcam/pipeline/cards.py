"""The card that is sent instead of the camera: neutral, and the user's choice.

It never says why it is shown, what the camera is called or which program this is: that stands in
the program's own window and in the terminal. A choice is one line of text (``Card.parse``):
``plain``, ``back-soon``, a colour as ``#204060``, or the path of a picture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.frames import Image

PLAIN, BACK_SOON = "plain", "back-soon"
LANGUAGES = ("en", "de", "nb")
"""In which "Back soon" can be said."""
LONGEST = 1000
"""Characters of a choice."""

_LETTERING = Path(__file__).parents[1] / "lettering"
"""Words as masks (h, w) of ink, set in Inter Display (SIL Open Font License 1.1)."""
_TOP = np.array([52, 47, 44], np.float32)
_BOTTOM = np.array([36, 32, 30], np.float32)
_INK = np.array([236, 232, 230], np.float32)
_HIGH, _WIDE = 0.125, 0.62
"""Most of the card's height and width that words take."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """What a card looks like; ``Card()`` is the plain one."""

    words: str = ""
    """A language of ``LANGUAGES``; '' for no words."""
    colour: tuple[int, int, int] | None = None
    """Blue, green, red; None for the dark ground."""
    picture: Image | None = None
    """Fills the card, cut at the sides that are too long."""

    @classmethod
    def parse(cls, choice: str, language: str = "en") -> Card:
        """The card of a choice. Raises ``DeepcamError`` for what is none, and for a picture that
        cannot be read."""
        check(choice)
        if choice == PLAIN:
            return cls()
        if choice == BACK_SOON:
            return cls(words=language if language in LANGUAGES else "en")
        if choice.startswith("#"):
            red, green, blue = (int(choice[at : at + 2], 16) for at in (1, 3, 5))
            return cls(colour=(blue, green, red))
        from deepcam.sources.images import read_image

        return cls(picture=read_image(Path(choice).expanduser()))

    def draw(self, width: int, height: int) -> Image:
        """A new (height, width, 3) BGR picture of any size from 1x1. Raises ``ValueError`` for
        sizes below 1."""
        if width < 1 or height < 1:
            raise ValueError("a card needs a size")
        if self.picture is not None:
            return _fill(self.picture, width, height)
        if self.colour is not None:
            return np.full((height, width, 3), self.colour, np.uint8)
        rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        ground = _TOP + (_BOTTOM - _TOP) * rows
        card = np.repeat(np.round(ground).astype(np.uint8), width, axis=1)
        if self.words:
            _write(card, _mask(self.words))
        return card


_chosen = Card()
_drawn: dict[tuple[int, int], Image] = {}


def check(choice: str) -> None:
    """Raises ``DeepcamError`` for a text that is no choice; pictures are not looked at."""
    good = choice in (PLAIN, BACK_SOON) or (
        _COLOUR.fullmatch(choice) is not None
        if choice.startswith("#")
        else any(sign in choice for sign in "/\\.") and choice.isprintable()
    )
    if not good or len(choice) > LONGEST:
        raise DeepcamError(
            f"The card cannot be {choice[:60]!r}.",
            f"Choose {PLAIN}, {BACK_SOON}, a colour such as #204060, or the path of a picture.",
        )


def choose(card: Card) -> None:
    """This process sends ``card`` from now on, wherever a card stands. Any thread may call it."""
    global _chosen, _drawn
    # The cache goes with the card: nobody can draw the old one into the new one's cache.
    _chosen, _drawn = card, {}


def standby_card(width: int, height: int) -> Image:
    """The chosen card: a new (height, width, 3) array. Raises ``ValueError`` for sizes below 1."""
    card, drawn = _chosen, _drawn
    found = drawn.get((width, height))
    if found is None:
        found = card.draw(width, height)
        if len(drawn) >= 4:
            drawn.clear()
        drawn[width, height] = found
    return found.copy()


def _fill(picture: Image, width: int, height: int) -> Image:
    scale = max(width / picture.shape[1], height / picture.shape[0])
    size = (
        max(round(picture.shape[1] * scale), width),
        max(round(picture.shape[0] * scale), height),
    )
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    large = np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(large[y : y + height, x : x + width])


@lru_cache(maxsize=len(LANGUAGES))
def _mask(language: str) -> NDArray[np.uint8]:
    path = _LETTERING / f"back-soon.{language}.png"
    found = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(found, np.uint8)


def _write(card: Image, ink: NDArray[np.uint8]) -> None:
    """Words in the middle, a little above it as the eye expects them."""
    height, width = card.shape[:2]
    scale = min(_HIGH * height / ink.shape[0], _WIDE * width / ink.shape[1])
    size = (round(ink.shape[1] * scale), round(ink.shape[0] * scale))
    if min(size) < 8:  # nobody could read it
        return
    share = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32) / 255
    x, y = (width - size[0]) // 2, round(0.485 * height - size[1] / 2)
    part = card[y : y + size[1], x : x + size[0]]
    part[:] = np.round(part + (_INK - part) * share[:, :, None]).astype(np.uint8)
