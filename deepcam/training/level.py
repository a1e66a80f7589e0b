"""Fits ``deepcam.generator.level``: portraits of sampled people, read by the tracker."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepcam.frames import Frame
from deepcam.generator import level
from deepcam.identity.model import IdentityModel
from deepcam.portrait import portrait
from deepcam.tracking import Tracker

F64 = NDArray[np.float64]

COMPONENTS = 20
"""Directions of the shapes in which the pitch is looked for; more do not foretell it better."""
RIDGE = 10.0
FOLDS = 5
SEED = 1000
SIZE = 400
"""Pixels of a portrait's side."""


def read_people(count: int) -> tuple[F64, F64]:
    """Shapes (n, 468, 3) of sampled people and the pitch (n,) that the tracker reads of their
    portraits, degrees, as they are without any levelling."""
    model, shapes, pitches = IdentityModel.load(), [], []
    tracker = Tracker(still=True)
    try:
        for number in range(count):
            identity = model.sample(SEED + number)
            picture = portrait(identity, SIZE)
            faces = tracker.process(Frame(picture, float(number), number))
            if len(faces) == 1 and faces[0].pose is not None and faces[0].confidence > 0.5:
                shapes.append(identity.shape.astype(np.float64))
                # The portrait was levelled with what was shipped until now.
                pitches.append(faces[0].pose.pitch + level.tilt(identity.shape))
    finally:
        tracker.close()
    return np.stack(shapes), np.array(pitches)


def fit(shapes: F64, pitches: F64) -> dict[str, NDArray[np.float32]]:
    """Arrays of ``head_level.npz``: ridge regression on the shapes' principal components."""
    flat = shapes.reshape(len(shapes), -1)
    mean = flat.mean(0)
    components = np.linalg.svd(flat - mean, full_matrices=False)[2][:COMPONENTS]
    scores = (flat - mean) @ components.T
    spread = scores.std(0) + 1e-9
    weights = components.T @ (_ridge(scores / spread, pitches - pitches.mean()) / spread)
    return {
        "mean": mean.reshape(-1, 3).astype(np.float32),
        "weights": weights.reshape(-1, 3).astype(np.float32),
        "offset": np.float32(pitches.mean()),  # type: ignore[dict-item]
    }


def left_over(shapes: F64, pitches: F64) -> float:
    """Degrees, root mean square of what stays on people who were not fitted on."""
    fold = np.arange(len(pitches)) % FOLDS
    errors = np.empty(len(pitches))
    for k in range(FOLDS):
        found = fit(shapes[fold != k], pitches[fold != k])
        told = level.Level(found["mean"], found["weights"], float(found["offset"]))
        errors[fold == k] = pitches[fold == k] - [
            told.pitch(s.astype(np.float32)) for s in shapes[fold == k]
        ]
    return float(np.sqrt((errors**2).mean()))


def _ridge(x: F64, y: F64) -> F64:
    solved: F64 = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
    return solved
