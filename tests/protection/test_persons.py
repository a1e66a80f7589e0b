"""Reading the segmentation: heads of people in whom no face was found."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import oval, people

from deepcam.frames import Persons
from deepcam.frames.outlines import fill
from deepcam.protection.persons import Look, faceless_heads

SIZE = (1280, 720)
GRID = (256, 144)


def look(persons: Persons) -> Look:
    found = Look.of(persons, *SIZE)
    assert found is not None
    return found


def inside(outline: np.ndarray, other: np.ndarray) -> bool:
    """All of ``other`` (where it is in the picture) lies inside ``outline``."""
    a, b = np.zeros(SIZE[::-1], np.uint8), np.zeros(SIZE[::-1], np.uint8)
    fill(a, outline, 1, 0)
    fill(b, other, 1, 0)
    return bool(a[b > 0].all())


@pytest.mark.parametrize(("x", "y", "side"), [(640, 250, 200), (300, 300, 120), (900, 150, 260)])
def test_a_head_on_shoulders_is_covered_and_the_body_is_not(x: int, y: int, side: int) -> None:
    heads = faceless_heads(look(people(SIZE, [(x, y, side)], GRID)), [], 0.5, 0.002)
    assert heads is not None
    assert len(heads) == 1
    assert inside(heads[0], oval(x, y, side * 0.98))
    assert heads[0][:, 1].max() < y + 1.7 * side, "the body is covered too"


def test_raised_arms_cover_the_whole_person() -> None:
    persons = people(SIZE, [(640, 400, 140)], GRID)
    for arm in (105, 148):  # beside the head, up to the picture's edge
        persons.probability[10:105, arm : arm + 7] = 0.97
    heads = faceless_heads(look(persons), [], 0.5, 0.002)
    assert heads is not None
    assert inside(heads[0], oval(640, 400, 138))


def test_two_people_in_one_silhouette_are_both_covered() -> None:
    persons = people(SIZE, [(500, 300, 130), (760, 420, 130)], GRID)
    assert look(persons).blobs(0.5).max() == 1
    heads = faceless_heads(look(persons), [], 0.5, 0.002)
    assert heads is None or all(
        any(inside(h, oval(x, y, 128)) for h in heads) for x, y in ((500, 300), (760, 420))
    )


def test_a_known_face_explains_its_person_only() -> None:
    persons = people(SIZE, [(300, 250, 120), (950, 250, 120)], GRID)
    known = [oval(300, 250, 130)]
    heads = faceless_heads(look(persons), known, 0.5, 0.002)
    assert heads is not None
    assert len(heads) == 1
    assert inside(heads[0], oval(950, 250, 118))
    assert faceless_heads(look(persons), [*known, oval(950, 250, 130)], 0.5, 0.002) == []


def test_a_lost_face_explains_a_person_who_stayed_but_not_one_who_moved() -> None:
    cover = [oval(300, 250, 160)]
    stayed = look(people(SIZE, [(310, 255, 120)], GRID))
    moved = look(people(SIZE, [(600, 255, 120)], GRID))
    assert faceless_heads(stayed, [], 0.5, 0.002, cover) == []
    heads = faceless_heads(moved, [], 0.5, 0.002, cover)
    assert heads is not None
    assert inside(heads[0], oval(600, 255, 118))


def test_a_picture_full_of_person_has_no_head() -> None:
    full = Persons(np.full(GRID[::-1], 0.99, np.float32))
    assert faceless_heads(look(full), [], 0.5, 0.002) is None


def test_specks_are_nobody() -> None:
    persons = Persons(np.zeros(GRID[::-1], np.float32))
    persons.probability[20:23, 40:44] = 1.0
    assert faceless_heads(look(persons), [], 0.5, 0.002) == []


def test_vacancy() -> None:
    seen = look(people(SIZE, [(640, 250, 200)], GRID))
    assert not seen.vacant(oval(640, 250, 200))
    assert seen.vacant(oval(150, 200, 150))
    assert not seen.vacant(oval(540, 250, 200)), "half a head is still somebody"
    assert seen.vacant(oval(-500, 200, 150)), "outside the picture nobody stands"


@pytest.mark.parametrize(
    "probability",
    [np.full((4, 4), np.nan), np.zeros((4, 4, 1)), np.zeros(5), np.zeros((1, 1))],
)
def test_unusable_segmentations_are_no_answer(probability: np.ndarray) -> None:
    assert Look.of(Persons(probability.astype(np.float32)), *SIZE) is None
    assert Look.of(None, *SIZE) is None
