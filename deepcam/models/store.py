"""The shipped models: found, and checked against the manifest before anybody opens them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepcam.errors import DeepcamError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PACKAGE = Path(__file__).resolve().parents[1]
MANIFEST = "MANIFEST.json"


def _find() -> Path:
    bundled = _PACKAGE / "_models"
    return bundled if (bundled / MANIFEST).is_file() else _PACKAGE.parent / "models"


MODELS_DIR = _find()
"""``deepcam/_models`` in an installed wheel, ``models`` in a checkout."""


def manifest(folder: Path | None = None) -> list[dict[str, str | int]]:
    """Entries of the manifest: file, sha256, bytes, licence, provenance.

    Raises ``DeepcamError`` when it is missing or unreadable.
    """
    path = (folder or MODELS_DIR) / MANIFEST
    try:
        entries = json.loads(path.read_text())["files"]
        return list(entries)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeepcamError(
            f"The list of models {path} cannot be read.", "Install DeepPrivacy Cam again."
        ) from error


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@lru_cache(maxsize=32)
def path_of(name: str, folder: Path | None = None) -> Path:
    """Path of a model whose bytes are what the manifest says.

    Raises ``DeepcamError`` when it is not listed, missing or altered.
    """
    where = folder or MODELS_DIR
    path = where / name
    for entry in manifest(where):
        if entry["file"] != name:
            continue
        try:
            actual = digest(path)
        except OSError as error:
            raise DeepcamError(
                f"The model {name} is missing.", "Install DeepPrivacy Cam again."
            ) from error
        if actual != entry["sha256"]:
            raise DeepcamError(
                f"The model {name} is not the one that was shipped (its checksum differs).",
                "Install DeepPrivacy Cam again.",
            )
        return path
    raise DeepcamError(f"No model is called {name}.", "Install DeepPrivacy Cam again.")


def open_small(
    path: Path,
    example: Mapping[str, NDArray[np.float32]],
    shape: tuple[int, ...],
    problem: str,
    threads: int = 1,
) -> Any:
    """A network with one output, in ONNX Runtime on the CPU, that gave numbers of this ``shape``
    for ``example``. Raises ``DeepcamError`` with the sentence ``problem`` for anything else."""
    import numpy as np
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        found = np.asarray(session.run(None, dict(example))[0], np.float32)
        if found.shape != shape or not np.isfinite(found).all():
            raise ValueError(f"{found.shape} instead of {shape}, or no numbers")
    except Exception as error:  # ORT raises its own, undocumented classes
        raise DeepcamError(problem, "Install DeepPrivacy Cam again.") from error
    return session


_LICENCE = "MIT; attributions in MODEL_CARD.md"


def write(folder: Path) -> None:
    """Rebuild the manifest from the files that lie in ``folder``; keeps provenance texts."""
    target = folder / MANIFEST
    known = {}
    if target.is_file():
        known = {str(e["file"]): e for e in manifest(folder)}
    files = []
    for path in sorted(folder.iterdir()):
        if path.suffix not in {".npz", ".onnx"}:
            continue
        old = known.get(path.name, {})
        files.append(
            {
                "file": path.name,
                "sha256": digest(path),
                "bytes": path.stat().st_size,
                "licence": old.get("licence", _LICENCE),
                "provenance": old.get("provenance", "trained by this project, see MODEL_CARD.md"),
            }
        )
    part = target.with_suffix(".part")
    part.write_text(json.dumps({"files": files}, indent=2) + "\n")
    part.replace(target)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        raise SystemExit("usage: python -m deepcam.models.store --write")
    write(_PACKAGE.parent / "models")
