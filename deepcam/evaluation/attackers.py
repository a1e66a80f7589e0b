"""Face recognizers that attack the anonymized pictures. None of them was used in training.

An attacker is told where the eyes are (the landmarks of the *original*), so it never fails for
want of a detection: blurred and covered faces are attacked as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.evaluation.judge import Reading
from deepcam.evaluation.workers import Workers
from deepcam.frames import Image
from deepcam.geometry.pose import umeyama

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

CONTEXT = 1.7
"""How much wider the context crop is than the recognizer's own."""
GREY = 128

_DLIB_POINTS = np.array([263, 362, 33, 133, 2])
_DLIB_TEMPLATE = np.array(
    [
        [0.8595674595992, 0.2134981538014],
        [0.6460604764104, 0.2289674387677],
        [0.1205750620789, 0.2137274526848],
        [0.3340850613712, 0.2290642403242],
        [0.4901123135679, 0.6277975316475],
    ]
)
"""Corners of both eyes and the nose's base in dlib's chip (public domain, image_transforms)."""
_PORTRAIT = (_DLIB_TEMPLATE + 0.25) / 1.5
"""The same with dlib's padding."""
_ARC_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]]
) / 112  # fmt: skip


Job = tuple[Image, Reading, str, NDArray[np.uint8]]
"""Arguments of ``Attacker.embed``."""


class Attacker(Protocol):
    """Turns a face into numbers that are near each other for the same person."""

    name: str

    def embed(self, image: Image, eyes: Reading, crop: str, hidden: NDArray[np.uint8]) -> F64:
        """Unit vector or descriptor (d,) of the face at ``eyes``.

        ``crop``: "standard" (the recognizer's own), "tight" (everything where ``hidden`` (h, w)
        is 0 becomes grey: only what lies under the mask counts) or "context" (1.7 times wider).
        """
        ...


def placement(points: F64, template: F64, size: int, crop: str) -> F64:
    """(2, 3) from the picture to a square crop: ``points`` (k, 2) pixels go to ``template``
    (k, 2), 0..1 of ``size``. Raises ``ValueError`` for an unknown crop."""
    if crop not in ("standard", "tight", "context"):
        raise ValueError(f"no crop is called {crop}")
    target = template * size
    if crop == "context":
        target = (target - size / 2) / CONTEXT + size / 2
    scale, rotation, shift = umeyama(points, target)
    matrix: F64 = np.concatenate([scale * rotation, shift[:, None]], 1)
    return matrix


