"""Which figures are drawn, and how."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.outcome import OURS, Distances, Outcome
from deepcam.evaluation.svg import Bar, Line, bars, curves, histogram

F64 = NDArray[np.float64]

BARS: tuple[tuple[str, str, float | None, str], ...] = (
    ("P1", "P1: verified as the wearer", 1e-3, "target"),
    ("P2 rank-1", "P2: found first in the gallery", None, "chance"),
    ("P2 rank-1 tight", "P2: the same, only what lies under the mask", None, "chance"),
    ("P3 context", "P3: AUC mated against others, wide crop", 0.5, "chance"),
    ("P3 tight", "P3: AUC mated against others, under the mask", 0.5, "chance"),
    ("P4", "P4: named by a recognizer trained on anonymized pictures", None, "chance"),
    ("P4 tight", "P4: the same, under the mask", None, "chance"),
    ("P4 context", "P4: the same, wide crop", None, "masked"),
    ("P5", "P5: found by learning the way back", None, "masked"),
    ("P5 tight", "P5: the same, under the mask", None, "chance"),
    ("U1", "U1: faces still found", 0.995, "target"),
    ("U2 pose", "U2: head pose error, degrees", 2.0, "target"),
    ("U3 gaze", "U3: gaze error, degrees", 5.0, "target"),
    ("U4 mouth r", "U4: mouth, correlation", 0.95, "target"),
    ("U4 blink r", "U4: eye opening, correlation", 0.95, "target"),
    ("Q1 KID texture", "Q1: kernel distance to real faces (texture)", None, "floor"),
    ("Q3 C2ST", "Q3: told from photographs, AUC", 0.75, "target"),
    ("T1 EER", "T1: two frames taken for different persons, or the reverse", 0.005, "target"),
    ("T2", "T2: warping error over the original's", 1.1, "target"),
    ("T4", "T4: luma flicker, of 255", 1.0, "target"),
)
"""Metric, title, where the dashed line is (None: the number of that name beside the measure), what
the line is."""


def all_plots(outcome: Outcome) -> dict[str, str]:
    """File name -> SVG, of everything that was measured."""
    out: dict[str, str] = {}
    for crop in ("standard", "tight", "context"):
        known = {n: d[crop] for n, d in outcome.distances.items() if crop in d}
        if known:
            out[f"roc_{crop}.svg"] = curves(
                f"ROC of verification, {crop} crop",
                [Line(name, roc(d), steps=True) for name, d in known.items()],
                "false acceptance (logarithmic)", "accepted as the wearer", log=True, top=1.0,
            )  # fmt: skip
        if OURS in known:
            out[f"distances_{crop}.svg"] = _distribution(known[OURS], crop)
    for metric, title, line, what in BARS:
        rows, beside = [], line
        for name, figures in outcome.figures.items():
            found = figures.get(metric)
            if found is None or found.value is None:
                continue
            rows.append(Bar(name, max(found.value, 0.0), found.low, found.high))
            if line is None and found.extra.get(what) is not None:
                beside = float(found.extra[what])
        if rows:
            name = metric.lower().replace(" ", "_")
            out[f"{name}.svg"] = bars(title, rows, beside, what)
    return out


def roc(distances: Distances) -> list[tuple[float, float]]:
    """(false acceptance, acceptance) at every threshold that some other person's picture sets."""
    other, mated = np.sort(distances.other), np.sort(distances.mated)
    rates = np.arange(1, len(other) + 1) / max(len(other), 1)
    hits = np.searchsorted(mated, other, "right") / max(len(mated), 1)
    keep = np.unique(np.geomspace(1, max(len(other), 1), 120).round().astype(int)) - 1
    return [(float(rates[k]), float(hits[k])) for k in keep if k < len(other)]


def _distribution(found: Distances, crop: str) -> str:
    both = np.concatenate([found.mated, found.other])
    low, high = float(both.min()), float(both.max()) + 1e-6
    # Few pictures in many bins are only spikes.
    bins = int(np.clip(3 * np.cbrt(len(found.mated)), 8, 30))
    lines = [
        Line(label, histogram(list(map(float, values)), low, high, bins), steps=True)
        for label, values in (("same person", found.mated), ("others", found.other))
    ]
    return curves(
        f"Distance of anonymized pictures to originals, {crop} crop", lines,
        "distance of embeddings", "share",
    )  # fmt: skip
