"""The caster: what it may read, what it says, and drawing somebody from that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import rotation

from deepcam.casting.caster import (
    PLANES,
    SIZE,
    Caster,
    view,
    wide_window,
)
from deepcam.errors import DeepcamError
from deepcam.frames import Frame, MaskedFrame, Pose
from deepcam.geometry.basis import FaceBasis
from deepcam.geometry.pose import head_outline
from deepcam.identity.fit import (
    AGES,
    HEAD,
    LIKELY,
    MONKS,
    Fit,
    monk_of_tone,
    quantile,
    read_head,
    together,
    tone_of_monk,
)
from deepcam.identity.wish import Wish, read_spec, spec_of
from deepcam.protection.erase import erase

LOOKS = st.integers(0, 2**32 - 1)


def somebody(seed: int = 0, beard: float = -3.0) -> Fit:
    head = np.random.default_rng(seed).normal(0, 2, HEAD).astype(np.float32)
    head[30] = beard
    return read_head(head)


def scene(seed: int) -> tuple[np.ndarray, Pose]:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (160, 200, 3), np.uint8)
    pose = Pose(rng.uniform(8, 40), rotation(rng.uniform(-30, 30)), rng.uniform(30, 130, 2))
    return image, pose


def erased(image: np.ndarray, pose: Pose) -> MaskedFrame:
    return erase(Frame(image, 0.0, 0), [head_outline(pose, FaceBasis.load())])


@given(LOOKS)
@settings(max_examples=25, deadline=None)
def test_nothing_under_the_mask_changes_what_it_says_bit_for_bit(seed: int) -> None:
    image, pose = scene(seed)
    masked = erased(image, pose)
    other = image.copy()
    hidden = masked.mask > 0
    other[hidden] = np.random.default_rng(seed + 1).integers(0, 256, (hidden.sum(), 3), np.uint8)
    again = erased(other, pose)
    assert np.array_equal(view(masked, pose), view(again, pose))
    one, two = Caster.load().look(masked, pose), Caster.load().look(again, pose)
    assert np.array_equal(one.age, two.age)
    assert np.array_equal(one.masculinity, two.masculinity)
    assert np.array_equal(one.tone, two.tone)
    assert (one.brow, one.beard, one.light, one.hard) == (two.brow, two.beard, two.light, two.hard)


def test_the_turn_of_the_head_is_not_read() -> None:
    straight = Pose(20.0, rotation(0, 0), np.array([100.0, 70.0]))
    turned = Pose(20.0, rotation(25, -10), np.array([100.0, 70.0]))
    assert np.allclose(wide_window(straight), wide_window(turned), atol=1e-4)
    rolled = Pose(20.0, np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]), np.array([100.0, 70.0]))
    assert not np.allclose(wide_window(straight), wide_window(rolled), atol=0.1)


def test_what_it_says_are_distributions() -> None:
    image, pose = scene(3)
    masked = erased(image, pose)
    planes = view(masked, pose)
    assert planes.shape == (PLANES, SIZE, SIZE)
    assert 0 <= planes.min() <= planes.max() <= 1
    fit = Caster.load().look(masked, pose)
    for p in (fit.age, fit.masculinity, fit.tone):
        assert p.sum() == pytest.approx(1)
        assert (p >= 0).all()
    assert 0 <= fit.beard <= 1
    assert fit.brow[1] > 0
    # A face at the very edge, or of another world, is no reason to fail.
    far = Pose(30.0, rotation(), np.array([-400.0, 900.0]))
    assert np.isfinite(Caster.load().look(masked, far).age).all()


def test_another_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "caster.onnx").write_bytes(b"no network")
    with pytest.raises(DeepcamError, match="cannot be used"):
        Caster(tmp_path / "caster.onnx")


@given(LOOKS, LOOKS)
@settings(max_examples=60, deadline=None)
def test_drawn_traits_are_repeatable_and_survive_their_text(seed: int, look: int) -> None:
    fit = somebody(look)
    wish = fit.draw(seed)
    assert wish == fit.draw(seed)
    assert read_spec(str(spec_of(seed, wish))) == (seed, wish)
    assert wish.age is not None
    assert wish.masculinity is not None
    assert wish.tone is not None
    assert 18 <= wish.age <= 80
    assert 0 <= wish.masculinity <= 1
    assert 0 <= wish.tone <= 1
    # Within the middle of what is likely.
    likely = fit.age**LIKELY
    assert (
        quantile(likely, AGES, 0.19) - 0.1
        <= max(wish.age, 20)
        <= quantile(likely, AGES, 0.81) + 0.1
    )


def test_of_two_likely_ages_the_less_likely_comes_seldom() -> None:
    """Hair and clothes go with twenty-five, and, half as much, with fifty."""
    age = np.zeros(len(AGES))
    age[[1, 6]] = (0.66, 0.34)
    fit = replace(somebody(2), age=age)
    drawn = np.array([fit.draw(seed).age for seed in range(60)], np.float64)
    assert (drawn > 40).mean() < 0.2
    assert len(np.unique(drawn)) > 20


def test_sliders_override_single_traits() -> None:
    fit = somebody(4)
    plain, old = fit.draw(9), fit.draw(9, Wish(age=70.0, fits=True))
    assert old.age == 70
    assert (old.masculinity, old.tone, old.brow) == (plain.masculinity, plain.tone, plain.brow)
    assert not old.fits, "traits that are settled are no wish any more"
    assert len({fit.draw(seed).age for seed in range(20)}) > 10


def test_beards_need_a_reason() -> None:
    assert somebody(1, beard=-4).draw(3).beard == 0
    head = np.zeros(HEAD, np.float32)
    head[17], head[30] = 9, 4  # masculine, bearded
    assert read_head(head).draw(3).beard == 1
    head[17], head[13] = 0, 9
    assert read_head(head).draw(3).beard == 0


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("7?fits", Wish(fits=True)),
        ("7?fits&age=40", Wish(age=40, fits=True)),
        ("7?age=40&tone=0.3", Wish(age=40, tone=0.3)),
        ("7?beard=1&brow=0.5", Wish(brow=0.5, beard=1)),
    ],
)
def test_texts_of_wishes(text: str, wish: Wish) -> None:
    assert read_spec(text) == (7, wish)
    read = read_spec(str(spec_of(7, wish)))
    assert read == (7, wish)


@pytest.mark.parametrize("text", ["7", "7?", "7?fits=1", "7?fits&&", "x?fits", "7?fit", "7?age="])
def test_other_texts_are_none(text: str) -> None:
    assert read_spec(text) is None


def test_several_looks_are_one() -> None:
    a, b = somebody(1), somebody(2)
    both = together([a, b], [1.0, 3.0])
    assert np.allclose(both.age, 0.25 * a.age + 0.75 * b.age)
    assert both.beard == pytest.approx(0.25 * a.beard + 0.75 * b.beard)
    assert np.allclose(together([a]).age, a.age)
    assert tone_of_monk(monk_of_tone(0.4)) == pytest.approx(0.4)
    assert tone_of_monk(MONKS[0]) == 1


def test_pictures_that_look_about_the_same_bring_the_same_person() -> None:
    a = somebody(1)
    rounded = a.rounded()
    for got, was, step in zip(rounded.middles(), a.middles(), (10, 0.34, 1.5), strict=True):
        assert abs(got - was) <= 0.6 * step
    again = together([a, a.rounded()], [0.9, 0.1]).rounded()
    assert again.draw(5) == rounded.draw(5)
    assert rounded.draw(5) != rounded.draw(6)
