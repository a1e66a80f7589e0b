"""``deepcam anonymize``: files in, files out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from deepcam.commands.options import (
    Covered,
    CoverOption,
    DoubtOption,
    Faces,
    FacesOption,
    Force,
    IdentityOption,
    Json,
    NetworkOption,
    OnDoubt,
    PerFace,
    ProviderOption,
    ThreadsOption,
    read_identity,
)
from deepcam.commands.program import app
from deepcam.commands.saying import print_json, progress, quiet_libraries
from deepcam.errors import DeepcamError
from deepcam.runtime.terminal import tell


@app.command()
def anonymize(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT", help="Pictures, videos or folders.")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="PATH", help="A new file or a directory.")
    ],
    identity: IdentityOption = None,
    faces: FacesOption = Faces.fits,
    per_face: PerFace = False,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Leave the sound out.")] = False,
    force: Force = False,
    on_doubt: DoubtOption = OnDoubt.cover,
    cover: CoverOption = Covered.face,
    provider: ProviderOption = "auto",
    network: NetworkOption = "auto",
    threads: ThreadsOption = 2,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, max=256, help="Files at once; 0: as fits.")
    ] = 0,
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="On a Ray cluster; 'local' starts one here."),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What became of each file, one line of JSON each."),
    ] = None,
    json_: Json = False,
) -> None:
    """Anonymize pictures, videos and folders into new files."""
    from deepcam.batch import files

    planned = files.plan(inputs, output, force)
    options = files.Options(
        identity=read_identity(identity),
        per_face=per_face,
        choice=faces.value,
        audio=not no_audio,
        force=force,
        on_doubt=on_doubt.value,
        cover=cover.value,
        provider=provider,
        network=network,
        threads=threads,
        workers=jobs,
        ray=ray,
        manifest=manifest,
    )
    quiet_libraries()
    with progress(not json_, len(planned)) as on_progress:
        summary = files.anonymize(planned, options, on_progress)
    other = files.left_out(inputs, output)
    if json_:
        print_json({**summary.as_dict(), "left_out": other})
    else:
        kept = f", {summary.kept} kept (use --force to replace)" if summary.kept else ""
        tell(
            f"{summary.files} file{'s' * (summary.files != 1)} written{kept}; "
            f"{summary.frames} frames: {summary.generated} generated, {summary.covered} covered, "
            f"{summary.card} card, {summary.empty} without a face; "
            f"{summary.seconds:.1f} s, {summary.fps:.1f} frames a second ({summary.provider})"
        )
        for note in summary.notes:
            tell(note)
        if other:
            tell(
                f"{len(other)} other file{'s' * (len(other) != 1)} left out, neither pictures nor "
                f"videos that can be read: {other[0]}{', ...' * (len(other) > 1)}"
            )
    if summary.problems:
        more = f" ({len(summary.problems) - 1} more like it)" if len(summary.problems) > 1 else ""
        if not json_:
            for line in summary.problems[1:]:
                tell(line, file=sys.stderr)
        raise DeepcamError(summary.problems[0] + more, "The other files are done.")
