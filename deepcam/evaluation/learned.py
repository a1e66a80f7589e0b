"""Runs the attacks that learn (P4, P5) on every method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation import mapping, parrot
from deepcam.evaluation.attackers import Attacker, put_back
from deepcam.evaluation.baselines import Method, Painted, cover
from deepcam.evaluation.embedding import crops, embed_all, originals
from deepcam.evaluation.features import colours, hog
from deepcam.evaluation.outcome import OURS, SEED, Outcome, Settings
from deepcam.evaluation.privacy import features as conditioning
from deepcam.evaluation.record import Result, Take, run_stills
from deepcam.evaluation.statistics import Hits, Measure

F64 = NDArray[np.float64]
Side = Sequence[Take]
Found = dict[str, Hits]

LABELS = (("standard", ""), ("tight", " tight"))
DECODED = 48
"""Pixels of the side of crops that are turned back."""


@dataclass(slots=True)
class Lessons:
    """What all methods' attacks share."""

    attacker: Attacker
    strangers: Side
    sides: tuple[Side, ...]
    """Both pictures of everybody; only the first ``ways`` sides are anonymized and attacked."""
    real: dict[str, list[F64]]
    """Crop -> (n, d) of both sides' originals."""
    real_strangers: dict[str, F64]
    sessions: int
    masked: dict[str, Found]
    """Crop -> learner -> hits of P5 on pictures whose face was cut out."""
    surroundings: dict[str, Hits]
    """Learner -> hits of P4 on the wide crop of pictures whose face was cut out."""


def prepare(
    attacker: Attacker,
    strangers: Side,
    sides: tuple[Side, ...],
    real: dict[str, list[F64]],
    settings: Settings,
) -> Lessons | None:
    """None where the settings ask for no such attack, or there are too few persons."""
    if not settings.sessions or len(sides[0]) < 2 * mapping.PARTS:
        return None
    theirs = {crop: embed_all(attacker, originals(strangers), crop) for crop, _ in LABELS}
    lessons = Lessons(attacker, strangers, sides, real, theirs, settings.sessions, {}, {})
    blank = Method("masked", lambda still, seed: Painted(cover))
    made = [run_stills(blank, side, SEED) for side in sides[: 1 + settings.both_ways]]
    theirs_masked = run_stills(blank, strangers, SEED)
    lessons.masked = {crop: _back(lessons, theirs_masked, made, crop) for crop, _ in LABELS}
    # Nothing is drawn in a cut-out face: one session is all that there is to learn from.
    both = [_looks(run_stills(blank, side, SEED), "context") for side in sides]
    lessons.surroundings = parrot.joined(
        [parrot.parrot([both[w]], both[1 - w]) for w in range(len(made))]
    )
    return lessons


def learned_attacks(
    outcome: Outcome, arm: Method, lessons: Lessons, made: Sequence[Sequence[Result]]
) -> None:
    """P4 and P5 of one method; ``made``: its pictures of the attacked sides."""
    persons = len(lessons.sides[0])
    theirs = run_stills(arm, lessons.strangers, SEED + 60_000)
    for metric, found in parrots(lessons, arm, made).items():
        outcome.put(arm.name, metric, found)
    for crop, label in LABELS:
        hits = _back(lessons, theirs, made, crop)
        outcome.put(arm.name, f"P5{label}", mapping.gain(hits, lessons.masked[crop], persons))
    if arm.name == OURS:
        outcome.put(arm.name, "P4 conditioning", _conditioning(lessons.sides))
        same = [_marks(lessons.attacker, run_stills(arm, side, SEED + 9000), "standard")
                for side in lessons.sides]  # fmt: skip
        kept = parrot.named(parrot.parrot([same[0]], same[1]), persons)
        kept.note = (
            "one identity kept by each person: linkable by design, and shows the attack works"
        )
        outcome.put(arm.name, "P4 kept identity", kept)


