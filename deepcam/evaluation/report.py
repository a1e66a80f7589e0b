"""The report: JSON, Markdown with the targets first, and sheets of anonymized pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepcam.errors import DeepcamError
from deepcam.evaluation import html
from deepcam.evaluation.outcome import OURS, Outcome
from deepcam.evaluation.plots import all_plots
from deepcam.evaluation.statistics import Measure
from deepcam.evaluation.targets import NOT_MEASURED, TARGETS, broken_promises, verdicts
from deepcam.frames import Image


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "facts": outcome.facts,
        "targets": [
            {"metric": t.metric, "what": t.what, "target": t.wanted, "state": state,
             "measured": None if m is None else m.as_dict()}
            for t, m, state in verdicts(outcome)
        ],
        "broken_promises": broken_promises(outcome),
        "methods": {
            name: {metric: m.as_dict() for metric, m in figures.items()}
            for name, figures in outcome.figures.items()
        },
        "strata": {
            name: {metric: m.as_dict() for metric, m in figures.items()}
            for name, figures in outcome.strata.items()
        },
        "worst": [label for label, _ in outcome.worst],
        "note": NOT_MEASURED,
    }  # fmt: skip


def markdown(outcome: Outcome) -> str:
    """The report for people."""
    facts = outcome.facts
    lines = [
        "# Evaluation of DeepPrivacy Cam", "",
        f"Version {facts.get('version', '?')}, {facts.get('date', '?')}, "
        f"{facts.get('machine', '?')}; generator weights {facts.get('generator_sha256', '?')}. "
        f"Attacker: {facts.get('attacker', '?')}, threshold {facts.get('threshold')} calibrated at "
        f"a false acceptance of 0.1 % on {facts.get('impostor_pairs', 0)} impostor pairs of this "
        f"run. {facts.get('persons', 0)} persons ({facts.get('pairs_from', '')}; "
        f"{facts.get('persons_unseen_in_training', 0)} of them no training material), "
        f"{facts.get('strangers', 0)} strangers, "
        f"{len(facts.get('clips', []))} clips, {facts.get('clip_frames', 0)} frames.", "",
        "## Targets and what was measured", "", *_summary(outcome), "",
        "| metric | | what | target | measured | beside it | 95 % interval | n |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for target, found, state in verdicts(outcome):
        beside = _beside(found) or (found.note if found is not None else "")
        lines.append(
            f"| {target.metric} | **{state}** | {target.what} | {target.wanted} | {_short(found)} "
            f"| {beside} | {_interval(found)} | {found.n if found else 0} |"
        )
    lines += ["", NOT_MEASURED, "", "## All methods, through the same code", ""]
    names = list(outcome.figures)
    metrics: list[str] = []
    for name in names:
        metrics += [m for m in outcome.figures[name] if m not in metrics]
    lines += [
        "| metric | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|",
    ]  # fmt: skip
    for metric in metrics:
        cells = [_short(outcome.figures[name].get(metric)) for name in names]
        lines.append(f"| {metric} | " + " | ".join(cells) + " |")
    lines += ["", "An empty place was not measured: T1 to T4 of a cover, say, which shows no face "
              "and so is perfectly steady.", ""]  # fmt: skip
    if outcome.strata:
        columns = ("U1", "U2 pose", "U3 gaze", "covered", "P1", "P2 rank-1 tight")
        lines += [
            "## By group (ours)", "",
            "Value and 95 % interval; n is the number of pictures. Glasses and beard are guessed "
            "where no index says (see docs/evaluation-method.md).", "",
            "| group | n | " + " | ".join(columns) + " |", "|---" * (len(columns) + 2) + "|",
        ]  # fmt: skip
        for name, found_of in outcome.strata.items():
            cells = [_ranged(found_of.get(metric)) for metric in columns]
            lines.append(f"| {name} | {found_of['U1'].n} | " + " | ".join(cells) + " |")
        lines.append("")
    plots = all_plots(outcome)
    if plots:
        lines += ["## Plots", "", *[f"![{name[:-4]}](plots/{name})" for name in plots], ""]
    leaks = [leak for m in (outcome.figures.get(OURS, {}).get("P9"),) if m is not None
             for leak in m.extra.get("leaks", [])]  # fmt: skip
    if leaks:
        lines += ["## Frames that leaked (P9)", "", *[f"- {leak}" for leak in leaks], ""]
    if outcome.worst:
        lines += ["## Worst cases", "", "![worst](worst.png)", ""]
        lines += [f"{k + 1}. {label}" for k, (label, _) in enumerate(outcome.worst)]
    if outcome.gallery:
        lines += ["", "## Contact sheet (anonymized side only)", "", "![sheet](contact.png)"]
    return "\n".join(lines) + "\n"


def table(outcome: Outcome) -> str:
    """Targets and measures in plain lines, for the terminal."""
    rows = [
        f"{state:<12} {t.metric:<22} {_value(m) or '-':<44} target {t.wanted}"
        for t, m, state in verdicts(outcome)
    ]
    return "\n".join(rows)


def write(outcome: Outcome, folder: Path) -> list[Path]:
    """Write report.json, report.md, report.html, contact.png, worst.png and plots/ into
    ``folder``.

    Only anonymized pictures are written. Raises ``DeepcamError`` when that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / "report.json", folder / "report.md"]
        paths[0].write_text(json.dumps(as_dict(outcome), indent=1) + "\n", encoding="utf-8")
        paths[1].write_text(markdown(outcome), encoding="utf-8")
        plots = all_plots(outcome)
        if plots:
            (folder / "plots").mkdir(exist_ok=True)
        for name, drawing in plots.items():
            (folder / "plots" / name).write_text(drawing, encoding="utf-8")
        paths.append(folder / "report.html")
        paths[-1].write_text(html.page(markdown(outcome), plots), encoding="utf-8")
        numbered = [_numbered(image, k + 1) for k, (_, image) in enumerate(outcome.worst)]
        for name, pictures in (("contact.png", outcome.gallery), ("worst.png", numbered)):
            if pictures:
                paths.append(folder / name)
                paths[-1].write_bytes(cv2.imencode(".png", sheet(pictures))[1].tobytes())
    except OSError as error:
        raise DeepcamError(
            f"The report cannot be written to {folder}: {error.strerror}.", "Choose another place."
        ) from None
    return paths


