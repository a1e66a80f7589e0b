"""Everything that is compared, behind one interface: a raw picture and faces in, a picture out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.casting.caster import Caster
from deepcam.frames import Face, Frame, Image, Persons, Points, Reason
from deepcam.frames.outlines import fill
from deepcam.geometry.basis import FaceBasis
from deepcam.identity.types import Identity
from deepcam.identity.wish import Wish, spec_of
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the tracker said about a frame: recorded once, told to every method."""

    faces: tuple[Face, ...]
    persons: Callable[[], Persons | None] = field(default=lambda: None)


class Session(Protocol):
    """A method at work on one sequence."""

    def begin(self, frame: Frame, seen: Seen) -> None:
        """Get ready; ``frame`` is the first one."""
        ...

    def process(self, frame: Frame, seen: Seen) -> tuple[Image, Reason]:
        """Anonymize one frame."""
        ...

    def renew(self, seed: int) -> None:
        """Another person's picture follows: wear another identity."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """A way to anonymize."""

    name: str
    open: Callable[[bool, int], Session]
    """(still, seed) -> session."""


def region(frame: Frame, face: Face) -> NDArray[np.uint8]:
    """(h, w) 255 under ``face``'s outline, rounded outwards as the eraser does."""
    mask = np.zeros(frame.image.shape[:2], np.uint8)
    fill(mask, face.outline, 255)
    return mask


Effect = Callable[[Image, NDArray[np.uint8]], Image]
"""(picture, (h, w) mask) -> picture of the same size, used under the mask."""


class Painted:
    """A filter under the same pose-only outlines that the camera erases."""

    def __init__(self, effect: Effect) -> None:
        self._effect = effect

    def begin(self, frame: Frame, seen: Seen) -> None:
        """Nothing to prepare."""

    def process(self, frame: Frame, seen: Seen) -> tuple[Image, Reason]:
        """Apply the filter to each face."""
        out = frame.image.copy()
        for face in seen.faces:
            mask = region(frame, face)
            if mask.any():
                out = np.where((mask > 0)[..., None], self._effect(out, mask), out)
        return np.ascontiguousarray(out, np.uint8), Reason.GENERATED

    def renew(self, seed: int) -> None:
        """Filters have no identity."""

    def close(self) -> None:
        """Nothing to free."""


class Rectangle(Painted):
    """DeepPrivacy's own erasure without its generator: grey boxes around the faces. What is
    recognized here leaks from the surroundings."""

    def __init__(self) -> None:
        super().__init__(cover)

    def process(self, frame: Frame, seen: Seen) -> tuple[Image, Reason]:
        """Cover the box around each outline."""
        out = frame.image.copy()
        for face in seen.faces:
            mask = region(frame, face)
            if mask.any():
                x0, y0, x1, y1 = _box(mask)
                out[y0:y1, x0:x1] = 128
        return out, Reason.GENERATED


class Camera:
    """The shipped camera (or its floor) with a tracker that repeats what was recorded.

    ``fits``: everybody wears somebody who fits, as by default; else whoever the seed gives."""

    def __init__(
        self,
        still: bool,
        seed: int,
        generator: Any = None,
        sample: Callable[[int], Identity] | None = None,
        network: str = "small",
        fits: bool = False,
    ) -> None:
        self._told, self._sample, self._fits = _Told(), sample or person, fits
        settings = AnonymizerSettings(
            identity=spec_of(seed, Wish(fits=fits)),
            still=still,
            live=False,
            session_seed=seed,
            provider="cpu",
            network=network,
        )
        self.anonymizer = Anonymizer(
            settings,
            tracker=self._told,
            generator=generator,
            sample=self._sample,
            looker=Caster.load() if fits else None,
            wished=lambda number, wish: wish.sample(number),
        )
        if self.anonymizer.problem is not None:
            raise self.anonymizer.problem

    def begin(self, frame: Frame, seen: Seen) -> None:
        """The guard judges the first frame until it is sure, as for files."""
        self._told.seen = seen
        for _ in range(self.anonymizer.settings.warm_up + 4):
            self.anonymizer.process(frame)

    def process(self, frame: Frame, seen: Seen) -> tuple[Image, Reason]:
        """One frame through guard, eraser, generator and covers."""
        self._told.seen = seen
        safe = self.anonymizer.process(frame)
        return safe.image, safe.reason

    def renew(self, seed: int) -> None:
        """Another identity."""
        if self._fits:
            self.anonymizer.regenerate(seed, Wish(fits=True)).result()
        else:
            self.anonymizer.set_identity(self._sample(seed))

    def close(self) -> None:
        """Free everything."""
        self.anonymizer.close()


