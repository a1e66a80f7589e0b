"""The command ``deepcam``: its commands, and how it ends when something goes wrong."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import warnings
from pathlib import Path
from typing import Annotated

import typer

# isort: off
# Each file brings its commands, in the order in which help names them.
from deepcam.commands import live, batch, control, computer, measuring, showing, faces  # noqa: F401

# isort: on
from deepcam.commands.program import app
from deepcam.commands.showing import library_of, start_app
from deepcam.errors import DeepcamError
from deepcam.platform.desktop_entry import HIDDEN
from deepcam.runtime import memory
from deepcam.runtime.endings import interrupt_once
from deepcam.runtime.quiet import no_core_files
from deepcam.runtime.terminal import tell

LIGHT = frozenset(
    {
        "status",
        "toggle",
        "panic",
        "stop",
        "regenerate",
        "full-size",
        "setup",
        "doctor",
        "--help",
        "-h",
    }
)


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    hidden: Annotated[
        bool, typer.Option(HIDDEN, help="Without a command: the app in the tray, the camera off.")
    ] = False,
) -> None:
    """A virtual webcam that shows the face of someone who does not exist."""


def main(arguments: list[str] | None = None) -> None:
    """Entry point. Exit codes: 0 done, 1 it did not work, 2 wrong usage, 130 interrupted."""
    no_core_files()
    args = sys.argv[1:] if arguments is None else arguments
    if args == ["--version"]:
        from deepcam import __version__

        tell(__version__)
        return
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # other packages' remarks are not for the user
    # `kill` and a closed terminal end like Ctrl-C: nothing half-written stays.
    interrupt_once()
    code: int
    try:
        if not args or args[0] not in LIGHT:
            memory.check()
        if args in ([], [HIDDEN]) and (started := start_app(bool(args))) is not None:
            sys.exit(started)
        code = int(app(args, prog_name="deepcam", standalone_mode=False) or 0)
        sys.stdout.flush()
    except DeepcamError as error:
        tell(" ".join(t for t in (error.what, error.remedy) if t), file=sys.stderr)
        code = 1
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except BrokenPipeError:
        _drop_output()
        code = 1
    except Exception as error:
        code = _failed(error)
    if code == 130:  # newer versions of typer make a code of the interruption, older ones do not
        with contextlib.suppress(OSError):  # the terminal may be what has gone
            tell("Interrupted; nothing half-written was left.", file=sys.stderr)
    sys.exit(code)


def _failed(error: Exception) -> int:
    """Says in one sentence what went wrong, and returns the exit code. ``DEEPCAM_DEBUG`` shows
    everything; else not even the error's own text is shown, which might quote a picture."""
    show = getattr(error, "show", None)
    if show is not None:  # a mistake in the command line
        show()
        return int(getattr(error, "exit_code", 2))
    if os.environ.get("DEEPCAM_DEBUG"):
        raise error
    if memory.is_shortage(error):
        sentence = "There is not enough memory. Close programs, or choose something smaller."
    elif isinstance(error, ImportError) and library_of(error):
        from deepcam.platform import qt

        screen = "xcb" if os.environ.get("DISPLAY") else ""
        libraries = list(dict.fromkeys([library_of(error), *qt.lacking(screen)]))
        sentence = f"Libraries of the system are missing: {', '.join(libraries)}. "
        sentence += f"Run: {qt.install_command(libraries)}"
    elif isinstance(error, OSError):
        _drop_output()
        place = f" ({error.filename})" if error.filename else ""
        why = error.strerror or type(error).__name__
        sentence = f"The system refused: {why}{place}. Free it or choose another place."
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
        sentence = f"This is a fault of deepcam ({place}). Please report it."
    tell(" ".join(sentence.split()), file=sys.stderr)
    return 1


def _drop_output() -> None:
    """Nobody reads stdout any more, or it is full: what is still to be flushed goes nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    main()
