"""The tracker's networks for mediapipe >= 1.2, whose package brings none: fetched once, checked.

They are Google's (Apache-2.0) and are taken from Google's own releases: the package mediapipe
0.10.21 on PyPI holds them all. Its program code is neither installed nor run; four of its files
are data that any processor reads. The FaceLandmarker bundle is taken too when it is given as a
file, but it finds only near faces and has no person segmentation, without which the guard shows
its card.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from deepcam.errors import DeepcamError

FULL_RANGE = "face_detection_full_range_sparse.tflite"
ATTENTION_MESH = "face_landmark_with_attention.tflite"
PERSONS = "selfie_segmentation_landscape.tflite"
SHORT_RANGE = "face_detector.tflite"
BUNDLE_MESH = "face_landmarks_detector.tflite"

NETWORKS: dict[str, str] = {
    FULL_RANGE: "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
    ATTENTION_MESH: "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
    PERSONS: "a77d03f4659b9f6b6c1f5106947bf40e99d7655094b6527f214ea7d451106edd",
    SHORT_RANGE: "b4578f35940bf5a1a655214a1cce5cab13eba73c1297cd78e1a04c2380b0152f",
    BUNDLE_MESH: "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
}
"""File name to SHA-256."""
COMPLETE = (FULL_RANGE, ATTENTION_MESH, PERSONS)

COMMAND = "deepcam setup --models"
MISSING = (
    "The face tracker's networks are not on this computer yet.",
    f"Fetch them once: {COMMAND}",
)
_LARGEST = 16 * 2**20
"""No network is larger, bytes: a file that claims to be is not read."""
_BLOCK = 2**18
_TIMEOUT = 30.0

Progress = Callable[[int, int], None]
"""Bytes so far, bytes in all."""


@dataclass(frozen=True, slots=True)
class Source:
    """A release that is downloaded."""

    url: str
    sha256: str
    size: int
    """Bytes."""


PUBLISHED = Source(
    "https://files.pythonhosted.org/packages/9f/99/5da7ae7f7e25847383bc2fe5a9adc7ce150dd371682f486c"
    "0666b407cad7/mediapipe-0.10.21-cp312-cp312-manylinux_2_28_x86_64.whl",
    "956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5",
    35_627_340,
)


def folder() -> Path:
    """Where the networks lie: ``DEEPCAM_MODELS_DIR`` or the user's data directory."""
    given = os.environ.get("DEEPCAM_MODELS_DIR")
    if given:
        return Path(given)
    data = os.environ.get("DEEPCAM_DATA_DIR")
    if data:
        return Path(data) / "networks"
    import platformdirs

    return Path(platformdirs.user_data_dir("deepcam", appauthor=False)) / "networks"


def load(where: Path | None = None) -> dict[str, bytes]:
    """Contents by file name of the networks in ``where``, each checked.

    Raises ``DeepcamError`` when there are too few to track with, or one was altered.
    """
    where = where or folder()
    found: dict[str, bytes] = {}
    for name, sha256 in NETWORKS.items():
        path = where / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise DeepcamError(
                f"{path} cannot be read ({error.strerror}).", f"Fetch it again: {COMMAND}"
            ) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DeepcamError(
                f"{path} is damaged (its checksum differs).", f"Fetch it again: {COMMAND}"
            )
        found[name] = data
    if not usable(found):
        raise DeepcamError(*MISSING)
    return found


def usable(names: Mapping[str, object] | set[str]) -> bool:
    """Whether a tracker can be made of these networks."""
    return (FULL_RANGE in names or SHORT_RANGE in names) and (
        ATTENTION_MESH in names or BUNDLE_MESH in names
    )


