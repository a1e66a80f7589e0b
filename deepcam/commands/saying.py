"""What commands print: sentences for people on stderr, JSON for programs, bars of progress."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from deepcam.runtime.terminal import printable, printable_json, tell

if TYPE_CHECKING:
    from rich.console import Console

    from deepcam.batch.files import Job


def language_here() -> str:
    """Of this user's terminal, as two letters; "en" where it says nothing."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            found = os.environ[name][:2].lower()
            return {"nn": "nb", "no": "nb"}.get(found, found)
    return "en"


def answer_with(answer: dict[str, Any], json_: bool, sentence: str) -> None:
    if json_:
        print_json(answer)
    else:
        tell(sentence)


def lines_of(facts: dict[str, Any], indent: str = "") -> list[str]:
    """One line each for people; facts of facts stand below, moved in."""
    lines = []
    for key, value in facts.items():
        name = f"{indent}{key.replace('_', ' '):<{18 - len(indent)}}"
        if isinstance(value, dict):
            if value:
                lines += [f"{indent}{key.replace('_', ' ')}:", *lines_of(value, indent + "  ")]
        elif isinstance(value, bool):
            lines.append(f"{name} {'yes' if value else 'no'}")
        elif isinstance(value, list | tuple):
            lines.append(f"{name} {' x '.join(map(str, value))}")
        elif value not in ("", None):
            lines.append(f"{name} {value}")
    return lines


def print_json(value: Any) -> None:
    print(printable_json(value))


def features(meta: dict[str, float | str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in meta.items())


def speaker(quiet: bool) -> Callable[[str], None]:
    """Prints sentences for people to stderr; nothing when ``quiet``."""
    return (lambda _: None) if quiet else (lambda text: tell(text, file=sys.stderr))


def quiet_libraries() -> None:
    """The vision library talks on stderr from C++, whatever it is told: only Python's own stderr
    stays. ``DEEPCAM_DEBUG`` leaves everything as it is."""
    if os.environ.get("DEEPCAM_DEBUG"):
        return
    try:
        kept = os.dup(2)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        os.close(nothing)
    except OSError:
        return
    sys.stderr.flush()
    sys.stderr = os.fdopen(kept, "w", buffering=1, errors="backslashreplace")


@contextlib.contextmanager
def progress(show: bool, jobs: int) -> Iterator[Callable[[Job, int, int], None] | None]:
    """A bar with the time that is left, on stderr."""
    if not show or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        # A file's name is no markup.
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_stderr(), transient=True,
    )  # fmt: skip
    tasks: dict[Job, Any] = {}

    def on_progress(job: Job, done: int, total: int) -> None:
        if job not in tasks:
            label = printable(job.source.name, lines=False)[:40]
            if jobs > 1:
                label += f" ({len(tasks) + 1}/{jobs})"
            tasks[job] = bar.add_task(label, total=total or None)
        # Finished ones go, so that those in work stay in view.
        bar.update(tasks[job], completed=done, visible=not total or done < total)

    with bar:
        yield on_progress


def _stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True)
