"""Confidence intervals, rates and the one result type of the evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Hits = NDArray[np.bool_]
"""(n,) whether each picture's person was found."""

RESAMPLES = 500


@dataclass(slots=True)
class Measure:
    """One measured number."""

    value: float | None
    """None: it could not be measured; ``note`` says why. That never meets a target."""
    low: float | None = None
    """Lower end of the 95 % confidence interval."""
    high: float | None = None
    n: int = 0
    """Pairs, frames or pictures behind it."""
    note: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further numbers, JSON types only."""

    def as_dict(self) -> dict[str, Any]:
        """For the JSON report; rounded to six digits."""
        out: dict[str, Any] = {
            "value": _rounded(self.value),
            "ci95": None
            if self.low is None or self.high is None
            else [_rounded(self.low), _rounded(self.high)],
            "n": self.n,
        }
        if self.note:
            out["note"] = self.note
        return out | self.extra


def bootstrap(
    groups: Sequence[Any],
    statistic: Callable[[Sequence[Any]], float],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """95 % interval of ``statistic`` over resampled ``groups`` (persons or clips: what one group
    holds depends on each other, so groups are drawn whole). (nan, nan) for fewer than two."""
    if len(groups) < 2:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(resamples):
        value = statistic([groups[i] for i in rng.integers(0, len(groups), len(groups))])
        if math.isfinite(value):
            draws.append(value)
    if not draws:
        return math.nan, math.nan
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def measure(
    groups: Sequence[Any],
    statistic: Callable[[Sequence[Any]], float],
    n: int,
    note: str = "",
    **extra: Any,
) -> Measure:
    """``statistic`` of all ``groups`` with its bootstrap interval."""
    if not len(groups):
        return Measure(None, n=0, note=note or "nothing to measure", extra=extra)
    value = statistic(groups)
    if not math.isfinite(value):
        return Measure(None, n=n, note=note or "nothing to measure", extra=extra)
    low, high = bootstrap(groups, statistic)
    known = math.isfinite(low)
    return Measure(value, low if known else None, high if known else None, n, note, dict(extra))


def rate(hits: int, n: int, note: str = "", **extra: Any) -> Measure:
    """A share with its exact (Clopper-Pearson) 95 % interval: also right for 0 hits."""
    if n == 0:
        return Measure(None, n=0, note=note or "nothing to measure", extra=extra)
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _below(hits, n, p), 0.025)
    high = 1.0 if hits == n else _solve(lambda p: 1 - _below(hits + 1, n, p), 0.975)
    return Measure(hits / n, low, high, n, note, dict(extra))


def best_learner(hits: Mapping[str, Hits]) -> str:
    """The one that finds most."""
    return max(hits, key=lambda name: int(hits[name].sum()))


def sign_test(here: Hits, there: Hits) -> float:
    """Probability of so many more pictures found only ``here`` than only ``there``, if neither
    found more; both (n,), the same pictures in the same order."""
    more, less = int((here & ~there).sum()), int((there & ~here).sum())
    return binomial_p(more, more + less, 0.5)


def binomial_p(hits: int, n: int, chance: float) -> float:
    """Probability of at least ``hits`` of ``n`` by chance alone."""
    return min(1.0, max(0.0, 1.0 - _below(hits, n, chance)))


def auc(positive: F64, negative: F64) -> float:
    """Probability that a positive score exceeds a negative one (ties count half); nan if empty."""
    if not len(positive) or not len(negative):
        return math.nan
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    upto = np.searchsorted(ordered, positive, "right")
    return float((below + upto).mean() / (2 * len(negative)))


def correlation(a: F64, b: F64) -> float:
    """Pearson's r; nan when either is constant or there are fewer than three values."""
    if len(a) < 3 or a.std() < 1e-9 or b.std() < 1e-9:
        return math.nan
    return float(np.corrcoef(a, b)[0, 1])


def quantile(values: F64, q: float) -> float:
    """Rounded to four digits; 0 of nothing."""
    return round(float(np.quantile(values, q)), 4) if len(values) else 0.0


def _below(hits: int, n: int, p: float) -> float:
    """P(X < hits) of a binomial."""
    if p <= 0:
        return 1.0 if hits > 0 else 0.0
    if p >= 1:
        return 0.0
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        + k * math.log(p) + (n - k) * math.log1p(-p)
        for k in range(hits)
    ]  # fmt: skip
    return math.fsum(math.exp(value) for value in logs)


def _solve(rising: Callable[[float], float], target: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return (low + high) / 2


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), 6)
