"""Whether the promises hold: ``evaluate``, ``evaluate-seeds``, ``evaluate-stages``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepcam.commands.options import Json, NetworkOption
from deepcam.commands.program import app
from deepcam.commands.saying import print_json, quiet_libraries, speaker
from deepcam.errors import DeepcamError
from deepcam.runtime.quiet import seal
from deepcam.runtime.terminal import tell


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
    quiet_libraries()
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
    outcome = measure(folders, settings, speaker(json_), recognizer)
    paths = report.write(outcome, output)
    if json_:
        print_json(report.as_dict(outcome))
    else:
        tell(report.table(outcome))
        tell(f"written: {', '.join(str(p) for p in paths)}")
    broken = targets.broken_promises(outcome)
    if smoke and broken:
        raise DeepcamError(f"A promise does not hold: {'; '.join(broken)}.", f"See {paths[1]}.")
    if store:
        gate.store(outcome, gate.stored_path())
        speaker(json_)(f"Stored: {gate.stored_path()}.")
    elif smoke:
        stored = gate.load(gate.stored_path())
        reason = gate.why_not_compared(outcome, stored)
        worse = [] if reason else gate.regressions(outcome, stored)
        speaker(json_)(reason or f"Compared with the figures of {stored['date']}.")
        if worse:
            raise DeepcamError(
                f"Worse than the stored figures: {'; '.join(worse)}.",
                "Mend it; or, where it is meant, store the new figures with --store.",
            )


def _coverage(folders: list[str], output: Path, smoke: bool, store: bool, json_: bool) -> None:
    """``evaluate --coverage``: made scenes with known faces; see ``evaluation.coverage``."""
    from deepcam.batch import parallel
    from deepcam.evaluation import coverage, coverage_figures
    from deepcam.evaluation.material import find

    rows = coverage.measure(find(folders), smoke, speaker(json_), jobs=parallel.cores())
    written = coverage_figures.write(rows, output)
    if json_:
        print_json(coverage_figures.as_dict(rows))
    else:
        print(coverage_figures.table(rows))
        print(f"written: {written}")
    worse = coverage_figures.regressions(
        rows, coverage_figures.load(coverage_figures.stored_path()), smoke
    )
    if store:
        coverage_figures.store(rows, coverage_figures.stored_path(), smoke)
        speaker(json_)(f"Stored: {coverage_figures.stored_path()}.")
    broken = coverage_figures.broken_promises(rows)
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
    quiet_libraries()
    found = survey.survey_seeds(seeds, rendered, faces, recognizer_of(None), speaker(json_), first)
    if output is not None:
        survey.write(found, output)
    if json_:
        print_json(found)
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
    quiet_libraries()
    count = write_stages(inputs, output, speaker(json_), originals, moments, network)
    if json_:
        print_json({"faces": count, "sheet": str(output)})
    else:
        tell(f"{count} faces: {output}")
