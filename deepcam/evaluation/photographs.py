"""Photographs: who is it (P1-P5), does it look real (Q1, Q3, Q4), is it a copy (P8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepcam.evaluation import features, learned, privacy, realism, seam, strata, surroundings
from deepcam.evaluation.attackers import Attacker, distances, threshold
from deepcam.evaluation.baselines import Method, person
from deepcam.evaluation.contributors import donors
from deepcam.evaluation.embedding import CROPS, crops, embed_all, originals
from deepcam.evaluation.judge import Judge
from deepcam.evaluation.likeness import embed
from deepcam.evaluation.material import Material, Photo, spread
from deepcam.evaluation.outcome import OURS, SEED, Distances, Outcome, Say, Settings
from deepcam.evaluation.record import Recorder, Take, run_stills
from deepcam.evaluation.statistics import Measure, binomial_p, rate
from deepcam.frames import Image

F64 = NDArray[np.float64]


@dataclass(slots=True)
class People:
    """Who is attacked: two recorded pictures each; and strangers with one."""

    firsts: list[Take] = field(default_factory=list)
    seconds: list[Take] = field(default_factory=list)
    strangers: list[Take] = field(default_factory=list)
    how: str = "two photographs of each person"
    unseen: int = 0
    """Persons who were not among the training photographs."""


def gather(material: Material, settings: Settings, say: Say) -> People:
    """Record everybody; from the clips where there are no pairs of photographs."""
    pairs = material.pairs()
    chosen = [pairs[i] for i in spread(pairs, settings.persons)]
    people = People()
    images: list[tuple[str, Image, Image, Photo | None]] = []
    if len(chosen) >= 4:
        say(f"Reading photographs of {len(chosen)} persons.")
        images = [(a.path.stem, a.read(), b.read(), a) for a, b in chosen]
    else:
        people.how = "an early and a late frame of each clip (one session: easier than photographs)"
        for clip in material.clips[: settings.clips]:
            frames, _ = clip.read(settings.frames)
            if len(frames) >= 20:
                images.append((clip.path.stem, frames[2], frames[-1], None))
    with Recorder(still=True) as recorder:
        for name, one, other, photo in images:
            a = _known(recorder.record(name, name, [one], 25.0), photo)
            b = _known(recorder.record(name + " (2)", name, [other], 25.0), photo)
            if a.usable and b.usable:
                people.firsts.append(a)
                people.seconds.append(b)
                people.unseen += int(photo is not None and photo.unseen)
        alone = material.strangers()[: settings.strangers]
        if alone:
            say(f"Reading photographs of {len(alone)} strangers.")
        for photo in alone:
            take = recorder.record(photo.path.stem, photo.path.stem, [photo.read()], 25.0)
            if take.usable:
                people.strangers.append(_known(take, photo))
    return people


def _known(take: Take, photo: Photo | None) -> Take:
    if photo is not None:
        take.glasses, take.beard = photo.glasses, photo.beard
    return take


def attack(
    outcome: Outcome,
    arms: Sequence[Method],
    attacker: Attacker,
    people: People,
    settings: Settings,
    say: Say,
) -> float:
    """P1 to P5, Q1, Q3 and Q4 of every method; returns the threshold on the standard crop."""
    say(f"Attacking pictures of {len(people.firsts)} persons with {attacker.name}.")
    sides = (people.firsts, people.seconds)
    real = {crop: [embed_all(attacker, originals(t), crop) for t in sides] for crop in CROPS}
    taus = {crop: threshold(_impostors(*pair)) for crop, pair in real.items()}
    outcome.facts["impostor_pairs"] = int(len(people.firsts) * (len(people.firsts) - 1) * 2)
    seen = crops(originals(people.firsts))
    lessons = learned.prepare(attacker, people.strangers, sides, real, settings)
    for number, arm in enumerate(arms):
        say(f"Photographs: {arm.name} ({number + 1} of {len(arms)}).")
        made = [run_stills(arm, takes, SEED + 1000 * way)
                for way, takes in enumerate(sides[: 1 + settings.both_ways])]  # fmt: skip
        figures = outcome.figures.setdefault(arm.name, {})
        again = [run_stills(arm, people.firsts, SEED + 20_000 * (draw + 1))
                 for draw in range(settings.draws - 1 if arm.name == OURS else 0)]  # fmt: skip
        worn = [*made, *again]
        codes = {crop: [embed_all(attacker, results, crop) for results in worn] for crop in CROPS}
        # Which photograph was anonymized: compared with the *other* photograph of everybody.
        side = [*range(len(made)), *[0] * len(again)]
        figures["P1"] = _joined(
            [privacy.verification(c, real["standard"][1 - side[w]], taus["standard"])
             for w, c in enumerate(codes["standard"])], people.how)  # fmt: skip
        figures["P1 tight"] = _joined(
            [privacy.verification(c, real["tight"][1 - side[w]], taus["tight"])
             for w, c in enumerate(codes["tight"])], people.how)  # fmt: skip
        figures["P1 same photograph"] = _joined(
            [privacy.verification(c, real["standard"][side[w]], taus["standard"])
             for w, c in enumerate(codes["standard"])], "")  # fmt: skip
        for rank in (1, 5):
            for crop, label in (("standard", ""), ("tight", " tight")):
                figures[f"P2 rank-{rank}{label}"] = _joined(
                    [privacy.identification(c, real[crop][1 - side[w]], rank)
                     for w, c in enumerate(codes[crop])], "")  # fmt: skip
        if arm.name == OURS:
            _beside_surroundings(figures, sides, len(made) > 1)
        for crop in ("tight", "context"):
            figures[f"P3 {crop}"] = privacy.separation(
                *[(c, real[crop][1]) for w, c in enumerate(codes[crop]) if side[w] == 0]
            )
        outcome.distances[arm.name] = {
            crop: _distances([(c, real[crop][1 - side[w]]) for w, c in enumerate(codes[crop])])
            for crop in CROPS
        }
        shown = crops(made[0])
        figures["Q1 sliced Wasserstein"] = realism.texture_distance(shown, seen)
        figures["Q1 KID texture"] = realism.kernel_distance(
            features.random_network(shown), features.random_network(seen)
        )
        figures["Q1 KID recognizer"] = realism.kernel_distance(
            codes["standard"][0], real["standard"][0]
        )
        figures["Q3 C2ST"] = realism.two_sample(
            _looks(shown), _looks(seen), list(range(len(shown)))
        )
        figures["Q4 seam, photographs"], figures["Q4 colour step, photographs"] = seam.seam_measure(
            made[0]
        )
        if lessons is not None:
            say(f"Attacks that learn: {arm.name} ({number + 1} of {len(arms)}).")
            learned.learned_attacks(outcome, arm, lessons, made)
        if arm.name == OURS:
            pictures = [privacy.shown(r.take.shots[0], r.images[0]) for r in made[0]]
            outcome.gallery += pictures[:12]
            mated = np.diag(distances(codes["standard"][0], real["standard"][1]))
            for k in np.argsort(mated)[:5]:
                label = f"P1 {made[0][k].take.name}: distance {mated[k]:.2f}"
                outcome.worst.append((label, pictures[k]))
            others = run_stills(arm, people.strangers, SEED + 5000)
            outcome.strata |= strata.of_photographs(
                [*made[0], *others], codes["standard"][0], real["standard"][1],
                (codes["tight"][0], real["tight"][1]), taus["standard"],
            )  # fmt: skip
    return taus["standard"]


def _beside_surroundings(
    figures: dict[str, Measure], sides: tuple[list[Take], list[Take]], both_ways: bool
) -> None:
    """Compare P2 with what the surroundings say anyway, where that is more than chance."""
    views = [surroundings.told(takes) for takes in sides]
    for rank in (1, 5):
        rates = [surroundings.identified(views[0], views[1], rank)]
        if both_ways:
            rates.append(surroundings.identified(views[1], views[0], rank))
        for label in ("", " tight"):
            found = figures[f"P2 rank-{rank}{label}"]
            by_chance = float(found.extra["chance"])
            known = max(by_chance, float(np.mean(rates)))
            hits = round((found.value or 0.0) * found.n)
            found.extra["surroundings"] = round(float(np.mean(rates)), 5)
            found.extra["p"] = round(binomial_p(hits, found.n, known), 5)


def _looks(pictures: Sequence[Image]) -> dict[str, F64]:
    """What the C2ST looks at."""
    return {
        "texture": features.random_network(pictures),
        "gradients": features.hog(pictures),
        "spectrum": features.spectrum(pictures),
    }


def _impostors(one: F64, other: F64) -> F64:
    """All distances between different persons."""
    n = len(one)
    upper = np.triu_indices(n, 1)
    return np.concatenate(
        [distances(one, other)[~np.eye(n, dtype=bool)], distances(one, one)[upper],
         distances(other, other)[upper]]
    )  # fmt: skip


def _distances(ways: Sequence[tuple[F64, F64]]) -> Distances:
    tables = [distances(a, b) for a, b in ways]
    return Distances(
        np.concatenate([np.diag(t) for t in tables]),
        np.concatenate([t[~np.eye(len(t), dtype=bool)] for t in tables]),
    )


def _joined(parts: Sequence[Measure], note: str) -> Measure:
    """Rates of both ways as one."""
    n = sum(p.n for p in parts)
    hits = sum(round((p.value or 0.0) * p.n) for p in parts)
    extra = dict(parts[0].extra)
    if "p" in extra:
        extra["p"] = round(binomial_p(hits, n, extra["chance"]), 5)
    return rate(hits, n, note, **extra)


def memory(
    outcome: Outcome,
    material: Material,
    attacker: Attacker,
    settings: Settings,
    tau: float,
    say: Say,
) -> None:
    """P8: portraits of sampled identities against the donors of the identity bank."""
    from deepcam.showcase.portrait import portrait

    in_bank = set(donors())
    training = [p for p in material.photos if p.path.name in in_bank]
    # People of the same studio who are no donors make the fairest comparison.
    known = {p.person for p in training}
    held_out = [
        p for p in material.photos
        if p.person not in known and p.source in ("", "london", "canada", "congress")
    ]  # fmt: skip
    studio = [p for p in held_out if p.source in ("london", "canada")]
    held_out = studio if len(studio) >= 8 else held_out
    say(f"Comparing sampled people with {len(training)} donors.")
    with Judge(still=True) as judge:
        some = (held_out[i].read() for i in spread(held_out, settings.identities))
        sampled = (portrait(person(SEED + k)) for k in range(settings.identities))
        codes, where = embed(attacker, judge, (p.read() for p in training))
        found = privacy.memorisation(
            embed(attacker, judge, sampled)[0],
            embed(attacker, judge, some)[0],
            codes,
            tau,
            [row for row, k in enumerate(where) if training[k].source in ("london", "canada")],
        )
    outcome.put(OURS, "P8", found)
