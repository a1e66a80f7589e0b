"""The face verifier: a second, independent network that may refuse what the detector reports.

A binary classifier of 5 MMAC looks at the patch about a detection, in four orientations. Its
mistakes are others than the detector's, so what both call a face seldom is none. It never finds a
face, it only refuses; what it is shown is forgotten at once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.models.store import open_small, path_of
from deepcam.tracking.backend import Detection
from deepcam.tracking.evidence import CLEAR

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

log = logging.getLogger(__name__)

SIZE, REACH = 48, 0.9
"""Pixels of a patch's side, and its half side in box widths."""
NO_FACE, UNLIKELY, SURE_FACE = -3.0, -1.0, 4.0
"""Logarithms of the odds: below the first there surely is no face, and nothing is hidden; below the
second there is none where the detector's looks are unclear, or where nothing but a silhouette
speaks for it; from the third on it is as good as a clear look. Measured on photographs that it was
not trained on (``deepcam-train verifier``): of 972 faces one is below -1, two are below 0 (a child
in profile) and 97 % above 4; changed as no call changes them (dark, half hidden, nine pixels) .3 %
are below -3 and 2 % below -1; of 5,086 mistakes of the detector, pages and hands among them, 92 %
are below -3, 98 % below -1, one in a thousand is above 3."""
SECOND = 1.0
"""Odds (logarithm) below which nothing but the largest face is clear: in the dark, balls and ears
are painted otherwise."""
MISREAD = 1.0
"""By how much the odds are better in another orientation when the detector took one for another. Of
324 faces, turned by quarters and up to 20 degrees, 4 % would be misread."""
BATCH = 64
"""Places in one run of the network, each four times."""
FILE = "face_verifier.onnx"


def patch(image: Image, box: F64) -> NDArray[np.uint8]:
    """(SIZE, SIZE, 3) BGR uint8, the square about ``box`` (4,) in pixels; the picture's border
    goes on outside."""
    half = REACH * float(max(box[2] - box[0], box[3] - box[1], 4.0))
    x, y = (box[:2] + box[2:]) / 2 - half
    scale = SIZE / (2 * half)
    height, width = image.shape[:2]
    if scale < 0.6:
        # Average first: a warp alone would alias.
        x0, y0 = max(0, int(x)), max(0, int(y))
        x1, y1 = min(width, int(np.ceil(x + 2 * half))), min(height, int(np.ceil(y + 2 * half)))
        if x1 - x0 >= 4 and y1 - y0 >= 4:
            small = (max(2, round((x1 - x0) * scale)), max(2, round((y1 - y0) * scale)))
            part = cv2.resize(image[y0:y1, x0:x1], small, interpolation=cv2.INTER_AREA)
            matrix = np.array(
                [[1, 0, round((x0 - x) * scale)], [0, 1, round((y0 - y) * scale)]], np.float64
            )
            out = cv2.warpAffine(part, matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)
            return np.asarray(out, np.uint8)
    matrix = np.array([[scale, 0, -scale * x], [0, scale, -scale * y]], np.float64)
    out = cv2.warpAffine(
        image, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(out, np.uint8)


class Verifier:
    """The network. One user, one thread."""

    def __init__(self, path: Path) -> None:
        """Raises ``DeepcamError`` for a file that is no such network."""
        example = {"patches": np.zeros((2, 3, SIZE, SIZE), np.float32)}
        problem = "The network that verifies faces cannot be used."
        self._session = open_small(path, example, (2,), problem)

    def odds(self, image: Image, boxes: Sequence[F64]) -> F32:
        """(n,) natural logarithm of the odds that there is a face in each of ``boxes``, in the
        orientation in which it looks most like one."""
        out: F32 = self.in_turns(image, boxes).max(1)
        return out

    def in_turns(self, image: Image, boxes: Sequence[F64]) -> F32:
        """(n, 4) the same in each orientation: turned against the clock by 0 to 3 quarters."""
        if not len(boxes):
            return np.zeros((0, 4), np.float32)
        patches = [patch(image, box) for box in boxes]
        out = [
            self._run(np.stack([np.rot90(p, k) for p in patches[n : n + BATCH] for k in range(4)]))
            for n in range(0, len(patches), BATCH)
        ]
        found: F32 = np.concatenate(out).reshape(len(boxes), 4)
        return found

    def as_seen(self, image: Image, faces: Sequence[Detection]) -> tuple[F32, F32]:
        """``odds`` (n,) of ``faces`` in the orientation in which the detector saw their eyes, and
        how much better (n,) they are in another one: an upright face shows it a smaller one upside
        down, with a score of .8."""
        found = self.in_turns(image, [d.box for d in faces])
        quarters = np.array([round(d.roll / 90) % 4 for d in faces], int)
        own: F32 = found[np.arange(len(found)), quarters]
        return own, found.max(1, initial=-np.inf) - own

    def _run(self, patches: NDArray[np.uint8]) -> F32:
        planes = np.ascontiguousarray(patches[..., ::-1].transpose(0, 3, 1, 2), np.float32) / 255
        return np.asarray(self._session.run(None, {"patches": planes})[0], np.float32)


def refuses(odds: float, clearest: float) -> bool:
    """Whether what the detector's ``clearest`` look gave this score is no face."""
    return odds < (NO_FACE if clearest >= CLEAR else UNLIKELY)


@lru_cache(maxsize=1)
def load() -> Verifier | None:
    """The shipped one; None, said in the log, when it is missing or altered: then more is hidden
    that is no face."""
    try:
        return Verifier(path_of(FILE))
    except DeepcamError as error:
        log.warning("%s %s", error.what, error.remedy)
        return None
