"""``deepcam run``: the camera, until it is stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from deepcam.commands.options import (
    Covered,
    CoverOption,
    DoubtOption,
    Faces,
    FacesOption,
    IdentityOption,
    Json,
    NetworkOption,
    OnDoubt,
    PerFace,
    ProviderOption,
    ThreadsOption,
    read_identity,
    read_size,
)
from deepcam.commands.program import app
from deepcam.commands.saying import language_here, print_json, quiet_libraries, speaker
from deepcam.runtime.terminal import tell


@app.command()
def run(
    camera: Annotated[str | None, typer.Option(help="Name, path or number of the camera.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file instead of the camera.")
    ] = None,
    output: Annotated[
        str, typer.Option(help="auto, camera, pipewire, window, null or file:PATH.")
    ] = "auto",
    size: Annotated[str, typer.Option(metavar="WIDTHxHEIGHT", help="Of the output.")] = "1280x720",
    smaller_when_slow: Annotated[
        bool,
        typer.Option(
            "--smaller-when-slow", help="Smaller inside when this computer cannot keep up."
        ),
    ] = False,
    fps: Annotated[float, typer.Option(help="Pictures a second of the output.")] = 30.0,
    identity: IdentityOption = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long.")] = None,
    on_doubt: DoubtOption = OnDoubt.cover,
    cover: CoverOption = Covered.face,
    faces: FacesOption = Faces.fits,
    per_face: PerFace = False,
    loop: Annotated[bool, typer.Option("--loop", help="Begin a file again at its end.")] = False,
    card: Annotated[
        str,
        typer.Option(
            metavar="plain|back-soon|#RRGGBB|PICTURE", help="What others see without a picture."
        ),
    ] = "plain",
    stay_on: Annotated[
        bool, typer.Option("--stay-on", help="Keep the camera running when nobody watches.")
    ] = False,
    asleep: Annotated[
        bool, typer.Option("--asleep", help="Leave the camera off until somebody watches.")
    ] = False,
    provider: ProviderOption = "auto",
    network: NetworkOption = "auto",
    threads: ThreadsOption = 2,
    json_: Json = False,
) -> None:
    """Start the camera: anonymized picture out, until Ctrl-C or `deepcam stop`."""
    from deepcam.live.run import run_live
    from deepcam.live.settings import LiveSettings

    settings = LiveSettings(
        camera=camera,
        source=source,
        output=output,
        size=read_size(size),
        keep_size=not smaller_when_slow,
        fps=fps,
        identity=read_identity(identity),
        seconds=seconds,
        provider=provider,
        network=network,
        threads=threads,
        on_doubt="card" if on_doubt is OnDoubt.card else "cover",
        cover="head" if cover is Covered.head else "face",
        per_face=per_face,
        choice=faces.value,
        loop=loop,
        card=card,
        language=language_here(),
        stay_on=stay_on,
        asleep=asleep,
    )
    say = speaker(json_)
    quiet_libraries()
    summary = run_live(settings, lambda kind, sentence: say(f"{kind}: {sentence}"))
    if json_:
        print_json(summary)
        return
    measured = summary.get("measured", {})
    latency = (measured.get("latency_ms") or {}).get("p95", "unknown")
    tell(
        f"{summary.get('seconds', 0):.0f} s: {measured.get('sent', 0)} pictures sent, "
        f"{measured.get('generated', 0)} generated, {measured.get('covered', 0)} covered, "
        f"{measured.get('card', 0)} card; {measured.get('fps_fresh_mean', 0)} new ones a second, "
        f"latency p95 {latency} ms"
    )
