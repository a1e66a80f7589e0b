"""This computer: ``setup``, ``doctor``, ``bench``, ``warmup``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from deepcam.commands.options import Json, NetworkOption, ProviderOption, ThreadsOption
from deepcam.commands.program import app
from deepcam.commands.saying import print_json, quiet_libraries, speaker
from deepcam.errors import DeepcamError
from deepcam.runtime.quiet import seal
from deepcam.runtime.terminal import tell


@app.command()
def setup(
    undo: Annotated[bool, typer.Option("--undo", help="Remove what was set up.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    models: Annotated[
        bool, typer.Option("--models", help="Only the tracker's networks (35 MB, once).")
    ] = False,
    file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Take the networks from this file.")
    ] = None,
    json_: Json = False,
    root_job: Annotated[str | None, typer.Option("--root-job", hidden=True)] = None,
) -> None:
    """Make the virtual camera that call programs list, now and after every restart."""
    if root_job is not None:
        from deepcam.platform import rootjob

        raise typer.Exit(rootjob.main([root_job]))
    from deepcam.platform import networks
    from deepcam.platform.setup import run_for_terminal

    say = speaker(False) if json_ else tell
    result: dict[str, Any] = {}
    if models or file is not None or undo or networks.needed():
        result["networks"] = networks.setup(file, undo, dry_run, say)
    if not models and file is None:
        result |= run_for_terminal(undo, dry_run, yes, say)
    if json_:
        print_json(result)


@app.command()
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Make the virtual camera if need be.")] = False,
    json_: Json = False,
) -> None:
    """Check this machine: what works, what does not, and the command that helps."""
    from deepcam import doctor as checks

    if fix:
        checks.mend(speaker(json_))
    quiet_libraries()
    findings = checks.examine()
    if json_:
        print_json(checks.as_dict(findings))
    else:
        for finding in findings:
            tell(finding.line())
    if not checks.usable(findings):
        raise typer.Exit(1)


@app.command()
def bench(
    source: Annotated[
        str | None, typer.Option(metavar="FILE", help="A video instead of the built-in one.")
    ] = None,
    frames: Annotated[int, typer.Option(min=10, help="Frames to measure.")] = 150,
    provider: ProviderOption = "auto",
    network: NetworkOption = "auto",
    threads: ThreadsOption = 2,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg", help="Draw where the time of a frame goes."),
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="What --json said earlier, drawn beside it."),
    ] = None,
    json_: Json = False,
) -> None:
    """Measure this machine: each stage, the whole, and the bare network beside it."""
    from deepcam.showcase import bench as measure
    from deepcam.showcase import plot as drawing

    seal()
    quiet_libraries()
    if before is not None and plot is None:
        raise DeepcamError("--before is drawn beside what is measured now.", "Add --plot FILE.svg.")
    if plot is not None and not plot.parent.is_dir():
        raise DeepcamError(f"{plot.parent} is no folder.", "Choose another place for the plot.")
    earlier = [("before", drawing.read_result(before))] if before else []
    result = measure.measure(source, frames, provider, threads, network, speaker(json_))
    if plot is not None:
        drawing.write_plot([*earlier, ("now" if earlier else "", result)], plot)
    if json_:
        print_json(result)
    else:
        tell(measure.report(result))


@app.command()
def warmup() -> None:
    """Compile and load everything once, so that the first start is quick."""
    from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings

    quiet_libraries()
    anonymizer = Anonymizer(AnonymizerSettings(identity=0, live=False))
    try:
        anonymizer.warm_up()
        if anonymizer.problem is not None:
            raise anonymizer.problem
    finally:
        anonymizer.close()
