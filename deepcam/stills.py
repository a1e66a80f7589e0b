"""Single pictures for ``deepcam.files``: read with their alpha, written without any metadata."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.sources.headers import read_file, upright
from deepcam.versions import quiet_opencv

QUALITY = 95
"""Of JPEG and WebP."""


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
    """Raises ``DeepcamError`` when ``path`` is missing or is not a picture."""
    data, header = read_file(path)
    raw = None
    if data.size:
        quiet_opencv()
        with contextlib.suppress(cv2.error):
            # Only UNCHANGED keeps alpha, and then the orientation is left to us.
            photograph = data[:2].tobytes() == b"\xff\xd8"
            both = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
            raw = cv2.imdecode(data, both if photograph else cv2.IMREAD_UNCHANGED)
    if raw is None or raw.dtype not in (np.uint8, np.uint16) or raw.ndim not in (2, 3):
        raise _no_picture(path)
    raw = upright(raw, header.orientation)
    picture: NDArray[np.uint8] = (raw >> 8 if raw.dtype == np.uint16 else raw).astype(np.uint8)
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[:, :, 0]
    if picture.ndim == 2:
        return Still(np.repeat(picture[:, :, None], 3, axis=2), None, True)
    if picture.shape[2] not in (3, 4):
        raise _no_picture(path)
    alpha = np.ascontiguousarray(picture[:, :, 3]) if picture.shape[2] == 4 else None
    return Still(np.ascontiguousarray(picture[:, :, :3]), alpha, False)


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
    suffix = path.suffix.lower()
    picture = image
    if alpha is not None and suffix in {".png", ".webp", ".tif", ".tiff"}:
        picture = np.dstack([image, alpha])
    elif grey or suffix == ".pgm":
        picture = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    quality = {
        ".jpg": [cv2.IMWRITE_JPEG_QUALITY, QUALITY],
        ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, QUALITY],
        ".webp": [cv2.IMWRITE_WEBP_QUALITY, QUALITY],
    }
    try:
        done, encoded = cv2.imencode(suffix, picture, quality.get(suffix, []))
    except cv2.error:
        done = False
    if not done:
        raise DeepcamError(f"{path} could not be written in this format.", "Choose .png.")
    if path.exists() and not overwrite:
        raise _exists(path)
    part = path.with_name(f".{path.stem[:80]}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        with part.open("xb") as stream:
            stream.write(encoded.tobytes())
            stream.flush()
            os.fsync(stream.fileno())
        if overwrite:
            os.replace(part, path)
        else:
            _place(part, path)
    except OSError as error:
        raise _not_written(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _place(part: Path, path: Path) -> None:
    """Unlike renaming, linking never replaces a file that came in the meantime."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # a file system without links
        if path.exists():
            raise _exists(path) from None
        os.replace(part, path)


def _exists(path: Path) -> DeepcamError:
    return DeepcamError(f"{path} exists already.", "Use --force to replace it.")


def _no_picture(path: Path) -> DeepcamError:
    return DeepcamError(
        f"{path} is not a picture that can be read, or it is damaged.", "Choose another file."
    )


def _not_written(path: Path, error: OSError) -> DeepcamError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DeepcamError(f"The disk is full: {path} was not written.", "Free some space.")
    why = error.strerror or type(error).__name__
    return DeepcamError(f"{path} may not be written there: {why}.", "Choose another place.")
