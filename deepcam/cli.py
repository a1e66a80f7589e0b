"""The command ``deepcam``. Everything heavy is imported in the commands: help comes at once."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepcam.errors import DeepcamError
from deepcam.platform.desktop_entry import HIDDEN
from deepcam.runtime import memory
from deepcam.runtime.endings import interrupt_once
from deepcam.runtime.quiet import no_core_files, seal
from deepcam.runtime.terminal import printable, printable_json, tell

if TYPE_CHECKING:
    from rich.console import Console

    from deepcam.batch.files import Job

app = typer.Typer(
    help="A virtual webcam that shows the face of someone who does not exist.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
identities = typer.Typer(
    help="Faces that belong to nobody: make, keep, share.", no_args_is_help=True
)
app.add_typer(identities, name="identities")


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
"""Commands that work with little memory."""


class OnDoubt(StrEnum):
    """What to do with a face that cannot be generated."""

    cover = "cover"
    card = "card"


class Faces(StrEnum):
    """Who a new face gets."""

    fits = "fits"
    anybody = "anybody"


class Covered(StrEnum):
    """How much of a head is replaced."""

    face = "face"
    head = "head"


Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
IdentityOption = Annotated[
    str | None,
    typer.Option("--identity", metavar="NAME|SEED", help="A saved identity, or any number."),
]
DoubtOption = Annotated[
    OnDoubt, typer.Option("--on-doubt", help="Cover the head, or show the card instead.")
]
CoverOption = Annotated[
    Covered, typer.Option("--cover", help="Replace the face, or ears and hair as well.")
]
ProviderOption = Annotated[str, typer.Option(help="What the network runs on.")]
NetworkOption = Annotated[
    str, typer.Option(help="small or large; auto: large for photographs and on graphics cards.")
]
ThreadsOption = Annotated[int, typer.Option(min=1, max=64, help="Threads of the network.")]
PerFace = Annotated[bool, typer.Option("--per-face", help="Another identity for each face.")]
FacesOption = Annotated[
    Faces, typer.Option("--faces", help="New faces: who fits the person in view, or anybody.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace existing files.")]


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
    from deepcam.live.session import LiveSettings, run_live

    settings = LiveSettings(
        camera=camera,
        source=source,
        output=output,
        size=_size(size),
        keep_size=not smaller_when_slow,
        fps=fps,
        identity=_identity(identity),
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
        language=_language(),
        stay_on=stay_on,
        asleep=asleep,
    )
    say = _speaker(json_)
    _quiet_libraries()
    summary = run_live(settings, lambda kind, sentence: say(f"{kind}: {sentence}"))
    if json_:
        _print_json(summary)
        return
    measured = summary.get("measured", {})
    latency = (measured.get("latency_ms") or {}).get("p95", "unknown")
    tell(
        f"{summary.get('seconds', 0):.0f} s: {measured.get('sent', 0)} pictures sent, "
        f"{measured.get('generated', 0)} generated, {measured.get('covered', 0)} covered, "
        f"{measured.get('card', 0)} card; {measured.get('fps_fresh_mean', 0)} new ones a second, "
        f"latency p95 {latency} ms"
    )


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
        identity=_identity(identity),
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
    _quiet_libraries()
    with _progress(not json_, len(planned)) as on_progress:
        summary = files.anonymize(planned, options, on_progress)
    other = files.left_out(inputs, output)
    if json_:
        _print_json({**summary.as_dict(), "left_out": other})
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


@identities.command("new")
def identities_new(
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same number, the same face.")] = None,
    age: Annotated[float | None, typer.Option(help="Years, 18 to 80.")] = None,
    masculinity: Annotated[float | None, typer.Option(help="0 to 1.")] = None,
    tone: Annotated[float | None, typer.Option(help="Skin: 0 darkest to 1 lightest.")] = None,
    json_: Json = False,
) -> None:
    """Make somebody who does not exist, and save the identity."""
    import secrets

    from deepcam.identity.gallery import Gallery, check_name
    from deepcam.identity.model import IdentityModel

    wanted = None if name is None else check_name(name)
    chosen = secrets.randbits(31) if seed is None else seed
    made = IdentityModel.load().sample(chosen, age, masculinity, tone, wanted)
    path = Gallery().save(made)
    facts = {"name": made.name, "seed": made.seed, "parameters": made.meta, "path": str(path)}
    if json_:
        _print_json(facts)
    else:
        tell(f"{made.name} (seed {made.seed}, {_features(made.meta)})")


@identities.command("list")
def identities_list(json_: Json = False) -> None:
    """Show the saved identities."""
    from deepcam.identity.gallery import Gallery

    entries = Gallery().list()
    if json_:
        rows = [
            {"name": e.name, "seed": e.seed, "parameters": e.meta, "path": str(e.path),
             "problem": e.problem}
            for e in entries
        ]  # fmt: skip
        _print_json({"identities": rows})
        return
    if not entries:
        tell("No identity is saved yet; make one with `deepcam identities new`.")
    for entry in entries:
        note = entry.problem or f"seed {entry.seed}, {_features(entry.meta)}"
        tell(f"{printable(entry.name, lines=False):<28} {printable(note, lines=False)}")


@identities.command("show")
def identities_show(
    name: Annotated[str, typer.Argument(metavar="NAME|SEED")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the portrait goes (.png).")
    ] = None,
    force: Force = False,
    json_: Json = False,
) -> None:
    """Write a portrait of an identity as PNG."""
    from deepcam.batch.stills import write_still
    from deepcam.identity.gallery import resolve_identity
    from deepcam.showcase.portrait import portrait

    identity = resolve_identity(name)
    plain = "".join(c if c.isalnum() else "-" for c in identity.name.lower())
    target = output or Path(f"{plain}.png")
    write_still(target, portrait(identity), overwrite=force)
    facts = {"name": identity.name, "seed": identity.seed, "parameters": identity.meta,
             "portrait": str(target)}  # fmt: skip
    if json_:
        _print_json(facts)
    else:
        tell(f"{identity.name} (seed {identity.seed}, {_features(identity.meta)}): {target}")


@identities.command("rename")
def identities_rename(
    name: Annotated[str, typer.Argument(metavar="NAME|SEED")],
    new: Annotated[str, typer.Argument(metavar="NEW-NAME")],
) -> None:
    """Give an identity another name."""
    from deepcam.identity.gallery import Gallery

    Gallery().rename(name, new)


@identities.command("export")
def identities_export(
    name: Annotated[str, typer.Argument(metavar="NAME|SEED")],
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    force: Force = False,
) -> None:
    """Write an identity to a file, for another machine."""
    from deepcam.identity.gallery import Gallery

    tell(Gallery().export(name, path, force))


@identities.command("import")
def identities_import(
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    name: Annotated[str | None, typer.Option(help="Save it under another name.")] = None,
) -> None:
    """Save an exported identity here."""
    from deepcam.identity.gallery import Gallery

    tell(Gallery().import_(path, name).name)


@identities.command("delete")
def identities_delete(
    name: Annotated[str | None, typer.Argument(metavar="NAME|SEED")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Bring the last one back.")] = False,
) -> None:
    """Delete an identity; --undo brings the last deleted one back."""
    from deepcam.identity.gallery import Gallery

    if undo:
        tell(Gallery().undelete())
    elif name is None:
        raise typer.BadParameter("give a name, or --undo")
    else:
        Gallery().delete(name)


@app.command()
def toggle(json_: Json = False) -> None:
    """Switch the running camera between the picture and the standby card."""
    answer = _send("toggle")
    _answer(answer, json_, "on" if answer.get("on") else "off: the standby card is shown")


@app.command()
def panic(json_: Json = False) -> None:
    """Show the standby card at once, whatever the running camera does."""
    answer = _send("panic")
    _answer(answer, json_, _by_force(answer) or "the standby card is shown")


@app.command()
def regenerate(
    seed: Annotated[int | None, typer.Option(min=0, help="A certain face.")] = None,
    faces: Annotated[
        Faces | None, typer.Option("--faces", help="Who fits the person in view, or anybody.")
    ] = None,
    json_: Json = False,
) -> None:
    """Give the running camera another face."""
    wanted = {} if seed is None else {"seed": seed}
    answer = _send("regenerate", **wanted, **({} if faces is None else {"choice": faces.value}))
    _answer(answer, json_, f"now wearing {answer.get('identity') or 'somebody new'}")


@app.command("full-size")
def full_size(json_: Json = False) -> None:
    """Give the picture its full size back, where a slow computer made it smaller."""
    answer = _send("full-size")
    _answer(answer, json_, "the picture keeps its full size until the camera is started again")


@app.command()
def status(json_: Json = False) -> None:
    """Say what the running camera does."""
    answer = _send("status")
    _answer(answer, json_, "\n".join(_lines(answer)))


@app.command()
def stop(json_: Json = False) -> None:
    """End the running camera."""
    answer = _send("stop")
    _answer(answer, json_, _by_force(answer) or "stopped")


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

    say = _speaker(False) if json_ else tell
    result: dict[str, Any] = {}
    if models or file is not None or undo or networks.needed():
        result["networks"] = networks.setup(file, undo, dry_run, say)
    if not models and file is None:
        result |= run_for_terminal(undo, dry_run, yes, say)
    if json_:
        _print_json(result)


@app.command()
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Make the virtual camera if need be.")] = False,
    json_: Json = False,
) -> None:
    """Check this machine: what works, what does not, and the command that helps."""
    from deepcam import doctor as checks

    if fix:
        checks.mend(_speaker(json_))
    _quiet_libraries()
    findings = checks.examine()
    if json_:
        _print_json(checks.as_dict(findings))
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
    json_: Json = False,
) -> None:
    """Measure this machine: each stage, the whole, and the bare network beside it."""
    from deepcam.showcase import bench as measure

    seal()
    _quiet_libraries()
    result = measure.measure(source, frames, provider, threads, network, _speaker(json_))
    if json_:
        _print_json(result)
    else:
        tell(measure.report(result))


@app.command()
def evaluate(
    folders: Annotated[
        list[str], typer.Argument(metavar="FOLDER...", help="Photographs and clips.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory for the report.")],
    smoke: Annotated[bool, typer.Option("--smoke", help="Little, and fail on a promise.")] = False,
    attacker: Annotated[
        Path | None, typer.Option(metavar="MODEL.onnx", help="Another face recognizer.")
    ] = None,
    attacker_mean: Annotated[
        float, typer.Option(help="Its pixels: (p - mean) * scale.", rich_help_panel="Recognizer")
    ] = 127.5,
    attacker_scale: Annotated[float, typer.Option(rich_help_panel="Recognizer")] = 1 / 127.5,
    attacker_bgr: Annotated[
        bool, typer.Option("--attacker-bgr", help="Blue first.", rich_help_panel="Recognizer")
    ] = False,
    persons: Annotated[int, typer.Option(min=4, help="Most persons.")] = 70,
    clips: Annotated[int, typer.Option(min=0, help="Most clips.")] = 24,
    frames: Annotated[int, typer.Option(min=10, help="Most frames of each clip.")] = 90,
    strangers: Annotated[
        int, typer.Option(min=0, help="Most people with one picture (for P5 and the strata).")
    ] = 120,
    learning: Annotated[bool, typer.Option(help="Run the attacks that learn (P4, P5).")] = True,
    second_judge: Annotated[
        bool, typer.Option("--second-judge", help="U5 with dlib's 68 points (non-commercial).")
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keeps what the recognizer finds: a run can go on."),
    ] = None,
    network: Annotated[str, typer.Option(help="Which network: small or large.")] = "small",
    store: Annotated[
        bool, typer.Option("--store", help="With --smoke: these are the figures to keep.")
    ] = False,
    coverage: Annotated[
        bool,
        typer.Option("--coverage", help="Only: who is hidden, painted, or taken for somebody."),
    ] = False,
    json_: Json = False,
) -> None:
    """Measure privacy, utility and stability, beside blur and other baselines."""
    from dataclasses import replace

    from deepcam.evaluation import gate, report, targets
    from deepcam.evaluation.outcome import Settings
    from deepcam.evaluation.run import evaluate as measure
    from deepcam.evaluation.run import recognizer_of

    seal()
    _quiet_libraries()
    if coverage:
        _coverage(folders, output, smoke, store, json_)
        return
    if store and not smoke:
        raise DeepcamError("--store keeps the figures of --smoke.", "Give both.")
    if network not in ("small", "large"):
        raise DeepcamError(f"There is no network called {network}.", "Choose small or large.")
    few = Settings(
        persons, clips, frames, min(60, persons), both_ways=persons >= 48, strangers=strangers,
        sessions=3 if learning else 0, second_judge=second_judge, store=cache,
        network=network,
    )  # fmt: skip
    settings = replace(Settings.smoke(), store=cache, network=network) if smoke else few
    recognizer = recognizer_of(attacker, attacker_mean, attacker_scale, not attacker_bgr)
    outcome = measure(folders, settings, _speaker(json_), recognizer)
    paths = report.write(outcome, output)
    if json_:
        _print_json(report.as_dict(outcome))
    else:
        tell(report.table(outcome))
        tell(f"written: {', '.join(str(p) for p in paths)}")
    broken = targets.broken_promises(outcome)
    if smoke and broken:
        raise DeepcamError(f"A promise does not hold: {'; '.join(broken)}.", f"See {paths[1]}.")
    if store:
        gate.store(outcome, gate.stored_path())
        _speaker(json_)(f"Stored: {gate.stored_path()}.")
    elif smoke:
        stored = gate.load(gate.stored_path())
        reason = gate.why_not_compared(outcome, stored)
        worse = [] if reason else gate.regressions(outcome, stored)
        _speaker(json_)(reason or f"Compared with the figures of {stored['date']}.")
        if worse:
            raise DeepcamError(
                f"Worse than the stored figures: {'; '.join(worse)}.",
                "Mend it; or, where it is meant, store the new figures with --store.",
            )


def _coverage(folders: list[str], output: Path, smoke: bool, store: bool, json_: bool) -> None:
    """``evaluate --coverage``: made scenes with known faces; see ``evaluation.coverage``."""
    from deepcam.batch import parallel
    from deepcam.evaluation import coverage
    from deepcam.evaluation.material import find

    rows = coverage.measure(find(folders), smoke, _speaker(json_), jobs=parallel.cores())
    written = coverage.write(rows, output)
    if json_:
        _print_json(coverage.as_dict(rows))
    else:
        print(coverage.table(rows))
        print(f"written: {written}")
    worse = coverage.regressions(rows, coverage.load(coverage.stored_path()), smoke)
    if store:
        coverage.store(rows, coverage.stored_path(), smoke)
        _speaker(json_)(f"Stored: {coverage.stored_path()}.")
    broken = coverage.broken_promises(rows)
    if broken:
        raise DeepcamError(f"A promise does not hold: {'; '.join(broken)}.", f"See {written}.")
    if worse and not store:
        raise DeepcamError(
            f"Worse than the stored figures: {'; '.join(worse)}.",
            "Mend it; or, where it is meant, store the new figures with --store.",
        )


@app.command("evaluate-seeds")
def evaluate_seeds(
    seeds: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many people.")] = 10_000,
    rendered: Annotated[
        int, typer.Option(min=0, max=5_000, help="How many of them the recognizer looks at.")
    ] = 500,
    first: Annotated[int, typer.Option(min=0, help="Seed of the first one.")] = 0,
    faces: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Training photographs with index.csv.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.json", help="Keep the figures.")
    ] = None,
    json_: Json = False,
) -> None:
    """Sample people by the thousand: crashes, contributors, variety, copies of photographs."""
    from deepcam.evaluation import seeds as survey
    from deepcam.evaluation.run import recognizer_of

    seal()
    _quiet_libraries()
    found = survey.survey_seeds(seeds, rendered, faces, recognizer_of(None), _speaker(json_), first)
    if output is not None:
        survey.write(found, output)
    if json_:
        _print_json(found)
    else:
        tell(survey.table(found))
    broken = survey.broken_promises(found)
    if broken:
        raise DeepcamError(f"A promise does not hold: {'; '.join(broken)}.", "See the figures.")


@app.command()
def evaluate_stages(
    inputs: Annotated[list[str], typer.Argument(metavar="FILE...", help="Pictures and videos.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The sheet.")],
    originals: Annotated[
        bool, typer.Option("--originals", help="Show real faces too: not to be passed on.")
    ] = False,
    moments: Annotated[int, typer.Option(min=1, max=100, help="Frames of each video.")] = 3,
    network: NetworkOption = "auto",
    json_: Json = False,
) -> None:
    """A contact sheet of how faces come about: erased, render, result."""
    from deepcam.evaluation.stages import write_stages

    seal()
    _quiet_libraries()
    count = write_stages(inputs, output, _speaker(json_), originals, moments, network)
    if json_:
        _print_json({"faces": count, "sheet": str(output)})
    else:
        tell(f"{count} faces: {output}")


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

    say = _speaker(json_)
    if not film and demonstration.can_run_live():
        from deepcam.live.session import LiveSettings, run_live

        settings = LiveSettings(identity=_identity(identity))
        summary = run_live(settings, lambda kind, sentence: say(f"{kind}: {sentence}"))
        if json_:
            _print_json(summary)
        return
    _quiet_libraries()
    result = demonstration.demonstrate(output, _identity(identity), say)
    if json_:
        _print_json(result)
    else:
        tell(demonstration.report(result))


@app.command()
def warmup() -> None:
    """Compile and load everything once, so that the first start is quick."""
    from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings

    _quiet_libraries()
    anonymizer = Anonymizer(AnonymizerSettings(identity=0, live=False))
    try:
        anonymizer.warm_up()
        if anonymizer.problem is not None:
            raise anonymizer.problem
    finally:
        anonymizer.close()


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
        if args in ([], [HIDDEN]) and (started := _start_app(bool(args))) is not None:
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


def _no_qt() -> tuple[str, str]:
    """What keeps the app's windows from being loaded, and what to do."""
    from deepcam.platform import qt

    libraries = qt.lacking("") if qt.plugin_folder() is not None else []
    if libraries:
        command = qt.install_command(libraries)
        return f"Qt lacks {', '.join(libraries)}.", f"Run: {command}"
    return "The app needs Qt.", "Run: pip install 'deepprivacy-cam[app]'"


