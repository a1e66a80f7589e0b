"""Pictures of which nothing can be told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import FakeGenerator, FakeTracker, face, frame, identity, people

from deepcam.frames import Reason
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings
from deepcam.protection.judgement import ONE_COLOUR, TOO_DARK, TOO_NEAR, judge

W, H = 96, 72


def scene(low: int, high: int) -> np.ndarray:
    image = np.zeros((H, W, 3), np.uint8)
    image[:] = np.linspace(low, high, W, dtype=np.uint8)[None, :, None]
    return image


def test_bright_pictures_are_believed_and_dim_ones_are_brightened() -> None:
    sight = judge(scene(20, 220))
    assert (sight.blind, sight.copy) == ("", None)
    dim = judge(scene(2, 50))
    assert dim.blind == ""
    assert dim.copy is not None
    assert dim.copy.max() > 150


@pytest.mark.parametrize("lamp", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0.1, 0.6), (0.1, 1, 1)])
@pytest.mark.parametrize("high", [40, 220])
def test_in_coloured_light_a_grey_copy_is_looked_at(
    lamp: tuple[float, float, float], high: int
) -> None:
    white = scene(2, high)
    lit = (white * np.array(lamp)).astype(np.uint8)
    copy = judge(lit).copy
    assert copy is not None
    assert np.ptp(copy.astype(int), axis=2).max() <= 1  # grey
    assert copy.max() > (150 if high < 70 else 180)
    # What differs in the light differs in the copy.
    assert np.all(np.diff(copy[0, :, 0].astype(int)) >= 0)
    assert len(np.unique(copy[0, :, 0])) >= min(30, high - 12)


@given(st.floats(0.3, 1), st.floats(0.3, 1))
def test_colour_goes_gradually(green: float, red: float) -> None:
    # From one frame to the next the light changes a little: so does what the tracker sees.
    first, second = (
        judge((scene(2, 220) * np.array([1, green * k, red * k])).astype(np.uint8))
        for k in (1.0, 0.99)
    )
    if first.copy is not None and second.copy is not None:
        assert np.abs(first.copy.astype(int) - second.copy).max() <= 14


def test_what_cannot_be_judged_says_why() -> None:
    assert judge(scene(0, 9)).blind == TOO_DARK
    assert judge(np.zeros((H, W, 3), np.uint8)).blind == TOO_DARK
    assert judge(np.full((H, W, 3), 130, np.uint8)).blind == ONE_COLOUR
    skin = np.zeros((H, W, 3), np.uint8)
    skin[:] = (np.array([120, 150, 200]) * np.linspace(0.8, 1.1, W)[:, None]).astype(np.uint8)
    assert judge(skin).blind == TOO_NEAR


def test_a_wall_in_the_colours_of_skin_is_not_taken_for_a_face() -> None:
    y, x = np.mgrid[:H, :W] / W - 0.4
    cheek = (
        0.7
        + 0.4 * np.exp(-((x / 0.5) ** 2) - (y / 0.3) ** 2)
        - 0.3 * np.exp(-(((x - 0.2) / 0.1) ** 2) - ((y + 0.1) / 0.05) ** 2)
    )
    wall = (0.8 + 0.3 * x) * np.ones((H, 1))
    for light, why in ((cheek, TOO_NEAR), (wall, "")):
        image = (np.array([120, 150, 200]) * light[..., None]).clip(0, 255).astype(np.uint8)
        if not why:
            image[20:60, 8:30] = image[40:, 50:62] = (60, 40, 30)  # a shelf and a chair
        assert judge(image).blind == why


@pytest.mark.parametrize("seen", [False, True])
def test_the_card_is_shown_unless_somebody_is_seen(seen: bool) -> None:
    tracker = FakeTracker((face(),) if seen else (), people((W, H), [(48, 36, 24)], (64, 48)))
    if not seen:
        tracker = FakeTracker()
    anonymizer = Anonymizer(
        AnonymizerSettings(session_seed=1, live=False),
        tracker=tracker, generator=FakeGenerator(), sample=identity,
    )  # fmt: skip
    for k in range(8):
        safe = anonymizer.process(frame(scene(0, 9), k))
    if seen:
        assert safe.reason is not Reason.CARD
    else:
        assert (safe.reason, safe.detail) == (Reason.CARD, TOO_DARK)
    anonymizer.close()


def test_who_is_taken_back_in_a_dark_picture_leaves_the_card_and_no_raw_picture() -> None:
    tracker = FakeTracker((face(),))
    anonymizer = Anonymizer(
        AnonymizerSettings(session_seed=1, live=False),
        tracker=tracker, generator=FakeGenerator(), sample=identity,
    )  # fmt: skip
    for k in range(8):
        anonymizer.process(frame(scene(0, 9), k))
    tracker.faces = ()
    for k in range(8, 25):
        anonymizer.process(frame(scene(0, 9), k))
    tracker.faces = (replace(face(), evidence=0.0),)
    safe = anonymizer.process(frame(scene(0, 9), 25))
    assert (safe.reason, safe.detail) == (Reason.CARD, TOO_DARK)
    anonymizer.close()
