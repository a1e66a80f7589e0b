"""``deepcam demo`` and the app."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from deepcam.commands.options import IdentityOption, Json, read_identity
from deepcam.commands.program import app
from deepcam.commands.saying import print_json, quiet_libraries, speaker
from deepcam.errors import DeepcamError
from deepcam.runtime.terminal import tell


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory for the films.")] = Path(
        "deepcam-demo"
    ),
    identity: IdentityOption = None,
    film: Annotated[
        bool, typer.Option("--film", help="Render the film even where there is a camera.")
    ] = False,
    json_: Json = False,
) -> None:
    """Start the camera; without camera and screen, anonymize a film that is made here."""
    from deepcam.showcase import demo as demonstration

    say = speaker(json_)
    if not film and demonstration.can_run_live():
        from deepcam.live.run import run_live
        from deepcam.live.settings import LiveSettings

        settings = LiveSettings(identity=read_identity(identity))
        summary = run_live(settings, lambda kind, sentence: say(f"{kind}: {sentence}"))
        if json_:
            print_json(summary)
        return
    quiet_libraries()
    result = demonstration.demonstrate(output, read_identity(identity), say)
    if json_:
        print_json(result)
    else:
        tell(demonstration.report(result))


def _no_qt() -> tuple[str, str]:
    """What keeps the app's windows from being loaded, and what to do."""
    from deepcam.platform import qt

    libraries = qt.lacking("") if qt.plugin_folder() is not None else []
    if libraries:
        command = qt.install_command(libraries)
        return f"Qt lacks {', '.join(libraries)}.", f"Run: {command}"
    return "The app needs Qt.", "Run: pip install 'deepprivacy-cam[app]'"


@app.command("app")
def app_command(
    source: Annotated[
        str | None, typer.Option(help="A film or picture that stands for the camera, for trying.")
    ] = None,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="In the tray alone, the camera off until asked for.")
    ] = False,
) -> int:
    """Start the app (as without a command)."""
    try:
        from deepcam.app.main import run as run_app
    except ImportError:
        raise DeepcamError(*_no_qt()) from None
    return run_app(hidden=hidden, source=source)


def start_app(hidden: bool) -> int | None:
    """The desktop app's exit code; None, after one sentence, where it cannot run."""
    try:
        from deepcam.app.main import run as run_app

        return run_app(hidden=hidden)
    except ImportError as error:
        # Named once, with what else is missing, and not followed by a page of help.
        if library_of(error):
            raise
        tell(" ".join(_no_qt()) + "\n", file=sys.stderr)
    except DeepcamError as error:
        tell(f"{error}\n", file=sys.stderr)
    return None


def library_of(error: ImportError) -> str:
    """The library of the system that a package did not find; '' for other failed imports."""
    name, _, rest = str(error).partition(": cannot open shared object file")
    return name if rest and "/" not in name and name.isprintable() else ""
