"""Are sampled people copies of photographs, and do they differ: what a recognizer says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.evaluation.attackers import Attacker, Job, distances, embed_jobs, threshold
from deepcam.evaluation.contributors import donors
from deepcam.evaluation.judge import Judge
from deepcam.evaluation.material import Material, Photo
from deepcam.evaluation.outcome import Say
from deepcam.evaluation.statistics import Measure, measure, quantile, rate
from deepcam.frames import Image

F64 = NDArray[np.float64]

STUDIO = ("london", "canada")
_AT_ONCE = 64
"""Pictures that are kept in memory for the recognizer."""


def embed(attacker: Attacker, judge: Judge, images: Iterable[Image]) -> tuple[F64, list[int]]:
    """The recognizer's vectors (n, d) of the pictures with a face, and which these are."""
    rows: list[F64] = []
    where: list[int] = []
    jobs: list[Job] = []
    for number, image in enumerate(images):
        reading = judge.read(image)
        if reading is not None:
            jobs.append((image, reading, "standard", np.zeros(image.shape[:2], np.uint8)))
            where.append(number)
        if len(jobs) == _AT_ONCE:
            rows += embed_jobs(attacker, jobs)
            jobs = []
    rows += embed_jobs(attacker, jobs)
    return np.array(rows), where


@dataclass(slots=True)
class Real:
    """Photographs and what the recognizer makes of them."""

    photos: list[Photo]
    codes: F64

    def rows(self, wanted: Sequence[bool]) -> F64:
        """Vectors of the photographs for which ``wanted`` holds."""
        rows: F64 = self.codes[np.array(wanted, bool)]
        return rows


def photographs(attacker: Attacker, judge: Judge, material: Material, say: Say) -> Real:
    """All photographs with a face. Raises ``DeepcamError`` when there are fewer than 20."""
    say(f"Reading {len(material.photos)} photographs.")
    codes, where = embed(attacker, judge, (p.read() for p in material.photos))
    if len(where) < 20:
        raise DeepcamError(
            f"Only {len(where)} photographs with a face were found.", "Give more photographs."
        )
    return Real([material.photos[k] for k in where], codes)


def alike(codes: F64, real: Real | None) -> dict[str, Measure]:
    """Distances among the rendered people (n, d), and to photographs."""
    table = distances(codes, codes)
    pairs = table[np.triu_indices(len(codes), 1)]
    out: dict[str, Measure] = {}
    if len(codes) < 2:
        return out
    # People are drawn, not pairs: pairs of the same person depend on each other.
    out["distance of two people"] = measure(
        list(range(len(codes))),
        lambda g: float(np.median(table[np.ix_(list(g), list(g))][~np.eye(len(g), dtype=bool)])),
        len(pairs), quantiles={f"p{q}": quantile(pairs, q / 100) for q in (0, 1, 5, 50, 95)},
    )  # fmt: skip
    if real is None:
        return out
    impostors = strangers(real)
    out |= copies(codes, pairs, real, impostors)
    return out


def strangers(real: Real) -> F64:
    """Distances between photographs of different people. Only of the studios' where these are:
    sharp portraits are like the renders, and synthetic photographs hold many that show nearly the
    same face, which would give a threshold that is too easy to keep."""
    studio = np.array([p.source in STUDIO for p in real.photos])
    judged = studio if studio.sum() >= 40 else np.ones(len(studio), bool)
    people = np.array([p.person for p in real.photos])[judged]
    gaps = distances(real.codes[judged], real.codes[judged])
    out: F64 = gaps[people[:, None] < people[None]]
    return out


def copies(codes: F64, pairs: F64, real: Real, impostors: F64) -> dict[str, Measure]:
    """How near people come to photographs, beside real people who are in no training set."""
    tau = threshold(impostors)
    known = set(donors())
    studio = [p.source in STUDIO for p in real.photos]
    donor = [p.path.name in known for p in real.photos]
    same = [s for s, d in zip(studio, donor, strict=True) if s and not d]
    persons = {p.person for p, d in zip(real.photos, donor, strict=True) if d}
    outsider = [s and p.person not in persons for p, s in zip(real.photos, studio, strict=True)]
    out = {
        "pairs of people nearer than the threshold": rate(
            int((pairs < tau).sum()), len(pairs), tau=round(tau, 4), impostors=len(impostors),
            among_photographs=round(float((impostors < tau).mean()), 5),
        )
    }  # fmt: skip
    sets = {
        "any training photograph": (codes, real.codes),
        "a donor": (codes, real.rows(donor)),
    }
    if sum(outsider) >= 8 and same:
        sets["somebody of the studio who is no donor"] = (codes, real.rows(outsider))
        sets["a donor (real people of the studio instead)"] = (
            real.rows(outsider), real.rows(donor))  # fmt: skip
    # Donors are real people too: none of them is a copy of another one.
    own = [s and d for s, d in zip(studio, donor, strict=True)]
    among = "a donor (real donors of the studio instead, each beside all others)"
    if sum(own) >= 8:
        sets[among] = (real.rows(own), real.rows(donor))
    names = np.array([p.person for p in real.photos])
    themselves = names[np.array(own, bool)][:, None] == names[np.array(donor, bool)][None]
    for label, (one, other) in sets.items():
        if not len(one) or not len(other):
            continue
        gaps = distances(one, other)
        if label == among:
            gaps = np.where(themselves, np.inf, gaps)
        near = gaps.min(1)
        out[f"nearer than the threshold to {label}"] = rate(
            int((near < tau).sum()), len(near), photographs=len(other),
            of_pairs=round(float((gaps < tau).mean()), 5),
            nearest={f"p{q}": quantile(near, q / 100) for q in (0, 1, 5, 50)},
        )  # fmt: skip
    return out