def _start_app(hidden: bool) -> int | None:
    """The desktop app's exit code; None, after one sentence, where it cannot run."""
    try:
        from deepcam.app.main import run as run_app

        return run_app(hidden=hidden)
    except ImportError as error:
        # Named once, with what else is missing, and not followed by a page of help.
        if _library_of(error):
            raise
        tell(" ".join(_no_qt()) + "\n", file=sys.stderr)
    except DeepcamError as error:
        tell(f"{error}\n", file=sys.stderr)
    return None


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
    elif isinstance(error, ImportError) and _library_of(error):
        from deepcam.platform import qt

        screen = "xcb" if os.environ.get("DISPLAY") else ""
        libraries = list(dict.fromkeys([_library_of(error), *qt.lacking(screen)]))
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


def _library_of(error: ImportError) -> str:
    """The library of the system that a package did not find; '' for other failed imports."""
    name, _, rest = str(error).partition(": cannot open shared object file")
    return name if rest and "/" not in name and name.isprintable() else ""


def _drop_output() -> None:
    """Nobody reads stdout any more, or it is full: what is still to be flushed goes nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _language() -> str:
    """Of this user's terminal, as two letters; "en" where it says nothing."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            found = os.environ[name][:2].lower()
            return {"nn": "nb", "no": "nb"}.get(found, found)
    return "en"


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise typer.BadParameter(f"{text!r} is not a size such as 1280x720")
    return int(width), int(height)


