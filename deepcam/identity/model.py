"""Sampling people who do not exist.

The bank holds mixtures of three to six people who are near to each other in age, masculinity, tone
and looks, none of whom exists (see ``deepcam.training.identity_bank``). A person is made of four
alike mixtures (``recipe``), mostly of one in each region; their own age and tone give the
person's. So nobody's share can grow, and the same seed gives the same person on every machine. Who
comes out too near to a real donor (``nearness``), or does not look like a photograph
(``quality``), is drawn again.
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
from deepcam.identity.blend import blend, colours, finish, small_log
from deepcam.identity.nearness import Nearness
from deepcam.identity.quality import Critic
from deepcam.identity.recipe import Recipe, Traits, choose
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish, spec_of
from deepcam.models.store import path_of

F32 = NDArray[np.float32]

AGE_RANGE = (18.0, 80.0)
CONTOUR = 0.55
"""Share by which the outline of the face is drawn to the mean's."""
VARIETY = 0.6
"""Of shapes beyond the bank's, in standard deviations of the population."""

DRAWS = 12
"""Attempts at somebody who is near to nobody real and looks like a photograph."""

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
# The slider's tone, and how far along the iris colours the eyes that go with it are.
_EYES_OF_SKIN = ((0.0, 0.2, 0.4, 0.6, 0.75, 1.0), (0.0, 0.1, 0.25, 0.5, 0.7, 1.0))


_Wishes = tuple[int, *tuple[float | None, ...]]
"""Seed, and wished age, masculinity, tone, brow and beard."""


@dataclass(frozen=True, slots=True, eq=False)
class _Draw:
    """Somebody before pores and hairs."""

    rng: np.random.Generator
    recipe: Recipe
    low: F32
    shape: F32
    distance: float
    """To the nearest real donor."""
    off: float
    """From good photographs, in the critic's limits."""

    def good(self, limit: float) -> bool:
        """Near to nobody real, and like a photograph."""
        return self.distance >= limit and self.off <= 1


def _dice(seed: int, attempt: int) -> np.random.Generator:
    return np.random.default_rng([0xDEE9CA4, seed, *([attempt] if attempt else [])])


