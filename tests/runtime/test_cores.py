"""Helper threads: where they run, and work shared with one."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepcam.runtime.cores import Helpers, Pair

PAIR = Pair("test")
placed = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="threads can be placed on Linux with two cores only",
)


@placed
def test_helpers_leave_the_callers_core_and_follow_it() -> None:
    own = os.sched_getaffinity(0)
    here = threading.Event()
    helpers = Helpers()
    with helpers.recruit():
        helper = threading.Thread(target=here.wait)
        helper.start()
    outsider = threading.Thread(target=here.wait)
    outsider.start()
    allowed = {}

    def call(core: int) -> None:
        os.sched_setaffinity(0, {core})  # of this thread alone
        helpers.make_way()
        assert helper.native_id is not None
        assert outsider.native_id is not None
        allowed[core] = [os.sched_getaffinity(t.native_id) for t in (helper, outsider)]

    try:
        for core in sorted(own)[:2]:
            caller = threading.Thread(target=call, args=(core,))
            caller.start()
            caller.join()
    finally:
        here.set()
    assert allowed == {core: [own - {core}, own] for core in sorted(own)[:2]}


def test_helpers_that_have_ended_are_forgotten() -> None:
    helpers = Helpers()
    with helpers.recruit():
        short = threading.Thread(target=lambda: time.sleep(0.01))
        short.start()
    short.join()
    helpers.make_way()
    helpers.make_way()


@given(st.integers(0, 400))
def test_every_row_is_done_once(height: int) -> None:
    count = np.zeros(height, int)

    def work(first: int, last: int) -> None:
        count[first:last] += 1

    PAIR.rows(work, height)
    assert (count == 1).all()


def test_both_threads_work() -> None:
    seen: set[int] = set()
    both = threading.Barrier(2, timeout=20)

    def work(first: int, last: int) -> None:
        if first in (0, 16):  # each waits for the other: one thread alone would never get through
            both.wait()
        seen.add(threading.get_ident())

    PAIR.rows(work, 64)
    assert len(seen) == 2


@pytest.mark.parametrize("error", [ValueError, IndexError])
def test_what_goes_wrong_in_any_band_is_told(error: type[Exception]) -> None:
    for broken in range(0, 96, 16):

        def work(first: int, last: int, broken: int = broken) -> None:
            if first == broken:
                raise error("broken")

        with pytest.raises(error, match="broken"):
            PAIR.rows(work, 96)
    PAIR.rows(lambda first, last: None, 96)


def test_nobody_waits_for_a_helper_that_has_not_begun() -> None:
    pair = Pair("busy")
    free = threading.Event()
    busy = pair.beside(free.wait)
    rows: list[int] = []
    pair.rows(lambda first, last: rows.extend(range(first, last)), 64)
    assert sorted(rows) == list(range(64))
    free.set()
    assert busy() is True
