"""Made-up scenes for the tests of eraser, guard and anonymizer: faces, people, fakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from deepcam.frames import Face, Frame, MaskedFrame, Persons, Points, Pose
from deepcam.identity.types import Identity
from deepcam.protection.plans import Plan

SENTINEL = (1, 254, 3)
"""BGR of every raw face pixel; nothing else in a scene has it."""


def rotation(yaw: float = 0.0, pitch: float = 0.0) -> np.ndarray:
    """Head to camera; degrees."""
    y, p = np.radians(yaw), np.radians(pitch)
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    return about_y @ about_x


def oval(x: float, y: float, side: float) -> np.ndarray:
    """Outline of a head: (24, 2); ``side`` is its width, it is 1.3 times as high."""
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    points = np.stack([x + side / 2 * np.cos(t), y + 0.65 * side * np.sin(t)], 1)
    return points.astype(np.float32)


def face(
    track: int = 1,
    x: float = 48.0,
    y: float = 36.0,
    side: float = 24.0,
    confidence: float = 0.9,
    yaw: float = 0.0,
    mesh: bool = True,
) -> Face:
    """A face as the tracker reports it."""
    pose = None
    if mesh:
        pose = Pose(side / 2.1, rotation(yaw), np.array([x, y - 0.1 * side]))
    return Face(track, confidence if mesh else 0.0, oval(x, y, side), pose)


def frame(image: np.ndarray, number: int = 0, time: float | None = None) -> Frame:
    return Frame(image, number / 30 if time is None else time, number)


def nobody(width: int = 64, height: int = 36) -> Persons:
    return Persons(np.zeros((height, width), np.float32))


def people(
    size: tuple[int, int], heads: Sequence[tuple[float, float, float]], grid: tuple[int, int]
) -> Persons:
    """Segmentation of people whose heads are at (x, y, side) in a picture of ``size``; heads on
    shoulders. ``grid``: its own width and height."""
    gw, gh = grid
    x = (np.arange(gw) + 0.5) * size[0] / gw - 0.5
    y = ((np.arange(gh) + 0.5) * size[1] / gh - 0.5)[:, None]
    p = np.zeros((gh, gw), np.float32)
    for hx, hy, side in heads:
        head = ((x - hx) / (side / 2)) ** 2 + ((y - hy) / (0.65 * side)) ** 2 <= 1
        neck = (np.abs(x - hx) < 0.3 * side) & (y > hy) & (y < hy + 0.8 * side)
        body = (np.abs(x - hx) < 1.1 * side) & (y >= hy + 0.75 * side)
        p[head | neck | body] = 0.97
    return Persons(p)


def identity(seed: int = 0) -> Identity:
    """Somebody quick to make."""
    rng = np.random.default_rng(seed)
    texture = rng.integers(60, 200, (512, 512, 3), np.uint8)
    iris = np.array([80, 90, 100], np.uint8)
    return Identity(f"Nobody {seed}", seed, texture, np.zeros((468, 3), np.float32), iris, 0)


class FakeGenerator:
    """Fills outlines with a tone of the identity and of the picture around; notes what it got."""

    def __init__(self) -> None:
        self.painted: list[tuple[int, str]] = []
        self.fail = False

    def warm_up(self) -> None:
        pass

    def paint(
        self, masked: MaskedFrame, plans: Sequence[Plan], identities: Mapping[int, Identity]
    ) -> dict[str, float]:
        assert not masked.image[masked.mask > 0].any(), "the generator saw an erased pixel"
        around = masked.image[masked.mask == 0]
        tone = int(around.mean()) if around.size else 0
        for plan in plans:
            who = identities[plan.track]
            self.painted.append((plan.track, who.name))
            first = masked.mask > 0
            masked.image[first] = (40, 100, (tone + who.seed) % 200)
            if self.fail:
                raise RuntimeError("the generator broke off")
        return {"generate": 0.0}


class FakeTracker:
    """Says what it is told to say."""

    def __init__(self, faces: Sequence[Face] = (), persons: Persons | None = None) -> None:
        self.faces = tuple(faces)
        self.answer = persons if persons is not None else nobody()
        self.resets = 0
        self.asked = 0

    def process(self, frame: Frame) -> tuple[Face, ...]:
        return self.faces

    def persons(self, frame: Frame) -> Persons | None:
        self.asked += 1
        return self.answer

    def likely(self, frame: Frame, place: Points) -> bool:
        return True

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        pass