def _identity(text: str | None) -> str | int | None:
    """A name stays a name; digits are a seed unless something is saved under them."""
    if text is None or not (text.isascii() and text.isdecimal()):
        return text
    return int(text)


def _send(command: str, **args: Any) -> dict[str, Any]:
    from deepcam.live.control import send_command

    return send_command(command, **args)


def _by_force(answer: dict[str, Any]) -> str:
    """What happened when the running program did not answer; '' when it did."""
    number = answer.get("ended")
    return (
        f"it did not answer, so process {number} was ended and the camera is off" if number else ""
    )


def _answer(answer: dict[str, Any], json_: bool, sentence: str) -> None:
    if json_:
        _print_json(answer)
    else:
        tell(sentence)


def _lines(facts: dict[str, Any], indent: str = "") -> list[str]:
    """One line each for people; facts of facts stand below, moved in."""
    lines = []
    for key, value in facts.items():
        name = f"{indent}{key.replace('_', ' '):<{18 - len(indent)}}"
        if isinstance(value, dict):
            if value:
                lines += [f"{indent}{key.replace('_', ' ')}:", *_lines(value, indent + "  ")]
        elif isinstance(value, bool):
            lines.append(f"{name} {'yes' if value else 'no'}")
        elif isinstance(value, list | tuple):
            lines.append(f"{name} {' x '.join(map(str, value))}")
        elif value not in ("", None):
            lines.append(f"{name} {value}")
    return lines


def _print_json(value: Any) -> None:
    print(printable_json(value))


def _features(meta: dict[str, float | str]) -> str:
    return ", ".join(f"{key} {value}" for key, value in meta.items())


def _speaker(quiet: bool) -> Callable[[str], None]:
    """Prints sentences for people to stderr; nothing when ``quiet``."""
    return (lambda _: None) if quiet else (lambda text: tell(text, file=sys.stderr))


def _quiet_libraries() -> None:
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
def _progress(show: bool, jobs: int) -> Iterator[Callable[[Job, int, int], None] | None]:
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


if __name__ == "__main__":
    main()
