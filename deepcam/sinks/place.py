"""New files appear whole and under their name, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from deepcam.errors import DeepcamError


def part_beside(path: Path) -> Path:
    """The hidden name under which ``path`` is written. Names may have 255 bytes, not characters;
    the ending stays last, so that nobody mistakes the file for something else."""
    stem = os.fsencode(path.stem)[:80].decode("utf-8", "ignore")
    return path.with_name(f".{stem}.{secrets.token_hex(4)}.part{path.suffix}")


def place(part: Path, path: Path, overwrite: bool) -> None:
    """Give ``part`` its final name. Raises ``OSError``, and ``DeepcamError`` when ``path`` came in
    the meantime: unlike renaming, linking never replaces a file."""
    if overwrite:
        os.replace(part, path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        raise exists(path) from None
    except OSError:  # a file system without links
        if path.exists():
            raise exists(path) from None
        os.replace(part, path)
    else:
        with contextlib.suppress(OSError):
            part.unlink()


def write_whole(path: Path, data: bytes, overwrite: bool) -> None:
    """Write a file that appears whole or not at all. Raises ``DeepcamError``."""
    if path.exists() and not overwrite:
        raise exists(path)
    part = part_beside(path)
    try:
        with part.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        place(part, path, overwrite)
    except OSError as error:
        raise not_written(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def exists(path: Path) -> DeepcamError:
    """That ``path`` is not replaced."""
    return DeepcamError(f"{path} exists already.", "Use --force to replace it.")


def not_written(path: Path, error: OSError | None) -> DeepcamError:
    """Why ``path`` was not written; None: not because of the disk."""
    number = None if error is None else error.errno
    if number in (errno.ENOSPC, errno.EDQUOT):
        return DeepcamError(f"The disk is full: {path} was not written.", "Free some space.")
    if number == errno.EFBIG:
        return DeepcamError(f"{path} became too large.", "Choose another place or a shorter clip.")
    if number == errno.ENAMETOOLONG:
        return DeepcamError(f"The name of {path} is too long.", "Name a shorter one as output.")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DeepcamError(f"{path} may not be written there.", "Choose another place.")
    why = "" if error is None else f" ({error.strerror or type(error).__name__})"
    return DeepcamError(f"{path} could not be written{why}.", "Choose another place or format.")


def parts_of(path: Path) -> list[Path]:
    """Hidden names that ``part_beside`` has given for ``path``. Never raises."""
    name = part_beside(path).name
    mark = len(f".{'0' * 8}.part{path.suffix}")
    begin = name[: len(name) - mark] + "."
    end = f".part{path.suffix}"
    try:
        return [
            p
            for p in path.parent.iterdir()
            if p.name.startswith(begin) and p.name.endswith(end) and len(p.name) == len(name)
        ]
    except OSError:
        return []


def sweep(path: Path) -> None:
    """Remove what was half-written of ``path`` by somebody who was interrupted. Never raises."""
    for part in parts_of(path):
        with contextlib.suppress(OSError):
            part.unlink()
