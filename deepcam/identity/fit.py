"""What goes with a wearer's surroundings, as distributions, and drawing somebody from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.identity.wish import Wish

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

AGES: F64 = np.arange(20.0, 81.0, 5.0)
"""(13,) years of the age bins."""
MASCULINITIES: F64 = np.linspace(0.0, 1.0, 5)
"""(5,) of the masculinity bins."""
MONKS: F64 = np.arange(1.0, 11.0)
"""(10,) steps of the Monk Skin Tone scale, 1 lightest .. 10 darkest."""

_AGE = slice(0, 13)
_MASCULINITY = slice(13, 18)
_TONE = slice(18, 28)
_BROW, _BEARD, _LIGHT, _HARD = slice(28, 30), 30, slice(31, 35), 35
HEAD = 36
"""Numbers that the network gives: logits of the three sets of bins; mean and logarithm of the
standard deviation of the brows' contrast; logit of a beard; the light's two directions and the
logarithms of their deviations; logit of hard light."""
SETS = (_AGE, _MASCULINITY, _TONE)

_NOTHING = Wish()
NO_BEARD, A_BEARD = 0.3, 0.65
"""Probabilities of a beard below which nobody, and above which everybody gets one."""
_STEPS, _SPREADS = (10.0, 0.34, 1.5), (5.0, 0.12, 0.7)
"""Years, masculinity and Monk steps that pictures on their own are judged in, and how far somebody
drawn for them may be off (standard deviation)."""
MIDDLE = 0.6
"""Share of each distribution, around its median, that somebody is drawn from."""
LIKELY = 1.5
"""Power of the probabilities that are drawn from: where hair and clothes go with twenty-five and,
less, with fifty, fifty comes seldom. Of 241 held-out photographs, with 25 draws each, the tone is
more than 1.5 Monk steps off for 9.8 % (12.9 % with 1), masculinity by more than .25 for 9.0 %
(10.6 %), and tones differ by 1.6 steps (2.0); of 128, 9.8 % are more than 20 years off (10.8 %)."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Distributions of what would go with what can be seen around an erased face."""

    age: F64
    """(13,) probabilities at ``AGES``."""
    masculinity: F64
    """(5,) probabilities at ``MASCULINITIES``."""
    tone: F64
    """(10,) probabilities at ``MONKS``."""
    brow: tuple[float, float]
    """Mean and standard deviation of the brows' darkness beside the skin (log, 0 as light as the
    skin; foretold from the hair)."""
    beard: float
    """Probability of a beard."""
    light: tuple[float, float, float, float]
    """Where light comes from: mean (left minus right, above minus below; log) and deviations."""
    hard: float
    """Probability that the light is hard."""

    def middles(self) -> tuple[float, float, float]:
        """Medians of age (years), masculinity (0..1) and Monk step."""
        return (
            quantile(self.age, AGES, 0.5),
            quantile(self.masculinity, MASCULINITIES, 0.5),
            quantile(self.tone, MONKS, 0.5),
        )

    def draw(self, seed: int, wish: Wish = _NOTHING) -> Wish:
        """Traits of somebody who would fit, from the middle of each distribution; those that are
        given in ``wish`` stay. The same for the same ``seed``, and rounded as ``spec_of`` writes
        them, so that seed and traits bring the same person back."""
        rng = np.random.default_rng([0xF175, seed])
        age, masculinity, monk = (
            quantile(p**LIKELY, at, 0.5 + MIDDLE * (rng.random() - 0.5))
            for p, at in (
                (self.age, AGES),
                (self.masculinity, MASCULINITIES),
                (self.tone, MONKS),
            )
        )
        beard: float | None = None
        if self.beard < NO_BEARD or masculinity < 0.6:
            beard = 0.0
        elif self.beard > A_BEARD:
            beard = 1.0
        brow = self.brow[0] + self.brow[1] * float(np.clip(0.6 * rng.normal(), -1, 1))
        return wish.over(
            Wish(
                age=round(min(max(age, 18.0), 80.0), 1),
                masculinity=round(min(max(masculinity, 0.0), 1.0), 2),
                tone=round(tone_of_monk(monk), 3),
                brow=round(min(max(brow, 0.0), 2.0), 2),
                beard=beard,
            )
        )

    def rounded(self) -> Fit:
        """The same in coarse steps: pictures in which somebody looks about the same bring the same
        person, although each is judged on its own."""
        age, masculinity, tone = (
            _around(round(middle / step) * step, at, spread)
            for middle, step, at, spread in zip(
                self.middles(), _STEPS, (AGES, MASCULINITIES, MONKS), _SPREADS, strict=True
            )
        )
        brow = (round(self.brow[0] / 0.4) * 0.4, 0.15)
        return Fit(age, masculinity, tone, brow, round(self.beard), self.light, self.hard)


def _around(middle: float, at: F64, spread: float) -> F64:
    """A bell of probabilities at evenly spaced values."""
    weight = np.exp(-0.5 * ((at - middle) / spread) ** 2)
    out: F64 = weight / weight.sum()
    return out


def tone_of_monk(monk: float) -> float:
    """The slider's tone (0 darkest .. 1 lightest) of a Monk step (1 .. 10)."""
    return min(max((10.0 - monk) / 9.0, 0.0), 1.0)


def monk_of_tone(tone: float) -> float:
    """The Monk step (1 .. 10) of a slider's tone."""
    return 10.0 - 9.0 * tone


def quantile(probabilities: F64, at: F64, q: float) -> float:
    """The ``q`` quantile (0..1) of bins around the evenly spaced values ``at``, each spread evenly
    over its width."""
    step = float(at[1] - at[0])
    edges = np.concatenate([at - step / 2, [at[-1] + step / 2]])
    total = np.concatenate([[0.0], np.cumsum(probabilities)])
    return float(np.clip(np.interp(q * total[-1], total, edges), at[0], at[-1]))


def read_head(head: F32) -> Fit:
    """From the network's numbers (HEAD,)."""
    h = head.astype(np.float64)
    age, masculinity, tone = (_softmax(h[part]) for part in SETS)
    brow, light = h[_BROW], h[_LIGHT]
    return Fit(
        age,
        masculinity,
        tone,
        (float(brow[0]), float(np.exp(np.clip(brow[1], -4, 1)))),
        _sigmoid(float(h[_BEARD])),
        (
            float(light[0]),
            float(light[1]),
            float(np.exp(np.clip(light[2], -4, 1))),
            float(np.exp(np.clip(light[3], -4, 1))),
        ),
        _sigmoid(float(h[_HARD])),
    )


def together(fits: Sequence[Fit], weights: Sequence[float] | None = None) -> Fit:
    """One fit from several looks (at least one) at the same wearer: their weighted mean."""

    def mean(values: Sequence[object]) -> F64:
        out: F64 = np.average(np.array(values, np.float64), axis=0, weights=weights)
        return out

    brow, light = mean([f.brow for f in fits]), mean([f.light for f in fits])
    return Fit(
        mean([f.age for f in fits]),
        mean([f.masculinity for f in fits]),
        mean([f.tone for f in fits]),
        (float(brow[0]), float(brow[1])),
        float(mean([f.beard for f in fits])),
        (float(light[0]), float(light[1]), float(light[2]), float(light[3])),
        float(mean([f.hard for f in fits])),
    )


def _softmax(x: F64) -> F64:
    e = np.exp(x - x.max())
    out: F64 = e / e.sum()
    return out


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -30, 30))))
