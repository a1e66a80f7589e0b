"""One core or two: the choice follows the times."""

from __future__ import annotations

from deepcam.generator.gear import HOLD, HOLD_MOST, TRIAL, Gear


def run(gear: Gear, times: int, wide: float, narrow: float) -> int:
    """Feed runs that take ``wide`` or ``narrow`` ms; how many were wide."""
    count = 0
    for _ in range(times):
        count += gear.wide
        gear.took(wide if gear.wide else narrow)
    return count


def test_two_cores_stay_while_they_are_faster() -> None:
    assert run(Gear(13.0), 500, 9.0, 13.0) == 500


def test_one_core_is_taken_when_the_other_is_wanted_and_two_are_tried_again() -> None:
    gear = Gear(13.0)
    assert run(gear, TRIAL + HOLD, 26.0, 14.0) == TRIAL
    assert gear.wide
    assert run(gear, TRIAL + 2 * HOLD, 26.0, 14.0) == TRIAL
    # The load is gone: the next try lasts.
    assert run(gear, 200, 9.0, 13.0) == 200


def test_tries_become_rare_under_lasting_load() -> None:
    gear = Gear(13.0)
    assert run(gear, 20_000, 26.0, 14.0) < TRIAL * (20_000 / HOLD_MOST + 8)


def test_one_late_run_changes_nothing() -> None:
    gear = Gear(13.0)
    run(gear, 50, 9.0, 13.0)
    gear.took(28.0)
    assert gear.wide
