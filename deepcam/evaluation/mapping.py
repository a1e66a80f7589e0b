"""P5, the mapping attack: learn the way back from anonymized pictures to originals.

Whoever has our program can anonymize any number of photographs and so owns pairs of both. Learnt
are maps between the recognizer's embeddings (linear and a network), and from picture to picture
(linear on pixels, standing for the decoder of Fantomas). What counts is not whether they find
anybody, since hair and background are in the pictures anyway: it is whether they find more than
the same attack on pictures whose faces were simply cut out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.learners import Schedule, folds, network, ridge
from deepcam.evaluation.statistics import (
    Hits,
    Measure,
    best_learner,
    binomial_p,
    rate,
    sign_test,
)
from deepcam.frames import Image

F64 = NDArray[np.float64]

PARTS = 4
"""Persons are attacked in so many parts, each with a map learnt from all others."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Anonymized pictures ``made`` with their originals ``real``, as embeddings (n, d); picture i
    shows ``persons[i]``. ``extra`` pictures of strangers come last and are only learnt from."""

    made: F64
    real: F64
    persons: NDArray[np.int64]
    strangers: int = 0

    @property
    def known(self) -> int:
        """How many pictures are attacked."""
        return len(self.made) - self.strangers


def embeddings_attack(pairs: Pairs, gallery: F64) -> dict[str, Hits]:
    """Learner -> (known,) whether each attacked picture's person was found first.

    ``gallery``: (k, d) another original of person k; searched are the persons of the same part.
    "direct" is no map at all: the anonymized embedding itself.
    """
    hits = {name: np.zeros(pairs.known, bool) for name in ("direct", "ridge", "network")}
    everybody = np.concatenate(
        [pairs.persons[: pairs.known], np.full(pairs.strangers, -1, np.int64)]
    )
    for part in folds(pairs.persons[: pairs.known].tolist(), PARTS):
        tested = np.concatenate([part, np.zeros(pairs.strangers, bool)])
        made, real = pairs.made[~tested], pairs.real[~tested]
        middle = real.mean(0)
        names = np.unique(everybody[tested])
        own = np.searchsorted(names, everybody[tested])
        shown = pairs.made[tested]
        answers = {
            "direct": shown,
            "ridge": ridge(made, real, 0.3)(shown),
            "network": network(made, real, Schedule((128,), 250, 6e-3), classes=False)(shown),
        }
        for name, answer in answers.items():
            found = first(answer - middle, gallery[names] - middle, own)
            hits[name][np.flatnonzero(part)] = found
    return hits


def first(answers: F64, gallery: F64, own: NDArray[np.int64]) -> Hits:
    """(n,) whether ``gallery[own[i]]`` points most in the direction of ``answers[i]``. Ties (a
    blank answer is as near to everybody) are broken by lot."""
    likeness = _unit(answers) @ _unit(gallery).T
    lot = np.random.default_rng(0).uniform(0, 1e-7, likeness.shape)
    best: Hits = (likeness.round(6) + lot).argmax(1) == own
    return best


def _unit(rows: F64) -> F64:
    out: F64 = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return out


def pictures_back(
    made: list[Image], real: list[Image], persons: list[int], known: int
) -> list[Image]:
    """The first ``known`` of ``made`` (n crops of one size) turned back into what the original may
    have looked like, by a linear map learnt from everybody else's pairs.

    Crops from ``known`` on are strangers' and only learnt from.
    """
    side = made[0].shape
    rows = np.stack([m.reshape(-1) for m in made]).astype(np.float64) / 255
    goals = np.stack([r.reshape(-1) for r in real]).astype(np.float64) / 255
    out: list[Image] = [np.zeros(side, np.uint8)] * known
    for part in folds(persons[:known], PARTS):
        tested = np.concatenate([part, np.zeros(len(made) - known, bool)])
        back = ridge(rows[~tested], goals[~tested], 0.02)(rows[tested])
        for at, row in zip(np.flatnonzero(part), back, strict=True):
            picture = np.clip(row * 255, 0, 255).astype(np.uint8).reshape(side)
            out[at] = np.ascontiguousarray(picture)
    return out


def decoded_attack(codes: F64, gallery: F64, persons: NDArray[np.int64]) -> Hits:
    """(n,) whether person ``persons[i]`` is found first for ``codes[i]``, the embedding of a
    picture that was turned back; searched as in ``embeddings_attack``."""
    hits = np.zeros(len(codes), bool)
    middle = gallery.mean(0)
    for part in folds(persons.tolist(), PARTS):
        names = np.unique(persons[part])
        own = np.searchsorted(names, persons[part])
        hits[part] = first(codes[part] - middle, gallery[names] - middle, own)
    return hits


def gain(ours: Mapping[str, Hits], masked: Mapping[str, Hits], persons: int) -> Measure:
    """P5: how often the best learner finds the person, against the best learner on pictures whose
    face was cut out (``masked``; the same pictures, the same order).

    ``extra``: that share, chance, every learner, and ``p``, the probability of so many more
    pictures found only by the one than only by the other (sign test); ``p_chance``, that the best
    of so many learners finds as many by chance (Bonferroni).
    """
    if not ours or not masked or not len(next(iter(ours.values()))):
        return Measure(None, note="needs persons with two photographs each")
    by = best_learner(ours)
    here, there = ours[by], masked[best_learner(masked)]
    size = persons / min(PARTS, persons)
    return rate(
        int(here.sum()), len(here), masked=round(float(there.mean()), 5),
        chance=round(1 / size, 5), p=round(sign_test(here, there), 5),
        p_chance=round(min(1.0, len(ours) * binomial_p(int(here.sum()), len(here), 1 / size)), 5),
        by=by,
        learners={name: round(float(h.mean()), 4) for name, h in ours.items()},
        masked_learners={name: round(float(h.mean()), 4) for name, h in masked.items()},
    )  # fmt: skip
