"""The tone of a face follows the skin that can be seen around the mask, and nothing else."""

import cv2
import numpy as np
import pytest

from deepcam.generator.conditioning import Context
from deepcam.generator.mesh import SKIN
from deepcam.generator.render import Render
from deepcam.generator.tone import LIMIT, visible_skin, wanted_gain

N = 128
OWN = np.array([120.0, 140.0, 180.0])
WALL = (0.6, 0.6, 0.6)
WARM, COOL = (0.30, 0.42, 0.70), (0.40, 0.45, 0.58)


def scene(
    neck: tuple[float, ...] | None = None, forehead: tuple[float, ...] | None = None
) -> Context:
    """A face side cut out of a grey room, with skin below and above it."""
    fill = np.full((N, N, 3), WALL, np.float32)
    if neck is not None:
        fill[100:, 44:84] = neck
    if forehead is not None:
        fill[:30, 40:88] = forehead
    mask = np.zeros((N, N), np.float32)
    cv2.ellipse(mask, (64, 64), (36, 46), 0, 0, 360, 1.0, -1)
    return Context(fill, mask)


def drawn() -> Render:
    colour = np.broadcast_to(OWN.astype(np.float32), (N, N, 3)).copy()
    kind = np.zeros((N, N), np.int32)
    kind[30:100, 35:93] = SKIN
    return Render(colour, kind, np.zeros((N, N, 6), np.float32))


def change(context: Context) -> np.ndarray:
    gain = wanted_gain(context, drawn())
    assert gain is not None
    return gain


def off(gain: np.ndarray, tone: tuple[float, ...]) -> float:
    """How far the face's colour is from ``tone``'s, brightness apart."""
    apart = np.log(OWN / 255) + gain - np.log(tone)
    return float(np.abs(apart - apart.mean()).max())


@pytest.mark.parametrize("tone", [WARM, COOL, (0.08, 0.11, 0.18)])
def test_a_face_takes_the_tone_of_neck_and_forehead(tone: tuple[float, ...]) -> None:
    gain = change(scene(tone, tone))
    assert off(gain, tone) < 0.3 * off(np.zeros(3), tone) + 0.01
    wanted = float(np.mean(np.log(tone) - np.log(OWN / 255)))
    assert gain.mean() == pytest.approx(
        np.clip(wanted, -LIMIT, LIMIT), abs=0.25 * abs(wanted) + 0.05
    )


def test_neck_and_forehead_are_believed_alike_and_either_alone() -> None:
    both = change(scene(WARM, COOL))
    neck, forehead = change(scene(WARM)), change(scene(None, COOL))
    low, high = np.minimum(neck, forehead) - 0.15, np.maximum(neck, forehead) + 0.15
    assert ((low < both) & (both < high)).all()
    assert off(both, WARM) > off(neck, WARM)
    assert off(both, COOL) > off(forehead, COOL)
    assert off(neck, WARM) < 0.4 * off(np.zeros(3), WARM)
    assert off(forehead, COOL) < 0.6 * off(np.zeros(3), COOL)


@pytest.mark.parametrize("hair", [(0.05, 0.05, 0.05), (0.5, 0.5, 0.5), (0.1, 0.8, 0.9)])
def test_what_has_no_skins_colour_is_not_skin(hair: tuple[float, ...]) -> None:
    assert visible_skin(scene(None, hair)) == []
    assert wanted_gain(scene(None, hair), drawn()) is None
    assert change(scene(WARM, hair)) == pytest.approx(change(scene(WARM)))


def test_nothing_under_the_mask_is_looked_at() -> None:
    context = scene(WARM, COOL)
    rng = np.random.default_rng(0)
    other = context.fill.copy()
    other[context.mask > 0] = rng.random((int(context.mask.sum()), 3))
    assert np.array_equal(change(Context(other, context.mask)), change(context))
