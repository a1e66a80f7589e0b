"""The report: JSON, Markdown with the targets first, and sheets of anonymized pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deepcam.errors import DeepcamError
from deepcam.evaluation.run import OURS, Outcome
from deepcam.evaluation.statistics import Measure
from deepcam.frames import Image


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised of one metric, fixed before anything was measured."""

    metric: str
    what: str
    wanted: str
    met: Callable[[Measure], bool]
    promise: bool = False
    """The regression gate fails when it is missed."""


def _most(limit: float) -> Callable[[Measure], bool]:
    return lambda m: m.value is not None and m.value <= limit


def _least(limit: float) -> Callable[[Measure], bool]:
    return lambda m: m.value is not None and m.value >= limit


def _beside(key: str, more: float = 0.0) -> Callable[[Measure], bool]:
    """No more than the number ``key`` measured beside it."""
    return lambda m: (
        m.value is not None and m.extra.get(key) is not None and m.value <= m.extra[key] + more
    )


def _extra_most(key: str, limit: float) -> Callable[[Measure], bool]:
    return lambda m: m.value is not None and m.extra.get(key) is not None and m.extra[key] <= limit


def _at_chance(m: Measure) -> bool:
    return m.value is not None and (m.value <= 1.5 * m.extra["chance"] or m.extra["p"] > 0.05)


TARGETS = (
    Target("P1", "verified as the wearer, other photograph", "<= 0.1 %", _most(1e-3)),
    Target("P1 tight", "the same, only what lies under the mask", "<= 0.1 %", _most(1e-3)),
    Target("P2 rank-1", "found in a gallery, whole face crop", "at chance (p > .05)", _at_chance),
    Target("P2 rank-1 tight", "the same, only under the mask", "at chance (p > .05)",
           _at_chance, True),
    Target("P3 tight", "AUC mated / non-mated, under the mask", "<= .55", _most(0.55)),
    Target("P3 context", "AUC mated / non-mated, wide crop", "<= .65", _most(0.65)),
    Target("P6", "output changes with pixels under the mask", "0, bitwise", _most(0), True),
    Target("P7 pairs", "person told from the conditioning, photographs", "<= 2 x chance",
           _extra_most("times_chance", 2)),
    Target("P7 clips", "the same within one clip (one session)", "<= 2 x chance",
           _extra_most("times_chance", 2)),
    Target("P8", "sampled people near a donor", "<= held-out people", _beside("held_out")),
    Target("P9", "frames with raw face pixels, faults injected", "0", _most(0), True),
    Target("U1", "faces still found", ">= 99.5 %", _least(0.995), True),
    Target("U2 pose", "head pose error, degrees", "<= 2", _most(2)),
    Target("U3 gaze", "gaze error, degrees", "<= 5", _most(5)),
    Target("U3 gaze r", "gaze correlation", ">= .9", _least(0.9)),
    Target("U4 blink r", "eye opening correlation", ">= .95", _least(0.95)),
    Target("U4 mouth r", "mouth opening correlation", ">= .95", _least(0.95)),
    Target("T1", "identity spread within a clip", "<= the original's", _beside("original")),
    Target("T2", "warping error / original's", "<= 1.1", _most(1.1)),
    Target("T3", "landmark jitter above 8 Hz / original's", "<= 1", _most(1)),
    Target("T4", "luma flicker, of 255", "<= 1", _most(1)),
    Target("Q1 sliced Wasserstein", "texture distance to real faces", "<= 3 x floor",
           _extra_most("times_floor", 3)),
    Target("Q4 seam", "gradient across the seam / beside it", ".9 to 1.1",
           lambda m: m.value is not None and 0.9 <= m.value <= 1.1),
    Target("Q4 colour step", "colour step at the seam above the original's, dE", "<= 1", _most(1)),
)  # fmt: skip

NOT_MEASURED = (
    "Not measured by this command: P4 (parrot) and P5 (mapping) attacks, U5, Q2 (FID cannot be had "
    "offline), Q1 as KID, Q3 (C2ST), and the strata. L1 (speed) is `deepcam bench`."
)


def verdicts(outcome: Outcome) -> list[tuple[Target, Measure | None, str]]:
    """Each target with its measure and "met", "MISSED" or "not measured"."""
    rows: list[tuple[Target, Measure | None, str]] = []
    for target in TARGETS:
        found = outcome.figures.get(OURS, {}).get(target.metric)
        if found is None or found.value is None:
            rows.append((target, found, "not measured"))
        else:
            rows.append((target, found, "met" if target.met(found) else "MISSED"))
    return rows


def broken_promises(outcome: Outcome) -> list[str]:
    """What the gate stands for and what does not hold (or could not be measured at all)."""
    return [f"{t.metric} ({t.what}): {state}" for t, _, state in verdicts(outcome)
            if t.promise and state != "met"]  # fmt: skip


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
        f"run. {facts.get('persons', 0)} persons ({facts.get('pairs_from', '')}), "
        f"{len(facts.get('clips', []))} clips, {facts.get('clip_frames', 0)} frames.", "",
        "## Targets and what was measured", "",
        "| metric | what | target | measured | 95 % interval | n | |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for target, found, state in verdicts(outcome):
        mark = f"**{state}**" if state != "met" else state
        lines.append(
            f"| {target.metric} | {target.what} | {target.wanted} | {_value(found)} "
            f"| {_interval(found)} | {found.n if found else 0} | {mark} |"
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
    lines += ["", "An empty place was not measured. T1 to T4 of a cover that shows nothing are "
              "good by nature: read them together with U1 to U4.", ""]  # fmt: skip
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
    """Write report.json, report.md, contact.png and worst.png into ``folder``.

    Only anonymized pictures are written. Raises ``DeepcamError`` when that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / "report.json", folder / "report.md"]
        paths[0].write_text(json.dumps(as_dict(outcome), indent=1) + "\n", encoding="utf-8")
        paths[1].write_text(markdown(outcome), encoding="utf-8")
        for name, pictures in (
            ("contact.png", outcome.gallery),
            ("worst.png", [image for _, image in outcome.worst]),
        ):
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


def _value(found: Measure | None) -> str:
    if found is None or found.value is None:
        return "" if found is None else found.note
    beside = [f"{k} {found.extra[k]}" for k in
              ("original", "floor", "times_floor", "chance", "times_chance", "p", "held_out")
              if found.extra.get(k) is not None]  # fmt: skip
    return _number(found.value) + (f" ({', '.join(beside)})" if beside else "")


def _interval(found: Measure | None) -> str:
    if found is None or found.low is None or found.high is None:
        return ""
    return f"{_number(found.low)} to {_number(found.high)}"


def _short(found: Measure | None) -> str:
    return "" if found is None or found.value is None else _number(found.value)


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1 and value != 0 else f"{value:.3g}"
