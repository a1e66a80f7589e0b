"""Single pictures for ``deepcam.batch.files``: read with alpha, written without any metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Frame, Image, Mask, Reason, SafeFrame
from deepcam.sinks.pictures import Leaf, write_pictures
from deepcam.sources.pictures import Page, PictureFile, on_white

SHOWN_ALIKE = 8
"""Levels by which a picture laid on white or black may differ from its bare colours and still
show the same faces."""

SAME_FACE = 0.8
"""Part of a face's mask that must be done already for it to be no new face."""

Process = Callable[[int, Frame], SafeFrame]
"""Anonymizes a frame of one of the ways to show a picture (0, 1, 2); each is a stream
of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A raw picture and what its file format said besides colours."""

    image: Image
    """Upright BGR; alpha is not applied."""
    alpha: NDArray[np.uint8] | None
    """(h, w), or None when the file has none."""
    grey: bool
    """The file has one channel."""


def read_still(path: Path) -> Still:
    """The (first) picture of a file. Raises ``DeepcamError`` when ``path`` is missing or is not a
    picture."""
    with PictureFile(path) as picture:
        page = picture.first()
    return Still(page.image, page.alpha, page.grey)


def write_still(
    path: Path,
    image: Image,
    alpha: NDArray[np.uint8] | None = None,
    grey: bool = False,
    overwrite: bool = False,
) -> None:
    """Write ``image`` (BGR) in the format of the name's ending, whole or not at all.

    ``alpha`` is kept where the format can hold it. Raises ``DeepcamError``.
    """
    write_pictures(path, [Leaf(image, alpha, grey)], overwrite=overwrite)


def anonymize_page(
    page: Page, process: Process, time: float, number: int
) -> tuple[Leaf, SafeFrame]:
    """``page`` without faces, and what was done for it.

    With alpha a face can show that the bare colours do not have, such as black ink whose alpha is
    the picture: it is looked for in the bare colours and in the picture laid on white and on black.
    Wherever one was found, the result is opaque: alpha would draw it once more.
    """
    shown = _ways_to_show(page)
    image = page.image.copy()
    new = np.zeros(image.shape[:2], np.uint8)
    alpha = None if page.alpha is None else page.alpha.copy()
    results: list[SafeFrame] = []
    for way, picture in shown.items():
        safe = process(way, Frame(picture, time, number))
        results.append(safe)
        if safe.mask is None:  # the card
            image, new[:] = safe.image, 255
            break
        fresh = _unseen(safe.mask, new)
        image[fresh] = safe.image[fresh]
        new[fresh] = 255
    if alpha is not None:
        alpha[new > 0] = 255
    return Leaf(image, alpha, page.grey, page.duration, new), _worst(results)


def _unseen(mask: Mask, new: Mask) -> NDArray[np.bool_]:
    """What of ``mask`` is to be taken over where ``new`` is done already. A face that was found
    before, a few pixels wider or narrower, is the same one: taken over as well, the rim of this
    look would be a seam around it."""
    fresh: NDArray[np.bool_] = (mask > 0) & (new == 0)
    if not new.any() or not fresh.any():
        return fresh
    count, labels = cv2.connectedComponents(mask)
    whole = np.bincount(labels.ravel(), minlength=count)
    left = np.bincount(labels[fresh], minlength=count)
    other = left > (1 - SAME_FACE) * whole
    taken: NDArray[np.bool_] = fresh & other[labels]
    return taken


def _ways_to_show(page: Page) -> dict[int, Image]:
    """The picture on white (as most programs show it, so its faces count first), in its bare
    colours, and on black; those that show something of their own."""
    if page.alpha is None:
        return {0: page.image}
    alpha = page.alpha[:, :, None].astype(np.uint16)
    on_black: Image = ((page.image * alpha + 127) // 255).astype(np.uint8)
    ways: dict[int, Image] = {}
    for way, image in enumerate((on_white(page.image, page.alpha), page.image, on_black)):
        # Where everything has one colour there is nothing to be seen.
        if np.ptp(image, axis=(0, 1)).any() and all(_differ(image, w) for w in ways.values()):
            ways[way] = image
    return ways or {0: page.image}


def _differ(a: Image, b: Image) -> bool:
    return bool((np.maximum(a, b) - np.minimum(a, b)).max() > SHOWN_ALIKE)


def _worst(results: list[SafeFrame]) -> SafeFrame:
    """The result that hides most stands for all ways to show one picture."""
    order = (Reason.CARD, Reason.COVERED, Reason.GENERATED)
    worst = min(results, key=lambda safe: (order.index(safe.reason), -safe.generated))
    return replace(worst, generated=max(safe.generated for safe in results))