def chip(
    image: Image, points: F64, template: F64, size: int, crop: str, hidden: NDArray[np.uint8]
) -> Image:
    """Aligned crop (size, size, 3), see ``placement`` and ``Attacker.embed``."""
    matrix = placement(points, template, size, crop)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    picture = image
    if crop == "tight":
        picture = np.where((hidden > 0)[..., None], image, np.uint8(GREY)).astype(np.uint8)
    if scale < 0.5:
        # Shrinking needs smoothing first, or the crop is full of aliases.
        picture = cv2.GaussianBlur(picture, (0, 0), 0.35 / scale)
    cut = cv2.warpAffine(
        picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.ascontiguousarray(cut, np.uint8)


def embed_jobs(attacker: Attacker, jobs: Sequence[Job]) -> list[F64]:
    """What ``attacker`` makes of many pictures; all at once where it can."""
    many = getattr(attacker, "embed_many", None)
    return many(jobs) if many is not None else [attacker.embed(*job) for job in jobs]


class DlibAttacker:
    """The package ``face_recognition``: dlib's network, trained on three million faces.

    Uses the small (public domain) landmark template. Raises ``DeepcamError`` when the package is
    not installed.
    """

    name = "face_recognition (dlib ResNet-29)"

    def __init__(self) -> None:
        try:
            import face_recognition.api as api
            import face_recognition_models  # type: ignore[import-untyped]
        except (ImportError, SystemExit):  # the package calls quit() without its models
            raise DeepcamError(
                "The recognizer face_recognition is not installed.",
                'Run: pip install dlib-bin face_recognition_models "setuptools<81", then '
                "pip install --no-deps face_recognition; or give --attacker model.onnx.",
            ) from None
        self._encoder: Any = api.face_encoder
        self._workers = Workers(face_recognition_models.face_recognition_model_location())

    def embed(self, image: Image, eyes: Reading, crop: str, hidden: NDArray[np.uint8]) -> F64:
        """See ``Attacker``; (128,)."""
        rgb = _dlib_chip(image, eyes, crop, hidden)
        return np.array(self._encoder.compute_face_descriptor(rgb), np.float64)

    def embed_many(self, jobs: Sequence[Job]) -> list[F64]:
        """The same of many pictures, on every core."""
        chips = [_dlib_chip(*job) for job in jobs]
        found = self._workers.vectors(chips)
        if found is not None:
            return found
        return [np.array(self._encoder.compute_face_descriptor(c), np.float64) for c in chips]

    def close(self) -> None:
        """End the processes that help."""
        self._workers.close()


def _dlib_chip(image: Image, eyes: Reading, crop: str, hidden: NDArray[np.uint8]) -> Image:
    points = eyes.landmarks[_DLIB_POINTS, :2]
    aligned = chip(image, points, _PORTRAIT, 150, crop, hidden)
    return np.ascontiguousarray(aligned[:, :, ::-1])


class OnnxAttacker:
    """Any recognizer as an ONNX file: (1, 3, 112, 112) in, one vector out.

    ``mean``, ``scale``: a pixel p (0..255) becomes (p - mean) * scale. ``rgb``: order of colours.
    Raises ``DeepcamError`` when the file is missing or is not such a model.
    """

    def __init__(
        self, path: Path, mean: float = 127.5, scale: float = 1 / 127.5, rgb: bool = True
    ) -> None:
        self.name = path.name
        self.settings = f"{mean} {scale} {rgb}"
        self._mean, self._scale, self._rgb = mean, scale, rgb
        wrong = DeepcamError(
            f"{path} is not a recognizer that can be used.",
            "Give an ONNX file with a (1, 3, 112, 112) float input and one vector as output.",
        )
        if not path.is_file():
            raise DeepcamError(f"{path} does not exist.", "Check the name of the ONNX file.")
        self.settings += hashlib.sha256(path.read_bytes()).hexdigest()
        try:
            import onnxruntime as ort

            options = ort.SessionOptions()
            options.intra_op_num_threads = 2
            options.log_severity_level = 4
            self._session: Any = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            self._input = self._session.get_inputs()[0].name
            self._run(np.zeros((112, 112, 3), np.uint8))
        except Exception:
            raise wrong from None

    def _run(self, aligned: Image) -> F64:
        ordered = aligned[:, :, ::-1] if self._rgb else aligned
        values = ((ordered.astype(np.float32) - self._mean) * self._scale).transpose(2, 0, 1)[None]
        feed = np.ascontiguousarray(values, np.float32)
        vector = np.asarray(self._session.run(None, {self._input: feed})[0], np.float64).ravel()
        if len(vector) < 8 or not np.isfinite(vector).all():
            raise ValueError("no embedding")
        unit: F64 = vector / max(float(np.linalg.norm(vector)), 1e-9)
        return unit

    def embed(self, image: Image, eyes: Reading, crop: str, hidden: NDArray[np.uint8]) -> F64:
        """See ``Attacker``; unit length."""
        marks = eyes.landmarks[:, :2]
        points = np.stack([marks[468], marks[473], marks[1], marks[61], marks[291]])
        return self._run(chip(image, points, _ARC_TEMPLATE, 112, crop, hidden))


def portrait_crop(
    image: Image,
    eyes: Reading,
    size: int = 128,
    crop: str = "standard",
    hidden: NDArray[np.uint8] | None = None,
) -> Image:
    """The face at ``eyes``, upright, (size, size, 3), as the default recognizer sees it."""
    points = eyes.landmarks[_DLIB_POINTS, :2]
    mask = np.zeros(image.shape[:2], np.uint8) if hidden is None else hidden
    return chip(image, points, _PORTRAIT, size, crop, mask)


def put_back(image: Image, eyes: Reading, cut: Image, hidden: NDArray[np.uint8]) -> Image:
    """``image`` with the standard ``portrait_crop`` ``cut`` in its place, under ``hidden`` only."""
    matrix = placement(eyes.landmarks[_DLIB_POINTS, :2], _PORTRAIT, cut.shape[0], "standard")
    flags, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, image.shape[1::-1]
    picture = cv2.warpAffine(cut, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.full(cut.shape[:2], 255, np.uint8), matrix, size, flags=flags)
    here = (hidden > 0) & (np.asarray(inside) > 127)
    return np.ascontiguousarray(np.where(here[..., None], picture, image), np.uint8)


def distances(a: F64, b: F64) -> F64:
    """(n, m) Euclidean distances between rows of ``a`` (n, d) and ``b`` (m, d)."""
    square = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    root: F64 = np.sqrt(np.maximum(square, 0))
    return root


def threshold(impostors: F64, far: float = 1e-3) -> float:
    """The largest distance at which at most the share ``far`` of ``impostors`` is accepted
    (distance < threshold). Raises ``ValueError`` without impostors."""
    if not len(impostors):
        raise ValueError("a threshold needs impostor pairs")
    ordered = np.sort(impostors)
    return float(ordered[min(int(far * len(ordered)), len(ordered) - 1)])
