"""P4, the parrot attack: a recognizer that is trained on anonymized pictures.

Somebody who collects labelled anonymized calls learns what is left of each person (hair, habits,
anything that shines through) and looks for it in other calls, with other identities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.learners import logistic, perceptron
from deepcam.evaluation.privacy import discriminant, nearest
from deepcam.evaluation.statistics import Measure, binomial_p, rate

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

Classifier = Callable[[F64, I64, F64], I64]
LEARNERS: Mapping[str, Classifier] = {
    "LDA": discriminant,
    "logistic": logistic,
    "network": perceptron,
}


def parrot(
    trained: Sequence[Mapping[str, F64]],
    tested: Mapping[str, F64],
    learners: Mapping[str, Classifier] = LEARNERS,
) -> Measure:
    """P4: share of persons that the best learner names, of ``tested`` pictures.

    ``trained``: sessions; each holds (n, d) rows for each kind of feature, row i showing person i.
    ``tested``: the same of another session. ``extra``: chance, every learner, and the probability
    ``p`` that the best of so many learners does as well by chance (Bonferroni: never too small).
    With a single session LDA has no spread within persons; nearest neighbour takes its place.
    """
    if not trained or not tested or len(next(iter(tested.values()))) < 2:
        return Measure(None, note="needs two persons with two photographs each")
    n = len(next(iter(tested.values())))
    labels = np.tile(np.arange(n), len(trained))
    hits: dict[str, int] = {}
    for feature, rows in tested.items():
        train = np.concatenate([session[feature] for session in trained])
        for name, learn in learners.items():
            classify: Classifier = nearest if name == "LDA" and len(trained) == 1 else learn
            found = classify(train, labels, rows)
            hits[f"{feature} {name}"] = int((found == np.arange(n)).sum())
    return best_of(hits, n, 1 / n)


def best_of(hits: Mapping[str, int], n: int, chance: float) -> Measure:
    """The best of several attackers, each with ``hits`` of ``n``."""
    by = max(hits, key=lambda name: hits[name])
    p = min(1.0, len(hits) * binomial_p(hits[by], n, chance))
    return rate(
        hits[by], n, chance=round(chance, 5), p=round(p, 5), by=by,
        learners={name: round(k / n, 4) for name, k in hits.items()}, counts=dict(hits),
    )  # fmt: skip


def joined(parts: Sequence[Measure]) -> Measure:
    """The same attack both ways round, as one: the best learner of the sums."""
    known = [p for p in parts if p.value is not None]
    if not known:
        return parts[0] if parts else Measure(None, note="nothing to measure")
    n = sum(p.n for p in known)
    hits = {
        name: sum(int(p.extra["counts"].get(name, 0)) for p in known)
        for name in known[0].extra["counts"]
    }
    return best_of(hits, n, float(known[0].extra["chance"]))
