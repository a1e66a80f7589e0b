"""Fits ``deepcam.generator.level``: portraits of sampled people, read by the tracker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Frame
from deepcam.generator import level
from deepcam.identity.model import IdentityModel
from deepcam.showcase.portrait import portrait
from deepcam.tracking import Tracker

F64 = NDArray[np.float64]

COMPONENTS, LOOKS = 40, 80
"""Directions of the shapes, and of their textures, in which the pitch is looked for."""
RIDGE = 10.0
FOLDS = 5
SEED = 1000
SIZE = 400
"""Pixels of a portrait's side."""


def read_people(count: int) -> tuple[F64, F64, F64]:
    """Shapes (n, 468, 3) of sampled people, their ``look`` (n, LOOK, LOOK, 3), and the pitch (n,)
    that the tracker reads of their portraits, degrees, as they are without any levelling."""
    model, shapes, looks, pitches = IdentityModel.load(), [], [], []
    tracker = Tracker(still=True)
    try:
        for number in range(count):
            identity = model.sample(SEED + number)
            picture = portrait(identity, SIZE)
            faces = tracker.process(Frame(picture, float(number), number))
            if len(faces) == 1 and faces[0].pose is not None and faces[0].confidence > 0.5:
                shapes.append(identity.shape.astype(np.float64))
                looks.append(level.look(identity.texture).astype(np.float64))
                # The portrait was levelled with what was shipped until now.
                pitches.append(faces[0].pose.pitch + level.tilt(identity.shape, identity.texture))
    finally:
        tracker.close()
    return np.stack(shapes), np.stack(looks), np.array(pitches)


def fit(shapes: F64, looks: F64, pitches: F64) -> dict[str, NDArray[np.float32]]:
    """Arrays of ``head_level.npz``: ridge regression on the principal components of both."""
    one, other = _Parts.of(shapes, COMPONENTS), _Parts.of(looks, LOOKS)
    found = _ridge(np.concatenate([one.scores, other.scores], 1), pitches - pitches.mean())
    count = one.scores.shape[1]
    return {
        "mean": one.mean,
        "weights": one.weights(found[:count]),
        "look_mean": other.mean,
        "look_weights": other.weights(found[count:]),
        "offset": np.float32(pitches.mean()),  # type: ignore[dict-item]
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Principal components of some arrays, all of unit variance."""

    mean: NDArray[np.float32]
    components: F64
    spread: F64
    scores: F64

    @staticmethod
    def of(arrays: F64, most: int) -> _Parts:
        flat = arrays.reshape(len(arrays), -1)
        mean = flat.mean(0)
        components = np.linalg.svd(flat - mean, full_matrices=False)[2][:most]
        scores = (flat - mean) @ components.T
        spread = scores.std(0) + 1e-9
        shaped = mean.reshape(arrays.shape[1:]).astype(np.float32)
        return _Parts(shaped, components, spread, scores / spread)

    def weights(self, found: F64) -> NDArray[np.float32]:
        """What ``found`` for each component is for each value of the arrays."""
        flat = self.components.T @ (found / self.spread)
        return flat.reshape(self.mean.shape).astype(np.float32)


def left_over(shapes: F64, looks: F64, pitches: F64) -> float:
    """Degrees, root mean square of what stays on people who were not fitted on."""
    fold = np.arange(len(pitches)) % FOLDS
    errors = np.empty(len(pitches))
    for k in range(FOLDS):
        found = fit(shapes[fold != k], looks[fold != k], pitches[fold != k])
        guess = level.Level(
            found["mean"], found["weights"], found["look_mean"], found["look_weights"],
            float(found["offset"]),
        )  # fmt: skip
        left = fold == k
        errors[left] = pitches[left] - [
            guess.told(s.astype(np.float32), seen.astype(np.float32))
            for s, seen in zip(shapes[left], looks[left], strict=True)
        ]
    return float(np.sqrt((errors**2).mean()))


def _ridge(x: F64, y: F64) -> F64:
    solved: F64 = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
    return solved
