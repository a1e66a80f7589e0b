"""Names of the face mesh's parts (MediaPipe Face Mesh, 468 points and 2 x 5 iris points).

Index loops from MediaPipe's published contour lists (Apache-2.0). Right and left are the
subject's: the right eye is on the left side of the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_POINTS = 468
"""Mesh points without the irises."""
N_LANDMARKS = 478
"""Mesh points with the irises."""

Loop = NDArray[np.int32]


def _loop(text: str) -> Loop:
    return np.array([int(i) for i in text.split()], np.int32)


OVAL = _loop(
    "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152 148 176 149 150 "
    "136 172 58 132 93 234 127 162 21 54 103 67 109"
)
LIPS_OUTER = _loop("61 146 91 181 84 17 314 405 321 375 291 409 270 269 267 0 37 39 40 185")
LIPS_INNER = _loop("78 95 88 178 87 14 317 402 318 324 308 415 310 311 312 13 82 81 80 191")
EYE_RIGHT = _loop("33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246")
EYE_LEFT = _loop("263 249 390 373 374 380 381 382 362 398 384 385 386 387 388 466")
"""Eye loops: from the outer corner along the lower lid to the inner one, back along the upper."""
BROW_RIGHT = _loop("70 63 105 66 107 46 53 52 65 55")
BROW_LEFT = _loop("300 293 334 296 336 276 283 282 295 285")
NOSE = _loop("1 2 4 5 6 19 45 48 64 94 97 98 115 168 195 197 220 275 278 294 326 327 344 440")
IRIS_RIGHT, IRIS_LEFT = 468, 473
"""Iris centres; the four points after each are its ring."""
EAR_RIGHT = _loop("33 160 158 133 153 144")
EAR_LEFT = _loop("263 387 385 362 380 373")
"""Points of the eye aspect ratio (Soukupova & Cech 2016): corner, 2 upper, corner, 2 lower."""

PROCRUSTES_INDEX = _loop(
    "4 6 10 33 54 67 117 119 121 127 129 132 133 136 143 147 198 205 263 284 297 346 348 350 356 "
    "358 361 362 365 372 376 420 425"
)
PROCRUSTES_WEIGHT: NDArray[np.float64] = np.array(
    "0.0709 0.0321 0.0084 0.0587 0.0077 0.0091 0.0098 0.0146 0.0186 0.0052 0.1206 "
    "0.0056 0.0533 0.0669 0.0148 0.0143 0.0255 0.0473 0.0587 0.0077 0.0091 0.0098 "
    "0.0146 0.0186 0.0052 0.1206 0.0056 0.0533 0.0669 0.0148 0.0143 0.0255 0.0473".split(),
    np.float64,
)
"""Points that hardly move with expression, with MediaPipe's weights (face_geometry module)."""
