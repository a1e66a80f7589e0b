"""Thousands of sampled people: do they come out, who is in them, are they different, are they
copies of a photograph, and is everybody's age and skin among them."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation.attackers import Attacker
from deepcam.evaluation.contributors import bank_shares, contributors
from deepcam.evaluation.figures import write_figures
from deepcam.evaluation.judge import Judge
from deepcam.evaluation.likeness import alike, embed, photographs
from deepcam.evaluation.material import find, spread
from deepcam.evaluation.outcome import Say
from deepcam.evaluation.statistics import Measure, quantile, rate
from deepcam.identity.model import IdentityModel
from deepcam.identity.types import Identity
from deepcam.showcase.portrait import portrait
from deepcam.training.identity_bank import MAX_SHARE, MIN_DONORS

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

SLOW = 0.150
"""Seconds that sampling may take."""
_AGES = (18, 30, 40, 50, 60, 70, 80.01)
_CHUNK = 500


@dataclass(slots=True)
class Survey:
    """What is known of the sampled people, one entry each."""

    seeds: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """Of one core's time: what else the machine does is not the sampler's fault."""
    waited: list[float] = field(default_factory=list)
    """Seconds by the clock."""
    age: list[float] = field(default_factory=list)
    masculinity: list[float] = field(default_factory=list)
    tone: list[float] = field(default_factory=list)
    largest: list[float] = field(default_factory=list)
    """Anybody's largest share of the coarse or fine detail of any region."""
    fewest: list[int] = field(default_factory=list)
    """Contributors to the region that has the fewest."""
    looks: list[F32] = field(default_factory=list)
    """Small texture and shape, for equal people."""
    broken: list[str] = field(default_factory=list)
    """Seeds that raised or gave no proper face, and why."""


def sample(model: IdentityModel, seeds: Sequence[int], say: Say) -> Survey:
    """Every seed's person; what they are made of."""
    table, _ = bank_shares(len(model.age))
    survey = Survey()
    for count, seed in enumerate(seeds):
        began, busy = time.perf_counter(), time.process_time()
        try:
            person = model.sample(seed)
        except Exception as error:
            survey.broken.append(f"{seed}: {type(error).__name__}: {error}")
            continue
        survey.seconds.append(time.process_time() - busy)
        survey.waited.append(time.perf_counter() - began)
        reason = _fault(person)
        if reason:
            survey.broken.append(f"{seed}: {reason}")
            continue
        largest, fewest = contributors(model.recipe(seed), table)
        survey.seeds.append(seed)
        survey.age.append(float(person.meta["age"]))
        survey.masculinity.append(float(person.meta["masculinity"]))
        survey.tone.append(float(person.meta["tone"]))
        survey.largest.append(largest)
        survey.fewest.append(fewest)
        small = cv2.resize(person.texture, (12, 12), interpolation=cv2.INTER_AREA)
        survey.looks.append(
            np.concatenate([small.ravel() / 8.0, person.shape.ravel() * 20]).astype(np.float32)
        )
        if count % _CHUNK == _CHUNK - 1:
            say(f"{count + 1} of {len(seeds)} people sampled.")
    return survey


def _fault(person: Identity) -> str:
    """Why this is no proper face; empty if it is."""
    if not np.isfinite(person.shape).all() or np.abs(person.shape).max() > 5:
        return "the shape is not finite"
    if float(person.texture.std()) < 4:
        return "the texture is blank"
    return ""


def closest(looks: Sequence[F32]) -> F64:
    """(n,) distance of each person to the nearest other one, in grey levels of a small texture
    (1/8) and in shape (1/20 IOD)."""
    table = np.stack(looks)
    square = (table**2).sum(1)
    nearest = np.empty(len(table))
    for start in range(0, len(table), 1000):
        part = table[start : start + 1000]
        gap = (part**2).sum(1)[:, None] + square[None] - 2 * part @ table.T
        gap[np.arange(len(part)), start + np.arange(len(part))] = np.inf
        nearest[start : start + 1000] = np.sqrt(np.maximum(gap.min(1), 0) / table.shape[1])
    return nearest


