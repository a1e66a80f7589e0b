"""P4, the parrot attack: a recognizer that is trained on anonymized pictures.

Somebody who collects labelled anonymized calls learns what is left of each person (hair, habits,
anything that shines through) and looks for it in other calls, with other identities. What the
painted face adds to that is seen beside the same attack on pictures whose faces were cut out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.learners import logistic, perceptron
from deepcam.evaluation.privacy import discriminant, nearest
from deepcam.evaluation.statistics import (
    Hits,
    Measure,
    best_learner,
    binomial_p,
    rate,
    sign_test,
)

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
) -> dict[str, Hits]:
    """Feature and learner -> (n,) whether each of the ``tested`` pictures' persons was named.

    ``trained``: sessions; each holds (n, d) rows for each kind of feature, row i showing person i.
    ``tested``: the same of another session. Nothing comes out of fewer than two persons. With a
    single session LDA has no spread within persons; nearest neighbour takes its place.
    """
    if not trained or not tested or len(next(iter(tested.values()))) < 2:
        return {}
    n = len(next(iter(tested.values())))
    labels = np.tile(np.arange(n), len(trained))
    hits: dict[str, Hits] = {}
    for feature, rows in tested.items():
        train = np.concatenate([session[feature] for session in trained])
        for name, learn in learners.items():
            classify: Classifier = nearest if name == "LDA" and len(trained) == 1 else learn
            hits[f"{feature} {name}"] = classify(train, labels, rows) == np.arange(n)
    return hits


def joined(ways: Sequence[Mapping[str, Hits]]) -> dict[str, Hits]:
    """The same attack both ways round, as one."""
    known = [way for way in ways if way]
    return (
        {name: np.concatenate([way[name] for way in known]) for name in known[0]} if known else {}
    )


def named(hits: Mapping[str, Hits], persons: int) -> Measure:
    """P4: share of pictures whose person the best learner names.

    ``extra``: chance, every learner, and the probability ``p`` that the best of so many learners
    does as well by chance (Bonferroni: never too small).
    """
    if not hits:
        return Measure(None, note="needs two persons with two photographs each")
    by = best_learner(hits)
    found, n, chance = int(hits[by].sum()), len(hits[by]), 1 / persons
    return rate(
        found, n, chance=round(chance, 5),
        p=round(min(1.0, len(hits) * binomial_p(found, n, chance)), 5), by=by,
        learners={name: round(float(h.mean()), 4) for name, h in hits.items()},
    )  # fmt: skip


def added(hits: Mapping[str, Hits], masked: Mapping[str, Hits], persons: int) -> Measure:
    """P4 beside the best learner on pictures whose face was cut out (``masked``; the same pictures
    in the same order): ``extra`` also holds its share, and ``p``, the probability of so many more
    pictures found only by the one than only by the other (sign test)."""
    found = named(hits, persons)
    if found.value is None or not masked:
        return Measure(None, note="needs two persons with two photographs each")
    here, there = hits[found.extra["by"]], masked[best_learner(masked)]
    more, less = int((here & ~there).sum()), int((there & ~here).sum())
    found.extra |= {
        "masked": round(float(there.mean()), 5), "only_here": more, "only_masked": less,
        "p": round(sign_test(here, there), 5),
    }  # fmt: skip
    return found