@lru_cache(maxsize=800)
def person(seed: int) -> Identity:
    """The identity of ``seed``; remembered, because every method wears the same ones."""
    from deepcam.identity.model import IdentityModel

    return IdentityModel.load().sample(seed)


def mean_face(seed: int) -> Identity:
    """The average of everybody in the identity bank, whatever the ``seed``: who wears it looks like
    everybody else who does."""
    return replace(_mean(), seed=seed)


@lru_cache(maxsize=1)
def _mean() -> Identity:
    from deepcam.identity.model import IdentityModel

    model = IdentityModel.load()
    # A third of the bank is as good an average as all of it.
    chosen = range(0, len(model.age), 3)
    texture = np.mean([model.texture(k).astype(np.float32) for k in chosen], axis=0)
    shape = model.shapes.mean(0)
    shape = 0.5 * (shape + shape[FaceBasis.load().mirror] * np.array([-1, 1, 1]))
    return replace(
        person(0), name="Mean Face", texture=texture.round().astype(np.uint8),
        shape=np.ascontiguousarray(shape, np.float32), iris=np.array([62, 92, 110], np.uint8),
    )  # fmt: skip


class _Told:
    """A tracker that says what it is told."""

    def __init__(self) -> None:
        self.seen = Seen(())

    def process(self, frame: Frame) -> tuple[Face, ...]:
        return self.seen.faces

    def persons(self, frame: Frame) -> Persons | None:
        return self.seen.persons()

    def likely(self, frame: Frame, place: Points) -> bool:
        return True

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def blur(image: Image, mask: NDArray[np.uint8]) -> Image:
    """Gaussian with 15 % of the face's width."""
    x0, y0, x1, y1 = _box(mask)
    out = image.copy()
    part = image[y0:y1, x0:x1]
    out[y0:y1, x0:x1] = cv2.GaussianBlur(part, (0, 0), max(1.0, 0.15 * (x1 - x0)))
    return out


def pixelate(image: Image, mask: NDArray[np.uint8]) -> Image:
    """8 x 8 blocks over the face."""
    x0, y0, x1, y1 = _box(mask)
    out = image.copy()
    blocks = cv2.resize(image[y0:y1, x0:x1], (8, 8), interpolation=cv2.INTER_AREA)
    out[y0:y1, x0:x1] = cv2.resize(blocks, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)
    return out


def cover(image: Image, mask: NDArray[np.uint8]) -> Image:
    """Even grey."""
    return np.full_like(image, 128)


def _box(mask: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    ys, xs = np.nonzero(mask)
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


def _floor(still: bool, seed: int) -> Session:
    from deepcam.generator import Generator

    return Camera(still, seed, Generator("cpu", network="none", still=still))


def methods(network: str = "small") -> list[Method]:
    """The original, the baselines, and last the camera itself ("ours")."""
    return [
        Method("original", lambda still, seed: Painted(lambda image, mask: image)),
        Method("blur", lambda still, seed: Painted(blur)),
        Method("pixelate", lambda still, seed: Painted(pixelate)),
        Method("cover", lambda still, seed: Painted(cover)),
        Method("rectangle", lambda still, seed: Rectangle()),
        Method("mean face", lambda still, seed: Camera(still, seed, None, mean_face, network)),
        Method("floor", _floor),
        Method("ours", lambda still, seed: Camera(still, seed, network=network, fits=True)),
    ]