def parrots(lessons: Lessons, arm: Method, made: Sequence[Sequence[Result]]) -> dict[str, Measure]:
    """P4 on each of ``LABELS`` and on the wide crop: learnt on several anonymized versions of one
    picture of each person, tested on the other picture with another identity; both ways round
    where both exist."""
    persons = len(lessons.sides[0])
    extra = [
        [
            run_stills(arm, side, SEED + 20_000 + 1000 * (2 * s + w))
            for s in range(lessons.sessions - 1)
        ]
        for w, side in enumerate(lessons.sides)
    ]
    # With one way only, the second pictures are anonymized here, for the test.
    tested = [*made, *(run_stills(arm, side, SEED + 40_000) for side in lessons.sides[len(made) :])]

    def hits(marks: Callable[[Sequence[Result]], dict[str, F64]]) -> dict[str, Hits]:
        rows = [[marks(r) for r in (tested[w], *extra[w])] for w in range(2)]
        return parrot.joined([parrot.parrot(rows[w], rows[1 - w][0]) for w in range(len(made))])

    out = {}
    for crop, label in LABELS:
        found = hits(partial(_marks, lessons.attacker, crop=crop))
        out[f"P4{label}"] = parrot.named(found, persons)
    wide = hits(partial(_looks, crop="context"))
    out["P4 context"] = parrot.added(wide, lessons.surroundings, persons)
    return out


def _marks(attacker: Attacker, results: Sequence[Result], crop: str) -> dict[str, F64]:
    """What the parrot learns from: embeddings, gradients and colours of the crop."""
    return {"embedding": embed_all(attacker, results, crop), **_looks(results, crop)}


def _looks(results: Sequence[Result], crop: str) -> dict[str, F64]:
    cut = crops(results, crop, 64)
    return {"gradients": hog(cut), "colours": colours(cut)}


def _conditioning(sides: Sequence[Side]) -> Measure:
    """P4 on the numbers that drive the face, instead of the picture."""
    rows = []
    for side in sides:
        faces = [t.shots[0].face for t in side]
        rows.append({"numbers": np.stack([conditioning(f) for f in faces if f is not None])})
    ways = [parrot.parrot([rows[w]], rows[1 - w]) for w in range(2)]
    return parrot.named(parrot.joined(ways), len(sides[0]))


def _back(
    lessons: Lessons, theirs: Sequence[Result], made: Sequence[Sequence[Result]], crop: str
) -> Found:
    """Learner -> whether each picture's person was found, P5; sides one after the other."""
    real = [originals(side) for side in (*lessons.sides, lessons.strangers)]
    strange = embed_all(lessons.attacker, theirs, crop)
    out: dict[str, list[Hits]] = {}
    for way, results in enumerate(made):
        n = len(results)
        gallery = lessons.real[crop][1 - way]
        codes = _stack(embed_all(lessons.attacker, results, crop), strange)
        goals = _stack(lessons.real[crop][way], lessons.real_strangers[crop])
        pairs = mapping.Pairs(codes, goals, np.arange(n), len(theirs))
        found = mapping.embeddings_attack(pairs, gallery)
        back = mapping.pictures_back(
            crops([*results, *theirs], size=DECODED),
            crops([*real[way], *real[-1]], size=DECODED), list(range(n)), n,
        )  # fmt: skip
        turned = []
        for result, picture in zip(results, back, strict=True):
            shot = result.take.shots[0]
            assert shot.reading is not None
            whole = put_back(result.images[0], shot.reading, picture, shot.hidden())
            turned.append(Result(result.take, [whole], []))
        codes = embed_all(lessons.attacker, turned, crop)
        found["pictures"] = mapping.decoded_attack(codes, gallery, np.arange(n))
        for name, hits in found.items():
            out.setdefault(name, []).append(hits)
    return {name: np.concatenate(parts) for name, parts in out.items()}


def _stack(known: F64, strangers: F64) -> F64:
    return np.concatenate([known, strangers]) if len(strangers) else known
