"""Association: optimal, stable over crossings and gaps, numbers never reused."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deepcam.tracking.association import NO_MATCH, Association, assign, iou


def box(x: float, y: float, size: float = 100.0) -> np.ndarray:
    return np.array([x - size / 2, y - size / 2, x + size / 2, y + size / 2])


def step(association: Association, boxes: list[np.ndarray], time: float) -> list[int]:
    """One frame as the tracker does it."""
    association.forget(time)
    numbers = []
    for b, number in zip(boxes, association.match(boxes, time), strict=True):
        if number is None:
            number = association.start(b, time)
        else:
            association.update(number, b, time)
        numbers.append(number)
    return numbers


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    seed=st.integers(0, 10**6),
    forbidden=st.floats(0, 0.7),
)
@settings(max_examples=150, deadline=None)
def test_assignment_is_the_best_of_all(
    rows: int, columns: int, seed: int, forbidden: float
) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.random((rows, columns)) * 3
    cost[rng.random(cost.shape) < forbidden] = NO_MATCH
    got = assign(cost)
    taken = [c for c in got if c >= 0]
    assert len(taken) == len(set(taken))
    pairs = [(r, c) for r, c in enumerate(got) if c >= 0]
    assert all(cost[p] < NO_MATCH for p in pairs)
    size = max(rows, columns)
    padded = np.full((size, size), NO_MATCH)
    padded[:rows, :columns] = cost
    best = min(
        ([padded[r, c] for r, c in enumerate(p)] for p in itertools.permutations(range(size))),
        key=sum,
    )
    allowed = [v for v in best if v < NO_MATCH]
    assert len(pairs) == len(allowed)
    assert np.isclose(sum(cost[p] for p in pairs), sum(allowed))


@given(
    speed=st.floats(100, 600),
    rise=st.floats(-80, 80),
    size=st.floats(60, 160),
    hidden=st.booleans(),
    noise=st.integers(0, 1000),
)
@settings(max_examples=100, deadline=None)
def test_crossing_people_keep_their_numbers(
    speed: float, rise: float, size: float, hidden: bool, noise: int
) -> None:
    """Two people walk through each other; while they overlap the one behind may not be seen."""
    association = Association()
    rng = np.random.default_rng(noise)
    first: list[int] = []
    span = 500 / speed
    for k in range(int(2 * span * 30)):
        t = k / 30 - span
        a, b = box(640 + speed * t, 360 + rise * t, size), box(640 - speed * t, 360, size * 1.1)
        jitter = rng.normal(0, 0.01 * size, 4)
        boxes = [a + np.tile(jitter[:2], 2), b + np.tile(jitter[2:], 2)]
        if not first:
            first = step(association, boxes, t)
        elif hidden and iou(a, b) > 0.3:
            number = association.match([boxes[1]], t)[0]
            assert number is not None
            association.update(number, boxes[1], t)
        else:
            last = step(association, boxes, t)
    assert last == first


@given(gap=st.floats(0.05, 0.95), vx=st.floats(-60, 60), size=st.floats(60, 200))
@settings(max_examples=60, deadline=None)
def test_a_gap_under_a_second_keeps_the_number(gap: float, vx: float, size: float) -> None:
    association = Association()
    for k in range(20):
        numbers = step(association, [box(600 + vx * k / 30, 300, size)], k / 30)
    back = 19 / 30 + gap
    assert step(association, [box(600 + vx * back, 300, size)], back) == numbers


@given(gap=st.floats(1.05, 30))
@settings(max_examples=20, deadline=None)
def test_a_longer_gap_gives_a_new_number(gap: float) -> None:
    association = Association()
    assert step(association, [box(600, 300)], 0.0) == [1]
    assert step(association, [box(600, 300)], gap) == [2]


def test_numbers_are_never_reused() -> None:
    association = Association()
    step(association, [box(100, 100), box(500, 100)], 0.0)
    association.drop(2)
    association.reset()
    assert association.numbers == []
    assert step(association, [box(100, 100)], 0.1) == [3]


def test_a_far_face_is_not_taken_for_a_near_one() -> None:
    association = Association()
    step(association, [box(600, 300, 200)], 0.0)
    assert association.match([box(600, 300, 50)], 1 / 30) == [None]
    assert association.match([box(1000, 300, 200)], 1 / 30) == [None]


@given(seed=st.integers(0, 10**6), people=st.integers(2, 6))
@settings(max_examples=40, deadline=None)
def test_six_people_on_their_chairs_in_any_order(seed: int, people: int) -> None:
    """The detector's order means nothing."""
    rng = np.random.default_rng(seed)
    association = Association()
    places = [(150 + 200 * k, 300) for k in range(people)]
    step(association, [box(x, y, 110) for x, y in places], 0.0)
    for k in range(1, 12):
        order = rng.permutation(people)
        boxes = [box(places[i][0] + rng.normal(0, 4), 300 + rng.normal(0, 4), 110) for i in order]
        assert step(association, boxes, k / 30) == [i + 1 for i in order]
