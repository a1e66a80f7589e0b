"""Faces that are tried on in the worker."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from deepcam.live.wardrobe import Wardrobe


def test_who_fits_is_not_looked_for_before_the_wearer_was_painted() -> None:
    """It would be whoever the seed gives to anybody, under the name of the one who is worn."""
    found: list[Any] = []
    fitting = SimpleNamespace(ready=False, want=lambda wanted: None)

    def find(face: str | int) -> Any:
        found.append(face)
        return SimpleNamespace(meta={"spec": f"{face}"}, name="Ada")

    wardrobe = Wardrobe(SimpleNamespace(fitting=fitting), find, lambda *_, **__: None)
    wardrobe.ask(["7?fits", 8])
    time.sleep(0.3)
    assert found == []
    fitting.ready = True
    end = time.monotonic() + 5
    while len(found) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert found == ["7?fits", 8]
    fitting.ready = False
    wardrobe.ask([9])  # somebody by number is the same whoever wears them
    while len(found) < 3:
        assert time.monotonic() < end
        time.sleep(0.02)
