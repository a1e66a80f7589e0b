"""Who wears which identity, and for how long."""

from __future__ import annotations

import threading
import time

import pytest
from scenes import face, identity

from deepcam.casting import Casting
from deepcam.errors import DeepcamError
from deepcam.guard import Kind, Plan
from deepcam.identity.types import Identity


def seen(track: int, x: float = 50.0) -> Plan:
    who = face(track, x=x)
    return Plan(track, Kind.GENERATE, who.outline, who)


def lost(track: int, x: float = 50.0) -> Plan:
    return Plan(track, Kind.COVER, face(track, x=x).outline, None, 1.0, "Lost", True)


def casting(per_face: bool = False, background: bool = False) -> Casting:
    return Casting(identity, identity(7), 99, per_face, background)


def test_the_first_face_wears_the_chosen_identity_and_others_wear_others() -> None:
    cast = casting()
    names = cast.dress([seen(4), seen(9, 200)])
    assert names[4].seed == 7
    assert names[9].seed != 7
    again = cast.dress([seen(9, 200), seen(4)])
    assert {n: i.seed for n, i in again.items()} == {n: i.seed for n, i in names.items()}
    # Two sessions with one seed agree, two seeds do not.
    assert casting().dress([seen(4), seen(9)])[9].seed == names[9].seed
    other = Casting(identity, identity(7), 100, False, False)
    assert other.dress([seen(4), seen(9)])[9].seed != names[9].seed


def test_who_comes_back_under_a_new_number_gets_the_old_identity() -> None:
    cast = casting()
    first = cast.dress([seen(1, 50), seen(2, 300)])
    both = cast.dress([seen(1, 50), lost(2, 300), seen(3, 310)])
    assert both[3] is first[2]
    assert both[1] is first[1]
    # The first face left altogether: the next one is the first again.
    cast = casting()
    cast.dress([seen(1)])
    cast.dress([])
    assert cast.dress([seen(5)])[5].seed == 7


def test_per_face_identities_are_never_inherited() -> None:
    cast = casting(per_face=True)
    seeds = [cast.dress([seen(1)])[1].seed]
    cast.dress([])
    seeds.append(cast.dress([seen(2)])[2].seed)
    seeds.append(cast.dress([seen(2), lost(1), seen(3)])[3].seed)
    assert len(set(seeds)) == 3
    for number in range(4, 60):
        cast.dress([seen(number)])
    assert len(cast._ready) <= 17, "identities pile up"


def test_a_ghost_is_painted_as_its_track() -> None:
    cast = casting()
    ghost = Plan(-2, Kind.GENERATE, face(1).outline, face(1))
    names = cast.dress([seen(1, 200), ghost])
    assert names[-2] is names[1]


def test_choose_and_regenerate_change_the_first_face_only() -> None:
    cast = casting()
    second = cast.dress([seen(1), seen(2, 300)])[2]
    cast.choose(identity(70))
    assert cast.regenerate(71).result().seed == 71
    names = cast.dress([seen(1), seen(2, 300)])
    assert names[1].seed == 71
    assert names[2] is second
    assert cast.chosen.seed == 71
    assert cast.regenerate().result().seed not in (7, 70, 71)


def test_in_the_background_nothing_waits_and_the_last_wish_counts() -> None:
    gate = threading.Event()

    def slow(seed: int) -> Identity:
        assert gate.wait(10)
        return identity(seed)

    cast = Casting(slow, identity(7), 99, False, True)
    begin = time.perf_counter()
    assert set(cast.dress([seen(1), seen(2, 300)])) == {1}, "the second is not ready yet"
    first, last = cast.regenerate(20), cast.regenerate(21)
    assert cast.dress([seen(1)])[1].seed == 7
    assert time.perf_counter() - begin < 2
    gate.set()
    assert last.result(10).seed == 21
    assert first.result(10).seed == 20
    assert cast.dress([seen(1)])[1].seed == 21
    deadline = time.perf_counter() + 10
    while 2 not in cast.dress([seen(1), seen(2, 300)]):
        assert time.perf_counter() < deadline
        time.sleep(0.01)
    cast.close()
    cast.close()


def test_a_model_that_fails_raises_in_time() -> None:
    def broken(seed: int) -> Identity:
        raise DeepcamError("The bank is broken.", "Install it again.")

    cast = Casting(broken, identity(7), 99, False, False)
    with pytest.raises(DeepcamError):
        cast.dress([seen(1), seen(2, 300)])
    with pytest.raises(DeepcamError):
        cast.regenerate(3).result()
    assert cast.dress([seen(1)])[1].seed == 7