def survey_seeds(
    count: int,
    rendered: int,
    faces: Path | None,
    attacker: Attacker,
    say: Say,
    first: int = 0,
    survey: Survey | None = None,
) -> dict[str, Any]:
    """Sample ``count`` people from seed ``first`` on, render ``rendered`` of them (evenly spread)
    and attack the pictures. ``faces``: training photographs with index.csv. ``survey``: of these
    people, where they were sampled before.

    Returns the figures, JSON types only. Raises ``DeepcamError`` without recognizer or pictures.
    """
    began = time.monotonic()
    model = IdentityModel.load()
    material = find([faces]) if faces is not None else None
    survey = survey or sample(model, range(first, first + count), say)
    figures = spread_of(survey)
    chosen = [survey.seeds[i] for i in spread(survey.seeds, rendered)]
    if chosen:
        say(f"Rendering {len(chosen)} people for {attacker.name}.")
        with Judge(still=True) as judge:
            codes, where = embed(attacker, judge, (portrait(model.sample(s)) for s in chosen))
            figures["faces found"] = rate(len(where), len(chosen))
            real = photographs(attacker, judge, material, say) if material else None
        figures |= alike(codes, real)
    facts = {
        "command": f"deepcam evaluate-seeds --seeds {count} --rendered {rendered}",
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": f"{platform.system()}, {os.cpu_count()} cores",
        "seeds": count,
        "seconds": round(time.monotonic() - began, 1),
        "attacker": attacker.name,
        "broken": survey.broken[:20],
    }
    return {"facts": facts, "figures": {k: m.as_dict() for k, m in figures.items()}}


def spread_of(survey: Survey) -> dict[str, Measure]:
    """Figures of the sampling itself."""
    n = len(survey.seeds) + len(survey.broken)
    ages, tones, masculine, seconds = (
        np.array(v, np.float64)
        for v in (survey.age, survey.tone, survey.masculinity, survey.seconds)
    )
    out = {
        "crashes": rate(len(survey.broken), n),
        "people with anybody above 60 %": rate(
            sum(v > MAX_SHARE + 1e-4 for v in survey.largest), n,
            largest_share=round(max(survey.largest, default=0.0), 4),
        ),
        "people with fewer than 3 contributors": rate(
            sum(v < MIN_DONORS for v in survey.fewest), n,
            fewest=min(survey.fewest, default=0),
            median=float(np.median(survey.fewest)) if survey.fewest else 0.0,
        ),
        "sampled slower than 300 ms": rate(
            int((seconds > SLOW).sum()), len(seconds),
            milliseconds={f"p{q}": quantile(seconds * 1000, q / 100) for q in (50, 95, 99)},
            by_the_clock={f"p{q}": quantile(1000 * np.array(survey.waited, np.float64), q / 100)
                          for q in (50, 95, 99)},
        ),
    }  # fmt: skip
    if len(survey.looks) > 1:
        near = closest(survey.looks)
        out["equal people"] = rate(
            int((near < 0.05).sum()), len(near), nearest=quantile(near, 0), median=quantile(
                near, 0.5))  # fmt: skip
    for label, values, edges in (
        ("age", ages, np.array(_AGES)),
        ("masculine", masculine, np.array([0, 0.2, 0.4, 0.6, 0.8, 1.001])),
        ("tone", tones, np.linspace(0, 1.0001, 11)),
    ):
        counts = np.histogram(values, edges)[0] if len(values) else np.zeros(len(edges) - 1)
        out[f"{label}: least frequent class"] = rate(
            int(counts.min()), max(len(values), 1),
            shares={f"{a:.3g}-{b:.3g}": round(float(c) / max(len(values), 1), 4)
                    for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)},
            range=[quantile(values, 0), quantile(values, 1)],
        )  # fmt: skip
    return out


PROMISES = (
    "crashes",
    "people with anybody above 60 %",
    "people with fewer than 3 contributors",
    "equal people",
)
"""Figures that have to be 0."""


def broken_promises(found: dict[str, Any]) -> list[str]:
    """Which of ``PROMISES`` do not hold; a class of age, tone or gender that is empty too."""
    figures: dict[str, dict[str, Any]] = found["figures"]
    broken = [name for name in PROMISES if figures.get(name, {}).get("value")]
    if found["facts"]["seeds"] >= 1000:
        broken += [k for k, m in figures.items() if k.endswith("class") and not m["value"]]
    return broken


def table(found: dict[str, Any]) -> str:
    """The figures as a Markdown table."""
    lines = ["| figure | measured (95 %) | of | |", "|---|---|---|---|"]
    for name, figure in found["figures"].items():
        value = "none" if figure["value"] is None else f"{figure['value']:.4g}"
        if figure["ci95"] is not None:
            value += f" ({figure['ci95'][0]:.4g} to {figure['ci95'][1]:.4g})"
        more = {k: v for k, v in figure.items() if k not in ("value", "ci95", "n")}
        words = json.dumps(more)[1:-1].replace('"', "").replace("|", "/")
        lines.append(f"| {name} | {value} | {figure['n']} | {words} |")
    return "\n".join(lines)


def write(found: dict[str, Any], path: Path) -> None:
    """Keep the figures. Raises ``DeepcamError`` when the disk does not allow it."""
    write_figures(found, path, f"{path} could not be written", "Choose another place.")
