"""Files behind an address (s3://, gs://, memory:// …), by fsspec (the extra ``cluster``).

A file is fetched into a directory that only this user can read, worked on there, and its result
put under a hidden name and renamed; the directory is gone afterwards, whatever happened.
"""

from __future__ import annotations

import contextlib
import posixpath
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from deepcam.batch.job import Job, Options, Outcome
from deepcam.batch.work import OnProgress, Workshop, do
from deepcam.errors import DeepcamError

MARK = "://"


def is_address(name: str | Path) -> bool:
    """Whether ``name`` is an address and not a path."""
    return MARK in str(name)


def listed(address: str) -> list[str]:
    """The addresses of all visible files below ``address``, or itself when it is a file. Raises
    ``DeepcamError`` when there is nothing."""
    system, path = _opened(address)
    try:
        if system.isfile(path):
            return [address]
        found = sorted(system.find(path)) if system.exists(path) else []
    except Exception as error:  # each kind of store raises its own
        raise _unreachable(address, error) from None
    if not found:
        raise DeepcamError(f"There is nothing at {address}.", "Check the address.")
    names = [posixpath.relpath(one, path) for one in found]
    base = address.rstrip("/")
    return [f"{base}/{name}" for name in names if not any(p[0] == "." for p in name.split("/"))]


def exists(address: str) -> bool:
    """Whether there is something. Raises ``DeepcamError``."""
    system, path = _opened(address)
    try:
        return bool(system.exists(path))
    except Exception as error:
        raise _unreachable(address, error) from None


def do_far(
    job: Job, workshop: Workshop, options: Options, on_progress: OnProgress | None
) -> Outcome:
    """``deepcam.batch.work.do`` for a job whose source or target lies elsewhere."""
    with tempfile.TemporaryDirectory(prefix="deepcam-") as folder:
        near = job
        if job.fetch:
            source = Path(folder) / "in" / posixpath.basename(job.fetch)
            source.parent.mkdir()
            _fetch(job.fetch, source)
            near = replace(near, source=source, fetch="")
        if job.put:
            target = Path(folder) / "out" / posixpath.basename(job.put)
            target.parent.mkdir()
            near = replace(near, target=target, put="")
        real = ((str(near.source), job.source_name), (str(near.target), job.target_name))

        def named(text: str) -> str:
            for here, there in real:
                text = text.replace(here, there)
            return text

        try:
            outcome = do(near, workshop, options, on_progress)
        except DeepcamError as error:
            raise DeepcamError(named(error.what), error.remedy) from None
        outcome.problems = [named(text) for text in outcome.problems]
        outcome.notes = [named(text) for text in outcome.notes]
        if job.put:
            _put(near.target, job.put)
    return outcome


def _opened(address: str) -> tuple[Any, str]:
    """(file system, path in it)."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise DeepcamError(
            f"{address} cannot be reached without fsspec.",
            "Install it: pip install 'deepprivacy-cam[cluster]'.",
        ) from None
    try:
        system, path = url_to_fs(address)
    except ImportError:
        kind = address.partition(MARK)[0]
        raise DeepcamError(
            f"{address} cannot be reached: the library for {kind} is missing.",
            "Install it (s3fs for s3, gcsfs for gs).",
        ) from None
    except Exception as error:
        raise _unreachable(address, error) from None
    return system, str(path)


def _fetch(address: str, path: Path) -> None:
    system, there = _opened(address)
    try:
        system.get_file(there, str(path))
    except Exception as error:
        raise _unreachable(address, error) from None


def _put(path: Path, address: str) -> None:
    system, there = _opened(address)
    folder = posixpath.dirname(there)
    part = posixpath.join(folder, f".{secrets.token_hex(8)}.part")
    try:
        system.makedirs(folder, exist_ok=True)
        system.put_file(str(path), part)
        system.mv(part, there)
    except Exception as error:
        with contextlib.suppress(Exception):
            system.rm_file(part)
        raise _unreachable(address, error) from None


def _unreachable(address: str, error: Exception) -> DeepcamError:
    """Without the error's own text, which may hold keys."""
    return DeepcamError(
        f"{address} cannot be reached ({type(error).__name__}).",
        "Check the address and its rights.",
    )
