"""The part of ``deepcam setup`` that fetches the tracker's networks, and takes them away."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deepcam.models import fetch as modelfetch
from deepcam.runtime import vision

Say = Callable[[str], None]


def needed() -> bool:
    """Whether the installed vision library brings no networks. Raises ``DeepcamError``."""
    return vision.installed() == vision.TASKS


def setup(file: Path | None, undo: bool, dry_run: bool, say: Say) -> dict[str, Any]:
    """Fetch, or with ``undo`` remove, or with ``dry_run`` only say so. Facts for ``--json``.

    Raises ``DeepcamError``; then what was there before still is.
    """
    if undo:
        removed = [] if dry_run else modelfetch.remove()
        for path in removed:
            say(f"Removed {path}.")
        return {"removed": [str(p) for p in removed]}
    if file is None and not needed():
        say("The installed mediapipe brings the tracker's networks: there is nothing to fetch.")
        return {"complete": True, "downloaded": False}
    if dry_run:
        source = str(file) if file is not None else modelfetch.PUBLISHED.url
        say(f"The tracker's networks would be put into {modelfetch.folder()} from {source}.")
        return {"folder": str(modelfetch.folder()), "source": source}
    with _bar() as progress:
        return modelfetch.fetch_tracker_model(file, say=say, progress=progress)


@contextmanager
def _bar() -> Iterator[modelfetch.Progress | None]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