def networks_in(path: Path) -> dict[str, bytes]:
    """Contents by file name of the networks in a release (a .whl or .task file), each checked.

    Raises ``DeepcamError`` when the file cannot be read or is not one of the known releases.
    """
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = member.filename.rpartition("/")[2]
                if name in NETWORKS and member.file_size <= _LARGEST:
                    found[name] = archive.read(member)
    except OSError as error:
        raise DeepcamError(
            f"{path} cannot be read ({error.strerror or error}).", "Check the path."
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DeepcamError(
            f"{path} is not a complete release file ({error}).", _which_file()
        ) from None
    for name, data in found.items():
        if hashlib.sha256(data).hexdigest() != NETWORKS[name]:
            raise DeepcamError(
                f"{name} in {path} is not the one this program knows (its checksum differs).",
                _which_file(),
            )
    if not usable(found):
        raise DeepcamError(f"{path} does not hold the tracker's networks.", _which_file())
    return found


def fetch_tracker_model(
    file: Path | None = None,
    *,
    source: Source = PUBLISHED,
    say: Callable[[str], None] = print,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Put the networks into ``folder()``: from ``file`` (offline), else from the publisher.

    Nothing is downloaded when all are there. Returns facts for ``--json``: ``folder``,
    ``networks`` (file names), ``complete``, ``downloaded``. Raises ``DeepcamError``; then what
    was there before still is, and nothing half-written.
    """
    where = folder()
    if file is None and _complete(where):
        say(f"The tracker's networks are in {where} already.")
        return _facts(where, list(COMPLETE), downloaded=False)
    try:
        where.mkdir(parents=True, exist_ok=True)
        if file is not None:
            found = networks_in(file)
        else:
            host = source.url.split("/")[2]
            say(f"Fetching {source.size / 1e6:.0f} MB from {host} ...")
            found = _downloaded(source, where, progress)
        for name, data in found.items():
            _write(where / name, data)
    except OSError as error:
        raise DeepcamError(
            f"The networks cannot be written to {where} ({error.strerror or error}).",
            "Make room or choose another place: export DEEPCAM_MODELS_DIR=/another/place",
        ) from None
    size = sum(len(data) for data in found.values()) / 1e6
    say(f"{len(found)} networks ({size:.1f} MB) are in {where}, checksums right.")
    facts = _facts(where, sorted(found), downloaded=file is None)
    if not facts["complete"]:
        say(
            "This file has no person segmentation and a detector for near faces only: the camera "
            f"shows its card where it cannot look for people. {_which_file()}"
        )
    return facts


def remove() -> list[Path]:
    """Take away what was fetched; what was removed. Raises ``DeepcamError``."""
    where, removed = folder(), []
    try:
        for path in [where / name for name in NETWORKS] + list(where.glob(".*.part")):
            if path.is_file():
                path.unlink()
                removed.append(path)
        if where.is_dir() and not any(where.iterdir()):
            where.rmdir()
    except OSError as error:
        raise DeepcamError(
            f"The networks in {where} cannot be removed ({error.strerror or error}).",
            "Remove the folder by hand.",
        ) from None
    return removed


def _facts(where: Path, names: list[str], downloaded: bool) -> dict[str, Any]:
    return {
        "folder": str(where),
        "networks": names,
        "complete": _complete(where),
        "downloaded": downloaded,
    }


def _complete(where: Path) -> bool:
    try:
        return set(COMPLETE) <= set(load(where))
    except DeepcamError:
        return False


def _which_file() -> str:
    return f"Give this one: {COMMAND} --file {PUBLISHED.url.rpartition('/')[2]}"


def _downloaded(source: Source, where: Path, progress: Progress | None) -> dict[str, bytes]:
    handle, name = tempfile.mkstemp(prefix=".download-", suffix=".part", dir=where)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            actual = _receive(source, out, progress)
        if actual != source.sha256:
            raise DeepcamError(
                f"What came from {source.url} is not what was published (its checksum differs).",
                "Try again; on a network with a proxy, download it elsewhere and use --file PATH.",
            )
        return networks_in(part)
    finally:
        part.unlink(missing_ok=True)


def _receive(source: Source, out: Any, progress: Progress | None) -> str:
    """Write the download to ``out``; its SHA-256. Never more than was promised."""
    request = urllib.request.Request(source.url, headers={"User-Agent": "deepcam"})
    summed, done = hashlib.sha256(), 0
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT)
    except (OSError, HTTPException) as error:
        raise _no_network(source, error) from None
    with answer:
        while done <= source.size:
            try:
                block = answer.read(_BLOCK)
            except (OSError, HTTPException) as error:
                raise _no_network(source, error) from None
            if not block:
                break
            out.write(block)
            summed.update(block)
            done += len(block)
            if progress is not None:
                progress(done, source.size)
    if done < source.size:
        raise _no_network(source, f"only {done} of {source.size} bytes came")
    return summed.hexdigest()


def _no_network(source: Source, error: object) -> DeepcamError:
    reason = getattr(error, "reason", error)
    return DeepcamError(
        f"The tracker's networks could not be downloaded ({reason}).",
        f"Check the network and try again, or fetch {source.url} elsewhere and run: "
        f"{COMMAND} --file PATH",
    )


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
