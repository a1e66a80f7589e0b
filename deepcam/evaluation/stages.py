"""Contact sheets of how a face comes about: erased, render, result; on request the original."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.batch.files import Kind, kind_of
from deepcam.batch.stills import read_still, write_still
from deepcam.errors import DeepcamError
from deepcam.evaluation.outcome import Say
from deepcam.frames import Frame, Image, MaskedFrame, Reason
from deepcam.generator import Generator
from deepcam.generator.render import Renderer, window_matrix
from deepcam.identity.types import Identity
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings
from deepcam.protection.plans import Plan

SIDE = 224
"""Pixels of a tile's side."""
AROUND = 1.9
"""A tile's side in the picture over that of the mask."""
COLUMNS = 3
"""Faces beside each other."""
LARGEST = 1600
"""Pictures are looked at in this size at most."""


class _Watched:
    """The generator, and what it was last given: the picture from which everything that is hidden,
    lost faces too, has been erased."""

    def __init__(self, network: str, still: bool) -> None:
        self._inner = Generator(network=network, still=still)
        self.erased: Image | None = None
        self.plans: list[Plan] = []
        self.identities: dict[int, Identity] = {}

    def warm_up(self) -> None:
        self._inner.warm_up()

    def paint(
        self, masked: MaskedFrame, plans: Sequence[Plan], identities: Mapping[int, Identity]
    ) -> dict[str, float]:
        self.erased, self.plans = np.array(masked.image), list(plans)
        self.identities = dict(identities)
        return self._inner.paint(masked, plans, identities)


def write_stages(
    inputs: Sequence[str],
    output: Path,
    say: Say,
    originals: bool = False,
    moments: int = 3,
    network: str = "auto",
) -> int:
    """Write the stages of the largest face of each picture, and of ``moments`` frames of each
    video, as one picture to ``output``, which is replaced. ``originals`` shows real faces: keep it
    to yourself. Returns how many faces there are. Raises ``DeepcamError``.
    """
    tiles: list[Image] = []
    for number, name in enumerate(inputs):
        say(f"{name} ({number + 1} of {len(inputs)})")
        path = Path(name)
        still = kind_of(path) is Kind.IMAGE
        frames, wanted = _frames(path, still, moments)
        watched = _Watched(network, still)
        settings = AnonymizerSettings(session_seed=number, still=still, live=False)
        anonymizer = Anonymizer(settings, generator=watched)
        try:
            if anonymizer.problem is not None:
                raise anonymizer.problem
            for frame in frames:
                watched.plans = []  # nobody may be in it
                safe = anonymizer.process(frame)
                if frame.number in wanted and safe.reason is Reason.GENERATED:
                    tiles += _row(frame, watched, safe.image, originals)
        finally:
            anonymizer.close()
    if not tiles:
        raise DeepcamError("No face was generated in these files.", "Give pictures of people.")
    found = len(tiles)
    while len(tiles) % COLUMNS:
        tiles.append(np.full_like(tiles[0], 32))
    lines = [np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)]
    write_still(output, np.ascontiguousarray(np.vstack(lines)), overwrite=True)
    return found


def _frames(path: Path, still: bool, moments: int) -> tuple[Iterator[Frame], set[int]]:
    """The frames of a file, and the numbers of those that are shown."""
    from deepcam.sources.video import VideoReader

    if still:
        image = read_still(path).image
        factor = min(1.0, LARGEST / max(image.shape[:2]))
        if factor < 1:
            image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        return iter([Frame(np.ascontiguousarray(image, np.uint8), 0.0, 0)]), {0}
    with VideoReader(path) as reader:
        count = sum(1 for _ in reader)

    def play() -> Iterator[Frame]:
        with VideoReader(path) as reader:
            for picture in reader:
                yield Frame(picture.image, picture.time, picture.number)

    return play(), {round((k + 0.5) * count / moments) for k in range(moments)}


def _row(frame: Frame, watched: _Watched, result: Image, originals: bool) -> list[Image]:
    """One tile with all stages of the largest face, or none."""
    posed = [(p.face.pose.scale, p.face, p.track) for p in watched.plans if p.face and p.face.pose]
    if not posed or watched.erased is None:
        return []
    _, face, track = max(posed, key=lambda one: one[0])
    height, width = result.shape[:2]
    render = Renderer(watched.identities[track]).draw(
        face, window_matrix(face, np.eye(2, 3, dtype=np.float32)), (width, height), normals=False
    )
    drawn = np.where(render.kind[..., None] > 0, render.colour.clip(0, 255), 0).astype(np.uint8)
    low, high = face.outline.min(0), face.outline.max(0)
    side = AROUND * float((high - low).max())
    corner = 0.5 * (low + high) - 0.5 * side
    move = np.array([[SIDE / side, 0, 0], [0, SIDE / side, 0]], np.float32)
    move[:, 2] = -move[:, :2] @ corner
    stages = [watched.erased, drawn, result]
    if originals:
        stages.insert(0, frame.image)
    quality = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    return [np.hstack([_cut(stage, move, quality) for stage in stages])]


def _cut(image: Image, move: NDArray[np.float32], quality: int) -> Image:
    factor = float(move[0, 0])
    if factor < 1:  # warping alone would skip pixels
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=quality)
        move = np.array([[1, 0, move[0, 2]], [0, 1, move[1, 2]]], np.float32)
    grey = (32, 32, 32)
    out = cv2.warpAffine(image, move, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderValue=grey)
    return np.ascontiguousarray(out, np.uint8)
