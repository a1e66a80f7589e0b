"""Figures of the camera by groups of pictures: turn of the head, glasses, beard, tone, light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation import utility
from deepcam.evaluation.attackers import distances
from deepcam.evaluation.judge import Judge, Reading
from deepcam.evaluation.record import Result
from deepcam.evaluation.statistics import Measure, measure, rate
from deepcam.evaluation.traits import Traits, traits
from deepcam.frames import Reason

F64 = NDArray[np.float64]

FEW = 4
"""Groups of fewer pictures are left out."""


@dataclass(frozen=True, slots=True)
class Case:
    """One picture of ours."""

    traits: Traits
    source: str
    """Clip or photograph; intervals are over these."""
    reading: Reading
    """The judge's, of the original."""
    found: Reading | None
    """The judge's, of the output."""
    generated: bool
    other: bool | None = None
    """P1: accepted as the person's other photograph; None where there is none."""
    rank_one: bool | None = None
    """P2 rank-1 tight."""


def groups(cases: Sequence[Traits]) -> dict[str, list[int]]:
    """Name of the group -> which of ``cases``; thirds are of these cases."""
    tone, light = (np.array([getattr(t, name) for t in cases]) for name in ("tone", "light"))
    rules: dict[str, Callable[[int], bool]] = {
        "yaw up to 15": lambda k: cases[k].yaw <= 15,
        "yaw 15 to 35": lambda k: 15 < cases[k].yaw <= 35,
        "yaw over 35": lambda k: cases[k].yaw > 35,
        "glasses": lambda k: cases[k].glasses,
        "no glasses": lambda k: not cases[k].glasses,
        "beard": lambda k: cases[k].beard,
        "no beard": lambda k: not cases[k].beard,
        "light from one side": lambda k: cases[k].side < 0.7,
        "even light": lambda k: cases[k].side >= 0.7,
    }
    out = {name: [k for k in range(len(cases)) if rule(k)] for name, rule in rules.items()}
    for label, values, names in (
        ("skin", tone, ("darkest", "middle", "lightest")),
        ("light", light, ("dimmest", "middle", "brightest")),
    ):
        # Ranks, so that equal values still make thirds.
        third = values.argsort(kind="stable").argsort(kind="stable") * 3 // max(len(values), 1)
        for k, name in enumerate(names):
            out[f"{label}, {name} third"] = np.flatnonzero(third == k).tolist()
    return out


def figures(cases: Sequence[Case]) -> dict[str, Measure]:
    """What is measured of one group."""
    out = {"U1": rate(sum(c.found is not None for c in cases), len(cases))}
    for name, between in (("U2 pose", utility.pose_error), ("U3 gaze", utility.gaze_error)):
        rows: dict[str, list[float]] = {}
        for case in cases:
            if case.found is not None:
                rows.setdefault(case.source, []).append(between(case.reading, case.found))
        out[name] = measure(list(rows.values()), _mean, sum(map(len, rows.values())))
    out["covered"] = rate(sum(not c.generated for c in cases), len(cases))
    for name, answers in (
        ("P1", [c.other for c in cases if c.other is not None]),
        ("P2 rank-1 tight", [c.rank_one for c in cases if c.rank_one is not None]),
    ):
        if answers:
            out[name] = rate(sum(answers), len(answers))
    return out


def by_group(cases: Sequence[Case], kind: str) -> dict[str, dict[str, Measure]]:
    """ "``kind``: group" -> metric -> measure, of groups that are not too small."""
    return {
        f"{kind}: {name}": figures([cases[k] for k in members])
        for name, members in groups([c.traits for c in cases]).items()
        if len(members) >= FEW
    }


def of_photographs(
    results: Sequence[Result], attacked: F64, gallery: F64, tight: tuple[F64, F64], tau: float
) -> dict[str, dict[str, Measure]]:
    """Strata of photographs. The first rows of ``results`` are persons with another original:
    ``attacked`` (n, d) their embeddings, ``gallery`` (n, d) those of the other originals; ``tight``
    the same two of what lies under the mask."""
    cases = []
    table = distances(*tight)
    with Judge(still=True) as judge:
        for k, result in enumerate(results):
            shot = result.take.shots[0]
            if shot.reading is None:
                continue
            mine = k < len(attacked)
            cases.append(
                Case(
                    traits(shot.frame.image, shot.reading, result.take.glasses, result.take.beard),
                    result.take.name, shot.reading, judge.read(result.images[0], shot.reading),
                    result.reasons[0] is Reason.GENERATED,
                    bool(np.linalg.norm(attacked[k] - gallery[k]) < tau) if mine else None,
                    bool(table[k].argmin() == k) if mine else None,
                )
            )  # fmt: skip
    return by_group(cases, "photographs")


def of_clips(results: Sequence[Result]) -> dict[str, dict[str, Measure]]:
    """Strata of every third frame of clips."""
    cases = []
    for result in results:
        rows = zip(result.take.shots, result.readings, result.reasons, strict=True)
        for shot, found, reason in list(rows)[::3]:
            if shot.reading is not None:
                of = traits(shot.frame.image, shot.reading, None, None)
                made = reason is Reason.GENERATED
                cases.append(Case(of, result.take.name, shot.reading, found, made))
    return by_group(cases, "clips")


def _mean(rows: Sequence[Sequence[float]]) -> float:
    values = [v for row in rows for v in row]
    return float(np.mean(values)) if values else float("nan")
