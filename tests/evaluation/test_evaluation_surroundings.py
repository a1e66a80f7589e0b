"""What the surroundings say anyway is the comparison for who wears somebody who fits."""

from __future__ import annotations

import numpy as np

from deepcam.evaluation.surroundings import identified


def test_people_who_look_unlike_are_told_apart_and_alike_ones_by_chance() -> None:
    rng = np.random.default_rng(1)
    people = 8 * rng.normal(size=(12, 5))
    assert identified(people, people + 0.1 * rng.normal(size=people.shape)) == 1
    alike = np.zeros((40, 5))
    rates = [
        identified(alike + rng.normal(size=alike.shape), alike + rng.normal(size=alike.shape))
        for _ in range(20)
    ]
    assert abs(float(np.mean(rates)) - 1 / 40) < 0.03
    assert identified(people, people[::-1], 12) == 1
