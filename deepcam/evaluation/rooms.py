"""Made rooms without anybody, and a sensor's noise, for ``scenes``."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Image

SIZE = (1280, 720)
"""Of all films, pixels: width and height."""


def room(rng: np.random.Generator, size: tuple[int, int] = SIZE) -> Image:
    """A made-up, slightly blurred room without anybody: a wall, boards, boxes, books, a lamp."""
    width, height = size
    low = rng.integers(60, 200, 3)
    ramp = (
        np.linspace(0.75, 1.15, width)[None, :, None] * np.linspace(1.1, 0.8, height)[:, None, None]
    )
    image = np.clip(low * ramp, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(2, 5))):
        y = int(rng.integers(height // 8, height))
        cv2.rectangle(
            image, (0, y), (width, y + 12), [int(v) for v in rng.integers(20, 120, 3)], -1
        )
        x = int(rng.integers(0, 80))
        while x < width:
            w, h = int(rng.integers(10, 60)), int(rng.integers(40, 150))
            tone = [int(v) for v in rng.integers(20, 235, 3)]
            if rng.random() < 0.8:
                cv2.rectangle(image, (x, y - h), (x + w, y), tone, -1)
            else:
                cv2.ellipse(image, (x + w, y - h // 2), (w, h // 2), 0, 0, 360, tone, -1)
            x += w + int(rng.integers(0, 60))
    for _ in range(int(rng.integers(1, 4))):
        at = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        r = int(rng.integers(20, 120))
        cv2.circle(image, at, r, [int(v) for v in rng.integers(60, 255, 3)], -1)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.8, 9.0))), np.uint8)
    return noisy(image, rng, 2.0)


@lru_cache(maxsize=1)
def _grain() -> NDArray[np.int16]:
    """(1024, 2048, 3) of a normal distribution, standard deviation 64."""
    grain = np.random.default_rng(5).normal(0, 64, (1024, 2048, 3))
    return np.asarray(grain.round(), np.int16)


def noisy(image: Image, rng: np.random.Generator, sigma: float) -> Image:
    """With a sensor's noise."""
    height, width = image.shape[:2]
    y, x = int(rng.integers(0, 1024 - height)), int(rng.integers(0, 2048 - width))
    noise = cv2.multiply(_grain()[y : y + height, x : x + width], np.array([1.0]), scale=sigma / 64)
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)
