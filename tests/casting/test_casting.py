"""Who wears which identity, and for how long."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from scenes import face, identity

from deepcam.casting.roles import LOOKS, PAUSE, Casting
from deepcam.errors import DeepcamError
from deepcam.frames import MaskedFrame, Pose
from deepcam.identity.fit import HEAD, Fit, read_head
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish, read_spec
from deepcam.protection.plans import Kind, Plan


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


class Eye:
    """A caster that says what it is told, by age."""

    def __init__(self, *ages: float) -> None:
        self.ages = list(ages)
        self.looks = 0

    def look(self, masked: MaskedFrame, pose: Pose) -> Fit:
        self.looks += 1
        head = np.zeros(HEAD, np.float32)
        age = self.ages[min(self.looks, len(self.ages)) - 1]
        head[round((age - 20) / 5)] = 12
        return read_head(head)


def wished(seed: int, wish: Wish) -> Identity:
    made = identity(seed)
    made.meta.update(age=wish.age or 0.0)
    return made


BLANK = MaskedFrame(np.zeros((72, 400, 3), np.uint8), np.zeros((72, 400), np.uint8), 0.0, 0)


def fitting(eye: Eye, **more: object) -> Casting:
    return Casting(
        identity, identity(7), 99, False, False, looker=eye, wished=wished,
        fitting=(7, Wish(fits=True)), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def step(cast: Casting, plans: list[Plan], time: float, collect: bool = False) -> dict:  # type: ignore[type-arg]
    due = cast.unseen(plans, time)
    if due:
        cast.look(BLANK, due, time, collect)
    return cast.dress(plans)


def test_a_new_face_has_none_until_the_caster_has_looked_a_few_times() -> None:
    eye = Eye(30)
    cast = fitting(eye)
    worn: list[Identity] = []
    cast.on_worn = worn.append
    shown = [1 in step(cast, [seen(1)], k / 30) for k in range(30)]
    first = shown.index(True)
    assert (LOOKS - 1) * PAUSE - 0.05 < first / 30 < 0.9
    assert all(shown[first:])
    assert eye.looks == LOOKS, "never again"
    assert abs(float(worn[0].meta["age"]) - 30) < 4
    assert cast.chosen is worn[0]
    assert cast.chosen.seed == 7


def test_a_face_never_changes_by_itself() -> None:
    eye = Eye(*[30] * LOOKS, 75)
    cast = fitting(eye)
    for k in range(40):
        before = step(cast, [seen(1)], k / 30)
    # Somebody else takes the place, and is looked at: for the next new face.
    cast.dress([])
    for k in range(40, 80):
        after = step(cast, [seen(5)], k / 30)
    assert after[5] is before[1]
    again = cast.regenerate(20, Wish(fits=True)).result()
    assert abs(float(again.meta["age"]) - 75) < 4
    assert cast.regenerate(20).result().meta == identity(20).meta, "anybody"
    older = cast.regenerate(20, Wish(fits=True, age=50.0)).result()
    assert older.meta["age"] == 50


def test_whoever_is_new_before_anybody_was_seen_fits_in_the_end() -> None:
    cast = fitting(Eye(60))
    assert cast.suggest([1, 2]) == []
    assert cast.regenerate(33, Wish(fits=True)).result().seed == 33
    for k in range(40):
        names = step(cast, [seen(1)], k / 30)
    assert names[1].seed == 33
    assert abs(float(names[1].meta["age"]) - 60) < 4
    assert [round(w.age or 0, -1) for w in cast.suggest([1, 2])] == [60, 60]


def test_a_certain_person_is_worn_at_once_and_further_people_get_their_own() -> None:
    eye = Eye(25, 70)
    cast = Casting(identity, identity(7), 99, False, False, looker=eye, wished=wished)
    assert step(cast, [seen(1), seen(2, 300)], 0.0) == {1: cast.chosen}
    for k in range(1, 40):
        names = step(cast, [seen(1), seen(2, 300)], k / 30)
    assert names[1].seed == 7
    assert float(names[2].meta["age"]) > 50


def test_films_are_cast_by_their_best_second() -> None:
    eye = Eye(*[20] * 5, *[60] * 40)
    cast = fitting(eye, pace="film")
    for k in range(60):
        plans = [seen(1)] if k >= 30 else [turned(1)]
        step(cast, plans, k / 30, collect=True)
    cast.settle(1.0)
    assert abs(float(cast.chosen.meta["age"]) - 60) < 6
    looks = eye.looks
    cast.forget()
    assert step(cast, [turned(9)], 0.0)[9] is cast.chosen, "from the first frame on"
    assert eye.looks == looks


def turned(track: int) -> Plan:
    who = face(track, yaw=40.0)
    return Plan(track, Kind.GENERATE, who.outline, who)


def test_pictures_of_one_person_show_one_face_and_of_another_another() -> None:
    eye = Eye(30, 32, 70)
    cast = fitting(eye, pace="stills")
    worn = []
    for k in range(3):
        cast.forget()
        worn.append(step(cast, [seen(k)], 0.0)[k])
    assert worn[0].meta == worn[1].meta
    assert abs(float(worn[2].meta["age"]) - 70) < 10
    assert worn[2].seed == worn[0].seed


def test_a_caster_that_breaks_leaves_whoever_the_seed_gives() -> None:
    cast = fitting(Eye(30))
    assert step(cast, [seen(1)], 0.0) == {}
    cast.stop_looking()
    names = cast.dress([seen(1), seen(2, 300)])
    assert names[1].seed == 7
    assert 2 in names
    assert not cast.looking


def test_texts_of_fitting_people_can_be_read_back() -> None:
    assert read_spec("7?fits") == (7, Wish(fits=True))
