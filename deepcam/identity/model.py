"""Sampling people who do not exist.

The bank holds mixtures of at least five donors each, none above 30 % of any region (see
``deepcam.training.identity_bank``). A person is made of two dozen of them (``recipe``), different
ones in colour, shape and the features of each region; age and tone are taken to what was wished
(``blend``). So nobody's share can grow, and the same seed gives the same person on every machine.
Whoever comes out too near to a donor (``nearness``) is drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.topology import OVAL
from deepcam.identity.blend import Directions, blend, colours, decades, finish, small_log
from deepcam.identity.nearness import Nearness
from deepcam.identity.recipe import Recipe, choose
from deepcam.identity.types import Identity
from deepcam.modelstore import path_of

F32 = NDArray[np.float32]

AGE_RANGE = (18.0, 80.0)
CONTOUR = 0.55
"""Share by which the outline of the face is drawn to the mean's."""
VARIETY = 0.6
"""Of shapes beyond the bank's, in standard deviations of the population."""

DRAWS = 12
"""Attempts at somebody who is not near a donor; one person in six needs a second."""

_FIRST = tuple(
    (
        "Alma Aron Bela Cleo Dara Edin Elia Emre Enea Finn Gala Hana Ilan Ines Iris Jona "
        "Juno Kaia Kian Lale Leni Levi Lior Luca Mara Mika Milo Naja Nino Noor Oona Otis "
        "Pia Rami Remy Rosa Runa Sami Sina Suri Tala Teo Tuva Uma Vida Wren Yael Yara "
        "Zeno Zora "
    ).split()
)
_LAST = tuple(
    (
        "Abel Amsel Berg Birk Bloom Caro Dahl Eike Falk Fenn Grove Haas Hale Holm Idris "
        "Jarl Kato Kern Lark Lind Loren Marsh Moor Nord Novak Oak Park Quill Reed Ronin "
        "Salo Stern Storm Tamm Thorn Vale Vega West Wilde Yoon "
    ).split()
)

# Iris colours (BGR) from light to dark, with how much skin lightness each goes with.
_IRIS = np.array(
    [[148, 122, 96], [128, 118, 104], [92, 124, 112], [60, 92, 112], [38, 62, 92], [24, 40, 62]],
    np.float64,
)
# Lightness of cheeks (CIELAB L, 0..255), and how far along the iris colours their eyes are.
_EYES_OF_SKIN = ((60.0, 108.0, 127.0, 146.0, 160.0, 188.0), (0.0, 0.15, 0.27, 0.49, 0.64, 1.0))