@dataclass(frozen=True, slots=True, eq=False)
class IdentityModel:
    """The bank, decoded on first use."""

    webp: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    shapes: F32
    traits: Traits
    tones: F32
    """(k, 3) log colour of cheeks from the darkest to the lightest tone."""
    critic: Critic
    _small: dict[int, F32] = field(default_factory=dict)
    """Mixtures that were needed, small: 0.2 MB each."""
    _drawn: dict[_Wishes, int] = field(default_factory=dict)
    """Which attempt gave somebody who is nobody's copy."""

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> IdentityModel:
        """The shipped bank. Raises ``DeepcamError`` when it is missing or altered."""
        with np.load(path_of("identity_bank.npz"), allow_pickle=False) as z:
            traits = Traits(*(z[name].astype(np.float32) for name in Traits.__dataclass_fields__))
            critic = Critic(z["quality_mean"], z["quality_root"], float(z["quality_limit"]))
            return IdentityModel(
                z["webp"],
                z["offsets"],
                z["shapes"].astype(np.float32),
                traits,
                z["tones"].astype(np.float32),
                critic,
            )

    @property
    def age(self) -> F32:
        """(n,) years of the mixtures."""
        return self.traits.age

    def sample(
        self,
        seed: int,
        age: float | None = None,
        masculinity: float | None = None,
        tone: float | None = None,
        name: str | None = None,
        *,
        brow: float | None = None,
        beard: float | None = None,
    ) -> Identity:
        """The person with this ``seed`` (0 .. 2**63 - 1).

        ``age`` years, ``masculinity`` 0..1, ``tone`` 0 darkest .. 1 lightest and ``brow``, how much
        darker brows are than the skin (log, 0..2), and ``beard`` 0..1 narrow the choice; None
        leaves it to the seed.
        Raises ``DeepcamError`` for values outside these ranges.
        """
        for label, value, low, high in (
            ("seed", float(seed), 0.0, float(2**63 - 1)),
            ("age", age, *AGE_RANGE),
            ("masculinity", masculinity, 0.0, 1.0),
            ("tone", tone, 0.0, 1.0),
            ("brow", brow, 0.0, 2.0),
            ("beard", beard, 0.0, 1.0),
        ):
            if value is not None and not low <= value <= high:
                raise DeepcamError(
                    f"The {label} {value:g} is out of range.", f"Choose {low:g} to {high:g}."
                )
        wishes = (seed, age, masculinity, tone, brow, beard)
        limit = Nearness.load().limit
        draws = [self._draw(wishes, 0)]
        while not draws[-1].good(limit) and len(draws) < DRAWS:
            draws.append(self._draw(wishes, len(draws)))
        draw = draws[-1]
        if not draw.good(limit):
            far = [d for d in draws if d.distance >= limit]
            draw = min(far or draws, key=lambda d: d.off if far else -d.distance)
        if len(self._drawn) > 100_000:
            self._drawn.clear()
        self._drawn[wishes] = draws.index(draw)
        rng, recipe, shape = draw.rng, draw.recipe, draw.shape
        pick = recipe.pick
        texture = finish(draw.low, recipe, self, np.random.default_rng([seed, 1]))
        centre = (1 - float(np.interp(recipe.tone, *_EYES_OF_SKIN))) * 5.2
        odds = np.exp(-0.5 * ((np.arange(6) - centre) / 1.1) ** 2)
        odds[4] += 0.35
        iris = _IRIS[rng.choice(6, p=odds / odds.sum())] * rng.uniform(0.88, 1.12)
        # The name is the seed's alone: it is known before the traits are.
        words = np.random.default_rng([0x4E414D45, seed])
        label = name or f"{_FIRST[words.integers(len(_FIRST))]} {_LAST[words.integers(len(_LAST))]}"
        traits = self.traits
        years, mean = (float(recipe.coarse @ v[pick]) for v in (traits.age, traits.masculinity))
        return Identity(
            name=label,
            seed=int(seed),
            texture=texture,
            shape=np.ascontiguousarray(shape, np.float32),
            iris=np.clip(iris, 0, 255).astype(np.uint8),
            teeth=int(rng.integers(3)),
            meta={
                "age": round(years, 1),
                "masculinity": round(min(max(mean, 0.0), 1.0), 2),
                "tone": round(recipe.tone, 2),
                "spec": str(spec_of(int(seed), Wish(age, masculinity, tone, brow, beard))),
            },
        )

    def recipe(
        self,
        seed: int,
        age: float | None = None,
        masculinity: float | None = None,
        tone: float | None = None,
        brow: float | None = None,
        beard: float | None = None,
    ) -> Recipe:
        """What ``sample`` mixes for the same arguments; takes no time once it has."""
        wishes = (seed, age, masculinity, tone, brow, beard)
        if wishes not in self._drawn:
            self.sample(seed, age, masculinity, tone, brow=brow, beard=beard)
        rng = _dice(seed, self._drawn[wishes])
        return choose(rng, self.traits, age, masculinity, tone, brow, beard)

    def _draw(self, wishes: _Wishes, attempt: int) -> _Draw:
        """Somebody, and how near to a donor; attempt 0 decides for nearly everybody."""
        seed, *wished = wishes
        rng = _dice(seed, attempt)
        age, masculinity, tone, brow, beard = wished
        recipe = choose(rng, self.traits, age, masculinity, tone, brow, beard)
        pick = recipe.pick
        basis = FaceBasis.load()
        shape = np.tensordot(recipe.shape, self.shapes[pick], 1)
        # The population's own variation makes the number of people unlimited.
        shape = shape + np.tensordot(rng.normal(0, VARIETY, len(basis.shape)), basis.shape, 1)
        flipped = shape[basis.mirror] * np.array([-1, 1, 1])
        shape = (0.5 * (shape + flipped)).astype(np.float32)
        low = blend(recipe, self)
        distance = Nearness.load().nearest(colours(low), shape)
        off = self.critic.off(low) / self.critic.limit
        # Heads differ in width, and the mask is everybody's: a contour near the mean's leaves the
        # least to be filled between face and ears.
        shape[OVAL, 0] += CONTOUR * (1.04 * basis.mean[OVAL, 0] - shape[OVAL, 0])
        return _Draw(rng, recipe, low, np.ascontiguousarray(shape), distance, off)

    def ranks(self) -> NDArray[np.float64]:
        """(n,) 0 darkest .. 1 lightest mixture."""
        return self.traits.tone.astype(np.float64)

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