def sheet(pictures: list[Image], columns: int = 6, side: int = 240) -> Image:
    """All ``pictures`` in a grid, each fitted into ``side`` pixels."""
    rows = -(-len(pictures) // columns)
    out = np.full((rows * side, min(columns, len(pictures)) * side, 3), 32, np.uint8)
    for k, picture in enumerate(pictures):
        factor = side / max(picture.shape[:2])
        width = max(1, round(picture.shape[1] * factor))
        height = max(1, round(picture.shape[0] * factor))
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        y, x = (k // columns) * side, (k % columns) * side
        out[y : y + height, x : x + width] = small
    return out


def _numbered(picture: Image, number: int) -> Image:
    """A copy of at most 240 pixels with its place in the list."""
    factor = 240 / max(picture.shape[:2])
    out = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    for colour, thick in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(out, str(number), (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, thick)
    return np.ascontiguousarray(out, np.uint8)


def _summary(outcome: Outcome) -> list[str]:
    """How many targets are met, and whether the promises hold."""
    states = [state for _, _, state in verdicts(outcome)]
    broken = broken_promises(outcome)
    missed = [t.metric for t, _, state in verdicts(outcome) if state == "MISSED"]
    promises = ", ".join(t.metric for t in TARGETS if t.promise)
    kept = f"All promises hold ({promises})." if not broken else (
        f"**Broken promises**: {'; '.join(broken)}.")  # fmt: skip
    counts = f"{states.count('met')} targets are met, {len(missed)} are missed"
    if missed:
        counts += f" ({', '.join(missed)})"
    unknown = states.count("not measured")
    return [f"{kept} {counts}{f', {unknown} were not measured' if unknown else ''}."]


def _value(found: Measure | None) -> str:
    if found is None or found.value is None:
        return "" if found is None else found.note
    beside = _beside(found)
    return _number(found.value) + (f" ({beside})" if beside else "")


def _beside(found: Measure | None) -> str:
    """Numbers that a value is read against."""
    if found is None or found.value is None:
        return ""
    names = {"times_floor": "times floor", "times_chance": "times chance", "held_out": "held out",
             "masked": "face cut out", "across_clips": "across clips"}  # fmt: skip
    parts = []
    for key in ("original", "floor", "times_floor", "chance", "times_chance", "masked", "p", "by",
                "held_out", "across_clips"):  # fmt: skip
        value = found.extra.get(key)
        if value is None:
            continue
        if key == "p":
            parts.append("p < .001" if value < 1e-3 else f"p {value:.3f}")
        else:
            text = value if isinstance(value, str) else _number(float(value))
            parts.append(f"{names.get(key, key)} {text}")
    return ", ".join(parts)


def _ranged(found: Measure | None) -> str:
    interval = _interval(found)
    return _short(found) + (f" ({interval})" if interval else "")


def _interval(found: Measure | None) -> str:
    if found is None or found.low is None or found.high is None:
        return ""
    return f"{_number(found.low)} to {_number(found.high)}"


def _short(found: Measure | None) -> str:
    return "" if found is None or found.value is None else _number(found.value)


def _number(value: float) -> str:
    if abs(value) < 5e-5:
        return "0"
    return f"{value:.3f}" if abs(value) < 1 and abs(value) >= 0.0995 else f"{value:.3g}"