_Wishes = tuple[int, float | None, float | None, float | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Draw:
    """Somebody before pores and hairs."""

    rng: np.random.Generator
    recipe: Recipe
    low: F32
    shape: F32
    distance: float
    """To the nearest donor."""


def _dice(seed: int, attempt: int) -> np.random.Generator:
    return np.random.default_rng([0xDEE9CA4, seed, *([attempt] if attempt else [])])


@dataclass(frozen=True, slots=True, eq=False)
class IdentityModel:
    """The bank, decoded on first use."""

    webp: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    shapes: F32
    age: F32
    masculinity: F32
    tone: F32
    _small: dict[int, F32] = field(default_factory=dict)
    """Mixtures that were needed, small: 0.2 MB each."""
    _drawn: dict[_Wishes, int] = field(default_factory=dict)
    """Which attempt gave somebody who is nobody's copy."""

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> IdentityModel:
        """The shipped bank. Raises ``DeepcamError`` when it is missing or altered."""
        with np.load(path_of("identity_bank.npz"), allow_pickle=False) as z:
            return IdentityModel(
                z["webp"],
                z["offsets"],
                z["shapes"].astype(np.float32),
                z["age"],
                z["masculinity"],
                z["tone"],
            )

    def sample(
        self,
        seed: int,
        age: float | None = None,
        masculinity: float | None = None,
        tone: float | None = None,
        name: str | None = None,
    ) -> Identity:
        """The person with this ``seed`` (0 .. 2**63 - 1).

        ``age`` years, ``masculinity`` 0..1, ``tone`` 0 darkest .. 1 lightest narrow the choice;
        None leaves it to the seed. Raises ``DeepcamError`` for values outside these ranges.
        """
        for label, value, low, high in (
            ("seed", float(seed), 0.0, float(2**63 - 1)),
            ("age", age, *AGE_RANGE),
            ("masculinity", masculinity, 0.0, 1.0),
            ("tone", tone, 0.0, 1.0),
        ):
            if value is not None and not low <= value <= high:
                raise DeepcamError(
                    f"The {label} {value:g} is out of range.", f"Choose {low:g} to {high:g}."
                )
        wishes = (seed, age, masculinity, tone)
        draws = [self._draw(wishes, 0)]
        while draws[-1].distance < Nearness.load().limit and len(draws) < DRAWS:
            draws.append(self._draw(wishes, len(draws)))
        draw = max(draws, key=lambda d: d.distance) if len(draws) == DRAWS else draws[-1]
        if len(self._drawn) > 100_000:
            self._drawn.clear()
        self._drawn[wishes] = draws.index(draw)
        rng, recipe, shape = draw.rng, draw.recipe, draw.shape
        pick = recipe.pick
        texture = finish(draw.low, recipe, self, np.random.default_rng([seed, 1]))
        lightness = float(np.quantile(self.tone, recipe.tone))
        centre = (1 - float(np.interp(lightness, *_EYES_OF_SKIN))) * 5.2
        odds = np.exp(-0.5 * ((np.arange(6) - centre) / 1.1) ** 2)
        odds[4] += 0.35
        iris = _IRIS[rng.choice(6, p=odds / odds.sum())] * rng.uniform(0.88, 1.12)
        label = name or f"{_FIRST[rng.integers(len(_FIRST))]} {_LAST[rng.integers(len(_LAST))]}"
        mean = float(recipe.middle.mean(0) @ self.masculinity[pick])
        return Identity(
            name=label,
            seed=int(seed),
            texture=texture,
            shape=np.ascontiguousarray(shape, np.float32),
            iris=np.clip(iris, 0, 255).astype(np.uint8),
            teeth=int(rng.integers(3)),
            meta={
                "age": round(recipe.age, 1),
                "masculinity": round(min(max(mean, 0.0), 1.0), 2),
                "tone": round(recipe.tone, 2),
            },
        )

    def recipe(
        self,
        seed: int,
        age: float | None = None,
        masculinity: float | None = None,
        tone: float | None = None,
    ) -> Recipe:
        """What ``sample`` mixes for the same arguments; takes no time once it has."""
        wishes = (seed, age, masculinity, tone)
        if wishes not in self._drawn:
            self.sample(*wishes)
        return self._recipe(_dice(seed, self._drawn[wishes]), age, masculinity, tone)

    def _draw(self, wishes: _Wishes, attempt: int) -> _Draw:
        """Somebody, and how near to a donor; attempt 0 decides for nearly everybody."""
        seed, age, masculinity, tone = wishes
        rng = _dice(seed, attempt)
        recipe = self._recipe(rng, age, masculinity, tone)
        pick = recipe.pick
        basis = FaceBasis.load()
        shape = np.tensordot(recipe.shape, self.shapes[pick], 1)
        shape = shape + Directions.load().shape(decades(recipe.age, recipe.shape, self.age[pick]))
        # The population's own variation makes the number of people unlimited.
        shape = shape + np.tensordot(rng.normal(0, VARIETY, len(basis.shape)), basis.shape, 1)
        flipped = shape[basis.mirror] * np.array([-1, 1, 1])
        shape = (0.5 * (shape + flipped)).astype(np.float32)
        low = blend(recipe, self)
        distance = Nearness.load().nearest(colours(low), shape)
        # Heads differ in width, and the mask is everybody's: a contour near the mean's leaves the
        # least to be filled between face and ears.
        shape[OVAL, 0] += CONTOUR * (1.04 * basis.mean[OVAL, 0] - shape[OVAL, 0])
        return _Draw(rng, recipe, low, np.ascontiguousarray(shape), distance)

    def _recipe(
        self,
        rng: np.random.Generator,
        age: float | None,
        masculinity: float | None,
        tone: float | None,
    ) -> Recipe:
        return choose(rng, (self.age, self.masculinity, self.ranks()), age, masculinity, tone)

    def ranks(self) -> NDArray[np.float64]:
        """(n,) 0 darkest .. 1 lightest mixture."""
        # Many are equally light: without "stable" their order depends on the processor.
        order = np.argsort(self.tone, kind="stable")
        ranks: NDArray[np.float64] = np.argsort(order, kind="stable") / (len(self.tone) - 1)
        return ranks

    def texture(self, index: int) -> NDArray[np.uint8]:
        """Texture of one mixture, (512, 512, 3) uint8 BGR."""
        blob = self.webp[self.offsets[index] : self.offsets[index + 1]]
        decoded = cv2.imdecode(blob, cv2.IMREAD_COLOR)
        return np.ascontiguousarray(decoded, np.uint8)

    def small(self, index: int) -> F32:
        """``small_log`` of one mixture, remembered."""
        found = self._small.get(index)
        if found is None:
            found = self._small[index] = small_log(self.texture(index))
        return found
